//! How a message looks when it is sent, and small translations between its forms.

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
        account::Person,
        linking::refusal,
        protocol::{DeviceContent, Refusal, RefusalKind},
        relay::Draft,
        world::World,
    },
};

pub fn compose(
    world: &World,
    me: &Jid,
    chat: &Jid,
    draft: &Draft,
    now: Timestamp,
) -> Result<Message, Refusal> {
    let mut details = draft.extra.details.clone();
    let (kind, body, media) = match &draft.content {
        DeviceContent::Media { media, kind, mime, filename, caption } => {
            rules::check_caption(caption.as_deref()).map_err(invalid)?;
            let file = world.ledger.files().get(media);
            let file = file
                .ok_or_else(|| refusal(RefusalKind::UnknownMedia, "this file was not uploaded"))?;
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
                return Err(refusal(RefusalKind::Invalid, reason));
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
        return Err(refusal(RefusalKind::Invalid, "not a key for a message"));
    }
    // WhatsApp's own times are whole seconds.
    let timestamp = crate::domain::clock::from_seconds(now.as_second());
    let group = world.ledger.groups().get(chat);
    Ok(Message {
        kind: draft.extra.kind.unwrap_or(kind),
        push_name: world.ledger.person(me).map(Person::name),
        media,
        quoted: draft.quoted.clone(),
        mentions: draft.mentions.clone(),
        details: details.some(),
        group_name: group.map(|group| group.name.clone()),
        raw: draft.extra.raw.clone(),
        ..Message::text(id, me.clone(), body, timestamp)
    })
}

/// A rule of WhatsApp's that a device's own client would have kept.
fn invalid(error: Error) -> Refusal {
    refusal(RefusalKind::Invalid, &error.message)
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
