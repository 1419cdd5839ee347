//! A transaction: a store to read and write through, whose writes happen together or not at all.
//!
//! Every repository works on it as on the store itself. What it reads becomes an expectation, later reads see
//! earlier writes, and its commits are gathered. When something that was read has changed meanwhile, nothing is
//! written and the work runs again. No lock decides whether the state is right: a lock that is left only saves
//! conflicts.

use std::{sync::Arc, time::Duration};

use crate::store::{
    Store, StoreError,
    codec::Key,
    engine::{Batch, Overlay},
    record::{self, Record},
};

/// How often the work runs again before its caller gets [`StoreError::Conflict`].
const MOST_RETRIES: u32 = 24;
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
///     let store = transaction.store();
///     store.chats().put(&session, &chat).await?;
///     if transaction.commit().await? {
///         break;
///     }
/// }
/// ```
pub struct Transaction {
    base: Store,
    store: Store,
    overlay: Arc<Overlay>,
    retries: u32,
    in_background: bool,
}

impl Transaction {
    /// The store with the writes of this transaction. Its commits are gathered, and durable is nothing.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The same for work that nobody waits for: its large commits wait while the engine has to catch up.
    pub fn in_background(self) -> Self {
        Self { in_background: true, ..self }
    }

    /// A record as it is, with the writes of this transaction.
    pub async fn get<R: Record>(&self, key: &Key<R>) -> Result<Option<R>, StoreError> {
        self.store.get(key).await
    }

    /// The same for many records, in one call.
    pub async fn get_many<R: Record>(&self, keys: &[Key<R>]) -> Result<Vec<Option<R>>, StoreError> {
        self.store.get_many(keys).await
    }

    /// Writes a record. Its entries in indexes replace those of the record that was there; entries that both have
    /// are left alone.
    pub async fn put<R: Record>(&self, key: &Key<R>, record: &R) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        let former = self.get(key).await?;
        record::replace_in(&mut batch, key, former.as_ref(), record)?;
        self.store.commit(batch).await
    }

    /// Removes a record and its entries in indexes.
    pub async fn delete<R: Record>(&self, key: &Key<R>) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        match self.get(key).await? {
            Some(former) => record::remove_in(&mut batch, key, &former),
            None => batch.remove(key.as_bytes().to_vec()),
        }
        self.store.commit(batch).await
    }

    /// The next number of a counter, from 1; none is given twice.
    pub async fn next_number(&self, counter: &str) -> Result<u64, StoreError> {
        self.store.settings().next_number(counter).await
    }

    /// All that was gathered, with what it expects. The transaction then has read and written nothing. A caller that
    /// commits the batch, as the event log does, passes the outcome to [`Self::settled`].
    pub fn batch(&mut self) -> Batch {
        let mut batch = self.overlay.take();
        batch.in_background |= self.in_background;
        batch
    }

    /// None when the commit met a conflict and the work must run again. Waits a moment before that.
    pub async fn settled<T>(
        &mut self,
        outcome: Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        match outcome {
            Err(StoreError::Conflict) if self.retries < MOST_RETRIES => {
                self.retries += 1;
                self.batch();
                tokio::time::sleep(pause(self.retries, rand::random())).await;
                Ok(None)
            }
            outcome => outcome.map(Some),
        }
    }

    /// Carries out the writes: visible at once, and durable after [`Store::durable`]. False when the work must
    /// run again with this transaction, which then has read and written nothing.
    #[must_use = "false says that the work must run again"]
    pub async fn commit(&mut self) -> Result<bool, StoreError> {
        let batch = self.batch();
        let committed = self.base.commit(batch).await;
        Ok(self.settled(committed).await?.is_some())
    }

    /// The same, and returns when the writes are on the disk.
    #[must_use = "false says that the work must run again"]
    pub async fn commit_durable(&mut self) -> Result<bool, StoreError> {
        if !self.commit().await? {
            return Ok(false);
        }
        self.base.durable().await?;
        Ok(true)
    }
}

impl Store {
    /// A transaction that has read and written nothing yet.
    pub fn transaction(&self) -> Transaction {
        let overlay = Arc::new(Overlay::new(self.engine.clone()));
        let store = Self { engine: overlay.clone(), ..self.clone() };
        Transaction { base: self.clone(), store, overlay, retries: 0, in_background: false }
    }
}

/// Before a retry, counted from 1; `jitter` lies between 0 and 1.
fn pause(retry: u32, jitter: f64) -> Duration {
    let longest = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(retry)).min(LONGEST_PAUSE);
    longest.mul_f64(jitter)
}

#[cfg(test)]
impl Store {
    /// Two stores on one engine, as two processes would have. Each commit of this number that expects
    /// something meets a conflict that nobody caused; none for 0.
    pub async fn two_on_one_engine(conflict_each: u64) -> [Self; 2] {
        use crate::store::{
            disk::Disk,
            engine::{Conditions, Engine, MemoryEngine},
        };
        let conditions = Conditions { conflict_each, ..Conditions::default() };
        let engine: Arc<dyn Engine> = Arc::new(MemoryEngine::new(conditions));
        let one = Self::over(engine.clone(), Disk::manual(0)).await;
        let other = Self::over(engine, Disk::manual(0)).await;
        [one, other].map(|store| store.unwrap_or_else(|error| panic!("{error}")))
    }
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

    const COUNTER: &str = "counter";
    const NOTES: Tree = Tree::new(250, "Notes");
    const NOTES_BY_NAME: Tree = Tree::new(251, "NotesByName");

    /// A record that is found by its name, too.
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Note {
        name: String,
    }

    const BY_NAME: Index<Note> = Index::new(NOTES_BY_NAME);

    impl Record for Note {
        const TABLE: Table = Table {
            tree: NOTES,
            owner: "a test",
            indexes: &[NOTES_BY_NAME],
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
            let next = transaction.next_number(COUNTER).await?;
            if transaction.commit().await? {
                return Ok(next);
            }
        }
    }

    async fn counted(store: &Store) -> Option<u64> {
        store.settings().get(COUNTER).await.unwrap()
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
        let transaction = store.transaction();
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
