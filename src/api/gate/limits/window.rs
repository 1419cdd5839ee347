//! Sliding window of one caller: in any minute at most so many requests pass. Knows no clock.

use std::{collections::VecDeque, time::Duration};

/// Milliseconds of a minute. What passed exactly so long ago still counts, since a time that was rounded
/// down may be later.
const PERIOD: u64 = 60_000;

/// How a limited caller stands after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub limit: u32,
    pub remaining: u32,
    /// Until the oldest request that counts leaves the window.
    pub reset: Duration,
    /// None when the request may pass.
    pub retry_after: Option<Duration>,
}

/// When those requests passed that still count, in milliseconds of steady time, oldest first.
#[derive(Debug, Default)]
pub struct Window {
    passed: VecDeque<u64>,
}

impl Window {
    /// Counts a request at a time that is not before that of the last one.
    pub fn count(&mut self, limit: u32, now: u64) -> Standing {
        self.forget(now);
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let may_pass = self.passed.len() < most;
        if may_pass {
            self.passed.push_back(now);
        }
        let left = most.saturating_sub(self.passed.len());
        let reset =
            self.passed.front().map_or(0, |oldest| (oldest + PERIOD + 1).saturating_sub(now));
        let reset = Duration::from_millis(reset);
        Standing {
            limit,
            remaining: u32::try_from(left).unwrap_or(u32::MAX),
            reset,
            retry_after: (!may_pass).then_some(reset),
        }
    }

    /// Takes back the request that was counted last.
    pub fn give_back(&mut self) {
        self.passed.pop_back();
    }

    /// Whether nothing counts any more.
    pub fn is_empty(&mut self, now: u64) -> bool {
        self.forget(now);
        self.passed.is_empty()
    }

    fn forget(&mut self, now: u64) {
        while self.passed.front().is_some_and(|oldest| oldest + PERIOD < now) {
            self.passed.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_quota_passes_and_the_next_one_waits_for_the_oldest_to_leave() {
        let mut window = Window::default();
        for at in 0..30_u64 {
            let standing = window.count(30, at * 1_000);
            assert_eq!(u64::from(standing.remaining), 29 - at);
            assert_eq!(standing.reset, Duration::from_millis(60_001 - at * 1_000));
            assert_eq!(standing.retry_after, None);
        }
        let refused = window.count(30, 30_000);
        assert_eq!(refused.retry_after, Some(Duration::from_millis(30_001)));
        assert_eq!((refused.remaining, refused.reset), (0, Duration::from_millis(30_001)));
        // Nothing comes back meanwhile, and one place at a time after that.
        assert!(window.count(30, 60_000).retry_after.is_some());
        assert_eq!(window.count(30, 60_001).retry_after, None);
        assert!(window.count(30, 60_002).retry_after.is_some());
    }

    #[test]
    fn a_minute_of_rest_forgets_everything() {
        let mut window = Window::default();
        window.count(2, 5);
        assert!(!window.is_empty(60_005));
        assert!(window.is_empty(60_006));
        window.count(1, 60_006);
        window.give_back();
        assert!(window.is_empty(60_006));
    }

    proptest! {
        #[test]
        fn in_no_minute_pass_more_than_the_limit(
            limit in 1_u32..12,
            pauses in prop::collection::vec(0_u64..20_000, 1..200),
        ) {
            let (mut window, mut now, mut passed) = (Window::default(), 0, Vec::new());
            for pause in pauses {
                now += pause;
                let standing = window.count(limit, now);
                match standing.retry_after {
                    None => passed.push(now),
                    // Who waits as long as they were asked to gets through.
                    Some(wait) => {
                        now += u64::try_from(wait.as_millis()).unwrap();
                        prop_assert_eq!(window.count(limit, now).retry_after, None);
                        passed.push(now);
                    }
                }
            }
            let limit = usize::try_from(limit).unwrap();
            for (at, first) in passed.iter().enumerate() {
                let within = passed[at..].iter().filter(|time| **time <= first + PERIOD).count();
                prop_assert!(within <= limit, "{within} from {first} on");
            }
        }
    }
}
