//! Entries that wait or are in flight, as far as memory holds them: the queue of each session, the callers who wait,
//! and what the disk does not have yet.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    time::Duration,
};

use uuid::Uuid;

use crate::{
    domain::{
        Clock, SessionRef,
        outbox::{OutboxEntry, OutboxState},
    },
    messaging::{
        outbound::outbox::{
            parts::OutboxParts,
            queue::Queue,
            request::Waiter,
            timers::{Timer, Timers},
            waiter::OutcomeWaiter,
        },
        stored::{Counted, Place},
    },
};

pub struct Entries {
    clock: Clock,
    run: Uuid,
    /// The queues of sessions with waiting entries or entries in flight, by the UUID of the session.
    pub queues: HashMap<Uuid, Queue>,
    /// The callers who wait for an outcome, by entry.
    pub waiters: HashMap<Uuid, OutcomeWaiter>,
    /// Entries in flight that became queueable although their callers did not ask for it.
    pub made_queueable: HashSet<Uuid>,
    pub in_flight: HashSet<Uuid>,
    /// Entries whose state the disk refused: the state in memory is right.
    pub unwritten: HashMap<Uuid, OutboxEntry>,
    pub timers: Timers,
    /// Sessions whose queue must be checked.
    dirty: BTreeSet<Uuid>,
}

impl Entries {
    /// With the counts of entries that an earlier run of the gateway left in each session.
    pub fn new(parts: &OutboxParts, left: HashMap<Uuid, Counted>) -> Self {
        let queue = |(uuid, counted): (Uuid, Counted)| {
            let mut queue = Queue::new(SessionRef { id: counted.session, uuid });
            queue.queued = usize::try_from(counted.queued).unwrap_or(usize::MAX);
            queue.scheduled = usize::try_from(counted.scheduled).unwrap_or(usize::MAX);
            (uuid, queue)
        };
        Self {
            clock: parts.clock.clone(),
            run: parts.run,
            dirty: left.keys().copied().collect(),
            queues: left.into_iter().map(queue).collect(),
            waiters: HashMap::new(),
            made_queueable: HashSet::new(),
            in_flight: HashSet::new(),
            unwritten: HashMap::new(),
            timers: Timers::default(),
        }
    }

    /// Schedules a check of a session's queue.
    pub fn wake(&mut self, uuid: Uuid) {
        self.dirty.insert(uuid);
    }

    pub fn wake_after(&mut self, pause: Duration, uuid: Uuid, timer: Timer) {
        self.timers.add(self.clock.steady() + pause, uuid, timer);
    }

    /// A session whose queue must be checked.
    pub fn next_dirty(&mut self) -> Option<Uuid> {
        self.dirty.pop_first()
    }

    /// Whether an earlier attempt may have sent the message.
    pub fn needs_lookup(&self, entry: &OutboxEntry) -> bool {
        entry.run != self.run || entry.state != OutboxState::Queued
    }

    pub fn has_one_alone(&self, uuid: Uuid) -> bool {
        self.queues.get(&uuid).is_some_and(Queue::has_one_alone)
    }

    pub fn drop_idle(&mut self, uuid: Uuid) {
        if self.queues.get(&uuid).is_some_and(Queue::is_idle) {
            self.queues.remove(&uuid);
        }
    }

    /// Removes an entry from the counts of its queue.
    pub fn remove_from(&mut self, uuid: Uuid, id: Uuid, place: Place) {
        self.unwritten.remove(&id);
        let Some(queue) = self.queues.get_mut(&uuid) else { return };
        let count = match place {
            Place::Queue => &mut queue.queued,
            Place::Schedule(_) => &mut queue.scheduled,
            Place::Lookup => &mut queue.lookups,
        };
        *count = count.saturating_sub(1);
        queue.unqueueable.remove(&id);
        queue.backoff_over(id);
    }

    pub fn waiter_of(&mut self, id: Uuid) -> Waiter {
        self.waiters.remove(&id).map_or(Waiter::Nobody, Waiter::Outcome)
    }
}
