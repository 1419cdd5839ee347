//! Proxy of a session, read from its parts or from a whole URL.

use serde::{Deserialize, Serialize};
use url::Url;

/// A proxy that a session's traffic goes through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proxy {
    pub protocol: ProxyProtocol,
    pub host: String,
    pub port: u16,
    pub username: Option<String>,
    pub password: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProxyProtocol {
    Http,
    Https,
    Socks4,
    Socks5,
    Socks5h,
}

/// A proxy as callers describe it. Its address is `host:port` or a URL, which may carry the credentials.
#[derive(Default)]
pub struct ProxyParts {
    /// `http` where it is not given.
    pub protocol: Option<String>,
    pub address: String,
    pub username: Option<String>,
    pub password: Option<String>,
}

impl ProxyParts {
    /// Reads the parts. An error says what is wrong with them.
    pub fn read(self) -> Result<Proxy, &'static str> {
        const NO_ADDRESS: &str = "address must be host:port or a URL";
        let protocol = self.protocol.unwrap_or_else(|| "http".to_owned());
        let is_url = self.address.contains("://");
        let names_port =
            self.address.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        if !is_url && !names_port {
            return Err(NO_ADDRESS);
        }
        let text = if is_url { self.address } else { format!("{protocol}://{}", self.address) };
        let url = Url::parse(&text).map_err(|_| NO_ADDRESS)?;
        let protocol = ProxyProtocol::parse(url.scheme())
            .ok_or("protocol must be http, https, socks4, socks5 or socks5h")?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("address names no host")?;
        // The port that a URL leaves out because it is the usual one still counts.
        let port = url.port_or_known_default().ok_or("address names no port")?;
        let own = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let username = self.username.or_else(|| own(url.username()));
        let password = self.password.or_else(|| url.password().and_then(own));
        if username.is_some() != password.is_some() {
            return Err("username and password go together");
        }
        Ok(Proxy { protocol, host: host.to_owned(), port, username, password })
    }
}

impl ProxyProtocol {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks4 => "socks4",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let all = [Self::Http, Self::Https, Self::Socks4, Self::Socks5, Self::Socks5h];
        all.into_iter().find(|protocol| protocol.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(protocol: Option<&str>, address: &str) -> Result<Proxy, &'static str> {
        let protocol = protocol.map(str::to_owned);
        ProxyParts { protocol, address: address.to_owned(), ..ProxyParts::default() }.read()
    }

    #[test]
    fn a_proxy_is_given_in_parts_or_as_a_url() {
        let parts = proxy(Some("socks5"), "proxy.example:1080").unwrap();
        assert_eq!((parts.protocol, parts.port), (ProxyProtocol::Socks5, 1080));
        let whole = proxy(None, "socks5://u:p@proxy.example:1080").unwrap();
        assert_eq!((whole.username.as_deref(), whole.password.as_deref()), (Some("u"), Some("p")));
        assert!(proxy(Some("gopher"), "proxy.example:1080").is_err());
        assert!(proxy(Some("socks5"), "proxy.example").is_err());
    }
}
