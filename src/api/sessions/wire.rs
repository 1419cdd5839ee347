//! The forms of time, state and type that the open-wa API uses.

use std::collections::HashSet;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

use utoipa::openapi::Schema;

pub use crate::api::dialects::open_wa::status_word;
use crate::{
    api::kit::required_choice,
    domain::{Ack, Jid, Timestamp, address, shown::shown},
};

/// The word for how far a message has come.
pub fn ack_word(ack: Ack) -> &'static str {
    match ack {
        Ack::Failed => "failed",
        Ack::Pending => "pending",
        Ack::Sent => "sent",
        Ack::Delivered => "delivered",
        Ack::Read => "read",
        Ack::Played => "played",
    }
}

pub fn status_schema() -> Schema {
    let states = ["initializing", "qr_ready", "authenticated", "ready", "failed", "terminated"];
    let about =
        "Status of the session; one that is being recovered is `authenticated` and `degraded`.";
    required_choice(about, &states)
}

pub fn hold_reason_schema() -> Schema {
    let about = "Why: WhatsApp restricts the account, or it sent too many messages.";
    required_choice(about, &["ACCOUNT_RESTRICTED", "RATE_LIMITED"])
}

/// A moment as RFC 3339 in UTC, to the second.
pub fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Bytes as a data URL.
pub fn data_url(mime: &str, bytes: &[u8]) -> String {
    format!("data:{mime};base64,{}", BASE64.encode(bytes))
}

/// Addresses that an error says something of.
const MOST_REASONS: usize = 5;

/// People by id or telephone number, each once and in the given order.
pub fn jids(texts: &[String]) -> Result<Vec<Jid>, crate::domain::Error> {
    let (mut people, mut seen) = (Vec::with_capacity(texts.len()), HashSet::new());
    let mut invalid = Vec::new();
    for text in texts {
        match address::person(text) {
            Ok(jid) => {
                if seen.insert(jid.clone()) {
                    people.push(jid);
                }
            }
            Err(error) => invalid.push((shown(text), error.about(text))),
        }
    }
    if invalid.is_empty() {
        return Ok(people);
    }
    let (invalid, reasons): (Vec<String>, Vec<String>) = invalid.into_iter().unzip();
    let reasons = reasons.iter().take(MOST_REASONS).cloned().collect::<Vec<_>>().join("; ");
    Err(crate::domain::Error::invalid(format!("some are not valid ids of people: {reasons}"))
        .about(crate::domain::Subject::ChatId)
        .detail("invalid", invalid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_no_fraction() {
        assert_eq!(
            seconds(crate::domain::clock::from_millis(1_753_027_398_123)),
            "2025-07-20T16:03:18Z"
        );
    }
}
