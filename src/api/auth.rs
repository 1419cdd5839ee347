//! Who is calling: credentials, and when a caller on this machine needs none.

use std::rc::Rc;

use actix_web::{HttpMessage, HttpRequest, dev::ServiceRequest, http::header};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use subtle::ConstantTimeEq;

use crate::{
    accounts::Principal,
    api::owner_socket,
    config::{AccessMode, OpenWa},
    domain::{Error, ErrorCode},
    services::Services,
};

/// What a request brings to say who is calling.
#[derive(Debug, PartialEq, Eq)]
enum Credential {
    None,
    Key(String),
    Basic { user: String, password: String },
    Unreadable,
}

/// The caller of a request. A credential that is given must be good, even where none is needed.
pub async fn identify(request: &ServiceRequest, services: &Services) -> Result<Principal, Error> {
    let settings = &services.config.openwa;
    match credential_of(request) {
        Credential::Key(secret) => services.api_keys.authenticate(&secret).await,
        Credential::Basic { user, password } => {
            if is_basic_user(settings, &user, &password) {
                return Ok(Principal::owner());
            }
            services.api_keys.authenticate(&password).await
        }
        Credential::Unreadable => Err(refused("The Authorization header cannot be read")),
        Credential::None if owner_socket::is_owner(request) => Ok(Principal::owner()),
        Credential::None => {
            let is_free = match settings.auth {
                AccessMode::Open => true,
                AccessMode::Required => false,
                AccessMode::Auto => {
                    is_local(&Origin::of(request), &services.config.server.cors_origins)
                }
            };
            if is_free { Ok(Principal::owner()) } else { Err(refused("An API key is required")) }
        }
    }
}

/// Who made a request that was let in.
pub fn principal(request: &HttpRequest) -> Rc<Principal> {
    let nobody = || Rc::new(Principal { key: None, scopes: Vec::new(), session: None });
    request.extensions().get::<Rc<Principal>>().cloned().unwrap_or_else(nobody)
}

fn refused(message: &str) -> Error {
    Error::new(ErrorCode::Unauthenticated, message)
}

fn credential_of(request: &ServiceRequest) -> Credential {
    let headers = request.headers();
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        return value.to_str().map_or(Credential::Unreadable, parse_authorization);
    }
    if let Some(value) = headers.get("x-api-key") {
        return value
            .to_str()
            .map_or(Credential::Unreadable, |key| Credential::Key(key.to_owned()));
    }
    // Browsers cannot set headers on a WebSocket or an event stream.
    let streams = request.path().starts_with("/ws/") || request.path().ends_with("/events");
    if streams {
        let query = request.query_string().as_bytes();
        let named =
            |(name, _): &(std::borrow::Cow<'_, str>, _)| name == "api_key" || name == "token";
        if let Some((_, key)) = url::form_urlencoded::parse(query).find(named) {
            return Credential::Key(key.into_owned());
        }
    }
    Credential::None
}

fn parse_authorization(value: &str) -> Credential {
    let Some((scheme, rest)) = value.split_once(' ') else { return Credential::Unreadable };
    match scheme.to_lowercase().as_str() {
        "bearer" => Credential::Key(rest.trim().to_owned()),
        "basic" => {
            let decoded =
                BASE64.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            match decoded.as_deref().and_then(|pair| pair.split_once(':')) {
                Some((user, password)) => {
                    Credential::Basic { user: user.to_owned(), password: password.to_owned() }
                }
                None => Credential::Unreadable,
            }
        }
        _ => Credential::Unreadable,
    }
}

fn is_basic_user(settings: &OpenWa, user: &str, password: &str) -> bool {
    let same = |a: &str, b: &str| bool::from(a.as_bytes().ct_eq(b.as_bytes()));
    !settings.basic_user.is_empty()
        && same(user, &settings.basic_user) & same(password, &settings.basic_password)
}

/// Where a request comes from, as far as it tells.
#[derive(Debug, Default)]
struct Origin {
    peer_is_loopback: bool,
    is_forwarded: bool,
    host: String,
    origin: Option<String>,
}

impl Origin {
    fn of(request: &ServiceRequest) -> Self {
        let headers = request.headers();
        let text =
            |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self {
            peer_is_loopback: request.peer_addr().is_some_and(|peer| peer.ip().is_loopback()),
            is_forwarded: ["x-forwarded-for", "forwarded", "x-real-ip"]
                .iter()
                .any(|name| headers.contains_key(*name)),
            host: text("host").unwrap_or_default(),
            origin: text("origin"),
        }
    }
}

/// Whether a request without a credential was made on this machine, by a program or by a page of
/// our own: not by a proxy for somebody else, and not by a foreign page in a browser.
fn is_local(from: &Origin, allowed_origins: &[String]) -> bool {
    let host = host_name(&from.host);
    let names_this_machine = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    let origin_is_ours = from.origin.as_ref().is_none_or(|origin| {
        let own = [format!("http://{}", from.host), format!("https://{}", from.host)];
        own.contains(origin) || allowed_origins.contains(origin)
    });
    from.peer_is_loopback && !from.is_forwarded && names_this_machine && origin_is_ours
}

/// A `Host` header without its port.
fn host_name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local() -> Origin {
        Origin { peer_is_loopback: true, host: "localhost:8080".to_owned(), ..Origin::default() }
    }

    #[test]
    fn a_program_on_this_machine_needs_no_key() {
        for host in ["localhost", "127.0.0.1:8080", "[::1]:8080"] {
            assert!(is_local(&Origin { host: host.to_owned(), ..local() }, &[]), "{host}");
        }
    }

    #[test]
    fn a_proxy_a_foreign_page_and_a_rebound_name_do() {
        assert!(!is_local(&Origin { is_forwarded: true, ..local() }, &[]));
        assert!(!is_local(&Origin { peer_is_loopback: false, ..local() }, &[]));
        assert!(!is_local(&Origin { host: "evil.example:8080".to_owned(), ..local() }, &[]));
        let foreign = Origin { origin: Some("https://evil.example".to_owned()), ..local() };
        assert!(!is_local(&foreign, &[]));
        assert!(is_local(&foreign, &["https://evil.example".to_owned()]));
        assert!(is_local(
            &Origin { origin: Some("http://localhost:8080".to_owned()), ..local() },
            &[]
        ));
    }

    #[test]
    fn credentials_are_read_from_the_header() {
        assert_eq!(parse_authorization("Bearer wag_x"), Credential::Key("wag_x".to_owned()));
        let basic = format!("Basic {}", BASE64.encode("user:pass:word"));
        let expected =
            Credential::Basic { user: "user".to_owned(), password: "pass:word".to_owned() };
        assert_eq!(parse_authorization(&basic), expected);
        assert_eq!(parse_authorization("Basic !!!"), Credential::Unreadable);
    }
}
