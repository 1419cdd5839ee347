//! Trees of former layouts, as migrations know them: by the numbers and names of their day. The first are of no use any
//! more, and their numbers are not given again. The others belong to modules above the store.

use crate::store::{record::Declaration, trees::Tree};

pub const MESSAGES: Tree = Tree::new(5, "Messages");
pub const MESSAGE_PLACES: Tree = Tree::new(6, "MessagePlaces");
pub const EVENTS_BY_SESSION: Tree = Tree::new(9, "EventsBySession");
pub const EVENT_IDENTITIES: Tree = Tree::new(10, "EventIdentities");
pub const MESSAGES_IN_CHAT: Tree = Tree::new(50, "MessagesInChat");
pub const MESSAGES_BY_NUMBER: Tree = Tree::new(51, "MessagesByNumber");
pub const MESSAGES_BY_UUID: Tree = Tree::new(52, "MessagesByUuid");
/// Notes of messages that were to be indexed for the search.
pub const UNINDEXED: Tree = Tree::new(60, "Unindexed");

pub const SESSIONS: Tree = Tree::new(2, "Sessions");
pub const CHATS: Tree = Tree::new(3, "Chats");
pub const CONTACTS: Tree = Tree::new(7, "Contacts");
pub const EVENTS: Tree = Tree::new(8, "Events");
pub const API_KEYS: Tree = Tree::new(11, "ApiKeys");
pub const API_KEYS_BY_HASH: Tree = Tree::new(12, "ApiKeysByHash");
pub const WEBHOOKS: Tree = Tree::new(13, "Webhooks");
pub const WEBHOOK_CURSORS: Tree = Tree::new(14, "WebhookCursors");
pub const DELIVERIES: Tree = Tree::new(15, "Deliveries");
pub const DELIVERIES_WAITING: Tree = Tree::new(16, "DeliveriesWaiting");
pub const ATTEMPTS: Tree = Tree::new(17, "Attempts");
pub const IDEMPOTENCY: Tree = Tree::new(18, "Idempotency");
pub const MIRRORS: Tree = Tree::new(20, "Mirrors");
pub const OUTBOX: Tree = Tree::new(24, "Outbox");
pub const OUTBOX_BY_MESSAGE: Tree = Tree::new(25, "OutboxByMessage");
pub const LANES: Tree = Tree::new(30, "Lanes");
pub const LANE_HEADS: Tree = Tree::new(31, "LaneHeads");
pub const IDENTITIES: Tree = Tree::new(40, "Identities");
pub const MESSAGE_COUNTS: Tree = Tree::new(53, "MessageCounts");
pub const CONVERSATIONS: Tree = Tree::new(54, "Conversations");
pub const TAGS: Tree = Tree::new(57, "Tags");
pub const DELIVERED: Tree = Tree::new(61, "Delivered");
pub const EVENTS_OF_SESSION: Tree = Tree::new(70, "EventsOfSession");
pub const IDENTITIES_OF_EVENTS: Tree = Tree::new(71, "IdentitiesOfEvents");
pub const RECEIPTS: Tree = Tree::new(80, "Receipts");
pub const MESSAGE_RECORDS: Tree = Tree::new(90, "MessageRecords");
pub const MESSAGES_BY_TIME: Tree = Tree::new(91, "MessagesByTime");
pub const MESSAGES_OF_CHAT: Tree = Tree::new(92, "MessagesOfChat");
pub const MESSAGES_BY_KEY: Tree = Tree::new(93, "MessagesByKey");
pub const MESSAGE_UUIDS: Tree = Tree::new(94, "MessageUuids");

const OWNER: &str = "store/migrations";

/// What a store of the present layout has no records in.
pub const TABLES: &[Declaration] = &[
    Declaration::plain(MESSAGES, OWNER),
    Declaration::plain(MESSAGE_PLACES, OWNER),
    Declaration::plain(EVENTS_BY_SESSION, OWNER),
    Declaration::plain(EVENT_IDENTITIES, OWNER),
    Declaration::plain(MESSAGES_IN_CHAT, OWNER),
    Declaration::plain(MESSAGES_BY_NUMBER, OWNER),
    Declaration::plain(MESSAGES_BY_UUID, OWNER),
];
