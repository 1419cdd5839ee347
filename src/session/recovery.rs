//! Recovery stages of a degraded session: the least invasive first. Pure.
//!
//! A stage that fails is followed by the next one. A stage that helps only for a moment is not repeated without
//! end: each stage has a limit per window. The last stage, a new engine, is limited by `restart`.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use crate::domain::session::RecoveryStage::{self, Reinject, Reload, Restart};

const WINDOW: Duration = Duration::from_secs(600);
/// Attempts per window.
const MOST_REINJECTIONS: usize = 3;
const MOST_RELOADS: usize = 2;

/// The attempts of the last window.
#[derive(Debug, Default)]
pub struct Attempts {
    tried: VecDeque<(Instant, RecoveryStage)>,
}

impl Attempts {
    /// The stage to try now, which counts as an attempt; `failed` is the stage that has just failed.
    pub fn next(&mut self, failed: Option<RecoveryStage>, now: Instant) -> RecoveryStage {
        while self.tried.front().is_some_and(|(at, _)| WINDOW < now.duration_since(*at)) {
            self.tried.pop_front();
        }
        let stage = [(Reinject, MOST_REINJECTIONS), (Reload, MOST_RELOADS)]
            .into_iter()
            .filter(|(stage, _)| failed.is_none_or(|failed| failed < *stage))
            .find(|(stage, most)| self.count(*stage) < *most)
            .map_or(Restart, |(stage, _)| stage);
        if stage != Restart {
            self.tried.push_back((now, stage));
        }
        stage
    }

    /// A start was requested: earlier attempts no longer count.
    pub fn reset(&mut self) {
        self.tried.clear();
    }

    fn count(&self, stage: RecoveryStage) -> usize {
        self.tried.iter().filter(|(_, tried)| *tried == stage).count()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_does_not_help_is_followed_by_more() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        assert_eq!(attempts.next(None, now), Reinject);
        assert_eq!(attempts.next(Some(Reinject), now), Reload);
        assert_eq!(attempts.next(Some(Reload), now), Restart);
        assert_eq!(attempts.next(Some(Restart), now), Restart);
    }

    #[test]
    fn what_helps_only_for_a_moment_is_passed_over_until_it_is_long_ago() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        let stages: Vec<_> = (0..7).map(|_| attempts.next(None, now)).collect();
        assert_eq!(stages, [Reinject, Reinject, Reinject, Reload, Reload, Restart, Restart]);
        let later = now + WINDOW + Duration::from_secs(1);
        assert_eq!(attempts.next(None, later), Reinject);
    }

    #[test]
    fn a_start_that_was_asked_for_begins_anew() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        while attempts.next(None, now) != Restart {}
        attempts.reset();
        assert_eq!(attempts.next(None, now), Reinject);
    }

    proptest! {
        #[test]
        fn every_episode_climbs_and_no_window_sees_more_than_allowed(
            episodes in prop::collection::vec((0u64..300, 1usize..4), 1..60),
        ) {
            let (mut attempts, mut now) = (Attempts::default(), Instant::now());
            let mut tried = Vec::new();
            for (pause, failures) in episodes {
                now += Duration::from_secs(pause);
                let mut failed = None;
                for _ in 0..failures {
                    let stage = attempts.next(failed, now);
                    prop_assert!(failed.is_none_or(|failed| failed < stage || stage == Restart));
                    tried.push((now, stage));
                    failed = Some(stage);
                }
            }
            for (at, (start, _)) in tried.iter().enumerate() {
                let within = tried[at..].iter().filter(|(other, _)| *other - *start <= WINDOW);
                let of = |wanted| within.clone().filter(|(_, stage)| *stage == wanted).count();
                prop_assert!(of(Reinject) <= MOST_REINJECTIONS && of(Reload) <= MOST_RELOADS);
            }
        }
    }
}
