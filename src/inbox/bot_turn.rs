//! Bot turns: what a bot replied to a message, written in the commit of the reply.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `BotTurns` | session, chat, key of the contact's message | [`BotTurn`] |
//!
//! Senders choose the keys of their messages, so that a key names nothing without its chat. Earlier versions left the chat
//! out: such a record counts where its reply is in the chat.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{Jid, SessionId},
    inbox::bot_run::HandoffReason,
    knowledge::{AnswerKind, Hit},
    store::{Key, Record, Scope, Table, Tree},
};

/// The rule of replies, after which they are named.
pub const RULE: &str = "bot";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BotTurn {
    pub bot: Uuid,
    /// The key of the reply.
    pub reply: String,
    pub text: String,
    /// None for a hand-over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<AnswerKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handoff: Option<HandoffReason>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Hit>,
    /// A language model should have worded it, and failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_degraded: bool,
    /// It is not all of what would have been said.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_truncated: bool,
}

impl Record for BotTurn {
    const TABLE: Table = Table {
        tree: Tree::new(172, "BotTurns"),
        owner: "inbox",
        indexes: &[],
        scope: Scope::Account,
    };
}

impl BotTurn {
    /// All of a conversation.
    pub fn of(session: &SessionId, chat: &Jid) -> Key<Self> {
        <Self as Record>::key().text(session.as_str()).text(chat.as_str())
    }

    /// Where earlier versions wrote it, without its chat: what is found there may be of another.
    pub fn formerly_at(session: &SessionId, message: &str) -> Key<Self> {
        <Self as Record>::key().text(session.as_str()).text(message)
    }

    pub fn at((session, chat): (&SessionId, &Jid), message: &str) -> Key<Self> {
        <Self as Record>::key().text(session.as_str()).text(chat.as_str()).text(message)
    }
}
