//! Sliding hour of messages to one recipient: exact, since each time is stored. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::{Timestamp, clock::between};

const HOUR: Duration = Duration::from_secs(3_600);

/// The times of the messages to one recipient within the last hour, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hourly(Vec<Timestamp>);

impl Hourly {
    /// Notes a message. With `limit` messages in the hour before, an error says after which time it may be sent; 0 is
    /// no limit.
    pub fn count(&mut self, limit: usize, now: Timestamp) -> Result<(), Duration> {
        if limit == 0 {
            self.0.clear();
            return Ok(());
        }
        self.check(limit, now)?;
        self.0.retain(|at| is_within(*at, now));
        // A lower limit than before needs fewer times.
        let surplus = (self.0.len() + 1).saturating_sub(limit);
        self.0.drain(..surplus);
        self.0.push(now);
        Ok(())
    }

    /// The same without noting it.
    pub fn check(&self, limit: usize, now: Timestamp) -> Result<(), Duration> {
        let within: Vec<_> = self.0.iter().filter(|at| is_within(**at, now)).collect();
        let Some(place) = within.len().checked_sub(limit).filter(|_| limit != 0) else {
            return Ok(());
        };
        let leaves = within.get(place).and_then(|at| at.checked_add(HOUR).ok());
        Err(leaves.map_or(HOUR, |at| between(now, at)))
    }
}

/// Whether a message counts at `now`. One that is later than now, since the clock was set back, counts.
fn is_within(at: Timestamp, now: Timestamp) -> bool {
    between(at, now) < HOUR
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::clock::from_millis;

    #[test]
    fn the_twenty_first_waits_until_the_first_is_an_hour_old() {
        let mut hourly = Hourly::default();
        for second in 0..20 {
            assert_eq!(hourly.count(20, from_millis(second * 1_000)), Ok(()));
        }
        let wait = hourly.count(20, from_millis(20_000));
        assert_eq!(wait, Err(Duration::from_secs(3_580)));
        assert_eq!(hourly.check(20, from_millis(3_599_999)), Err(Duration::from_millis(1)));
        assert_eq!(hourly.count(20, from_millis(3_600_000)), Ok(()));
        assert_eq!(hourly.check(20, from_millis(3_600_000)), Err(Duration::from_secs(1)));
        assert_eq!(hourly.count(0, from_millis(3_600_000)), Ok(()));
        assert_eq!(hourly, Hourly::default());
    }

    proptest! {
        #[test]
        fn no_hour_has_more_than_the_limit_and_a_refusal_says_when_the_next_may_come(
            pauses in prop::collection::vec(0_i64..600_000, 1..200), limit in 1_usize..9,
        ) {
            let (mut hourly, mut now, mut sent) = (Hourly::default(), 0, Vec::new());
            for pause in pauses {
                now += pause;
                match hourly.count(limit, from_millis(now)) {
                    Ok(()) => sent.push(now),
                    Err(wait) => {
                        let wait = i64::try_from(wait.as_millis()).unwrap();
                        prop_assert!(0 < wait);
                        let early = hourly.check(limit, from_millis(now + wait - 1));
                        prop_assert!(early.is_err());
                        prop_assert!(hourly.check(limit, from_millis(now + wait)).is_ok());
                    }
                }
                prop_assert!(hourly.0.len() <= limit);
            }
            for (place, first) in sent.iter().enumerate() {
                let within = sent[place..].iter().filter(|at| **at < first + 3_600_000).count();
                prop_assert!(within <= limit);
            }
        }
    }
}
