//! Trees of the webhooks.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `Webhooks` | id | [`WebhookRecord`](crate::webhooks::WebhookRecord) |
//! | `WebhookCursors` | webhook | how far the endpoint has read the log |
//! | `Deliveries` | webhook, delivery | [`Delivery`](crate::webhooks::Delivery) |
//! | `Delivered` | webhook, number of an event / 16 | those of them delivered at the first try |
//! | `DeliveriesWaiting` | webhook, event number, delivery | the key in `Deliveries` |
//! | `Lanes` | webhook, lane, event number, delivery | delivery |
//! | `LaneHeads` | webhook, time of the next attempt, lane | delivery |
//! | `Attempts` | delivery, number | [`Attempt`](crate::webhooks::Attempt) |
//!
//! Sealed are secrets, addresses and headers of endpoints, and what receivers answered, which may repeat a header.

use crate::store::Tree;

pub const WEBHOOKS: Tree = Tree::sealed(13, "Webhooks");
pub const WEBHOOK_CURSORS: Tree = Tree::new(14, "WebhookCursors");
pub const DELIVERIES: Tree = Tree::sealed(15, "Deliveries");
pub const DELIVERIES_WAITING: Tree = Tree::new(16, "DeliveriesWaiting");
pub const ATTEMPTS: Tree = Tree::sealed(17, "Attempts");
pub const LANES: Tree = Tree::new(30, "Lanes");
pub const LANE_HEADS: Tree = Tree::new(31, "LaneHeads");
pub const DELIVERED: Tree = Tree::sealed(61, "Delivered");
