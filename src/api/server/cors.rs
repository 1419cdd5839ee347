//! CORS for the origins of `server.cors_origins`: their pages may read answers and send credentials. Pages that may show
//! the widget of a bot read what it asks for, without credentials.
//!
//! To every other origin nothing is said, and browsers keep answers from its pages. A preflight carries no
//! credential, so it is answered before admission.

use actix_web::{
    HttpResponse,
    dev::ServiceRequest,
    http::{
        Method,
        header::{
            ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS,
            ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
            ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
            HeaderMap, HeaderValue, ORIGIN, VARY,
        },
    },
};

use crate::api::gate::caller::policy::Policy;

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
/// Headers that callers of the APIs send.
const SENT: &str = "accept, authorization, content-type, idempotency-key, if-none-match, \
last-event-id, range, x-api-key, x-request-id, x-visitor-token";
/// Headers of answers that pages may read beside the usual ones.
const READ: &str = "accept-ranges, content-disposition, content-range, etag, \
idempotent-replayed, retry-after, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, \
x-request-id";
/// Seconds for which a browser need not ask again.
const MAX_AGE: &str = "600";

/// What CORS makes of one request.
#[derive(Clone, Default)]
pub struct Cors {
    /// The origin, where it is a listed one.
    origin: Option<HeaderValue>,
    /// Whether answers depend on it at all.
    varies: bool,
    /// Whether its pages may send credentials.
    has_credentials: bool,
}

impl Cors {
    pub fn of(headers: &HeaderMap, policy: &Policy) -> Self {
        let is_listed = |text: &str| policy.lists_origin(text);
        let origin = origin(headers).filter(|origin| origin.to_str().is_ok_and(is_listed));
        Self { origin: origin.cloned(), varies: policy.lists_any_origin(), has_credentials: true }
    }

    /// Of a request for a widget, which `allowed` says the page may make.
    pub fn of_widget(headers: &HeaderMap, allowed: impl Fn(&str) -> bool) -> Self {
        let origin = origin(headers).filter(|origin| origin.to_str().is_ok_and(allowed));
        Self { origin: origin.cloned(), varies: true, has_credentials: false }
    }

    pub fn is_allowed(&self) -> bool {
        self.origin.is_some()
    }

    pub fn apply(&self, headers: &mut HeaderMap) {
        if self.varies {
            headers.append(VARY, HeaderValue::from_static("origin"));
        }
        if let Some(origin) = &self.origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            if self.has_credentials {
                let credentials = HeaderValue::from_static("true");
                headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, credentials);
            }
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(READ));
        }
    }
}

/// The origin of a request that names exactly one.
fn origin(headers: &HeaderMap) -> Option<&HeaderValue> {
    let mut given = headers.get_all(ORIGIN);
    given.next().filter(|_| given.next().is_none())
}

/// Whether a browser asks if its page may make a request.
pub fn is_preflight(request: &ServiceRequest) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// What a page of a listed origin may send.
pub fn preflight_answer() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, METHODS))
        .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, SENT))
        .insert_header((ACCESS_CONTROL_MAX_AGE, MAX_AGE))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn allowed(origins: &[&'static str]) -> HeaderMap {
        let mut config = Config::shipped().unwrap();
        config.server.cors_origins = vec!["https://app.example".to_owned()];
        let mut headers = HeaderMap::new();
        for origin in origins {
            headers.append(ORIGIN, HeaderValue::from_static(origin));
        }
        let mut answer = HeaderMap::new();
        Cors::of(&headers, &Policy::of(&config)).apply(&mut answer);
        answer
    }

    #[test]
    fn a_page_with_a_widget_reads_answers_and_sends_no_credentials() {
        let mut headers = HeaderMap::new();
        headers.append(ORIGIN, HeaderValue::from_static("https://shop.example"));
        for is_allowed in [true, false] {
            let mut answer = HeaderMap::new();
            Cors::of_widget(&headers, |_| is_allowed).apply(&mut answer);
            assert_eq!(answer.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN), is_allowed);
            assert!(!answer.contains_key(ACCESS_CONTROL_ALLOW_CREDENTIALS));
            assert_eq!(answer.get(VARY).unwrap(), "origin");
        }
    }

    #[test]
    fn a_listed_origin_is_named_and_no_other() {
        let answer = allowed(&["https://app.example"]);
        assert_eq!(answer.get(ACCESS_CONTROL_ALLOW_ORIGIN).unwrap(), "https://app.example");
        assert_eq!(answer.get(ACCESS_CONTROL_ALLOW_CREDENTIALS).unwrap(), "true");
        for others in [
            &[][..],
            &["https://app.example.evil"],
            &["http://app.example"],
            &["null"],
            &["https://app.example", "https://evil.example"],
        ] {
            let answer = allowed(others);
            assert!(!answer.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN), "{others:?}");
            assert_eq!(answer.get(VARY).unwrap(), "origin", "a cache must tell them apart");
        }
    }
}
