//! The one boundary where a person's two ids meet: what is learned of them, how the mirror names a
//! chat, and who stands behind the ids that callers are shown.
//!
//! A chat keeps the id under which it first came, whichever the engine uses later; its messages are
//! named by that id too. History is never rewritten: what a pair means for it is found when it is read.

use crate::{
    domain::{
        Chat, Contact, Error, EventBody, Identities, Identity, Jid, JidKind, Message, MessageId,
        SessionId, Subject, Timestamp,
        identity::{Lesson, Pair, named_by, of_contact, told_by},
    },
    events::counters,
    messaging::{Ingest, Messaging, mirror},
    session::EventSink,
    store::{Batch, Store, StoreError},
};

/// The id under which the mirror has a person's chat. Of one that is not there yet, the number.
pub async fn chat_name(store: &Store, session: &SessionId, chat: &Jid) -> Result<Jid, StoreError> {
    if !chat.is_person() || store.chats().get(session, chat).await?.is_some() {
        return Ok(chat.clone());
    }
    let Some(Identity { pair, .. }) = store.identities().get(session, chat).await? else {
        return Ok(chat.clone());
    };
    let other = if chat == pair.lid() { pair.phone() } else { pair.lid() };
    let is_there = store.chats().get(session, other).await?.is_some();
    Ok(if is_there { other.clone() } else { pair.phone().clone() })
}

/// People by their numbers, where those are known, all else as it is; in their order, in one call.
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

/// The same for one.
pub async fn number_of(store: &Store, session: &SessionId, id: &Jid) -> Result<Jid, StoreError> {
    if id.kind() != JidKind::Lid {
        return Ok(id.clone());
    }
    let known = store.identities().get(session, id).await?;
    Ok(known.map_or_else(|| id.clone(), |known| known.pair.phone().clone()))
}

/// Names what an engine tells as the mirror does.
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
    let name = chat_name(store, session, chat).await?;
    if name != *chat {
        body.rename_chat(&name);
    }
    Ok(())
}

pub async fn name_chats(
    store: &Store,
    session: &SessionId,
    chats: &mut [Chat],
) -> Result<(), StoreError> {
    for chat in chats {
        chat.id = chat_name(store, session, &chat.id).await?;
    }
    Ok(())
}

/// A contact goes by the number, where it is known.
pub async fn name_contact(
    store: &Store,
    session: &SessionId,
    contact: &mut Contact,
) -> Result<(), StoreError> {
    if let Some(Identity { pair, .. }) = store.identities().get(session, &contact.id).await? {
        // An engine that names both knows better than what was learned before.
        let told = contact.lid.as_ref().and_then(|lid| Pair::of(lid, &contact.id));
        if told.is_none() {
            (contact.id, contact.lid) = (pair.phone().clone(), Some(pair.lid().clone()));
        }
    }
    Ok(())
}

/// What something that an engine told teaches of its people, and who they are. The pairs that were news are
/// written, and are to be told before what taught them.
pub async fn learn_from(
    store: &Store,
    session: &SessionId,
    body: &EventBody,
    now: Timestamp,
) -> Result<(Vec<EventBody>, Identities), StoreError> {
    learn(store, session, (&told_by(body), named_by(body)), now).await
}

async fn learn(
    store: &Store,
    session: &SessionId,
    (pairs, people): (&[Pair], Vec<Jid>),
    now: Timestamp,
) -> Result<(Vec<EventBody>, Identities), StoreError> {
    let both = pairs.iter().flat_map(|pair| [pair.lid(), pair.phone()]);
    let mut known = store.identities().of(session, both.chain(&people)).await?;
    let lessons: Vec<Lesson> = pairs.iter().filter_map(|pair| known.learn(pair)).collect();
    let mut batch = Batch::new();
    for lesson in &lessons {
        store.identities().put_in(&mut batch, session, lesson, now)?;
    }
    store.commit(batch).await?;
    Ok((lessons.iter().map(|lesson| lesson.told(now)).collect(), known))
}

impl Ingest {
    /// Takes people in as the engine has them, with who they are.
    pub async fn contacts(
        &self,
        session: &SessionId,
        contacts: &mut [Contact],
    ) -> Result<(), StoreError> {
        let lock = self.lock_of(session);
        let held = lock.lock().await;
        let pairs: Vec<_> = contacts.iter().filter_map(of_contact).collect();
        let mut work = self.store.transaction();
        let (bodies, events) = loop {
            let (store, now) = (work.store(), self.clock.now());
            let told = (&pairs[..], Vec::new());
            let (bodies, known) = learn(store, session, told, now).await?;
            for contact in &mut *contacts {
                name_contact(store, session, contact).await?;
                mirror::put_contact(store, session, contact).await?;
            }
            let batch = work.batch();
            let committed = self.log.commit(session, bodies.clone(), &known, batch).await;
            if let Some(events) = work.settled(committed).await? {
                break (bodies, events);
            }
        };
        bodies.iter().for_each(counters::received);
        drop(held);
        match events.last() {
            Some(last) => self.log.publish(last.seq).await,
            None => Ok(()),
        }
    }

    /// Learns who a person is whom somebody looked at.
    pub async fn acquaint(&self, session: &SessionId, contact: &Contact) -> Result<(), Error> {
        let Some(pair) = of_contact(contact) else { return Ok(()) };
        let known = self.store.identities().get(session, pair.lid()).await?;
        if known.is_some_and(|known| known.pair == pair) {
            return Ok(());
        }
        let (lid, phone) = (pair.lid().clone(), pair.phone().clone());
        let (former_phone, former_lid, since) = (None, None, None);
        let told = EventBody::IdentityLearned { lid, phone, former_phone, former_lid, since };
        self.ingest(session, vec![told]).await
    }
}

impl Messaging {
    /// Who these people are, as far as the session has learned.
    pub async fn identities<'a>(
        &self,
        session: &SessionId,
        people: impl IntoIterator<Item = &'a Jid>,
    ) -> Result<Identities, Error> {
        Ok(self.store.identities().of(session, people).await?)
    }

    /// Both ids of the person who has this one.
    pub async fn identity(&self, session: &SessionId, id: &Jid) -> Result<Identity, Error> {
        self.store.identities().get(session, id).await?.ok_or_else(|| {
            let message = format!("nothing is known of who else '{id}' is");
            Error::not_found(Subject::Contact, message).detail("contactId", id.as_str())
        })
    }

    /// The id under which the mirror has a chat.
    pub async fn chat_name(&self, session: &SessionId, chat: &Jid) -> Result<Jid, Error> {
        Ok(chat_name(&self.store, session, chat).await?)
    }

    /// A message's id as the mirror has it.
    pub(in crate::messaging) async fn message_name(
        &self,
        session: &SessionId,
        id: &MessageId,
    ) -> Result<MessageId, Error> {
        Ok(MessageId { chat: self.chat_name(session, &id.chat).await?, ..id.clone() })
    }
}

/// Messages of one chat, named as the mirror names it.
pub fn in_chat(messages: &mut [Message], chat: &Jid) {
    for message in messages {
        if message.chat() != chat {
            message.rename_chat(chat);
        }
    }
}
