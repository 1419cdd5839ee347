//! What the settings say of callers, read once; and why a caller without a key is not let in.

use std::fmt;

use actix_web::http::header::HeaderMap;
use url::Url;

use crate::config::{AccessMode, Config, TrustedProxies};

/// Headers with which proxies and content networks mark what they pass on.
const FORWARDING: [&str; 9] = [
    "via",
    "forwarded",
    "true-client-ip",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-original-forwarded-for",
    "x-envoy-external-address",
    "fastly-client-ip",
];
const FORWARDING_FAMILIES: [&str; 2] = ["x-forwarded", "cf-"];
/// What the gateway calls itself when it sends something on behalf of callers.
const OWN_AGENT: &[u8] = concat!(env!("CARGO_PKG_NAME"), "/").as_bytes();
const OWN_DELIVERY: &str = "webhook-id";

/// Names of this machine to itself.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Why a request without a key in a header is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The settings want a key of everybody.
    KeyRequired,
    UnknownHost(String),
    ForeignPage,
    Forwarded(String),
    OwnRequest,
    Elsewhere,
    OtherUser,
}

impl Obstacle {
    /// Whether another key would not help: the request may not be what its sender wanted.
    pub fn is_of_the_page(&self) -> bool {
        matches!(self, Self::UnknownHost(_) | Self::ForeignPage)
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "An API key is required")?;
        match self {
            Self::KeyRequired | Self::Elsewhere => Ok(()),
            Self::UnknownHost(host) => write!(
                out,
                " in a header, since the host '{host}' is not known here; server.allowed_hosts names others"
            ),
            Self::ForeignPage => {
                write!(out, " in a header, since the request was made for a page of another site")
            }
            Self::Forwarded(header) => {
                write!(out, ", since the request came through a proxy ({header})")
            }
            Self::OwnRequest => write!(out, " for what the gateway itself sends"),
            Self::OtherUser => {
                write!(out, ", since the caller's process is not of the gateway's own user")
            }
        }?;
        if self.is_of_the_page() {
            return Ok(());
        }
        write!(
            out,
            ". Send it as 'X-API-Key: KEY' or 'Authorization: Bearer KEY'; the first key is in bootstrap.key of the \
             data folder"
        )
    }
}

/// The settings about callers.
pub struct Policy {
    /// As it is in effect.
    pub mode: AccessMode,
    pub has_basic_user: bool,
    pub trusted_proxies: TrustedProxies,
    hosts: Vec<String>,
    public_origin: Option<String>,
    origins: Vec<String>,
}

impl Policy {
    pub fn of(config: &Config) -> Self {
        let server = &config.server;
        let public = Url::parse(&server.public_url).ok();
        let mut hosts: Vec<String> = LOOPBACK.map(str::to_owned).into();
        hosts.extend(server.allowed_hosts.iter().map(|host| host.to_lowercase()));
        hosts.extend(public.as_ref().and_then(Url::host_str).map(str::to_lowercase));
        // The address without its port, in brackets where it is of IPv6.
        let listen = std::net::SocketAddr::new(server.listen.ip().to_canonical(), 0).to_string();
        hosts.extend(listen.strip_suffix(":0").map(str::to_owned));
        Self {
            mode: config.access(),
            has_basic_user: !config.openwa.basic_user.is_empty(),
            trusted_proxies: server.trusted_proxies.clone(),
            hosts,
            public_origin: public.map(|url| url.origin().ascii_serialization()),
            origins: server.cors_origins.iter().map(|origin| origin.to_lowercase()).collect(),
        }
    }

    pub fn knows_host(&self, name: &str) -> bool {
        self.hosts.iter().any(|known| known == name)
    }

    /// Whether `server.cors_origins` names it.
    pub fn lists_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|known| known.eq_ignore_ascii_case(origin))
    }

    pub fn lists_any_origin(&self) -> bool {
        !self.origins.is_empty()
    }

    pub fn is_public_origin(&self, origin: &str) -> bool {
        self.public_origin.as_deref() == Some(origin)
    }
}

/// Refuses what the gateway sent to itself.
pub fn check_sender(headers: &HeaderMap) -> Result<(), Obstacle> {
    let is_own = |agent: &[u8]| {
        agent.get(..OWN_AGENT.len()).is_some_and(|start| start.eq_ignore_ascii_case(OWN_AGENT))
    };
    let says_so = headers.get_all("user-agent").any(|agent| is_own(agent.as_bytes()));
    if says_so || headers.contains_key(OWN_DELIVERY) {
        return Err(Obstacle::OwnRequest);
    }
    Ok(())
}

/// Refuses what a proxy passed on.
pub fn check_forwarding(headers: &HeaderMap) -> Result<(), Obstacle> {
    let mut names = headers.keys().map(|name| name.as_str());
    let marks = |name: &&str| {
        FORWARDING.contains(name)
            || FORWARDING_FAMILIES.iter().any(|family| name.starts_with(family))
    };
    match names.find(marks) {
        Some(name) => Err(Obstacle::Forwarded(name.to_owned())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(name: &str, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.append(HeaderName::try_from(name).unwrap(), HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn every_mark_of_a_proxy_is_seen() {
        for name in [
            "Via",
            "Forwarded",
            "X-Forwarded-For",
            "X-Forwarded-Host",
            "X-Forwarded-Proto",
            "X-Forwarded-Server",
            "X-Forwarded",
            "X-Real-IP",
            "CF-Connecting-IP",
            "CF-Ray",
            "True-Client-IP",
        ] {
            assert!(check_forwarding(&headers(name, "x")).is_err(), "{name}");
        }
        for name in ["x-api-key", "accept", "x-request-id", "x-realm"] {
            assert_eq!(check_forwarding(&headers(name, "x")), Ok(()), "{name}");
        }
    }

    #[test]
    fn what_the_gateway_sends_is_recognised() {
        assert!(check_sender(&headers("user-agent", "wagate/0.1.0")).is_err());
        assert!(check_sender(&headers("user-agent", "Wagate/9")).is_err());
        assert!(check_sender(&headers("webhook-id", "")).is_err());
        for agent in ["curl/8", "wagate-cli/0.1.0", "axios/1.0", "wagate"] {
            assert_eq!(check_sender(&headers("user-agent", agent)), Ok(()), "{agent}");
        }
    }

    #[test]
    fn the_address_that_is_listened_on_is_a_known_host() {
        let mut config = Config::shipped().unwrap();
        for (listen, host) in [("127.0.0.2:80", "127.0.0.2"), ("[fd00::1]:80", "[fd00::1]")] {
            config.server.listen = listen.parse().unwrap();
            assert!(Policy::of(&config).knows_host(host), "{host}");
        }
    }
}
