//! A transaction: reads, changes and writes of several records that happen together or not at all.
//!
//! What it read must be the same at the commit; otherwise somebody else changed it meanwhile, and the
//! work is done again on what is there now. No lock decides whether the state is right: a lock that is
//! left only saves conflicts.

use std::{collections::BTreeMap, time::Duration};

use serde::{Serialize, de::DeserializeOwned};

use crate::store::{
    Store, StoreError,
    codec::{Key, decode, encode},
    engine::{Batch, Pair},
};

/// How often the work runs again before its caller gets [`StoreError::Conflict`].
const MOST_RETRIES: u32 = 24;
/// The longest pause before the first retry is twice this; twice as long before the next, and so on.
const FIRST_PAUSE: Duration = Duration::from_micros(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// A kind of record: where it is kept, and by what else it is found.
pub trait Record: Serialize + DeserializeOwned {
    /// What tells it from the others of its kind.
    type Id: ?Sized;

    fn key(id: &Self::Id) -> Key;

    /// Its entries in indexes: key and value of each.
    fn entries(&self, id: &Self::Id) -> Result<Vec<Pair>, StoreError>;
}

/// Reads and writes that happen together or not at all.
///
/// ```ignore
/// let mut transaction = store.transaction();
/// loop {
///     let record = transaction.get::<ApiKeyRecord>(&id).await?.ok_or_else(unknown)?;
///     transaction.put(&id, &changed(record)).await?;
///     if transaction.commit().await? {
///         break;
///     }
/// }
/// ```
pub struct Transaction<'s> {
    store: &'s Store,
    reads: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    writes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    /// Of batches that joined.
    expectations: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    retries: u32,
}

impl Transaction<'_> {
    /// A record as it is, with the writes of this transaction.
    pub async fn get<R: Record>(&mut self, id: &R::Id) -> Result<Option<R>, StoreError> {
        self.get_value(R::key(id).done()).await
    }

    /// Writes a record. Its entries in indexes replace those of the record that was there.
    pub async fn put<R: Record>(&mut self, id: &R::Id, record: &R) -> Result<(), StoreError> {
        self.remove_entries::<R>(id).await?;
        for (entry, value) in record.entries(id)? {
            self.writes.insert(entry, Some(value));
        }
        self.put_value(R::key(id).done(), record)
    }

    /// Removes a record and its entries in indexes.
    pub async fn delete<R: Record>(&mut self, id: &R::Id) -> Result<(), StoreError> {
        self.remove_entries::<R>(id).await?;
        self.writes.insert(R::key(id).done(), None);
        Ok(())
    }

    /// Adds what was put together elsewhere.
    pub fn join(&mut self, batch: Batch) {
        self.writes.extend(batch.writes);
        self.expectations.extend(batch.expectations);
    }

    pub(in crate::store) async fn get_value<V: DeserializeOwned>(
        &mut self,
        key: Vec<u8>,
    ) -> Result<Option<V>, StoreError> {
        self.read(key).await?.as_deref().map(decode).transpose()
    }

    pub(in crate::store) fn put_value<V: Serialize>(
        &mut self,
        key: Vec<u8>,
        value: &V,
    ) -> Result<(), StoreError> {
        self.writes.insert(key, Some(encode(value)?));
        Ok(())
    }

    async fn read(&mut self, key: Vec<u8>) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(known) = self.writes.get(&key).or_else(|| self.reads.get(&key)) {
            return Ok(known.clone());
        }
        let found = self.store.engine.get(&key).await?;
        self.reads.insert(key, found.clone());
        Ok(found)
    }

    async fn remove_entries<R: Record>(&mut self, id: &R::Id) -> Result<(), StoreError> {
        if let Some(former) = self.get::<R>(id).await? {
            for (entry, _) in former.entries(id)? {
                self.writes.insert(entry, None);
            }
        }
        Ok(())
    }

    /// Carries out the writes: visible at once, and durable after [`Store::durable`]. False when
    /// something that was read has changed meanwhile: nothing is written, and the work must be done
    /// again with this transaction, which then has read and written nothing.
    #[must_use = "false says that the work must be done again"]
    pub async fn commit(&mut self) -> Result<bool, StoreError> {
        let mut batch = Batch::new();
        batch.expectations = std::mem::take(&mut self.expectations);
        batch.expectations.extend(std::mem::take(&mut self.reads));
        batch.writes.extend(std::mem::take(&mut self.writes));
        match self.store.commit(batch).await {
            Ok(()) => Ok(true),
            Err(StoreError::Conflict) if self.retries < MOST_RETRIES => {
                self.retries += 1;
                tokio::time::sleep(pause(self.retries, rand::random())).await;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

impl Store {
    /// A transaction that has read and written nothing yet.
    pub fn transaction(&self) -> Transaction<'_> {
        let (reads, writes, expectations) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        Transaction { store: self, reads, writes, expectations, retries: 0 }
    }
}

/// Before a retry, counted from 1; `jitter` lies between 0 and 1.
fn pause(retry: u32, jitter: f64) -> Duration {
    let longest = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(retry)).min(LONGEST_PAUSE);
    longest.mul_f64(jitter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{clock::from_seconds, conversation::Tag},
        store::{
            disk::Disk,
            engine::{Conditions, MemoryEngine},
            trees::Tree,
        },
    };

    const COUNTER: &[u8] = b"\x01counter";

    /// A record that is found by its name, too.
    impl Record for Tag {
        type Id = Uuid;

        fn key(id: &Uuid) -> Key {
            Key::new(Tree::Tags).uuid(*id)
        }

        fn entries(&self, id: &Uuid) -> Result<Vec<Pair>, StoreError> {
            Ok(vec![(by_name(&self.name), encode(id)?)])
        }
    }

    fn by_name(name: &str) -> Vec<u8> {
        Key::new(Tree::Settings).text(name).done()
    }

    fn tag(name: &str) -> Tag {
        let (id, now) = (Uuid::from_u128(1), from_seconds(1));
        Tag { id, name: name.to_owned(), color: String::new(), created_at: now, updated_at: now }
    }

    async fn add_one(store: &Store) -> Result<u64, StoreError> {
        let mut transaction = store.transaction();
        loop {
            let next = transaction.get_value::<u64>(COUNTER.to_vec()).await?.unwrap_or(0) + 1;
            transaction.put_value(COUNTER.to_vec(), &next)?;
            if transaction.commit().await? {
                return Ok(next);
            }
        }
    }

    async fn counted(store: &Store) -> Option<u64> {
        let bytes = store.engine.get(COUNTER).await.unwrap();
        bytes.map(|bytes| decode(&bytes).unwrap())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn two_stores_on_one_engine_lose_no_update() {
        const ROUNDS: u64 = 10_000;
        let one = Store::temporary().await.unwrap();
        let other = Store::over(one.engine.clone(), Disk::manual(0)).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for store in [one.clone(), one.clone(), other.clone(), other] {
            tasks.spawn(async move {
                for _ in 0..ROUNDS / 4 {
                    add_one(&store).await.unwrap();
                }
            });
        }
        tasks.join_all().await;
        assert_eq!(counted(&one).await, Some(ROUNDS));
    }

    #[tokio::test]
    async fn conflicts_run_the_work_again_and_failures_end_it() {
        let conditions = Conditions { conflict_each: 3, ..Conditions::default() };
        let store =
            Store::over(std::sync::Arc::new(MemoryEngine::new(conditions)), Disk::manual(0));
        let store = store.await.unwrap();
        for n in 1..=20 {
            assert_eq!(add_one(&store).await.unwrap(), n);
        }
        let conditions = Conditions { conflict_each: 1, ..Conditions::default() };
        let store =
            Store::over(std::sync::Arc::new(MemoryEngine::new(conditions)), Disk::manual(0));
        let store = store.await.unwrap();
        assert!(matches!(add_one(&store).await, Err(StoreError::Conflict)));
        assert_eq!(counted(&store).await, None);
    }

    #[tokio::test]
    async fn later_reads_see_earlier_writes_and_what_is_not_committed_never_was() {
        let store = Store::temporary().await.unwrap();
        let id = tag("").id;
        let mut transaction = store.transaction();
        for name in ["one", "two"] {
            transaction.put(&id, &tag(name)).await.unwrap();
            assert_eq!(transaction.get::<Tag>(&id).await.unwrap().unwrap().name, name);
        }
        assert_eq!(store.tags().get(id).await.unwrap(), None);
        transaction.delete::<Tag>(&id).await.unwrap();
        assert_eq!(transaction.get::<Tag>(&id).await.unwrap(), None);
        drop(transaction);
        assert_eq!(store.tags().get(id).await.unwrap(), None);
    }

    #[tokio::test]
    async fn what_was_read_and_changed_by_somebody_else_makes_the_work_be_done_again() {
        let store = Store::temporary().await.unwrap();
        let id = tag("").id;
        let mut transaction = store.transaction();
        assert_eq!(transaction.get::<Tag>(&id).await.unwrap(), None);
        transaction.put(&id, &tag("mine")).await.unwrap();
        store.tags().put(&tag("theirs")).await.unwrap();
        assert!(!transaction.commit().await.unwrap());
        assert_eq!(transaction.get::<Tag>(&id).await.unwrap().unwrap().name, "theirs");
        transaction.put(&id, &tag("mine")).await.unwrap();
        assert!(transaction.commit().await.unwrap());
        assert_eq!(store.tags().get(id).await.unwrap().unwrap().name, "mine");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

        /// However a record changes, within one transaction and over several, its index has the entry
        /// of its last state and no other.
        #[test]
        fn indexes_follow_their_record(
            steps in prop::collection::vec(prop::collection::vec("[a-c]?", 1..4), 1..6),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async {
                let store = Store::temporary().await.unwrap();
                let id = tag("").id;
                for names in &steps {
                    let mut transaction = store.transaction();
                    for name in names {
                        match name.as_str() {
                            "" => transaction.delete::<Tag>(&id).await.unwrap(),
                            name => transaction.put(&id, &tag(name)).await.unwrap(),
                        }
                    }
                    assert!(transaction.commit().await.unwrap());
                    let last = names.last().map(String::as_str).unwrap_or_default();
                    for name in ["a", "b", "c"] {
                        let entry = store.engine.get(&by_name(name)).await.unwrap();
                        assert_eq!(entry.is_some(), name == last, "{name} after {names:?}");
                    }
                }
            });
        }

        #[test]
        fn pauses_grow_and_are_bounded(retry in 0_u32..1_000, jitter in 0.0..1.0) {
            prop_assert!(pause(retry, jitter) <= LONGEST_PAUSE);
            prop_assert!(pause(retry, jitter) <= pause(retry + 1, jitter));
        }
    }
}
