//! API keys by their id and by the hash of their secret.

use uuid::Uuid;

use crate::store::{
    StoreError,
    codec::{Key, decode, encode},
    engine::{Batch, Direction, Engine},
    records::ApiKeyRecord,
    table::Table,
    trees::Tree,
};

/// A record as it was read. A write that replaces it is refused once somebody else has changed it.
pub struct StoredKey {
    pub record: ApiKeyRecord,
    bytes: Vec<u8>,
}

pub struct ApiKeys<'a> {
    table: Table<'a, ApiKeyRecord>,
}

impl<'a> ApiKeys<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { table: Table::new(engine) }
    }

    /// Adds a new key. Durable when it returns.
    pub async fn add(&self, record: &ApiKeyRecord) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        batch.put(by_hash(&record.hash), encode(&record.id)?);
        batch.expect(key(record.id).done(), None);
        self.table.put_in(&mut batch, key(record.id), record)?;
        self.table.engine.commit(batch).await?;
        self.table.engine.durable().await
    }

    /// Replaces a record that is still as it was read; false when it is not. Visible at once, and
    /// durable with the next flush.
    pub async fn replace(
        &self,
        read: &StoredKey,
        record: &ApiKeyRecord,
    ) -> Result<bool, StoreError> {
        let mut batch = Batch::new();
        batch.expect(key(read.record.id).done(), Some(read.bytes.clone()));
        self.table.put_in(&mut batch, key(record.id), record)?;
        match self.table.engine.commit(batch).await {
            Ok(()) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Forgets keys altogether.
    pub async fn remove(&self, records: &[ApiKeyRecord]) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        for record in records {
            batch.remove(by_hash(&record.hash));
            batch.remove(key(record.id).done());
        }
        self.table.engine.commit(batch).await
    }

    pub async fn by_hash(&self, hash: &[u8; 32]) -> Result<Option<StoredKey>, StoreError> {
        match self.table.engine.get(&by_hash(hash)).await? {
            Some(id) => self.read(decode(&id)?).await,
            None => Ok(None),
        }
    }

    /// A record to look at, or to replace.
    pub async fn read(&self, id: Uuid) -> Result<Option<StoredKey>, StoreError> {
        let Some(bytes) = self.table.engine.get(&key(id).done()).await? else { return Ok(None) };
        Ok(Some(StoredKey { record: decode(&bytes)?, bytes }))
    }

    /// Those that are bound to one session.
    pub async fn of_session(&self, session: Uuid) -> Result<Vec<ApiKeyRecord>, StoreError> {
        let mut all = self.list().await?;
        all.retain(|record| record.session_uuid == Some(session));
        Ok(all)
    }

    /// In the order of their making.
    pub async fn list(&self) -> Result<Vec<ApiKeyRecord>, StoreError> {
        self.table.scan(Key::new(Tree::ApiKeys).all(), Direction::Forward, usize::MAX).await
    }
}

fn key(id: Uuid) -> Key {
    Key::new(Tree::ApiKeys).uuid(id)
}

fn by_hash(hash: &[u8; 32]) -> Vec<u8> {
    Key::new(Tree::ApiKeysByHash).bytes(hash).done()
}
