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

pub struct ApiKeys<'a> {
    table: Table<'a, ApiKeyRecord>,
}

impl<'a> ApiKeys<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { table: Table::new(engine) }
    }

    /// Durable when it returns.
    pub async fn put(&self, record: &ApiKeyRecord) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        batch.put(Key::new(Tree::ApiKeysByHash).bytes(&record.hash).done(), encode(&record.id)?);
        self.table.put_in(&mut batch, key(record.id), record)?;
        self.table.engine.commit(batch).await?;
        self.table.engine.durable().await
    }

    pub async fn by_hash(&self, hash: &[u8; 32]) -> Result<Option<ApiKeyRecord>, StoreError> {
        let place = Key::new(Tree::ApiKeysByHash).bytes(hash).done();
        match self.table.engine.get(&place).await? {
            Some(id) => self.get(decode(&id)?).await,
            None => Ok(None),
        }
    }

    pub async fn get(&self, id: Uuid) -> Result<Option<ApiKeyRecord>, StoreError> {
        self.table.get(key(id)).await
    }

    /// In the order of their making.
    pub async fn list(&self) -> Result<Vec<ApiKeyRecord>, StoreError> {
        self.table.scan(Key::new(Tree::ApiKeys).all(), Direction::Forward, usize::MAX).await
    }
}

fn key(id: Uuid) -> Key {
    Key::new(Tree::ApiKeys).uuid(id)
}
