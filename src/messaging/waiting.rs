//! What is heard of messages while a session catches up: it waits until what was missed is written, so
//! that the numbers of a chat's messages are in the order of their time. Knows no store and no engine.
//!
//! It waits in memory: nothing is lost with it, since a session that did not come to the end of catching
//! up begins again where it began.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::domain::{EventBody, MessageId, SessionId};

/// How long it waits at most, and how much of it: an engine may be slow to tell what was missed.
pub const PATIENCE: Duration = Duration::from_secs(10);
const MOST: usize = 1_000;

#[derive(Debug)]
struct Line {
    since: Instant,
    reports: VecDeque<EventBody>,
}

#[derive(Debug, Default)]
pub struct Waiting {
    lines: Mutex<HashMap<SessionId, Line>>,
    /// Held by who lets reports go, which they do in order.
    pub letting_go: tokio::sync::Mutex<()>,
}

impl Waiting {
    /// A session begins to catch up, perhaps anew.
    pub fn begin(&self, session: &SessionId, now: Instant) {
        let line = || Line { since: now, reports: VecDeque::new() };
        self.lines().entry(session.clone()).or_insert_with(line).since = now;
    }

    /// Keeps a report; given back when none of its kind waits.
    pub fn keep(&self, session: &SessionId, body: EventBody) -> Option<EventBody> {
        let mut lines = self.lines();
        match lines.get_mut(session) {
            Some(line) if is_of_messages(&body) => {
                line.reports.push_back(body);
                None
            }
            _ => Some(body),
        }
    }

    /// Whether the report of a new message waits.
    pub fn holds(&self, session: &SessionId, message: &MessageId) -> bool {
        let is_of = |body: &EventBody| match body {
            EventBody::Message { message: new } | EventBody::MessageSent { message: new } => {
                new.id.key == message.key
            }
            _ => false,
        };
        self.lines().get(session).is_some_and(|line| line.reports.iter().any(is_of))
    }

    /// Whether what waits has waited long enough, or is too much.
    pub fn is_due(&self, session: &SessionId, now: Instant) -> bool {
        let lines = self.lines();
        let is_due = |line: &Line| line.since + PATIENCE < now || MOST <= line.reports.len();
        lines.get(session).is_some_and(is_due)
    }

    /// The next to be written. After the last, nothing waits any more.
    pub fn next(&self, session: &SessionId) -> Option<EventBody> {
        let mut lines = self.lines();
        let next = lines.get_mut(session).and_then(|line| line.reports.pop_front());
        if next.is_none() {
            lines.remove(session);
        }
        next
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<SessionId, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
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

    fn report(emoji: &str) -> EventBody {
        EventBody::Reaction {
            message: "true_15550000001@c.us_K".parse().unwrap(),
            sender: "15550000001@c.us".parse().unwrap(),
            emoji: emoji.to_owned(),
        }
    }

    #[test]
    fn reports_of_messages_wait_in_order_and_neither_too_long_nor_too_many() {
        let (waiting, session) = (Waiting::default(), "s".parse().unwrap());
        let now = Instant::now();
        assert_eq!(waiting.keep(&session, report("0")), Some(report("0")));
        waiting.begin(&session, now);
        for emoji in ["1", "2"] {
            assert_eq!(waiting.keep(&session, report(emoji)), None);
        }
        let other = EventBody::Authenticated;
        assert_eq!(waiting.keep(&session, other.clone()), Some(other));
        assert_eq!(waiting.next(&session), Some(report("1")));
        assert_eq!(waiting.keep(&session, report("3")), None, "it would overtake the second");
        assert_eq!(waiting.next(&session), Some(report("2")));
        assert_eq!(waiting.next(&session), Some(report("3")));
        assert_eq!(waiting.next(&session), None);
        assert_eq!(waiting.keep(&session, report("4")), Some(report("4")));

        waiting.begin(&session, now);
        assert!(!waiting.is_due(&session, now));
        for _ in 0..MOST {
            waiting.keep(&session, report("5"));
        }
        assert!(waiting.is_due(&session, now));
        while waiting.next(&session).is_some() {}
        waiting.begin(&session, now);
        assert!(waiting.is_due(&session, now + PATIENCE + Duration::from_millis(1)));
    }
}
