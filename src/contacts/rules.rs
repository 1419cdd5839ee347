//! Rules that tag contacts by what they write: records.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `AutoTagRules` | id, which follows the order of creation | [`Rule`] |

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{SessionId, Timestamp},
    store::{Key, Record, Scope, Store, StoreError, Table, Tree},
};

pub const MOST_RULES: usize = 200;

/// Where a text must have the keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RuleKind {
    Contains,
    Exact,
    StartsWith,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    pub id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub kind: RuleKind,
    pub keyword: String,
    pub tag: String,
    pub case_sensitive: bool,
    pub enabled: bool,
    /// Only for messages to this session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Record for Rule {
    const TABLE: Table = Table {
        tree: Tree::new(132, "AutoTagRules"),
        owner: "contacts",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

impl Rule {
    pub fn at(id: Uuid) -> Key<Self> {
        Self::key().uuid(id)
    }
}

/// All rules in the order of their creation.
pub async fn all(store: &Store) -> Result<Vec<Rule>, StoreError> {
    store.select(Rule::key().below(), usize::MAX).await
}
