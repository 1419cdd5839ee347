//! Reports of payments that were taken in, by the provider's id of each.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::Timestamp,
    providers::payments::ProviderKind,
    store::{Key, Record, Scope, Table, Tree},
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub link: Uuid,
    pub at: Timestamp,
}

impl Record for Report {
    const TABLE: Table = Table {
        tree: Tree::new(193, "PaymentReports"),
        owner: "payments",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

impl Report {
    pub fn at(provider: ProviderKind, event: &str) -> Key<Self> {
        Self::key().text(provider.as_str()).text(event)
    }
}
