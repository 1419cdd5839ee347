//! Sends: checks a request, chooses the message's key, and posts the message to the outbox.

use crate::{
    domain::{
        Clock, Error, Jid, MessageId, Outgoing, SessionId, SessionState, outbox::SendOptions, rules,
    },
    messaging::{
        conversations::messages::Messages,
        directory::Directory,
        engines::Engines,
        identities::canonical_chat,
        media::message_files::MessageFiles,
        outbound::{
            contact_cards::name_cards,
            message_rules::{Change, is_there},
            outbox::{Along, Outbox, Readiness, SendOutcome, readiness_of},
            phone_numbers::with_numbers,
            send_request::SendRequest,
        },
        read_only_chats::check_can_write,
        stored::MessagingTables,
    },
    session::{not_found, not_ready},
    store::Store,
};

/// Clones are the same service.
#[derive(Clone)]
pub struct Sends {
    store: Store,
    engines: Engines,
    outbox: Outbox,
    messages: Messages,
    directory: Directory,
    files: MessageFiles,
    clock: Clock,
}

/// What sends need.
pub struct SendsParts {
    pub store: Store,
    pub engines: Engines,
    pub outbox: Outbox,
    pub messages: Messages,
    pub directory: Directory,
    pub files: MessageFiles,
    pub clock: Clock,
}

impl Sends {
    pub fn new(parts: SendsParts) -> Self {
        let SendsParts { store, engines, outbox, messages, directory, files, clock } = parts;
        Self { store, engines, outbox, messages, directory, files, clock }
    }

    /// Sends a message, or queues it, as its options say. The message and its id are stored before the engine
    /// receives it.
    pub async fn send(
        &self,
        session: &SessionId,
        request: SendRequest,
        options: SendOptions,
    ) -> Result<SendOutcome, Error> {
        self.send_along(session, request, options, None).await
    }

    /// The same, with what is written in the commit that accepts the message.
    pub async fn send_along(
        &self,
        session: &SessionId,
        request: SendRequest,
        options: SendOptions,
        along: Option<&dyn Along>,
    ) -> Result<SendOutcome, Error> {
        if self.engines.session(session)?.status().removing {
            return Err(not_found(session));
        }
        rules::check(&request.content)?;
        if let Some(key) = &request.key
            && let Some(outcome) = self.outbox.find(session, key).await?
        {
            return Ok(outcome);
        }
        check_can_write(&request.chat)?;
        self.check_ready(session, options)?;
        let is_keyed = request.key.is_some();
        let outgoing = self.outgoing(session, request).await?;
        self.outbox.post(session, outgoing, options, is_keyed, along).await
    }

    /// The message of a request. Its file is moved to its place.
    pub async fn outgoing(
        &self,
        session: &SessionId,
        request: SendRequest,
    ) -> Result<Outgoing, Error> {
        rules::check(&request.content)?;
        check_can_write(&request.chat)?;
        let request = with_numbers(&self.directory, session, request).await?;
        let chat = canonical_chat(&self.store, session, &request.chat).await?;
        let quoted = match &request.quoted {
            Some(text) => Some(self.quotable(session, &chat, text).await?),
            None => None,
        };
        let key = request.key.unwrap_or_else(Outgoing::new_key);
        let content = name_cards(&self.directory, &self.engines, session, request.content).await?;
        Ok(Outgoing {
            content: self.files.adopt(session, &key, content).await?,
            key,
            chat,
            quoted,
            mentions: request.mentions,
            link_preview: request.link_preview,
        })
    }

    /// Whether a session can send at this moment.
    pub fn readiness(&self, session: &SessionId) -> Result<Readiness, Error> {
        Ok(readiness_of(&self.engines.session(session)?.status()))
    }

    /// Whether a session can send now, or the message may wait until it can.
    pub fn check_ready(&self, session: &SessionId, options: SendOptions) -> Result<(), Error> {
        let status = self.engines.session(session)?.status();
        if options.is_queueable() {
            return Ok(());
        }
        if status.state != SessionState::Ready {
            return Err(not_ready(status.state));
        }
        match &status.send_hold {
            Some(hold) => Err(hold.error(self.clock.now())),
            None => Ok(()),
        }
    }

    /// The id of a message that can be quoted.
    async fn quotable(
        &self,
        session: &SessionId,
        chat: &Jid,
        text: &str,
    ) -> Result<MessageId, Error> {
        if let Ok(named) = text.parse::<MessageId>() {
            self.messages
                .stored_for(session, &named, Change::Quote)
                .await
                .map_err(|error| error.detail("quotedMessageId", named.to_string()))?;
        }
        let id = self.messages.find(session, chat, text).await?.id;
        if let Some(stored) = self.store.messages().stored_by_key(session, chat, &id.key).await? {
            is_there(&stored).map_err(|refusal| {
                refusal.error(Change::Quote).detail("quotedMessageId", id.to_string())
            })?;
        }
        Ok(id)
    }
}
