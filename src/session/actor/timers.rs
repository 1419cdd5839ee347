//! Deadlines of one session, at most one of each kind. Pure.

use std::time::Duration;

use tokio::time::Instant;

/// How long a ready session may be without a connection to WhatsApp before its engine is restarted.
pub const CONNECTION_PATIENCE: Duration = Duration::from_secs(60);

/// What ends at a deadline, in the order in which deadlines that are over take effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// The time for the scan of a QR code.
    Qr,
    /// The life of a pairing code.
    Pairing,
    /// The time for the engine to show something new.
    Progress,
    /// The time for the account to load.
    Authentication,
    /// The time for a lost connection to WhatsApp to come back.
    Connection,
    /// The hold of the session.
    Hold,
    /// The pause of sends.
    SendPause,
    /// The pause before a restart.
    Restart,
    /// The pause before the next probe.
    Probe,
}

const ALL: [Timer; 9] = [
    Timer::Qr,
    Timer::Pairing,
    Timer::Progress,
    Timer::Authentication,
    Timer::Connection,
    Timer::Hold,
    Timer::SendPause,
    Timer::Restart,
    Timer::Probe,
];

#[derive(Default)]
pub struct Timers {
    at: [Option<Instant>; ALL.len()],
}

impl Timers {
    pub fn get(&self, timer: Timer) -> Option<Instant> {
        self.at[timer as usize]
    }

    pub fn is_set(&self, timer: Timer) -> bool {
        self.get(timer).is_some()
    }

    /// Sets a deadline; none clears it.
    pub fn set(&mut self, timer: Timer, at: impl Into<Option<Instant>>) {
        self.at[timer as usize] = at.into();
    }

    pub fn clear<const N: usize>(&mut self, timers: [Timer; N]) {
        for timer in timers {
            self.at[timer as usize] = None;
        }
    }

    /// The first deadline.
    pub fn next(&self) -> Option<Instant> {
        self.at.into_iter().flatten().min()
    }

    /// Takes a deadline that is over.
    pub fn take_due(&mut self, now: Instant) -> Option<Timer> {
        let is_due = |timer: &Timer| self.get(*timer).is_some_and(|at| at <= now);
        let due = ALL.into_iter().find(is_due)?;
        self.clear([due]);
        Some(due)
    }

    /// The engine is closed: only the deadlines that do not depend on one are left.
    pub fn engine_closed(&mut self) {
        let kept = [Timer::Hold, Timer::SendPause].map(|timer| (timer, self.get(timer)));
        *self = Self::default();
        for (timer, at) in kept {
            self.set(timer, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_that_are_over_come_once_and_in_their_order() {
        let (mut timers, now) = (Timers::default(), Instant::now());
        let second = Duration::from_secs(1);
        timers.set(Timer::Probe, now);
        timers.set(Timer::Qr, now + second);
        timers.set(Timer::Restart, now + 3 * second);
        assert_eq!(timers.next(), Some(now));
        let later = now + 2 * second;
        let due: Vec<Timer> = std::iter::from_fn(|| timers.take_due(later)).collect();
        assert_eq!(due, [Timer::Qr, Timer::Probe]);
        assert_eq!(timers.next(), Some(now + 3 * second));
    }

    #[test]
    fn holds_and_pauses_outlive_the_engine() {
        let (mut timers, now) = (Timers::default(), Instant::now());
        for timer in ALL {
            timers.set(timer, now);
        }
        timers.engine_closed();
        let left: Vec<Timer> = ALL.into_iter().filter(|timer| timers.is_set(*timer)).collect();
        assert_eq!(left, [Timer::Hold, Timer::SendPause]);
    }
}
