//! Sends and what can be done to a message afterwards.

use crate::{
    domain::{
        Command, Content, Details, Error, ErrorCode, EventBody, Jid, Message, MessageId,
        MessageKind, Outgoing, Reply, SessionId, SessionState, Subject,
        command::{MediaKind, Sent},
        conversation::StoredMessage,
        message::MessageMedia,
        outbox::{OutboxState, Terms},
        rules,
    },
    messaging::{
        Change, Messaging, Outbox, Posted, Refusal,
        allowed::{check_unsent, is_there, may_edit, may_revoke},
        odd_reply,
        one_way::check_can_write,
    },
    session::{not_found, not_ready},
};

/// A message that a caller wants sent.
#[derive(Clone, Debug)]
pub struct SendRequest {
    /// The key that the message is to have, when one was chosen before. What became of an earlier
    /// send with it is looked up: it is sent again only when that has failed for certain.
    pub key: Option<String>,
    pub chat: Jid,
    pub content: Content,
    /// The message that it answers: a full id, or the key alone.
    pub quoted: Option<String>,
    pub mentions: Vec<Jid>,
    pub link_preview: bool,
}

impl Messaging {
    /// Sends a message, or queues it, as its terms say. It is written down, with the id that it will
    /// have, before the engine sees it.
    pub async fn send(
        &self,
        session: &SessionId,
        request: SendRequest,
        terms: Terms,
    ) -> Result<Posted, Error> {
        let status = self.supervisor.get(session)?.status();
        if status.removing {
            return Err(not_found(session));
        }
        rules::check(&request.content)?;
        if let Some(key) = &request.key
            && let Some(posted) = self.outbox.find(session, key).await?
        {
            return Ok(posted);
        }
        check_can_write(&request.chat)?;
        if !terms.waits() && status.state != SessionState::Ready {
            return Err(not_ready(status.state));
        }
        if !terms.waits()
            && let Some(hold) = &status.send_hold
        {
            return Err(hold.error(self.clock.now()));
        }
        let request = self.with_numbers(session, request).await?;
        let chat = self.chat_name(session, &request.chat).await?;
        let quoted = match &request.quoted {
            Some(text) => Some(self.quotable(session, &chat, text).await?),
            None => None,
        };
        let is_keyed = request.key.is_some();
        let key = request.key.unwrap_or_else(Outgoing::new_key);
        let content = self.name_cards(session, request.content).await?;
        let outgoing = Outgoing {
            content: self.keep(session, &key, content).await?,
            key,
            chat,
            quoted,
            mentions: request.mentions,
            link_preview: request.link_preview,
        };
        self.outbox.post(session, outgoing, terms, is_keyed).await
    }

    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    pub async fn edit(
        &self,
        session: &SessionId,
        message: &MessageId,
        text: String,
    ) -> Result<(), Error> {
        self.supervisor.get(session)?;
        let message = self.message_name(session, message).await?;
        let known = self.known(session, &message, Change::Edit).await?;
        if let Some(stored) = &known {
            let allowed = may_edit(stored, self.clock.now());
            allowed.map_err(|refusal| refusal.error(Change::Edit))?;
            if stored.message.kind.is_media() && rules::LONGEST_CAPTION < text.chars().count() {
                return Err(Error::invalid("a caption has at most 1,024 characters"));
            }
        }
        let edit = Command::Edit { message: message.clone(), text: text.clone() };
        self.order(session, edit).await.map_err(|error| match error.code {
            // All but its age is known to be right: WhatsApp's clock says otherwise than ours.
            ErrorCode::Forbidden if known.is_some() => Refusal::TooOld.error(Change::Edit),
            _ => error,
        })?;
        Ok(self.ingest.take(session, EventBody::MessageEdited { message, text }).await?)
    }

    pub async fn revoke(
        &self,
        session: &SessionId,
        message: &MessageId,
        for_everyone: bool,
    ) -> Result<(), Error> {
        let message = self.message_name(session, message).await?;
        if self.was_refused(session, &message).await? {
            let revoke = Command::Revoke { message: message.clone(), for_everyone: false };
            return match self.order(session, revoke).await {
                // The engine does not keep what WhatsApp refused.
                Err(error) if error.code == ErrorCode::NotFound => {
                    self.hide(session, &message).await
                }
                Ok(()) => self.hide(session, &message).await,
                outcome => outcome,
            };
        }
        let known = match for_everyone {
            true => self.known(session, &message, Change::Revoke).await?,
            false => None,
        };
        if let Some(stored) = &known {
            if stored.message.kind == MessageKind::Revoked {
                return Ok(());
            }
            let allowed = may_revoke(stored, self.clock.now());
            allowed.map_err(|refusal| refusal.error(Change::Revoke))?;
        }
        let revoke = Command::Revoke { message: message.clone(), for_everyone };
        self.order(session, revoke).await.map_err(|error| match error.code {
            // Whether the account is an admin, the engine alone knows.
            ErrorCode::Forbidden if !message.from_me => Refusal::NotOwn.error(Change::Revoke),
            _ => error,
        })?;
        match (for_everyone, self.supervisor.get(session)?.status().me) {
            (true, Some(me)) => {
                let revoked = EventBody::MessageRevoked { message, by: me.id };
                Ok(self.ingest.take(session, revoked).await?)
            }
            (true, None) => Ok(()),
            (false, _) => Ok(self.ingest.hide(session, &message).await.map(|_| ())?),
        }
    }

    /// Whether this is a message that was never sent: nobody has it but the engine at most.
    async fn was_refused(&self, session: &SessionId, id: &MessageId) -> Result<bool, Error> {
        let entry = self.store.outbox().by_message(session, &id.key).await?;
        Ok(id.from_me && entry.is_some_and(|entry| entry.state == OutboxState::Failed))
    }

    /// Deletes a message here alone; the account keeps it.
    pub async fn hide(&self, session: &SessionId, message: &MessageId) -> Result<(), Error> {
        self.ingest.hide(session, message).await?;
        Ok(())
    }

    /// An empty emoji takes the reaction back.
    pub async fn react(
        &self,
        session: &SessionId,
        message: &MessageId,
        emoji: String,
    ) -> Result<(), Error> {
        if !emoji.is_empty() && !rules::is_emoji(&emoji) {
            return Err(Error::invalid_field("emoji", "must be one emoji"));
        }
        self.supervisor.get(session)?;
        let message = self.message_name(session, message).await?;
        if let Some(stored) = self.known(session, &message, Change::React).await? {
            is_there(&stored).map_err(|refusal| refusal.error(Change::React))?;
        }
        self.order(session, Command::React { message: message.clone(), emoji: emoji.clone() })
            .await?;
        match self.supervisor.get(session)?.status().me {
            Some(me) => {
                let reaction = EventBody::Reaction { message, sender: me.id, emoji };
                Ok(self.ingest.take(session, reaction).await?)
            }
            None => Ok(()),
        }
    }

    /// What the mirror knows of a message that is to be changed. None where the engine may know more.
    async fn known(
        &self,
        session: &SessionId,
        id: &MessageId,
        change: Change,
    ) -> Result<Option<StoredMessage>, Error> {
        let stored = self.store.messages().stored_by_key(session, &id.chat, &id.key).await?;
        if stored.is_some() || !id.from_me {
            return Ok(stored);
        }
        if let Some(entry) = self.store.outbox().by_message(session, &id.key).await? {
            check_unsent(entry.state, change)?;
        }
        Ok(None)
    }

    /// A message that can be answered with a quote.
    async fn quotable(
        &self,
        session: &SessionId,
        chat: &Jid,
        text: &str,
    ) -> Result<MessageId, Error> {
        if let Ok(named) = text.parse::<MessageId>() {
            self.known(session, &named, Change::Quote)
                .await
                .map_err(|error| error.detail("quotedMessageId", named.to_string()))?;
        }
        let id = self.find(session, chat, text).await?;
        if let Some(stored) = self.store.messages().stored_by_key(session, chat, &id.key).await? {
            is_there(&stored).map_err(|refusal| {
                refusal.error(Change::Quote).detail("quotedMessageId", id.to_string())
            })?;
        }
        Ok(id)
    }

    /// A message of a chat by its full id or by its key alone.
    pub async fn find(
        &self,
        session: &SessionId,
        chat: &Jid,
        text: &str,
    ) -> Result<MessageId, Error> {
        self.find_message(session, chat, text).await.map(|message| message.id)
    }

    /// The same, whole. What was said before this session was linked, the engine alone knows.
    pub(in crate::messaging) async fn find_message(
        &self,
        session: &SessionId,
        chat: &Jid,
        text: &str,
    ) -> Result<Message, Error> {
        let chat = &self.chat_name(session, chat).await?;
        let unknown = || {
            Error::not_found(Subject::Message, "there is no such message in this chat")
                .detail("messageId", text)
        };
        if text.contains('_') {
            let id: MessageId = text.parse().map_err(|_| unknown())?;
            let id = self.message_name(session, &id).await?;
            if id.chat != *chat {
                return Err(unknown());
            }
            let known = self.store.messages().find_by_key(session, chat, &id.key).await?;
            let found = match known {
                Some(known) => Some(known),
                None => self.find_in_engine(session, id).await?,
            };
            return found.ok_or_else(unknown);
        }
        let known = self.store.messages().find_by_key(session, chat, text).await?;
        known.ok_or_else(unknown)
    }

    async fn find_in_engine(
        &self,
        session: &SessionId,
        id: MessageId,
    ) -> Result<Option<Message>, Error> {
        let handle = self.supervisor.get(session)?;
        if handle.status().state != SessionState::Ready {
            return Ok(None);
        }
        match handle.execute(Command::Find { message: id.clone() }).await {
            Ok(Reply::Found(found)) => Ok(found.map(|found| Message { id, ..*found })),
            Ok(_) => Err(odd_reply()),
            Err(error) if error.code == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A message that went out, as the mirror keeps it.
pub fn message_of(outgoing: Outgoing, sent: &Sent, author: Jid) -> Message {
    let details = Details::of(&outgoing.content);
    let (kind, body, media) = match outgoing.content {
        Content::Text { body } => (MessageKind::Text, body, None),
        Content::Media(media) => {
            let kind = match media.kind {
                MediaKind::Image => MessageKind::Image,
                MediaKind::Video => MessageKind::Video,
                MediaKind::Audio => MessageKind::Audio,
                MediaKind::Voice => MessageKind::Voice,
                MediaKind::Document => MessageKind::Document,
                MediaKind::Sticker => MessageKind::Sticker,
            };
            let filename = Some(media.filename);
            let file = MessageMedia { mime: media.mime, size: media.size, filename };
            (kind, media.caption.unwrap_or_default(), Some(file))
        }
        other => {
            let kind = other.kind().unwrap_or(MessageKind::Unknown);
            (kind, details.words().unwrap_or_default(), None)
        }
    };
    Message {
        kind,
        ack: sent.ack,
        recipients: sent.recipients.clone(),
        media,
        quoted: outgoing.quoted,
        mentions: outgoing.mentions,
        details: details.some(),
        ..Message::text(sent.id.clone(), author, body, sent.timestamp)
    }
}
