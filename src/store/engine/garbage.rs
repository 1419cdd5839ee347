//! Garbage collection of sled's file: how often it runs, and backpressure for large commits in the background while
//! it lags.
//!
//! sled's file is a log. A record of 100 bytes is written about ten times until it rests: by itself, with its
//! page at each tenth write to that page, with both halves of each page that splits, and by the collector. What
//! is overwritten stays in its segment until the collector frees the segment, and the collector frees one
//! segment in each of its rounds. Where rounds are rarer than new segments the file is mostly garbage.
//!
//! Pure: numbers alone.

use std::time::{Duration, Instant};

/// A segment of sled's file.
const SEGMENT: u64 = 512 * 1024;
/// Bytes that sled writes for each byte that it is given, its collector included. Measured: 13 where a thousand
/// chats take turns, and more where more do, since each page then gets its writes in more segments.
const AMPLIFICATION: u64 = 32;
/// By how much the file may grow beyond what it should, before large commits wait.
const SLACK: u64 = 16 * 1024 * 1024;
/// A commit of fewer bytes never waits.
const LARGE: usize = 16 * 1024;
/// No commit waits longer.
const LONGEST: Duration = Duration::from_secs(2);
/// The time between two rounds of a store that rests.
const RESTING: Duration = Duration::from_secs(3_600);

/// How often sled's collector runs, and how far it may lag.
#[derive(Clone, Copy, Debug)]
pub struct Collector {
    /// The time between two rounds. Each round flushes the file, even where nothing was written.
    every: Duration,
    slack: u64,
    rest: Option<Rest>,
}

/// When a store makes no rounds: for it is small, and little is written to it.
#[derive(Clone, Copy, Debug)]
pub struct Rest {
    /// How long little must have been written before it rests.
    pub quiet: Duration,
    /// Bytes given to sled that end the rest. A fourth of it is little.
    pub most: u64,
    /// The longest file of a store that rests: a longer one takes too long to reopen.
    pub file: u64,
}

impl Rest {
    /// In its quiet time all segments of such a file can be freed, one in each round.
    const USUAL: Self =
        Self { quiet: Duration::from_secs(30), most: 64 * 1024, file: 64 * 1024 * 1024 };
}

/// Whether the collector makes its rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    Collecting,
    Resting,
}

/// The pace of a store's collector, and since when what was written decides the next.
#[derive(Clone, Copy, Debug)]
pub struct Pacing {
    pace: Pace,
    since: Instant,
    given: u64,
}

impl Pacing {
    /// For a store that is opened with a file of this length.
    pub fn begin(collector: Collector, length: u64, now: Instant) -> Self {
        let may_rest = collector.rest.is_some_and(|rest| length <= rest.file);
        let pace = if may_rest { Pace::Resting } else { Pace::Collecting };
        Self { pace, since: now, given: 0 }
    }

    pub fn pace(self) -> Pace {
        self.pace
    }

    /// The pace that is due, where it is another: with what sled was given so far, and the length of its file.
    pub fn next(
        &mut self,
        collector: Collector,
        given: u64,
        length: u64,
        now: Instant,
    ) -> Option<Pace> {
        let rest = collector.rest?;
        let written = given.saturating_sub(self.given);
        let pace = match self.pace {
            Pace::Resting if rest.most <= written => Pace::Collecting,
            Pace::Resting => return None,
            Pace::Collecting if now.saturating_duration_since(self.since) < rest.quiet => {
                return None;
            }
            Pace::Collecting if written <= rest.most / 4 && length <= rest.file => Pace::Resting,
            Pace::Collecting => Pace::Collecting,
        };
        let is_other = pace != self.pace;
        *self = Self { pace, since: now, given };
        is_other.then_some(pace)
    }
}

impl Collector {
    /// For a store in use: frees what some 400 messages a second leave behind.
    pub const STEADY: Self =
        Self { every: Duration::from_millis(100), slack: SLACK, rest: Some(Rest::USUAL) };
    /// For a store that is filled by a copy: nobody else waits for the disk.
    pub const HURRIED: Self = Self { every: Duration::from_millis(5), slack: SLACK, rest: None };
    /// For a store that is thrown away.
    pub const RARE: Self = Self { every: Duration::from_secs(2), slack: u64::MAX, rest: None };

    /// The time between two rounds.
    pub fn every(self, pace: Pace) -> Duration {
        match pace {
            Pace::Collecting => self.every,
            Pace::Resting => RESTING,
        }
    }

    /// How long a commit in the background of `commit` bytes waits, in a file that grew by `grown` bytes since it was opened, while
    /// sled was given `given` bytes.
    pub fn pause(self, commit: usize, grown: u64, given: u64) -> Duration {
        let expected = given.saturating_add(given / 4).saturating_add(self.slack);
        if commit < LARGE || grown <= expected {
            return Duration::ZERO;
        }
        let written = u64::try_from(commit).unwrap_or(u64::MAX).saturating_mul(AMPLIFICATION);
        let rounds = u32::try_from(written.div_ceil(SEGMENT)).unwrap_or(u32::MAX);
        self.every.saturating_mul(rounds).min(LONGEST)
    }

    #[cfg(test)]
    pub fn without_slack(self) -> Self {
        Self { slack: 0, ..self }
    }

    #[cfg(test)]
    pub fn with_rest(self, rest: Rest) -> Self {
        Self { rest: Some(rest), ..self }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MIB: u64 = 1024 * 1024;

    #[test]
    fn large_commits_wait_only_where_the_file_outgrows_what_it_was_given() {
        let pause = |commit, grown, given| Collector::STEADY.pause(commit, grown, given);
        let large = 100 * 1024;
        assert_eq!(pause(large, 16 * MIB, 0), Duration::ZERO);
        assert_eq!(pause(large, 16 * MIB + 1, 0), Duration::from_millis(700));
        assert_eq!(pause(large, 141 * MIB, 100 * MIB), Duration::ZERO);
        assert_eq!(pause(large, 142 * MIB, 100 * MIB), Duration::from_millis(700));
        assert_eq!(pause(LARGE - 1, u64::MAX, 0), Duration::ZERO);
        assert_eq!(pause(usize::MAX, u64::MAX, 0), LONGEST);
        assert_eq!(Collector::RARE.pause(large, u64::MAX, 0), Duration::ZERO);
    }

    #[test]
    fn a_small_store_rests_while_little_is_written_and_a_large_one_never() {
        let (begun, large) = (Instant::now(), 65 * MIB);
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut small = Pacing::begin(Collector::STEADY, MIB, begun);
        assert_eq!(small.pace(), Pace::Resting);
        let steps = [
            (1, 63 * 1024, MIB, None),
            (2, 64 * 1024, MIB, Some(Pace::Collecting)),
            (31, 64 * 1024, MIB, None),
            // Much was written in the last half minute, then little in a file that is too long, then little.
            (32, 100 * 1024, MIB, None),
            (62, 101 * 1024, large, None),
            (92, 102 * 1024, MIB, Some(Pace::Resting)),
            (300, 103 * 1024, MIB, None),
        ];
        for (seconds, given, length, expected) in steps {
            let next = small.next(Collector::STEADY, given, length, at(seconds));
            assert_eq!(next, expected, "after {seconds} s");
        }
        for (collector, length) in [(Collector::STEADY, large), (Collector::HURRIED, MIB)] {
            let mut pacing = Pacing::begin(collector, length, begun);
            assert_eq!(pacing.pace(), Pace::Collecting);
            assert_eq!(pacing.next(collector, 0, large, at(1_000)), None);
        }
    }

    proptest! {
        #[test]
        fn a_larger_commit_waits_no_shorter(
            commit in 0_usize..1 << 30, more in 0_usize..1 << 30, grown in any::<u64>(), given in any::<u64>(),
        ) {
            let pause = |commit| Collector::STEADY.pause(commit, grown, given);
            prop_assert!(pause(commit) <= pause(commit + more));
            prop_assert!(pause(commit) <= LONGEST);
        }
    }
}
