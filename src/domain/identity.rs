//! Who is who: a person goes by a telephone number (`…@c.us`) and by a hidden identity, the LID
//! (`…@lid`), and WhatsApp names them by either.
//!
//! A session learns which belong together. The map is one to one: what was learned last is true, and
//! whatever it contradicts is forgotten. Where it is kept, and who tells of pairs, is not known here.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::domain::{
    Contact, EventBody, Jid, JidKind, Message, MessageId, Timestamp, event::GroupChange,
};

/// The two ids of one person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

/// A pair as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    #[serde(flatten)]
    pub pair: Pair,
    /// When it was learned.
    pub since: Timestamp,
}

/// A pair that was news, and what it contradicted.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    pub pair: Pair,
    /// The number that this hidden identity had before.
    pub former_phone: Option<Jid>,
    /// The hidden identity that this number had before.
    pub former_lid: Option<Jid>,
}

impl Lesson {
    pub fn told(&self, since: Timestamp) -> EventBody {
        EventBody::IdentityLearned {
            lid: self.pair.lid.clone(),
            phone: self.pair.phone.clone(),
            former_phone: self.former_phone.clone(),
            former_lid: self.former_lid.clone(),
            since: Some(since),
        }
    }
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
            JidKind::Group | JidKind::Broadcast | JidKind::Newsletter => None,
        }
    }

    /// Takes a pair in. None when it is known already. What was known of either id must be here.
    pub fn learn(&mut self, pair: &Pair) -> Option<Lesson> {
        if self.other(&pair.lid) == Some(&pair.phone) {
            return None;
        }
        let former_phone = self.others.insert(pair.lid.clone(), pair.phone.clone());
        let former_lid = self.others.insert(pair.phone.clone(), pair.lid.clone());
        for former in [&former_phone, &former_lid].into_iter().flatten() {
            self.others.remove(former);
        }
        Some(Lesson { pair: pair.clone(), former_phone, former_lid })
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

/// The pairs that an event tells of.
pub fn told_by(body: &EventBody) -> Vec<Pair> {
    match body {
        EventBody::IdentityLearned { lid, phone, .. } => Pair::of(lid, phone).into_iter().collect(),
        EventBody::ContactUpdated { contact } => of_contact(contact).into_iter().collect(),
        EventBody::Ready { me } => {
            me.lid.as_ref().and_then(|lid| Pair::of(lid, &me.id)).into_iter().collect()
        }
        // In a group, the id of a message and the message itself may name its writer differently.
        EventBody::Message { message } | EventBody::MessageSent { message } => {
            let writer = message.id.participant.as_ref();
            writer.and_then(|writer| Pair::of(writer, &message.author)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

pub fn of_contact(contact: &Contact) -> Option<Pair> {
    contact.lid.as_ref().and_then(|lid| Pair::of(lid, &contact.id))
}

/// The people whom an event names.
pub fn named_by(body: &EventBody) -> Vec<Jid> {
    let ids: Vec<&Jid> = match body {
        EventBody::Message { message } | EventBody::MessageSent { message } => named_in(message),
        EventBody::Ack { message, participant, .. } => {
            of_id(message).chain(participant.as_ref()).collect()
        }
        EventBody::MessageEdited { message, .. } => of_id(message).collect(),
        EventBody::MessageRevoked { message, by } => of_id(message).chain([by]).collect(),
        EventBody::MessageFailed { message, .. } | EventBody::MessageCancelled { message, .. } => {
            of_id(message).collect()
        }
        EventBody::Reaction { message, sender, .. }
        | EventBody::PollVote { message, sender, .. } => of_id(message).chain([sender]).collect(),
        EventBody::GroupJoined { participants, by, .. }
        | EventBody::GroupLeft { participants, by, .. } => {
            participants.iter().chain(by.as_ref()).collect()
        }
        EventBody::GroupUpdated { change, value, by, .. } => {
            let risen = risen(*change, value.as_deref());
            return risen.into_iter().chain(by.clone()).collect();
        }
        EventBody::ChatUpdated { chat } => vec![&chat.id],
        EventBody::ContactUpdated { contact } => vec![&contact.id],
        EventBody::Presence { chat, sender, .. } => vec![chat, sender],
        EventBody::Call { from, .. } => vec![from],
        EventBody::HistoryGap { chat, .. } => vec![chat],
        EventBody::Ready { me } => vec![&me.id],
        EventBody::Qr { .. }
        | EventBody::Authenticated
        | EventBody::Disconnected { .. }
        | EventBody::Failed { .. }
        | EventBody::StateChanged { .. }
        | EventBody::SendingHeld { .. }
        | EventBody::SendingResumed { .. }
        | EventBody::IdentityLearned { .. }
        | EventBody::EngineUnknown { .. } => Vec::new(),
    };
    ids.into_iter().filter(|id| id.is_person()).cloned().collect()
}

/// Who rose or fell in a group; nobody in a change of another kind.
pub fn risen(change: GroupChange, value: Option<&str>) -> Vec<Jid> {
    match change {
        GroupChange::Promote | GroupChange::Demote => {
            value.into_iter().flat_map(|list| list.split(',')).flat_map(str::parse).collect()
        }
        _ => Vec::new(),
    }
}

/// The people whom a message names.
pub fn named_in(message: &Message) -> Vec<&Jid> {
    let quoted = message.quoted.iter().flat_map(of_id);
    let reacted = message.reactions.iter().map(|reaction| &reaction.sender);
    let votes = message.details().poll.iter().flat_map(|poll| poll.all_votes());
    let voted = votes.map(|vote| &vote.sender);
    let all = of_id(&message.id).chain([&message.author]).chain(&message.to).chain(quoted);
    all.chain(&message.mentions).chain(reacted).chain(voted).filter(|id| id.is_person()).collect()
}

fn of_id(id: &MessageId) -> impl Iterator<Item = &Jid> {
    std::iter::once(&id.chat).chain(id.participant.as_ref())
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
        let lesson = known.learn(&pair(2, 1)).unwrap();
        assert_eq!((lesson.former_lid, lesson.former_phone), (Some(lid(1)), None));
        assert_eq!(known.both(&lid(1)).unwrap(), Both { phone: None, lid: Some(lid(1)) });
        assert_eq!(known.other(&phone(1)), Some(&lid(2)));
        // Two people swap: both of what was known goes.
        known.learn(&pair(1, 2));
        let lesson = known.learn(&pair(2, 2)).unwrap();
        assert_eq!((lesson.former_phone, lesson.former_lid), (Some(phone(1)), Some(lid(1))));
        assert_eq!((known.other(&lid(1)), known.other(&phone(1))), (None, None));
    }

    proptest! {
        #[test]
        fn pairs_that_agree_come_to_the_same_in_any_order(
            pairs in Just((0..20).map(|n| pair(n, n)).collect::<Vec<_>>()).prop_shuffle(),
            again in prop::collection::vec(0..20_u8, 0..20),
        ) {
            let mut known = Identities::default();
            let mut lessons = 0;
            for pair in pairs.iter().cloned().chain(again.iter().map(|n| pair(*n, *n))) {
                lessons += usize::from(known.learn(&pair).is_some());
            }
            prop_assert_eq!(lessons, 20);
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
