//! Archive of deliveries: listing, retry by hand, recovery of dead letters, retention.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    bots::Bot,
    domain::{Clock, Error, ErrorCode, Subject, Timestamp, clock::from_millis},
    events::{EventLog, Work},
    jobs::{Handler, Job, Then},
    store::{Batch, Store},
    webhooks::{
        endpoint_locks::EndpointLocks,
        endpoint_records::find,
        queue::write,
        settings::WebhookSettings,
        signals::EndpointChanges,
        stored::{
            Attempt, Delivery, DeliveryState, Pruning, WebhookRecord, WebhookScope, WebhookTables,
        },
    },
};

/// Deliveries put back in the queue in one commit.
const RECOVERED_AT_ONCE: usize = 200;
/// Prefix of the lane of a redelivery. An old event and the new ones of its chat do not wait for each other; old
/// ones keep their order.
const AGAIN: &str = "|again|";

/// Clones are the same archive.
#[derive(Clone)]
pub struct DeliveryArchive {
    pub(in crate::webhooks) store: Store,
    pub(in crate::webhooks) log: EventLog,
    pub(in crate::webhooks) clock: Clock,
    pub(in crate::webhooks) settings: Arc<WebhookSettings>,
    pub(in crate::webhooks) locks: EndpointLocks,
    pub(in crate::webhooks) changes: EndpointChanges,
}

impl DeliveryArchive {
    /// The pause between two rounds of retention.
    pub const EVERY: Duration = Duration::from_secs(300);

    /// Newest first, each with its attempts.
    pub async fn list(
        &self,
        scope: &WebhookScope,
        id: Uuid,
        state: Option<DeliveryState>,
        before: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<(Delivery, Vec<Attempt>)>, Error> {
        find(&self.store, scope, id).await?;
        let stored = self.store.deliveries();
        let mut page = Vec::new();
        for delivery in stored.page(id, state, before, limit).await? {
            let attempts = stored.attempts(&delivery).await?;
            page.push((delivery, attempts));
        }
        Ok(page)
    }

    /// Puts one delivery back in the queue, whatever its state. A waiting one becomes due at once, and is sent
    /// after those before it in its lane.
    pub async fn redeliver(
        &self,
        scope: &WebhookScope,
        id: Uuid,
        delivery: Uuid,
    ) -> Result<Delivery, Error> {
        let _held = self.locks.lock(id).await;
        let unknown =
            || Error::not_found(Subject::Webhook, format!("there is no delivery '{delivery}'"));
        let mut work = self.store.transaction();
        let (delivery, is_put_back) = loop {
            let store = work.store();
            let mut webhook = find(store, scope, id).await?;
            let found = store.deliveries().get(id, delivery).await?;
            let mut found = found.ok_or_else(unknown)?;
            if found.seq < self.log.oldest() {
                let message =
                    "the event of this delivery is past its retention and cannot be sent again";
                return Err(Error::new(ErrorCode::Conflict, message).about(Subject::Webhook));
            }
            let now = self.clock.steady();
            webhook.probe_now(now);
            let is_put_back = found.state != DeliveryState::Waiting;
            if is_put_back {
                let mut batch = Batch::new();
                store.deliveries().take_delivered_in(&mut batch, &found).await?;
                store.commit(batch).await?;
                put_back(&mut webhook, &mut found, now);
            } else {
                found.next_attempt_at = Some(now);
            }
            write(store, &webhook, vec![found.clone()]).await?;
            if work.commit().await? {
                break (found, is_put_back);
            }
        };
        count_put_back(usize::from(is_put_back));
        self.store.durable().await?;
        self.changes.notify();
        Ok(delivery)
    }

    /// Puts dead letters since this time back in the queue, spaced by `recovered_per_second`, where the log still
    /// has their events. Returns how many. A second call finds only those that died meanwhile.
    pub async fn recover(
        &self,
        scope: &WebhookScope,
        id: Uuid,
        since: Timestamp,
    ) -> Result<usize, Error> {
        find(&self.store, scope, id).await?;
        let step = Duration::from_secs(1) / self.settings.recovered_per_second.max(1);
        let mut next = self.clock.steady();
        let (mut recovered, mut after) = (0, None);
        loop {
            let _held = self.locks.lock(id).await;
            let mut work = self.store.transaction();
            let (last, put_back) = loop {
                let store = work.store();
                let mut webhook = find(store, scope, id).await?;
                let page = store.deliveries().after(id, after, RECOVERED_AT_ONCE).await?;
                let last = page.last().map(|last| last.id);
                let oldest = self.log.oldest();
                let mut dead: Vec<Delivery> = page
                    .into_iter()
                    .filter(|delivery| delivery.state == DeliveryState::Dead)
                    .filter(|delivery| since <= delivery.created_at && oldest <= delivery.seq)
                    .collect();
                for (place, delivery) in (0..).zip(&mut dead) {
                    put_back(&mut webhook, delivery, next + step * place);
                }
                let count = dead.len();
                if count != 0 {
                    webhook.probe_now(self.clock.steady());
                    write(store, &webhook, dead).await?;
                }
                if work.commit().await? {
                    break (last, count);
                }
            };
            if last.is_none() {
                break;
            }
            count_put_back(put_back);
            next += step * u32::try_from(put_back).unwrap_or(u32::MAX);
            (after, recovered) = (last, recovered + put_back);
        }
        self.store.durable().await?;
        self.changes.notify();
        Ok(recovered)
    }

    /// Removes deliveries past their retention, and endpoints whose bot was deleted by a gateway that ended before it
    /// removed them. Returns how many deliveries.
    pub async fn prune(&self) -> Result<usize, Error> {
        let mut removed = 0;
        for webhook in self.store.webhooks().all().await? {
            if let Some(bot) = webhook.bot
                && self.store.get(&Bot::at(bot)).await?.is_none()
            {
                let _held = self.locks.lock(webhook.id).await;
                self.store.webhooks().remove(webhook.id).await?;
                self.changes.notify();
                continue;
            }
            removed += self.prune_endpoint(webhook.id).await?;
        }
        Ok(removed)
    }

    /// The same for one endpoint.
    pub(in crate::webhooks) async fn prune_endpoint(&self, webhook: Uuid) -> Result<usize, Error> {
        let kept = i64::try_from(self.settings.keep_for.as_millis()).unwrap_or(i64::MAX);
        let now = self.clock.now().as_millisecond();
        let older_than = from_millis(now.saturating_sub(kept));
        let mut pruning = Pruning::new(webhook, self.settings.keep_delivered, older_than);
        let mut removed = 0;
        // The lock is given back between the steps, so that deliveries go on however long the list is.
        while !pruning.is_over() {
            let _held = self.locks.lock(webhook).await;
            let mut work = self.store.transaction();
            loop {
                let mut step = pruning.clone();
                // Read as an expectation: putting a delivery back in the queue changes its endpoint.
                work.store().webhooks().get(webhook).await?;
                let gone = step.step(&work.store().deliveries()).await?;
                if work.commit().await? {
                    (pruning, removed) = (step, removed + gone);
                    break;
                }
            }
        }
        Ok(removed)
    }
}

/// Rounds of retention. A round reads every delivery of every endpoint. It begins when its next time is on the disk,
/// so that a gateway that dies again and again does not begin it at each start.
#[async_trait]
impl Handler for DeliveryArchive {
    async fn run(&self, _: &Job, _: &mut Work<'_>) -> Result<Then, Error> {
        Ok(Then::After(Self::EVERY))
    }

    async fn committed(&self, _: &Job) {
        match self.prune().await {
            Ok(0) => (),
            Ok(removed) => tracing::info!(removed, "removed {removed} old webhook deliveries"),
            Err(error) => tracing::warn!(%error, "old webhook deliveries could not be removed"),
        }
    }
}

/// Makes a finished delivery wait again, with a whole retry schedule.
fn put_back(webhook: &mut WebhookRecord, delivery: &mut Delivery, at: Timestamp) {
    delivery.state = DeliveryState::Waiting;
    delivery.next_attempt_at = Some(at);
    delivery.finished_at = None;
    delivery.earlier_attempts = delivery.attempts;
    if !delivery.lane.starts_with(AGAIN) {
        delivery.lane.insert_str(0, AGAIN);
    }
    webhook.redelivered += 1;
}

fn count_put_back(count: usize) {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    metrics::counter!("wagate_webhook_deliveries_total", "state" => "redelivered").increment(count);
}
