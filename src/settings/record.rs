//! What callers changed, as it is stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::store::{Key, Record, Scope, Table, Tree};

/// Values by the path of their setting.
pub type Values = BTreeMap<String, Value>;

/// The only record of its table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Changed {
    pub values: Values,
}

impl Record for Changed {
    const TABLE: Table = Table {
        tree: Tree::sealed(220, "Settings"),
        owner: "settings",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

impl Changed {
    pub fn at() -> Key<Self> {
        Self::key().text("business")
    }
}
