//! Result writer: commits the results of attempts in groups, with one flush for each group.

use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    breakpoint::Breakpoint,
    domain::{ChannelId, Clock, Error},
    events::{EventLog, GatewayEvent, NewEvent, Work},
    store::{Batch, Store},
    webhooks::{
        attempt::PostOutcome,
        concurrency::ReceiverHealth,
        endpoint_locks::EndpointLocks,
        settings::WebhookSettings,
        signals::EndpointChanges,
        stored::{Delivery, DeliveryState, WebhookCursor, WebhookRecord, WebhookTables},
        verdict::{Verdict, unsendable},
    },
};

/// How long a small group that holds up nothing waits for a flush by others, and from what size a group is not small.
const FLUSH_DELAY: Duration = Duration::from_millis(150);
const LARGE_GROUP: usize = 48;

/// An attempt that has ended and is not committed yet.
pub struct FinishedAttempt {
    pub delivery: Delivery,
    /// It came from the log and has no queue entry.
    pub is_new: bool,
    pub result: AttemptResult,
}

pub enum AttemptResult {
    Posted(PostOutcome),
    /// Nothing was sent: the event is too large or no longer in the log.
    Unsendable(String),
}

/// Results that are committed together.
pub struct ResultGroup {
    pub finished: Vec<FinishedAttempt>,
    /// Events that go to the queue untried.
    pub to_queue: Vec<Delivery>,
    /// Events that the log dropped before they were read.
    pub missed: u64,
    /// The cursor behind them.
    pub cursor: WebhookCursor,
    /// Notified when the results behind this group can wait no longer: the group then shares no flush by others.
    pub hurry: Arc<Notify>,
}

impl FinishedAttempt {
    /// What the attempt says about the receiver; none when nothing was sent.
    pub fn health(&self) -> Option<ReceiverHealth> {
        match &self.result {
            AttemptResult::Posted(outcome) => Some(ReceiverHealth::of(outcome.attempt.status)),
            AttemptResult::Unsendable(_) => None,
        }
    }

    /// Whether the lane may continue before this result is committed. True for a delivery at the first attempt: it
    /// has no queue entry to delete, and results are committed in order.
    pub fn frees_lane_early(&self) -> bool {
        self.is_new && self.health() == Some(ReceiverHealth::Healthy)
    }
}

pub struct ResultWriter {
    pub store: Store,
    pub log: EventLog,
    pub clock: Clock,
    pub settings: Arc<WebhookSettings>,
    pub locks: EndpointLocks,
    pub changes: EndpointChanges,
}

impl ResultWriter {
    /// Commits the results of attempts at one endpoint, with what they mean for the endpoint. Durable when it
    /// returns. An endpoint that is disabled by them is an event of the log in the same commit. Returns the lanes
    /// in which a delivery waits for another attempt.
    pub async fn commit(&self, id: Uuid, group: ResultGroup) -> Result<Vec<String>, Error> {
        let held = self.locks.lock(id).await;
        let mut work = self.log.work();
        let written = loop {
            let Some(written) = self.write_in(&mut work, id, &group).await? else {
                return Ok(Vec::new());
            };
            if let Some(events) = work.commit().await? {
                if let Some(last) = events.last() {
                    tracing::warn!(webhook = %id, "webhook {id} is disabled, since its receiver fails or is gone");
                    self.log.publish(last.seq).await?;
                    self.changes.notify();
                }
                break written;
            }
        };
        written.count(count_new(&group));
        drop(held);
        if !group.finished.is_empty() {
            self.flush(&group).await?;
            Breakpoint::DeliveryRecorded.pass();
        }
        Ok(written.waiting)
    }

    /// Makes a group durable: at once when something waits for it, else with the next flush by others.
    async fn flush(&self, group: &ResultGroup) -> Result<(), Error> {
        let delay = if is_urgent(&group.finished) { Duration::ZERO } else { FLUSH_DELAY };
        tokio::select! {
            flushed = self.store.durable_within(delay) => flushed?,
            () = group.hurry.notified() => self.store.durable().await?,
        }
        Ok(())
    }

    /// None when the endpoint is gone.
    async fn write_in(
        &self,
        work: &mut Work<'_>,
        id: Uuid,
        group: &ResultGroup,
    ) -> Result<Option<Written>, Error> {
        let store = work.store();
        let Some(mut webhook) = store.webhooks().get(id).await? else { return Ok(None) };
        let was_enabled = webhook.enabled;
        webhook.accepted += count_new(group);
        webhook.missed += group.missed;
        let (mut batch, mut at_once) = (Batch::new(), Vec::new());
        let mut written = Written::default();
        let (now, steady) = (self.clock.now(), self.clock.steady());
        let verdict = Verdict { settings: &self.settings, now, steady };
        let (deliveries, mut queue) = (store.deliveries(), store.change_delivery_queue(id));
        for FinishedAttempt { delivery, is_new, result } in &group.finished {
            let mut delivery = delivery.clone();
            let attempt = match result {
                AttemptResult::Posted(outcome) => {
                    verdict.judge(&mut webhook, &mut delivery, outcome.clone(), rand::random())
                }
                AttemptResult::Unsendable(error) => {
                    unsendable(&mut webhook, &mut delivery, error.clone(), now)
                }
            };
            written.note(result, delivery.state);
            match delivery.state {
                DeliveryState::Waiting => {
                    deliveries.add_attempt_in(&mut batch, &attempt)?;
                    written.waiting.push(delivery.lane.clone());
                    queue.put(delivery);
                }
                // What never was in the queue changes nothing there.
                DeliveryState::Delivered if *is_new => at_once.push((delivery, attempt)),
                DeliveryState::Delivered | DeliveryState::Dead => {
                    delivery.last_attempt = Some(Box::new(attempt));
                    if *is_new {
                        deliveries.add_dead_in(&mut batch, &delivery)?;
                    } else {
                        queue.put(delivery);
                    }
                }
            }
        }
        deliveries.add_delivered_in(&mut batch, id, at_once).await?;
        group.to_queue.iter().for_each(|delivery| queue.put(delivery.clone()));
        queue.write_in(&mut batch).await?;
        store.webhooks().set_cursor_in(&mut batch, id, &group.cursor)?;
        store.webhooks().put_in(&mut batch, &webhook)?;
        store.commit(batch).await?;
        if was_enabled && !webhook.enabled {
            let channel = webhook.session.clone().map(ChannelId::from);
            work.append(NewEvent::of_module(channel, &disabled_event(&webhook))?);
        }
        Ok(Some(written))
    }
}

/// Whether results are not to wait for a flush by others: they are many, or a lane waits for one of them.
pub fn is_urgent(finished: &[FinishedAttempt]) -> bool {
    LARGE_GROUP <= finished.len() || finished.iter().any(|one| !one.frees_lane_early())
}

/// The event of an endpoint that the gateway disabled.
fn disabled_event(webhook: &WebhookRecord) -> GatewayEvent {
    GatewayEvent::WebhookDisabled {
        webhook: webhook.id,
        origin: url::Url::parse(&webhook.url).ok().map(|url| url.origin().ascii_serialization()),
        all_sessions: webhook.session.is_none(),
        reason: webhook.disabled_reason.clone().unwrap_or_default(),
        failing_since: webhook.failing_since,
    }
}

/// What a group changed: for its lanes and for the metrics.
#[derive(Default)]
struct Written {
    /// Lanes in which a delivery waits for another attempt.
    waiting: Vec<String>,
    outcomes: Vec<&'static str>,
    ends: Vec<&'static str>,
}

impl Written {
    fn note(&mut self, result: &AttemptResult, state: DeliveryState) {
        if let AttemptResult::Posted(outcome) = result {
            self.outcomes.push(outcome.label());
        }
        match state {
            DeliveryState::Waiting => (),
            DeliveryState::Delivered => self.ends.push("delivered"),
            DeliveryState::Dead => self.ends.push("dead"),
        }
    }

    /// Adds what is committed to the metrics.
    fn count(&self, accepted: u64) {
        const DELIVERIES: &str = "wagate_webhook_deliveries_total";
        for outcome in &self.outcomes {
            metrics::counter!("wagate_webhook_attempts_total", "outcome" => *outcome).increment(1);
        }
        for state in &self.ends {
            metrics::counter!(DELIVERIES, "state" => *state).increment(1);
        }
        metrics::counter!(DELIVERIES, "state" => "accepted").increment(accepted);
    }
}

/// How many events of a group become deliveries with it.
fn count_new(group: &ResultGroup) -> u64 {
    let new =
        group.finished.iter().filter(|finished| finished.is_new).count() + group.to_queue.len();
    u64::try_from(new).unwrap_or(u64::MAX)
}
