//! Writes that carried an `Idempotency-Key`, and what became of each.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::Timestamp,
    store::{
        Batch, Index, IndexKey, Key, Record, Scope, Store, StoreError, Table, Tree,
        raw::{self, Direction, Engine, decode},
    },
};

// First answers may hold what only their caller may see.
const IDEMPOTENCY: Tree = Tree::sealed(18, "Idempotency");
const IDEMPOTENCY_BY_TIME: Tree = Tree::new(19, "IdempotencyByTime");
const BY_TIME: Index<KeyedWrite> = Index::new(IDEMPOTENCY_BY_TIME);

/// A write with an `Idempotency-Key`, and its outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyedWrite {
    /// SHA-256 of the request, which must be the same when the key is used again. None while the request is being
    /// read.
    pub request: Option<[u8; 32]>,
    /// The key of the message that the write sends, if any: the outcome is looked up by it.
    pub message_key: String,
    /// When the first request began.
    pub at: Timestamp,
    pub outcome: WriteOutcome,
    /// The session that it wrote to, and with which it is removed; none for the gateway itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Uuid>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase")]
pub enum WriteOutcome {
    /// The write has begun. Without a process that works on it, its outcome is unknown.
    UnderWay,
    /// The write was not done and may be retried.
    Failed,
    Answered(FirstAnswer),
}

/// The stored answer of a write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FirstAnswer {
    pub status: u16,
    pub content_type: Option<String>,
    /// None when it was too large to store, or holds a secret.
    pub body: Option<String>,
}

impl Record for KeyedWrite {
    const TABLE: Table = Table {
        tree: IDEMPOTENCY,
        owner: "services",
        indexes: &[IDEMPOTENCY_BY_TIME],
        scope: Scope::Gateway,
    };

    fn entries(&self, key: &Key<Self>) -> Vec<IndexKey<Self>> {
        vec![BY_TIME.key().time(self.at).joined(key)]
    }
}

/// The keyed writes of a store, or of a transaction's.
pub struct KeyedWrites<'a> {
    engine: &'a dyn Engine,
}

impl<'a> KeyedWrites<'a> {
    pub fn of(store: &'a Store) -> Self {
        Self { engine: store.engine() }
    }

    /// `place` is what the key belongs to, and the key.
    pub async fn get(&self, place: &[&str]) -> Result<Option<KeyedWrite>, StoreError> {
        raw::get(self.engine, &key(place)).await
    }

    /// Durable when it returns.
    pub async fn put(&self, place: &[&str], write: &KeyedWrite) -> Result<(), StoreError> {
        self.put_lazily(place, write).await?;
        self.engine.durable().await
    }

    /// Durable with what is made durable next.
    pub async fn put_lazily(&self, place: &[&str], write: &KeyedWrite) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        raw::put_in(&mut batch, &key(place), write)?;
        self.engine.commit(batch).await
    }

    /// Forgets all writes to a session.
    pub async fn clear(&self, session: Uuid) -> Result<(), StoreError> {
        const LOOKED_AT: usize = 500;
        let mut range = Key::new(IDEMPOTENCY).all();
        loop {
            let page = self.engine.scan(range.clone(), Direction::Forward, LOOKED_AT).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            // Nothing lies between a key and the same with a zero behind it.
            let next = [last.as_slice(), &[0]].concat();
            let mut batch = Batch::new();
            for (key, value) in page {
                let write: KeyedWrite = decode(&value)?;
                if write.session == Some(session) {
                    raw::remove_in(&mut batch, &Key::from_bytes(key.clone()), &write);
                    batch.expect(key, Some(value));
                }
            }
            if !batch.is_empty() {
                match self.engine.commit(batch).await {
                    // Another request used or answered one of these keys meanwhile: the page is read again.
                    Err(StoreError::Conflict) => continue,
                    committed => committed?,
                }
            }
            range.start = next;
            tokio::task::yield_now().await;
        }
    }

    /// Drops at most `limit` of those that began before `before`, oldest first. How many it looked
    /// at.
    pub async fn prune(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let old = Key::new(IDEMPOTENCY_BY_TIME);
        let old = old.until(Key::new(IDEMPOTENCY_BY_TIME).time(before));
        let mut batch = Batch::new();
        let places = self.engine.scan(old, Direction::Forward, limit).await?;
        let looked_at = places.len();
        for (by_time, key) in places {
            batch.remove(by_time);
            let found = self.engine.get(&key).await?;
            // A key whose time was over may have been used again meanwhile.
            let Some(found) = found else { continue };
            if decode::<KeyedWrite>(&found)?.at < before {
                batch.expect(key.clone(), Some(found));
                batch.remove(key);
            }
        }
        self.engine.commit(batch).await?;
        Ok(looked_at)
    }
}

fn key(place: &[&str]) -> Key<KeyedWrite> {
    place.iter().fold(KeyedWrite::key(), |key, part| key.text(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    fn begun(seconds: i64) -> KeyedWrite {
        let (message_key, outcome) = ("3EB0".to_owned(), WriteOutcome::UnderWay);
        KeyedWrite { request: None, message_key, at: from_seconds(seconds), outcome, session: None }
    }

    #[tokio::test]
    async fn the_writes_to_one_session_are_forgotten_whole() {
        let store = Store::temporary().await.unwrap();
        let writes = KeyedWrites::of(&store);
        let of = |session| KeyedWrite { session, ..begun(5) };
        let sessions = [Some(Uuid::from_u128(1)), Some(Uuid::from_u128(2)), None];
        for (n, session) in sessions.into_iter().enumerate() {
            writes.put(&["caller", "POST", "/path", &n.to_string()], &of(session)).await.unwrap();
        }
        writes.clear(Uuid::from_u128(1)).await.unwrap();
        let mut left = Vec::new();
        for n in 0..sessions.len() {
            let place = ["caller", "POST", "/path", &n.to_string()];
            left.extend(writes.get(&place).await.unwrap().map(|_| n));
        }
        assert_eq!(left, [1, 2]);
        // Nothing is left of it by its time either.
        assert_eq!(writes.prune(from_seconds(9), 9).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn what_is_old_is_dropped_and_what_was_begun_anew_is_kept() {
        let store = Store::temporary().await.unwrap();
        let writes = KeyedWrites::of(&store);
        for n in 0..5 {
            writes.put(&["caller", &n.to_string()], &begun(n)).await.unwrap();
        }
        writes.put(&["caller", "0"], &begun(100)).await.unwrap();
        assert_eq!(writes.prune(from_seconds(3), 2).await.unwrap(), 2);
        assert_eq!(writes.prune(from_seconds(3), 2).await.unwrap(), 1);
        assert_eq!(writes.prune(from_seconds(3), 2).await.unwrap(), 0);
        let mut left = Vec::new();
        for n in 0..5 {
            if writes.get(&["caller", &n.to_string()]).await.unwrap().is_some() {
                left.push(n);
            }
        }
        assert_eq!(left, [0, 3, 4]);
    }
}
