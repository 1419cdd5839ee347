//! The one place that asks what time it is.
//!
//! Everything that needs the time is given a [`Clock`]; tests give a manual one and move it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use crate::domain::Timestamp;

/// A source of wall-clock time, cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// Milliseconds since the epoch when time is set by hand; none for the system's clock.
    manual: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The operating system's clock.
    pub fn system() -> Self {
        Self { manual: None }
    }

    /// A clock that stands still until [`Clock::advance`] moves it. Clones move together.
    pub fn manual(start: Timestamp) -> Self {
        Self { manual: Some(Arc::new(AtomicI64::new(start.as_millisecond()))) }
    }

    /// Now, to the millisecond.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
    pub fn now(&self) -> Timestamp {
        match &self.manual {
            Some(millis) => from_millis(millis.load(Ordering::SeqCst)),
            None => from_millis(Timestamp::now().as_millisecond()),
        }
    }

    /// Moves a manual clock forward; the system's clock is left alone.
    pub fn advance(&self, by: Duration) {
        if let Some(millis) = &self.manual {
            let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            millis.fetch_add(by, Ordering::SeqCst);
        }
    }
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
}
