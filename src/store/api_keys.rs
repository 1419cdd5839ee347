//! API keys by their id and by the hash of their secret.

use uuid::Uuid;

use crate::store::{
    StoreError,
    codec::{Key, decode, encode},
    engine::{Direction, Engine, Pair},
    records::ApiKeyRecord,
    table::Table,
    transaction::Record,
    trees::Tree,
};

impl Record for ApiKeyRecord {
    type Id = Uuid;

    fn key(id: &Uuid) -> Key {
        Key::new(Tree::ApiKeys).uuid(*id)
    }

    fn entries(&self, id: &Uuid) -> Result<Vec<Pair>, StoreError> {
        Ok(vec![(by_hash(&self.hash), encode(id)?)])
    }
}

pub struct ApiKeys<'a> {
    table: Table<'a, ApiKeyRecord>,
}

impl<'a> ApiKeys<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { table: Table::new(engine) }
    }

    pub async fn by_hash(&self, hash: &[u8; 32]) -> Result<Option<ApiKeyRecord>, StoreError> {
        match self.table.engine.get(&by_hash(hash)).await? {
            Some(id) => self.get(decode(&id)?).await,
            None => Ok(None),
        }
    }

    pub async fn get(&self, id: Uuid) -> Result<Option<ApiKeyRecord>, StoreError> {
        self.table.get(ApiKeyRecord::key(&id)).await
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

fn by_hash(hash: &[u8; 32]) -> Vec<u8> {
    Key::new(Tree::ApiKeysByHash).bytes(hash).done()
}
