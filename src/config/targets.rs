//! An entry of `webhooks.allowed_targets`: a host, an address or a network, with a port or without.

use std::{fmt, net::IpAddr};

use ipnet::IpNet;
use serde::Deserialize;

/// Where webhooks may go although it is not public.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct AllowedTarget {
    host: AllowedHost,
    /// None for every port.
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum AllowedHost {
    /// In lower case.
    Name(String),
    /// All names below this one; begins with a dot.
    Below(String),
    Network(IpNet),
}

#[derive(Debug, PartialEq, Eq)]
pub struct AllowedTargetError(String);

impl fmt::Display for AllowedTargetError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let examples = r#""n8n", "n8n:5678", "*.internal", "172.18.0.0/16" or "[fd00::5]:5678""#;
        write!(out, "'{}' is no target; one looks like {examples}", self.0)
    }
}

impl AllowedTarget {
    /// Whether this entry names the host of a URL, and the port.
    pub fn names(&self, host: &str, port: u16) -> bool {
        let host = host.trim_end_matches('.').to_lowercase();
        self.port.is_none_or(|own| own == port)
            && match &self.host {
                AllowedHost::Name(name) => *name == host,
                AllowedHost::Below(end) => host.ends_with(end),
                AllowedHost::Network(_) => false,
            }
    }

    /// Whether this entry holds an address, by the address itself, and the port.
    pub fn holds(&self, address: IpAddr, port: u16) -> bool {
        self.port.is_none_or(|own| own == port)
            && matches!(&self.host, AllowedHost::Network(network) if network.contains(&address))
    }

    /// Whether it speaks of this one port.
    pub fn is_for_port(&self, port: u16) -> bool {
        self.port == Some(port)
    }
}

impl TryFrom<String> for AllowedTarget {
    type Error = AllowedTargetError;

    fn try_from(text: String) -> Result<Self, AllowedTargetError> {
        parse(text.trim()).ok_or(AllowedTargetError(text))
    }
}

fn parse(text: &str) -> Option<AllowedTarget> {
    // A bare IPv6 address has colons and no port.
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if text.parse::<IpAddr>().is_err() && !is_v6_network(text) => {
            (host, Some(port.parse::<u16>().ok().filter(|port| *port != 0)?))
        }
        _ => (text, None),
    };
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let host = if let Ok(address) = bare.parse::<IpAddr>() {
        AllowedHost::Network(address.to_canonical().into())
    } else if let Ok(network) = bare.parse::<IpNet>() {
        AllowedHost::Network(network)
    } else {
        let name = host.trim_end_matches('.').to_lowercase();
        let below = name.strip_prefix('*');
        let labels = below.map_or(Some(name.as_str()), |rest| rest.strip_prefix('.'))?;
        let is_label = |label: &str| {
            !label.is_empty()
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        };
        // What looks like an address and is none would match nothing.
        let has_letter = labels.bytes().any(|byte| byte.is_ascii_alphabetic());
        if !has_letter || !labels.split('.').all(is_label) {
            return None;
        }
        match below {
            Some(end) => AllowedHost::Below(end.to_owned()),
            None => AllowedHost::Name(name),
        }
    };
    Some(AllowedTarget { host, port })
}

fn is_v6_network(text: &str) -> bool {
    matches!(text.parse::<IpNet>(), Ok(IpNet::V6(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> AllowedTarget {
        AllowedTarget::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_name_allows_itself_and_a_star_what_is_below() {
        assert!(target("n8n").names("n8n", 1) && target("N8N.").names("n8n.", 1));
        assert!(!target("n8n").names("n8n.example", 1) && !target("n8n").names("xn8n", 1));
        assert!(target("n8n:5678").names("n8n", 5678) && !target("n8n:5678").names("n8n", 80));
        assert!(target("*.internal").names("a.b.internal", 1));
        assert!(!target("*.internal").names("internal", 1));
        assert!(!target("*.internal").names("a.notinternal", 1));
    }

    #[test]
    fn a_network_allows_its_addresses_and_no_names() {
        let holds =
            |text: &str, address: &str, port| target(text).holds(address.parse().unwrap(), port);
        assert!(
            holds("172.18.0.0/16", "172.18.3.4", 1) && !holds("172.18.0.0/16", "172.19.0.1", 1)
        );
        assert!(holds("10.0.0.5:80", "10.0.0.5", 80) && !holds("10.0.0.5:80", "10.0.0.5", 81));
        assert!(holds("fd00::/8", "fd00::5", 1) && holds("[fd00::5]:9", "fd00::5", 9));
        assert!(holds("fd00::5", "fd00::5", 1) && holds("::ffff:10.0.0.5", "10.0.0.5", 1));
        assert!(!target("10.0.0.5").names("10.0.0.5", 1));
    }

    #[test]
    fn what_is_no_target_is_refused_with_examples() {
        for text in [
            "",
            "*",
            "*.",
            "n8n:",
            "n8n:0",
            "n8n:99999",
            "http://n8n",
            "a b",
            "10.0.0",
            "1.2.3.4/40",
            "a..b",
        ] {
            let refused = AllowedTarget::try_from(text.to_owned());
            assert!(refused.is_err_and(|error| error.to_string().contains("n8n:5678")), "{text}");
        }
    }
}
