//! State of one endpoint's worker: events in flight, attempts, results not yet committed, and the queue heads to
//! try next.
//!
//! Everything is bounded. The stored cursor names what is open, so a kill loses nothing: it is read and done again.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::task::{JoinError, JoinSet};
use uuid::Uuid;

use crate::{
    domain::{Error, Timestamp},
    webhooks::{
        concurrency::ConcurrencyLimit,
        in_flight::{InFlight, NewDelivery},
        results::{FinishedAttempt, ResultGroup},
        running_attempts::{EndedTask, RunningAttempts},
        stored::{Delivery, WebhookCursor, WebhookRecord},
        uncommitted::{PendingCommit, Uncommitted},
    },
};

/// How long a worker rests after the store failed.
pub const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// Most attempts that have ended and are not durable: each is repeated after a kill.
const MOST_UNCOMMITTED: usize = 384;

pub struct WorkerState {
    /// The endpoint's record as last read; none while the endpoint is disabled or gone.
    pub webhook: Option<Arc<WebhookRecord>>,
    concurrency: ConcurrencyLimit,
    /// Events that were read from the log; none until the cursor is restored.
    pub in_flight: Option<InFlight>,
    pub attempts: RunningAttempts,
    pub results: Uncommitted,
    /// The commit of a group, one at a time. Returns the lanes that wait in the queue now.
    pub commits: JoinSet<Result<Vec<String>, Error>>,
    /// Due heads that were read from the queue and not started yet.
    pub due_heads: VecDeque<Delivery>,
    /// The endpoint's record, the log or the queue may have changed.
    pub is_record_stale: bool,
    pub has_new_events: bool,
    pub is_queue_stale: bool,
    /// When the first head is due that was not due at the last read of the queue.
    pub next_due: Option<Timestamp>,
    /// The store failed: nothing is started before this.
    backoff_until: Option<Instant>,
    pub lag_reported: Option<Instant>,
    /// Deliveries that finished since the last pruning, and the task that prunes.
    pub finished_since_prune: usize,
    pub pruning: JoinSet<Result<usize, Error>>,
}

impl WorkerState {
    pub fn new(most_at_once: usize) -> Self {
        Self {
            webhook: None,
            concurrency: ConcurrencyLimit::new(most_at_once),
            in_flight: None,
            attempts: RunningAttempts::default(),
            results: Uncommitted::default(),
            commits: JoinSet::new(),
            due_heads: VecDeque::new(),
            is_record_stale: true,
            has_new_events: true,
            is_queue_stale: true,
            next_due: None,
            backoff_until: None,
            lag_reported: None,
            finished_since_prune: 0,
            pruning: JoinSet::new(),
        }
    }

    /// The endpoint, its queue or the clock may have changed: both are read again.
    pub fn invalidate(&mut self) {
        (self.is_record_stale, self.is_queue_stale) = (true, true);
        self.due_heads.clear();
    }

    /// Starts at a committed cursor. Its open events are added with [`Self::route`].
    pub fn start_reading(&mut self, cursor: &WebhookCursor, accepted: u64) {
        self.in_flight = Some(InFlight::new(cursor.read_to, accepted));
        self.results.committed_to(cursor.read_to);
        (self.has_new_events, self.is_queue_stale) = (true, true);
        self.due_heads.clear();
    }

    /// Drops everything that is not committed, to start again from the stored cursor: when the endpoint is
    /// disabled, and after a failed commit. Attempts in flight end without a result and are repeated.
    pub fn reset(&mut self) {
        self.in_flight = None;
        self.results.reset();
        self.due_heads.clear();
        self.attempts.free_all();
    }

    /// Whether no attempt and no commit runs.
    pub fn is_drained(&self) -> bool {
        self.attempts.is_empty() && self.commits.is_empty()
    }

    /// Whether everything that was started is committed.
    pub fn is_idle(&self) -> bool {
        self.is_drained() && self.results.is_empty() && !self.is_record_stale
    }

    /// How many attempts may be started now.
    pub fn free_slots(&self) -> usize {
        if self.in_flight.is_none() {
            return 0;
        }
        let bound = MOST_UNCOMMITTED.saturating_sub(self.results.attempts());
        self.concurrency.allowed().min(bound).saturating_sub(self.attempts.len())
    }

    /// How long nothing may be started after a failure of the store.
    pub fn backoff(&self) -> Option<Duration> {
        let rest = self.backoff_until?.saturating_duration_since(Instant::now());
        (!rest.is_zero()).then_some(rest)
    }

    pub fn back_off(&mut self) {
        self.backoff_until = Some(Instant::now() + AFTER_FAILURE);
    }

    /// Puts an event that was read behind those of its lane: in flight, or into the queue where the lane is or will
    /// be.
    pub fn route(&mut self, new: NewDelivery, is_queued: bool) {
        let NewDelivery { delivery, .. } = &new;
        let is_entering_queue = self.results.is_entering_queue(&delivery.lane);
        let is_busy = self.attempts.is_busy(&delivery.lane);
        let Some(in_flight) = &mut self.in_flight else { return };
        in_flight.opened(delivery.seq);
        // An attempt in a lane that has no event in flight came from the queue.
        let belongs_in_queue =
            is_queued || is_entering_queue || (is_busy && !in_flight.holds(&delivery.lane));
        if belongs_in_queue || !in_flight.takes(&delivery.lane) {
            self.results.queue(new.delivery);
        } else {
            in_flight.push(new);
        }
    }

    /// Moves all events that are not started into the queue, so that reading can go on.
    pub fn queue_all(&mut self) {
        if let Some(in_flight) = &mut self.in_flight {
            self.results.queue_first(in_flight.take_all());
        }
    }

    /// Whether the queued head of this lane must wait: an attempt is in flight, or an event belongs before it.
    pub fn is_taken(&self, lane: &str) -> bool {
        self.attempts.is_busy(lane)
            || self.in_flight.as_ref().is_some_and(|in_flight| in_flight.holds(lane))
            || self.results.is_before_queue(lane)
    }

    /// Upper bound of the lanes for which [`Self::is_taken`] is true.
    pub fn taken_lanes(&self) -> usize {
        let held = self.in_flight.as_ref().map_or(0, InFlight::lanes);
        self.attempts.busy_lanes() + held + self.results.lanes_before_queue()
    }

    /// Accepts an attempt that has ended, and all others that have.
    pub fn end(&mut self, webhook: Uuid, first: EndedTask) {
        let mut next = Some(first);
        while let Some(finished) = next {
            let (task, fault) = match finished {
                Ok((task, Ok(finished))) => {
                    self.accept(finished);
                    (task, None)
                }
                Ok((task, Err(error))) => (task, Some(error.to_string())),
                Err(error) => (error.id(), Some(error.to_string())),
            };
            let lane = self.attempts.forget(task);
            if let Some(lane) = lane.filter(|_| self.in_flight.is_none()) {
                self.attempts.free(&lane);
            }
            if let Some(error) = fault {
                tracing::error!(%webhook, error, "webhook {webhook}: an attempt ended by a fault");
                self.reset();
                self.back_off();
            }
            next = self.attempts.try_next();
        }
    }

    fn accept(&mut self, finished: FinishedAttempt) {
        finished.health().into_iter().for_each(|health| self.concurrency.observe(health));
        let Some(in_flight) = &mut self.in_flight else { return };
        if finished.frees_lane_early() {
            self.attempts.free(&finished.delivery.lane);
            in_flight.free(&finished.delivery.lane);
        }
        self.results.add_finished(finished);
    }

    /// How long the finished attempts still wait for others to share their commit; none when they do not.
    pub fn group_delay(&self) -> Option<Duration> {
        self.results.group_delay(self.attempts.len())
    }

    /// The group to commit next, unless a commit runs.
    pub fn next_group(&mut self) -> Option<ResultGroup> {
        let group = self.results.next_group(self.in_flight.as_ref()?, self.attempts.len())?;
        self.finished_since_prune += group.finished.len();
        Some(group)
    }

    /// The group is durable, or its commit failed and its attempts are repeated.
    pub fn group_committed(
        &mut self,
        webhook: Uuid,
        result: Result<Result<Vec<String>, Error>, JoinError>,
    ) {
        let group = self.results.end_commit();
        (self.is_record_stale, self.is_queue_stale) = (true, true);
        let fault = match result {
            Ok(Ok(waiting)) => return self.release_lanes(group, &waiting),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::error!(%webhook, error = fault, "webhook {webhook}: results could not be committed, the attempts are repeated");
        self.reset();
        self.back_off();
    }

    /// Lets the lanes of a committed group continue. Events behind a delivery that waits in the queue go there too.
    fn release_lanes(&mut self, group: PendingCommit, waiting: &[String]) {
        let Some(in_flight) = &mut self.in_flight else { return };
        in_flight.close(&group.numbers);
        self.results.committed_to(group.read_to);
        for lane in waiting {
            in_flight.take_lane(lane).into_iter().for_each(|delivery| self.results.queue(delivery));
        }
        for lane in &group.lanes {
            self.attempts.free(lane);
            in_flight.free(lane);
        }
    }
}

#[cfg(test)]
mod tests;
