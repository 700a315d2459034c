//! TLS for those who come: the certificate of a file, or one that is thrown away behind the run.

use std::{path::PathBuf, sync::Arc};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_rustls::TlsAcceptor;

/// Why there is no TLS to be had.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or is no PEM.
    #[error("cannot read {what} from {}: {why}; {option} takes a PEM file", path.display())]
    File {
        /// A certificate, or a key.
        what: &'static str,
        /// The option that names it.
        option: &'static str,
        /// Which.
        path: PathBuf,
        /// What the reader said.
        why: String,
    },
    /// Certificate and key do not fit, or the library does not know their kind.
    #[error("cannot set up TLS with this certificate and key: {0}")]
    Library(#[from] rustls::Error),
    /// No certificate could be made.
    #[error("cannot make a certificate for localhost: {0}")]
    Make(#[from] rcgen::Error),
}

/// A certificate that was made for this run.
#[derive(Clone, Debug)]
pub struct Made {
    /// The certificate, for a client to trust.
    pub pem: String,
}

/// The certificates and the key of these files.
///
/// # Errors
/// They cannot be read, or do not fit.
pub fn from_files(certificate: PathBuf, key: PathBuf) -> Result<TlsAcceptor, TlsError> {
    let failed = |what, option, path: &PathBuf, why: String| TlsError::File {
        what,
        option,
        path: path.clone(),
        why,
    };
    let certificates = CertificateDer::pem_file_iter(&certificate)
        .and_then(|found| found.collect::<Result<Vec<_>, _>>())
        .map_err(|e| failed("certificates", "--cert", &certificate, e.to_string()))?;
    if certificates.is_empty() {
        let why = "there is no certificate in it".to_owned();
        return Err(failed("certificates", "--cert", &certificate, why));
    }
    let private = PrivateKeyDer::from_pem_file(&key)
        .map_err(|e| failed("a private key", "--key", &key, e.to_string()))?;
    acceptor(certificates, private)
}

/// A new certificate for localhost and these names, and its key.
///
/// # Errors
/// It cannot be made.
pub fn made(names: &[String]) -> Result<(TlsAcceptor, Made), TlsError> {
    let mut all = vec![
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        "::1".to_owned(),
    ];
    all.extend(
        names
            .iter()
            .filter(|name| !all.contains(name))
            .cloned()
            .collect::<Vec<_>>(),
    );
    let certified = rcgen::generate_simple_self_signed(all)?;
    let made = Made {
        pem: certified.cert.pem(),
    };
    let private = PrivateKeyDer::try_from(certified.signing_key.serialize_der())
        .map_err(|why| rustls::Error::General(why.to_owned()))?;
    let acceptor = acceptor(vec![certified.cert.der().clone()], private)?;
    Ok((acceptor, made))
}

fn acceptor(
    certificates: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<TlsAcceptor, TlsError> {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
