//! Timers of the dispatcher. Pure: time comes in.

use std::{collections::BTreeSet, time::Duration};

use uuid::Uuid;

use crate::domain::{
    Timestamp,
    clock::{Moment, between},
};

/// The longest pause: a wall clock that was set is noticed after it.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// The action of a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Checks the session's queue.
    CheckQueue,
    /// An entry may be tried again.
    BackoffOver(Uuid),
    /// The outcome of an entry is to be looked up.
    Lookup(Uuid),
    /// The schedule is to be read.
    ReadSchedule,
}

/// What happens when.
#[derive(Debug, Default)]
pub struct Timers {
    /// By steady time, with the UUID of the session.
    timers: BTreeSet<(Timestamp, Uuid, Timer)>,
    /// When the first scheduled message is due by the wall clock. None if there is none, or it could not be read.
    next_due: Option<Timestamp>,
}

impl Timers {
    pub fn add(&mut self, at: Timestamp, session: Uuid, timer: Timer) {
        self.timers.insert((at, session, timer));
    }

    /// The next timer that is due by steady time, with its session.
    pub fn pop_due(&mut self, now: Timestamp) -> Option<(Uuid, Timer)> {
        let (_, session, timer) = *self.timers.first().filter(|(at, ..)| *at <= now)?;
        self.timers.pop_first();
        Some((session, timer))
    }

    /// A message was scheduled.
    pub fn schedule(&mut self, at: Timestamp) {
        self.next_due = Some(self.next_due.map_or(at, |next| next.min(at)));
    }

    pub fn set_schedule(&mut self, next_due: Option<Timestamp>) {
        self.next_due = next_due;
    }

    pub fn is_schedule_due(&self, now: Timestamp) -> bool {
        self.next_due.is_some_and(|due| due <= now)
    }

    /// How long nothing is due.
    pub fn pause(&self, now: Moment) -> Duration {
        let timer = self.timers.first().map(|(at, ..)| between(now.steady, *at));
        let due = self.next_due.map(|due| between(now.wall, due));
        timer.into_iter().chain(due).fold(LONGEST_PAUSE, Duration::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    #[test]
    fn timers_are_due_in_order_and_the_pause_ends_at_the_first() {
        let (mut timers, session) = (Timers::default(), Uuid::nil());
        let at = |seconds| Moment { wall: from_seconds(seconds), steady: from_seconds(seconds) };
        assert_eq!(timers.pause(at(0)), LONGEST_PAUSE);
        timers.add(from_seconds(9), session, Timer::CheckQueue);
        timers.add(from_seconds(5), session, Timer::ReadSchedule);
        assert_eq!(timers.pause(at(2)), Duration::from_secs(3));
        assert_eq!(timers.pop_due(from_seconds(4)), None);
        assert_eq!(timers.pop_due(from_seconds(9)), Some((session, Timer::ReadSchedule)));
        assert_eq!(timers.pop_due(from_seconds(9)), Some((session, Timer::CheckQueue)));
        assert_eq!(timers.pop_due(from_seconds(99)), None);
        timers.schedule(from_seconds(20));
        timers.schedule(from_seconds(30));
        assert_eq!(timers.pause(at(18)), Duration::from_secs(2));
        assert!(
            !timers.is_schedule_due(from_seconds(19)) && timers.is_schedule_due(from_seconds(20))
        );
        timers.set_schedule(None);
        assert!(!timers.is_schedule_due(from_seconds(99)));
    }
}
