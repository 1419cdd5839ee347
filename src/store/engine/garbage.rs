//! Garbage collection of sled's file: how often it runs, and backpressure for large commits while it lags.
//!
//! sled's file is a log. A record of 100 bytes is written about ten times until it rests: by itself, with its
//! page at each tenth write to that page, with both halves of each page that splits, and by the collector. What
//! is overwritten stays in its segment until the collector frees the segment, and the collector frees one
//! segment in each of its rounds. Where rounds are rarer than new segments the file is mostly garbage.
//!
//! Pure: numbers alone.

use std::time::Duration;

/// A segment of sled's file.
const SEGMENT: u64 = 512 * 1024;
/// Bytes that sled writes for each byte that it is given, its collector included. Measured: 13 where a thousand
/// chats take turns, and more where more do, since each page then gets its writes in more segments.
const AMPLIFICATION: u64 = 32;
/// By how much the file may grow beyond what it should, before large commits wait.
const SLACK: u64 = 16 * 1024 * 1024;
/// A commit of fewer bytes never waits: a send, an event.
const LARGE: usize = 16 * 1024;
/// No commit waits longer.
const LONGEST: Duration = Duration::from_secs(2);

/// How often sled's collector runs, and how far it may lag.
#[derive(Clone, Copy, Debug)]
pub struct Collector {
    /// The time between two rounds. Each round flushes the file, even where nothing was written.
    every: Duration,
    slack: u64,
}

impl Collector {
    /// For a store in use: frees what some 400 messages a second leave behind.
    pub const STEADY: Self = Self { every: Duration::from_millis(100), slack: SLACK };
    /// For a store that is filled by a copy: nobody else waits for the disk.
    pub const HURRIED: Self = Self { every: Duration::from_millis(5), slack: SLACK };
    /// For a store that is thrown away.
    pub const RARE: Self = Self { every: Duration::from_secs(2), slack: u64::MAX };

    pub fn every_ms(self) -> u64 {
        u64::try_from(self.every.as_millis()).unwrap_or(u64::MAX)
    }

    /// How long a commit of `commit` bytes waits, in a file that grew by `grown` bytes since it was opened, while
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
