//! Client for many requests to one target (hyper), with a connection pool. It connects only to the checked
//! addresses and passes request and answer on as they are: no redirects, no retries; the caller sets the deadline.
//! reqwest costs about twice as much processor time per delivery.

use std::{
    future::{Ready, ready},
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Request, Response,
    body::Incoming,
    header::{ACCEPT, HeaderValue, USER_AGENT},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        self,
        connect::{HttpConnector, dns::Name},
    },
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{ClientConfig, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt;
use tower_service::Service;

use crate::egress::target::Target;

/// The user agent of requests on behalf of callers.
pub const NAME: &str = concat!("wagate/", env!("CARGO_PKG_VERSION"));
pub const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// Idle connections are closed after this time. TCP keep-alive notices dead ones.
const IDLE: Duration = Duration::from_secs(90);
const KEPT_ALIVE: Duration = Duration::from_secs(15);

/// Clones share their connections.
#[derive(Clone)]
pub struct Client {
    inner: legacy::Client<HttpsConnector<HttpConnector<Checked>>, Full<Bytes>>,
}

impl Client {
    /// A client for the addresses of this target, whatever its name resolves to later.
    pub fn to(target: &Target) -> Result<Self, rustls::Error> {
        let mut connector = HttpConnector::new_with_resolver(Checked(target.addresses.clone()));
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_DEADLINE));
        connector.set_keepalive(Some(KEPT_ALIVE));
        let builder = HttpsConnectorBuilder::new().with_tls_config(trust_of_the_system()?);
        let connector = builder.https_or_http().enable_http1().wrap_connector(connector);
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE);
        Ok(Self { inner: builder.build(connector) })
    }

    pub async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, legacy::Error> {
        let headers = request.headers_mut();
        headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(NAME));
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        self.inner.request(request).await
    }
}

/// Certificates that this system trusts. They are read once: a copy shares them, and the sessions to resume.
pub fn trust_of_the_system() -> Result<ClientConfig, rustls::Error> {
    static TRUST: OnceLock<ClientConfig> = OnceLock::new();
    if let Some(trust) = TRUST.get() {
        return Ok(trust.clone());
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions()?;
    let trust = builder.with_platform_verifier()?.with_no_client_auth();
    Ok(TRUST.get_or_init(|| trust).clone())
}

/// Resolver that answers the checked addresses.
#[derive(Clone)]
struct Checked(Vec<SocketAddr>);

impl Service<Name> for Checked {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        ready(Ok(self.0.clone().into_iter()))
    }
}
