//! Choice of the person with the least work. Pure.

use uuid::Uuid;

use crate::domain::Timestamp;

/// Somebody who could take a conversation.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    pub person: Uuid,
    /// Conversations that are assigned to them now.
    pub load: u64,
    /// When they were given the last one; none for who never was.
    pub last: Option<Timestamp>,
}

/// Who has the fewest conversations; of several, who was given one longest ago.
pub fn least_loaded(all: &[Candidate]) -> Option<Uuid> {
    let order = |one: &&Candidate| (one.load, one.last, one.person);
    all.iter().min_by_key(order).map(|one| one.person)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    #[test]
    fn the_least_work_goes_first_then_the_longest_wait_then_the_order_of_ids() {
        let one = |person, load, last: Option<i64>| Candidate {
            person: Uuid::from_u128(person),
            load,
            last: last.map(from_seconds),
        };
        let chosen = |all: &[Candidate]| least_loaded(all).map(|person| person.as_u128());
        assert_eq!(chosen(&[one(1, 3, None), one(2, 2, Some(9))]), Some(2));
        assert_eq!(chosen(&[one(1, 2, Some(9)), one(2, 2, Some(8))]), Some(2));
        assert_eq!(chosen(&[one(1, 2, Some(9)), one(2, 2, None)]), Some(2));
        assert_eq!(chosen(&[one(2, 0, None), one(1, 0, None)]), Some(1));
        assert_eq!(chosen(&[]), None);
    }
}
