//! Trees of messaging.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `Chats` | session, chat | [`crate::domain::Chat`] |
//! | `ChatsByActivity` | session, time (newest first), chat | the key in `Chats` |
//! | `MessageRecords` | number | [`MessageRecord`](crate::messaging::stored::MessageRecord) |
//! | `MessagesByTime` | session, chat, time, number | the key in `MessageRecords` |
//! | `MessagesOfChat` | session, chat, number | the key in `MessageRecords` |
//! | `MessagesByKey` | session, chat, message key, number | the key in `MessageRecords` |
//! | `MessageUuids` | UUID | the key in `MessageRecords` |
//! | `MessageCounts` | session, day (UTC, since 1970) | [`crate::domain::conversation::DayCount`] |
//! | `Conversations` | session, chat | [`crate::domain::conversation::ConversationRecord`] |
//! | `ConversationsByUuid` | UUID | the key in `Conversations` |
//! | `ConversationsByNumber` | number | the key in `Conversations` |
//! | `Tags` | id | [`crate::domain::conversation::Tag`] |
//! | `TagNames` | name in lower case | the key in `Tags` |
//! | `ConversationsByTag` | tag, session, chat | the key in `Conversations` |
//! | `Mirrors` | session | [`SyncCheckpoint`](crate::messaging::stored::SyncCheckpoint) |
//! | `Contacts` | session, contact | [`crate::domain::Contact`] |
//! | `Identities` | session, hidden identity | [`crate::domain::Identity`] |
//! | `IdentitiesByPhone` | session, number | the key in `Identities` |
//! | `Outbox` | session, entry | [`crate::domain::outbox::OutboxEntry`] |
//! | `OutboxByMessage` | session, message key | entry |
//! | `OutboxByUuid` | UUID of the message | the key in `Outbox` |
//! | `OutboxWaiting` | entry | the key in `Outbox`, of older stores |
//! | `OutboxQueue` | UUID of the session, chat, entry | the key in `Outbox` |
//! | `OutboxChats` | UUID of the session, chat | [`ChatQueue`](crate::messaging::stored::ChatQueue) |
//! | `OutboxHeads` | UUID of the session, priority, entry | the key in `OutboxChats` |
//! | `OutboxSchedule` | time, UUID of the session, entry | the key in `Outbox` |
//! | `OutboxLookups` | UUID of the session, entry | the key in `Outbox` |
//! | `Receipts` | session, chat, message key, participant | [`StoredReceipt`](crate::messaging::stored::StoredReceipt) |

use crate::store::Tree;

pub const CHATS: Tree = Tree::new(3, "Chats");
pub const CHATS_BY_ACTIVITY: Tree = Tree::new(4, "ChatsByActivity");
pub const CONTACTS: Tree = Tree::new(7, "Contacts");
pub const MIRRORS: Tree = Tree::new(20, "Mirrors");
pub const OUTBOX: Tree = Tree::new(24, "Outbox");
pub const OUTBOX_BY_MESSAGE: Tree = Tree::new(25, "OutboxByMessage");
pub const OUTBOX_WAITING: Tree = Tree::new(26, "OutboxWaiting");
pub const IDENTITIES: Tree = Tree::new(40, "Identities");
pub const IDENTITIES_BY_PHONE: Tree = Tree::new(41, "IdentitiesByPhone");
pub const MESSAGE_COUNTS: Tree = Tree::new(53, "MessageCounts");
pub const CONVERSATIONS: Tree = Tree::new(54, "Conversations");
pub const CONVERSATIONS_BY_UUID: Tree = Tree::new(55, "ConversationsByUuid");
pub const CONVERSATIONS_BY_NUMBER: Tree = Tree::new(56, "ConversationsByNumber");
pub const TAGS: Tree = Tree::new(57, "Tags");
pub const CONVERSATIONS_BY_TAG: Tree = Tree::new(58, "ConversationsByTag");
pub const OUTBOX_BY_UUID: Tree = Tree::new(59, "OutboxByUuid");
pub const RECEIPTS: Tree = Tree::new(80, "Receipts");
pub const MESSAGE_RECORDS: Tree = Tree::new(90, "MessageRecords");
pub const MESSAGES_BY_TIME: Tree = Tree::new(91, "MessagesByTime");
pub const MESSAGES_OF_CHAT: Tree = Tree::new(92, "MessagesOfChat");
pub const MESSAGES_BY_KEY: Tree = Tree::new(93, "MessagesByKey");
pub const MESSAGE_UUIDS: Tree = Tree::new(94, "MessageUuids");
pub const OUTBOX_QUEUE: Tree = Tree::new(110, "OutboxQueue");
pub const OUTBOX_CHATS: Tree = Tree::new(111, "OutboxChats");
pub const OUTBOX_HEADS: Tree = Tree::new(112, "OutboxHeads");
pub const OUTBOX_SCHEDULE: Tree = Tree::new(113, "OutboxSchedule");
pub const OUTBOX_LOOKUPS: Tree = Tree::new(114, "OutboxLookups");
pub const TAG_NAMES: Tree = Tree::new(117, "TagNames");
