//! Worker of one endpoint: one task that reads the log, starts attempts and commits their results.
//!
//! ```text
//!  log ──▶ reader ──▶ in flight ─┐
//!                                ├─▶ attempt (own task) ──▶ finished ──▶ group ──▶ commit
//!  store: due heads of lanes ────┘
//! ```
//!
//! A lane with an attempt in flight starts no other, so the events of a chat go out in order; lanes go out side by
//! side, as many as the concurrency limit allows. While one group is being committed, attempts go on and the next
//! group gathers. After a delivery at the first attempt the lane continues at once, after any other result when
//! that is durable.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    breakpoint::Breakpoint,
    domain::{Clock, Error, Event, Timestamp, clock::between},
    events::{EventLog, Wordings},
    store::Store,
    webhooks::{
        archive::DeliveryArchive,
        attempt::{DeliveryRequest, Sender},
        endpoint_locks::EndpointLocks,
        endpoint_records::EndpointRecords,
        in_flight::{InFlight, NewDelivery},
        lag::LagGauge,
        outage,
        queue::DeliveryQueue,
        reader::{LogReader, wording_of},
        results::{AttemptResult, FinishedAttempt, ResultWriter},
        settings::WebhookSettings,
        signals::{EndpointChanges, Progress, ReadProgress},
        stored::{Delivery, Outage, WebhookRecord, WebhookTables},
        worker_state::{AFTER_FAILURE, WorkerState},
    },
};

/// The longest rest. After it a worker notices a changed clock.
const LONGEST_REST: Duration = Duration::from_secs(15);
const SHORTEST_REST: Duration = Duration::from_millis(1);
/// How long attempts in flight may go on when the gateway stops.
const DRAIN_DEADLINE: Duration = Duration::from_secs(3);
/// Due heads read from the queue at once.
const READ_AT_ONCE: usize = 32;
const LAG_INTERVAL: Duration = Duration::from_secs(1);
/// The worker prunes when this many times the number of kept deliveries have finished.
const PRUNE_FACTOR: usize = 5;
/// Lower bound for that number: pruning examines all kept deliveries.
const LEAST_KEPT: usize = 100;

/// What all workers share.
pub struct WorkerParts {
    pub store: Store,
    pub log: EventLog,
    pub clock: Clock,
    pub settings: Arc<WebhookSettings>,
    pub wordings: Wordings,
    pub reader: LogReader,
    pub results: ResultWriter,
    pub sender: Arc<Sender>,
    pub queue: DeliveryQueue,
    pub archive: DeliveryArchive,
    pub records: EndpointRecords,
    pub lag: LagGauge,
    pub locks: EndpointLocks,
    pub changes: EndpointChanges,
    pub progress: ReadProgress,
}

pub struct EndpointWorker {
    id: Uuid,
    parts: Arc<WorkerParts>,
    state: WorkerState,
}

impl EndpointWorker {
    pub fn new(id: Uuid, parts: Arc<WorkerParts>) -> Self {
        let state = WorkerState::new(parts.settings.per_endpoint);
        Self { id, parts, state }
    }

    /// Delivers until the token is cancelled, then drains.
    pub async fn run(mut self, stop: CancellationToken) {
        let (id, parts) = (self.id, self.parts.clone());
        let mut wake = parts.log.wake();
        let mut changes = parts.changes.subscribe();
        let repaired = async {
            parts.queue.rebuild_lanes(id).await?;
            parts.queue.repair_future_timestamps(id).await
        };
        if let Err(error) = repaired.await {
            tracing::error!(webhook = %id, %error, "webhook {id}: its delivery queue cannot be read");
        }
        while !stop.is_cancelled() {
            let rest = self.work().await.unwrap_or_else(|error| {
                tracing::error!(webhook = %id, %error, "webhook {id}: deliveries pause after a store error");
                self.state.reset();
                self.state.back_off();
                AFTER_FAILURE
            });
            let state = &mut self.state;
            let group_delay = state.group_delay();
            tokio::select! {
                Some(finished) = state.attempts.next() => state.end(id, finished),
                Some(result) = state.commits.join_next() => state.group_committed(id, result),
                _ = wake.changed() => state.has_new_events = true,
                _ = changes.changed() => state.invalidate(),
                () = tokio::time::sleep(group_delay.unwrap_or_default()), if group_delay.is_some() => (),
                () = tokio::time::sleep(rest) => if !rest.is_zero() {
                    state.invalidate();
                    state.has_new_events = true;
                },
                () = stop.cancelled() => (),
            }
        }
        self.drain().await;
    }

    /// Waits for attempts in flight and commits their results.
    async fn drain(mut self) {
        let (id, state) = (self.id, &mut self.state);
        let all = async {
            while let Some(finished) = state.attempts.next().await {
                state.end(id, finished);
            }
        };
        if tokio::time::timeout(DRAIN_DEADLINE, all).await.is_err() {
            tracing::info!(webhook = %id, "webhook {id}: attempts in flight are cut off and repeated after the restart");
            state.attempts.shutdown().await;
        }
        while let Some(result) = state.commits.join_next().await {
            state.group_committed(id, result);
        }
        if let Some(group) = state.next_group() {
            let committed = self.parts.results.commit(id, group).await;
            state.group_committed(id, Ok(committed));
        }
        self.parts.progress.remove(id);
    }

    /// Does what there is to do, and then reports the lag: an event that has just come is not held up for that. Returns
    /// how long there is nothing else to do.
    async fn work(&mut self) -> Result<Duration, Error> {
        let rest = self.deliver().await?;
        if rest.is_zero() || self.state.webhook.is_none() {
            return Ok(rest);
        }
        Ok(rest.min(self.report_lag().await?))
    }

    /// Reads events, starts the commit of finished attempts, and starts attempts that are due. Returns how long
    /// there is nothing else to do.
    async fn deliver(&mut self) -> Result<Duration, Error> {
        let id = self.id;
        if std::mem::take(&mut self.state.is_record_stale) {
            let found = self.parts.store.webhooks().get(id).await?;
            self.state.webhook = found.filter(|webhook| webhook.enabled).map(Arc::new);
        }
        let Some(webhook) = self.state.webhook.clone() else {
            self.start_commit();
            if self.state.is_drained() {
                self.state.reset();
                self.parts.progress.remove(id);
            }
            return Ok(LONGEST_REST);
        };
        let has_more = self.parts.reader.read(&webhook, &mut self.state).await?;
        self.start_commit();
        let mut rest = if has_more { Duration::ZERO } else { LONGEST_REST };
        // Due times are steady: a change of the wall clock moves none.
        let now = self.parts.clock.steady();
        if let Some(end) = webhook.paused_until.filter(|end| now < *end) {
            return Ok(rest.min(until(now, end)));
        }
        if let Some(backoff) = self.state.backoff() {
            return Ok(backoff);
        }
        // Deliveries whose result cannot be stored would be sent again and again.
        if !self.parts.store.health().takes_records() {
            return Ok(AFTER_FAILURE);
        }
        if let Some(outage) = webhook.outage {
            if outage.is_over {
                self.release_queue().await?;
                self.state.invalidate();
                return Ok(Duration::ZERO);
            }
            return Ok(rest.min(self.probe(&webhook, &outage, now).await?));
        }
        for _ in 0..self.state.free_slots() {
            let Some((delivery, event)) = self.next_delivery(now).await? else { break };
            self.start_attempt(webhook.clone(), delivery, event);
        }
        // Without a free slot, the end of an attempt comes before anything that falls due.
        if let Some(due) = self.state.next_due.filter(|_| 0 < self.state.free_slots()) {
            rest = rest.min(until(now, due));
        }
        Ok(rest)
    }

    fn start_attempt(
        &mut self,
        webhook: Arc<WebhookRecord>,
        delivery: Delivery,
        event: Option<Arc<Event>>,
    ) {
        let (parts, lane) = (self.parts.clone(), delivery.lane.clone());
        self.state
            .attempts
            .start(lane, async move { parts.attempt(&webhook, delivery, event).await });
    }

    /// Probes an endpoint in an outage with one delivery, when it is time. Returns how long there is nothing else
    /// to do.
    async fn probe(
        &mut self,
        webhook: &Arc<WebhookRecord>,
        outage: &Outage,
        now: Timestamp,
    ) -> Result<Duration, Error> {
        self.state.due_heads.clear();
        // The result of the last attempt must be in the record first.
        if !self.state.is_idle() || self.state.free_slots() == 0 {
            return Ok(LONGEST_REST);
        }
        let mut heads = self.parts.store.deliveries().heads(self.id, 1).await?;
        let Some(head) = heads.pop() else { return Ok(LONGEST_REST) };
        let first_pause = self.parts.settings.schedule_of(webhook).first_pause();
        let at = outage::probe_at(outage, head.attempts == 0, first_pause);
        if now < at {
            return Ok(until(now, at));
        }
        self.start_attempt(webhook.clone(), head, None);
        Ok(LONGEST_REST)
    }

    /// Makes the whole queue due after an outage, in order, and ends the outage.
    async fn release_queue(&self) -> Result<(), Error> {
        let (id, parts) = (self.id, &self.parts);
        let _held = parts.locks.lock(id).await;
        let Some(webhook) = parts.store.webhooks().get(id).await? else { return Ok(()) };
        if webhook.outage.is_none_or(|outage| !outage.is_over) {
            return Ok(());
        }
        // In this order: after a kill in between, the outage is still there and both steps run again.
        parts.queue.make_due_now(id).await?;
        let end = |webhook: &mut WebhookRecord| {
            webhook.outage = webhook.outage.filter(|outage| !outage.is_over);
        };
        parts.records.update(&webhook.scope(), id, end).await?;
        Ok(())
    }

    /// Starts the commit of a group when there is one and no other commit runs. Publishes progress and prunes.
    fn start_commit(&mut self) {
        let (id, parts, state) = (self.id, &self.parts, &mut self.state);
        if let Some(group) = state.next_group() {
            let parts = parts.clone();
            state.commits.spawn(async move { parts.results.commit(id, group).await });
        }
        if let Some(in_flight) = &state.in_flight {
            let (accepted, needed_from) = (in_flight.accepted(), in_flight.needed_from());
            parts.progress.publish(id, Progress { accepted, needed_from });
        }
        if let Some(Ok(Err(error))) = state.pruning.try_join_next() {
            tracing::warn!(webhook = %id, %error, "webhook {id}: old deliveries could not be removed");
        }
        let kept = parts.settings.keep_delivered.max(LEAST_KEPT);
        let is_due = kept.saturating_mul(PRUNE_FACTOR) < state.finished_since_prune;
        if is_due && state.pruning.is_empty() {
            state.finished_since_prune = 0;
            let archive = parts.archive.clone();
            state.pruning.spawn(async move { archive.prune_endpoint(id).await });
        }
    }

    /// The next delivery, the longest due first: a head of the queue, which is read again once the heads of the
    /// last read are used up, or a new one from the log with its event.
    async fn next_delivery(
        &mut self,
        now: Timestamp,
    ) -> Result<Option<(Delivery, Option<Arc<Event>>)>, Error> {
        let state = &mut self.state;
        if state.due_heads.is_empty() && std::mem::take(&mut state.is_queue_stale) {
            let stored = self.parts.store.deliveries();
            let is_taken = |lane: &str| state.is_taken(lane);
            let taken = (&is_taken as &(dyn Fn(&str) -> bool + Sync), state.taken_lanes());
            let due = stored.due(self.id, now, taken, READ_AT_ONCE).await?;
            // A full page may not be all.
            state.is_queue_stale = due.heads.len() == READ_AT_ONCE;
            (state.due_heads, state.next_due) = (due.heads.into(), due.next);
        }
        let queued = state.due_heads.front().map(|head| head.next_attempt_at);
        let new = state.in_flight.as_ref().and_then(InFlight::first);
        let new = new.map(|first| first.next_attempt_at);
        if new.is_some() && queued.is_none_or(|queued| new < Some(queued)) {
            let first = state.in_flight.as_mut().and_then(InFlight::start);
            return Ok(first.map(|NewDelivery { delivery, event }| (delivery, Some(event))));
        }
        Ok(state.due_heads.pop_front().map(|head| (head, None)))
    }

    /// Measures the lag at most once per [`LAG_INTERVAL`]. Returns when it is to be measured next.
    async fn report_lag(&mut self) -> Result<Duration, Error> {
        let is_recent = |last: Instant| last.elapsed() < LAG_INTERVAL;
        if self.state.lag_reported.is_some_and(is_recent) {
            return Ok(LAG_INTERVAL);
        }
        self.state.lag_reported = Some(Instant::now());
        let in_flight = self.state.in_flight.as_ref().and_then(InFlight::oldest);
        self.parts.lag.measure(self.id, in_flight).await?;
        Ok(LONGEST_REST)
    }
}

impl WorkerParts {
    /// Makes one attempt. `event` is there for a delivery that came from the log.
    async fn attempt(
        &self,
        webhook: &WebhookRecord,
        mut delivery: Delivery,
        event: Option<Arc<Event>>,
    ) -> Result<FinishedAttempt, Error> {
        let is_new = event.is_some();
        let event = match event {
            Some(event) => Some(event),
            None => self.event_of(&delivery).await?,
        };
        delivery.attempts += 1;
        let body = match (event, wording_of(&self.wordings, webhook)) {
            (Some(event), Some(wording)) => match webhook.bot {
                Some(bot) => wording.wrap_for(&event, bot).await?,
                None => wording.wrap(&event).await?,
            },
            _ => None,
        };
        let Some(body) = body else {
            let result = AttemptResult::Unsendable("its event is past the retention".to_owned());
            return Ok(FinishedAttempt { delivery, is_new, result });
        };
        let most = self.settings.max_event;
        if most < body.len() {
            let error = format!("the event has {} bytes, which is more than {most}", body.len());
            let result = AttemptResult::Unsendable(error);
            return Ok(FinishedAttempt { delivery, is_new, result });
        }
        let request = DeliveryRequest {
            id: delivery.event.to_string(),
            delivery: delivery.id,
            event: &delivery.event_name,
            body,
            number: delivery.attempts,
        };
        let outcome = self.sender.post(webhook, &request).await;
        Breakpoint::DeliveryAnswered.pass();
        Ok(FinishedAttempt { delivery, is_new, result: AttemptResult::Posted(outcome) })
    }

    /// The event of a delivery; none when the log has dropped it.
    pub async fn event_of(&self, delivery: &Delivery) -> Result<Option<Arc<Event>>, Error> {
        let found = self.log.read(None, delivery.seq.saturating_sub(1), 1).await?;
        Ok(found.into_iter().find(|event| event.id == delivery.event))
    }
}

fn until(now: Timestamp, at: Timestamp) -> Duration {
    between(now, at).clamp(SHORTEST_REST, LONGEST_REST)
}
