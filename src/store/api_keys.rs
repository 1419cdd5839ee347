//! API keys by their id and by the hash of their secret.

use uuid::Uuid;

use crate::store::{
    StoreError,
    codec::Key,
    engine::Engine,
    record::{self, Index, IndexKey, Record, Scope, Table},
    records::ApiKeyRecord,
    trees::Tree,
};

const BY_HASH: Index<ApiKeyRecord> = Index::new(Tree::API_KEYS_BY_HASH);

impl Record for ApiKeyRecord {
    const TABLE: Table = Table {
        tree: Tree::API_KEYS,
        owner: "accounts",
        indexes: &[Tree::API_KEYS_BY_HASH],
        scope: Scope::Gateway,
    };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        vec![BY_HASH.key().bytes(&self.hash)]
    }
}

impl ApiKeyRecord {
    pub fn at(id: Uuid) -> Key<Self> {
        Self::key().uuid(id)
    }
}

pub struct ApiKeys<'a> {
    engine: &'a dyn Engine,
}

impl<'a> ApiKeys<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { engine }
    }

    pub async fn by_hash(&self, hash: &[u8; 32]) -> Result<Option<ApiKeyRecord>, StoreError> {
        let found = record::follow(self.engine, BY_HASH.key().bytes(hash).below(), 1).await?;
        Ok(found.into_iter().next().map(|found| found.record))
    }

    pub async fn get(&self, id: Uuid) -> Result<Option<ApiKeyRecord>, StoreError> {
        record::get(self.engine, &ApiKeyRecord::at(id)).await
    }

    /// Those that are bound to one session.
    pub async fn of_session(&self, session: Uuid) -> Result<Vec<ApiKeyRecord>, StoreError> {
        let mut all = self.list().await?;
        all.retain(|record| record.session_uuid == Some(session));
        Ok(all)
    }

    /// In the order of their making.
    pub async fn list(&self) -> Result<Vec<ApiKeyRecord>, StoreError> {
        record::select(self.engine, ApiKeyRecord::key().below(), usize::MAX).await
    }
}
