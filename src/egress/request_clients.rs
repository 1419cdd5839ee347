//! Clients for single requests (reqwest). None follows a redirect or uses a proxy.

use std::{path::Path, time::Duration};

use crate::egress::target::Target;

/// The user agent of requests on behalf of callers.
pub const NAME: &str = concat!("wagate/", env!("CARGO_PKG_VERSION"));
/// The user agent of the command line and the demonstration. Unlike requests on behalf of callers, theirs may be
/// admitted without a key.
const PROGRAM: &str = concat!("wagate-cli/", env!("CARGO_PKG_VERSION"));
pub const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

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
