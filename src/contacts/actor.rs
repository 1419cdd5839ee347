//! Actor: who did something to a contact.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// The contact itself.
    Contact,
    /// A caller with an API key.
    Key,
    /// A caller who needs no key.
    Owner,
    User,
    Bot,
    /// A rule that tags contacts.
    AutoTagging,
    Gateway,
}

impl ActorKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Key => "key",
            Self::Owner => "owner",
            Self::User => "user",
            Self::Bot => "bot",
            Self::AutoTagging => "auto_tagging",
            Self::Gateway => "gateway",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    pub kind: ActorKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
}

impl Actor {
    pub const CONTACT: Self = Self { kind: ActorKind::Contact, id: None };
    pub const GATEWAY: Self = Self { kind: ActorKind::Gateway, id: None };

    pub fn new(kind: ActorKind, id: Uuid) -> Self {
        Self { kind, id: Some(id) }
    }

    /// A caller with this API key, or one who needs none.
    pub fn caller(key: Option<Uuid>) -> Self {
        let kind = if key.is_some() { ActorKind::Key } else { ActorKind::Owner };
        Self { kind, id: key }
    }
}
