//! The last marketing message that each person got, so that nobody gets too many.

use serde::{Deserialize, Serialize};

use crate::{
    domain::{Jid, Timestamp},
    store::{Key, Record, Scope, Store, StoreError, Table, Tree},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastMarketing {
    pub at: Timestamp,
}

impl Record for LastMarketing {
    const TABLE: Table = Table {
        tree: Tree::new(169, "LastMarketing"),
        owner: "inbox",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

/// One person over all sessions.
fn key(person: &Jid) -> Key<LastMarketing> {
    LastMarketing::key().text(person.as_str())
}

/// When each of these people got their last marketing message, in their order.
pub async fn last(store: &Store, people: &[Jid]) -> Result<Vec<Option<Timestamp>>, StoreError> {
    let keys: Vec<Key<LastMarketing>> = people.iter().map(key).collect();
    let found = store.get_many(&keys).await?;
    Ok(found.into_iter().map(|found| found.map(|last| last.at)).collect())
}

/// Notes one within a transaction.
pub async fn note(store: &Store, person: &Jid, at: Timestamp) -> Result<(), StoreError> {
    let mut transaction = store.transaction();
    transaction.put(&key(person), &LastMarketing { at }).await?;
    // Within a transaction nothing can be in conflict.
    transaction.commit().await?;
    Ok(())
}
