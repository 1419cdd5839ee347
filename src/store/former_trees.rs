//! Trees of former layouts, as migrations know them: by the numbers and names of their day. The first are of no use any
//! more, and their numbers are not given again. The others belong to modules above the store by now.

use crate::store::{record::Declaration, trees::Tree};

pub const MESSAGES: Tree = Tree::new(5, "Messages");
pub const MESSAGE_PLACES: Tree = Tree::new(6, "MessagePlaces");
pub const EVENTS_BY_SESSION: Tree = Tree::new(9, "EventsBySession");
pub const EVENT_IDENTITIES: Tree = Tree::new(10, "EventIdentities");
pub const MESSAGES_IN_CHAT: Tree = Tree::new(50, "MessagesInChat");
pub const MESSAGES_BY_NUMBER: Tree = Tree::new(51, "MessagesByNumber");
pub const MESSAGES_BY_UUID: Tree = Tree::new(52, "MessagesByUuid");

pub const API_KEYS: Tree = Tree::new(11, "ApiKeys");
pub const API_KEYS_BY_HASH: Tree = Tree::new(12, "ApiKeysByHash");
pub const WEBHOOKS: Tree = Tree::new(13, "Webhooks");
pub const WEBHOOK_CURSORS: Tree = Tree::new(14, "WebhookCursors");
pub const DELIVERIES: Tree = Tree::new(15, "Deliveries");
pub const DELIVERIES_WAITING: Tree = Tree::new(16, "DeliveriesWaiting");
pub const ATTEMPTS: Tree = Tree::new(17, "Attempts");
pub const IDEMPOTENCY: Tree = Tree::new(18, "Idempotency");
pub const LANES: Tree = Tree::new(30, "Lanes");
pub const LANE_HEADS: Tree = Tree::new(31, "LaneHeads");
pub const DELIVERED: Tree = Tree::new(61, "Delivered");

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
