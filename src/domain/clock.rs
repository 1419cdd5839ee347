//! Clock: the only source of time. Callers pass a [`Clock`]; tests pass a manual one and move it.
//!
//! There are two times. The wall clock is shown and signed; an operator may set it by an hour at any moment. Steady
//! time starts as the wall clock at the start of the process, and then advances evenly. Pauses are measured in steady
//! time, so that none becomes an hour longer or ends early.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::watch;

use crate::domain::Timestamp;

/// A source of time, cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// None for the system's clock.
    manual: Option<Arc<Manual>>,
}

/// Milliseconds since the epoch, set by hand.
#[derive(Debug)]
struct Manual {
    wall: AtomicI64,
    steady: AtomicI64,
    moved: watch::Sender<()>,
}

/// Notices that a manual clock was moved. The system's clock is never moved.
#[derive(Debug)]
pub struct Moved(Option<watch::Receiver<()>>);

impl Moved {
    /// Returns when the clock was moved since the last return.
    pub async fn wait(&mut self) {
        if let Some(moved) = &mut self.0
            && moved.changed().await.is_ok()
        {
            return;
        }
        std::future::pending().await
    }
}

/// The two times of one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub wall: Timestamp,
    pub steady: Timestamp,
}

impl Clock {
    /// The operating system's clock.
    pub fn system() -> Self {
        Self { manual: None }
    }

    /// A clock that stands still until [`Clock::advance`] moves it. Clones move together.
    pub fn manual(start: Timestamp) -> Self {
        let at = || AtomicI64::new(start.as_millisecond());
        let moved = watch::Sender::default();
        Self { manual: Some(Arc::new(Manual { wall: at(), steady: at(), moved })) }
    }

    /// The wall clock now, to the millisecond.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
    pub fn now(&self) -> Timestamp {
        match &self.manual {
            Some(manual) => from_millis(manual.wall.load(Ordering::SeqCst)),
            None => from_millis(Timestamp::now().as_millisecond()),
        }
    }

    /// Steady time now. Only for pauses, since it differs from the wall clock by as much as that was set.
    pub fn steady(&self) -> Timestamp {
        static START: OnceLock<(i64, Instant)> = OnceLock::new();
        if let Some(manual) = &self.manual {
            return from_millis(manual.steady.load(Ordering::SeqCst));
        }
        let (start, began) = START.get_or_init(|| (self.now().as_millisecond(), Instant::now()));
        let passed = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        from_millis(start.saturating_add(passed))
    }

    pub fn moment(&self) -> Moment {
        Moment { wall: self.now(), steady: self.steady() }
    }

    /// Lets time pass on a manual clock; the system's clock is left alone.
    pub fn advance(&self, by: Duration) {
        if let Some(manual) = &self.manual {
            let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            manual.wall.fetch_add(by, Ordering::SeqCst);
            manual.steady.fetch_add(by, Ordering::SeqCst);
            manual.moved.send_replace(());
        }
    }

    /// Sets a manual wall clock forward or back by seconds, as an operator or NTP does: no time passes.
    pub fn jump(&self, seconds: i64) {
        if let Some(manual) = &self.manual {
            manual.wall.fetch_add(seconds.saturating_mul(1_000), Ordering::SeqCst);
            manual.moved.send_replace(());
        }
    }

    /// For tasks that wait for a time: they check again when a manual clock is moved.
    pub fn moved(&self) -> Moved {
        Moved(self.manual.as_ref().map(|manual| manual.moved.subscribe()))
    }
}

/// The time from one moment to a later one; none when it is not later.
pub fn between(from: Timestamp, to: Timestamp) -> Duration {
    let millis = to.as_millisecond().saturating_sub(from.as_millisecond());
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// The moment that lies so many milliseconds after the epoch, held to the range of [`Timestamp`].
pub fn from_millis(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(if millis < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// The moment that lies so many seconds after the epoch, held to the range of [`Timestamp`].
pub fn from_seconds(seconds: i64) -> Timestamp {
    from_millis(seconds.saturating_mul(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told_and_its_clones_move_with_it() {
        let clock = Clock::manual(from_seconds(100));
        let other = clock.clone();
        assert_eq!(clock.now(), clock.now());
        clock.advance(Duration::from_secs(5));
        assert_eq!(other.now(), from_seconds(105));
    }

    #[test]
    fn a_wall_clock_that_is_set_leaves_steady_time_alone() {
        let clock = Clock::manual(from_seconds(10_000));
        clock.jump(-3_600);
        clock.advance(Duration::from_secs(5));
        let expected = Moment { wall: from_seconds(6_405), steady: from_seconds(10_005) };
        assert_eq!(clock.moment(), expected);
        let (first, second) = (Clock::system().steady(), Clock::system().steady());
        assert!(first <= second);
        assert_eq!(between(second, first - Duration::from_secs(1)), Duration::ZERO);
    }
}
