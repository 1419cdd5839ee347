//! What keeps the records of deliveries within bounds, and what is told about them.

use std::{sync::PoisonError, time::Duration};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    domain::{Error, Timestamp, clock::from_millis},
    events::Need,
    store::{Pruning, records::WebhookRecord},
    webhooks::Webhooks,
};

const TIDIED_EVERY: Duration = Duration::from_secs(300);
/// Endpoints that have a lag of their own among the metrics; the others share one.
const MOST_LABELS: usize = 100;

impl Webhooks {
    /// Forgets old deliveries now and then, until the token is cancelled.
    pub(in crate::webhooks) async fn keep_tidy(&self, stop: CancellationToken) {
        loop {
            match self.tidy().await {
                Ok(0) => (),
                Ok(removed) => tracing::info!(removed, "forgot old webhook deliveries"),
                Err(error) => tracing::warn!(%error, "old webhook deliveries could not be removed"),
            }
            let pause = tokio::time::sleep(TIDIED_EVERY);
            if stop.run_until_cancelled(pause).await.is_none() {
                return;
            }
        }
    }

    /// Forgets deliveries past their retention. How many.
    pub async fn tidy(&self) -> Result<usize, Error> {
        let mut removed = 0;
        for webhook in self.inner.store.webhooks().all().await? {
            removed += self.forget_old(webhook.id).await?;
        }
        Ok(removed)
    }

    /// The same of one endpoint.
    pub(in crate::webhooks) async fn forget_old(&self, webhook: Uuid) -> Result<usize, Error> {
        let settings = &self.inner.settings;
        let kept = i64::try_from(settings.keep_for.as_millis()).unwrap_or(i64::MAX);
        let now = self.inner.clock.now().as_millisecond();
        let older_than = from_millis(now.saturating_sub(kept));
        let mut pruning = Pruning::new(webhook, settings.keep_delivered, older_than);
        let mut removed = 0;
        // Deliveries go on between the steps, however long the list is.
        while !pruning.is_over() {
            let _held = self.lock(webhook).await;
            let mut work = self.inner.store.transaction();
            loop {
                let mut step = pruning.clone();
                // Putting a delivery back in the queue changes its endpoint.
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

    /// What each endpoint still has to get of the log. One that is switched off does not hold the
    /// log back: it is told later how much it missed.
    pub async fn needs(&self) -> Result<Vec<Need<WebhookRecord>>, Error> {
        let mut needs = Vec::new();
        for found in self.inner.store.webhooks().all().await? {
            if !found.enabled {
                continue;
            }
            let webhook = self.shown(found).await?;
            let reading = self.inner.store.webhooks().reading(webhook.id).await?;
            let waiting = self.inner.store.deliveries().oldest_waiting(webhook.id).await?;
            let unread = reading.unwrap_or_default().needed_from();
            let from = waiting.map_or(unread, |delivery| delivery.seq.min(unread));
            needs.push(Need { reader: webhook, from });
        }
        Ok(needs)
    }

    /// An endpoint as callers see it: what it has read counts as accepted.
    pub(in crate::webhooks) async fn shown(
        &self,
        mut webhook: WebhookRecord,
    ) -> Result<WebhookRecord, Error> {
        webhook.accepted = match self.accepted(webhook.id) {
            Some(accepted) => webhook.accepted.max(accepted),
            // Its task has not begun: what stood open will be accepted again.
            None => {
                let reading = self.inner.store.webhooks().reading(webhook.id).await?;
                webhook.accepted + reading.map_or(0, |reading| reading.open.len() as u64)
            }
        };
        Ok(webhook)
    }

    /// How many deliveries of an endpoint wait.
    pub fn waiting(webhook: &WebhookRecord) -> u64 {
        let ended = webhook.delivered.saturating_add(webhook.failed);
        webhook.accepted.saturating_add(webhook.redelivered).saturating_sub(ended)
    }

    /// Tells how long the oldest waiting delivery of an endpoint has waited.
    /// `fresh` is when the oldest was read of those that are not in the line.
    pub(in crate::webhooks) async fn tell_lag(
        &self,
        webhook: &WebhookRecord,
        fresh: Option<Timestamp>,
    ) -> Result<(), Error> {
        let oldest = self.inner.store.deliveries().oldest_waiting(webhook.id).await?;
        let oldest = oldest.map(|delivery| delivery.created_at).into_iter().chain(fresh).min();
        let now = self.inner.clock.now().as_second();
        let lag = oldest.map_or(0, |oldest| now.saturating_sub(oldest.as_second()));
        let lag = u32::try_from(lag).unwrap_or(0);
        metrics::gauge!("wagate_webhook_lag_seconds", "webhook" => self.label(webhook.id))
            .set(f64::from(lag));
        Ok(())
    }

    /// The endpoint's id, or a common word once there are too many: each label is kept for ever.
    fn label(&self, webhook: Uuid) -> String {
        let mut known = self.inner.labels.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(&webhook) || (known.len() < MOST_LABELS && known.insert(webhook)) {
            webhook.to_string()
        } else {
            "others".to_owned()
        }
    }
}
