//! Notes on sent messages: who sent one, and as what, where the message itself does not tell.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::SessionId,
    inbox::agent::Agent,
    knowledge::Hit,
    store::{Key, Record, Scope, Table, Tree},
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SentNote {
    pub author: Author,
    /// The caller's own name for the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_ref: Option<String>,
    /// The menu that was sent as text, as the caller wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interactive: Option<serde_json::Value>,
    /// The template that was sent as text, as the caller named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<serde_json::Value>,
    /// What the answer of a bot comes from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Hit>,
    /// It is the beginning of an answer whose reader left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_truncated: bool,
}

/// Who sent a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Author {
    pub kind: AuthorKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// At the time of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorKind {
    /// The holder of an API key, or needs none.
    Api,
    /// A person with an account.
    User,
    /// The gateway itself, such as the confirmation of an opt-out.
    System,
    /// A broadcast, whose id and name these are.
    Broadcast,
    /// A bot, whose id and name these are.
    Bot,
    /// A flow, whose id and name these are.
    Flow,
    /// A rule of a bot, whose id and name these are.
    Automation,
}

impl AuthorKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::User => "user",
            Self::System => "system",
            Self::Broadcast => "broadcast",
            Self::Bot => "bot",
            Self::Flow => "flow",
            Self::Automation => "automation",
        }
    }
}

impl Author {
    pub const SYSTEM: Self = Self { kind: AuthorKind::System, id: None, name: None };

    /// The agent; none for what the gateway sends by itself.
    pub fn agent(&self) -> Option<Agent> {
        match self.kind {
            AuthorKind::Api => self.id.map(Agent::Key),
            AuthorKind::User => self.id.map(Agent::User),
            AuthorKind::System
            | AuthorKind::Broadcast
            | AuthorKind::Bot
            | AuthorKind::Flow
            | AuthorKind::Automation => None,
        }
    }

    /// Whether somebody answers with it.
    pub fn is_a_person(&self) -> bool {
        matches!(self.kind, AuthorKind::Api | AuthorKind::User)
    }
}

impl Record for SentNote {
    const TABLE: Table = Table {
        tree: Tree::new(163, "SentNotes"),
        owner: "inbox",
        indexes: &[],
        scope: Scope::Account,
    };
}

impl SentNote {
    /// The note on a plain message.
    pub fn by(author: Author) -> Self {
        Self {
            author,
            client_ref: None,
            interactive: None,
            template: None,
            sources: Vec::new(),
            is_truncated: false,
        }
    }

    /// The note on a message, by the key of its id.
    pub fn at(session: &SessionId, key: &str) -> Key<Self> {
        <Self as Record>::key().text(session.as_str()).text(key)
    }
}
