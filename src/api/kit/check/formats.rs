//! The formats of texts in request bodies: who judges a text whose schema names one.
//!
//! Handlers read the same texts with the same rules. A body that breaks its schema never reaches its
//! handler: then the formats say what is wrong with the rest of it.

use serde_json::Value;

use crate::{
    accounts,
    api::{
        chat::{address, schedule, tag_id},
        sessions::{
            addressee, check_contact, event_names::EVENT_NAMES, phone, proxy_address, target,
            time_to_send,
        },
        texts::{moment, person},
    },
    contacts,
    domain::{Error, SessionId, Timestamp, contact_draft::check_vcard, file_name, rules},
    egress,
    messaging::{
        self,
        uploads::data_url::{self, Fault},
    },
    webhooks,
};

/// Says what is wrong with a text, at this time.
pub type Judge = fn(&str, Timestamp) -> Result<(), Error>;

const FORMATS: [(&str, Judge); 24] = [
    ("chat-id", |text, _| target(text).map(drop)),
    ("recipient", |text, _| addressee(text).map(drop)),
    ("chat-recipient", |text, _| address(text).map(drop)),
    ("person", |text, _| person(text).map(drop)),
    ("contact", |text, _| check_contact(text)),
    ("vcard", |text, _| check_vcard(text)),
    ("phone", |text, _| phone(text).map(drop)),
    ("date-time", |text, _| moment(text).map(drop)),
    ("time-to-send", |text, now| time_to_send(text, now).map(drop)),
    ("chat-time-to-send", |text, now| schedule(Some(text), now).map(drop)),
    ("time-to-come", |text, now| moment(text).and_then(|end| accounts::check_end(end, now))),
    ("data-url", |text, _| file(text)),
    ("file-name", |text, _| file_name::chosen(text).map(drop).map_err(Error::invalid)),
    ("http-url", |text, _| egress::form_of(text).map(drop)),
    ("session-name", |text, _| {
        text.parse::<SessionId>().map(drop).map_err(|error| Error::invalid(error.to_string()))
    }),
    ("event-name", |text, _| webhooks::check_event(text, &EVENT_NAMES)),
    ("secret", |text, _| webhooks::check_secret(text)),
    ("proxy-address", |text, _| proxy_address(text)),
    ("uuid", |text, _| tag_id(text).map(drop)),
    ("color", |text, _| messaging::checked_color(text).map(drop)),
    ("emoji", |text, _| rules::check_emoji(text)),
    ("poll-option", |text, _| rules::check_option(text)),
    ("email", |text, _| contacts::email(text).map(drop)),
    ("new-password", |text, _| accounts::check_password("password", text)),
];

/// Who judges the texts of a format. None for formats that say nothing of a text, such as `int32`.
pub fn judge(format: &str) -> Option<Judge> {
    FORMATS.iter().find(|(name, _)| *name == format).map(|(_, judge)| *judge)
}

/// What an error says of the one field that it is about.
pub fn reason(error: &Error) -> String {
    let fields = error.details.get("fields").and_then(Value::as_object);
    let first = fields.and_then(|fields| fields.values().next()?.get(0)?.as_str());
    first.unwrap_or(&error.message).to_owned()
}

fn file(text: &str) -> Result<(), Error> {
    match data_url::read(text, u64::MAX) {
        // How much there is in it is judged with its content.
        Ok(_) | Err(Fault::Empty | Fault::TooLarge) => Ok(()),
        Err(Fault::Malformed(reason)) => Err(Error::invalid(reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    #[test]
    fn every_format_takes_what_it_should_and_refuses_what_it_should_not() {
        for (format, good, bad) in [
            ("chat-id", "15550000011@c.us", "15550000011"),
            ("recipient", "+1 555 000 0011", "nobody"),
            ("chat-recipient", "+1 555 000 0011", "nobody"),
            ("person", "15550000011@c.us", "120363000000000000@g.us"),
            ("contact", "BEGIN:VCARD\nEND:VCARD", "nobody"),
            ("vcard", "BEGIN:VCARD\nEND:VCARD", "15550000011"),
            ("phone", "+1 555 000 0011", "0555"),
            ("date-time", "2026-01-31T12:00:00Z", "yesterday"),
            ("time-to-send", "1970-01-31T12:00:00Z", "2030-01-31T12:00:00Z"),
            ("chat-time-to-send", "1970-01-31 12:00:00", "tomorrow"),
            ("time-to-come", "2026-01-31T12:00:00Z", "1969-01-31T12:00:00Z"),
            ("data-url", "data:,hello", "data:;base64,?"),
            ("file-name", "a.txt", "a/b.txt"),
            ("http-url", "https://example.com/a", "ftp://example.com/a"),
            ("session-name", "shop", "../shop"),
            ("event-name", "*", "massage"),
            ("secret", "a-secret-of-more-than-24-characters", ""),
            ("proxy-address", "proxy.example:8080", "nowhere"),
            ("uuid", "550e8400-e29b-41d4-a716-446655440001", "red"),
            ("color", "#f59e0b", "red"),
            ("emoji", "\u{1f44d}", "ok"),
            ("poll-option", "Tea", " "),
            ("email", "ada@example.com", "ada"),
            ("new-password", "correct horse 7", "short"),
        ] {
            let judge = judge(format).expect(format);
            assert_eq!(judge(good, from_seconds(0)), Ok(()), "{format}");
            let refused = judge(bad, from_seconds(0)).expect_err(format);
            assert!(!reason(&refused).is_empty(), "{format}");
        }
        assert!(judge("int32").is_none());
    }
}
