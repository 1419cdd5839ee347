//! The only maker of HTTP clients, and the guard of where they may go.
//!
//! Callers give the gateway URLs to post to. Unless private targets are allowed, such a URL must
//! not lead into the network that the gateway stands in. Names are resolved once, checked, and the
//! connection goes to the address that was checked, so that a name cannot change its mind between.

mod client;
mod fetch;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use url::{Host, Url};

pub use self::{
    client::{Client, trust_of_the_system},
    fetch::{Bounds, Fetched, fetch},
};
use crate::domain::Error;

/// What the gateway calls itself.
const NAME: &str = concat!("wagate/", env!("CARGO_PKG_VERSION"));
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// A target that was found fit, with the addresses that may be connected to: at least one.
#[derive(Clone, Debug)]
pub struct Target {
    pub url: Url,
    /// The first of them.
    pub address: SocketAddr,
    pub addresses: Vec<SocketAddr>,
}

/// Checks the form of a URL, without asking DNS.
pub fn check_url(text: &str, allow_private: bool) -> Result<Url, Error> {
    const FIELD: &str = "url";
    if 2_048 < text.len() {
        return Err(Error::invalid_field(FIELD, "must have at most 2,048 characters"));
    }
    let url = Url::parse(text)
        .map_err(|error| Error::invalid_field(FIELD, format!("is not a URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Error::invalid_field(FIELD, "must begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::invalid_field(FIELD, "must not hold a user name or password"));
    }
    let literal = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        Some(Host::Domain(name)) if name == "localhost" || name.ends_with(".localhost") => {
            Some(IpAddr::V4(Ipv4Addr::LOCALHOST))
        }
        Some(Host::Domain(_)) => None,
        None => return Err(Error::invalid_field(FIELD, "names no host")),
    };
    match literal {
        Some(address) if !allow_private && !is_public(address) => Err(private_target()),
        _ => Ok(url),
    }
}

/// Resolves a URL's host to those of its addresses that may be connected to.
pub async fn resolve(text: &str, allow_private: bool) -> Result<Target, Error> {
    let url = check_url(text, allow_private)?;
    let port = url.port_or_known_default().unwrap_or(80);
    let all: Vec<SocketAddr> = match url.host() {
        Some(Host::Ipv4(address)) => vec![(address, port).into()],
        Some(Host::Ipv6(address)) => vec![(address, port).into()],
        Some(Host::Domain(name)) => look_up(name, port).await?,
        None => Vec::new(),
    };
    let fit = |address: &SocketAddr| allow_private || is_public(address.ip());
    let addresses: Vec<SocketAddr> = all.iter().copied().filter(fit).collect();
    match addresses.first().copied() {
        Some(address) => Ok(Target { url, address, addresses }),
        None if all.is_empty() => Err(Error::invalid_field("url", "its host has no address")),
        None => Err(private_target()),
    }
}

async fn look_up(name: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
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
    builder().build()
}

/// A client whose requests all go to the gateway behind this Unix socket.
pub fn owner_client(socket: &std::path::Path) -> Result<reqwest::Client, reqwest::Error> {
    builder().unix_socket(socket).build()
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that makes clients")]
fn builder() -> reqwest::ClientBuilder {
    // Installed by whoever comes first; a second time is refused and changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(NAME)
        .connect_timeout(CONNECT_DEADLINE)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
}

/// Whether an address lies on the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_protocol = a == 192 && b == 0 && c == 0;
    let is_benchmark = a == 198 && (b == 18 || b == 19);
    let is_relay = a == 192 && b == 88 && c == 99;
    !(a == 0
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_documentation()
        || is_shared
        || is_protocol
        || is_benchmark
        || is_relay
        || 224 <= a)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let [a, b, ..] = segments;
    let embedded = |high: u16, low: u16| {
        let ([w, x], [y, z]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(w, x, y, z))
    };
    match (a, b) {
        // 6to4 and NAT64 carry an IPv4 address that decides.
        (0x2002, _) => embedded(segments[1], segments[2]),
        (0x64, 0xff9b) => segments[2..6] == [0; 4] && embedded(segments[6], segments[7]),
        // Documentation and Teredo.
        (0x2001, 0x0db8) | (0x2001, 0) => false,
        // Only 2000::/3 is given out as public; this leaves out mapped, local and multicast forms.
        _ => a & 0xe000 == 0x2000,
    }
}

fn private_target() -> Error {
    Error::invalid_field("url", "leads to a private or local address, which is not allowed here")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_disguise_of_a_private_address_is_seen_through() {
        for host in [
            "127.0.0.1",
            "localhost",
            "a.localhost",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[fc00::1]",
            "[ff02::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:10.0.0.1]",
            "[2002:7f00:1::]",
            "[64:ff9b::7f00:1]",
            "2130706433",
            "0x7f.1",
            "127.1",
        ] {
            let url = format!("http://{host}/hook");
            assert!(check_url(&url, false).is_err(), "{url}");
        }
    }

    #[test]
    fn public_targets_pass_and_odd_urls_do_not() {
        assert!(check_url("https://example.com/hook", false).is_ok());
        assert!(check_url("http://8.8.8.8:8080/", false).is_ok());
        assert!(check_url("http://127.0.0.1:9/", true).is_ok());
        for url in
            ["ftp://example.com", "file:///etc/passwd", "https://u:p@example.com/", "nonsense", ""]
        {
            assert!(check_url(url, true).is_err(), "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_loopback_is_refused_when_private_targets_are() {
        assert!(resolve("http://localhost:1/", false).await.is_err());
        assert!(resolve("http://localhost:1/", true).await.is_ok());
    }

    proptest! {
        #[test]
        fn a_mapped_address_is_never_public(bits in any::<u32>()) {
            let mapped = Ipv4Addr::from(bits).to_ipv6_mapped();
            prop_assert!(!is_public(IpAddr::V6(mapped)));
        }
    }
}
