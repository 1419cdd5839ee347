//! Spans of time as a sum, a count and a histogram of logarithmic buckets, so that days add up and medians can be
//! shown. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};

const BUCKETS: usize = 12;
/// The end of the first bucket; each further one ends three times as late, and the last has no end.
const FIRST: Duration = Duration::from_secs(30);
const FACTOR: u32 = 3;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spans {
    /// Milliseconds of all together.
    sum: u64,
    count: u64,
    buckets: [u64; BUCKETS],
}

impl Spans {
    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn note(&mut self, span: Duration) {
        self.sum = self.sum.saturating_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX));
        self.count = self.count.saturating_add(1);
        let place = ends().position(|end| span < end).unwrap_or(BUCKETS - 1);
        if let Some(bucket) = self.buckets.get_mut(place) {
            *bucket = bucket.saturating_add(1);
        }
    }

    pub fn add(&mut self, other: &Self) {
        self.sum = self.sum.saturating_add(other.sum);
        self.count = self.count.saturating_add(other.count);
        for (bucket, more) in self.buckets.iter_mut().zip(other.buckets) {
            *bucket = bucket.saturating_add(more);
        }
    }

    /// None without any.
    pub fn average(&self) -> Option<Duration> {
        self.sum.checked_div(self.count).map(Duration::from_millis)
    }

    /// About the span that half of all are shorter than: right within its bucket. None without any.
    pub fn median(&self) -> Option<Duration> {
        let (mut passed, mut begin) = (0_u64, Duration::ZERO);
        for (bucket, end) in self.buckets.iter().zip(ends().map(Some).chain([None])) {
            let reached = passed.saturating_add(*bucket);
            if 0 < *bucket && self.count <= reached.saturating_mul(2) {
                // The last bucket has no end to lie before.
                let Some(end) = end else { return Some(begin) };
                let share = ratio(self.count.saturating_sub(passed * 2), bucket * 2);
                return Some(begin + (end - begin).mul_f64(share));
            }
            passed = reached;
            begin = end.unwrap_or(begin);
        }
        None
    }
}

/// The ends of the buckets but the last.
fn ends() -> impl Iterator<Item = Duration> {
    let next = |end: &Duration| end.checked_mul(FACTOR);
    std::iter::successors(Some(FIRST), next).take(BUCKETS - 1)
}

#[expect(clippy::cast_precision_loss, reason = "a share of a bucket is an estimate")]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64).clamp(0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(seconds: &[u64]) -> Spans {
        let mut spans = Spans::default();
        seconds.iter().for_each(|seconds| spans.note(Duration::from_secs(*seconds)));
        spans
    }

    #[test]
    fn each_span_lies_in_the_bucket_that_ends_behind_it() {
        let spans = of(&[0, 29, 30, 89, 90, u64::MAX / 1_000]);
        assert_eq!(spans.buckets, [2, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(of(&[60, 120]).average(), Some(Duration::from_secs(90)));
        assert_eq!((of(&[]).average(), of(&[]).median()), (None, None));
    }

    #[test]
    fn the_last_bucket_begins_after_three_weeks() {
        let last = ends().last().unwrap();
        assert_eq!((ends().count(), last), (11, Duration::from_secs(30 * 59_049)));
        assert_eq!(of(&[last.as_secs() * 9]).median(), Some(last));
    }

    proptest! {
        #[test]
        fn the_median_lies_in_the_bucket_of_the_true_one(
            mut seconds in proptest::collection::vec(0_u64..2_000_000, 1..40),
        ) {
            let median = of(&seconds).median().unwrap();
            seconds.sort_unstable();
            let middle = Duration::from_secs(seconds[(seconds.len() - 1) / 2]);
            let ends: Vec<Duration> = ends().collect();
            let begin = ends.iter().rev().find(|end| **end <= middle).copied().unwrap_or_default();
            let end = ends.into_iter().find(|end| middle < *end).unwrap_or(begin);
            prop_assert!(begin <= median && median <= end, "{median:?} not in {begin:?}..{end:?}");
        }

        #[test]
        fn days_add_up(
            one in proptest::collection::vec(0_u64..9_000_000, 0..20),
            other in proptest::collection::vec(0_u64..9_000_000, 0..20),
        ) {
            let mut sum = of(&one);
            sum.add(&of(&other));
            prop_assert_eq!(sum, of(&[one, other].concat()));
        }
    }
}
