//! Entries of `server.trusted_proxies`: addresses and networks.

use std::{fmt, net::IpAddr};

use ipnet::{IpNet, Ipv4Net};
use serde::Deserialize;

/// A proxy, or a network of proxies, whose `X-Forwarded-For` is believed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct TrustedProxy(IpNet);

#[derive(Debug, PartialEq, Eq)]
pub struct TrustedProxyError(String);

impl fmt::Display for TrustedProxyError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let examples = r#""127.0.0.1", "172.18.0.0/16", "fd00::5" or "fd00:1::/64""#;
        write!(
            out,
            "'{}' is no address of a proxy and no network of proxies; one looks like {examples}",
            self.0
        )
    }
}

impl TryFrom<String> for TrustedProxy {
    type Error = TrustedProxyError;

    fn try_from(text: String) -> Result<Self, TrustedProxyError> {
        read(text.trim()).map(Self).ok_or(TrustedProxyError(text))
    }
}

impl From<IpAddr> for TrustedProxy {
    fn from(address: IpAddr) -> Self {
        Self(address.to_canonical().into())
    }
}

fn read(text: &str) -> Option<IpNet> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical().into());
    }
    let network = text.parse::<IpNet>().ok()?;
    // A network of mapped addresses is one of IPv4; callers are compared by that.
    let mapped = match network {
        IpNet::V6(mapped) => {
            mapped.addr().to_ipv4_mapped().zip(mapped.prefix_len().checked_sub(96))
        }
        IpNet::V4(_) => None,
    };
    match mapped {
        Some((address, length)) => Ipv4Net::new(address, length).ok().map(IpNet::V4),
        None => Some(network),
    }
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct TrustedProxies(pub Vec<TrustedProxy>);

impl TrustedProxies {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|TrustedProxy(network)| network.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(entry: &str, address: &str) -> bool {
        let entry = TrustedProxy::try_from(entry.to_owned()).unwrap();
        TrustedProxies(vec![entry]).contains(address.parse().unwrap())
    }

    #[test]
    fn an_entry_is_an_address_or_a_network_of_either_kind() {
        for (entry, address) in [
            ("127.0.0.1", "127.0.0.1"),
            (" 127.0.0.1 ", "::ffff:127.0.0.1"),
            ("172.18.0.0/16", "172.18.3.4"),
            ("172.18.0.7/16", "172.18.3.4"),
            ("::ffff:172.18.0.0/112", "172.18.3.4"),
            ("fd00::5", "fd00::5"),
            ("fd00:1::/64", "fd00:1::7"),
            ("0.0.0.0/0", "203.0.113.9"),
        ] {
            assert!(holds(entry, address), "{entry} {address}");
        }
        for (entry, address) in [
            ("127.0.0.1", "127.0.0.2"),
            ("172.18.0.0/16", "172.19.0.1"),
            ("172.18.0.0/16", "fd00::5"),
            ("fd00:1::/64", "fd00:2::1"),
            ("::/0", "203.0.113.9"),
        ] {
            assert!(!holds(entry, address), "{entry} {address}");
        }
    }

    #[test]
    fn what_is_neither_is_refused_with_examples() {
        for entry in ["", "proxy", "10.0.0", "10.0.0.0/33", "10.0.0.1:80", "fd00::/129", "*"] {
            let refused = TrustedProxy::try_from(entry.to_owned()).unwrap_err().to_string();
            assert!(refused.contains("172.18.0.0/16"), "{entry}: {refused}");
        }
    }
}
