//! The people whom an event or a message names, and the identity pairs that an event contains.

use crate::domain::{
    Contact, EventBody, Jid, Message, MessageId, Timestamp,
    event::GroupChange,
    identity::{LearnedPair, Pair},
};

/// The event of a newly learned pair.
pub fn identity_learned(learned: &LearnedPair, since: Timestamp) -> EventBody {
    EventBody::IdentityLearned {
        lid: learned.pair.lid().clone(),
        phone: learned.pair.phone().clone(),
        former_phone: learned.former_phone.clone(),
        former_lid: learned.former_lid.clone(),
        since: Some(since),
    }
}

/// The identity pairs that an event contains.
pub fn pairs_in(body: &EventBody) -> Vec<Pair> {
    match body {
        EventBody::IdentityLearned { lid, phone, .. } => Pair::of(lid, phone).into_iter().collect(),
        EventBody::ContactUpdated { contact } => pair_of_contact(contact).into_iter().collect(),
        EventBody::Ready { me } => {
            me.lid.as_ref().and_then(|lid| Pair::of(lid, &me.id)).into_iter().collect()
        }
        // In a group, the message id and the author field may name the author by different ids.
        EventBody::Message { message } | EventBody::MessageSent { message } => {
            let author = message.id.participant.as_ref();
            author.and_then(|author| Pair::of(author, &message.author)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

pub fn pair_of_contact(contact: &Contact) -> Option<Pair> {
    contact.lid.as_ref().and_then(|lid| Pair::of(lid, &contact.id))
}

/// The people whom an event names.
pub fn people_in(body: &EventBody) -> Vec<Jid> {
    let ids: Vec<&Jid> = match body {
        EventBody::Message { message } | EventBody::MessageSent { message } => {
            people_in_message(message)
        }
        EventBody::Ack { message, participant, .. } => {
            ids_in(message).chain(participant.as_ref()).collect()
        }
        EventBody::MessageEdited { message, .. } => ids_in(message).collect(),
        EventBody::MessageRevoked { message, by } => ids_in(message).chain([by]).collect(),
        EventBody::MessageFailed { message, .. } | EventBody::MessageCancelled { message, .. } => {
            ids_in(message).collect()
        }
        EventBody::Reaction { message, sender, .. }
        | EventBody::PollVote { message, sender, .. } => ids_in(message).chain([sender]).collect(),
        EventBody::GroupJoined { participants, by, .. }
        | EventBody::GroupLeft { participants, by, .. } => {
            participants.iter().chain(by.as_ref()).collect()
        }
        EventBody::GroupUpdated { change, value, by, .. } => {
            let affected = affected_by(*change, value.as_deref());
            return affected.into_iter().chain(by.clone()).collect();
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

/// The members that a group change promotes or demotes; none for other changes.
pub fn affected_by(change: GroupChange, value: Option<&str>) -> Vec<Jid> {
    match change {
        GroupChange::Promote | GroupChange::Demote => {
            value.into_iter().flat_map(|list| list.split(',')).flat_map(str::parse).collect()
        }
        _ => Vec::new(),
    }
}

/// The people whom a message names.
pub fn people_in_message(message: &Message) -> Vec<&Jid> {
    let quoted = message.quoted.iter().flat_map(ids_in);
    let reacted = message.reactions.iter().map(|reaction| &reaction.sender);
    let votes = message.details().poll.iter().flat_map(|poll| poll.all_votes());
    let voted = votes.map(|vote| &vote.sender);
    let all = ids_in(&message.id).chain([&message.author]).chain(&message.to).chain(quoted);
    all.chain(&message.mentions).chain(reacted).chain(voted).filter(|id| id.is_person()).collect()
}

fn ids_in(id: &MessageId) -> impl Iterator<Item = &Jid> {
    std::iter::once(&id.chat).chain(id.participant.as_ref())
}
