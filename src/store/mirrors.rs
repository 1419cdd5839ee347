//! Since when a session's chats and messages are mirrored. Forgotten when the account leaves.

use serde::{Deserialize, Serialize};

use crate::{
    domain::{SessionId, Timestamp},
    store::{
        StoreError,
        codec::Key,
        engine::{Batch, Engine},
        table::Table,
        trees::Tree,
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mirror {
    /// When the session was ready for the first time, by the gateway's clock.
    pub linked_at: Timestamp,
    /// Whether all its chats have been read once.
    pub is_filled: bool,
}

pub struct Mirrors<'a> {
    table: Table<'a, Mirror>,
}

impl<'a> Mirrors<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { table: Table::new(engine) }
    }

    pub async fn get(&self, session: &SessionId) -> Result<Option<Mirror>, StoreError> {
        self.table.get(key(session)).await
    }

    /// Notes that a session is linked, unless that is known.
    pub async fn begin_in(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        linked_at: Timestamp,
    ) -> Result<(), StoreError> {
        match self.get(session).await? {
            Some(_) => Ok(()),
            None => {
                let mirror = Mirror { linked_at, is_filled: false };
                self.table.put_in(batch, key(session), &mirror)
            }
        }
    }

    /// Notes that all chats of a session have been read.
    pub async fn fill_in(&self, batch: &mut Batch, session: &SessionId) -> Result<(), StoreError> {
        match self.get(session).await? {
            Some(mirror) => {
                let mirror = Mirror { is_filled: true, ..mirror };
                self.table.put_in(batch, key(session), &mirror)
            }
            None => Ok(()),
        }
    }

    pub fn remove_in(&self, batch: &mut Batch, session: &SessionId) {
        batch.remove(key(session).done());
    }
}

fn key(session: &SessionId) -> Key {
    Key::new(Tree::Mirrors).text(session.as_str())
}
