//! Record of the status that a person chose, which outlives a restart. Heartbeats write nothing.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `ChosenStatuses` | person | [`Chosen`] |

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    presence::board::Status,
    store::{Key, Record, Scope, Store, StoreError, Table, Tree},
};

/// People of whom a choice is read at the start.
const MOST: usize = 100_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chosen {
    pub user: Uuid,
    /// None where heartbeats say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// What the person says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Record for Chosen {
    const TABLE: Table = Table {
        tree: Tree::new(217, "ChosenStatuses"),
        owner: "presence",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

impl Chosen {
    fn at(user: Uuid) -> Key<Self> {
        Self::key().uuid(user)
    }

    pub async fn all(store: &Store) -> Result<Vec<Self>, StoreError> {
        store.select(Self::key().below(), MOST).await
    }

    /// Writes a choice; one that says nothing is forgotten.
    pub async fn keep(&self, store: &Store) -> Result<(), StoreError> {
        if self.status.is_none() && self.message.is_none() {
            return Self::forget(store, self.user).await;
        }
        let mut transaction = store.transaction();
        loop {
            transaction.put(&Self::at(self.user), self).await?;
            if transaction.commit().await? {
                return Ok(());
            }
        }
    }

    pub async fn forget(store: &Store, user: Uuid) -> Result<(), StoreError> {
        let mut transaction = store.transaction();
        loop {
            transaction.delete(&Self::at(user)).await?;
            if transaction.commit().await? {
                return Ok(());
            }
        }
    }
}
