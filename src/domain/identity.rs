//! Identity map of a session: the telephone number (`…@c.us`) and the hidden id (LID, `…@lid`) of a person.
//!
//! WhatsApp names a person by either id. The map is one to one: the newest pair is true, and pairs that
//! contradict it are removed. Storage, and the events that pairs come from, are not known here.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::domain::{Jid, JidKind, Timestamp};

/// The two ids of one person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(try_from = "UncheckedPair")]
pub struct Pair {
    lid: Jid,
    phone: Jid,
}

#[derive(Deserialize)]
struct UncheckedPair {
    lid: Jid,
    phone: Jid,
}

impl TryFrom<UncheckedPair> for Pair {
    type Error = &'static str;

    fn try_from(pair: UncheckedPair) -> Result<Self, Self::Error> {
        Self::of(&pair.lid, &pair.phone).ok_or("not a hidden identity and a telephone number")
    }
}

impl Pair {
    /// Two ids of one person, in any order; none unless they are one of each kind.
    pub fn of(one: &Jid, other: &Jid) -> Option<Self> {
        match (one.kind(), other.kind()) {
            (JidKind::Lid, JidKind::Person) => {
                Some(Self { lid: one.clone(), phone: other.clone() })
            }
            (JidKind::Person, JidKind::Lid) => {
                Some(Self { lid: other.clone(), phone: one.clone() })
            }
            _ => None,
        }
    }

    pub fn lid(&self) -> &Jid {
        &self.lid
    }

    pub fn phone(&self) -> &Jid {
        &self.phone
    }
}

/// A pair as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    #[serde(flatten)]
    pub pair: Pair,
    /// When it was learned.
    pub since: Timestamp,
}

/// A newly learned pair, and the former ids that it replaces.
#[derive(Clone, Debug, PartialEq)]
pub struct LearnedPair {
    pub pair: Pair,
    /// The number that this hidden identity had before.
    pub former_phone: Option<Jid>,
    /// The hidden identity that this number had before.
    pub former_lid: Option<Jid>,
}

/// A person's ids, as far as they are known. At least one is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Both {
    pub phone: Option<Jid>,
    pub lid: Option<Jid>,
}

/// A part of a session's map: the pairs of some people.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Identities {
    /// From either id to the other.
    others: HashMap<Jid, Jid>,
}

impl Identities {
    /// The same person's other id.
    pub fn other(&self, id: &Jid) -> Option<&Jid> {
        self.others.get(id)
    }

    /// Both ids of a person named by either; none for what is no person.
    pub fn both(&self, id: &Jid) -> Option<Both> {
        let (this, other) = (Some(id.clone()), self.other(id).cloned());
        match id.kind() {
            JidKind::Person => Some(Both { phone: this, lid: other }),
            JidKind::Lid => Some(Both { phone: other, lid: this }),
            JidKind::Group | JidKind::Broadcast | JidKind::Newsletter | JidKind::Web => None,
        }
    }

    /// Adds a pair; none when the map has it already. The map must hold the former pairs of both ids.
    pub fn learn(&mut self, pair: &Pair) -> Option<LearnedPair> {
        if self.other(&pair.lid) == Some(&pair.phone) {
            return None;
        }
        let former_phone = self.others.insert(pair.lid.clone(), pair.phone.clone());
        let former_lid = self.others.insert(pair.phone.clone(), pair.lid.clone());
        for former in [&former_phone, &former_lid].into_iter().flatten() {
            self.others.remove(former);
        }
        Some(LearnedPair { pair: pair.clone(), former_phone, former_lid })
    }

    /// The pairs of those among these people who have one, each once.
    pub fn pairs_of<'a>(&self, people: impl IntoIterator<Item = &'a Jid>) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for id in people {
            let pair = self.other(id).and_then(|other| Pair::of(id, other));
            pairs.extend(pair.filter(|pair| !pairs.contains(pair)));
        }
        pairs
    }
}

impl<'a> FromIterator<&'a Pair> for Identities {
    fn from_iter<T: IntoIterator<Item = &'a Pair>>(pairs: T) -> Self {
        let mut identities = Self::default();
        for pair in pairs {
            identities.learn(pair);
        }
        identities
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lid(number: u8) -> Jid {
        format!("1000000{number:03}@lid").parse().unwrap()
    }

    fn phone(number: u8) -> Jid {
        format!("1555000{number:04}@c.us").parse().unwrap()
    }

    fn pair(lid_number: u8, phone_number: u8) -> Pair {
        Pair::of(&lid(lid_number), &phone(phone_number)).unwrap()
    }

    #[test]
    fn only_a_number_and_a_hidden_identity_are_a_pair() {
        let group = "120363000000000000@g.us".parse().unwrap();
        assert_eq!(Pair::of(&phone(1), &lid(1)), Some(pair(1, 1)));
        assert_eq!(Pair::of(&phone(1), &phone(2)), None);
        assert_eq!(Pair::of(&lid(1), &group), None);
        let swapped = r#"{"lid":"15550001@c.us","phone":"1000000001@lid"}"#;
        assert_eq!(
            serde_json::from_str::<Pair>(swapped).unwrap().phone().as_str(),
            "15550001@c.us"
        );
        let one_kind = r#"{"lid":"15550001@c.us","phone":"15550002@c.us"}"#;
        assert!(serde_json::from_str::<Pair>(one_kind).is_err());
    }

    #[test]
    fn a_number_that_moves_is_forgotten_where_it_was() {
        let mut known = Identities::default();
        assert_eq!(known.learn(&pair(1, 1)).unwrap().former_lid, None);
        assert_eq!(known.learn(&pair(1, 1)), None);
        let learned = known.learn(&pair(2, 1)).unwrap();
        assert_eq!((learned.former_lid, learned.former_phone), (Some(lid(1)), None));
        assert_eq!(known.both(&lid(1)).unwrap(), Both { phone: None, lid: Some(lid(1)) });
        assert_eq!(known.other(&phone(1)), Some(&lid(2)));
        // Two people swap: both of what was known goes.
        known.learn(&pair(1, 2));
        let learned = known.learn(&pair(2, 2)).unwrap();
        assert_eq!((learned.former_phone, learned.former_lid), (Some(phone(1)), Some(lid(1))));
        assert_eq!((known.other(&lid(1)), known.other(&phone(1))), (None, None));
    }

    proptest! {
        #[test]
        fn pairs_that_agree_come_to_the_same_in_any_order(
            pairs in Just((0..20).map(|n| pair(n, n)).collect::<Vec<_>>()).prop_shuffle(),
            again in prop::collection::vec(0..20_u8, 0..20),
        ) {
            let mut known = Identities::default();
            let mut learned = 0;
            for pair in pairs.iter().cloned().chain(again.iter().map(|n| pair(*n, *n))) {
                learned += usize::from(known.learn(&pair).is_some());
            }
            prop_assert_eq!(learned, 20);
            let in_order: Vec<Pair> = (0..20).map(|n| pair(n, n)).collect();
            prop_assert_eq!(known, in_order.iter().collect::<Identities>());
        }

        #[test]
        fn a_lookup_answers_only_with_the_last_that_was_learned_of_both_ids(
            pairs in prop::collection::vec((0..6_u8, 0..6_u8), 0..40),
        ) {
            let mut known = Identities::default();
            for (lid, phone) in &pairs {
                known.learn(&pair(*lid, *phone));
            }
            for number in 0..6 {
                let last_of_lid = pairs.iter().rev().find(|(lid, _)| *lid == number);
                // True until somebody else was learned to have the number.
                let expected = last_of_lid.filter(|(_, of)| {
                    pairs.iter().rev().find(|(_, phone)| phone == of) == last_of_lid
                });
                let expected = expected.map(|(_, of)| phone(*of));
                prop_assert_eq!(known.other(&lid(number)), expected.as_ref());
                if let Some(of) = known.other(&lid(number)) {
                    prop_assert_eq!(known.other(of), Some(&lid(number)));
                }
            }
        }
    }
}
