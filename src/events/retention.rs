//! Retention of the log: up to which number events may be dropped. Pure.
//!
//! Events go by age and by size, but never one that a reader still needs. The log then exceeds its limit, and the
//! readers that hold it are reported.

use std::time::Duration;

/// Limits of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Events older than this go; none for no limit.
    pub age: Option<Duration>,
    /// The oldest events go when the log takes more bytes than this; none for no limit.
    pub bytes: Option<u64>,
}

impl Retention {
    /// By age alone.
    pub fn of_age(age: Duration) -> Self {
        Self { age: Some(age), bytes: None }
    }

    /// By size alone.
    pub fn of_bytes(bytes: u64) -> Self {
        Self { age: None, bytes: Some(bytes) }
    }
}

/// A reader that holds the log back, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need<R> {
    pub reader: R,
    /// The first number that it still needs.
    pub from: u64,
}

/// Which part of the log is past its retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surplus {
    pub newest: u64,
    /// Everything below is past its age.
    pub aged: u64,
    /// Everything below exceeds the size.
    pub oversized: u64,
}

/// Which part may be dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice<R> {
    /// Everything below this number.
    pub below: u64,
    /// The readers that hold the log above its size limit.
    pub held_by: Vec<R>,
}

/// Never drops the newest event: numbers continue from it after a restart.
pub fn choose<R: Clone>(surplus: Surplus, needs: &[Need<R>]) -> Choice<R> {
    let first_needed = needs.iter().map(|need| need.from).min().unwrap_or(u64::MAX);
    let oversized = surplus.oversized.min(surplus.newest);
    let below = surplus.aged.max(oversized).min(surplus.newest).min(first_needed);
    let holds = |need: &&Need<R>| need.from < oversized;
    let held_by = needs.iter().filter(holds).map(|need| need.reader.clone()).collect();
    Choice { below, held_by }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn needs(from: &[u64]) -> Vec<Need<usize>> {
        from.iter().enumerate().map(|(reader, from)| Need { reader, from: *from }).collect()
    }

    #[test]
    fn the_larger_surplus_goes_and_the_newest_event_stays() {
        let surplus = |aged, oversized| Surplus { newest: 10, aged, oversized };
        assert_eq!(choose::<usize>(surplus(4, 1), &[]).below, 4);
        assert_eq!(choose::<usize>(surplus(1, 7), &[]).below, 7);
        assert_eq!(choose::<usize>(surplus(11, 1), &[]).below, 10);
        assert_eq!(choose::<usize>(surplus(1, 11), &[]).below, 10);
    }

    #[test]
    fn a_reader_that_is_behind_holds_what_it_needs_and_is_named_when_that_is_too_much() {
        let surplus = Surplus { newest: 10, aged: 9, oversized: 6 };
        let choice = choose(surplus, &needs(&[8, 3, 11]));
        assert_eq!(choice, Choice { below: 3, held_by: vec![1] });
        // Old events that are kept do not make the log too large.
        let choice = choose(Surplus { oversized: 1, ..surplus }, &needs(&[3]));
        assert_eq!(choice, Choice { below: 3, held_by: vec![] });
    }

    proptest! {
        #[test]
        fn nothing_that_is_needed_goes_and_what_is_too_much_goes_or_has_a_name(
            newest in 0_u64..100, aged in 0_u64..110, oversized in 0_u64..110,
            from in prop::collection::vec(0_u64..120, 0..6),
        ) {
            let needs = needs(&from);
            let Choice { below, held_by } = choose(Surplus { newest, aged, oversized }, &needs);
            prop_assert!(below <= newest);
            prop_assert!(from.iter().all(|from| below <= *from));
            prop_assert!(below <= aged.max(oversized));
            let kept_too_much = below < oversized.min(newest);
            prop_assert_eq!(kept_too_much, !held_by.is_empty());
            prop_assert!(held_by.iter().all(|reader| from[*reader] < oversized));
        }
    }
}
