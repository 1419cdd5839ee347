//! Deliveries by HTTPS, from the real program: what it trusts is read from its environment,
//! which no other system than Linux asks.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use crate::daemon::Daemon;

/// A server whose certificate an authority of its own signed: its port and the authority, as PEM.
async fn server() -> (u16, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let own = own.signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let tls = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![own.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut head = [0; 4_096];
            let _ = stream.read(&mut head).await;
            let _ = stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok").await;
        }
    });
    (port, authority.pem())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_the_system_trusts_is_reached_by_https_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (port, authority) = server().await;
    let trusted = folder.path().join("trusted.pem");
    std::fs::write(&trusted, authority).unwrap();
    let trusted = trusted.to_str().unwrap();
    let other = server().await.0;
    let daemon = Daemon::start_with(folder.path(), 0, &[("SSL_CERT_FILE", trusted)]).await;
    let mut attempts = Vec::new();
    for port in [port, other] {
        let hook = json!({ "url": format!("https://localhost:{port}/hook"), "events": ["*"] });
        let hook = daemon.post("/api/v1/gateway-webhooks", hook).await;
        let id = hook["id"].as_str().unwrap();
        let path = format!("/api/v1/gateway-webhooks/{id}/test");
        attempts.push(daemon.post(&path, json!({})).await);
    }
    assert_eq!(attempts[0]["status"], 202, "{}", attempts[0]);
    let error = attempts[1]["error"].as_str().unwrap_or_default();
    assert!(error.contains("certificate"), "{}", attempts[1]);
    daemon.stop().await;
}
