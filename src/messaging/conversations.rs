//! Single conversations: a chat with what the gateway itself knows of it.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    domain::{
        Chat, Contact, Error, ErrorCode, Jid, MessageId, SessionId, SessionState, Subject,
        Timestamp,
        conversation::{AutomationPause, ConversationRecord, DayCount, StoredMessage},
        outbox::OutboxEntry,
        shown::shown,
    },
    messaging::{ChatEvent, Messaging, identity::numbers_of},
};

/// A chat and what the gateway knows of it.
pub struct Conversation {
    pub record: ConversationRecord,
    pub chat: Chat,
    /// Whom it is with; a person by the number, where it is known.
    pub with: Jid,
    /// The person at the other end, when it is one.
    pub contact: Option<Contact>,
    /// The newest message that is stored.
    pub last: Option<StoredMessage>,
}

impl Conversation {
    /// The best name there is, and what kind it is.
    pub fn name(&self) -> ConversationName<'_> {
        name_of(&self.chat, &self.with, self.contact.as_ref())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConversationName<'a> {
    Name(&'a str),
    /// Nobody gave one; the digits of the number.
    Number(&'a str),
}

/// A message, or one that is still to be sent.
pub enum Found {
    Message(SessionId, Box<StoredMessage>),
    Waiting(Box<OutboxEntry>),
}

impl Messaging {
    pub async fn conversation(&self, id: &str) -> Result<Conversation, Error> {
        let stored = self.store.conversations();
        let record = match (id.parse::<Uuid>(), id.parse::<u64>()) {
            (Ok(uuid), _) => stored.by_uuid(uuid).await?,
            (_, Ok(number)) => stored.by_number(number).await?,
            _ => None,
        };
        let record = record.ok_or_else(|| unknown_conversation(id))?;
        let chat = self.store.chats().get(&record.session, &record.chat).await?;
        let chat = chat.filter(|_| !record.hidden).ok_or_else(|| unknown_conversation(id))?;
        self.one(record, chat).await
    }

    pub async fn conversation_with(
        &self,
        session: &SessionId,
        chat: &Jid,
    ) -> Result<Conversation, Error> {
        let chat = &self.chat_name(session, chat).await?;
        let record = self.store.conversations().get(session, chat).await?;
        let known = self.store.chats().get(session, chat).await?;
        match (record, known) {
            (Some(record), Some(chat)) => self.one(record, chat).await,
            _ => Err(unknown_conversation(chat.as_str())),
        }
    }

    /// A message by its UUID or number; one that waits to be sent by its UUID.
    pub async fn message(&self, id: &str) -> Result<Found, Error> {
        let stored = self.store.messages();
        let (uuid, number) = (id.parse::<Uuid>().ok(), id.parse::<u64>().ok());
        let found = match (uuid, number) {
            (Some(uuid), _) => stored.by_uuid(uuid).await?,
            (_, Some(number)) => stored.by_number(number).await?,
            _ => None,
        };
        if let Some((session, stored)) = found {
            // What failed and is tried again waits.
            if let Some(entry) = self.retry_of(&session, &stored.message).await? {
                return Ok(Found::Waiting(Box::new(entry)));
            }
            return Ok(Found::Message(session, Box::new(stored)));
        }
        let waiting = match uuid {
            Some(uuid) => self.store.outbox().by_uuid(uuid).await?,
            None => None,
        };
        let unknown = || Error::not_found(Subject::Message, "there is no such message");
        waiting.map(|entry| Found::Waiting(Box::new(entry))).ok_or_else(unknown)
    }

    pub async fn stored_message(
        &self,
        session: &SessionId,
        id: &MessageId,
    ) -> Result<Option<StoredMessage>, Error> {
        let chat = self.chat_name(session, &id.chat).await?;
        Ok(self.store.messages().stored_by_key(session, &chat, &id.key).await?)
    }

    /// What is known of people; of one who is no contact, the name that their chat bears.
    pub async fn people(
        &self,
        session: &SessionId,
        ids: impl IntoIterator<Item = Jid>,
    ) -> Result<HashMap<Jid, Contact>, Error> {
        let mut ids: Vec<Jid> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        let of_session = |id| (session, id);
        let numbers = numbers_of(&self.store, ids.iter().map(of_session)).await?;
        let contacts = self.store.contacts().get_many(numbers.iter().map(of_session)).await?;
        let (known, unknown): (Vec<_>, Vec<_>) =
            ids.into_iter().zip(contacts).partition(|(_, contact)| contact.is_some());
        let chats =
            self.store.chats().get_many(unknown.iter().map(|(id, _)| (session, id))).await?;
        let strangers =
            unknown.into_iter().zip(chats).map(|((id, _), chat)| (id, chat.map(stranger)));
        let people = known.into_iter().chain(strangers);
        Ok(people.filter_map(|(id, contact)| Some((id, contact?))).collect())
    }

    /// What a session sent and received from the day (UTC) of `since` on.
    pub async fn counted_since(
        &self,
        session: &SessionId,
        since: Timestamp,
    ) -> Result<DayCount, Error> {
        Ok(self.store.message_counts().since(session, since).await?)
    }

    /// Nothing is unread any more; the senders see it when the session is ready.
    pub async fn read_conversation(&self, of: &ConversationRecord) -> Result<(), Error> {
        if self.is_ready(&of.session)? {
            match self.mark_read(&of.session, &of.chat).await {
                // The connection was lost meanwhile.
                Err(error) if error.code == ErrorCode::NotReady => (),
                outcome => return outcome,
            }
        }
        Ok(self.ingest.change_chat(&of.session, &of.chat, ChatEvent::of_reading).await?)
    }

    pub async fn pause_automation(
        &self,
        of: &ConversationRecord,
        by: Option<Uuid>,
        reason: Option<String>,
    ) -> Result<AutomationPause, Error> {
        let pause = AutomationPause { at: self.clock.now(), by, reason };
        let kept = pause.clone();
        let change = |record: &mut ConversationRecord| {
            (record.changed_at, record.pause) = (kept.at, Some(kept.clone()));
            let (chat, conversation) = (record.chat.clone(), record.uuid);
            Some(ChatEvent::AutomationPaused { chat, conversation, pause: kept.clone() })
        };
        self.ingest.change_conversation(&of.session, &of.chat, change).await?;
        Ok(pause)
    }

    pub async fn resume_automation(&self, of: &ConversationRecord) -> Result<(), Error> {
        let now = self.clock.now();
        let change = |record: &mut ConversationRecord| {
            let was_paused = record.pause.take().is_some();
            record.changed_at = now;
            let (chat, conversation) = (record.chat.clone(), record.uuid);
            was_paused.then_some(ChatEvent::AutomationResumed { chat, conversation })
        };
        self.ingest.change_conversation(&of.session, &of.chat, change).await?;
        Ok(())
    }

    /// Removes a conversation and its messages here; the account keeps them.
    pub async fn delete_conversation(&self, of: &ConversationRecord) -> Result<(), Error> {
        self.ingest.delete_conversation(&of.session, &of.chat).await?;
        Ok(())
    }

    async fn one(&self, record: ConversationRecord, chat: Chat) -> Result<Conversation, Error> {
        let found = self.completed(vec![(record, chat)]).await?.pop();
        found.ok_or_else(|| Error::internal("a conversation was not put together"))
    }

    pub(in crate::messaging) fn is_ready(&self, session: &SessionId) -> Result<bool, Error> {
        Ok(self.supervisor.get(session)?.status().state == SessionState::Ready)
    }
}

/// Somebody who is known by a chat alone.
fn stranger(chat: Chat) -> Contact {
    let name = chat.given_name().map(str::to_owned);
    Contact {
        id: chat.id,
        lid: None,
        name: None,
        short_name: None,
        push_name: name,
        in_address_book: false,
        on_whatsapp: true,
        business: false,
        blocked: false,
        picture: None,
    }
}

/// The best name that a chat has, and what kind it is.
pub fn name_of<'a>(
    chat: &'a Chat,
    with: &'a Jid,
    contact: Option<&'a Contact>,
) -> ConversationName<'a> {
    let given = contact.and_then(|contact| {
        let names = [contact.name.as_deref(), contact.push_name.as_deref()];
        names.into_iter().flatten().find(|name| !name.is_empty())
    });
    match given.or_else(|| chat.given_name()) {
        Some(name) => ConversationName::Name(name),
        None => ConversationName::Number(with.user()),
    }
}

/// There is no such conversation, or none that the caller may see: both are worded the same.
pub fn unknown_conversation(id: &str) -> Error {
    Error::not_found(Subject::Chat, format!("there is no conversation '{}'", shown(id)))
}
