//! Results of one endpoint that are not durable yet: attempts that have ended, events that go to the queue untried, and
//! the group that is being committed.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use crate::webhooks::{
    in_flight::InFlight,
    results::{FinishedAttempt, ResultGroup, is_urgent},
    stored::Delivery,
};

/// A cursor that moved this far without a result is committed by itself, so that it does not hold the log back.
pub const CURSOR_STEP: u64 = 500;
/// Results that hold up no lane wait this long for others while attempts are in flight, so that one flush serves
/// all. A group of this size does not wait.
const GROUP_DELAY: Duration = Duration::from_millis(20);
const FULL_GROUP: usize = 192;

#[derive(Default)]
pub struct Uncommitted {
    /// Results that are in no group yet.
    finished: Vec<FinishedAttempt>,
    /// Since when the first of `finished` waits.
    finished_since: Option<Instant>,
    /// Events that go to the queue untried, and the number of events that the log had dropped.
    to_queue: Vec<Delivery>,
    missed: u64,
    /// Lanes whose events in `to_queue` belong before those in the queue.
    before_queue: HashSet<String>,
    /// The group that is being committed.
    group: Option<PendingCommit>,
    /// The cursor as last committed.
    committed_to: u64,
}

/// The group that is being committed.
#[derive(Default)]
pub struct PendingCommit {
    finished: usize,
    /// Lanes that continue after the commit.
    pub lanes: Vec<String>,
    /// Lanes of which it queues events.
    to_queue: HashSet<String>,
    /// Lanes whose events belong before those in the queue.
    before_queue: HashSet<String>,
    /// Log numbers that it closes.
    pub numbers: Vec<u64>,
    pub read_to: u64,
    hurry: Arc<Notify>,
}

impl Uncommitted {
    /// The cursor is committed up to this number.
    pub fn committed_to(&mut self, number: u64) {
        self.committed_to = number;
    }

    /// Drops everything that is in no group.
    pub fn reset(&mut self) {
        let (group, committed_to) = (self.group.take(), self.committed_to);
        *self = Self { group, committed_to, ..Self::default() };
    }

    pub fn add_finished(&mut self, finished: FinishedAttempt) {
        self.finished_since.get_or_insert_with(Instant::now);
        self.finished.push(finished);
        if let Some(group) = self.group.as_ref().filter(|_| is_urgent(&self.finished)) {
            group.hurry.notify_one();
        }
    }

    pub fn add_missed(&mut self, events: u64) {
        self.missed += events;
    }

    /// An event goes to the queue, behind those of its lane.
    pub fn queue(&mut self, delivery: Delivery) {
        self.to_queue.push(delivery);
    }

    /// Events go to the queue, before those that are in it.
    pub fn queue_first(&mut self, deliveries: Vec<Delivery>) {
        self.before_queue.extend(deliveries.iter().map(|delivery| delivery.lane.clone()));
        self.to_queue.extend(deliveries);
    }

    /// All events that go to the queue until now belong before those in it.
    pub fn all_first(&mut self) {
        self.before_queue.extend(self.to_queue.iter().map(|delivery| delivery.lane.clone()));
    }

    /// Attempts that have ended, also those of the group that is being committed.
    pub fn attempts(&self) -> usize {
        self.finished.len() + self.group.as_ref().map_or(0, |group| group.finished)
    }

    /// Whether nothing waits for a group.
    pub fn is_empty(&self) -> bool {
        self.finished.is_empty() && self.to_queue.is_empty()
    }

    /// Whether an event of this lane is about to be queued.
    pub fn is_entering_queue(&self, lane: &str) -> bool {
        let in_group = self.group.as_ref().is_some_and(|group| group.to_queue.contains(lane));
        in_group || self.to_queue.iter().any(|one| one.lane == lane)
    }

    /// Whether an event of this lane belongs before those in the queue.
    pub fn is_before_queue(&self, lane: &str) -> bool {
        let in_group = self.group.as_ref().is_some_and(|group| group.before_queue.contains(lane));
        in_group || self.before_queue.contains(lane)
    }

    /// Upper bound of the lanes for which [`Self::is_before_queue`] is true.
    pub fn lanes_before_queue(&self) -> usize {
        let in_group = self.group.as_ref().map_or(0, |group| group.before_queue.len());
        in_group + self.before_queue.len()
    }

    /// How long results still wait for others to share their commit; none when they do not. `running` attempts may end
    /// meanwhile.
    pub fn group_delay(&self, running: usize) -> Option<Duration> {
        let is_first = self.group.is_none() && self.to_queue.is_empty();
        let may_come = running != 0 && self.finished.len() < FULL_GROUP;
        let holds_up = self.finished.iter().any(|finished| !finished.frees_lane_early());
        let since = self.finished_since.filter(|_| is_first && may_come && !holds_up)?;
        GROUP_DELAY.checked_sub(since.elapsed())
    }

    /// The group to commit next, unless one is being committed.
    pub fn next_group(&mut self, in_flight: &InFlight, running: usize) -> Option<ResultGroup> {
        let is_little = self.is_empty() && self.missed == 0;
        let is_far = self.committed_to.saturating_add(CURSOR_STEP) <= in_flight.read_to();
        if (is_little && !is_far) || self.group.is_some() || self.group_delay(running).is_some() {
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
        let hurry = Arc::new(Notify::new());
        self.group = Some(PendingCommit {
            finished: finished.len(),
            lanes: held_lanes(&finished),
            to_queue: to_queue.iter().map(|delivery| delivery.lane.clone()).collect(),
            before_queue: std::mem::take(&mut self.before_queue),
            numbers,
            read_to: cursor.read_to,
            hurry: hurry.clone(),
        });
        let missed = std::mem::take(&mut self.missed);
        Some(ResultGroup { finished, to_queue, missed, cursor, hurry })
    }

    /// The group whose commit has ended.
    pub fn end_commit(&mut self) -> PendingCommit {
        self.group.take().unwrap_or_default()
    }
}

/// The lanes that wait for the commit of these.
fn held_lanes(finished: &[FinishedAttempt]) -> Vec<String> {
    let held_lanes = finished.iter().filter(|finished| !finished.frees_lane_early());
    held_lanes.map(|finished| finished.delivery.lane.clone()).collect()
}
