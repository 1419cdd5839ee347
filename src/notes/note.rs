//! Record of a note.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `Notes` | session, conversation, id, which follows the order of creation | [`Note`] |

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{SessionId, Timestamp},
    inbox::Agent,
    store::{Key, Record, Scope, Table, Tree},
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    pub id: Uuid,
    pub session: SessionId,
    pub conversation: Uuid,
    /// None for the owner of the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Agent>,
    pub content: String,
    /// The people who are named in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Uuid>,
    pub created_at: Timestamp,
}

impl Record for Note {
    const TABLE: Table = Table {
        tree: Tree::new(237, "Notes"),
        owner: "notes",
        indexes: &[],
        scope: Scope::Account,
    };
}

impl Note {
    /// Those of a conversation, oldest first.
    pub fn of(session: &SessionId, conversation: Uuid) -> Key<Self> {
        Self::key().text(session.as_str()).uuid(conversation)
    }

    pub fn at(session: &SessionId, conversation: Uuid, id: Uuid) -> Key<Self> {
        Self::of(session, conversation).uuid(id)
    }
}
