//! Validation of what callers give for an endpoint: events, secret, headers, URL identity. Pure.

use std::collections::HashSet;

use url::Url;

use crate::{domain::Error, webhooks::signature};

/// Stands for the value of a header where endpoints are shown.
pub const MASK: &str = "****";
const MOST_HEADERS: usize = 20;
const LONGEST_NAME: usize = 128;
const LONGEST_VALUE: usize = 4_096;
/// Bytes of all headers of an endpoint; receivers seldom take more.
const LARGEST_HEADERS: usize = 16_384;
/// Headers that the gateway or the connection sets itself, and how others of them begin.
const OWN_HEADERS: [&str; 13] = [
    "host",
    "content-length",
    "content-type",
    "connection",
    "expect",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];
const OWN_BEGINNINGS: [&str; 2] = ["webhook-", "x-webhook-"];
/// How much of a wrong name is shown again.
const SHOWN_NAME: usize = 64;
/// Whether an endpoint may ask for the event of this name, which stands for all as `*`.
pub fn check_event(name: &str, names: &[&str]) -> Result<(), Error> {
    if name == "*" || names.contains(&name) {
        return Ok(());
    }
    let name: String = name.chars().take(SHOWN_NAME).collect();
    let message = format!("'{name}' is not an event; there are *, {}", names.join(", "));
    Err(Error::invalid_field("events", message))
}

/// Whether a caller's own secret is long enough to sign with.
pub fn check_secret(secret: &str) -> Result<(), Error> {
    signature::check(secret).map_err(|fault| Error::invalid_field("secret", fault))
}

/// Whether two texts are one URL. One that was stored before URLs were parsed is as it was typed.
pub fn is_same(one: &str, other: &str) -> bool {
    let parsed = |text: &str| {
        let mut url = Url::parse(text).ok()?;
        url.set_fragment(None);
        Some(url)
    };
    one == other || parsed(one).is_some_and(|one| parsed(other) == Some(one))
}

/// Gives masked headers the values that they had: who changes one header need not know the others.
pub fn unmask(headers: &mut [(String, String)], known: &[(String, String)]) -> Result<(), Error> {
    for (name, value) in headers.iter_mut().filter(|(_, value)| value == MASK) {
        let had = known.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        let Some((_, before)) = had else {
            let message = format!("there is no '{name}' whose value could be kept");
            return Err(Error::invalid_field("headers", message));
        };
        value.clone_from(before);
    }
    Ok(())
}

pub fn check_headers(headers: &[(String, String)]) -> Result<(), Error> {
    let fault = |message: String| Err(Error::invalid_field("headers", message));
    if MOST_HEADERS < headers.len() {
        return fault(format!("must be {MOST_HEADERS} at most"));
    }
    let size: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if LARGEST_HEADERS < size {
        return fault(format!("must have {LARGEST_HEADERS} bytes at most, all together"));
    }
    let mut names = HashSet::new();
    for (name, value) in headers {
        if LONGEST_NAME < name.len() || hyper::header::HeaderName::try_from(name.as_str()).is_err()
        {
            let name: String = name.chars().take(SHOWN_NAME).collect();
            return fault(format!("'{name}' is not a header name"));
        }
        let lower = name.to_lowercase();
        if !names.insert(lower.clone()) {
            return fault(format!("'{name}' is given twice"));
        }
        if OWN_HEADERS.contains(&lower.as_str())
            || OWN_BEGINNINGS.iter().any(|beginning| lower.starts_with(beginning))
        {
            return fault(format!("'{name}' is set by the gateway"));
        }
        if LONGEST_VALUE < value.len()
            || hyper::header::HeaderValue::try_from(value.as_str()).is_err()
        {
            return fault(format!("the value of '{name}' cannot be sent"));
        }
    }
    Ok(())
}
