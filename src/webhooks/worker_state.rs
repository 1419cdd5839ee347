//! State of one endpoint's worker: events in flight, attempts, results not yet committed, and the queue heads to
//! try next.
//!
//! Everything is bounded. The stored cursor names what is open, so a kill loses nothing: it is read and done again.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::task::{self, JoinError, JoinSet};
use uuid::Uuid;

use crate::{
    domain::{Error, Timestamp},
    webhooks::{
        concurrency::ConcurrencyLimit,
        in_flight::{InFlight, NewDelivery},
        results::{FinishedAttempt, ResultGroup},
        stored::{Delivery, WebhookCursor, WebhookRecord},
    },
};

/// How long a worker rests after the store failed.
pub const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// Most attempts that have ended and are not durable: each is repeated after a kill.
const MOST_UNCOMMITTED: usize = 384;

/// A cursor that moved this far without a result is committed by itself, so that it does not hold the log back.
const CURSOR_STEP: u64 = 500;
/// Results that hold up no lane wait this long for others while attempts are in flight, so that one flush serves
/// all. A group of this size does not wait.
const GROUP_DELAY: Duration = Duration::from_millis(20);
const FULL_GROUP: usize = 192;

pub struct WorkerState {
    /// The endpoint's record as last read; none while the endpoint is disabled or gone.
    pub webhook: Option<Arc<WebhookRecord>>,
    pub concurrency: ConcurrencyLimit,
    /// Events that were read from the log; none until the cursor is restored.
    pub in_flight: Option<InFlight>,
    /// Events that go to the queue untried, and the number of events that the log had dropped.
    pub to_queue: Vec<Delivery>,
    pub missed: u64,
    /// Lanes whose events in `to_queue` belong before those in the queue.
    before_queue: HashSet<String>,
    /// Attempts in flight.
    pub attempts: JoinSet<Result<FinishedAttempt, Error>>,
    /// The commit of a group, one at a time. Returns the lanes that wait in the queue now.
    pub commits: JoinSet<Result<Vec<String>, Error>>,
    /// Due heads that were read from the queue and not started yet.
    pub due_heads: VecDeque<Delivery>,
    /// Results that are in no group yet.
    pub finished: Vec<FinishedAttempt>,
    /// Since when the first of `finished` waits.
    finished_since: Option<Instant>,
    /// The lanes of attempts in flight.
    lanes_by_task: HashMap<task::Id, String>,
    group: PendingCommit,
    /// Lanes that start nothing: until the attempt ends with a delivery at the first attempt, until its result is
    /// durable otherwise.
    pub busy_lanes: HashSet<String>,
    /// The endpoint's record, the log or the queue may have changed.
    pub is_record_stale: bool,
    pub has_new_events: bool,
    pub is_queue_stale: bool,
    /// When the first head is due that was not due at the last read of the queue.
    pub next_due: Option<Timestamp>,
    /// The store failed: nothing is started before this.
    backoff_until: Option<Instant>,
    /// The cursor as last committed.
    committed_to: u64,
    pub lag_reported: Option<Instant>,
    /// Deliveries that finished since the last pruning, and the task that prunes.
    pub finished_since_prune: usize,
    pub pruning: JoinSet<Result<usize, Error>>,
}

/// The group that is being committed.
#[derive(Default)]
struct PendingCommit {
    finished: usize,
    /// Lanes that continue after the commit.
    lanes: Vec<String>,
    /// Lanes of which it queues events.
    to_queue: HashSet<String>,
    /// Lanes whose events belong before those in the queue.
    before_queue: HashSet<String>,
    /// Log numbers that it closes.
    numbers: Vec<u64>,
    read_to: u64,
}

impl WorkerState {
    pub fn new(most_at_once: usize) -> Self {
        Self {
            webhook: None,
            concurrency: ConcurrencyLimit::new(most_at_once),
            in_flight: None,
            to_queue: Vec::new(),
            missed: 0,
            before_queue: HashSet::new(),
            attempts: JoinSet::new(),
            commits: JoinSet::new(),
            due_heads: VecDeque::new(),
            finished: Vec::new(),
            finished_since: None,
            lanes_by_task: HashMap::new(),
            group: PendingCommit::default(),
            busy_lanes: HashSet::new(),
            is_record_stale: true,
            has_new_events: true,
            is_queue_stale: true,
            next_due: None,
            backoff_until: None,
            committed_to: 0,
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
        self.committed_to = cursor.read_to;
        (self.has_new_events, self.is_queue_stale) = (true, true);
        self.due_heads.clear();
    }

    /// Drops everything that is not committed, to start again from the stored cursor: when the endpoint is
    /// disabled, and after a failed commit. Attempts in flight end without a result and are repeated.
    pub fn reset(&mut self) {
        (self.in_flight, self.missed) = (None, 0);
        self.to_queue.clear();
        self.before_queue.clear();
        self.finished.clear();
        self.finished_since = None;
        self.due_heads.clear();
        self.busy_lanes = self.lanes_by_task.values().cloned().collect();
    }

    /// Whether no attempt and no commit runs.
    pub fn is_drained(&self) -> bool {
        self.attempts.is_empty() && self.commits.is_empty()
    }

    /// Whether everything that was started is committed.
    pub fn is_idle(&self) -> bool {
        self.is_drained()
            && self.finished.is_empty()
            && self.to_queue.is_empty()
            && !self.is_record_stale
    }

    /// How many attempts may be started now.
    pub fn free_slots(&self) -> usize {
        if self.in_flight.is_none() {
            return 0;
        }
        let uncommitted = self.finished.len() + self.group.finished;
        let bound = MOST_UNCOMMITTED.saturating_sub(uncommitted);
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
        let is_entering_queue = self.is_entering_queue(&delivery.lane);
        let is_busy = self.busy_lanes.contains(&delivery.lane);
        let Some(in_flight) = &mut self.in_flight else { return };
        in_flight.opened(delivery.seq);
        // An attempt in a lane that has no event in flight came from the queue.
        let belongs_in_queue =
            is_queued || is_entering_queue || (is_busy && !in_flight.holds(&delivery.lane));
        if belongs_in_queue || !in_flight.takes(&delivery.lane) {
            self.to_queue.push(new.delivery);
        } else {
            in_flight.push(new);
        }
    }

    /// Moves all events that are not started into the queue, so that reading can go on.
    pub fn queue_all(&mut self) {
        let Some(in_flight) = &mut self.in_flight else { return };
        let all = in_flight.take_all();
        self.before_queue.extend(all.iter().map(|delivery| delivery.lane.clone()));
        self.to_queue.extend(all);
    }

    /// The events routed until now were open when the process ended. They belong before those in the queue.
    pub fn mark_restored(&mut self) {
        self.before_queue.extend(self.to_queue.iter().map(|delivery| delivery.lane.clone()));
    }

    /// Whether an event of this lane is about to be queued.
    fn is_entering_queue(&self, lane: &str) -> bool {
        self.group.to_queue.contains(lane) || self.to_queue.iter().any(|one| one.lane == lane)
    }

    /// Whether the queued head of this lane must wait: an attempt is in flight, or an event belongs before it.
    pub fn is_taken(&self, lane: &str) -> bool {
        self.busy_lanes.contains(lane)
            || self.in_flight.as_ref().is_some_and(|in_flight| in_flight.holds(lane))
            || self.before_queue.contains(lane)
            || self.group.before_queue.contains(lane)
    }

    /// Upper bound of the lanes for which [`Self::is_taken`] is true.
    pub fn taken_lanes(&self) -> usize {
        let held = self.in_flight.as_ref().map_or(0, InFlight::lanes);
        self.busy_lanes.len() + held + self.before_queue.len() + self.group.before_queue.len()
    }

    pub fn start(
        &mut self,
        lane: String,
        attempt: impl Future<Output = Result<FinishedAttempt, Error>> + Send + 'static,
    ) {
        self.busy_lanes.insert(lane.clone());
        self.lanes_by_task.insert(self.attempts.spawn(attempt).id(), lane);
    }

    /// Accepts an attempt that has ended, and all others that have.
    pub fn end(
        &mut self,
        webhook: Uuid,
        first: Result<(task::Id, Result<FinishedAttempt, Error>), JoinError>,
    ) {
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
            let lane = self.lanes_by_task.remove(&task);
            if self.in_flight.is_none() {
                lane.iter().for_each(|lane| _ = self.busy_lanes.remove(lane));
            }
            if let Some(error) = fault {
                tracing::error!(%webhook, error, "webhook {webhook}: an attempt ended by a fault");
                self.reset();
                self.back_off();
            }
            next = self.attempts.try_join_next_with_id();
        }
    }

    fn accept(&mut self, finished: FinishedAttempt) {
        finished.health().into_iter().for_each(|health| self.concurrency.observe(health));
        let Some(in_flight) = &mut self.in_flight else { return };
        if finished.frees_lane_early() {
            self.busy_lanes.remove(&finished.delivery.lane);
            in_flight.free(&finished.delivery.lane);
        }
        self.finished_since.get_or_insert_with(Instant::now);
        self.finished.push(finished);
    }

    /// How long the finished attempts still wait for others to share their commit; none when they do not.
    pub fn group_delay(&self) -> Option<Duration> {
        let is_first = self.commits.is_empty() && self.to_queue.is_empty();
        let may_come = !self.attempts.is_empty() && self.finished.len() < FULL_GROUP;
        let holds_up = self.finished.iter().any(|finished| !finished.frees_lane_early());
        let since = self.finished_since.filter(|_| is_first && may_come && !holds_up)?;
        GROUP_DELAY.checked_sub(since.elapsed())
    }

    /// The group to commit next, unless a commit runs.
    pub fn next_group(&mut self) -> Option<ResultGroup> {
        let in_flight = self.in_flight.as_ref()?;
        let is_little = self.finished.is_empty() && self.to_queue.is_empty() && self.missed == 0;
        let is_far = self.committed_to.saturating_add(CURSOR_STEP) <= in_flight.read_to();
        if (is_little && !is_far) || !self.commits.is_empty() || self.group_delay().is_some() {
            return None;
        }
        self.finished_since = None;
        let (finished, to_queue) =
            (std::mem::take(&mut self.finished), std::mem::take(&mut self.to_queue));
        let new = finished
            .iter()
            .filter(|finished| finished.is_new)
            .map(|finished| finished.delivery.seq);
        let numbers: Vec<u64> = new.chain(to_queue.iter().map(|delivery| delivery.seq)).collect();
        let cursor = in_flight.cursor_without(&numbers);
        self.finished_since_prune += finished.len();
        self.group = PendingCommit {
            finished: finished.len(),
            lanes: held_lanes(&finished),
            to_queue: to_queue.iter().map(|delivery| delivery.lane.clone()).collect(),
            before_queue: std::mem::take(&mut self.before_queue),
            numbers,
            read_to: cursor.read_to,
        };
        Some(ResultGroup { finished, to_queue, missed: std::mem::take(&mut self.missed), cursor })
    }

    /// The group is durable, or its commit failed and its attempts are repeated.
    pub fn group_committed(
        &mut self,
        webhook: Uuid,
        result: Result<Result<Vec<String>, Error>, JoinError>,
    ) {
        let group = std::mem::take(&mut self.group);
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
        self.committed_to = group.read_to;
        for lane in waiting {
            self.to_queue.extend(in_flight.take_lane(lane));
        }
        for lane in &group.lanes {
            self.busy_lanes.remove(lane);
            in_flight.free(lane);
        }
    }
}

/// The lanes that wait for the commit of these.
fn held_lanes(finished: &[FinishedAttempt]) -> Vec<String> {
    let held_lanes = finished.iter().filter(|finished| !finished.frees_lane_early());
    held_lanes.map(|finished| finished.delivery.lane.clone()).collect()
}

#[cfg(test)]
mod tests;
