//! Record of the audit log.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `Audit` | number, from 1 | [`AuditEntry`] |

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    accounts::{Principal, Who},
    domain::Timestamp,
    store::{Key, Record, Scope, Table, Tree},
};

/// One write, and its outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    pub number: u64,
    pub at: Timestamp,
    pub by: AuditActor,
    /// The name of the operation.
    pub action: String,
    /// What it was done to: the path of the request, without its query.
    pub path: String,
    /// Where the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// The status of the answer. None while it is under way, and for good where the gateway ended meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// Who wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AuditActor {
    /// The owner of the gateway, on its machine.
    Gateway,
    Person(Uuid),
    /// An API key, and the person whose key it is.
    Key {
        id: Uuid,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<Uuid>,
    },
}

impl AuditActor {
    /// None for somebody without a credential.
    pub fn of(principal: &Principal) -> Option<Self> {
        match principal.who {
            Who::Nobody => None,
            Who::Local => Some(Self::Gateway),
            Who::User { id, .. } => Some(Self::Person(id)),
            Who::Key { id, owner } => Some(Self::Key { id, owner: owner.map(|(id, _)| id) }),
        }
    }

    /// Whether it is this person, a key of theirs, or this key.
    pub fn is(self, wanted: Uuid) -> bool {
        match self {
            Self::Gateway => false,
            Self::Person(id) => id == wanted,
            Self::Key { id, owner } => id == wanted || owner == Some(wanted),
        }
    }
}

impl Record for AuditEntry {
    const TABLE: Table = Table {
        tree: Tree::new(223, "Audit"),
        owner: "audit",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

impl AuditEntry {
    pub fn numbered(number: u64) -> Key<Self> {
        Self::key().number(number)
    }
}
