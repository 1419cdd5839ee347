//! Target of a request: a URL with the addresses that were checked.

use std::{net::SocketAddr, time::Duration};

use url::Url;

use crate::domain::Error;

const LOOKUP_DEADLINE: Duration = Duration::from_secs(5);

/// An allowed target, with the addresses to connect to: at least one.
#[derive(Clone, Debug)]
pub struct Target {
    pub url: Url,
    pub addresses: Vec<SocketAddr>,
    /// Whether all of them lie on the public internet.
    pub is_public: bool,
}

/// The addresses of a host by DNS and the hosts file. Checks nothing.
pub async fn look_up(name: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
    let found = tokio::net::lookup_host((name, port));
    let found = tokio::time::timeout(LOOKUP_DEADLINE, found).await;
    let found =
        found.map_err(|_| Error::invalid_field("url", "its host was not found in time"))?.map_err(
            |error| Error::invalid_field("url", format!("its host was not found: {error}")),
        )?;
    Ok(found.collect())
}
