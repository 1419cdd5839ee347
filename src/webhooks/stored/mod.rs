//! Tables of the webhooks: endpoints with their cursors, deliveries, their queue and their archive.

mod deliveries;
mod delivery_archive;
mod delivery_queue;
mod endpoints;
mod records;
mod trees;

use uuid::Uuid;

pub use self::{
    deliveries::{Deliveries, Pruning},
    delivery_queue::DeliveryQueueChange,
    endpoints::Endpoints,
    records::{
        Attempt, BUSINESS, Delivery, DeliveryState, OPEN_WA, Outage, RetryPlan, SetBy, WORKSPACE,
        WebhookCursor, WebhookRecord, WebhookScope, WebhookSecret, delivery_id,
    },
};
use crate::store::{Declaration, Store};

const OWNER: &str = "webhooks";

/// The tables of this module.
pub const TABLES: &[Declaration] = &[
    Declaration::of::<WebhookRecord>(),
    Declaration::of::<WebhookCursor>(),
    Declaration::plain(trees::DELIVERIES, OWNER),
    Declaration::plain(trees::DELIVERED, OWNER),
    Declaration::plain(trees::DELIVERIES_WAITING, OWNER),
    Declaration::plain(trees::LANES, OWNER),
    Declaration::plain(trees::LANE_HEADS, OWNER),
    Declaration::plain(trees::ATTEMPTS, OWNER),
];

/// The tables of a store, or of a transaction's.
pub trait WebhookTables {
    fn webhooks(&self) -> Endpoints<'_>;

    fn deliveries(&self) -> Deliveries<'_>;

    /// A change to the queue of one endpoint. Its caller holds that endpoint's lock.
    fn change_delivery_queue(&self, webhook: Uuid) -> DeliveryQueueChange<'_>;
}

impl WebhookTables for Store {
    fn webhooks(&self) -> Endpoints<'_> {
        Endpoints::new(self.engine())
    }

    fn deliveries(&self) -> Deliveries<'_> {
        Deliveries::new(self.engine())
    }

    fn change_delivery_queue(&self, webhook: Uuid) -> DeliveryQueueChange<'_> {
        DeliveryQueueChange::new(self.engine(), webhook)
    }
}
