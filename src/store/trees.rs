//! The catalogue of trees: what is kept, under which key, whose it is, and what of it is sealed.
//!
//! | tree | key | value | owner |
//! |---|---|---|---|
//! | `Settings` | name | bytes | the store itself |
//! | `Sessions` | session | [`crate::domain::SessionRecord`] | session |
//! | `Chats` | session, chat | [`crate::domain::Chat`] | messaging |
//! | `ChatsByActivity` | session, time (newest first), chat | nothing | messaging |
//! | `MessageRecords` | number | [`crate::store::messages::MessageRecord`] | messaging |
//! | `MessagesByTime` | session, chat, time, number | the key in `MessageRecords` | messaging |
//! | `MessagesOfChat` | session, chat, number | the key in `MessageRecords` | messaging |
//! | `MessagesByKey` | session, chat, message key, number | the key in `MessageRecords` | messaging |
//! | `MessageUuids` | UUID | the key in `MessageRecords` | messaging |
//! | `Messages`, `MessagePlaces`, `MessagesInChat`, `MessagesByNumber`, `MessagesByUuid` | the same in layout 2 | | store/migrations |
//! | `MessageCounts` | session, day (UTC, since 1970) | [`crate::domain::conversation::DayCount`] | messaging |
//! | `Conversations` | session, chat | [`crate::domain::conversation::ConversationRecord`] | messaging |
//! | `ConversationsByUuid` | UUID | the key in `Conversations` | messaging |
//! | `ConversationsByNumber` | number | the key in `Conversations` | messaging |
//! | `Tags` | id | [`crate::domain::conversation::Tag`] | messaging |
//! | `TagNames` | name in lower case | the key in `Tags` | messaging |
//! | `ConversationsByTag` | tag, session, chat | the key in `Conversations` | messaging |
//! | `Mirrors` | session | [`crate::store::Mirror`] | messaging |
//! | `Contacts` | session, contact | [`crate::domain::Contact`] | messaging |
//! | `Events` | number | [`crate::domain::Event`] | events |
//! | `EventsOfSession` | UUID of the session, number | nothing | events |
//! | `IdentitiesOfEvents` | UUID of the session, identity | number | events |
//! | `EventsBySession`, `EventIdentities` | the same by the session's name, in layout 1 | | store/migrations |
//! | `ApiKeys` | id | [`crate::store::records::ApiKeyRecord`] | accounts |
//! | `ApiKeysByHash` | hash | id | accounts |
//! | `Webhooks` | id | [`crate::store::records::WebhookRecord`] | webhooks |
//! | `WebhookCursors` | webhook | [`crate::store::records::WebhookCursor`] | webhooks |
//! | `Deliveries` | webhook, delivery | [`crate::store::records::Delivery`] | webhooks |
//! | `Delivered` | webhook, number of an event / 16 | those of them delivered at the first try | webhooks |
//! | `DeliveriesWaiting` | webhook, event number, delivery | the key in `Deliveries` | webhooks |
//! | `Lanes` | webhook, lane, event number, delivery | delivery | webhooks |
//! | `LaneHeads` | webhook, time of the next attempt, lane | delivery | webhooks |
//! | `Attempts` | delivery, number | [`crate::store::records::Attempt`] | webhooks |
//! | `Idempotency` | caller, method, path, key | [`crate::store::records::KeyedWrite`] | services |
//! | `IdempotencyByTime` | time, caller, method, path, key | the key in `Idempotency` | services |
//! | `Identities` | session, hidden identity | [`crate::domain::Identity`] | messaging |
//! | `IdentitiesByPhone` | session, number | the key in `Identities` | messaging |
//! | `Outbox` | session, entry | [`crate::domain::outbox::OutboxEntry`] | messaging |
//! | `OutboxByMessage` | session, message key | entry | messaging |
//! | `OutboxWaiting` | entry | the key in `Outbox`, of older stores | store/outbox_queue |
//! | `OutboxQueue` | UUID of the session, chat, entry | the key in `Outbox` | messaging |
//! | `OutboxChats` | UUID of the session, chat | [`crate::store::ChatQueue`] | messaging |
//! | `OutboxHeads` | UUID of the session, priority, entry | the key in `OutboxChats` | messaging |
//! | `OutboxSchedule` | time, UUID of the session, entry | the key in `Outbox` | messaging |
//! | `OutboxLookups` | UUID of the session, entry | the key in `Outbox` | messaging |
//! | `OutboxByUuid` | UUID of the message | the key in `Outbox` | messaging |
//! | `Jobs` | kind, name | [`crate::store::Job`] | jobs |
//! | `JobsByDue` | time, kind, name | the key in `Jobs` | jobs |
//! | `Receipts` | session, chat, message key, participant | [`crate::store::StoredReceipt`] | messaging |
//! | `Consumers` | consumer | [`crate::store::ConsumerCursor`] | events |
//! | `ConsumerFaults` | consumer, event number | [`crate::store::ConsumerFault`] | events |
//! | `Unindexed` | number of a message, UUID of the change | nothing, of older stores | nobody |

use crate::store::{codec::Key, engine::Range};

/// A tree. Its number is part of every key on the disk: numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Tree {
    Settings = 1,
    Sessions = 2,
    Chats = 3,
    ChatsByActivity = 4,
    Messages = 5,
    MessagePlaces = 6,
    Contacts = 7,
    Events = 8,
    EventsBySession = 9,
    EventIdentities = 10,
    ApiKeys = 11,
    ApiKeysByHash = 12,
    Webhooks = 13,
    WebhookCursors = 14,
    Deliveries = 15,
    DeliveriesWaiting = 16,
    Attempts = 17,
    Idempotency = 18,
    IdempotencyByTime = 19,
    Mirrors = 20,
    Outbox = 24,
    OutboxByMessage = 25,
    OutboxWaiting = 26,
    Lanes = 30,
    LaneHeads = 31,
    Identities = 40,
    IdentitiesByPhone = 41,
    MessagesInChat = 50,
    MessagesByNumber = 51,
    MessagesByUuid = 52,
    MessageCounts = 53,
    Conversations = 54,
    ConversationsByUuid = 55,
    ConversationsByNumber = 56,
    Tags = 57,
    ConversationsByTag = 58,
    OutboxByUuid = 59,
    Unindexed = 60,
    Delivered = 61,
    EventsOfSession = 70,
    IdentitiesOfEvents = 71,
    Receipts = 80,
    MessageRecords = 90,
    MessagesByTime = 91,
    MessagesOfChat = 92,
    MessagesByKey = 93,
    MessageUuids = 94,
    Consumers = 100,
    ConsumerFaults = 101,
    OutboxQueue = 110,
    OutboxChats = 111,
    OutboxHeads = 112,
    OutboxSchedule = 113,
    OutboxLookups = 114,
    Jobs = 115,
    JobsByDue = 116,
    TagNames = 117,
}

impl Tree {
    pub fn prefix(self) -> u8 {
        self as u8
    }
}

/// The trees whose values are sealed on the disk: what is in them may be a secret of the caller's or of
/// the gateway's. Passwords of proxies; secrets, addresses and headers of webhooks; what receivers
/// answered, which may repeat a header; first answers of writes.
const SEALED: [Tree; 6] = [
    Tree::Sessions,
    Tree::Webhooks,
    Tree::Deliveries,
    Tree::Delivered,
    Tree::Attempts,
    Tree::Idempotency,
];
/// The settings that are sealed: keys that the gateway signs with.
const SEALED_SETTINGS: [&str; 1] = ["media link key"];

/// Whether the value of a key is sealed on the disk.
pub fn is_sealed(key: &[u8]) -> bool {
    let Some((prefix, name)) = key.split_first() else { return false };
    if *prefix == Tree::Settings.prefix() {
        let name = name.strip_suffix(&[0, 0]).unwrap_or_default();
        return SEALED_SETTINGS.iter().any(|sealed| sealed.as_bytes() == name);
    }
    SEALED.iter().any(|tree| tree.prefix() == *prefix)
}

/// Every place whose values are sealed.
pub fn sealed_ranges() -> impl Iterator<Item = Range> {
    let settings = SEALED_SETTINGS.iter().map(|name| Key::new(Tree::Settings).text(name).all());
    SEALED.into_iter().map(|tree| Key::new(tree).all()).chain(settings)
}

/// Their names, by which a store knows which of them it has sealed.
pub fn sealed_names() -> Vec<String> {
    let settings = SEALED_SETTINGS.iter().map(|name| format!("Settings/{name}"));
    SEALED.iter().map(|tree| format!("{tree:?}")).chain(settings).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_what_lies_in_the_sealed_ranges() {
        let keys = [
            (Key::new(Tree::Sessions).text("s"), true),
            (Key::new(Tree::Settings).text("media link key"), true),
            (Key::new(Tree::Settings).text("media link keys"), false),
            (Key::new(Tree::Settings).text("schema"), false),
            (Key::new(Tree::Settings), false),
            (Key::new(Tree::Messages).text("s"), false),
        ];
        for (key, expected) in keys {
            let key = key.done();
            let lies_in = |range: Range| range.start <= key && key < range.end;
            assert_eq!(
                (is_sealed(&key), sealed_ranges().any(lies_in)),
                (expected, expected),
                "{key:?}"
            );
        }
        assert!(!is_sealed(&[]));
        assert_eq!(sealed_ranges().count(), sealed_names().len());
    }
}
