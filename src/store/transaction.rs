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
    engine::Batch,
    record::Record,
};

/// How often the work runs again before its caller gets [`StoreError::Conflict`].
pub(in crate::store) const MOST_RETRIES: u32 = 24;
/// The longest pause before the first retry is twice this; twice as long before the next, and so on.
const FIRST_PAUSE: Duration = Duration::from_micros(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// Reads and writes that happen together or not at all.
///
/// ```ignore
/// let mut transaction = store.transaction();
/// loop {
///     let record = transaction.get(&key).await?.ok_or_else(unknown)?;
///     transaction.put(&key, &changed(record)).await?;
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
    pub async fn get<R: Record>(&mut self, key: &Key<R>) -> Result<Option<R>, StoreError> {
        self.get_value(key.as_bytes().to_vec()).await
    }

    /// The same for many records, in one call.
    pub async fn get_many<R: Record>(
        &mut self,
        keys: &[Key<R>],
    ) -> Result<Vec<Option<R>>, StoreError> {
        let is_unread = |key: &&Key<R>| self.known(key.as_bytes()).is_none();
        let unread: Vec<_> =
            keys.iter().filter(is_unread).map(|key| key.as_bytes().to_vec()).collect();
        let found = self.store.engine.get_many(&unread).await?;
        self.reads.extend(unread.into_iter().zip(found));
        let value = |key: &Key<R>| self.known(key.as_bytes()).and_then(Option::as_deref);
        keys.iter().map(|key| value(key).map(decode).transpose()).collect()
    }

    /// Writes a record. Its entries in indexes replace those of the record that was there.
    pub async fn put<R: Record>(&mut self, key: &Key<R>, record: &R) -> Result<(), StoreError> {
        self.remove_entries(key).await?;
        for entry in record.entries(key) {
            self.writes.insert(entry.done(), Some(key.as_bytes().to_vec()));
        }
        self.put_value(key.as_bytes().to_vec(), record)
    }

    /// Removes a record and its entries in indexes.
    pub async fn delete<R: Record>(&mut self, key: &Key<R>) -> Result<(), StoreError> {
        self.remove_entries(key).await?;
        self.writes.insert(key.as_bytes().to_vec(), None);
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
        if let Some(known) = self.known(&key) {
            return Ok(known.clone());
        }
        let found = self.store.engine.get(&key).await?;
        self.reads.insert(key, found.clone());
        Ok(found)
    }

    /// What a key holds as far as this transaction has read or written it.
    fn known(&self, key: &[u8]) -> Option<&Option<Vec<u8>>> {
        self.writes.get(key).or_else(|| self.reads.get(key))
    }

    async fn remove_entries<R: Record>(&mut self, key: &Key<R>) -> Result<(), StoreError> {
        if let Some(former) = self.get(key).await? {
            for entry in former.entries(key) {
                self.writes.insert(entry.done(), None);
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
pub(in crate::store) fn pause(retry: u32, jitter: f64) -> Duration {
    let longest = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(retry)).min(LONGEST_PAUSE);
    longest.mul_f64(jitter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        disk::Disk,
        engine::{Conditions, MemoryEngine},
        record::{Index, IndexKey, Scope, Table},
        trees::Tree,
    };
    use proptest::prelude::*;

    const COUNTER: &[u8] = b"\x01counter";

    /// A record that is found by its name, too.
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Note {
        name: String,
    }

    const BY_NAME: Index<Note> = Index::new(Tree::ConversationsByTag);

    impl Record for Note {
        const TABLE: Table = Table {
            tree: Tree::Tags,
            owner: "a test",
            indexes: &[Tree::ConversationsByTag],
            scope: Scope::Gateway,
        };

        fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
            vec![BY_NAME.key().text(&self.name)]
        }
    }

    fn note(name: &str) -> Note {
        Note { name: name.to_owned() }
    }

    fn key() -> Key<Note> {
        Note::key().number(7)
    }

    async fn named(store: &Store, name: &str) -> Option<Note> {
        let found = store.follow(BY_NAME.key().text(name).below(), 9).await.unwrap();
        found.into_iter().next().map(|found| found.record)
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
        let mut transaction = store.transaction();
        for name in ["one", "two"] {
            transaction.put(&key(), &note(name)).await.unwrap();
            assert_eq!(transaction.get(&key()).await.unwrap().unwrap().name, name);
            let many = transaction.get_many(&[Note::key().number(8), key()]).await.unwrap();
            assert_eq!(many, [None, Some(note(name))]);
        }
        assert_eq!(store.get(&key()).await.unwrap(), None);
        transaction.delete(&key()).await.unwrap();
        assert_eq!(transaction.get(&key()).await.unwrap(), None);
        drop(transaction);
        assert_eq!(store.get(&key()).await.unwrap(), None);
    }

    #[tokio::test]
    async fn what_was_read_and_changed_by_somebody_else_makes_the_work_be_done_again() {
        let store = Store::temporary().await.unwrap();
        for reads_many in [false, true] {
            let mut transaction = store.transaction();
            if reads_many {
                transaction.get_many(&[key()]).await.unwrap();
            }
            transaction.put(&key(), &note("mine")).await.unwrap();
            let mut other = store.transaction();
            other.put(&key(), &note("theirs")).await.unwrap();
            assert!(other.commit().await.unwrap());
            assert!(!transaction.commit().await.unwrap());
            assert_eq!(transaction.get(&key()).await.unwrap(), Some(note("theirs")));
            transaction.put(&key(), &note("mine")).await.unwrap();
            assert!(transaction.commit().await.unwrap());
            assert_eq!(store.get(&key()).await.unwrap(), Some(note("mine")));
            assert_eq!(named(&store, "mine").await, Some(note("mine")));
            assert_eq!(named(&store, "theirs").await, None);
        }
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
                for names in &steps {
                    let mut transaction = store.transaction();
                    for name in names {
                        match name.as_str() {
                            "" => transaction.delete(&key()).await.unwrap(),
                            name => transaction.put(&key(), &note(name)).await.unwrap(),
                        }
                    }
                    assert!(transaction.commit().await.unwrap());
                    let last = names.last().map(String::as_str).unwrap_or_default();
                    for name in ["a", "b", "c"] {
                        let is_found = named(&store, name).await.is_some();
                        assert_eq!(is_found, name == last, "{name} after {names:?}");
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
