//! Sync checkpoints: up to when the mirror of a session is complete. Removed when the account leaves.

use serde::{Deserialize, Serialize};

use crate::{
    domain::{SessionId, Timestamp},
    messaging::stored::trees,
    store::{
        Batch, Key, Record, Scope, StoreError, Table,
        raw::{self, Engine},
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncCheckpoint {
    /// When the session was first ready, by the gateway's clock.
    pub linked_at: Timestamp,
    /// The newest message from before the link, by WhatsApp's clock. None until all chats were read once.
    pub history_until: Option<Timestamp>,
    /// The time since which events may be missing; none if none are.
    pub behind_since: Option<Timestamp>,
    /// Counts changes of the session's connection.
    pub connection: u64,
}

impl Record for SyncCheckpoint {
    const TABLE: Table =
        Table { tree: trees::MIRRORS, owner: "messaging", indexes: &[], scope: Scope::Account };
}

pub struct SyncCheckpoints<'a> {
    engine: &'a dyn Engine,
}

impl<'a> SyncCheckpoints<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { engine }
    }

    pub async fn get(&self, session: &SessionId) -> Result<Option<SyncCheckpoint>, StoreError> {
        raw::get(self.engine, &key(session)).await
    }

    pub fn put_in(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        checkpoint: &SyncCheckpoint,
    ) -> Result<(), StoreError> {
        raw::put_in(batch, &key(session), checkpoint)
    }

    pub fn remove_in(&self, batch: &mut Batch, session: &SessionId) {
        batch.remove(key(session).done());
    }
}

fn key(session: &SessionId) -> Key<SyncCheckpoint> {
    SyncCheckpoint::key().text(session.as_str())
}
