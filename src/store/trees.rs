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
//! | `Receipts` | session, chat, message key, participant | [`crate::store::StoredReceipt`] | messaging |
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
    pub const CONTACTS: Self = Self::new(7, "Contacts");
    pub const EVENTS: Self = Self::new(8, "Events");
    pub const MIRRORS: Self = Self::new(20, "Mirrors");
    pub const OUTBOX: Self = Self::new(24, "Outbox");
    pub const OUTBOX_BY_MESSAGE: Self = Self::new(25, "OutboxByMessage");
    pub const OUTBOX_WAITING: Self = Self::new(26, "OutboxWaiting");
    pub const IDENTITIES: Self = Self::new(40, "Identities");
    pub const IDENTITIES_BY_PHONE: Self = Self::new(41, "IdentitiesByPhone");
    pub const MESSAGE_COUNTS: Self = Self::new(53, "MessageCounts");
    pub const CONVERSATIONS: Self = Self::new(54, "Conversations");
    pub const CONVERSATIONS_BY_UUID: Self = Self::new(55, "ConversationsByUuid");
    pub const CONVERSATIONS_BY_NUMBER: Self = Self::new(56, "ConversationsByNumber");
    pub const TAGS: Self = Self::new(57, "Tags");
    pub const CONVERSATIONS_BY_TAG: Self = Self::new(58, "ConversationsByTag");
    pub const OUTBOX_BY_UUID: Self = Self::new(59, "OutboxByUuid");
    pub const UNINDEXED: Self = Self::new(60, "Unindexed");
    pub const EVENTS_OF_SESSION: Self = Self::new(70, "EventsOfSession");
    pub const IDENTITIES_OF_EVENTS: Self = Self::new(71, "IdentitiesOfEvents");
    pub const RECEIPTS: Self = Self::new(80, "Receipts");
    pub const MESSAGE_RECORDS: Self = Self::new(90, "MessageRecords");
    pub const MESSAGES_BY_TIME: Self = Self::new(91, "MessagesByTime");
    pub const MESSAGES_OF_CHAT: Self = Self::new(92, "MessagesOfChat");
    pub const MESSAGES_BY_KEY: Self = Self::new(93, "MessagesByKey");
    pub const MESSAGE_UUIDS: Self = Self::new(94, "MessageUuids");
    pub const OUTBOX_QUEUE: Self = Self::new(110, "OutboxQueue");
    pub const OUTBOX_CHATS: Self = Self::new(111, "OutboxChats");
    pub const OUTBOX_HEADS: Self = Self::new(112, "OutboxHeads");
    pub const OUTBOX_SCHEDULE: Self = Self::new(113, "OutboxSchedule");
    pub const OUTBOX_LOOKUPS: Self = Self::new(114, "OutboxLookups");
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
