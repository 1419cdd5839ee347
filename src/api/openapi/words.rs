//! Glossary of the document: field names that mean the same wherever they stand, with a description and an example.
//!
//! A description at the field's type goes before the one here; where it says "RFC 3339" or "UUID of", the example of the
//! text follows from it. Names are compared without their case, so that
//! `chatId` and `chat_id` are one word.

use serde_json::{Map, Value};

const TIME: &str = "2026-03-24T10:31:00.000Z";
const SECONDS: &str = "1774348260";
const UUID: &str = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a";
const CHAT: &str = "15550000001@c.us";
const MESSAGE: &str = "true_15550000001@c.us_3EB0A1B2C3D4E5F6A7B8C9";
const NONE: &str = "null";

/// Name, description and example, in alphabetical order. Numbers and flags need no example.
const WORDS: [(&str, &str, &str); 99] = [
    ("ack", "How far the message has come.", "sent"),
    ("address", "Postal address, as a text.", "Ringstrasse 1, Vienna"),
    ("archived", "Whether the chat is in the archive.", ""),
    (
        "assignedTo",
        "The person who looks after the conversation; null, since nobody can be assigned yet.",
        NONE,
    ),
    (
        "attempt",
        "The number of the code, counted from 1 since the session began to show codes.",
        "",
    ),
    ("author", "Id of the person who wrote the message.", CHAT),
    ("authorIdentity", "Number and LID of the author; null for a channel.", ""),
    ("by", "Id of the person who did it; null where WhatsApp does not say.", CHAT),
    ("byIdentity", "Number and LID of the person who did it.", ""),
    ("caption", "Text below the file.", "Look"),
    ("chat", "Id of the chat.", CHAT),
    (
        "chatId",
        "Id of the chat: `@c.us` or `@lid` for a person, `@g.us` for a group, `@newsletter` for a channel.",
        CHAT,
    ),
    (
        "chatIdentity",
        "Number and LID of the person whose chat it is; null for groups and channels.",
        "",
    ),
    ("clickId", "The advertiser's id of the click (`ctwa_clid`).", "ARAkLkA8rmlFeiCk"),
    ("color", "Color as `#rrggbb`.", "#f59e0b"),
    ("connected", "Whether the connection to WhatsApp stands.", ""),
    ("content", "The text.", "Hello"),
    ("conversationsCount", "Number of conversations, archived ones included.", ""),
    ("createdAt", "When it was created, RFC 3339.", TIME),
    (
        "degraded",
        "Whether the engine fails its probes and is being recovered; no commands are accepted then.",
        "",
    ),
    ("direction", "`incoming` or `outgoing`.", "incoming"),
    ("displayName", "The name that a list shows.", "Ada"),
    ("emoji", "One emoji.", "👍"),
    ("enabled", "Whether events are delivered to it.", ""),
    ("endedAt", "When it ended, RFC 3339; null while it lasts.", TIME),
    ("event", "Name of the event.", "message"),
    ("eventId", "UUID of the event, the same over every replay and retry.", UUID),
    ("expiresAt", "When it ends, RFC 3339.", TIME),
    ("filename", "Name of the file, as receivers see it.", "dot.png"),
    ("finishedAt", "When it came to its end, RFC 3339; null before.", TIME),
    ("fromIdentity", "Number and LID of the sender; null for groups and channels.", ""),
    ("fromMe", "Whether the account itself sent it.", ""),
    ("gid", "Id of the group, with its suffix.", "120363000000000000@g.us"),
    ("groupedReactions", "Reactions by emoji.", ""),
    ("groupName", "Name of the group; null where it is not known.", "Friends"),
    ("hasMore", "Whether there are more in the direction of the page.", ""),
    ("hasQRCode", "Whether there is a QR code to scan.", ""),
    ("identity", "Number and LID of the person; null for groups and channels.", ""),
    ("instanceId", "UUID of the instance.", UUID),
    ("isArchived", "Whether the conversation is in the archive.", ""),
    ("isGroup", "Whether it is a group.", ""),
    ("isViewOnce", "Whether the file can be opened once only.", ""),
    ("jid", "WhatsApp address.", "15550000001@s.whatsapp.net"),
    ("lastActivity", "When something last happened, RFC 3339.", TIME),
    ("lastActivityAt", "When something last happened, RFC 3339.", TIME),
    ("lastError", "The last error of the session; null where there was none.", NONE),
    ("lastMessageAt", "When the newest message was sent, RFC 3339; null without one.", TIME),
    ("lastRecovery", "The newest recovery of the engine; null where there was none.", NONE),
    ("latitude", "Degrees north, from -90 to 90.", ""),
    (
        "lid",
        "Hidden identity of the person (`@lid`); null where it is not known.",
        "100000000000001@lid",
    ),
    ("linkPreview", "Preview of the first link in the text.", ""),
    ("location", "The place of a location.", ""),
    ("longitude", "Degrees east, from -180 to 180.", ""),
    (
        "mediaUrl",
        "Address of the file; null where there is none.",
        "https://example.com/picture.jpg",
    ),
    ("messageBody", "The text; the caption of a file.", "Hello"),
    ("messageId", "Full id of the message.", MESSAGE),
    ("messagesReceivedToday", "Messages that came in since midnight UTC.", ""),
    ("messagesSentToday", "Messages sent since midnight UTC.", ""),
    ("messageType", "What the message carries.", "text"),
    ("mime", "Media type of the file.", "image/png"),
    ("mimeType", "Media type of the file.", "image/png"),
    ("nextAttemptAt", "When it is tried next, RFC 3339; null once it came to its end.", TIME),
    ("number", "Telephone number in digits; null where it is not known.", "15550000001"),
    ("option", "Text of the option.", "Yes"),
    ("options", "Texts of the options.", "Yes"),
    (
        "organization",
        "Organization of the person; null where the card has none.",
        "Analytical Engines",
    ),
    ("outboxId", "UUID of the entry in the outbox.", UUID),
    ("owner", "Id of the person who made the group; null where WhatsApp does not say.", CHAT),
    ("participantIdentities", "Number and LID of each participant, in the same order.", ""),
    ("participantIdentity", "Number and LID of the participant.", ""),
    ("participants", "Ids of the people.", CHAT),
    ("password", "Password for the proxy; answers show `****` in its place.", "****"),
    ("phone", "Telephone number of the person.", "15550000001"),
    (
        "phoneNumber",
        "Telephone number of the account in digits; null while it is not linked.",
        "15551234567",
    ),
    ("pinned", "Whether the chat is pinned.", ""),
    ("poll", "The question and options of a poll.", ""),
    ("pushname", "The name that the person chose; null where it is not known.", "Ada"),
    ("question", "Question of the poll.", "Tea?"),
    (
        "quotedMessageId",
        "Id of the message that this one answers: the full id, or the part after the chat.",
        MESSAGE,
    ),
    (
        "remainingQuota",
        "Messages that may still be sent today; null, since there is no daily limit.",
        NONE,
    ),
    ("scopes", "What the key may do.", "read"),
    (
        "secret",
        "Signing secret, as Standard Webhooks has it.",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    ),
    ("sender", "Id of the person.", CHAT),
    ("senderIdentity", "Number and LID of the person.", ""),
    ("sendHold", "Why nothing is sent at the moment, and until when; null when it is.", NONE),
    ("seq", "Number of the event in the log.", ""),
    ("sessionId", "Name of the session.", "shop"),
    ("tags", "The tags.", "vip"),
    ("timestamp", "When it happened, in seconds since 1970.", SECONDS),
    ("title", "Title; null where there is none.", "Our shop"),
    ("unreadCount", "Incoming messages that were not read.", ""),
    ("updatedAt", "When it was last changed, RFC 3339.", TIME),
    ("url", "Web address.", "https://example.com/"),
    ("username", "User name for the proxy.", "shop"),
    ("uuid", "UUID, which stays the same.", UUID),
    (
        "vcard",
        "The card as a vCard.",
        "BEGIN:VCARD\nVERSION:3.0\nFN:Ada\nTEL:+15550000001\nEND:VCARD",
    ),
    ("viewOnce", "Whether the file can be opened once only.", ""),
    ("votes", "Number of votes.", ""),
    (
        "waitForQR",
        "Whether the answer waits for the first QR code, or for the session to be ready (default true).",
        "",
    ),
];

/// Describes the fields of all schemas in a part of the document that have no description of their own.
pub fn describe(part: &mut Value) {
    match part {
        Value::Object(parts) => {
            if let Some(Value::Object(fields)) = parts.get_mut("properties") {
                for (name, field) in fields.iter_mut() {
                    let Value::Object(field) = field else { continue };
                    if let Some(example) = said_example(field) {
                        complete(field, ("", example));
                    } else if let Some(word) = find(name) {
                        complete(field, word);
                    }
                }
            }
            parts.values_mut().for_each(describe);
        }
        Value::Array(parts) => parts.iter_mut().for_each(describe),
        _ => (),
    }
}

/// The example of a text whose own description says what it is: a time or a UUID.
fn said_example(field: &Map<String, Value>) -> Option<&'static str> {
    let about = field.get("description")?.as_str()?;
    if field.contains_key("format") {
        None
    } else if about.contains("RFC 3339") {
        Some(TIME)
    } else {
        let is_uuid = about.starts_with("UUID of") || about.starts_with("The UUID of");
        is_uuid.then_some(UUID)
    }
}

fn find(name: &str) -> Option<(&'static str, &'static str)> {
    let plain = |name: &str| name.replace('_', "").to_ascii_lowercase();
    let name = plain(name);
    let word = WORDS.iter().find(|(known, ..)| plain(known) == name);
    word.map(|&(_, about, example)| (about, example))
}

fn complete(field: &mut Map<String, Value>, (about, example): (&str, &str)) {
    if !is_described(field) {
        field.insert("description".to_owned(), about.into());
    }
    if example.is_empty() || ["example", "const"].iter().any(|key| field.contains_key(*key)) {
        return;
    }
    if let Some(values) = field.get("enum").and_then(Value::as_array) {
        if values.iter().any(|value| value == example) {
            field.insert("example".to_owned(), example.into());
        }
        return;
    }
    let kinds = kinds(field);
    if example == SECONDS {
        if kinds.contains(&"integer".to_owned()) {
            field.insert("example".to_owned(), SECONDS.parse::<i64>().unwrap_or(0).into());
        }
        return;
    }
    if example == NONE && may_be_null(field) {
        field.insert("example".to_owned(), Value::Null);
    } else if kinds.contains(&"string".to_owned()) {
        field.insert("example".to_owned(), example.into());
    } else if let Some(Value::Object(items)) = field.get_mut("items") {
        // The example of a list is made from that of its entries.
        complete(items, (about, example));
    }
}

fn is_described(field: &Map<String, Value>) -> bool {
    let branches =
        ["oneOf", "anyOf", "allOf"].into_iter().filter_map(|key| field.get(key)?.as_array());
    let has = |branch: &Value| branch.get("description").is_some();
    field.contains_key("description") || branches.flatten().any(has)
}

fn may_be_null(field: &Map<String, Value>) -> bool {
    let branches = ["oneOf", "anyOf"].into_iter().filter_map(|key| field.get(key)?.as_array());
    let is_null = |branch: &Value| branch["type"] == "null";
    kinds(field).iter().any(|kind| kind == "null") || branches.flatten().any(is_null)
}

/// The types of a schema, of which there may be several.
pub fn kinds(schema: &Map<String, Value>) -> Vec<String> {
    let text = |kind: &Value| kind.as_str().map(str::to_owned);
    match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().filter_map(text).collect(),
        Some(kind) => text(kind).into_iter().collect(),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_word_stands_once_and_in_its_place() {
        let names = WORDS.map(|(name, ..)| name.to_ascii_lowercase());
        assert!(names.is_sorted());
        assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), names.len());
    }

    #[test]
    fn a_description_of_the_type_goes_before_the_common_one() {
        let mut schema = json!({ "type": "object", "properties": {
            "chat_id": { "type": "string" },
            "emoji": { "type": "string", "description": "Empty when it was removed." },
            "lastError": { "type": ["string", "null"] },
            "options": { "type": "array", "items": { "type": "string" } },
        } });
        describe(&mut schema);
        let field = |name: &str| &schema["properties"][name];
        assert_eq!(field("chat_id")["example"], CHAT);
        assert!(field("chat_id")["description"].as_str().unwrap().starts_with("Id of the chat"));
        assert_eq!(field("emoji")["description"], "Empty when it was removed.");
        assert_eq!(field("lastError")["example"], Value::Null);
        assert_eq!(field("options")["items"]["example"], "Yes");
    }

    #[test]
    fn a_time_or_a_uuid_shows_what_it_looks_like_and_an_example_of_its_own_stays() {
        let mut schema = json!({ "type": "object", "properties": {
            "until": { "type": "string", "description": "When it ends, RFC 3339." },
            "since": { "type": ["string", "null"], "description": "RFC 3339; null for none.", "example": null },
            "bot": { "type": "string", "description": "UUID of the bot." },
            "name": { "type": "string", "description": "A name, not a UUID of a bot." },
        } });
        describe(&mut schema);
        let example = |name: &str| schema["properties"][name].get("example").cloned();
        assert_eq!(example("until"), Some(TIME.into()));
        assert_eq!(example("since"), Some(Value::Null));
        assert_eq!(example("bot"), Some(UUID.into()));
        assert_eq!(example("name"), None);
    }
}
