//! Agent: who works on a conversation, or changed it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    accounts::{Principal, Who},
    contacts::{Actor, ActorKind},
};

/// Stored with its kind, so that further kinds need no change of what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "camelCase")]
pub enum Agent {
    /// The holder of an API key.
    Key(Uuid),
    /// A person with an account.
    User(Uuid),
}

impl Agent {
    /// A person who calls, also by a key of theirs, or a key of nobody; none for callers with neither.
    pub fn of(principal: &Principal) -> Option<Self> {
        match principal.who {
            Who::User { id, .. } | Who::Key { owner: Some((id, _)), .. } => Some(Self::User(id)),
            Who::Key { id, owner: None } => Some(Self::Key(id)),
            Who::Nobody | Who::Local => None,
        }
    }

    pub fn id(self) -> Uuid {
        match self {
            Self::Key(id) | Self::User(id) => id,
        }
    }

    /// Its part in the name of a list.
    pub fn name(self) -> String {
        match self {
            Self::Key(id) => format!("key:{id}"),
            Self::User(id) => format!("user:{id}"),
        }
    }

    /// The same for the timeline of a contact.
    pub fn actor(self) -> Actor {
        match self {
            Self::Key(id) => Actor::new(ActorKind::Key, id),
            Self::User(id) => Actor::new(ActorKind::User, id),
        }
    }
}
