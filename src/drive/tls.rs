//! TLS towards a target (RFC 6455, sections 4.1 and 10.6): which certificates are trusted, and which name is asked for.

use std::{path::PathBuf, sync::Arc};

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{self, CertificateDer, ServerName, UnixTime, pem::PemObject},
};

use super::url::Host;

/// Whom to trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// The roots of the system.
    #[default]
    System,
    /// The certificates in this PEM file, and no others.
    File(PathBuf),
    /// Whoever answers.
    Anyone,
}

/// Why there is no TLS to be had.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file cannot be read, or is no PEM.
    #[error("cannot read certificates from {}: {why}; --ca takes a PEM file", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the reader said.
        why: String,
    },
    /// The file has no certificate in it.
    #[error("{} has no usable certificate in it; --ca takes a PEM file with BEGIN CERTIFICATE in it", .0.display())]
    NoCertificate(PathBuf),
    /// The system has no roots.
    #[error(
        "the system offers no root certificates{}; give some with --ca FILE, or --insecure to trust whoever answers",
        .0.as_ref().map(|why| format!(" ({why})")).unwrap_or_default()
    )]
    NoRoots(Option<String>),
    /// The name cannot be asked for.
    #[error(
        "`{0}` is not a name that TLS can ask for; --server-name takes a DNS name or an address"
    )]
    Name(String),
    /// The library refuses.
    #[error("cannot set up TLS: {0}")]
    Library(#[from] rustls::Error),
}

/// The name to ask for and to check the certificate against.
pub fn server_name(host: &Host, wanted: Option<&str>) -> Result<ServerName<'static>, TlsError> {
    let name = match (wanted, host) {
        (Some(name), _) => name,
        (None, Host::Domain(name)) => name,
        (None, Host::Ipv4(ip)) => return Ok(ServerName::IpAddress((*ip).into())),
        (None, Host::Ipv6(ip)) => return Ok(ServerName::IpAddress((*ip).into())),
    };
    ServerName::try_from(name.to_owned()).map_err(|_| TlsError::Name(name.to_owned()))
}

/// A client's configuration: TLS 1.2 and 1.3, no ALPN (RFC 6455 has none, and a server without it speaks HTTP/1.1).
pub fn config(trust: &Trust) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?;
    let builder = match trust {
        Trust::Anyone => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Gullible(provider))),
        Trust::System => builder.with_root_certificates(system_roots()?),
        Trust::File(path) => builder.with_root_certificates(file_roots(path)?),
    };
    Ok(Arc::new(builder.with_no_client_auth()))
}

fn system_roots() -> Result<RootCertStore, TlsError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Systems ship certificates that webpki refuses; one good root is enough to go on.
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(TlsError::NoRoots(
            found.errors.first().map(ToString::to_string),
        ));
    }
    Ok(roots)
}

fn file_roots(path: &PathBuf) -> Result<RootCertStore, TlsError> {
    let failed = |e: pki_types::pem::Error| TlsError::File {
        path: path.clone(),
        why: e.to_string(),
    };
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(|found| found.collect::<Result<Vec<_>, _>>())
        .map_err(failed)?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates);
    if roots.is_empty() {
        return Err(TlsError::NoCertificate(path.clone()));
    }
    Ok(roots)
}

/// Accepts every certificate; the handshake's signatures are still checked.
#[derive(Debug)]
struct Gullible(Arc<CryptoProvider>);

impl ServerCertVerifier for Gullible {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_which_file_is_no_pem() {
        let gone = config(&Trust::File("/nowhere/ca.pem".into()))
            .unwrap_err()
            .to_string();
        assert!(
            gone.contains("/nowhere/ca.pem") && gone.contains("--ca takes"),
            "{gone}"
        );
        let empty = tempfile::NamedTempFile::new().unwrap();
        let error = config(&Trust::File(empty.path().into())).unwrap_err();
        assert!(matches!(error, TlsError::NoCertificate(_)), "{error}");
    }

    #[test]
    fn asks_for_the_host_or_the_wanted_name() {
        let host = Host::parse("a.example").unwrap();
        assert_eq!(server_name(&host, None).unwrap().to_str(), "a.example");
        assert_eq!(
            server_name(&host, Some("b.example")).unwrap().to_str(),
            "b.example"
        );
        let host = Host::parse("[::1]").unwrap();
        assert_eq!(server_name(&host, None).unwrap().to_str(), "::1");
        assert!(matches!(
            server_name(&host, Some("a b")),
            Err(TlsError::Name(_))
        ));
    }
}
