//! Circuit breaker of an endpoint: when it fails as a whole, and how often it is probed until it answers. Pure.
//!
//! While an endpoint is down, one attempt at a time probes it: the first delivery of its queue, then that of
//! another lane. The first success ends the outage and releases the queue. Events that fail alone keep the
//! schedule of their own ([`crate::webhooks::schedule`]).

use std::time::Duration;

use uuid::Uuid;

use crate::{
    domain::{Timestamp, clock::between},
    webhooks::{concurrency::ReceiverHealth, stored::Outage},
};

/// An outage begins after this many failures in a row without an answer, or when this many deliveries fail whatever
/// the answer.
const SILENT_FAILURES: u32 = 2;
const FAILING_DELIVERIES: usize = 3;
/// The pause between probes is this share of the outage's age, within these bounds in the first two hours. Later
/// the share and the bounds are larger.
const SHARE: u32 = 6;
const SHORTEST: Duration = Duration::from_secs(2);
const LONGEST_AT_FIRST: Duration = Duration::from_secs(60);
const FIRST: Duration = Duration::from_secs(7_200);
const LATER_SHARE: u32 = 120;
const LONGEST: Duration = Duration::from_secs(900);
/// The longest `Retry-After` that is honoured.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3_600);
/// A delivery that was never tried may show that the endpoint works for others: this many do not wait for the next
/// probe.
const EXTRA_PROBES: u8 = 5;

/// A failed attempt, with what the endpoint's record says after it.
#[derive(Clone, Copy, Debug)]
pub struct Failure<'a> {
    pub health: ReceiverHealth,
    /// In steady time.
    pub at: Timestamp,
    /// `Retry-After`.
    pub retry_after: Option<Duration>,
    /// Failures since the last success, and the first few deliveries that are among them.
    pub in_row: u32,
    pub failing: &'a [Uuid],
    pub is_first_try: bool,
    /// The first pause of the endpoint's schedule: no probe comes sooner only because of an outage.
    pub first_pause: Duration,
}

/// The outage after a failure; none while single deliveries fail.
pub fn after_failure(outage: Option<Outage>, failure: Failure<'_>) -> Option<Outage> {
    let Failure { health, at, retry_after, in_row, failing, is_first_try, first_pause } = failure;
    let is_silent = health == ReceiverHealth::Overloaded && SILENT_FAILURES <= in_row;
    let known = outage.filter(|outage| !outage.is_over);
    if known.is_none() && !is_silent && failing.len() < FAILING_DELIVERIES {
        // One that is over stays until the queue is released.
        return outage;
    }
    let (since, extra_probes) = match known {
        Some(known) => {
            let is_extra = is_first_try && at < known.next_probe_at;
            (known.since, known.extra_probes.saturating_sub(u8::from(is_extra)))
        }
        None => (at, EXTRA_PROBES),
    };
    let pause = pause(between(since, at), first_pause)
        .max(retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER));
    let next_probe_at = at + pause;
    Some(Outage { since, last_probe_at: at, next_probe_at, extra_probes, is_over: false })
}

/// Notes a delivery among the first few that fail in a row.
pub fn note_failing(failing: &mut Vec<Uuid>, delivery: Uuid) {
    if failing.len() < FAILING_DELIVERIES && !failing.contains(&delivery) {
        failing.push(delivery);
    }
}

/// When the next probe may begin, with a delivery that was never tried or with one that was.
pub fn probe_at(outage: &Outage, is_first_try: bool, first_pause: Duration) -> Timestamp {
    if is_first_try && outage.extra_probes != 0 {
        outage.next_probe_at.min(outage.last_probe_at + SHORTEST.min(first_pause))
    } else {
        outage.next_probe_at
    }
}

/// The pause between two probes of an outage of this age.
fn pause(lasted: Duration, first_pause: Duration) -> Duration {
    let shortest = SHORTEST.min(first_pause);
    let pause = if lasted < FIRST {
        (lasted / SHARE).clamp(shortest, LONGEST_AT_FIRST)
    } else {
        (lasted / LATER_SHARE).clamp(LONGEST_AT_FIRST, LONGEST)
    };
    // The clock counts milliseconds: a fraction of one would never pass.
    Duration::from_millis(u64::try_from(pause.as_millis()).unwrap_or(0).max(1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::clock::from_seconds;

    const PAUSE: Duration = Duration::from_secs(5);

    fn failure(health: ReceiverHealth, in_row: u32, second: i64) -> Failure<'static> {
        Failure {
            health,
            at: from_seconds(second),
            retry_after: None,
            in_row,
            failing: &[],
            is_first_try: false,
            first_pause: PAUSE,
        }
    }

    #[test]
    fn one_failure_is_no_outage_and_two_without_an_answer_are() {
        assert_eq!(after_failure(None, failure(ReceiverHealth::Overloaded, 1, 0)), None);
        assert_eq!(
            after_failure(None, failure(ReceiverHealth::Refused, 9, 0)),
            None,
            "one event, again and again"
        );
        assert!(after_failure(None, failure(ReceiverHealth::Overloaded, 2, 0)).is_some());
        let failing = [Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3)];
        let refused = Failure { failing: &failing, ..failure(ReceiverHealth::Refused, 3, 0) };
        assert!(after_failure(None, refused).is_some(), "three events are refused");
    }

    #[test]
    fn probes_come_every_few_seconds_and_then_at_most_a_minute_apart_for_an_hour() {
        let mut outage = after_failure(None, failure(ReceiverHealth::Overloaded, 2, 0));
        let (mut probes, mut longest) = (0, 0);
        while let Some(known) = outage.filter(|known| known.next_probe_at < from_seconds(3_600)) {
            let at = known.next_probe_at;
            longest = longest.max(between(known.last_probe_at, at).as_secs());
            let within_a_minute = at <= from_seconds(60);
            assert!(
                !within_a_minute || between(known.last_probe_at, at) <= Duration::from_secs(10)
            );
            outage =
                after_failure(outage, Failure { at, ..failure(ReceiverHealth::Overloaded, 3, 0) });
            probes += 1;
        }
        assert!((60..100).contains(&probes) && longest == 60, "{probes} probes, {longest} s");
    }

    #[test]
    fn a_new_event_is_tried_out_of_turn_a_few_times_only() {
        let mut outage = after_failure(None, failure(ReceiverHealth::Overloaded, 2, 0)).unwrap();
        outage.next_probe_at = from_seconds(600);
        for second in [2, 4, 6, 8, 10] {
            assert_eq!(probe_at(&outage, true, PAUSE), from_seconds(second));
            assert_eq!(probe_at(&outage, false, PAUSE), from_seconds(600));
            let first =
                Failure { is_first_try: true, ..failure(ReceiverHealth::Overloaded, 3, second) };
            outage = Outage {
                next_probe_at: from_seconds(600),
                ..after_failure(Some(outage), first).unwrap()
            };
        }
        assert_eq!(probe_at(&outage, true, PAUSE), from_seconds(600));
    }

    #[test]
    fn retry_after_is_honoured_for_an_hour_at_most() {
        for (retry_after, expected) in [(0, 2), (120, 120), (86_400, 3_600)] {
            let retry_after = Some(Duration::from_secs(retry_after));
            let outage = after_failure(
                None,
                Failure { retry_after, ..failure(ReceiverHealth::Overloaded, 2, 0) },
            );
            assert_eq!(outage.unwrap().next_probe_at, from_seconds(expected));
        }
    }

    proptest! {
        #[test]
        fn the_next_probe_is_always_ahead_and_never_far(
            lasted in 0i64..1_000_000, first_pause in 1u64..100_000,
        ) {
            let first_pause = Duration::from_millis(first_pause);
            let begun = after_failure(None, Failure { first_pause, ..failure(ReceiverHealth::Overloaded, 2, 0) });
            let later = Failure { first_pause, ..failure(ReceiverHealth::Overloaded, 3, lasted) };
            let outage = after_failure(begun, later).unwrap();
            prop_assert!(outage.last_probe_at < outage.next_probe_at);
            prop_assert!(between(outage.last_probe_at, outage.next_probe_at) <= LONGEST);
        }
    }
}
