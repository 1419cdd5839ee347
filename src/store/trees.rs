//! Trees: the parts of the store by the first byte of their keys. Those listed here are the store's and those of the
//! modules below it; a module above declares its trees beside its records.
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
//! | `Mirrors` | session | [`crate::store::SyncCheckpoint`] | messaging |
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

use std::fmt;

/// A part of the store with keys of one shape. Its number begins every key on the disk: numbers are never reused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tree {
    number: u8,
    name: &'static str,
    is_sealed: bool,
}

impl Tree {
    pub const SETTINGS: Self = Self::new(1, "Settings");
    pub const SESSIONS: Self = Self::sealed(2, "Sessions");
    pub const CHATS: Self = Self::new(3, "Chats");
    pub const CHATS_BY_ACTIVITY: Self = Self::new(4, "ChatsByActivity");
    pub const MESSAGES: Self = Self::new(5, "Messages");
    pub const MESSAGE_PLACES: Self = Self::new(6, "MessagePlaces");
    pub const CONTACTS: Self = Self::new(7, "Contacts");
    pub const EVENTS: Self = Self::new(8, "Events");
    pub const EVENTS_BY_SESSION: Self = Self::new(9, "EventsBySession");
    pub const EVENT_IDENTITIES: Self = Self::new(10, "EventIdentities");
    pub const API_KEYS: Self = Self::new(11, "ApiKeys");
    pub const API_KEYS_BY_HASH: Self = Self::new(12, "ApiKeysByHash");
    pub const WEBHOOKS: Self = Self::sealed(13, "Webhooks");
    pub const WEBHOOK_CURSORS: Self = Self::new(14, "WebhookCursors");
    pub const DELIVERIES: Self = Self::sealed(15, "Deliveries");
    pub const DELIVERIES_WAITING: Self = Self::new(16, "DeliveriesWaiting");
    pub const ATTEMPTS: Self = Self::sealed(17, "Attempts");
    pub const IDEMPOTENCY: Self = Self::sealed(18, "Idempotency");
    pub const IDEMPOTENCY_BY_TIME: Self = Self::new(19, "IdempotencyByTime");
    pub const MIRRORS: Self = Self::new(20, "Mirrors");
    pub const OUTBOX: Self = Self::new(24, "Outbox");
    pub const OUTBOX_BY_MESSAGE: Self = Self::new(25, "OutboxByMessage");
    pub const OUTBOX_WAITING: Self = Self::new(26, "OutboxWaiting");
    pub const LANES: Self = Self::new(30, "Lanes");
    pub const LANE_HEADS: Self = Self::new(31, "LaneHeads");
    pub const IDENTITIES: Self = Self::new(40, "Identities");
    pub const IDENTITIES_BY_PHONE: Self = Self::new(41, "IdentitiesByPhone");
    pub const MESSAGES_IN_CHAT: Self = Self::new(50, "MessagesInChat");
    pub const MESSAGES_BY_NUMBER: Self = Self::new(51, "MessagesByNumber");
    pub const MESSAGES_BY_UUID: Self = Self::new(52, "MessagesByUuid");
    pub const MESSAGE_COUNTS: Self = Self::new(53, "MessageCounts");
    pub const CONVERSATIONS: Self = Self::new(54, "Conversations");
    pub const CONVERSATIONS_BY_UUID: Self = Self::new(55, "ConversationsByUuid");
    pub const CONVERSATIONS_BY_NUMBER: Self = Self::new(56, "ConversationsByNumber");
    pub const TAGS: Self = Self::new(57, "Tags");
    pub const CONVERSATIONS_BY_TAG: Self = Self::new(58, "ConversationsByTag");
    pub const OUTBOX_BY_UUID: Self = Self::new(59, "OutboxByUuid");
    pub const UNINDEXED: Self = Self::new(60, "Unindexed");
    pub const DELIVERED: Self = Self::sealed(61, "Delivered");
    pub const EVENTS_OF_SESSION: Self = Self::new(70, "EventsOfSession");
    pub const IDENTITIES_OF_EVENTS: Self = Self::new(71, "IdentitiesOfEvents");
    pub const RECEIPTS: Self = Self::new(80, "Receipts");
    pub const MESSAGE_RECORDS: Self = Self::new(90, "MessageRecords");
    pub const MESSAGES_BY_TIME: Self = Self::new(91, "MessagesByTime");
    pub const MESSAGES_OF_CHAT: Self = Self::new(92, "MessagesOfChat");
    pub const MESSAGES_BY_KEY: Self = Self::new(93, "MessagesByKey");
    pub const MESSAGE_UUIDS: Self = Self::new(94, "MessageUuids");
    pub const CONSUMERS: Self = Self::new(100, "Consumers");
    pub const CONSUMER_FAULTS: Self = Self::new(101, "ConsumerFaults");
    pub const OUTBOX_QUEUE: Self = Self::new(110, "OutboxQueue");
    pub const OUTBOX_CHATS: Self = Self::new(111, "OutboxChats");
    pub const OUTBOX_HEADS: Self = Self::new(112, "OutboxHeads");
    pub const OUTBOX_SCHEDULE: Self = Self::new(113, "OutboxSchedule");
    pub const OUTBOX_LOOKUPS: Self = Self::new(114, "OutboxLookups");
    pub const JOBS: Self = Self::new(115, "Jobs");
    pub const JOBS_BY_DUE: Self = Self::new(116, "JobsByDue");
    pub const TAG_NAMES: Self = Self::new(117, "TagNames");

    /// A tree with its number and its name. The module that owns the tree declares it.
    pub const fn new(number: u8, name: &'static str) -> Self {
        Self { number, name, is_sealed: false }
    }

    /// A tree whose values are sealed on the disk: what is in them may be a secret of the caller's or of the
    /// gateway's.
    pub const fn sealed(number: u8, name: &'static str) -> Self {
        Self { number, name, is_sealed: true }
    }

    pub const fn prefix(self) -> u8 {
        self.number
    }

    pub const fn name(self) -> &'static str {
        self.name
    }

    pub const fn is_sealed(self) -> bool {
        self.is_sealed
    }
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
