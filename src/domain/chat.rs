//! A chat: a person or a group that messages are exchanged with.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::{Jid, Message, Timestamp};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Chat {
    pub id: Jid,
    pub name: String,
    pub unread: u32,
    #[serde(default)]
    pub archived: bool,
    #[serde(default)]
    pub pinned: bool,
    pub muted_until: Option<Timestamp>,
    /// The time of the last activity.
    pub last_activity: Timestamp,
    pub last_message: Option<LastMessage>,
}

impl Chat {
    /// The name, unless it is only the id.
    pub fn given_name(&self) -> Option<&str> {
        Some(self.name.as_str()).filter(|name| !name.is_empty() && *name != self.id.user())
    }
}

/// The newest message of a chat, as a list of chats shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct LastMessage {
    pub preview: String,
    pub timestamp: Timestamp,
    pub from_me: bool,
    /// The key of its id. An engine's count of what is unread goes up to this message. None where an engine does
    /// not tell it, and in records of old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional = nullable))]
    pub key: Option<Arc<str>>,
}

impl LastMessage {
    pub fn of(message: &Message) -> Self {
        let (preview, timestamp) = (message.preview(), message.timestamp);
        let key = Some(message.id.key.clone());
        Self { preview, timestamp, from_me: message.from_me(), key }
    }

    /// Whether this is what the message looks like.
    pub fn shows(&self, message: &Message) -> bool {
        let shown = Self::of(message);
        match self.key {
            Some(_) => *self == shown,
            None => *self == Self { key: None, ..shown },
        }
    }
}
