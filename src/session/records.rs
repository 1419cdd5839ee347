//! Records of the sessions: what each is called and set to, and how far a removal has come.

use crate::{
    domain::{SessionId, SessionRecord},
    store::{
        Batch, Declaration, Key, Record, Scope, Store, StoreError, Table, Tree,
        raw::{self, Engine},
    },
};

const SESSIONS: Tree = Tree::sealed(2, "Sessions");

/// The tables of this module.
pub const TABLES: &[Declaration] = &[Declaration::of::<SessionRecord>()];

impl Record for SessionRecord {
    const TABLE: Table =
        Table { tree: SESSIONS, owner: "session", indexes: &[], scope: Scope::Gateway };
}

/// The sessions of a store, or of a transaction's.
pub trait SessionTables {
    fn sessions(&self) -> Sessions<'_>;
}

impl SessionTables for Store {
    fn sessions(&self) -> Sessions<'_> {
        Sessions { engine: self.engine() }
    }
}

impl SessionRecord {
    pub fn at(id: &SessionId) -> Key<Self> {
        Self::key().text(id.as_str())
    }
}

pub struct Sessions<'a> {
    engine: &'a dyn Engine,
}

impl Sessions<'_> {
    pub async fn get(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        raw::get(self.engine, &SessionRecord::at(id)).await
    }

    /// In the order of their numbers.
    pub async fn list(&self) -> Result<Vec<SessionRecord>, StoreError> {
        let all = SessionRecord::key().below();
        let mut records = raw::select(self.engine, all, usize::MAX).await?;
        records.sort_by_key(|record| record.number);
        Ok(records)
    }

    /// Durable when it returns.
    pub async fn put(&self, record: &SessionRecord) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        raw::put_in(&mut batch, &SessionRecord::at(&record.id), record)?;
        self.engine.commit(batch).await?;
        self.engine.durable().await
    }

    /// The session that has this name, unless it is being removed: what is made for a session must not
    /// outlive it.
    pub async fn living(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        Ok(self.get(id).await?.filter(|record| record.removal.is_none()))
    }

    /// Removes the record: the name is free. Durable when it returns.
    pub async fn remove(&self, id: &SessionId) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        batch.remove(SessionRecord::at(id).done());
        self.engine.commit(batch).await?;
        self.engine.durable().await
    }
}
