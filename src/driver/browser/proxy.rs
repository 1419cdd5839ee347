//! Proxy relay of a session: an HTTP proxy on loopback in front of the session's own proxy.
//!
//! Chromium supports no SOCKS proxy with a password, so the relay connects to the session's proxy, of any kind. The
//! relay has a password that only the browser knows: other programs of this machine cannot use it.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use rustls::{ClientConfig, pki_types::ServerName};
use subtle::ConstantTimeEq;
use tokio::{
    io::{
        AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt,
        BufReader, copy_bidirectional,
    },
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tokio_socks::tcp::{Socks4Stream, Socks5Stream};

use crate::{
    domain::{Error, ErrorCode, Proxy, Subject, proxy::ProxyProtocol},
    driver::browser::{loopback::Port, reach::Reach},
    egress::{OwnPorts, trust_of_the_system},
};

/// Deadline of each side for the tunnel.
const CONNECT_DEADLINE: Duration = Duration::from_secs(15);
/// Deadline for the head of a request, so that an idle client blocks no connection.
const ASK_DEADLINE: Duration = Duration::from_secs(5);
/// Connections per browser; further ones wait.
const CONNECTIONS: usize = 64;
const LARGEST_HEAD: u64 = 8 * 1024;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// The relay's challenge. Chromium retries over a new connection.
const WHO_ARE_YOU: &[u8] = b"HTTP/1.1 407 Proxy Authentication Required\r\n\
    Proxy-Authenticate: Basic realm=\"wagate\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
pub const USERNAME: &str = "wagate";

/// The relay of one session. Dropping it ends the relay.
pub struct Relay {
    port: Port,
    way: Arc<Way>,
    secret: String,
}

impl Relay {
    /// Connects only to hosts that `reach` allows.
    pub async fn start(proxy: &Proxy, reach: Reach, own_ports: OwnPorts) -> Result<Self, Error> {
        let lost = |error: io::Error| {
            let message = format!("the proxy cannot be reached: {error}");
            Error::new(ErrorCode::EngineFailed, message).about(Subject::Proxy)
        };
        let tls = match proxy.protocol {
            ProxyProtocol::Https => {
                let trust = trust_of_the_system().map_err(|error| lost(io::Error::other(error)))?;
                Some(Arc::new(trust))
            }
            _ => None,
        };
        Self::on(Way { proxy: proxy.clone(), reach, tls, own_ports }).await.map_err(lost)
    }

    async fn on(way: Way) -> io::Result<Self> {
        let way = Arc::new(way);
        let secret = BASE64.encode(rand::random::<[u8; 32]>());
        let credentials = Arc::new(basic(USERNAME, &secret));
        let own_ports = way.own_ports.clone();
        let serving = way.clone();
        let port = Port::open(&own_ports, CONNECTIONS, move |stream| {
            let (way, credentials) = (serving.clone(), credentials.clone());
            // Either side may close the connection at any time, and the page sees that.
            async move { relay(stream, &way, &credentials).await.unwrap_or_default() }
        });
        Ok(Self { port: port.await?, way, secret })
    }

    /// Checks that a page can be reached through the proxy. The error names the proxy and the reason.
    pub async fn check(&self, page: &str) -> Result<(), Error> {
        let Some(target) = self.way.reach.way_to_page() else { return Ok(()) };
        let connecting = timeout(CONNECT_DEADLINE, self.way.connect(&target)).await;
        let Err(error) = connecting.map_err(io::Error::from).flatten() else { return Ok(()) };
        let Proxy { host, port, .. } = &self.way.proxy;
        let message = format!("the proxy {host}:{port} does not lead to {page}: {error}");
        Err(Error::new(ErrorCode::EngineFailed, message).about(Subject::Proxy))
    }

    pub fn address(&self) -> SocketAddr {
        self.port.address
    }

    /// The password for [`USERNAME`].
    pub fn secret(&self) -> &str {
        &self.secret
    }
}

fn basic(username: &str, password: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{username}:{password}")))
}

/// Serves one connection of the browser: CONNECT requests only.
async fn relay(browser: TcpStream, way: &Way, credentials: &str) -> io::Result<()> {
    let mut browser = BufReader::new(browser);
    let asked = timeout(ASK_DEADLINE, asked_for(&mut browser)).await??;
    if !bool::from(asked.credentials.as_bytes().ct_eq(credentials.as_bytes())) {
        return browser.write_all(WHO_ARE_YOU).await;
    }
    let Some(target) = asked.target else {
        return browser.write_all(b"HTTP/1.1 501 Not Implemented\r\n\r\n").await;
    };
    let Some(target) = way.reach.way_to(&target) else {
        tracing::debug!(target, "the browser asked for a host that it may not contact");
        return browser.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await;
    };
    match timeout(CONNECT_DEADLINE, way.connect(&target)).await.map_err(io::Error::from).flatten() {
        Ok(mut onward) => {
            browser.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
            copy_bidirectional(&mut browser, &mut onward).await.map(|_| ())
        }
        Err(error) => {
            let proxy = &way.proxy;
            tracing::warn!(%error, host = proxy.host, port = proxy.port, "the proxy did not connect");
            browser.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").await
        }
    }
}

struct Asked {
    credentials: String,
    /// The `host:port` of a CONNECT request; none for any other request.
    target: Option<String>,
}

async fn asked_for(browser: &mut BufReader<TcpStream>) -> io::Result<Asked> {
    let head = read_head(browser).await?;
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut headers);
    request.parse(&head).map_err(io::Error::other)?;
    let mut given = request
        .headers
        .iter()
        .filter(|header| header.name.eq_ignore_ascii_case("proxy-authorization"));
    let credentials = given.next().map_or(&b""[..], |header| header.value);
    let target = request.path.filter(|_| request.method == Some("CONNECT"));
    Ok(Asked {
        credentials: String::from_utf8_lossy(credentials).into_owned(),
        target: target.map(str::to_owned),
    })
}

/// Reads the head up to its empty line; the rest stays in the reader.
async fn read_head(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(512);
    let mut bounded = stream.take(LARGEST_HEAD);
    while !head.ends_with(b"\r\n\r\n") {
        if bounded.read_until(b'\n', &mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

/// The session's proxy, and the hosts that may be reached through it.
struct Way {
    proxy: Proxy,
    reach: Reach,
    /// Trusted certificates for a proxy behind TLS; none for a proxy without TLS.
    tls: Option<Arc<ClientConfig>>,
    /// Ports that no session may use as its proxy.
    own_ports: OwnPorts,
}

impl Way {
    async fn connect(&self, target: &str) -> io::Result<Box<dyn Stream>> {
        let Proxy { protocol, host, port, username, password } = &self.proxy;
        let socket = self.own_ports.connect(host, *port).await?;
        socket.set_nodelay(true)?;
        let credentials = username.as_deref().zip(password.as_deref().or(Some("")));
        match protocol {
            ProxyProtocol::Http => ask(socket, target, credentials).await,
            ProxyProtocol::Https => {
                let tls = self.tls.clone().ok_or_else(|| io::Error::other("no trust is set up"))?;
                let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
                let socket = TlsConnector::from(tls).connect(name, socket).await?;
                ask(socket, target, credentials).await
            }
            ProxyProtocol::Socks4 => {
                let user = username.as_deref().unwrap_or_default();
                let connecting = Socks4Stream::connect_with_userid_and_socket(socket, target, user);
                Ok(Box::new(connecting.await.map_err(io::Error::other)?))
            }
            // The proxy resolves names, which this machine may not know.
            ProxyProtocol::Socks5 | ProxyProtocol::Socks5h => {
                let connected = match credentials {
                    Some((username, password)) => {
                        Socks5Stream::connect_with_password_and_socket(
                            socket, target, username, password,
                        )
                        .await
                    }
                    None => Socks5Stream::connect_with_socket(socket, target).await,
                };
                Ok(Box::new(connected.map_err(io::Error::other)?))
            }
        }
    }
}

/// Requests a tunnel from an HTTP proxy.
async fn ask(
    stream: impl Stream + 'static,
    target: &str,
    credentials: Option<(&str, &str)>,
) -> io::Result<Box<dyn Stream>> {
    let mut head = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if let Some((username, password)) = credentials {
        head.push_str(&format!("Proxy-Authorization: {}\r\n", basic(username, password)));
    }
    head.push_str("\r\n");
    let mut stream = BufReader::new(stream);
    stream.write_all(head.as_bytes()).await?;
    let head = read_head(&mut stream).await?;
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    response.parse(&head).map_err(io::Error::other)?;
    match response.code {
        Some(200..=299) => Ok(Box::new(stream)),
        code => Err(io::Error::other(format!("it answered {}", code.unwrap_or_default()))),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn listener() -> (TcpListener, u16) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    fn proxy(protocol: ProxyProtocol, port: u16) -> Proxy {
        let (username, password) = (Some("me".to_owned()), Some("it's secret".to_owned()));
        Proxy { protocol, host: "127.0.0.1".to_owned(), port, username, password }
    }

    fn everywhere() -> Reach {
        Reach::of("https://web.whatsapp.com/", None, &["*".to_owned()]).unwrap()
    }

    /// Through the relay as a browser does it; what comes first is what the far side says.
    async fn through(relay: &Relay, target: &str) -> io::Result<(Vec<u8>, BufReader<TcpStream>)> {
        let mut socket = BufReader::new(TcpStream::connect(relay.address()).await?);
        let credentials = basic(USERNAME, relay.secret());
        let head =
            format!("CONNECT {target} HTTP/1.1\r\nProxy-Authorization: {credentials}\r\n\r\n");
        socket.write_all(head.as_bytes()).await?;
        Ok((read_head(&mut socket).await?, socket))
    }

    #[tokio::test]
    async fn an_http_proxy_is_given_the_password_and_the_target() {
        let (upstream, port) = listener().await;
        let asked = tokio::spawn(async move {
            let mut socket = BufReader::new(upstream.accept().await.unwrap().0);
            let head = read_head(&mut socket).await.unwrap();
            socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            socket.write_all(b"hello").await.unwrap();
            String::from_utf8(head).unwrap()
        });
        let relay =
            Relay::start(&proxy(ProxyProtocol::Http, port), everywhere(), OwnPorts::default())
                .await
                .unwrap();
        let (head, mut socket) = through(&relay, "example.org:443").await.unwrap();
        assert!(head.starts_with(b"HTTP/1.1 200"));
        let mut received = [0; 5];
        socket.read_exact(&mut received).await.unwrap();
        assert_eq!(&received, b"hello");
        let head = asked.await.unwrap();
        assert!(head.starts_with("CONNECT example.org:443 HTTP/1.1\r\n"), "{head}");
        let credentials = BASE64.encode("me:it's secret");
        assert!(head.contains(&format!("Proxy-Authorization: Basic {credentials}\r\n")), "{head}");
    }

    /// A certificate that nobody but the test trusts.
    fn certificate() -> (Arc<rustls::ServerConfig>, Arc<ClientConfig>) {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = rustls::ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        (Arc::new(server), Arc::new(client))
    }

    #[tokio::test]
    async fn a_proxy_behind_tls_is_used_if_its_certificate_is_trusted_and_not_otherwise() {
        let (upstream, port) = listener().await;
        let (server, trusting) = certificate();
        tokio::spawn(async move {
            let acceptor = tokio_rustls::TlsAcceptor::from(server);
            loop {
                let socket = upstream.accept().await.unwrap().0;
                // A client that does not trust the certificate closes the connection.
                let Ok(socket) = acceptor.accept(socket).await else { continue };
                let mut socket = BufReader::new(socket);
                let head = String::from_utf8(read_head(&mut socket).await.unwrap()).unwrap();
                assert!(head.contains("Proxy-Authorization: Basic "), "{head}");
                socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            }
        });
        let proxy = proxy(ProxyProtocol::Https, port);
        let suspicious = Relay::start(&proxy, everywhere(), OwnPorts::default()).await.unwrap();
        let (head, _) = through(&suspicious, "example.org:443").await.unwrap();
        assert!(head.starts_with(b"HTTP/1.1 502"));
        let way =
            Way { proxy, reach: everywhere(), tls: Some(trusting), own_ports: OwnPorts::default() };
        let relay = Relay::on(way).await.unwrap();
        let (head, _) = through(&relay, "example.org:443").await.unwrap();
        assert!(head.starts_with(b"HTTP/1.1 200"));
    }

    #[tokio::test]
    async fn a_socks_proxy_is_given_the_password_and_the_target() {
        let (upstream, port) = listener().await;
        let asked = tokio::spawn(async move {
            let (mut socket, _) = upstream.accept().await.unwrap();
            let mut greeting = [0; 4];
            socket.read_exact(&mut greeting).await.unwrap();
            socket.write_all(&[5, 2]).await.unwrap();
            let mut login = [0; 2 + 2 + 1 + 11];
            socket.read_exact(&mut login).await.unwrap();
            socket.write_all(&[1, 0]).await.unwrap();
            let mut request = [0; 4 + 1 + 11 + 2];
            socket.read_exact(&mut request).await.unwrap();
            socket.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 80]).await.unwrap();
            (login, request)
        });
        let relay =
            Relay::start(&proxy(ProxyProtocol::Socks5, port), everywhere(), OwnPorts::default())
                .await
                .unwrap();
        let (head, _socket) = through(&relay, "example.org:443").await.unwrap();
        assert!(head.starts_with(b"HTTP/1.1 200"));
        let (login, request) = asked.await.unwrap();
        assert_eq!(&login[..], b"\x01\x02me\x0bit's secret");
        assert_eq!(&request[5..16], b"example.org");
    }

    #[tokio::test]
    async fn a_proxy_that_refuses_is_a_bad_gateway_and_a_host_out_of_reach_is_forbidden() {
        let (upstream, port) = listener().await;
        tokio::spawn(async move {
            let mut socket = BufReader::new(upstream.accept().await.unwrap().0);
            read_head(&mut socket).await.unwrap();
            socket.write_all(b"HTTP/1.1 407 No\r\n\r\n").await.unwrap();
        });
        let proxy = proxy(ProxyProtocol::Http, port);
        let relay = Relay::start(&proxy, everywhere(), OwnPorts::default()).await.unwrap();
        let (head, _) = through(&relay, "example.org:443").await.unwrap();
        assert!(head.starts_with(b"HTTP/1.1 502"));
        for stand_in in [Some("127.0.0.1:1"), None] {
            let reach = Reach::of("https://web.whatsapp.com/", stand_in, &[]).unwrap();
            let relay = Relay::start(&proxy, reach, OwnPorts::default()).await.unwrap();
            let (head, _) = through(&relay, "example.org:443").await.unwrap();
            assert!(head.starts_with(b"HTTP/1.1 403"));
        }
    }

    async fn said(relay: &Relay, head: &str) -> String {
        let mut socket = BufReader::new(TcpStream::connect(relay.address()).await.unwrap());
        socket.write_all(head.as_bytes()).await.unwrap();
        String::from_utf8(read_head(&mut socket).await.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn anything_but_a_tunnel_is_not_served() {
        let relay = Relay::start(&proxy(ProxyProtocol::Http, 1), everywhere(), OwnPorts::default())
            .await
            .unwrap();
        let credentials = basic(USERNAME, relay.secret());
        let head = format!(
            "GET http://example.org/ HTTP/1.1\r\nProxy-Authorization: {credentials}\r\n\r\n"
        );
        assert!(said(&relay, &head).await.starts_with("HTTP/1.1 501"));
    }

    #[tokio::test]
    async fn who_does_not_know_the_secret_gets_no_tunnel_and_each_relay_has_its_own() {
        let (upstream, port) = listener().await;
        let proxy = proxy(ProxyProtocol::Http, port);
        let relay = Relay::start(&proxy, everywhere(), OwnPorts::default()).await.unwrap();
        let other = Relay::start(&proxy, everywhere(), OwnPorts::default()).await.unwrap();
        let wrong = [
            String::new(),
            "Proxy-Authorization: Basic\r\n".to_owned(),
            format!("Proxy-Authorization: {}\r\n", basic(USERNAME, "")),
            format!("Proxy-Authorization: {}\r\n", basic(USERNAME, other.secret())),
            format!("Proxy-Authorization: {}\r\n", basic("", relay.secret())),
            format!("Authorization: {}\r\n", basic(USERNAME, relay.secret())),
        ];
        for line in wrong {
            for request in ["CONNECT example.org:443", "GET http://example.org/"] {
                let head = said(&relay, &format!("{request} HTTP/1.1\r\n{line}\r\n")).await;
                assert!(head.starts_with("HTTP/1.1 407 "), "{line:?}: {head}");
                assert!(head.contains("Proxy-Authenticate: Basic realm="), "{head}");
            }
        }
        let contacted = timeout(std::time::Duration::ZERO, upstream.accept()).await;
        assert!(contacted.is_err(), "the proxy was asked for a stranger");
    }
}
