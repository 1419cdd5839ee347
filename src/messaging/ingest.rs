//! Writes what sessions report: the mirror and the event in one commit.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    domain::{
        Ack, Chat, Clock, Command, Error, EventBody, Jid, Message, MessageId, MessageKind, Reply,
        SessionId, chat::LastMessage, message::Reaction,
    },
    events::EventLog,
    session::{EventSink, SessionHandle},
    store::{Batch, Store, StoreError},
};

/// Chats and contacts are read from a session in pages of this size.
const PAGE: usize = 500;

pub struct Ingest {
    store: Store,
    log: EventLog,
    clock: Clock,
}

impl Ingest {
    pub fn new(store: Store, log: EventLog, clock: Clock) -> Arc<Self> {
        Arc::new(Self { store, log, clock })
    }

    /// Writes one event and what it changes in the mirror. A known one changes nothing.
    async fn write(&self, session: &SessionId, body: EventBody) -> Result<(), StoreError> {
        if self.log.knows(session, &body).await? {
            return Ok(());
        }
        let mut batch = Batch::new();
        self.mirror(&mut batch, session, &body).await?;
        metrics::counter!("wagate_events_stored_total", "kind" => body.name()).increment(1);
        self.log.append(session, vec![body], batch).await.map(|_| ())
    }

    async fn mirror(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        body: &EventBody,
    ) -> Result<(), StoreError> {
        match body {
            EventBody::Message { message } | EventBody::MessageSent { message } => {
                self.mirror_message(batch, session, message).await
            }
            EventBody::Ack { message, ack, .. } => {
                self.change(batch, session, message, |message| raise(message, *ack)).await
            }
            EventBody::MessageEdited { message, text } => {
                let edit = |message: &mut Message| {
                    message.body.clone_from(text);
                    message.edited = true;
                };
                self.change(batch, session, message, edit).await
            }
            EventBody::MessageRevoked { message, .. } => {
                let revoke = |message: &mut Message| {
                    message.kind = MessageKind::Revoked;
                    message.body.clear();
                    message.media = None;
                };
                self.change(batch, session, message, revoke).await
            }
            EventBody::Reaction { message, sender, emoji } => {
                let timestamp = self.clock.now();
                let react = |message: &mut Message| {
                    message.reactions.retain(|reaction| reaction.sender != *sender);
                    if !emoji.is_empty() {
                        let (sender, emoji) = (sender.clone(), emoji.clone());
                        message.reactions.push(Reaction { sender, emoji, timestamp });
                    }
                };
                self.change(batch, session, message, react).await
            }
            EventBody::ChatUpdated { chat } => {
                self.store.chats().put_in(batch, session, chat).await
            }
            EventBody::ContactUpdated { contact } => {
                self.store.contacts().put_in(batch, session, contact)
            }
            EventBody::GroupJoined { group, group_name, .. } => {
                if self.store.chats().get(session, group).await?.is_some() {
                    return Ok(());
                }
                let name = group_name.clone().unwrap_or_else(|| group.user().to_owned());
                let chat = self.new_chat(group, name);
                self.store.chats().put_in(batch, session, &chat).await
            }
            EventBody::Qr { .. }
            | EventBody::Authenticated
            | EventBody::Ready { .. }
            | EventBody::Disconnected { .. }
            | EventBody::Failed { .. }
            | EventBody::StateChanged { .. }
            | EventBody::GroupLeft { .. }
            | EventBody::GroupUpdated { .. }
            | EventBody::Presence { .. }
            | EventBody::Call { .. }
            | EventBody::EngineUnknown { .. } => Ok(()),
        }
    }

    async fn mirror_message(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        message: &Message,
    ) -> Result<(), StoreError> {
        let known = self.store.chats().get(session, message.chat()).await?;
        let mut chat = match known {
            Some(chat) => chat,
            None => self.new_chat(message.chat(), self.chat_name(session, message).await?),
        };
        if chat.last_message.as_ref().is_none_or(|last| last.timestamp <= message.timestamp) {
            chat.last_activity = message.timestamp;
            chat.last_message = Some(LastMessage {
                preview: message.preview(),
                timestamp: message.timestamp,
                from_me: message.from_me(),
            });
        }
        if message.from_me() {
            chat.unread = 0;
        } else if message.kind != MessageKind::GroupNotice {
            chat.unread = chat.unread.saturating_add(1);
            chat.archived = false;
        }
        self.store.chats().put_in(batch, session, &chat).await?;
        self.store.messages().put_in(batch, session, message).await
    }

    async fn chat_name(
        &self,
        session: &SessionId,
        message: &Message,
    ) -> Result<String, StoreError> {
        let chat = message.chat();
        if let Some(contact) = self.store.contacts().get(session, chat).await? {
            return Ok(contact.display_name().to_owned());
        }
        let push_name =
            message.push_name.clone().filter(|_| !message.from_me() && !chat.is_group());
        Ok(push_name.unwrap_or_else(|| chat.user().to_owned()))
    }

    fn new_chat(&self, id: &Jid, name: String) -> Chat {
        Chat {
            id: id.clone(),
            name,
            unread: 0,
            archived: false,
            pinned: false,
            muted_until: None,
            last_activity: self.clock.now(),
            last_message: None,
        }
    }

    /// Changes a message of the mirror; one that is not there has nothing to change.
    async fn change(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        id: &MessageId,
        change: impl FnOnce(&mut Message),
    ) -> Result<(), StoreError> {
        match self.store.messages().get(session, id).await? {
            Some(mut message) => {
                change(&mut message);
                self.store.messages().put_in(batch, session, &message).await
            }
            None => Ok(()),
        }
    }

    /// Reads all chats and contacts of a session that has just become ready.
    async fn pull(&self, handle: &SessionHandle) -> Result<(), Error> {
        let session = handle.id();
        for offset in (0..).step_by(PAGE) {
            let Reply::Contacts(contacts) =
                handle.execute(Command::Contacts { offset, limit: PAGE }).await?
            else {
                return Ok(());
            };
            let mut batch = Batch::new();
            for contact in &contacts {
                self.store.contacts().put_in(&mut batch, session, contact)?;
            }
            self.store.commit(batch).await?;
            if contacts.len() < PAGE {
                break;
            }
        }
        for offset in (0..).step_by(PAGE) {
            let Reply::Chats(chats) =
                handle.execute(Command::Chats { offset, limit: PAGE }).await?
            else {
                return Ok(());
            };
            let mut batch = Batch::new();
            for chat in &chats {
                self.store.chats().put_in(&mut batch, session, chat).await?;
            }
            self.store.commit(batch).await?;
            if chats.len() < PAGE {
                break;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl EventSink for Ingest {
    async fn ingest(&self, session: &SessionId, events: Vec<EventBody>) -> Result<(), Error> {
        for body in events {
            metrics::counter!("wagate_events_received_total", "kind" => body.name()).increment(1);
            self.write(session, body).await?;
        }
        Ok(())
    }

    async fn on_ready(&self, session: SessionHandle) {
        if let Err(error) = self.pull(&session).await {
            tracing::warn!(session = %session.id(), %error,
                "chats and contacts of session {} could not be read", session.id());
        }
    }
}

fn raise(message: &mut Message, ack: Ack) {
    if message.ack < ack || ack == Ack::Failed {
        message.ack = ack;
    }
}
