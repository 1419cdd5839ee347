//! The message that an outbox entry becomes in its chat.

use crate::domain::{
    Ack, Content, Details, Jid, Message, MessageKind, Outgoing,
    command::{MediaKind, Sent},
    message::MessageMedia,
    outbox::OutboxEntry,
};

/// A sent message.
pub fn sent_message(outgoing: Outgoing, sent: &Sent, author: Jid) -> Message {
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

/// A message that waits to be sent, or was never sent.
pub fn unsent_message(entry: OutboxEntry, me: Option<Jid>) -> Message {
    let ack = if entry.state.is_waiting() { Ack::Pending } else { Ack::Failed };
    let id = entry.message_id(me.as_ref());
    let author = me.or(entry.account).unwrap_or_else(|| id.chat.clone());
    let sent = Sent { id, timestamp: entry.queued_at, ack, recipients: None };
    let message = sent_message(entry.outgoing, &sent, author);
    // The file is deleted with the entry.
    Message { media: None, ..message }
}
