//! Whether a browser may have made a request for a foreign web page.
//!
//! A browser adds a remembered password by itself and reaches loopback from any page, so a request that
//! carries no key in a header must show that its page is one of ours: by `Origin`, by `Sec-Fetch-Site`, and
//! by a `Host` that nobody else can make lead here. What cannot be read counts as foreign.

use std::net::IpAddr;

use actix_web::http::header::{HeaderMap, HeaderValue};

use crate::api::gate::caller::policy::{Obstacle, Policy};

const HOST: &str = "host";
const ORIGIN: &str = "origin";
const FETCH_SITE: &str = "sec-fetch-site";

/// Which pages may make a request without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pages {
    /// Those that the gateway serves to its own machine.
    Own,
    /// Those of `server.cors_origins` too, under any address that is no name.
    Listed,
}

/// A header as it stands in a request.
enum Given<'a> {
    Absent,
    Once(&'a str),
    /// More than once, or not in visible ASCII.
    Unreadable,
}

fn given<'a>(headers: &'a HeaderMap, name: &str) -> Given<'a> {
    let mut values = headers.get_all(name);
    match (values.next().map(HeaderValue::to_str), values.next()) {
        (None, _) => Given::Absent,
        (Some(Ok(value)), None) => Given::Once(value),
        _ => Given::Unreadable,
    }
}

/// Checks the head of a request; `target` is the authority of an absolute request line.
pub fn check(
    policy: &Policy,
    headers: &HeaderMap,
    target: Option<&str>,
    pages: Pages,
) -> Result<(), Obstacle> {
    let Given::Once(host) = given(headers, HOST) else {
        return Err(Obstacle::UnknownHost(String::new()));
    };
    for host in [Some(host), target].into_iter().flatten() {
        if !is_known(policy, host, pages) {
            return Err(Obstacle::UnknownHost(host.chars().take(100).collect()));
        }
    }
    let is_listed = match given(headers, ORIGIN) {
        Given::Absent => false,
        Given::Unreadable => return Err(Obstacle::ForeignPage),
        Given::Once(origin) => {
            let is_listed = pages == Pages::Listed && policy.lists_origin(origin);
            if !is_listed && !is_own(policy, origin, host) {
                return Err(Obstacle::ForeignPage);
            }
            is_listed
        }
    };
    match given(headers, FETCH_SITE) {
        Given::Absent => Ok(()),
        Given::Once(site) if is_listed || matches!(site, "same-origin" | "none") => Ok(()),
        Given::Once(_) | Given::Unreadable => Err(Obstacle::ForeignPage),
    }
}

/// Whether a page that a request names as its origin is ours or one of `server.cors_origins`; so is none.
pub fn is_from_known_page(policy: &Policy, headers: &HeaderMap) -> bool {
    match (given(headers, ORIGIN), given(headers, HOST)) {
        (Given::Absent, _) => true,
        (Given::Once(origin), Given::Once(host)) => {
            policy.lists_origin(origin) || is_own(policy, origin, host)
        }
        _ => false,
    }
}

/// An origin is ours when it is the address that the request was made to, or the public one.
fn is_own(policy: &Policy, origin: &str, host: &str) -> bool {
    let origin = origin.to_ascii_lowercase();
    let at = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    at.is_some_and(|at| at.eq_ignore_ascii_case(host)) || policy.is_public_origin(&origin)
}

/// A name that strangers cannot make lead here. An address that is written out cannot be made to.
fn is_known(policy: &Policy, host: &str, pages: Pages) -> bool {
    let name = host_name(host).to_ascii_lowercase();
    let is_address = pages == Pages::Listed && literal(&name).is_some();
    is_address || policy.knows_host(&name)
}

/// An address in place of a name.
fn literal(name: &str) -> Option<IpAddr> {
    match name.strip_prefix('[') {
        Some(rest) => Some(IpAddr::V6(rest.strip_suffix(']')?.parse().ok()?)),
        None => Some(IpAddr::V4(name.parse().ok()?)),
    }
}

/// A `Host` without its port.
fn host_name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{self, HeaderName};

    use super::*;
    use crate::config::Config;

    fn policy(change: impl FnOnce(&mut Config)) -> Policy {
        let mut config = Config::shipped().unwrap();
        change(&mut config);
        Policy::of(&config)
    }

    fn checked(policy: &Policy, pages: Pages, lines: &[(&str, &[u8])]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name = HeaderName::try_from(*name).unwrap();
            headers.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        check(policy, &headers, None, pages).is_ok()
    }

    const HERE: (&str, &[u8]) = ("host", b"localhost:8080");

    #[test]
    fn a_program_is_no_page() {
        let policy = policy(|_| ());
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080"] {
            assert!(checked(&policy, Pages::Own, &[("host", host.as_bytes())]), "{host}");
        }
    }

    #[test]
    fn a_host_that_may_be_rebound_is_not_known() {
        let policy = policy(|_| ());
        for host in ["evil.example", "localhost.evil.example", "a@localhost", "", "localhost."] {
            for pages in [Pages::Own, Pages::Listed] {
                assert!(!checked(&policy, pages, &[("host", host.as_bytes())]), "{host}");
            }
        }
        assert!(!checked(&policy, Pages::Own, &[]));
        assert!(!checked(&policy, Pages::Own, &[HERE, HERE]));
        // An address is known as such only where callers may be elsewhere.
        let elsewhere = [("host", b"192.0.2.1:8080".as_slice())];
        assert!(!checked(&policy, Pages::Own, &elsewhere));
        assert!(checked(&policy, Pages::Listed, &elsewhere));
    }

    #[test]
    fn hosts_that_the_settings_name_are_known() {
        let named = policy(|config| {
            config.server.allowed_hosts = vec!["WhatsApp-Gateway".to_owned()];
            config.server.public_url = "https://gateway.example.com:8443/wa".to_owned();
        });
        for host in ["whatsapp-gateway:8080", "gateway.example.com", "gateway.example.com:8443"] {
            assert!(checked(&named, Pages::Listed, &[("host", host.as_bytes())]), "{host}");
        }
        let host = ("host", b"gateway.example.com".as_slice());
        let own = ("origin", b"https://gateway.example.com:8443".as_slice());
        assert!(checked(&named, Pages::Listed, &[host, own]));
    }

    #[test]
    fn an_absolute_request_line_is_looked_at_too() {
        let mut headers = HeaderMap::new();
        headers.append(header::HOST, HeaderValue::from_static("localhost"));
        let policy = policy(|_| ());
        assert!(check(&policy, &headers, Some("localhost:8080"), Pages::Own).is_ok());
        assert!(check(&policy, &headers, Some("evil.example"), Pages::Own).is_err());
    }

    #[test]
    fn an_origin_is_ours_or_foreign_and_an_unreadable_one_is_foreign() {
        let policy = policy(|config| {
            config.server.cors_origins = vec!["https://app.example".to_owned()];
        });
        let origin = |value: &'static [u8]| [HERE, ("origin", value)];
        assert!(checked(&policy, Pages::Own, &origin(b"http://localhost:8080")));
        for foreign in [
            b"https://evil.example".as_slice(),
            b"http://localhost:8081",
            b"http://localhost",
            b"null",
            b"",
            b"http://localhost:8080\xff",
            b"http://localhost:8080, https://evil.example",
            b"https://app.example",
        ] {
            assert!(!checked(&policy, Pages::Own, &origin(foreign)), "{foreign:?}");
        }
        let twice = [HERE, ("origin", b"http://localhost:8080".as_slice()), ("origin", b"null")];
        assert!(!checked(&policy, Pages::Own, &twice));
        // A listed page is let in where the key is not what keeps others out.
        let listed = [HERE, ("origin", b"https://app.example".as_slice())];
        assert!(checked(&policy, Pages::Listed, &listed));
        let as_sent = [listed[0], listed[1], ("sec-fetch-site", b"cross-site".as_slice())];
        assert!(checked(&policy, Pages::Listed, &as_sent));
    }

    #[test]
    fn a_browser_says_where_a_request_without_an_origin_comes_from() {
        let policy = policy(|_| ());
        for (site, is_fine) in [
            ("same-origin", true),
            ("none", true),
            ("same-site", false),
            ("cross-site", false),
            ("", false),
            ("anything", false),
        ] {
            let lines = [HERE, ("sec-fetch-site", site.as_bytes())];
            assert_eq!(checked(&policy, Pages::Own, &lines), is_fine, "{site}");
            assert_eq!(checked(&policy, Pages::Listed, &lines), is_fine, "{site}");
        }
    }
}
