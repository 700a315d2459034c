//! TLS: whom the program trusts, which name it asks for, and what it says when that fails.

mod common;

use std::{path::PathBuf, sync::Arc};

use common::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ServerConfig, crypto::ring, pki_types::PrivatePkcs8KeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use wsspec::session::Verdict;

/// A server on TLS before the reference server, and the PEM file of its issuer.
struct Secure {
    port: u16,
    ca: PathBuf,
    _folder: tempfile::TempDir,
}

impl Secure {
    /// With a certificate for these names, from an issuer of its own.
    fn new(names: &[&str]) -> Secure {
        let mut issuer = CertificateParams::default();
        issuer.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(issuer, KeyPair::generate().expect("a key"));
        let issuer = issuer.expect("an issuer");
        let key = KeyPair::generate().expect("a key");
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let certificate = CertificateParams::new(names).expect("names");
        let certificate = certificate.signed_by(&key, &issuer).expect("a certificate");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .expect("a certificate with its key");
        let folder = tempfile::tempdir().expect("a folder");
        let ca = folder.path().join("issuer of tests.pem");
        std::fs::write(&ca, issuer.pem()).expect("a file");
        let (tx, rx) = std::sync::mpsc::channel();
        let behind = reference(None);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
                tx.send(listener.local_addr().expect("an address").port())
                    .expect("the test waits");
                let acceptor = TlsAcceptor::from(Arc::new(config));
                while let Ok((near, _)) = listener.accept().await {
                    let acceptor = acceptor.clone();
                    tokio::spawn(async move {
                        let mut near = acceptor.accept(near).await?;
                        let mut far = TcpStream::connect(behind).await?;
                        tokio::io::copy_bidirectional(&mut near, &mut far).await
                    });
                }
            });
        });
        let port = rx.recv().expect("a port");
        Secure {
            port,
            ca,
            _folder: folder,
        }
    }

    fn ca(&self) -> &str {
        self.ca.to_str().expect("UTF-8")
    }

    fn url(&self, host: &str) -> String {
        format!("wss://{host}:{}/", self.port)
    }
}

const CASES: [&str; 2] = ["control/ping/length", "close/codes"];

#[track_caller]
fn conforms(url: &str, options: &[&str]) {
    let (ran, report) = reported(&[&[url], &CASES[..], options].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        report.summary.verdicts.pass > 50,
        "{:?}",
        report.summary.verdicts
    );
    assert!(
        report
            .cases
            .iter()
            .all(|case| case.verdict != Verdict::Fail)
    );
}

#[track_caller]
fn refused(url: &str, options: &[&str], parts: &[&str]) {
    let ran = ran(&[&["server", url], options].concat());
    assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
    for part in parts {
        assert!(ran.err.contains(part), "{part:?} in {}", ran.err);
    }
}

#[test]
fn trusts_the_issuer_that_it_is_given() {
    let secure = Secure::new(&["localhost", "127.0.0.1"]);
    conforms(&secure.url("localhost"), &["--ca", secure.ca()]);
    conforms(&secure.url("127.0.0.1"), &["--ca", secure.ca()]);
}

#[test]
fn trusts_nobody_else_unless_it_is_told_so() {
    let (secure, other) = (Secure::new(&["localhost"]), Secure::new(&["localhost"]));
    let url = secure.url("localhost");
    refused(
        &url,
        &["--ca", other.ca()],
        &["certificate", "--ca FILE trusts its issuer", "--insecure"],
    );
    conforms(&url, &["--insecure"]);
}

#[test]
fn checks_the_name_and_asks_for_another_when_told() {
    let secure = Secure::new(&["inner.example"]);
    let url = secure.url("localhost");
    refused(
        &url,
        &["--ca", secure.ca()],
        &["--server-name asks for another name"],
    );
    conforms(
        &url,
        &["--ca", secure.ca(), "--server-name", "inner.example"],
    );
}

#[test]
fn says_so_when_tls_comes_where_plain_text_was_asked_for() {
    let secure = Secure::new(&["localhost"]);
    let url = format!("ws://localhost:{}/", secure.port);
    refused(
        &url,
        &[],
        &["TLS came", &format!("try {}", secure.url("localhost"))],
    );
}

#[test]
fn a_replay_asks_with_the_same_trust() {
    let secure = Secure::new(&["inner.example"]);
    let url = secure.url("localhost");
    let (_, report) = reported(&[
        &url,
        CASES[0],
        "--ca",
        secure.ca(),
        "--server-name",
        "inner.example",
    ]);
    let replay = &report.cases[0].replay;
    let quoted = format!("--ca '{}'", secure.ca());
    assert!(
        replay.contains(&quoted) && replay.contains("--server-name inner.example"),
        "{replay}"
    );
}

#[test]
fn tls_changes_no_verdict() {
    let secure = Secure::new(&["localhost"]);
    let (ran, report) = reported(&[
        &secure.url("localhost"),
        "--insecure",
        "--subprotocol",
        "echo",
    ]);
    let others: Vec<_> = report
        .cases
        .iter()
        .filter(|case| case.verdict != Verdict::Pass)
        .map(|case| format!("{} {:?}: {}", case.id, case.verdict, case.reason))
        .collect();
    assert!(others.is_empty(), "{}", others.join("\n"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
}
