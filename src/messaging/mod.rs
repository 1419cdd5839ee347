//! Messages on their way out and in: sends with their durable outcome, the mirror of chats,
//! messages and contacts, and the writing of events.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    domain::{
        Chat, Clock, Contact, Content, Error, EventBody, Group, Jid, Message, MessageId,
        ParticipantOutcome, SessionId, command::Sent,
    },
    events::EventLog,
    session::{EventSink, SessionHandle, Supervisor},
    store::Store,
};

/// Writes what sessions report: mirror and event in one commit.
pub struct Ingest {}

impl Ingest {
    pub fn new(_store: Store, _log: EventLog, _clock: Clock) -> Arc<Self> {
        todo!()
    }
}

#[async_trait]
impl EventSink for Ingest {
    async fn ingest(&self, _session: &SessionId, _events: Vec<EventBody>) -> Result<(), Error> {
        todo!()
    }
    async fn on_ready(&self, _session: SessionHandle) {
        todo!()
    }
}

/// What surfaces do with messages, chats, contacts and groups. Clones are the same service.
#[derive(Clone)]
pub struct Messaging {}

/// A message that a caller wants sent.
#[derive(Clone, Debug)]
pub struct SendRequest {
    pub chat: Jid,
    pub content: Content,
    /// A full id, or the key alone.
    pub quoted: Option<String>,
    pub mentions: Vec<Jid>,
    pub link_preview: bool,
}

impl Messaging {
    pub fn new(_store: Store, _supervisor: Supervisor, _clock: Clock) -> Self {
        todo!()
    }
    pub async fn send(&self, _session: &SessionId, _request: SendRequest) -> Result<Sent, Error> {
        todo!()
    }
    pub async fn edit(
        &self,
        _session: &SessionId,
        _message: &MessageId,
        _text: String,
    ) -> Result<(), Error> {
        todo!()
    }
    pub async fn revoke(
        &self,
        _session: &SessionId,
        _message: &MessageId,
        _for_everyone: bool,
    ) -> Result<(), Error> {
        todo!()
    }
    pub async fn react(
        &self,
        _session: &SessionId,
        _message: &MessageId,
        _emoji: String,
    ) -> Result<(), Error> {
        todo!()
    }
    pub async fn mark_read(&self, _session: &SessionId, _chat: &Jid) -> Result<(), Error> {
        todo!()
    }
    pub async fn archive(
        &self,
        _session: &SessionId,
        _chat: &Jid,
        _archived: bool,
    ) -> Result<(), Error> {
        todo!()
    }
    pub async fn typing(
        &self,
        _session: &SessionId,
        _chat: &Jid,
        _typing: bool,
    ) -> Result<(), Error> {
        todo!()
    }
    /// Newest first. From the mirror; NotReady while the session is not, unless `cached`.
    pub async fn chats(
        &self,
        _session: &SessionId,
        _cached: bool,
        _offset: usize,
        _limit: usize,
    ) -> Result<Vec<Chat>, Error> {
        todo!()
    }
    /// Oldest first; the mirror and what the engine can load, merged.
    pub async fn messages(
        &self,
        _session: &SessionId,
        _chat: &Jid,
        _before: Option<&str>,
        _limit: usize,
    ) -> Result<Vec<Message>, Error> {
        todo!()
    }
    pub async fn contacts(&self, _session: &SessionId) -> Result<Vec<Contact>, Error> {
        todo!()
    }
    pub async fn contact(&self, _session: &SessionId, _id: &Jid) -> Result<Contact, Error> {
        todo!()
    }
    pub async fn group(&self, _session: &SessionId, _id: &Jid) -> Result<Group, Error> {
        todo!()
    }
    pub async fn create_group(
        &self,
        _session: &SessionId,
        _name: String,
        _description: Option<String>,
        _participants: Vec<Jid>,
    ) -> Result<(Jid, Vec<ParticipantOutcome>), Error> {
        todo!()
    }
    pub async fn add_participants(
        &self,
        _session: &SessionId,
        _group: &Jid,
        _participants: Vec<Jid>,
    ) -> Result<Vec<ParticipantOutcome>, Error> {
        todo!()
    }
    pub async fn remove_participants(
        &self,
        _session: &SessionId,
        _group: &Jid,
        _participants: Vec<Jid>,
    ) -> Result<Vec<ParticipantOutcome>, Error> {
        todo!()
    }
    /// The file of a message: its path, MIME type and name. Fetched from the engine when it is not here yet.
    pub async fn media(
        &self,
        _session: &SessionId,
        _message: &MessageId,
    ) -> Result<(std::path::PathBuf, String, Option<String>), Error> {
        todo!()
    }
}
