//! Outgoing HTTP: the only maker of clients, and the guard of where they may connect.
//!
//! Callers give the gateway URLs to post to and to fetch from. Such a URL must not lead to the gateway
//! itself, nor into the network that the gateway stands in unless the settings allow it. Names are
//! resolved once, checked, and the connection goes to the address that was checked, so that a name cannot
//! change between the check and the connection.

mod client;
mod fetch;
mod guard;
mod own;
mod owner;
mod reach;

use std::{net::SocketAddr, time::Duration};

use url::Url;

pub use self::{
    client::{Client, trust_of_the_system},
    fetch::{Bounds, Fetched, fetch},
    guard::{Guard, Private, form_of},
    own::{OwnPort, OwnPorts},
    owner::OwnGateway,
};
use crate::domain::Error;

/// What the gateway calls itself.
const NAME: &str = concat!("wagate/", env!("CARGO_PKG_VERSION"));
/// What its command line and the demonstration call themselves: unlike what is sent on behalf of callers,
/// they may be let in without a key.
const PROGRAM: &str = concat!("wagate-cli/", env!("CARGO_PKG_VERSION"));
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// A target that was found fit, with the addresses that may be connected to: at least one.
#[derive(Clone, Debug)]
pub struct Target {
    pub url: Url,
    pub addresses: Vec<SocketAddr>,
    /// Whether all of them lie on the public internet.
    pub is_public: bool,
}

/// The addresses of a host, as DNS and this machine know them. Checks nothing.
pub async fn look_up(name: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
    let found = tokio::net::lookup_host((name, port));
    let found = tokio::time::timeout(CONNECT_DEADLINE, found).await;
    let found =
        found.map_err(|_| Error::invalid_field("url", "its host was not found in time"))?.map_err(
            |error| Error::invalid_field("url", format!("its host was not found: {error}")),
        )?;
    Ok(found.collect())
}

/// A client that connects to this target's checked addresses and follows no redirect.
pub fn client_for(target: &Target, deadline: Duration) -> Result<reqwest::Client, reqwest::Error> {
    let host = target.url.host_str().unwrap_or_default();
    builder().timeout(deadline).resolve_to_addrs(host, &target.addresses).build()
}

/// A client for the gateway's own address: for the demonstration and the command line.
pub fn local_client() -> Result<reqwest::Client, reqwest::Error> {
    builder().user_agent(PROGRAM).build()
}

/// A client whose requests all go to the gateway behind this Unix socket.
pub fn owner_client(socket: &std::path::Path) -> Result<reqwest::Client, reqwest::Error> {
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
