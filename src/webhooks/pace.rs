//! How many attempts at one endpoint may be under way at once. Pure.
//!
//! An endpoint begins with a few and earns one more with each delivery. When it gives no answer or
//! says that it is overloaded, it falls back to the few, so that one that hangs holds few of the
//! connections that it shares with others, and other lanes still go on beside the one that hangs.

/// Attempts that every endpoint may have under way.
const FEW: usize = 2;

#[derive(Debug)]
pub struct Pace {
    allowed: usize,
    most: usize,
}

/// What an attempt said about the receiver's strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Well,
    /// It answered, and refused.
    Refused,
    /// It gave no answer, or asked to be spared.
    Strained,
}

impl Sign {
    pub fn of(status: Option<u16>) -> Self {
        match status {
            Some(200..=299) => Self::Well,
            None | Some(429 | 502 | 503 | 504) => Self::Strained,
            Some(_) => Self::Refused,
        }
    }
}

impl Pace {
    pub fn new(most: usize) -> Self {
        let most = most.max(1);
        Self { allowed: FEW.min(most), most }
    }

    pub fn allowed(&self) -> usize {
        self.allowed
    }

    pub fn heard(&mut self, sign: Sign) {
        self.allowed = match sign {
            Sign::Well => (self.allowed + 1).min(self.most),
            Sign::Refused => self.allowed,
            Sign::Strained => FEW.min(self.most),
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_goes_well_goes_faster_until_the_receiver_is_strained() {
        let mut pace = Pace::new(10);
        (0..20).for_each(|_| pace.heard(Sign::of(Some(200))));
        assert_eq!(pace.allowed(), 10);
        pace.heard(Sign::of(Some(400)));
        assert_eq!(pace.allowed(), 10);
        pace.heard(Sign::of(None));
        assert_eq!(pace.allowed(), FEW);
    }

    proptest! {
        #[test]
        fn there_is_always_room_for_one_and_never_for_too_many(
            most in 0usize..20,
            answers in prop::collection::vec(prop::option::of(100u16..600), 0..50),
        ) {
            let mut pace = Pace::new(most);
            for answer in answers {
                pace.heard(Sign::of(answer));
                prop_assert!((1..=most.max(1)).contains(&pace.allowed()));
            }
        }
    }
}
