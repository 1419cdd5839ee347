//! Lag metric of endpoints: how long the oldest waiting delivery of each has waited.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use uuid::Uuid;

use crate::{
    domain::{Clock, Error, Timestamp},
    store::Store,
    webhooks::stored::WebhookTables,
};

/// Endpoints with a label of their own; the others share one. A label lasts until the process ends.
const MOST_LABELS: usize = 100;

pub struct LagGauge {
    store: Store,
    clock: Clock,
    labels: Mutex<HashSet<Uuid>>,
}

impl LagGauge {
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock, labels: Mutex::default() }
    }

    /// Writes the lag of an endpoint. `in_flight` is when the oldest event that is not in the queue was read.
    pub async fn measure(&self, webhook: Uuid, in_flight: Option<Timestamp>) -> Result<(), Error> {
        let oldest = self.store.deliveries().oldest_waiting(webhook).await?;
        let oldest = oldest.map(|delivery| delivery.created_at).into_iter().chain(in_flight).min();
        let now = self.clock.now().as_second();
        let lag = oldest.map_or(0, |oldest| now.saturating_sub(oldest.as_second()));
        let lag = u32::try_from(lag).unwrap_or(0);
        metrics::gauge!("wagate_webhook_lag_seconds", "webhook" => self.label(webhook))
            .set(f64::from(lag));
        Ok(())
    }

    fn label(&self, webhook: Uuid) -> String {
        let mut known = self.labels.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(&webhook) || (known.len() < MOST_LABELS && known.insert(webhook)) {
            webhook.to_string()
        } else {
            "others".to_owned()
        }
    }
}
