//! A conversation: a chat with the gateway's record of it, its contact and its newest message.

use crate::domain::{
    Chat, Contact, Error, Jid, SessionId, Subject,
    conversation::{ConversationRecord, StoredMessage},
    outbox::OutboxEntry,
    shown::shown,
};

pub struct Conversation {
    pub record: ConversationRecord,
    pub chat: Chat,
    /// The id of the other side; for a person the phone number, if known.
    pub with: Jid,
    /// The person at the other side, if it is one.
    pub contact: Option<Contact>,
    /// The newest message that is stored.
    pub last: Option<StoredMessage>,
}

impl Conversation {
    /// The best known name.
    pub fn name(&self) -> ConversationName<'_> {
        name_of(&self.chat, &self.with, self.contact.as_ref())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConversationName<'a> {
    Name(&'a str),
    /// No name is known; the digits of the number.
    Number(&'a str),
}

/// A stored message, or an outbox entry that is not sent.
pub enum FoundMessage {
    Stored(SessionId, Box<StoredMessage>),
    Unsent(Box<OutboxEntry>),
}

/// The best known name of a chat.
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

/// The same error for a conversation that does not exist and for one that the caller may not see.
pub fn unknown_conversation(id: &str) -> Error {
    Error::not_found(Subject::Chat, format!("there is no conversation '{}'", shown(id)))
}
