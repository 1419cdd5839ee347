//! Reports that the disk refused, kept in memory until it takes them: in order, and bounded. Knows no
//! store and no engine.
//!
//! What does not fit is dropped and noted: the session is to read what it missed when the disk is back.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::domain::{EventBody, SessionId};

/// Reports that are kept, of one session and of all together.
const MOST_OF_ONE: usize = 1_000;
const MOST: usize = 10_000;

/// A report that is not safe on the disk.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// It is not in the log.
    New(EventBody),
    /// It has this number, and may be lost with the power.
    Numbered(u64),
}

/// What one session's reports wait for.
#[derive(Debug, Default)]
struct Line {
    reports: VecDeque<Report>,
    /// Some were dropped, or never read.
    is_incomplete: bool,
}

#[derive(Debug, Default)]
pub struct Backlog {
    lines: Mutex<HashMap<SessionId, Line>>,
    /// Told when there is something to do.
    pub filled: Notify,
}

impl Backlog {
    /// Puts a report behind the others of its session; given back when none waits there.
    pub fn behind(&self, session: &SessionId, body: EventBody) -> Option<EventBody> {
        if !self.lines().contains_key(session) {
            return Some(body);
        }
        self.add(session, Report::New(body));
        None
    }

    /// Adds a report at the end of its session's line. Whether there was room.
    pub fn add(&self, session: &SessionId, report: Report) -> bool {
        let mut lines = self.lines();
        let all: usize = lines.values().map(|line| line.reports.len()).sum();
        let line = lines.entry(session.clone()).or_default();
        let fits = line.reports.len() < MOST_OF_ONE && all < MOST;
        if fits {
            line.reports.push_back(report);
        } else {
            line.is_incomplete = true;
            if let Report::New(body) = report {
                metrics::counter!("wagate_events_dropped_total", "kind" => body.name())
                    .increment(1);
            }
        }
        self.told(&lines);
        fits
    }

    /// The session is to read what it missed.
    pub fn is_to_catch_up(&self, session: &SessionId) {
        let mut lines = self.lines();
        lines.entry(session.clone()).or_default().is_incomplete = true;
        self.told(&lines);
    }

    /// Those for whom something waits.
    pub fn sessions(&self) -> Vec<SessionId> {
        self.lines().keys().cloned().collect()
    }

    /// The first report of a session, which stays where it is.
    pub fn first(&self, session: &SessionId) -> Option<Report> {
        self.lines().get(session)?.reports.front().cloned()
    }

    /// The first report has got a number.
    pub fn numbered(&self, session: &SessionId, seq: u64) {
        let mut lines = self.lines();
        if let Some(first) = lines.get_mut(session).and_then(|line| line.reports.front_mut()) {
            *first = Report::Numbered(seq);
        }
    }

    /// The first report is safe.
    pub fn done(&self, session: &SessionId) {
        let mut lines = self.lines();
        if let Some(line) = lines.get_mut(session) {
            line.reports.pop_front();
        }
        self.told(&lines);
    }

    /// Ends the line of a session if nothing waits there any more. Whether it is to catch up.
    pub fn close(&self, session: &SessionId) -> bool {
        let mut lines = self.lines();
        if lines.get(session).is_none_or(|line| !line.reports.is_empty()) {
            return false;
        }
        lines.remove(session).is_some_and(|line| line.is_incomplete)
    }

    /// The session is gone.
    pub fn forget(&self, session: &SessionId) {
        let mut lines = self.lines();
        lines.remove(session);
        self.told(&lines);
    }

    fn told(&self, lines: &HashMap<SessionId, Line>) {
        let all: usize = lines.values().map(|line| line.reports.len()).sum();
        metrics::gauge!("wagate_events_waiting").set(u32::try_from(all).unwrap_or(u32::MAX));
        self.filled.notify_one();
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<SessionId, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(name: &str) -> SessionId {
        name.parse().unwrap()
    }

    #[test]
    fn reports_keep_their_order_and_a_line_ends_when_it_is_empty() {
        let (backlog, s) = (Backlog::default(), session("s"));
        assert_eq!(backlog.behind(&s, EventBody::Authenticated), Some(EventBody::Authenticated));
        assert!(backlog.add(&s, Report::Numbered(1)));
        assert_eq!(backlog.behind(&s, EventBody::Authenticated), None);
        assert!(!backlog.close(&s));
        assert_eq!(backlog.first(&s), Some(Report::Numbered(1)));
        backlog.done(&s);
        assert_eq!(backlog.first(&s), Some(Report::New(EventBody::Authenticated)));
        backlog.done(&s);
        assert!(!backlog.close(&s), "it has missed nothing");
        assert_eq!(backlog.sessions(), []);
    }

    #[test]
    fn too_many_are_dropped_and_their_session_is_to_catch_up() {
        let backlog = Backlog::default();
        for n in 0..20 {
            let s = session(&format!("s{n}"));
            let fitted = (0..MOST_OF_ONE + 1).filter(|_| backlog.add(&s, Report::Numbered(1)));
            assert_eq!(fitted.count(), if n < 10 { MOST_OF_ONE } else { 0 });
        }
        let s = session("s3");
        (0..MOST_OF_ONE).for_each(|_| backlog.done(&s));
        assert!(backlog.close(&s));
        assert!(!backlog.close(&s), "once");
    }
}
