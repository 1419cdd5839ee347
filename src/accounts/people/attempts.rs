//! Lock-out: so many failures of one account within a while, and no more of it is looked at until the oldest is past.
//!
//! It counts by the address that is tried, whether it is somebody's or not, so that it tells nothing of who has an
//! account. In memory: a restart begins again.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sha2::{Digest, Sha256};

use crate::{
    accounts::people::user::folded,
    domain::{Clock, Error, ErrorCode, Timestamp, clock::between},
};

pub const MOST_FAILURES: usize = 10;
pub const WITHIN: Duration = Duration::from_secs(15 * 60);
/// Addresses that are counted; of more, the one that failed longest ago is forgotten.
const MOST_ADDRESSES: usize = 20_000;

type Name = [u8; 32];

/// Failures by the address that was tried. Clones are the same.
#[derive(Clone, Default)]
pub struct Attempts {
    failures: Arc<Mutex<HashMap<Name, Failures>>>,
}

/// When one account failed, in steady time, oldest first.
#[derive(Debug, Default)]
struct Failures(VecDeque<Timestamp>);

impl Failures {
    /// Counts an attempt as a failure before it is looked at. How long to wait where there were too many.
    fn begin(&mut self, now: Timestamp) -> Result<(), Duration> {
        while self.0.front().is_some_and(|oldest| *oldest + WITHIN <= now) {
            self.0.pop_front();
        }
        match self.0.front() {
            Some(oldest) if MOST_FAILURES <= self.0.len() => Err(between(now, *oldest + WITHIN)),
            _ => {
                self.0.push_back(now);
                Ok(())
            }
        }
    }
}

impl Attempts {
    /// Counts an attempt as a failure, until [`Self::succeeded`]: of many at once no more are looked at than may fail.
    pub fn begin(&self, email: &str, clock: &Clock) -> Result<(), Error> {
        let (name, now) = (name(email), clock.steady());
        let mut all = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if MOST_ADDRESSES <= all.len() && !all.contains_key(&name) {
            let oldest = all.iter().min_by_key(|(_, failures)| failures.0.back().copied());
            if let Some(oldest) = oldest.map(|(name, _)| *name) {
                all.remove(&oldest);
            }
        }
        all.entry(name).or_default().begin(now).map_err(|wait| {
            let seconds = wait.as_secs() + 1;
            let message = "Too many failed attempts for this account. Try again later";
            Error::new(ErrorCode::RateLimited, message).detail("retryAfter", seconds)
        })
    }

    /// Takes the attempt back that was counted last: it was none, or said nothing.
    pub fn take_back(&self, email: &str) {
        let mut all = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failures) = all.get_mut(&name(email)) {
            failures.0.pop_back();
        }
    }

    /// Forgets the failures of an account whose owner is known now.
    pub fn succeeded(&self, email: &str) {
        let mut all = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&name(email));
    }
}

fn name(email: &str) -> Name {
    Sha256::digest(folded(email).as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::clock::from_seconds;

    #[test]
    fn ten_failures_lock_one_account_whatever_the_case_until_the_first_is_past() {
        let (attempts, clock) = (Attempts::default(), Clock::manual(from_seconds(1_000)));
        for _ in 0..MOST_FAILURES {
            attempts.begin("Ada@example.com", &clock).unwrap();
            clock.advance(Duration::from_secs(1));
        }
        let refused = attempts.begin("ada@example.com ", &clock).unwrap_err();
        assert_eq!(refused.code, ErrorCode::RateLimited);
        assert_eq!(refused.details["retryAfter"], 891);
        assert!(attempts.begin("grace@example.com", &clock).is_ok());
        clock.jump(3_600);
        assert!(attempts.begin("ada@example.com", &clock).is_err());
        clock.advance(Duration::from_secs(890));
        assert!(attempts.begin("ada@example.com", &clock).is_ok());
        assert!(attempts.begin("ada@example.com", &clock).is_err());
        attempts.succeeded("ada@example.com");
        assert!(attempts.begin("ada@example.com", &clock).is_ok());
    }

    #[test]
    fn strangers_do_not_fill_the_memory() {
        let (attempts, clock) = (Attempts::default(), Clock::manual(from_seconds(1_000)));
        for number in 0..MOST_ADDRESSES + 10 {
            attempts.begin(&number.to_string(), &clock).unwrap();
            clock.advance(Duration::from_millis(1));
        }
        assert_eq!(attempts.failures.lock().unwrap().len(), MOST_ADDRESSES);
    }

    proptest! {
        #[test]
        fn in_no_window_are_more_failures_looked_at(
            pauses in prop::collection::vec(0_u64..400, 1..100),
        ) {
            let (mut failures, mut now) = (Failures::default(), from_seconds(1_000));
            let mut passed: Vec<Timestamp> = Vec::new();
            for pause in pauses {
                now += Duration::from_secs(pause);
                match failures.begin(now) {
                    Ok(()) => passed.push(now),
                    // Who waits as long as they were asked to is looked at.
                    Err(wait) => {
                        now += wait;
                        prop_assert!(failures.begin(now).is_ok());
                        passed.push(now);
                    }
                }
            }
            for (at, first) in passed.iter().enumerate() {
                let within = passed[at..].iter().filter(|time| **time < *first + WITHIN).count();
                prop_assert!(within <= MOST_FAILURES, "{within}");
            }
        }
    }
}
