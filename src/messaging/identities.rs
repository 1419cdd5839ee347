//! Identity boundary: maps both ids of a person to the one id that the mirror uses.
//!
//! A chat has the id under which it first came, whichever id the engine uses later; so have its messages. Stored
//! records are never rewritten when a pair is learned: readers look pairs up.

use crate::{
    domain::{
        Chat, Contact, EventBody, Identities, Identity, Jid, JidKind, Message, MessageId,
        SessionId, Timestamp,
        event_people::{identity_learned, pairs_in, people_in},
        identity::{LearnedPair, Pair},
    },
    messaging::stored::MessagingTables,
    store::{Batch, Store, StoreError},
};

/// The mirror's id of a chat. For a person without a chat it is the phone number, if known.
pub async fn canonical_chat(
    store: &Store,
    session: &SessionId,
    chat: &Jid,
) -> Result<Jid, StoreError> {
    if !chat.is_person() || store.chats().get(session, chat).await?.is_some() {
        return Ok(chat.clone());
    }
    let Some(Identity { pair, .. }) = store.identities().get(session, chat).await? else {
        return Ok(chat.clone());
    };
    let other = other_of(&pair, chat);
    let is_there = store.chats().get(session, other).await?.is_some();
    Ok(if is_there { other.clone() } else { pair.phone().clone() })
}

fn other_of<'a>(pair: &'a Pair, id: &Jid) -> &'a Jid {
    if id == pair.lid() { pair.phone() } else { pair.lid() }
}

/// The other id of the person of a chat, under which a chat may have come too; none where it is not known.
pub async fn other_id(
    store: &Store,
    session: &SessionId,
    chat: &Jid,
) -> Result<Option<Jid>, StoreError> {
    if !chat.is_person() || session.is_sms() || session.is_web() {
        return Ok(None);
    }
    let known = store.identities().get(session, chat).await?;
    Ok(known.map(|Identity { pair, .. }| other_of(&pair, chat).clone()))
}

/// A message's id with the mirror's id of its chat.
pub async fn canonical_message(
    store: &Store,
    session: &SessionId,
    id: &MessageId,
) -> Result<MessageId, StoreError> {
    Ok(MessageId { chat: canonical_chat(store, session, &id.chat).await?, ..id.clone() })
}

/// Whether a message is known in the other chat of its person. The engine shows one chat by then, the mirror both.
pub async fn is_in_other(
    store: &Store,
    session: &SessionId,
    other: Option<&Jid>,
    key: &str,
) -> Result<bool, StoreError> {
    match other {
        Some(other) => Ok(store.messages().find_by_key(session, other, key).await?.is_some()),
        None => Ok(false),
    }
}

/// Ids with the phone number in place of each hidden id whose number is known. Keeps the order; one call.
pub async fn numbers_of<'a>(
    store: &Store,
    ids: impl IntoIterator<Item = (&'a SessionId, &'a Jid)>,
) -> Result<Vec<Jid>, StoreError> {
    let ids: Vec<_> = ids.into_iter().collect();
    let is_hidden = |(_, id): &(&SessionId, &Jid)| id.kind() == JidKind::Lid;
    let hidden: Vec<_> = ids.iter().copied().filter(is_hidden).collect();
    let mut known = store.identities().get_many(&hidden).await?.into_iter();
    let number = |one: (&SessionId, &Jid)| {
        let pair = if is_hidden(&one) { known.next().flatten() } else { None };
        pair.map_or_else(|| one.1.clone(), |known| known.pair.phone().clone())
    };
    Ok(ids.into_iter().map(number).collect())
}

/// Like [`numbers_of`], for one id.
pub async fn number_of(store: &Store, session: &SessionId, id: &Jid) -> Result<Jid, StoreError> {
    if id.kind() != JidKind::Lid {
        return Ok(id.clone());
    }
    let known = store.identities().get(session, id).await?;
    Ok(known.map_or_else(|| id.clone(), |known| known.pair.phone().clone()))
}

/// Replaces ids in an engine's event by the mirror's ids.
pub async fn name_event(
    store: &Store,
    session: &SessionId,
    body: &mut EventBody,
) -> Result<(), StoreError> {
    if let EventBody::ContactUpdated { contact } = body {
        return name_contact(store, session, contact).await;
    }
    if let EventBody::Message { message } | EventBody::MessageSent { message } = body
        && (message.chat().is_group() || message.chat().is_channel())
        && message.group_name.is_none()
    {
        let group = store.chats().get(session, message.chat()).await?;
        message.group_name = group.as_ref().and_then(Chat::given_name).map(str::to_owned);
    }
    if let EventBody::Ack { participant: Some(person), .. } = body {
        *person = number_of(store, session, person).await?;
    }
    let Some(chat) = body.chat().filter(|chat| chat.is_person()) else { return Ok(()) };
    let name = canonical_chat(store, session, chat).await?;
    if name != *chat {
        body.rename_chat(&name);
    }
    Ok(())
}

/// Names chats by the mirror's ids.
pub async fn name_chats(
    store: &Store,
    session: &SessionId,
    chats: &mut [Chat],
) -> Result<(), StoreError> {
    for chat in chats {
        chat.id = canonical_chat(store, session, &chat.id).await?;
    }
    Ok(())
}

/// Names a contact by the phone number, where it is known.
pub async fn name_contact(
    store: &Store,
    session: &SessionId,
    contact: &mut Contact,
) -> Result<(), StoreError> {
    if let Some(Identity { pair, .. }) = store.identities().get(session, &contact.id).await? {
        // An engine that reports both ids is newer than the stored pair.
        let reported = contact.lid.as_ref().and_then(|lid| Pair::of(lid, &contact.id));
        if reported.is_none() {
            (contact.id, contact.lid) = (pair.phone().clone(), Some(pair.lid().clone()));
        }
    }
    Ok(())
}

/// Writes the pairs of an event that are new. Returns their events, to be logged before the event itself, and the
/// known identities of the event's people.
pub async fn learn_from(
    store: &Store,
    session: &SessionId,
    body: &EventBody,
    now: Timestamp,
) -> Result<(Vec<EventBody>, Identities), StoreError> {
    learn(store, session, (&pairs_in(body), people_in(body)), now).await
}

/// Writes pairs that are new. Returns their events, and the known identities of these people.
pub async fn learn(
    store: &Store,
    session: &SessionId,
    (pairs, people): (&[Pair], Vec<Jid>),
    now: Timestamp,
) -> Result<(Vec<EventBody>, Identities), StoreError> {
    let both = pairs.iter().flat_map(|pair| [pair.lid(), pair.phone()]);
    let mut known = store.identities().of(session, both.chain(&people)).await?;
    let learned: Vec<LearnedPair> = pairs.iter().filter_map(|pair| known.learn(pair)).collect();
    let mut batch = Batch::new();
    for pair in &learned {
        store.identities().put_in(&mut batch, session, pair, now)?;
    }
    store.commit(batch).await?;
    Ok((learned.iter().map(|pair| identity_learned(pair, now)).collect(), known))
}

/// Names the messages of a chat by the mirror's id of the chat.
pub fn name_in_chat(messages: &mut [Message], chat: &Jid) {
    for message in messages {
        if message.chat() != chat {
            message.rename_chat(chat);
        }
    }
}
