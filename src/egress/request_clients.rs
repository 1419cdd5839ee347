//! Clients for single requests (reqwest). None follows a redirect or uses a proxy.
//!
//! To make a client costs more than a request. So requests to one host at the same checked addresses share a client, with its
//! connections. A host that resolves to other addresses is checked again, and gets another client.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::egress::{
    client::{CONNECT_DEADLINE, NAME, trust_of_the_system},
    target::Target,
};

/// The user agent of the command line and the demonstration. Unlike requests on behalf of callers, theirs may be
/// admitted without a key.
const PROGRAM: &str = concat!("wagate-cli/", env!("CARGO_PKG_VERSION"));

/// Clients that are kept. What is kept of a client without connections is little.
const MOST: usize = 32;
/// Idle connections are closed after this time: many servers close theirs after five seconds, and a request on a
/// connection that is being closed has an unknown outcome.
const IDLE: Duration = Duration::from_secs(3);

/// Clients by target. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct RequestClients(Arc<Mutex<Vec<Kept>>>);

/// The client of one host at these addresses alone.
#[derive(Debug)]
struct Kept {
    host: String,
    addresses: Vec<SocketAddr>,
    client: reqwest::Client,
}

impl RequestClients {
    /// A client that connects to this target's checked addresses alone, whatever its name resolves to later.
    pub fn to(&self, target: &Target) -> Result<reqwest::Client, reqwest::Error> {
        let host = target.url.host_str().unwrap_or_default();
        let mut addresses = target.addresses.clone();
        addresses.sort_unstable();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.iter().position(|one| one.host == host && one.addresses == addresses);
        // The last one was used last.
        let kept = match known {
            Some(place) => all.remove(place),
            None => {
                let client = client_of(host, &target.addresses)?;
                Kept { host: host.to_owned(), addresses, client }
            }
        };
        let client = kept.client.clone();
        if MOST <= all.len() {
            all.remove(0);
        }
        all.push(kept);
        Ok(client)
    }
}

fn client_of(host: &str, addresses: &[SocketAddr]) -> Result<reqwest::Client, reqwest::Error> {
    let builder = builder().pool_idle_timeout(IDLE).resolve_to_addrs(host, addresses);
    // The certificates of the system are read once.
    let builder = match trust_of_the_system() {
        Ok(trust) => builder.tls_backend_preconfigured(trust),
        Err(_) => builder,
    };
    builder.build()
}

/// A client for the gateway's own address: for the demonstration and the command line.
pub fn local_client() -> Result<reqwest::Client, reqwest::Error> {
    builder().user_agent(PROGRAM).build()
}

/// A client whose requests all go to the gateway behind this Unix socket.
pub fn owner_client(socket: &Path) -> Result<reqwest::Client, reqwest::Error> {
    builder().user_agent(PROGRAM).unix_socket(socket).build()
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that makes clients")]
fn builder() -> reqwest::ClientBuilder {
    // The first call installs it; a later one is refused and changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(NAME)
        .connect_timeout(CONNECT_DEADLINE)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// A server that answers each request with its name and keeps its connections.
    async fn server(name: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut request = vec![0; 4_096];
                    while stream.read(&mut request).await.is_ok_and(|read| 0 < read) {
                        let length = name.len();
                        let answer =
                            format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{name}");
                        stream.write_all(answer.as_bytes()).await.unwrap();
                    }
                });
            }
        });
        address
    }

    fn target(host: &str, address: SocketAddr) -> Target {
        let url = format!("http://{host}:{}/", address.port()).parse().unwrap();
        Target { url, addresses: vec![address], is_public: false }
    }

    async fn asked(clients: &RequestClients, target: &Target) -> String {
        let request = clients.to(target).unwrap().get(target.url.clone());
        request.send().await.unwrap().text().await.unwrap()
    }

    #[tokio::test]
    async fn requests_to_one_checked_address_share_a_client() {
        let (clients, address) = (RequestClients::default(), server("one").await);
        for _ in 0..3 {
            assert_eq!(asked(&clients, &target("shop.example", address)).await, "one");
        }
        assert_eq!(clients.0.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_name_that_resolves_elsewhere_later_is_connected_to_at_the_address_that_was_checked()
    {
        let clients = RequestClients::default();
        let (first, second) = (server("first").await, server("second").await);
        let other = SocketAddr::from(([127, 0, 0, 2], first.port()));
        let elsewhere = TcpListener::bind(other).await.unwrap();
        assert_eq!(asked(&clients, &target("shop.example", first)).await, "first");
        // The same host and port, of which another address was checked this time.
        let moved = Target { addresses: vec![other], ..target("shop.example", first) };
        let asked_there = asked(&clients, &moved);
        let (mut stream, _) = tokio::select! {
            found = elsewhere.accept() => found.unwrap(),
            answer = asked_there => panic!("{answer} came over a connection to the former address"),
        };
        stream.shutdown().await.unwrap();
        assert_eq!(asked(&clients, &target("other.example", second)).await, "second");
        assert_eq!(asked(&clients, &target("shop.example", first)).await, "first");
    }

    #[tokio::test]
    async fn few_clients_are_kept_and_those_that_were_used_last() {
        let clients = RequestClients::default();
        let address = SocketAddr::from(([127, 0, 0, 1], 9));
        for number in 0..MOST + 5 {
            clients.to(&target("used.example", address)).unwrap();
            clients.to(&target(&format!("{number}.example"), address)).unwrap();
        }
        let kept = clients.0.lock().unwrap();
        assert_eq!(kept.len(), MOST);
        assert!(kept.iter().any(|one| one.host == "used.example"));
    }
}
