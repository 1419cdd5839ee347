//! When a delivery that failed is tried again. Pure.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
/// Seconds before each retry.
const RETRIES: [u64; 10] = [
    5,
    30,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
];
/// The least that an overloaded receiver is left alone for.
const RESPITE: Duration = Duration::from_secs(60);
/// The longest that a receiver may ask to be left alone for.
const LONGEST_WISH: Duration = Duration::from_secs(24 * HOUR);
const JITTER: f64 = 0.2;

/// What a receiver's answer means for the delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Delivered,
    RetryAfter(Duration),
    /// The schedule is at its end.
    Dead,
    /// The receiver says that it is gone for good.
    Gone,
}

/// Decides after attempt `attempt` (from 1). `status` is none when there was no answer; `wish` is
/// the receiver's `Retry-After`; `chance` lies between 0 and 1.
pub fn next(attempt: u32, status: Option<u16>, wish: Option<Duration>, chance: f64) -> Next {
    match status {
        Some(200..=299) => return Next::Delivered,
        Some(410) => return Next::Gone,
        _ => (),
    }
    let at = usize::try_from(attempt).unwrap_or(usize::MAX).saturating_sub(1);
    let Some(seconds) = RETRIES.get(at) else { return Next::Dead };
    let spread = 1.0 + JITTER * (chance.clamp(0.0, 1.0) * 2.0 - 1.0);
    let mut pause = Duration::from_secs(*seconds).mul_f64(spread);
    if matches!(status, Some(429 | 502 | 503 | 504)) {
        pause = pause.max(RESPITE);
    }
    if let Some(wish) = wish {
        pause = pause.max(wish.min(LONGEST_WISH));
    }
    Next::RetryAfter(pause)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_receiver_that_is_gone_is_not_asked_again() {
        assert_eq!(next(1, Some(410), None, 0.5), Next::Gone);
    }

    #[test]
    fn a_redirect_is_a_failure() {
        assert_eq!(next(1, Some(302), None, 0.5), Next::RetryAfter(Duration::from_secs(5)));
    }

    #[test]
    fn an_overloaded_receiver_gets_a_minute_and_what_it_wishes() {
        assert_eq!(next(1, Some(503), None, 0.5), Next::RetryAfter(RESPITE));
        let wish = Some(Duration::from_secs(120));
        assert_eq!(next(1, Some(429), wish, 0.5), Next::RetryAfter(Duration::from_secs(120)));
    }

    proptest! {
        #[test]
        fn every_delivery_ends(status in prop::option::of(100u16..600), chance in 0.0f64..1.0) {
            let attempts = (1..100).take_while(|n| matches!(next(*n, status, None, chance), Next::RetryAfter(_)));
            prop_assert!(attempts.count() <= RETRIES.len());
        }

        #[test]
        fn a_pause_stays_within_a_fifth_of_its_schedule(attempt in 1u32..=10, chance in 0.0f64..1.0) {
            let planned = RETRIES[attempt as usize - 1] as f64;
            let Next::RetryAfter(pause) = next(attempt, None, None, chance) else { panic!("no retry") };
            prop_assert!((pause.as_secs_f64() - planned).abs() <= planned * JITTER + 1e-6);
        }
    }
}
