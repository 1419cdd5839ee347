//! Visitors: about how many different ones there were, as a sketch that adds up over days (HyperLogLog). Pure.
//!
//! Up to a hundred or so it is exact in nearly all cases; of many it is right within a few percent. It holds no id.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Registers: their number is a power of two.
const REGISTERS: u16 = 1_024;
const BITS: u32 = REGISTERS.trailing_zeros();
/// Bits of an id behind those that choose the register. The highest two of the lower half are the same in all ids.
const RANKED: u32 = 62 - BITS;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Visitors(Vec<(u16, u8)>);

impl Visitors {
    /// Notes a visitor by a UUID that was made from a hash.
    pub fn note(&mut self, visitor: Uuid) {
        let (_, low) = visitor.as_u64_pair();
        let register = u16::try_from(low % u64::from(REGISTERS)).unwrap_or_default();
        let rest = (low >> BITS) & ((1 << RANKED) - 1);
        let rank = u8::try_from(rest.trailing_zeros().min(RANKED) + 1).unwrap_or(u8::MAX);
        self.raise(register, rank);
    }

    pub fn add(&mut self, other: &Self) {
        for (register, rank) in &other.0 {
            self.raise(*register, *rank);
        }
    }

    fn raise(&mut self, register: u16, rank: u8) {
        match self.0.binary_search_by_key(&register, |(register, _)| *register) {
            Ok(place) => {
                if let Some((_, known)) = self.0.get_mut(place) {
                    *known = rank.max(*known);
                }
            }
            Err(place) => self.0.insert(place, (register, rank)),
        }
    }

    /// About how many there were.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an estimate, which is never negative"
    )]
    pub fn count(&self) -> u64 {
        let all = f64::from(REGISTERS);
        let empty = all - self.0.len() as f64;
        let ranked: f64 = self.0.iter().map(|(_, rank)| 0.5_f64.powi(i32::from(*rank))).sum();
        let raw = 0.7213 / (1.0 + 1.079 / all) * all * all / (ranked + empty);
        let estimate = if raw <= 2.5 * all && 0.0 < empty { all * (all / empty).ln() } else { raw };
        estimate.round() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(range: std::ops::Range<u32>) -> Visitors {
        let mut visitors = Visitors::default();
        let id = |number: u32| Uuid::new_v5(&Uuid::NAMESPACE_OID, &number.to_be_bytes());
        range.for_each(|number| visitors.note(id(number)));
        visitors
    }

    #[test]
    fn few_are_exact_and_many_are_near() {
        for count in [0, 1, 2, 10, 40] {
            assert_eq!(of(0..count).count(), u64::from(count));
        }
        for count in [1_000_u32, 20_000, 200_000] {
            let (estimate, exact) = (of(0..count).count(), u64::from(count));
            assert!(estimate.abs_diff(exact) * 10 < exact, "{estimate} for {exact}");
        }
    }

    #[test]
    fn the_same_visitor_counts_once_over_days() {
        let mut days = of(0..60);
        days.add(&of(30..90));
        assert_eq!(days, of(0..90));
    }
}
