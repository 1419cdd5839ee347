//! Retry schedule: when a failed delivery is tried again, and how long its endpoint pauses. Pure.

use std::time::Duration;

use crate::domain::Timestamp;

const HOUR: Duration = Duration::from_secs(3_600);
/// The longest `Retry-After` that is honoured: for one delivery, and for the whole endpoint.
const LONGEST_RETRY_AFTER: Duration = HOUR.saturating_mul(24);
const LONGEST_PAUSE: Duration = HOUR;
const JITTER: f64 = 0.2;
/// A delivery never counts as too old before this age, however short the schedule is.
const SHORTEST_SPAN: Duration = HOUR;

/// The pauses between the attempts of one delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The pause before each retry.
    pub retries: Vec<Duration>,
    /// The shortest pause after an overloaded receiver's answer.
    pub respite: Duration,
}

/// A delivery after an attempt.
#[derive(Clone, Copy, Debug)]
pub struct Tried {
    /// The number of the attempt in this schedule, from 1.
    pub attempt: u32,
    /// None when there was no answer.
    pub status: Option<u16>,
    /// The receiver's `Retry-After`.
    pub retry_after: Option<Duration>,
    /// How old the delivery is.
    pub age: Duration,
    /// Set during an outage: then attempts say nothing about the event.
    pub in_outage: Option<Waited>,
}

/// How long ago the event of a delivery was read, and how many attempts it had in total.
#[derive(Clone, Copy, Debug)]
pub struct Waited {
    pub time: Duration,
    pub attempts: u32,
}

/// What becomes of a delivery after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Delivered,
    RetryAfter(Duration),
    /// A dead letter: the schedule is at its end, or a retry would not help.
    Dead,
    /// The receiver answered 410 Gone.
    Gone,
}

impl Schedule {
    /// Decides after an attempt. `chance` lies between 0 and 1.
    pub fn next(&self, tried: Tried, chance: f64) -> Next {
        match tried.status {
            Some(200..=299) => return Next::Delivered,
            Some(410) => return Next::Gone,
            // The same body stays too large. The chat's later events do not wait for it.
            Some(413) => return Next::Dead,
            _ => (),
        }
        let at = usize::try_from(tried.attempt).unwrap_or(usize::MAX).saturating_sub(1);
        let planned = match tried.in_outage {
            Some(waited) if self.is_over(waited) => return Next::Dead,
            Some(_) => self.retries.get(at).or(self.retries.last()),
            None => self.retries.get(at),
        };
        // A delivery that waited behind others for the whole length of a schedule gets one attempt. Otherwise each
        // event of a lane that always fails would go through a schedule of its own.
        if tried.in_outage.is_none() && tried.attempt == 1 && self.span() < tried.age {
            return Next::Dead;
        }
        let Some(planned) = planned else { return Next::Dead };
        let spread = 1.0 + JITTER * (chance.clamp(0.0, 1.0) * 2.0 - 1.0);
        let mut pause = planned.mul_f64(spread);
        if matches!(tried.status, Some(429 | 502 | 503 | 504)) {
            pause = pause.max(self.respite);
        }
        if let Some(retry_after) = tried.retry_after {
            pause = pause.max(retry_after.min(LONGEST_RETRY_AFTER));
        }
        // The clock counts milliseconds.
        Next::RetryAfter(Duration::from_millis(u64::try_from(pause.as_millis()).unwrap_or(0)))
    }

    fn span(&self) -> Duration {
        self.length().max(SHORTEST_SPAN)
    }

    /// Whether a delivery has used the time and the attempts of the schedule.
    fn is_over(&self, waited: Waited) -> bool {
        let attempts = usize::try_from(waited.attempts).unwrap_or(usize::MAX);
        self.length() < waited.time && self.retries.len() < attempts
    }

    fn length(&self) -> Duration {
        self.retries.iter().sum()
    }

    /// The pause before the first retry.
    pub fn first_pause(&self) -> Duration {
        self.retries.first().copied().unwrap_or_default()
    }
}

/// How long the whole endpoint pauses: `Retry-After`, with a status that speaks of the receiver's load.
pub fn pause(status: Option<u16>, retry_after: Option<Duration>) -> Option<Duration> {
    match status {
        Some(429 | 503) => retry_after
            .map(|retry_after| retry_after.min(LONGEST_PAUSE))
            .filter(|retry_after| !retry_after.is_zero()),
        _ => None,
    }
}

/// Reads `Retry-After`: seconds, or a date in any of the three forms of HTTP.
pub fn parse_retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = Timestamp::try_from(httpdate::parse_http_date(text).ok()?).ok()?;
    let millis = date.as_millisecond().saturating_sub(now.as_millisecond());
    Some(Duration::from_millis(u64::try_from(millis).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::clock::from_seconds;

    fn schedule() -> Schedule {
        let retries = [5, 30, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
        Schedule {
            retries: retries.map(Duration::from_secs).to_vec(),
            respite: Duration::from_secs(60),
        }
    }

    fn after(status: u16, retry_after: Option<u64>) -> Next {
        let retry_after = retry_after.map(Duration::from_secs);
        let tried = Tried {
            attempt: 1,
            status: Some(status),
            retry_after,
            age: Duration::ZERO,
            in_outage: None,
        };
        schedule().next(tried, 0.5)
    }

    fn retry(seconds: u64) -> Next {
        Next::RetryAfter(Duration::from_secs(seconds))
    }

    #[test]
    fn a_status_says_what_becomes_of_the_delivery() {
        assert_eq!(after(204, None), Next::Delivered);
        assert_eq!(after(302, None), retry(5), "a redirect is a failure");
        assert_eq!(after(400, None), retry(5));
        assert_eq!(after(410, None), Next::Gone);
        assert_eq!(after(413, None), Next::Dead);
    }

    #[test]
    fn an_overloaded_receiver_gets_a_minute_and_what_it_wishes_within_reason() {
        assert_eq!(after(503, None), retry(60));
        assert_eq!(after(429, Some(120)), retry(120));
        assert_eq!(after(500, Some(120)), retry(120));
        assert_eq!(after(429, Some(u64::MAX)), retry(86_400));
        assert_eq!(after(200, Some(120)), Next::Delivered);
    }

    #[test]
    fn only_load_pauses_the_whole_endpoint() {
        let retry_after = Some(Duration::from_secs(90));
        assert_eq!(pause(Some(429), retry_after), retry_after);
        assert_eq!(pause(Some(503), Some(Duration::MAX)), Some(LONGEST_PAUSE));
        assert_eq!(pause(Some(500), retry_after), None);
        assert_eq!(pause(Some(429), None), None);
    }

    #[test]
    fn what_waited_behind_others_for_the_whole_schedule_is_tried_once() {
        let tried = |attempt, age| {
            schedule()
                .next(Tried { attempt, status: None, retry_after: None, age, in_outage: None }, 0.5)
        };
        assert_eq!(tried(1, HOUR), retry(5));
        assert_eq!(tried(1, HOUR * 100), Next::Dead);
        assert_eq!(tried(2, HOUR * 100), retry(30));
    }

    #[test]
    fn in_an_outage_only_time_ends_a_delivery() {
        let tried = |attempt, time| {
            let in_outage = Some(Waited { time, attempts: 11 });
            let tried =
                Tried { attempt, status: None, retry_after: None, age: HOUR * 200, in_outage };
            schedule().next(tried, 0.5)
        };
        assert_eq!(tried(0, HOUR), retry(5));
        assert_eq!(tried(50, HOUR), retry(86_400));
        assert_eq!(tried(0, HOUR * 76), Next::Dead);
        let few = Some(Waited { time: HOUR * 76, attempts: 10 });
        let tried = Tried {
            attempt: 0,
            status: None,
            retry_after: None,
            age: Duration::ZERO,
            in_outage: few,
        };
        assert_eq!(schedule().next(tried, 0.5), retry(5), "it has an attempt left");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = from_seconds(1_445_412_480);
        assert_eq!(parse_retry_after("120", now), Some(Duration::from_secs(120)));
        for date in [
            "Wed, 21 Oct 2015 07:29:00 GMT",
            "Wednesday, 21-Oct-15 07:29:00 GMT",
            "Wed Oct 21 07:29:00 2015",
        ] {
            assert_eq!(parse_retry_after(date, now), Some(Duration::from_secs(60)), "{date}");
        }
        let past = "Wed, 21 Oct 2015 07:27:00 GMT";
        assert_eq!(parse_retry_after(past, now), Some(Duration::ZERO));
        for lie in ["soon", "-5", "", "1.5", "99999999999999999999999"] {
            assert_eq!(parse_retry_after(lie, now), None, "{lie}");
        }
    }

    proptest! {
        #[test]
        fn every_delivery_ends(
            status in prop::option::of(100u16..600),
            chance in 0.0f64..1.0,
            retry_after in prop::option::of(any::<u64>().prop_map(Duration::from_secs)),
        ) {
            let goes_on = |attempt: &u32| {
                let tried = Tried { attempt: *attempt, status, retry_after, age: Duration::ZERO, in_outage: None };
                matches!(schedule().next(tried, chance), Next::RetryAfter(_))
            };
            prop_assert!((1..100).take_while(goes_on).count() <= schedule().retries.len());
        }

        #[test]
        fn a_pause_stays_within_a_fifth_of_its_schedule(
            attempt in 1u32..=10,
            chance in 0.0f64..1.0,
        ) {
            let planned = schedule().retries[attempt as usize - 1].as_secs_f64();
            let tried = Tried { attempt, status: None, retry_after: None, age: Duration::ZERO, in_outage: None };
            let Next::RetryAfter(pause) = schedule().next(tried, chance) else {
                panic!("no retry")
            };
            prop_assert!((pause.as_secs_f64() - planned).abs() <= planned * JITTER + 1e-3);
        }

        #[test]
        fn any_text_may_stand_in_retry_after(text in ".{0,40}") {
            let _ = parse_retry_after(&text, from_seconds(0));
        }
    }
}
