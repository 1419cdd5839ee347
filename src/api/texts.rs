//! Texts that callers write in paths, queries and bodies: ids, addresses, times and flags, each with its error.

use actix_web::HttpRequest;

use crate::{
    api::error::ApiError,
    domain::{
        Error, Jid, MessageId, SessionId, Subject, Timestamp,
        address::{self, AddressError},
        shown::shown,
    },
};

/// A segment of the path as text; the framework has decoded it.
pub fn segment<'a>(request: &'a HttpRequest, name: &str) -> &'a str {
    request.match_info().get(name).unwrap_or_default()
}

pub fn session_id(request: &HttpRequest) -> Result<SessionId, ApiError> {
    let text = decoded(segment(request, "sessionId"));
    // What cannot be the name of a session is not one.
    text.parse().map_err(|_| {
        let shown = shown(&text);
        Error::not_found(Subject::Session, format!("Session with ID '{shown}' not found")).into()
    })
}

/// The full id of a message.
pub fn message(text: &str) -> Result<MessageId, Error> {
    text.parse().map_err(|_| {
        Error::not_found(Subject::Message, "there is no such message")
            .detail("messageId", shown(text))
    })
}

/// The id of a chat, with its suffix.
pub fn jid(text: &str) -> Result<Jid, Error> {
    address::chat(text).map_err(|error| no_address(text, &error))
}

/// The same error, with the field that it is about.
pub fn in_field(field: &str, error: Error) -> Error {
    let fields = serde_json::json!({ field: [error.message] });
    error.detail("fields", fields)
}

/// Somebody to write to: the id of a chat, or a telephone number.
pub fn recipient(text: &str) -> Result<Jid, Error> {
    address::recipient(text).map_err(|error| no_address(text, &error))
}

/// A moment (RFC 3339).
pub fn moment(text: &str) -> Result<Timestamp, Error> {
    let moment = text.parse();
    moment.map_err(|_| Error::invalid("must be a time such as 2026-01-31T12:00:00Z"))
}

/// A person: an id, or a telephone number.
pub fn person(text: &str) -> Result<Jid, Error> {
    address::person(text).map_err(|error| no_address(text, &error))
}

fn no_address(text: &str, error: &AddressError) -> Error {
    let refused = Error::invalid(error.about(text)).about(Subject::ChatId);
    let refused = refused.detail("chatId", shown(text));
    match error.suggestion() {
        Some(meant) => refused.detail("didYouMean", meant),
        None => refused,
    }
}

/// The id of a group.
pub fn group(text: &str) -> Result<Jid, Error> {
    let group = jid(text)?;
    if group.is_group() {
        return Ok(group);
    }
    let error = Error::invalid(format!("'{group}' is not a group")).about(Subject::ChatId);
    Err(error.detail("chatId", group.as_str()))
}

/// A segment of the path as it is meant.
pub fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// What a text means as a query parameter that is true or false.
pub fn flag(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}
