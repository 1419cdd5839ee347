//! Texts of requests to the open-wa API: recipients, message texts, cards and times, each with its error.

use serde_json::json;

use crate::{
    api::texts::{in_field, jid, person, recipient},
    domain::{
        Error, Jid, Subject, Timestamp, address,
        contact_draft::is_vcard,
        proxy::ProxyParts,
        rules,
        schedule::{Unzoned, send_time},
    },
};

/// Somebody who can be written to.
pub fn addressee(text: &str) -> Result<Jid, Error> {
    recipient(text).map_err(|error| in_field("to", error)).and_then(writable)
}

/// The id of a chat that can be written to.
pub fn target(text: &str) -> Result<Jid, Error> {
    jid(text).map_err(|error| in_field("chatId", error)).and_then(writable)
}

fn writable(chat: Jid) -> Result<Jid, Error> {
    if chat.is_broadcast_list() {
        let error = Error::invalid(format!("'{chat}' is a broadcast list")).about(Subject::ChatId);
        return Err(error.detail("chatId", json!(chat)));
    }
    Ok(chat)
}

pub fn check_text(field: &str, text: &str) -> Result<(), Error> {
    if text.trim().is_empty() {
        return Err(Error::invalid_field(field, "must not be empty"));
    }
    if rules::LONGEST_TEXT < text.chars().count() {
        return Err(Error::invalid_field(field, "must have at most 65,536 characters"));
    }
    Ok(())
}

/// A telephone number that a session can be linked to.
pub fn phone(text: &str) -> Result<Jid, Error> {
    address::phone(text).map_err(|error| {
        let message = "must be a number of 7 to 15 digits with its country code";
        Error::invalid_field("phone", format!("{message}: {}", error.about(text)))
    })
}

/// The time before which a message is not to be sent.
pub fn time_to_send(text: &str, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    send_time("sendAt", Some(text), now, Unzoned::Refused)
}

/// Whether a text can stand for a contact: an id, a telephone number, or a vCard.
pub fn check_contact(text: &str) -> Result<(), Error> {
    if is_vcard(text) { Ok(()) } else { person(text).map(drop) }
}

/// Whether a text can be the address of a proxy.
pub fn proxy_address(text: &str) -> Result<(), Error> {
    let parts = ProxyParts { address: text.to_owned(), ..ProxyParts::default() };
    parts.read().map(drop).map_err(Error::invalid)
}
