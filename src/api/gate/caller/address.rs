//! Address of a caller behind trusted proxies, and the network by which callers are counted.
//!
//! Each proxy adds the address that it sees to `X-Forwarded-For`, as a new line or behind a comma. The
//! nearest hop stands last, and what stands before an untrusted one is that caller's own claim.
//! `Forwarded` is not read: a proxy that does not know it passes on whatever the caller wrote there.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

use actix_web::http::header::HeaderMap;

use crate::config::TrustedProxies;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// Who shares an allowance: an IPv4 address, or the /64 that one customer gets of IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(out),
            IpAddr::V6(address) => write!(out, "{address}/64"),
        }
    }
}

/// The caller's address: the peer, or what trusted proxies say.
pub fn client(peer: IpAddr, headers: &HeaderMap, trusted: &TrustedProxies) -> IpAddr {
    let mut nearest = peer.to_canonical();
    if trusted.is_empty() {
        return nearest;
    }
    let lines: Vec<_> = headers.get_all(FORWARDED_FOR).collect();
    let hops = lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    for hop in hops.map(<[u8]>::trim_ascii).filter(|hop| !hop.is_empty()) {
        if !trusted.contains(nearest) {
            break;
        }
        // Of a hop that cannot be read the proxy that wrote it down is all that is known.
        // Of one that is the proxy's own address too: what stands before it is a claim of a local caller.
        let Some(address) = std::str::from_utf8(hop).ok().and_then(read) else { break };
        if address == nearest {
            break;
        }
        nearest = address;
    }
    nearest
}

/// An address with or without its port; brackets stand around IPv6 where there is one, or may.
fn read(hop: &str) -> Option<IpAddr> {
    let bracketed = |hop: &str| hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address = hop
        .parse::<IpAddr>()
        .ok()
        .or_else(|| Some(hop.parse::<SocketAddr>().ok()?.ip()))
        .or_else(|| bracketed(hop).map(IpAddr::V6))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;
    use crate::config::TrustedProxy;

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            let value = HeaderValue::from_bytes(line.as_bytes()).unwrap();
            headers.append(HeaderName::from_static(FORWARDED_FOR), value);
        }
        headers
    }

    fn found(peer: &str, lines: &[&str]) -> String {
        let trusted = ["127.0.0.1", "10.0.0.1", "172.18.0.0/16", "fd00:1::/64"];
        let trusted = trusted.map(|text| TrustedProxy::try_from(text.to_owned()).unwrap());
        client(peer.parse().unwrap(), &headers(lines), &TrustedProxies(trusted.into())).to_string()
    }

    #[test]
    fn the_last_hop_that_is_not_trusted_is_the_caller() {
        for (lines, address) in [
            (&["203.0.113.9"][..], "203.0.113.9"),
            // A second line of the proxy's own, behind one of the caller's.
            (&["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
            (&["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
            (&["198.51.100.1, 203.0.113.9, 10.0.0.1"], "203.0.113.9"),
            (&["198.51.100.1", "203.0.113.9 , 10.0.0.1"], "203.0.113.9"),
            (&["203.0.113.9:4711"], "203.0.113.9"),
            (&["[2001:db8::7]:4711"], "2001:db8::7"),
            (&["[2001:db8::7]"], "2001:db8::7"),
            (&["2001:db8::7"], "2001:db8::7"),
            (&["::ffff:203.0.113.9"], "203.0.113.9"),
            (&["198.51.100.1, ::ffff:10.0.0.1"], "198.51.100.1"),
            (&["203.0.113.9,"], "203.0.113.9"),
            (&["10.0.0.1"], "10.0.0.1"),
            // The caller is on the proxy's own machine.
            (&["198.51.100.1", "127.0.0.1"], "127.0.0.1"),
            (&["198.51.100.1", "127.0.0.1, 10.0.0.1"], "198.51.100.1"),
            (&[], "127.0.0.1"),
            // Networks are proxies too.
            (&["198.51.100.1, 203.0.113.9, 172.18.0.5"], "203.0.113.9"),
            (&["203.0.113.9, fd00:1::7"], "203.0.113.9"),
            (&["203.0.113.9, fd00:2::7"], "fd00:2::7"),
        ] {
            assert_eq!(found("127.0.0.1", lines), address, "{lines:?}");
        }
    }

    #[test]
    fn a_hop_that_cannot_be_read_is_the_proxy_and_not_the_claim_before_it() {
        for line in ["198.51.100.1, unknown", "198.51.100.1, _hidden", "198.51.100.1, 1.2.3", "é"]
        {
            assert_eq!(found("127.0.0.1", &[line]), "127.0.0.1", "{line}");
        }
        assert_eq!(found("127.0.0.1", &["198.51.100.1, unknown, 10.0.0.1"]), "10.0.0.1");
    }

    #[test]
    fn nobody_else_is_believed_and_a_mapped_peer_is_itself() {
        assert_eq!(found("192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
        assert_eq!(found("::ffff:127.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(found("::ffff:192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
    }

    #[test]
    fn neighbours_in_one_ipv6_network_share() {
        let network = |text: &str| Network::of(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::2"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_eq!(network("2001:db8:1:2::1").to_string(), "2001:db8:1:2::/64");
    }

    proptest! {
        /// Whatever a caller claims, the proxy's own word behind it decides.
        #[test]
        fn no_claim_hides_the_caller(claims in prop::collection::vec("[ -~]{0,40}", 0..4)) {
            let mut lines: Vec<&str> = claims.iter().map(String::as_str).collect();
            lines.push("203.0.113.9");
            prop_assert_eq!(found("127.0.0.1", &lines), "203.0.113.9");
        }
    }
}
