//! Restart policy: back-off after crashes, and when a session is given up. Pure.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Between two attempts to connect through a proxy that does not work.
const FIRST_PROXY_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PROXY_PAUSE: Duration = Duration::from_secs(300);

/// What to do after a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    RestartAfter(Duration),
    GiveUp,
}

/// The crashes of the last window.
#[derive(Debug)]
pub struct Restarts {
    most: u32,
    window: Duration,
    crashes: VecDeque<Instant>,
    /// Failures of the session's proxy in a row.
    proxy_failures: u32,
}

impl Restarts {
    pub fn new(most: u32, window: Duration) -> Self {
        Self { most, window, crashes: VecDeque::new(), proxy_failures: 0 }
    }

    /// Counts a crash. The pause doubles with each crash of the window, from 2 s up to 60 s.
    pub fn crashed(&mut self, now: Instant) -> Verdict {
        while self.crashes.front().is_some_and(|at| self.window < now.duration_since(*at)) {
            self.crashes.pop_front();
        }
        let before = u32::try_from(self.crashes.len()).unwrap_or(u32::MAX);
        if self.most <= before {
            return Verdict::GiveUp;
        }
        self.crashes.push_back(now);
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(before));
        Verdict::RestartAfter(pause.min(LONGEST_PAUSE))
    }

    /// A start was requested: earlier crashes no longer count.
    pub fn reset(&mut self) {
        self.crashes.clear();
        self.proxy_failures = 0;
    }

    /// The pause until the proxy is tried again: 10 s, doubled each time up to five minutes.
    pub fn proxy_failed(&mut self) -> Duration {
        let factor = 2_u32.saturating_pow(self.proxy_failures);
        self.proxy_failures = self.proxy_failures.saturating_add(1);
        FIRST_PROXY_PAUSE.saturating_mul(factor).min(LONGEST_PROXY_PAUSE)
    }

    pub fn proxy_works(&mut self) {
        self.proxy_failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WINDOW: Duration = Duration::from_secs(600);

    #[test]
    fn pauses_double_and_then_the_session_is_given_up() {
        let (mut restarts, now) = (Restarts::new(5, WINDOW), Instant::now());
        let pauses: Vec<Verdict> = (0..6).map(|_| restarts.crashed(now)).collect();
        let after = |seconds| Verdict::RestartAfter(Duration::from_secs(seconds));
        assert_eq!(pauses, [after(2), after(4), after(8), after(16), after(32), Verdict::GiveUp]);
    }

    #[test]
    fn crashes_of_long_ago_do_not_count() {
        let (mut restarts, now) = (Restarts::new(1, WINDOW), Instant::now());
        restarts.crashed(now);
        assert_eq!(restarts.crashed(now), Verdict::GiveUp);
        let later = now + WINDOW + Duration::from_secs(1);
        assert_eq!(restarts.crashed(later), Verdict::RestartAfter(FIRST_PAUSE));
    }

    #[test]
    fn a_proxy_that_fails_is_tried_ever_more_rarely_and_takes_nothing_of_the_restarts() {
        let mut restarts = Restarts::new(1, WINDOW);
        let pauses: Vec<u64> = (0..40).map(|_| restarts.proxy_failed().as_secs()).collect();
        assert_eq!(pauses[..7], [10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(pauses[39], 300);
        assert_eq!(restarts.crashed(Instant::now()), Verdict::RestartAfter(FIRST_PAUSE));
        restarts.proxy_works();
        assert_eq!(restarts.proxy_failed(), FIRST_PROXY_PAUSE);
    }

    proptest! {
        #[test]
        fn no_window_ever_sees_more_restarts_than_allowed(
            gaps in prop::collection::vec(0u64..400, 1..60), most in 0u32..8,
        ) {
            let mut restarts = Restarts::new(most, WINDOW);
            let (mut now, mut granted) = (Instant::now(), Vec::new());
            for gap in gaps {
                now += Duration::from_secs(gap);
                if let Verdict::RestartAfter(pause) = restarts.crashed(now) {
                    prop_assert!(FIRST_PAUSE <= pause && pause <= LONGEST_PAUSE);
                    granted.push(now);
                }
            }
            for (at, start) in granted.iter().enumerate() {
                let within = granted[at..].iter().filter(|other| **other - *start <= WINDOW).count();
                prop_assert!(within <= most as usize);
            }
        }
    }
}
