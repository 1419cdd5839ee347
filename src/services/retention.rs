//! Retention of the event log: prunes it periodically, and reports readers that hold it above its limits.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    config,
    domain::Error,
    events::{Consumers, EventLog, Need, Retention, Work},
    jobs::{Handler, Job, Then},
    services::idempotency::IdempotencyStore,
    webhooks,
};

const DAY_SECONDS: u64 = 86_400;
/// The pause between two rounds.
const EVERY: Duration = Duration::from_secs(60);
const MEBIBYTE: u64 = 1024 * 1024;
/// How long a round waits for idle consumers when the log exceeds its size.
const CATCH_UP: Duration = Duration::from_secs(5);

/// Clones are the same service.
#[derive(Clone)]
pub struct EventRetention {
    log: EventLog,
    webhooks: webhooks::Registry,
    consumers: Consumers,
    retention: Retention,
    held: Arc<watch::Sender<Vec<Holding>>>,
}

/// A round that fails is repeated by the next.
#[async_trait]
impl Handler for EventRetention {
    async fn run(&self, _: &Job, _: &mut Work<'_>) -> Result<Then, Error> {
        match self.prune().await {
            Ok(0) => (),
            Ok(dropped) => tracing::info!(dropped, "dropped events past their retention"),
            Err(error) => tracing::warn!(%error, "old events could not be dropped"),
        }
        Ok(Then::After(EVERY))
    }
}

#[async_trait]
impl Handler for IdempotencyStore {
    async fn run(&self, _: &Job, _: &mut Work<'_>) -> Result<Then, Error> {
        match self.prune().await {
            Ok(0) => (),
            Ok(dropped) => tracing::info!(dropped, "removed answers to old Idempotency-Keys"),
            Err(error) => tracing::warn!(%error, "old Idempotency-Keys could not be removed"),
        }
        Ok(Then::After(EVERY))
    }
}

impl IdempotencyStore {
    /// The pause between two rounds of retention.
    pub const EVERY: Duration = EVERY;
}

/// A reader that holds the log above its size limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// A webhook endpoint, with the number of its waiting deliveries.
    Webhook(Uuid, u64),
    /// A consumer of the log.
    Consumer(&'static str),
}

impl Holding {
    /// Whether it is the same reader, whatever its backlog.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Webhook(one, _), Self::Webhook(other, _)) => one == other,
            (one, other) => one == other,
        }
    }
}

impl EventRetention {
    /// The pause between two rounds.
    pub const EVERY: Duration = EVERY;

    pub fn new(
        log: EventLog,
        webhooks: webhooks::Registry,
        consumers: Consumers,
        settings: &config::Events,
    ) -> Self {
        let age = match settings.retention_days {
            0 => None,
            days => Some(Duration::from_secs(u64::from(days) * DAY_SECONDS)),
        };
        let bytes = (settings.max_mib != 0).then(|| settings.max_mib.saturating_mul(MEBIBYTE));
        let retention = Retention { age, bytes };
        let held = Arc::new(watch::Sender::new(Vec::new()));
        Self { log, webhooks, consumers, retention, held }
    }

    /// Drops events past the limits that no endpoint and no consumer needs. Returns how many.
    pub async fn prune(&self) -> Result<usize, Error> {
        if self.retention.bytes.is_some_and(|most| most < self.log.bytes()) {
            self.consumers.catch_up(CATCH_UP).await;
        }
        let of_webhooks = self.webhooks.needs().await?.into_iter().map(|Need { reader, from }| {
            Need { reader: Holding::Webhook(reader.id, reader.waiting()), from }
        });
        let of_consumers = self
            .consumers
            .needs()
            .into_iter()
            .map(|Need { reader, from }| Need { reader: Holding::Consumer(reader), from });
        let needs: Vec<Need<Holding>> = of_webhooks.chain(of_consumers).collect();
        let pruned = self.log.prune(self.retention, &needs).await?;
        self.measure();
        self.tell(pruned.held_by);
        Ok(pruned.dropped)
    }

    /// A warning for each reader that holds the log above its size, as of the last round.
    pub fn warnings(&self) -> Vec<String> {
        self.held.borrow().iter().map(|holding| self.in_words(holding)).collect()
    }

    fn in_words(&self, holding: &Holding) -> String {
        let (size, most) = self.size();
        let whom = match holding {
            Holding::Webhook(webhook, waiting) => {
                format!("{waiting} deliveries of webhook {webhook} wait, whose events are kept")
            }
            Holding::Consumer(name) => {
                format!("the consumer {name} is behind, for which events are kept")
            }
        };
        format!("the event log takes {size} MiB of {most}: {whom}")
    }

    /// The size of the log and its limit in MiB; 0 for no limit.
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

    /// Logs each reader once when it begins to hold the log, and once when it stops.
    fn tell(&self, held: Vec<Holding>) {
        let before = self.held.send_replace(held.clone());
        let is_in = |list: &[Holding], one: &Holding| list.iter().any(|other| other.is(one));
        for one in held.iter().filter(|one| !is_in(&before, one)) {
            tracing::warn!(reader = ?one, "{}", self.in_words(one));
        }
        for one in before.iter().filter(|one| !is_in(&held, one)) {
            let whom = match one {
                Holding::Webhook(webhook, _) => format!("webhook {webhook}"),
                Holding::Consumer(name) => format!("the consumer {name}"),
            };
            tracing::info!(reader = ?one, "{whom} holds the event log back no longer");
        }
    }
}
