//! Sends and what can be done to a message afterwards.

use crate::{
    domain::{
        Ack, Command, Content, Error, EventBody, Jid, Message, MessageId, MessageKind, Outgoing,
        Reply, SessionId, Subject,
        command::{MediaKind, Sent},
        message::MessageMedia,
    },
    messaging::{Messaging, odd_reply},
    session::EventSink,
};

/// A message that a caller wants sent.
#[derive(Clone, Debug)]
pub struct SendRequest {
    /// The key that the message is to have, when one was chosen before; a message that has it
    /// already is not sent again.
    pub key: Option<String>,
    pub chat: Jid,
    pub content: Content,
    /// The message that it answers: a full id, or the key alone.
    pub quoted: Option<String>,
    pub mentions: Vec<Jid>,
    pub link_preview: bool,
}

impl Messaging {
    /// Sends a message. Its id is chosen before the engine sees it.
    pub async fn send(&self, session: &SessionId, request: SendRequest) -> Result<Sent, Error> {
        let handle = self.supervisor.get(session)?;
        if let Some(key) = &request.key {
            let known = self.store.messages().find_by_key(session, &request.chat, key).await?;
            if let Some(Message { id, timestamp, ack, .. }) = known
                && id.from_me
                && ack != Ack::Failed
            {
                return Ok(Sent { id, timestamp, ack });
            }
        }
        let quoted = match &request.quoted {
            Some(text) => Some(self.find(session, &request.chat, text).await?),
            None => None,
        };
        let outgoing = Outgoing {
            key: request.key.unwrap_or_else(Outgoing::new_key),
            chat: request.chat,
            content: request.content,
            quoted,
            mentions: request.mentions,
            link_preview: request.link_preview,
        };
        let Reply::Sent(sent) = handle.execute(Command::Send(outgoing.clone())).await? else {
            return Err(odd_reply());
        };
        let author = handle.status().me.map_or_else(|| sent.id.chat.clone(), |me| me.id);
        let message = message_of(outgoing, &sent, author);
        let sent_event = EventBody::MessageSent { message: Box::new(message) };
        // The engine may report the same message too: the log knows it by its id.
        self.ingest.ingest(session, vec![sent_event]).await?;
        Ok(sent)
    }

    pub async fn edit(
        &self,
        session: &SessionId,
        message: &MessageId,
        text: String,
    ) -> Result<(), Error> {
        let message = message.clone();
        self.order(session, Command::Edit { message: message.clone(), text: text.clone() }).await?;
        self.ingest.ingest(session, vec![EventBody::MessageEdited { message, text }]).await
    }

    pub async fn revoke(
        &self,
        session: &SessionId,
        message: &MessageId,
        for_everyone: bool,
    ) -> Result<(), Error> {
        let message = message.clone();
        self.order(session, Command::Revoke { message: message.clone(), for_everyone }).await?;
        match (for_everyone, self.supervisor.get(session)?.status().me) {
            (true, Some(me)) => {
                let revoked = EventBody::MessageRevoked { message, by: me.id };
                self.ingest.ingest(session, vec![revoked]).await
            }
            _ => Ok(()),
        }
    }

    /// An empty emoji takes the reaction back.
    pub async fn react(
        &self,
        session: &SessionId,
        message: &MessageId,
        emoji: String,
    ) -> Result<(), Error> {
        let message = message.clone();
        self.order(session, Command::React { message: message.clone(), emoji: emoji.clone() })
            .await?;
        match self.supervisor.get(session)?.status().me {
            Some(me) => {
                let reaction = EventBody::Reaction { message, sender: me.id, emoji };
                self.ingest.ingest(session, vec![reaction]).await
            }
            None => Ok(()),
        }
    }

    /// A message of a chat by its full id or by its key alone.
    pub async fn find(
        &self,
        session: &SessionId,
        chat: &Jid,
        text: &str,
    ) -> Result<MessageId, Error> {
        let unknown = || {
            Error::not_found(Subject::Message, "there is no such message in this chat")
                .detail("messageId", text)
        };
        if text.contains('_') {
            let id: MessageId = text.parse().map_err(|_| unknown())?;
            if id.chat != *chat {
                return Err(unknown());
            }
            let known = self.store.messages().find_by_key(session, chat, &id.key).await?;
            return known.map(|message| message.id).ok_or_else(unknown);
        }
        let known = self.store.messages().find_by_key(session, chat, text).await?;
        known.map(|message| message.id).ok_or_else(unknown)
    }
}

fn message_of(outgoing: Outgoing, sent: &Sent, author: Jid) -> Message {
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
        Content::Location { latitude, longitude, name, .. } => {
            let place = name.unwrap_or_else(|| format!("{latitude},{longitude}"));
            (MessageKind::Location, place, None)
        }
        Content::ContactCards { contacts } => {
            let names = contacts.into_iter().map(|card| {
                let number = card.id.user().to_owned();
                card.name.unwrap_or(number)
            });
            (MessageKind::ContactCard, names.collect::<Vec<_>>().join(", "), None)
        }
        Content::Poll { question, .. } => (MessageKind::Poll, question, None),
    };
    Message {
        id: sent.id.clone(),
        author,
        kind,
        body,
        timestamp: sent.timestamp,
        ack: sent.ack,
        push_name: None,
        media,
        quoted: outgoing.quoted,
        mentions: outgoing.mentions,
        forwarded: false,
        edited: false,
        reactions: Vec::new(),
        raw: None,
    }
}
