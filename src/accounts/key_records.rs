//! Records of API keys, by their id and by the hash of their secret.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{SessionId, Timestamp},
    store::{Index, IndexKey, Key, Record, Scope, Store, StoreError, Table, Transaction, Tree},
};

const API_KEYS: Tree = Tree::new(11, "ApiKeys");
const API_KEYS_BY_HASH: Tree = Tree::new(12, "ApiKeysByHash");
const BY_HASH: Index<ApiKeyRecord> = Index::new(API_KEYS_BY_HASH);

/// An API key as it is stored: never its secret, only the hash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyRecord {
    pub id: Uuid,
    pub name: String,
    /// The first characters of the secret, for people to recognise it.
    pub prefix: String,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    pub scopes: Vec<String>,
    /// Limits the key to one session.
    pub session: Option<SessionId>,
    /// The UUID of the session. A key opens no later session of the same name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_uuid: Option<Uuid>,
    /// The person whose key it is: it reaches no further than they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Uuid>,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

impl Record for ApiKeyRecord {
    const TABLE: Table = Table {
        tree: API_KEYS,
        owner: "accounts",
        indexes: &[API_KEYS_BY_HASH],
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

/// The keys of a store, or of a transaction's.
pub struct KeyRecords<'a> {
    store: &'a Store,
}

impl<'a> KeyRecords<'a> {
    pub fn of(store: &'a Store) -> Self {
        Self { store }
    }

    pub async fn by_hash(&self, hash: &[u8; 32]) -> Result<Option<ApiKeyRecord>, StoreError> {
        let found = self.store.follow(BY_HASH.key().bytes(hash).below(), 1).await?;
        Ok(found.into_iter().next().map(|found| found.record))
    }

    pub async fn get(&self, id: Uuid) -> Result<Option<ApiKeyRecord>, StoreError> {
        self.store.get(&ApiKeyRecord::at(id)).await
    }

    /// Those that are bound to one session.
    pub async fn of_session(&self, session: Uuid) -> Result<Vec<ApiKeyRecord>, StoreError> {
        let mut all = self.list().await?;
        all.retain(|record| record.session_uuid == Some(session));
        Ok(all)
    }

    /// Those of a person.
    pub async fn of_owner(&self, owner: Uuid) -> Result<Vec<ApiKeyRecord>, StoreError> {
        let mut all = self.list().await?;
        all.retain(|record| record.owner == Some(owner));
        Ok(all)
    }

    /// Ends a key within a transaction, unless it has ended.
    pub async fn revoke_in(
        transaction: &Transaction,
        record: ApiKeyRecord,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let revoked_at = record.revoked_at.or(Some(at));
        let key = ApiKeyRecord::at(record.id);
        transaction.put(&key, &ApiKeyRecord { revoked_at, ..record }).await
    }

    /// In the order of their making.
    pub async fn list(&self) -> Result<Vec<ApiKeyRecord>, StoreError> {
        self.store.select(ApiKeyRecord::key().below(), usize::MAX).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::clock::from_seconds,
        store::{Batch, Catalogue, raw::encode},
        vault::Keyring,
    };

    const CATALOGUE: Catalogue = Catalogue::with(&[crate::accounts::TABLES]);

    async fn open(folder: &std::path::Path) -> Store {
        let opened = Store::open(folder, &Keyring::thrown_away(), CATALOGUE).await;
        opened.unwrap_or_else(|error| panic!("{error}"))
    }

    #[tokio::test]
    async fn entries_that_led_to_records_in_another_way_are_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path()).await;
        let record = ApiKeyRecord {
            id: Uuid::from_u128(7),
            name: "bot".to_owned(),
            prefix: String::new(),
            hash: [7; 32],
            scopes: Vec::new(),
            session: None,
            session_uuid: None,
            owner: None,
            created_at: from_seconds(1),
            expires_at: None,
            last_used_at: None,
            revoked_at: None,
        };
        let mut keys = store.transaction();
        keys.put(&ApiKeyRecord::at(record.id), &record).await.unwrap();
        assert!(keys.commit().await.unwrap());
        let mut batch = Batch::new();
        let by_hash = Key::new(API_KEYS_BY_HASH).bytes(&record.hash).done();
        batch.put(by_hash, encode(&record.id).unwrap());
        store.commit(batch).await.unwrap();
        assert!(KeyRecords::of(&store).by_hash(&record.hash).await.unwrap().is_none());
        // The first layout of indexes.
        store.settings().put("index layout", &1_u64).await.unwrap();
        drop((keys, store));
        let store = open(folder.path()).await;
        assert_eq!(KeyRecords::of(&store).by_hash(&record.hash).await.unwrap(), Some(record));
    }
}
