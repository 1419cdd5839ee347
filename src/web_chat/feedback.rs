//! Feedback on answers, and ratings of conversations.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `ChatFeedback` | session, chat, key of the message or nothing | [`Feedback`] |

use serde::{Deserialize, Serialize};

use crate::{
    domain::{Jid, SessionId, Timestamp},
    store::{Key, Record, Scope, Table, Tree},
};

/// What a visitor thinks of a message, or of the whole conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Feedback {
    pub verdict: FeedbackVerdict,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedbackVerdict {
    Up,
    Down,
    /// From 1 to 5.
    Rating(u8),
}

impl Record for Feedback {
    const TABLE: Table = Table {
        tree: Tree::new(174, "ChatFeedback"),
        owner: "web chat",
        indexes: &[],
        scope: Scope::Account,
    };
}

impl Feedback {
    /// All of a conversation.
    pub fn of(session: &SessionId, chat: &Jid) -> Key<Self> {
        Self::key().text(session.as_str()).text(chat.as_str())
    }

    /// Of a message by its key, or of the conversation.
    pub fn at(session: &SessionId, chat: &Jid, message: Option<&str>) -> Key<Self> {
        Self::key().text(session.as_str()).text(chat.as_str()).text(message.unwrap_or_default())
    }
}
