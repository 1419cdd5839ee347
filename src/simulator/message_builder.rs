//! Message builder: makes a message from a draft, and translates between kinds of media.

use std::time::Duration;

use crate::{
    domain::{
        Content, Details, Error, Jid, Message, MessageId, MessageKind, Timestamp,
        command::{MediaKind, Sent},
        media_type,
        message::MessageMedia,
        rules,
    },
    simulator::{
        protocol::{DeviceContent, Refusal, RefusalKind},
        state::{Person, State},
    },
};

/// A message to be sent.
#[derive(Clone, Debug)]
pub struct Draft {
    pub key: String,
    pub chat: Jid,
    pub content: DeviceContent,
    pub quoted: Option<MessageId>,
    pub mentions: Vec<Jid>,
    pub extra: Extra,
}

/// Parts of a message that a phone can send and the gateway cannot.
#[derive(Clone, Debug, Default)]
pub struct Extra {
    /// In addition to those of the content.
    pub details: Details,
    /// In place of the kind of the content.
    pub kind: Option<MessageKind>,
    /// What the receiver's engine reports of a kind that the gateway does not know.
    pub raw: Option<serde_json::Value>,
}

pub fn build(
    state: &State,
    me: &Jid,
    chat: &Jid,
    draft: &Draft,
    now: Timestamp,
) -> Result<Message, Refusal> {
    let mut details = draft.extra.details.clone();
    let (kind, body, media) = match &draft.content {
        DeviceContent::Media { media, kind, mime, filename, caption } => {
            rules::check_caption(caption.as_deref()).map_err(invalid)?;
            let file = state.files().get(media);
            let file = file.ok_or_else(|| {
                Refusal::new(RefusalKind::UnknownMedia, "this file was not uploaded")
            })?;
            let media = MessageMedia {
                mime: media_type::tidy(mime),
                size: file.size,
                filename: filename.clone(),
            };
            (message_kind(*kind), caption.clone().unwrap_or_default(), Some(media))
        }
        DeviceContent::Other(content) => {
            rules::check(content).map_err(invalid)?;
            let Some(kind) = content.kind() else {
                let reason = "a file is uploaded first and sent by its id";
                return Err(Refusal::new(RefusalKind::Invalid, reason));
            };
            let Details { location, contacts, poll, .. } = Details::of(content);
            (details.location, details.contacts, details.poll) = (location, contacts, poll);
            let body = match content {
                Content::Text { body } => body.clone(),
                _ => details.words().unwrap_or_default(),
            };
            (kind, body, None)
        }
    };
    let id = MessageId {
        from_me: true,
        chat: chat.clone(),
        key: draft.key.as_str().into(),
        participant: (chat.is_group() || chat.is_status()).then(|| me.clone()),
    };
    // A device chooses the key. One that is no part of an id could not be read back.
    if id.to_string().parse().as_ref() != Ok(&id) {
        return Err(Refusal::new(RefusalKind::Invalid, "not a key for a message"));
    }
    // WhatsApp's own times are whole seconds.
    let timestamp = crate::domain::clock::from_seconds(now.as_second());
    let group = state.groups().get(chat);
    Ok(Message {
        kind: draft.extra.kind.unwrap_or(kind),
        push_name: state.people().get(me).map(Person::name),
        media,
        quoted: draft.quoted.clone(),
        mentions: draft.mentions.clone(),
        details: details.some(),
        group_name: group.map(|group| group.name.clone()),
        raw: draft.extra.raw.clone(),
        ..Message::text(id, me.clone(), body, timestamp)
    })
}

/// A rule of WhatsApp that a device's own client would have checked.
fn invalid(error: Error) -> Refusal {
    Refusal::new(RefusalKind::Invalid, &error.message)
}

pub fn sent_as(message: &Message) -> Sent {
    let (id, timestamp, ack) = (message.id.clone(), message.timestamp, message.ack);
    Sent { id, timestamp, ack, recipients: message.recipients.clone() }
}

pub fn since(then: Timestamp, now: Timestamp) -> Duration {
    Duration::from_millis(
        now.as_millisecond().saturating_sub(then.as_millisecond()).max(0).unsigned_abs(),
    )
}

pub fn message_kind(kind: MediaKind) -> MessageKind {
    match kind {
        MediaKind::Image => MessageKind::Image,
        MediaKind::Video => MessageKind::Video,
        MediaKind::Audio => MessageKind::Audio,
        MediaKind::Voice => MessageKind::Voice,
        MediaKind::Document => MessageKind::Document,
        MediaKind::Sticker => MessageKind::Sticker,
    }
}

pub fn media_kind(kind: MessageKind) -> MediaKind {
    match kind {
        MessageKind::Image => MediaKind::Image,
        MessageKind::Video => MediaKind::Video,
        MessageKind::Audio => MediaKind::Audio,
        MessageKind::Voice => MediaKind::Voice,
        MessageKind::Sticker => MediaKind::Sticker,
        _ => MediaKind::Document,
    }
}
