//! Agent: who works on a conversation, or changed it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Stored with its kind, so that further kinds need no change of what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "camelCase")]
pub enum Agent {
    /// The holder of an API key.
    Key(Uuid),
}

impl Agent {
    pub fn id(self) -> Uuid {
        let Self::Key(id) = self;
        id
    }

    /// Its part in the name of a list.
    pub fn name(self) -> String {
        let Self::Key(id) = self;
        format!("key:{id}")
    }
}
