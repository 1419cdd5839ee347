//! Texts of requests to the Zapini Chat API: recipients, times of sends and ids of tags, each with its error.

use uuid::Uuid;

use crate::domain::{
    Error, Jid, Timestamp,
    address::{self, AddressError},
    schedule::{Unzoned, send_time},
};

/// Somebody to write to.
pub fn address(recipient: &str) -> Result<Jid, Error> {
    let fault = |why: &str| {
        let message = "must be a telephone number or a WhatsApp address";
        Error::invalid_field("recipient", format!("{message}: {why}"))
    };
    let chat = match address::recipient(recipient) {
        Err(AddressError::Empty) => return Err(Error::invalid_field("recipient", "is required")),
        Err(error) => return Err(fault(&error.about(recipient))),
        Ok(chat) => chat,
    };
    if chat.is_broadcast_list() {
        Err(fault(&format!("'{chat}' is a broadcast list")))
    } else {
        Ok(chat)
    }
}

/// The time that a message is to be sent at; without a zone it is meant in UTC.
pub fn schedule(text: Option<&str>, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    send_time("schedule_at", text, now, Unzoned::Utc)
}

pub fn no_tag(text: &str) -> Error {
    let shown: String = text.chars().take(100).collect();
    Error::invalid_field("tag_ids", format!("name no tag with {shown}"))
}

/// The id of a tag.
pub fn tag_id(text: &str) -> Result<Uuid, Error> {
    text.parse().map_err(|_| no_tag(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    #[test]
    fn a_recipient_is_a_number_or_an_address() {
        for (text, chat) in [
            ("5521999999999", "5521999999999@c.us"),
            ("+55 (21) 99999-9999", "5521999999999@c.us"),
            ("5521999999999@s.whatsapp.net", "5521999999999@c.us"),
            ("120363000000000000@g.us", "120363000000000000@g.us"),
        ] {
            assert_eq!(address(text).map(String::from), Ok(chat.to_owned()), "{text}");
        }
        for text in ["", " ", "abc", "12", "5521@x", "77777777@broadcast"] {
            let error = address(text).unwrap_err();
            assert!(error.details["fields"].get("recipient").is_some(), "{text}");
        }
    }

    #[test]
    fn a_time_without_a_zone_is_utc_and_the_far_future_is_refused() {
        let now = from_seconds(0);
        let at = schedule(Some("1970-01-02 00:00:00"), now).unwrap();
        assert_eq!(at, Some(from_seconds(86_400)));
        assert_eq!(schedule(Some("1970-01-02T01:00:00+01:00"), now).unwrap(), at);
        assert_eq!(schedule(Some(" "), now).unwrap(), None);
        assert!(schedule(Some("tomorrow"), now).is_err());
        assert!(schedule(Some("1972-01-01T00:00:00Z"), now).is_err());
    }
}
