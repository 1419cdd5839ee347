//! Holds live message events while backfill runs, so that message numbers follow time. Knows no store and no
//! engine.
//!
//! The buffer is in memory. A kill loses nothing: the sync checkpoint is still set, and the next backfill finds
//! the messages again.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::domain::{EventBody, MessageId, SessionId};

/// The longest time that events are held, since an engine may be slow to report what was missed.
pub const LONGEST_HOLD: Duration = Duration::from_secs(10);
/// Events of one session that are held at most.
const CAPACITY: usize = 1_000;

#[derive(Debug)]
struct SessionBuffer {
    since: Instant,
    events: VecDeque<EventBody>,
}

#[derive(Debug, Default)]
pub struct BackfillBuffer {
    sessions: Mutex<HashMap<SessionId, SessionBuffer>>,
    /// Held while a buffer is drained, so that its events are written in order.
    pub draining: tokio::sync::Mutex<()>,
}

impl BackfillBuffer {
    /// Starts to hold the events of a session, or extends the hold.
    pub fn begin(&self, session: &SessionId, now: Instant) {
        let buffer = || SessionBuffer { since: now, events: VecDeque::new() };
        self.sessions().entry(session.clone()).or_insert_with(buffer).since = now;
    }

    /// Holds an event of a message. Returns it when the session holds none, or it is of another kind.
    pub fn hold(&self, session: &SessionId, body: EventBody) -> Option<EventBody> {
        let mut sessions = self.sessions();
        match sessions.get_mut(session) {
            Some(buffer) if is_of_messages(&body) => {
                buffer.events.push_back(body);
                None
            }
            _ => Some(body),
        }
    }

    /// Whether the event of a new message is held.
    pub fn holds(&self, session: &SessionId, message: &MessageId) -> bool {
        let is_of = |body: &EventBody| match body {
            EventBody::Message { message: new } | EventBody::MessageSent { message: new } => {
                new.id.key == message.key
            }
            _ => false,
        };
        self.sessions().get(session).is_some_and(|buffer| buffer.events.iter().any(is_of))
    }

    /// Whether events were held for long enough, or too many are held.
    pub fn is_due(&self, session: &SessionId, now: Instant) -> bool {
        let sessions = self.sessions();
        let is_due = |buffer: &SessionBuffer| {
            buffer.since + LONGEST_HOLD < now || CAPACITY <= buffer.events.len()
        };
        sessions.get(session).is_some_and(is_due)
    }

    /// The next event to write. After the last one the session holds none.
    pub fn next(&self, session: &SessionId) -> Option<EventBody> {
        let mut sessions = self.sessions();
        let next = sessions.get_mut(session).and_then(|buffer| buffer.events.pop_front());
        if next.is_none() {
            sessions.remove(session);
        }
        next
    }

    /// Drops the events of a session that was removed.
    pub fn forget(&self, session: &SessionId) {
        self.sessions().remove(session);
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<SessionId, SessionBuffer>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_of_messages(body: &EventBody) -> bool {
    matches!(
        body,
        EventBody::Message { .. }
            | EventBody::MessageSent { .. }
            | EventBody::MessageEdited { .. }
            | EventBody::MessageRevoked { .. }
            | EventBody::Reaction { .. }
            | EventBody::Ack { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(emoji: &str) -> EventBody {
        EventBody::Reaction {
            message: "true_15550000001@c.us_K".parse().unwrap(),
            sender: "15550000001@c.us".parse().unwrap(),
            emoji: emoji.to_owned(),
        }
    }

    #[test]
    fn events_of_messages_are_held_in_order_and_neither_too_long_nor_too_many() {
        let (buffer, session) = (BackfillBuffer::default(), "s".parse().unwrap());
        let now = Instant::now();
        assert_eq!(buffer.hold(&session, event("0")), Some(event("0")));
        buffer.begin(&session, now);
        for emoji in ["1", "2"] {
            assert_eq!(buffer.hold(&session, event(emoji)), None);
        }
        let other = EventBody::Authenticated;
        assert_eq!(buffer.hold(&session, other.clone()), Some(other));
        assert_eq!(buffer.next(&session), Some(event("1")));
        assert_eq!(buffer.hold(&session, event("3")), None, "it would overtake the second");
        assert_eq!(buffer.next(&session), Some(event("2")));
        assert_eq!(buffer.next(&session), Some(event("3")));
        assert_eq!(buffer.next(&session), None);
        assert_eq!(buffer.hold(&session, event("4")), Some(event("4")));

        buffer.begin(&session, now);
        assert!(!buffer.is_due(&session, now));
        for _ in 0..CAPACITY {
            buffer.hold(&session, event("5"));
        }
        assert!(buffer.is_due(&session, now));
        while buffer.next(&session).is_some() {}
        buffer.begin(&session, now);
        assert!(buffer.is_due(&session, now + LONGEST_HOLD + Duration::from_millis(1)));
    }
}
