//! Up to when a session's chats and messages are mirrored. Forgotten when the account leaves.

use serde::{Deserialize, Serialize};

use crate::{
    domain::{SessionId, Timestamp},
    store::{
        StoreError,
        codec::Key,
        engine::{Batch, Engine},
        record::{self, Record, Scope, Table},
        trees::Tree,
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mirror {
    /// When the session was ready for the first time, by the gateway's clock.
    pub linked_at: Timestamp,
    /// What is not newer was said before the link, by WhatsApp's clock. None until all chats have been
    /// read once.
    pub history_until: Option<Timestamp>,
    /// From when on something may have been missed; none when nothing was.
    pub behind_since: Option<Timestamp>,
    /// How often the session's line has come or gone.
    pub connection: u64,
}

impl Record for Mirror {
    const TABLE: Table =
        Table { tree: Tree::MIRRORS, owner: "messaging", indexes: &[], scope: Scope::Account };
}

pub struct Mirrors<'a> {
    engine: &'a dyn Engine,
}

impl<'a> Mirrors<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { engine }
    }

    pub async fn get(&self, session: &SessionId) -> Result<Option<Mirror>, StoreError> {
        record::get(self.engine, &key(session)).await
    }

    pub fn put_in(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        mirror: &Mirror,
    ) -> Result<(), StoreError> {
        record::put_in(batch, &key(session), mirror)
    }

    pub fn remove_in(&self, batch: &mut Batch, session: &SessionId) {
        batch.remove(key(session).done());
    }
}

fn key(session: &SessionId) -> Key<Mirror> {
    Mirror::key().text(session.as_str())
}
