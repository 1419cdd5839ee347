//! Sessions, and all that goes when one is removed.

use uuid::Uuid;

use crate::{
    domain::{SessionId, SessionRecord},
    store::{
        StoreError,
        catalogue::Catalogue,
        codec::Key,
        engine::{Batch, Engine},
        messages::Messages,
        numbers::Numbers,
        record::{self, Record, Scope, Table},
        trees::Tree,
    },
};

impl Record for SessionRecord {
    const TABLE: Table =
        Table { tree: Tree::SESSIONS, owner: "session", indexes: &[], scope: Scope::Gateway };
}

impl SessionRecord {
    pub fn at(id: &SessionId) -> Key<Self> {
        Self::key().text(id.as_str())
    }
}

pub struct Sessions<'a> {
    engine: &'a dyn Engine,
    numbers: &'a Numbers,
    catalogue: Catalogue,
}

impl<'a> Sessions<'a> {
    pub fn new(engine: &'a dyn Engine, numbers: &'a Numbers, catalogue: Catalogue) -> Self {
        Self { engine, numbers, catalogue }
    }

    pub async fn get(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        record::get(self.engine, &SessionRecord::at(id)).await
    }

    /// In the order of their numbers.
    pub async fn list(&self) -> Result<Vec<SessionRecord>, StoreError> {
        let all = SessionRecord::key().below();
        let mut records = record::select(self.engine, all, usize::MAX).await?;
        records.sort_by_key(|record| record.number);
        Ok(records)
    }

    /// Durable when it returns.
    pub async fn put(&self, record: &SessionRecord) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        record::put_in(&mut batch, &SessionRecord::at(&record.id), record)?;
        self.engine.commit(batch).await?;
        self.engine.durable().await
    }

    /// The session that bears this name, unless it is being removed: what is made for a session must not
    /// outlive it.
    pub async fn living(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        Ok(self.get(id).await?.filter(|record| record.removal.is_none()))
    }

    /// Removes what tables of [`Scope::Session`] hold of a session, in small commits.
    pub async fn clear(&self, session: Uuid) -> Result<(), StoreError> {
        for declared in self.catalogue.declarations() {
            if declared.table.scope == Scope::Session {
                let of_session = Key::new(declared.table.tree).uuid(session).all();
                declared.clear(self.engine, of_session).await?;
            }
        }
        Ok(())
    }

    /// Removes the mirror of a session's chats, messages and people.
    pub async fn wipe(&self, id: &SessionId) -> Result<(), StoreError> {
        Messages::new(self.engine, self.numbers).clear(id, None).await?;
        self.numbers.keep(self.engine).await?;
        for declared in self.catalogue.declarations() {
            if declared.table.scope == Scope::Account {
                let of_session = Key::new(declared.table.tree).text(id.as_str()).all();
                declared.clear(self.engine, of_session).await?;
            }
        }
        self.numbers.change_listing();
        Ok(())
    }

    /// Removes the record: the name is free. Durable when it returns.
    pub async fn remove(&self, id: &SessionId) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        batch.remove(SessionRecord::at(id).done());
        self.engine.commit(batch).await?;
        self.engine.durable().await
    }
}
