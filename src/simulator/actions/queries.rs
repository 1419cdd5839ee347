//! Requests of devices that only read.

use std::sync::Arc;

use crate::{
    domain::{Jid, MessageId},
    simulator::{
        protocol::{Answer, Refusal, RefusalKind},
        state::{State, Stored, directory::Directory},
    },
};

pub fn stored(state: &State, me: &Jid, id: &MessageId) -> Result<Arc<Stored>, Refusal> {
    let stored = state.chats().message(me, &id.chat, &id.key);
    stored.ok_or_else(|| Refusal::new(RefusalKind::UnknownMessage, "there is no such message"))
}

pub fn message(state: &State, me: &Jid, id: &MessageId) -> Result<Answer, Refusal> {
    Ok(Answer::Messages { messages: vec![stored(state, me, id)?.for_device()] })
}

pub fn history(
    state: &State,
    me: &Jid,
    chat: &Jid,
    before: Option<&MessageId>,
    limit: usize,
) -> Result<Answer, Refusal> {
    if state.chats().thread(me, chat).is_none() {
        return Err(Refusal::new(RefusalKind::UnknownChat, "there is no such chat"));
    }
    let messages = match before {
        Some(id) => state.chats().before(me, chat, &id.key, limit),
        None => Some(state.chats().newest(me, chat, limit)),
    };
    let messages = messages
        .ok_or_else(|| Refusal::new(RefusalKind::UnknownMessage, "there is no such message"))?;
    Ok(Answer::Messages { messages })
}

pub fn media_of(state: &State, me: &Jid, id: &MessageId) -> Result<Answer, Refusal> {
    let message = stored(state, me, id)?;
    let media = message.media.as_ref();
    let media =
        media.ok_or_else(|| Refusal::new(RefusalKind::UnknownMedia, "this message has no file"))?;
    let file = state.files().get(media);
    let file = file.ok_or_else(|| Refusal::new(RefusalKind::UnknownMedia, "the file is gone"))?;
    Ok(Answer::Media { media: media.clone(), mime: file.mime.clone(), size: file.size })
}

pub fn receipts_of(state: &State, me: &Jid, id: &MessageId) -> Result<Answer, Refusal> {
    Ok(Answer::Receipts { receipts: stored(state, me, id)?.receipts.clone() })
}

pub fn exists(state: &State, me: &Jid, id: &Jid) -> Answer {
    Answer::Exists { contact: Directory::of(state).contact(me, id).map(Box::new) }
}

pub fn group(state: &State, me: &Jid, id: &Jid) -> Result<Answer, Refusal> {
    Ok(Answer::Group { group: Directory::of(state).group_of_member(me, id)?.clone() })
}
