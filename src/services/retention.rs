//! Keeps the event log within its bounds, and says for whom it is kept beyond them.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    config,
    domain::Error,
    events::{EventLog, Retention},
    jobs::{Handler, Job, Then},
    services::idempotency::FirstAnswers,
    store::Store,
    webhooks::Webhooks,
};

const DAY_SECONDS: u64 = 86_400;
/// Between two rounds.
const PRUNE_INTERVAL: Duration = Duration::from_secs(60);
const MEBIBYTE: u64 = 1024 * 1024;

/// Clones are the same service.
#[derive(Clone)]
pub struct EventRetention {
    log: EventLog,
    webhooks: Webhooks,
    retention: Retention,
    held: Arc<watch::Sender<Vec<Holding>>>,
}

/// One round after the other. One that fails is left to the next.
#[async_trait]
impl Handler for EventRetention {
    async fn run(&self, _: &Job, _: &Store) -> Result<Then, Error> {
        match self.prune().await {
            Ok(0) => (),
            Ok(dropped) => tracing::info!(dropped, "dropped events past their retention"),
            Err(error) => tracing::warn!(%error, "old events could not be dropped"),
        }
        Ok(Then::After(PRUNE_INTERVAL))
    }
}

#[async_trait]
impl Handler for FirstAnswers {
    async fn run(&self, _: &Job, _: &Store) -> Result<Then, Error> {
        match self.prune().await {
            Ok(0) => (),
            Ok(dropped) => tracing::info!(dropped, "forgot answers to old Idempotency-Keys"),
            Err(error) => tracing::warn!(%error, "old Idempotency-Keys could not be forgotten"),
        }
        Ok(Then::After(PRUNE_INTERVAL))
    }
}

/// An endpoint for whose sake the log is larger than it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    pub webhook: Uuid,
    /// Deliveries of it that wait.
    pub waiting: u64,
}

impl EventRetention {
    pub fn new(log: EventLog, webhooks: Webhooks, settings: &config::Events) -> Self {
        let age = match settings.retention_days {
            0 => None,
            days => Some(Duration::from_secs(u64::from(days) * DAY_SECONDS)),
        };
        let bytes = (settings.max_mib != 0).then(|| settings.max_mib.saturating_mul(MEBIBYTE));
        let retention = Retention { age, bytes };
        Self { log, webhooks, retention, held: Arc::new(watch::Sender::new(Vec::new())) }
    }

    /// Drops what is past its time or too much, never what an endpoint still has to get. How many
    /// events.
    pub async fn prune(&self) -> Result<usize, Error> {
        let needs = self.webhooks.needs().await?;
        let pruned = self.log.prune(self.retention, &needs).await?;
        let held = pruned
            .held_by
            .iter()
            .map(|record| Holding { webhook: record.id, waiting: Webhooks::waiting(record) });
        self.measure();
        self.tell(held.collect());
        Ok(pruned.dropped)
    }

    /// In words, whom the log is larger for than it should be, as of the last round.
    pub fn warnings(&self) -> Vec<String> {
        self.held.borrow().iter().map(|holding| self.in_words(holding)).collect()
    }

    fn in_words(&self, Holding { webhook, waiting }: &Holding) -> String {
        let (size, most) = self.size();
        format!(
            "the event log takes {size} MiB of {most}: {waiting} deliveries of webhook {webhook} \
             wait, whose events are kept"
        )
    }

    /// What the log takes and may take, in MiB; the latter 0 for no limit.
    fn size(&self) -> (u64, u64) {
        (self.log.bytes() / MEBIBYTE, self.retention.bytes.unwrap_or(0) / MEBIBYTE)
    }

    /// Writes the size of the log and of its surplus to the metrics.
    pub fn measure(&self) {
        let bytes = self.log.bytes();
        let most = self.retention.bytes.unwrap_or(u64::MAX);
        #[expect(clippy::cast_precision_loss, reason = "a size needs no more than 52 bits")]
        let as_float = |bytes: u64| bytes as f64;
        metrics::gauge!("wagate_event_log_bytes").set(as_float(bytes));
        metrics::gauge!("wagate_event_log_surplus_bytes").set(as_float(bytes.saturating_sub(most)));
    }

    /// One line for each endpoint when it begins to hold the log, and when it does no more.
    fn tell(&self, held: Vec<Holding>) {
        let before = self.held.send_replace(held.clone());
        let is_in =
            |list: &[Holding], one: &Holding| list.iter().any(|other| other.webhook == one.webhook);
        for one in held.iter().filter(|one| !is_in(&before, one)) {
            tracing::warn!(webhook = %one.webhook, waiting = one.waiting, "{}", self.in_words(one));
        }
        for one in before.iter().filter(|one| !is_in(&held, one)) {
            let webhook = one.webhook;
            tracing::info!(%webhook, "webhook {webhook} holds the event log back no longer");
        }
    }
}
