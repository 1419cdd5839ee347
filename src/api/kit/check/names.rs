//! Names of the fields of a request: those that mean the same, and the nearest to one that is unknown.
//!
//! What an event or a list calls a thing may be sent back under that name. Pure.

use std::collections::HashMap;

use crate::api::kit::check::bounds::Field;

/// A field, and the other names by which our own events, lists and sends call the same thing. An
/// earlier row comes first where a body knows several of the fields.
const SAME: [(&str, &[&str]); 18] = [
    ("chatId", &["to", "from", "chat"]),
    ("to", &["chatId", "from", "chat", "recipient"]),
    ("recipient", &["to", "from", "chatId", "chat_id", "contact_number"]),
    ("chat", &["chatId", "to"]),
    ("content", &["body", "message", "text", "message_body"]),
    ("text", &["body", "content", "caption"]),
    ("caption", &["body", "message_body"]),
    ("message", &["message_body", "body", "content", "text"]),
    ("quotedMessageId", &["quotedMsgId"]),
    ("reply_to", &["quotedMessageId", "quotedMsgId"]),
    ("mentions", &["mentionedJidList", "mentioned_jids"]),
    ("mentioned_jids", &["mentions", "mentionedJidList"]),
    ("instance_id", &["session_id", "sessionId"]),
    ("phone", &["phoneNumber", "phone_number", "number"]),
    ("selectableCount", &["selectable"]),
    ("seconds", &["duration"]),
    ("ephemeralSeconds", &["ephemeralDuration"]),
    ("voice", &["ptt"]),
];

/// Fields of sends that events and lists show together in an object: the name of that object, one of the
/// fields by which such a send is known, and all that stand in it.
const GROUPS: [(&str, &str, &[&str]); 2] = [
    ("location", "latitude", &["latitude", "longitude", "name", "address"]),
    ("poll", "options", &["question", "options", "selectableCount"]),
];

/// What events and lists show there beside them and nobody can send: the name, and one of the fields of
/// the send that passes over it.
const READ_ONLY: [(&str, &str); 2] = [("live", "latitude"), ("results", "options")];

/// Fields that name or label something, and lists of such texts. They are shown in lists, menus and headings, and hold
/// one line each.
const LABELS: [&str; 15] = [
    "name",
    "title",
    "subject",
    "label",
    "tag",
    "tags",
    "add",
    "remove",
    "category",
    "shortcut",
    "company",
    "organization",
    "requester",
    "businessName",
    "domain",
];

/// Whether the texts of a field are one line each.
pub fn is_label(field: &str) -> bool {
    LABELS.contains(&field)
}

/// What a name means in a request.
#[derive(Clone, Copy)]
pub enum Meaning<'f> {
    /// A field, by its own name.
    Field(&'f str, &'f Field),
    /// An object with these of the fields.
    Group(&'static [&'static str]),
    /// Nothing that could be sent.
    ReadOnly,
    Unknown,
}

pub fn meaning<'f>(fields: &'f HashMap<String, Field>, name: &str) -> Meaning<'f> {
    if let Some((own, field)) = find(fields, name) {
        return Meaning::Field(own, field);
    }
    let is_send = |known: &str| fields.contains_key("chatId") && fields.contains_key(known);
    let group = GROUPS.iter().find(|(group, known, _)| *group == name && is_send(known));
    if let Some((_, _, members)) = group {
        return Meaning::Group(members);
    }
    match READ_ONLY.iter().any(|(part, known)| *part == name && is_send(known)) {
        true => Meaning::ReadOnly,
        false => Meaning::Unknown,
    }
}

/// The field that a name stands for, by its own name.
fn find<'f>(fields: &'f HashMap<String, Field>, name: &str) -> Option<(&'f str, &'f Field)> {
    let known = |name: &str| fields.get_key_value(name).map(|(name, field)| (name.as_str(), field));
    known(name).or_else(|| {
        let mut same = SAME.iter().filter(|(_, others)| others.contains(&name));
        same.find_map(|(field, _)| known(field))
    })
}

/// A name without case and marks.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|ch| ch.is_alphanumeric()).take(LONGEST);
    letters.flat_map(char::to_lowercase).collect()
}

/// The one of these names that is near to a text.
pub fn closest<'n>(names: impl Iterator<Item = &'n str>, text: &str) -> Option<&'n str> {
    let wanted = plain(text);
    let all = names.map(|name| (strsim::osa_distance(&plain(name), &wanted), name));
    let (distance, name) = all.min()?;
    (distance <= 1 + wanted.chars().count() / 4).then_some(name)
}

/// The known name that somebody probably meant.
pub fn nearest<'f>(fields: &'f HashMap<String, Field>, name: &str) -> Option<&'f str> {
    let wanted = plain(name);
    let distance = |known: &str| strsim::osa_distance(&plain(known), &wanted);
    let best_of = |field: &str| {
        let same = SAME.iter().filter(|(own, _)| *own == field);
        let same = same.flat_map(|(_, others)| others.iter().copied());
        same.map(distance).chain([distance(field)]).min().unwrap_or(usize::MAX)
    };
    let all = fields.keys().map(|field| (best_of(field), field.as_str()));
    let (distance, field) = all.min()?;
    (distance <= 1 + wanted.chars().count() / 4).then_some(field)
}

/// Characters of a name that are compared.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::kit::check::bounds::Bound;

    fn fields(names: &[&str]) -> HashMap<String, Field> {
        let field =
            || Field { bound: Bound::Open, required: false, filled: false, may_be_empty: false };
        names.iter().map(|name| ((*name).to_owned(), field())).collect()
    }

    #[test]
    fn a_name_of_our_events_means_the_field() {
        let text = fields(&["chatId", "content", "quotedMessageId"]);
        for (name, field) in [
            ("chatId", Some("chatId")),
            ("from", Some("chatId")),
            ("body", Some("content")),
            ("quotedMsgId", Some("quotedMessageId")),
            ("caption", None),
        ] {
            assert_eq!(find(&text, name).map(|(field, _)| field), field, "{name}");
        }
        // Beside a text, `message` is the id of a message.
        let edit = fields(&["message", "text"]);
        assert_eq!(find(&edit, "body").map(|(field, _)| field), Some("text"));
        // A name of its own is never another's.
        let number = fields(&["to", "message", "chatId"]);
        assert_eq!(find(&number, "chatId").map(|(field, _)| field), Some("chatId"));
    }

    #[test]
    fn what_events_show_in_an_object_of_its_own_is_read() {
        let place = fields(&["chatId", "latitude", "longitude", "name", "address"]);
        assert!(matches!(meaning(&place, "location"), Meaning::Group(m) if m.contains(&"name")));
        assert!(matches!(meaning(&place, "live"), Meaning::ReadOnly));
        assert!(matches!(meaning(&place, "poll"), Meaning::Unknown));
        assert!(matches!(meaning(&place, "results"), Meaning::Unknown));
        let poll = fields(&["chatId", "question", "options", "selectableCount"]);
        assert!(matches!(meaning(&poll, "poll"), Meaning::Group(_)));
        assert!(matches!(meaning(&poll, "results"), Meaning::ReadOnly));
        assert!(matches!(meaning(&poll, "selectable"), Meaning::Field("selectableCount", _)));
        // What is no send of ours is not read so.
        let other = fields(&["latitude", "longitude"]);
        assert!(matches!(meaning(&other, "live"), Meaning::Unknown));
    }

    #[test]
    fn the_nearest_name_is_found_and_a_far_one_is_not() {
        let text = fields(&["chatId", "content", "quotedMessageId", "sendAt"]);
        for (name, field) in [
            ("contnt", Some("content")),
            ("chat_id", Some("chatId")),
            ("chatid", Some("chatId")),
            ("quotedMessageID", Some("quotedMessageId")),
            ("quoted_message", Some("quotedMessageId")),
            ("send_at", Some("sendAt")),
            ("bdy", Some("content")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(&text, name), field, "{name}");
        }
    }
}
