//! Concurrency limit of an endpoint: how many attempts may be in flight at once. Pure.
//!
//! Additive increase, reset on overload: an endpoint starts with a few and earns one more with each delivery.
//! Without an answer, or after one that says "overloaded", the limit falls back to the few. So an endpoint that
//! hangs holds few connections, and its other lanes still go on.

/// Attempts that every endpoint may have in flight.
const FEW: usize = 2;

#[derive(Debug)]
pub struct ConcurrencyLimit {
    allowed: usize,
    most: usize,
}

/// What an attempt says about the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiverHealth {
    Healthy,
    /// It answered with a status that is no success.
    Refused,
    /// It gave no answer, or answered that it is overloaded.
    Overloaded,
}

impl ReceiverHealth {
    pub fn of(status: Option<u16>) -> Self {
        match status {
            Some(200..=299) => Self::Healthy,
            None | Some(429 | 502 | 503 | 504) => Self::Overloaded,
            Some(_) => Self::Refused,
        }
    }
}

impl ConcurrencyLimit {
    pub fn new(most: usize) -> Self {
        let most = most.max(1);
        Self { allowed: FEW.min(most), most }
    }

    pub fn allowed(&self) -> usize {
        self.allowed
    }

    pub fn observe(&mut self, health: ReceiverHealth) {
        self.allowed = match health {
            ReceiverHealth::Healthy => (self.allowed + 1).min(self.most),
            ReceiverHealth::Refused => self.allowed,
            ReceiverHealth::Overloaded => FEW.min(self.most),
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_limit_rises_with_deliveries_and_falls_back_on_overload() {
        let mut concurrency = ConcurrencyLimit::new(10);
        (0..20).for_each(|_| concurrency.observe(ReceiverHealth::of(Some(200))));
        assert_eq!(concurrency.allowed(), 10);
        concurrency.observe(ReceiverHealth::of(Some(400)));
        assert_eq!(concurrency.allowed(), 10);
        concurrency.observe(ReceiverHealth::of(None));
        assert_eq!(concurrency.allowed(), FEW);
    }

    proptest! {
        #[test]
        fn there_is_always_room_for_one_and_never_for_too_many(
            most in 0usize..20,
            answers in prop::collection::vec(prop::option::of(100u16..600), 0..50),
        ) {
            let mut concurrency = ConcurrencyLimit::new(most);
            for answer in answers {
                concurrency.observe(ReceiverHealth::of(answer));
                prop_assert!((1..=most.max(1)).contains(&concurrency.allowed()));
            }
        }
    }
}
