//! Holds events in memory while the disk refuses writes: in order, and bounded. Knows no store and no engine.
//!
//! An event that does not fit is dropped, and its session is marked: backfill finds the event once the disk
//! accepts writes.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::domain::{EventBody, SessionId};

/// Events that are held of one session, and of all together.
const SESSION_CAPACITY: usize = 1_000;
const CAPACITY: usize = 10_000;

/// An event that is not durable yet.
#[derive(Clone, Debug, PartialEq)]
pub enum RetryEntry {
    /// The log does not have it.
    Uncommitted(EventBody),
    /// The log has it under this number, and a power failure may lose it.
    Undurable(u64),
}

/// The events of one session.
#[derive(Debug, Default)]
struct SessionQueue {
    entries: VecDeque<RetryEntry>,
    /// Events were dropped, or could not be read from the engine.
    needs_backfill: bool,
}

#[derive(Debug, Default)]
pub struct RetryBuffer {
    queues: Mutex<HashMap<SessionId, SessionQueue>>,
    filled: Notify,
}

impl RetryBuffer {
    /// Waits until something was added.
    pub async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Queues an event behind others of its session. Returns the event when the session has none.
    pub fn queue_behind(&self, session: &SessionId, body: EventBody) -> Option<EventBody> {
        if !self.queues().contains_key(session) {
            return Some(body);
        }
        self.add(session, RetryEntry::Uncommitted(body));
        None
    }

    /// Queues an event. Whether there was room.
    pub fn add(&self, session: &SessionId, entry: RetryEntry) -> bool {
        let mut queues = self.queues();
        let all: usize = queues.values().map(|queue| queue.entries.len()).sum();
        let queue = queues.entry(session.clone()).or_default();
        let fits = queue.entries.len() < SESSION_CAPACITY && all < CAPACITY;
        if fits {
            queue.entries.push_back(entry);
        } else {
            queue.needs_backfill = true;
            if let RetryEntry::Uncommitted(body) = entry {
                metrics::counter!("wagate_events_dropped_total", "kind" => body.name())
                    .increment(1);
            }
        }
        self.publish_size(&queues);
        fits
    }

    /// Marks a session whose missed events could not be read.
    pub fn request_backfill(&self, session: &SessionId) {
        let mut queues = self.queues();
        queues.entry(session.clone()).or_default().needs_backfill = true;
        self.publish_size(&queues);
    }

    /// The sessions with a queue.
    pub fn sessions(&self) -> Vec<SessionId> {
        self.queues().keys().cloned().collect()
    }

    /// The first event of a session; it stays in the queue.
    pub fn first(&self, session: &SessionId) -> Option<RetryEntry> {
        self.queues().get(session)?.entries.front().cloned()
    }

    /// Notes the number of the first event, which was committed.
    pub fn first_committed(&self, session: &SessionId, seq: u64) {
        let mut queues = self.queues();
        if let Some(first) = queues.get_mut(session).and_then(|queue| queue.entries.front_mut()) {
            *first = RetryEntry::Undurable(seq);
        }
    }

    /// Removes the first event, which is durable.
    pub fn first_done(&self, session: &SessionId) {
        let mut queues = self.queues();
        if let Some(queue) = queues.get_mut(session) {
            queue.entries.pop_front();
        }
        self.publish_size(&queues);
    }

    /// Removes the queue of a session if it is empty. Whether the session needs a backfill.
    pub fn close(&self, session: &SessionId) -> bool {
        let mut queues = self.queues();
        if queues.get(session).is_none_or(|queue| !queue.entries.is_empty()) {
            return false;
        }
        queues.remove(session).is_some_and(|queue| queue.needs_backfill)
    }

    /// Drops the events of a session that was removed.
    pub fn forget(&self, session: &SessionId) {
        let mut queues = self.queues();
        queues.remove(session);
        self.publish_size(&queues);
    }

    fn publish_size(&self, queues: &HashMap<SessionId, SessionQueue>) {
        let all: usize = queues.values().map(|queue| queue.entries.len()).sum();
        metrics::gauge!("wagate_events_waiting").set(u32::try_from(all).unwrap_or(u32::MAX));
        self.filled.notify_one();
    }

    fn queues(&self) -> MutexGuard<'_, HashMap<SessionId, SessionQueue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(name: &str) -> SessionId {
        name.parse().unwrap()
    }

    #[test]
    fn events_stay_in_order_and_an_empty_queue_is_closed() {
        let (buffer, s) = (RetryBuffer::default(), session("s"));
        let event = EventBody::Authenticated;
        assert_eq!(buffer.queue_behind(&s, event.clone()), Some(event.clone()));
        assert!(buffer.add(&s, RetryEntry::Undurable(1)));
        assert_eq!(buffer.queue_behind(&s, event.clone()), None);
        assert!(!buffer.close(&s));
        assert_eq!(buffer.first(&s), Some(RetryEntry::Undurable(1)));
        buffer.first_done(&s);
        assert_eq!(buffer.first(&s), Some(RetryEntry::Uncommitted(event)));
        buffer.first_done(&s);
        assert!(!buffer.close(&s), "it has missed nothing");
        assert_eq!(buffer.sessions(), []);
    }

    #[test]
    fn too_many_events_are_dropped_and_their_session_needs_a_backfill() {
        let buffer = RetryBuffer::default();
        for n in 0..20 {
            let s = session(&format!("s{n}"));
            let fitted =
                (0..SESSION_CAPACITY + 1).filter(|_| buffer.add(&s, RetryEntry::Undurable(1)));
            assert_eq!(fitted.count(), if n < 10 { SESSION_CAPACITY } else { 0 });
        }
        let s = session("s3");
        (0..SESSION_CAPACITY).for_each(|_| buffer.first_done(&s));
        assert!(buffer.close(&s));
        assert!(!buffer.close(&s), "once");
    }
}
