//! Who is calling: credentials, and when a caller on this machine needs none.

use std::{net::IpAddr, rc::Rc};

use actix_web::{
    HttpMessage, HttpRequest,
    dev::ServiceRequest,
    http::{Method, header},
    web,
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use subtle::ConstantTimeEq;

use crate::{
    accounts::{self, Principal},
    api::gate::{
        caller::{
            address::{self, Network},
            connection::Connection,
            owner_socket,
            page::{self, Pages},
            policy::{Obstacle, Policy, check_forwarding, check_sender},
        },
        limits::{RateLimits, Standing},
    },
    config::{AccessMode, OpenWa},
    domain::{Error, ErrorCode},
    services::Services,
};

/// What a request brings to say who is calling.
#[derive(Debug, PartialEq, Eq)]
enum Credential {
    None,
    Key(String),
    Ticket(String),
    Basic { user: String, password: String },
    Unreadable,
}

/// How a caller was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A key, or the token of a person who is signed in.
    Key,
    /// The user of basic authentication.
    User,
    /// Needs no credential.
    Nothing,
}

pub struct Known {
    pub principal: Principal,
    pub by: By,
}

/// Why nobody is recognised.
pub enum Why {
    Missing,
    Wrong,
    /// The request may have been made for a foreign page.
    Page,
    TooManyGuesses(Standing),
}

pub struct Unknown {
    pub error: Error,
    pub why: Why,
}

/// The caller of a request. A credential that is given must be good, even where none is needed. Guesses at
/// the password count where limits are given; otherwise no password is looked at.
pub async fn identify(
    request: &ServiceRequest,
    services: &Services,
    policy: &Policy,
    guesses: Option<(&RateLimits, Network)>,
) -> Result<Known, Unknown> {
    let by_key = |principal| Known { principal, by: By::Key };
    match credential_of(request) {
        Credential::Key(token) if accounts::is_token(&token) => {
            services.accounts.sign_ins.authenticate(&token).await.map(by_key).map_err(wrong)
        }
        Credential::Key(secret) => {
            services.api_keys.authenticate(&secret).await.map(by_key).map_err(wrong)
        }
        Credential::Ticket(ticket) => {
            let caller = services.api_keys.redeem_ticket(&ticket).await.map_err(wrong)?;
            let by = if caller.id().is_some() { By::Key } else { By::Nothing };
            Ok(Known { principal: caller, by })
        }
        Credential::Basic { user, password } => {
            // A browser adds these by itself, whichever page asks.
            check_page(request, policy, Pages::Listed).map_err(not_let_in)?;
            let settings = &services.config.openwa;
            let guesses = guesses.filter(|_| policy.has_basic_user);
            let may_guess = match guesses {
                Some((limits, network)) => limits.begin_guess(network),
                None => Ok(()),
            };
            let give_back = || {
                if let Some((limits, network)) = guesses.filter(|_| may_guess.is_ok()) {
                    limits.guess_was_none(network);
                }
            };
            let may_look = may_guess.is_ok() && guesses.is_some();
            if may_look && is_basic_user(settings, &user, &password) {
                give_back();
                return Ok(Known { principal: Principal::owner(), by: By::User });
            }
            match (services.api_keys.authenticate(&password).await, may_guess) {
                (Ok(principal), _) => {
                    give_back();
                    Ok(by_key(principal))
                }
                (Err(error), Ok(())) => Err(wrong(error)),
                (Err(error), Err(standing)) => {
                    Err(Unknown { error, why: Why::TooManyGuesses(standing) })
                }
            }
        }
        Credential::Unreadable => {
            let message = "The Authorization header cannot be read: it is 'Bearer KEY', or 'Basic' with a user and a \
                           password";
            Err(wrong(unauthenticated(message.to_owned())))
        }
        Credential::None if owner_socket::is_owner(request) => {
            Ok(Known { principal: Principal::owner(), by: By::Nothing })
        }
        Credential::None => match let_in(request, policy).await {
            Ok(()) => Ok(Known { principal: Principal::owner(), by: By::Nothing }),
            Err(obstacle) => Err(not_let_in(obstacle)),
        },
    }
}

/// Who made a request that was let in.
pub fn principal(request: &HttpRequest) -> Rc<Principal> {
    let known = request.extensions().get::<Rc<Principal>>().cloned();
    known.unwrap_or_else(|| Rc::new(Principal::nobody()))
}

/// The address of a caller, behind trusted proxies too.
pub fn client_of(request: &HttpRequest) -> IpAddr {
    let peer = request.peer_addr().map_or([0, 0, 0, 0].into(), |peer| peer.ip());
    let policy = request.app_data::<web::Data<Policy>>();
    match policy {
        Some(policy) => address::client(peer, request.headers(), &policy.trusted_proxies),
        None => peer.to_canonical(),
    }
}

/// Refuses a caller whose key has ended while the request waited.
pub async fn still_good(services: &Services, request: &HttpRequest) -> Result<(), Error> {
    services.api_keys.lease(&principal(request)).await.map(drop)
}

/// The caller by a key or a token in a header, of a route that is opened in another way, too; none without either.
pub async fn caller_of(
    services: &Services,
    request: &HttpRequest,
) -> Result<Option<Principal>, Error> {
    let Some(secret) = key_of(request) else { return Ok(None) };
    let principal = match accounts::is_token(&secret) {
        true => services.accounts.sign_ins.authenticate(&secret).await?,
        false => services.api_keys.authenticate(&secret).await?,
    };
    Ok(Some(principal))
}

fn key_of(request: &HttpRequest) -> Option<String> {
    let headers = request.headers();
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match header("authorization").map(parse_authorization) {
        Some(Credential::Key(key)) => Some(key),
        Some(Credential::Basic { password, .. }) => Some(password),
        Some(_) => None,
        None => header("x-api-key").map(str::to_owned),
    }
}

fn wrong(error: Error) -> Unknown {
    // The store may have failed, which says nothing of the credential.
    let is_wrong = error.code == ErrorCode::Unauthenticated;
    Unknown { error, why: if is_wrong { Why::Wrong } else { Why::Missing } }
}

fn not_let_in(obstacle: Obstacle) -> Unknown {
    let why = if obstacle.is_of_the_page() { Why::Page } else { Why::Missing };
    Unknown { error: unauthenticated(obstacle.to_string()), why }
}

fn unauthenticated(message: String) -> Error {
    Error::new(ErrorCode::Unauthenticated, message)
}

/// Whether a request without a credential is let in.
async fn let_in(request: &ServiceRequest, policy: &Policy) -> Result<(), Obstacle> {
    let headers = request.headers();
    match policy.mode {
        AccessMode::Required => Err(Obstacle::KeyRequired),
        AccessMode::Open => {
            check_sender(headers)?;
            check_page(request, policy, Pages::Listed)
        }
        AccessMode::Auto => is_of_this_machine(request, policy).await,
    }
}

/// Whether a request comes from a program of the gateway's own user on this machine.
async fn is_of_this_machine(request: &ServiceRequest, policy: &Policy) -> Result<(), Obstacle> {
    let headers = request.headers();
    check_forwarding(headers)?;
    check_sender(headers)?;
    check_page(request, policy, Pages::Own)?;
    let connection = request.conn_data::<Connection>();
    let Some(connection) = connection.filter(|one| one.is_from_loopback()) else {
        return Err(Obstacle::Elsewhere);
    };
    let is_own = connection.is_of_own_user().await;
    if is_own { Ok(()) } else { Err(Obstacle::OtherUser) }
}

/// Whether a caller who needs no credential is the owner of the gateway, and not anybody who is let in.
pub async fn is_owner(request: &ServiceRequest, policy: &Policy) -> bool {
    let is_open = policy.mode == AccessMode::Open && !owner_socket::is_owner(request);
    !is_open || is_of_this_machine(request, policy).await.is_ok()
}

fn check_page(request: &ServiceRequest, policy: &Policy, pages: Pages) -> Result<(), Obstacle> {
    let target = request.uri().authority().map(|authority| authority.as_str());
    page::check(policy, request.headers(), target, pages)
}

fn credential_of(request: &ServiceRequest) -> Credential {
    let headers = request.headers();
    let mut given = headers.get_all(header::AUTHORIZATION);
    match (given.next(), given.next()) {
        (None, _) => (),
        (Some(value), None) => {
            return value.to_str().map_or(Credential::Unreadable, parse_authorization);
        }
        (Some(_), Some(_)) => return Credential::Unreadable,
    }
    if let Some(value) = headers.get("x-api-key") {
        return value
            .to_str()
            .map_or(Credential::Unreadable, |key| Credential::Key(key.to_owned()));
    }
    // Browsers cannot set headers on a WebSocket or an event stream.
    if request.method() == Method::GET && is_stream(request.path()) {
        let query = request.query_string().as_bytes();
        for (name, value) in url::form_urlencoded::parse(query) {
            match &*name {
                "ticket" => return Credential::Ticket(value.into_owned()),
                "api_key" | "token" => return Credential::Key(value.into_owned()),
                _ => (),
            }
        }
    }
    Credential::None
}

/// Whether a path is that of a WebSocket or an event stream. Something else may be called `events`, too.
fn is_stream(path: &str) -> bool {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    matches!(
        segments[..],
        ["ws", _] | ["api", "v1", "events"] | ["api", "v1", "sessions", _, "events"]
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_bears_a_credential_for_streams_alone() {
        for path in ["/ws/a", "/api/v1/events", "/api/v1/sessions/a/events", "/api/v1/events/"] {
            assert!(is_stream(path), "{path}");
        }
        for path in ["/api/v1/sessions/events", "/api/v1/tags/events", "/ws/a/b", "/events", "/"] {
            assert!(!is_stream(path), "{path}");
        }
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
