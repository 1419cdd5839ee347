//! Subjects of events, and the lanes in which events are handled in order.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{Jid, MessageId};

/// The subject of an event. Events of one subject's lane are handled in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventSubject {
    /// The channel as a whole; without one, the gateway.
    #[default]
    Channel,
    Chat(Jid),
    Message(MessageId),
    Contact(Jid),
    Tag(Uuid),
    Webhook(Uuid),
    /// A record of a module above: its kind and its id.
    Record(String, String),
}

impl EventSubject {
    /// The chat, or the chat of the message.
    pub fn chat(&self) -> Option<&Jid> {
        match self {
            Self::Chat(chat) => Some(chat),
            Self::Message(message) => Some(&message.chat),
            _ => None,
        }
    }

    /// The lane of the subject within its channel. A message has the lane of its chat, and a contact that of the chat
    /// with the person.
    pub fn lane(&self) -> Cow<'_, str> {
        match self {
            Self::Channel => Cow::Borrowed(""),
            Self::Chat(id) | Self::Contact(id) => Cow::Borrowed(id.as_str()),
            Self::Message(message) => Cow::Borrowed(message.chat.as_str()),
            Self::Tag(id) => Cow::Owned(format!("tag {id}")),
            Self::Webhook(id) => Cow::Owned(format!("webhook {id}")),
            Self::Record(kind, id) => Cow::Owned(format!("{kind} {id}")),
        }
    }
}
