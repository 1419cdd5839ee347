//! Delivery queue of an endpoint: FIFO per lane, in the store. Changes of the queue as a whole, and its repair at
//! start.
//!
//! [`crate::webhooks::stored::DeliveryQueueChange`] keeps the indexes in step; this module decides what changes.

use uuid::Uuid;

use crate::{
    domain::{Clock, Error, Timestamp},
    store::{Batch, Store, StoreError},
    webhooks::{
        endpoint_locks::EndpointLocks,
        stored::{Delivery, DeliveryState, WebhookRecord, WebhookTables},
    },
};

const READ_AT_ONCE: usize = 200;
/// Lane heads that are examined for timestamps in the future.
const MOST_REPAIRED: usize = 10_000;

/// Clones are the same queues.
#[derive(Clone)]
pub struct DeliveryQueue {
    store: Store,
    clock: Clock,
    locks: EndpointLocks,
}

impl DeliveryQueue {
    pub fn new(store: Store, clock: Clock, locks: EndpointLocks) -> Self {
        Self { store, clock, locks }
    }

    /// Makes the heads of all lanes due. The caller holds the endpoint's lock.
    pub async fn make_due_now(&self, id: Uuid) -> Result<(), Error> {
        let now = self.clock.steady();
        loop {
            let stored = self.store.deliveries();
            let mut heads = stored.heads_due_last(id, READ_AT_ONCE).await?;
            heads.retain(|delivery| delivery.next_attempt_at.is_some_and(|due| now < due));
            if heads.is_empty() {
                return Ok(());
            }
            heads.iter_mut().for_each(|delivery| delivery.next_attempt_at = Some(now));
            self.rewrite(id, |_| (), heads).await?;
        }
    }

    /// Builds the lanes of an endpoint from its waiting deliveries. Stores of former versions have no lanes.
    pub async fn rebuild_lanes(&self, id: Uuid) -> Result<(), Error> {
        let _held = self.locks.lock(id).await;
        let stored = self.store.deliveries();
        let has_lanes = !stored.heads(id, 1).await?.is_empty();
        if has_lanes || stored.oldest_waiting(id).await?.is_none() {
            return Ok(());
        }
        let mut after = None;
        loop {
            let page = stored.after(id, after, READ_AT_ONCE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id);
            let waiting: Vec<Delivery> =
                page.into_iter().filter(|one| one.state == DeliveryState::Waiting).collect();
            self.rewrite(id, |_| (), waiting).await?;
        }
    }

    /// Makes deliveries due that were tried or accepted in the future.
    ///
    /// Steady time restarts at the wall clock with each process. Where the clock was set back meanwhile, stored
    /// times lie in the future, and retries would wait for the whole difference.
    pub async fn repair_future_timestamps(&self, id: Uuid) -> Result<(), Error> {
        let _held = self.locks.lock(id).await;
        let (store, now) = (&self.store, self.clock.now());
        let Some(webhook) = store.webhooks().get(id).await? else { return Ok(()) };
        if webhook.last_delivery_at.is_some_and(|last| now < last) {
            let reset =
                |webhook: &mut WebhookRecord| (webhook.paused_until, webhook.outage) = (None, None);
            self.rewrite(id, reset, Vec::new()).await?;
        }
        let mut tried = Vec::new();
        for delivery in store.deliveries().heads_due_last(id, MOST_REPAIRED).await? {
            let last = store.deliveries().attempts(&delivery).await?.pop();
            if last.is_some_and(|attempt| now < attempt.at) {
                tried.push(due(delivery, now));
            }
        }
        if !tried.is_empty() {
            self.rewrite(id, |_| (), tried).await?;
        }
        let mut before = None;
        loop {
            let page = store.deliveries().page(id, None, before, READ_AT_ONCE).await?;
            before = page.last().map(|delivery| delivery.id);
            let is_future = |delivery: &Delivery| now < delivery.created_at;
            let has_more = page.last().is_some_and(is_future);
            let untried = |delivery: &Delivery| {
                delivery.state == DeliveryState::Waiting && delivery.attempts == 0
            };
            let future: Vec<Delivery> = page
                .into_iter()
                .filter(is_future)
                .filter(untried)
                .map(|one| due(one, now))
                .collect();
            if !future.is_empty() {
                self.rewrite(id, |_| (), future).await?;
            }
            if !has_more {
                return Ok(());
            }
        }
    }

    /// Changes an endpoint and its deliveries in one commit. The caller holds the endpoint's lock, since it has
    /// read the deliveries before.
    async fn rewrite(
        &self,
        id: Uuid,
        change: impl Fn(&mut WebhookRecord),
        deliveries: Vec<Delivery>,
    ) -> Result<(), Error> {
        let mut work = self.store.transaction();
        loop {
            let Some(mut webhook) = work.store().webhooks().get(id).await? else { return Ok(()) };
            change(&mut webhook);
            write(work.store(), &webhook, deliveries.clone()).await?;
            if work.commit().await? {
                return Ok(());
            }
        }
    }
}

/// Writes an endpoint and its deliveries, in the transaction of the caller.
pub async fn write(
    store: &Store,
    webhook: &WebhookRecord,
    changed: Vec<Delivery>,
) -> Result<(), StoreError> {
    let (mut batch, mut queue) = (Batch::new(), store.change_delivery_queue(webhook.id));
    for mut delivery in changed {
        // A waiting delivery gets further attempts, so its last one becomes a record of its own.
        if delivery.state == DeliveryState::Waiting
            && let Some(attempt) = delivery.last_attempt.take()
        {
            store.deliveries().add_attempt_in(&mut batch, &attempt)?;
        }
        queue.put(delivery);
    }
    queue.write_in(&mut batch).await?;
    store.webhooks().put_in(&mut batch, webhook)?;
    store.commit(batch).await
}

fn due(mut delivery: Delivery, now: Timestamp) -> Delivery {
    delivery.next_attempt_at = Some(now);
    delivery
}
