//! When each person was given a conversation last: of two with as much work, the one who has waited longer is next.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `LastAssigned` | person | [`LastAssigned`] |

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{Error, Timestamp},
    inbox::Inbox,
    store::{Key, Record, Scope, Table, Tree},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastAssigned {
    pub at: Timestamp,
}

impl Record for LastAssigned {
    const TABLE: Table = Table {
        tree: Tree::new(197, "LastAssigned"),
        owner: "assignment",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

impl LastAssigned {
    pub fn of(person: Uuid) -> Key<Self> {
        Self::key().uuid(person)
    }
}

/// Forgets a person whose account is removed. Durable on return.
pub async fn forget_person(inbox: &Inbox, person: Uuid) -> Result<(), Error> {
    let store = &inbox.parts().store;
    store.upkeep().clear(LastAssigned::of(person)).await?;
    Ok(store.durable().await?)
}
