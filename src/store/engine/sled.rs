//! The engine on sled.
//!
//! All keys live in sled's one default tree under a prefix for each of ours: a batch on one tree
//! is atomic and cheap, while a transaction over several trees is optimistic, retried, and several
//! times slower.

use std::{
    ops::Deref,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering as Atomically},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;

use crate::store::{
    StoreError,
    engine::{
        Batch, Direction, Engine, Followed, Pair, Range, Scan, Snapshot, flusher::Flusher,
        garbage::Collector, gathering::Gathering, torn, views::Views,
    },
};

pub struct SledEngine {
    flusher: Flusher,
    gathering: Arc<Gathering>,
    /// Held while expectations are checked and the batch is taken in, and while a snapshot reads.
    commit: Mutex<Views>,
    broken: AtomicBool,
}

impl SledEngine {
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Self::open_with(folder, Collector::STEADY)
    }

    /// Opens or makes a store that a copy fills.
    pub fn open_to_fill(folder: &Path) -> Result<Self, StoreError> {
        Self::open_with(folder, Collector::HURRIED)
    }

    fn open_with(folder: &Path, collector: Collector) -> Result<Self, StoreError> {
        torn::clear(folder).map_err(|error| failed(error.into()))?;
        Self::from(sled::Config::new().path(folder), collector)
    }

    /// An engine whose folder is removed when it is dropped.
    pub fn temporary() -> Result<Self, StoreError> {
        Self::from(sled::Config::new().temporary(true), Collector::RARE)
    }

    fn from(config: sled::Config, collector: Collector) -> Result<Self, StoreError> {
        let gathering = Arc::new(Gathering::open(config, collector).map_err(opening_failed)?);
        let flushed = gathering.clone();
        let flusher = Flusher::start(move |before| flushed.flush(before))
            .map_err(|error| StoreError::Disk(format!("no thread to write with: {error}")))?;
        Ok(Self { flusher, gathering, commit: Mutex::default(), broken: AtomicBool::new(false) })
    }

    /// [`Engine::commit`] without waiting.
    pub fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        let mut views = self.views();
        if self.is_broken() {
            return Err(StoreError::Disk("an earlier write failed".to_owned()));
        }
        for (key, expected) in &batch.expectations {
            let found = self.gathering.get(key).map_err(|error| self.failed(error))?;
            if found.as_deref() != expected.as_deref() {
                return Err(StoreError::Conflict);
            }
        }
        if !views.is_empty() {
            for (key, _) in &batch.writes {
                let former = || self.gathering.get(key);
                views.before_write(key, former).map_err(|error| self.failed(error))?;
            }
        }
        self.gathering.add(batch.writes).map_err(|error| self.failed(error))
    }

    /// [`Engine::get`] without waiting.
    pub fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.gathering.get(key).map_err(|error| self.failed(error))
    }

    /// [`Engine::scan`] without waiting.
    pub fn pairs(&self, scan: Scan) -> Result<Vec<Pair>, StoreError> {
        self.gathering.scan(scan).map_err(|error| self.failed(error))
    }

    /// A snapshot that keeps the engine open.
    pub fn shared_snapshot(self: Arc<Self>) -> Box<dyn Snapshot> {
        Box::new(SledSnapshot::of(self))
    }

    /// sled remembers the first write that failed, and answers every later one with it.
    fn failed(&self, error: sled::Error) -> StoreError {
        if matches!(error, sled::Error::Io(_) | sled::Error::ReportableBug(_)) {
            self.broken.store(true, Atomically::SeqCst);
        }
        failed(error)
    }

    fn views(&self) -> MutexGuard<'_, Views> {
        self.commit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Engine for SledEngine {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.value(key)
    }

    async fn scan(
        &self,
        range: Range,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        self.pairs(Scan { range, direction, limit })
    }

    async fn get_many(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let found = self.gathering.get_many(keys.iter().map(Vec::as_slice));
        found.map_err(|error| self.failed(error))
    }

    async fn follow(&self, scans: Vec<Scan>) -> Result<Vec<Vec<Followed>>, StoreError> {
        let one = |scan| {
            let entries = self.gathering.scan(scan)?;
            let values = self.gathering.get_many(entries.iter().map(|(_, key)| key.as_slice()))?;
            let found = entries.into_iter().zip(values);
            Ok(found
                .filter_map(|((entry, key), value)| {
                    value.map(|value| Followed { entry, pair: (key, value) })
                })
                .collect())
        };
        let found = scans.into_iter().map(one);
        found.collect::<sled::Result<_>>().map_err(|error| self.failed(error))
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        // Before anything is written: a caller that is cut off while it waits has written nothing.
        let pause = self.gathering.pause(&batch);
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        self.apply(batch)
    }

    async fn durable(&self) -> Result<(), StoreError> {
        self.durable_within(Duration::ZERO).await
    }

    async fn durable_within(&self, patience: Duration) -> Result<(), StoreError> {
        let commits = self.gathering.pending().commits();
        let gone = || {
            self.broken.store(true, Atomically::SeqCst);
            StoreError::Disk("the thread that writes has ended".to_owned())
        };
        let flushed = self.flusher.flush(commits, patience).await.ok_or_else(gone)?;
        flushed.map_err(|error| self.failed(error))
    }

    fn is_broken(&self) -> bool {
        self.broken.load(Atomically::SeqCst) || self.flusher.has_failed()
    }

    fn snapshot(&self) -> Box<dyn Snapshot + '_> {
        Box::new(SledSnapshot::of(self))
    }
}

/// Commits wait only while one bit is read, not for the whole.
struct SledSnapshot<E: Deref<Target = SledEngine>> {
    engine: E,
    id: u64,
    is_over: bool,
    longest: Duration,
}

impl<E: Deref<Target = SledEngine>> SledSnapshot<E> {
    fn of(engine: E) -> Self {
        let id = engine.views().open();
        Self { engine, id, is_over: false, longest: Duration::ZERO }
    }

    fn read(&self, start: Vec<u8>, bytes: usize) -> Result<(Vec<Pair>, bool), StoreError> {
        let read = self.engine.gathering.read_from(start, bytes);
        read.map_err(|error| self.engine.failed(error))
    }
}

#[async_trait]
impl<E: Deref<Target = SledEngine> + Send> Snapshot for SledSnapshot<E> {
    async fn next(&mut self, bytes: usize) -> Result<Vec<Pair>, StoreError> {
        loop {
            if self.is_over {
                return Ok(Vec::new());
            }
            let mut views = self.engine.views();
            let started = Instant::now();
            let (now, has_more) = self.read(views.place(self.id)?, bytes)?;
            let then = views.advance(self.id, now, has_more)?;
            drop(views);
            self.longest = self.longest.max(started.elapsed());
            self.is_over = !has_more;
            // All that was read may have come after the snapshot's moment.
            if !then.is_empty() {
                return Ok(then);
            }
        }
    }

    fn longest_pause(&self) -> Duration {
        self.longest
    }
}

impl<E: Deref<Target = SledEngine>> Drop for SledSnapshot<E> {
    fn drop(&mut self) {
        self.engine.views().close(self.id);
    }
}

fn opening_failed(error: sled::Error) -> StoreError {
    let text = error.to_string();
    if text.contains("could not acquire lock") { StoreError::InUse } else { failed(error) }
}

fn failed(error: sled::Error) -> StoreError {
    match error {
        sled::Error::Corruption { .. } => StoreError::Corrupt(error.to_string()),
        sled::Error::Io(_)
        | sled::Error::CollectionNotFound(_)
        | sled::Error::Unsupported(_)
        | sled::Error::ReportableBug(_) => StoreError::Disk(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::store::engine::garbage::{Pace, Rest};

    fn write(key: &[u8], value: &[u8]) -> Batch {
        let mut batch = Batch::new();
        batch.put(key.to_vec(), value.to_vec());
        batch
    }

    #[tokio::test]
    async fn what_is_durable_is_there_after_reopening() {
        let folder = tempfile::tempdir().unwrap();
        {
            let engine = SledEngine::open(folder.path()).unwrap();
            engine.commit(write(b"k", b"v")).await.unwrap();
            engine.durable().await.unwrap();
        }
        let engine = SledEngine::open(folder.path()).unwrap();
        assert_eq!(engine.get(b"k").await.unwrap(), Some(b"v".to_vec()));
    }

    #[tokio::test]
    async fn a_second_owner_of_the_folder_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let _first = SledEngine::open(folder.path()).unwrap();
        assert!(matches!(SledEngine::open(folder.path()), Err(StoreError::InUse)));
    }

    #[tokio::test]
    async fn many_callers_share_a_flush() {
        let engine = SledEngine::temporary().unwrap();
        for n in 0..100u8 {
            engine.commit(write(&[n], b"v")).await.unwrap();
        }
        // All are committed first: on a busy machine a flush may be over before the next commit.
        let calls = (0..100).map(|_| engine.durable());
        for flushed in futures_util::future::join_all(calls).await {
            flushed.unwrap();
        }
        assert!(engine.gathering.flushes.load(Atomically::SeqCst) <= 2);
    }

    #[tokio::test]
    async fn a_large_commit_in_the_background_waits_for_the_collector_and_has_written_nothing_until_then()
     {
        let folder = tempfile::tempdir().unwrap();
        let engine = SledEngine::open_with(folder.path(), Collector::RARE.without_slack()).unwrap();
        // The log of a small record is larger than the record, so the file has grown more than it should.
        engine.commit(write(b"k", b"v")).await.unwrap();
        engine.durable().await.unwrap();
        let mut batch = write(b"k", &[7; 32 * 1024]);
        batch.in_background = true;
        let large = engine.commit(batch);
        assert!(large.now_or_never().is_none(), "it did not wait");
        assert_eq!(engine.get(b"k").await.unwrap(), Some(b"v".to_vec()));
        let others =
            [write(b"k", &[7; 32 * 1024]), Batch { in_background: true, ..write(b"k", b"w") }];
        for other in others {
            let committed = engine.commit(other).now_or_never();
            committed.expect("a small commit, or one that somebody waits for, waited").unwrap();
        }
        assert_eq!(engine.get(b"k").await.unwrap(), Some(b"w".to_vec()));
    }

    #[tokio::test]
    async fn a_store_rests_and_collects_and_its_users_notice_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let rest = Rest { quiet: Duration::ZERO, most: 64 * 1024, file: u64::MAX };
        let collector = Collector::STEADY.with_rest(rest);
        let engine = Arc::new(SledEngine::open_with(folder.path(), collector).unwrap());
        let key = |round: u64, n: u64| [round.to_be_bytes(), n.to_be_bytes()].concat();
        for round in 0..3 {
            assert_eq!(engine.gathering.paced.pace(), Pace::Resting);
            for n in 0..100 {
                engine.commit(write(&key(round, n), &[7; 1024])).await.unwrap();
                let found = engine.pairs(Scan {
                    range: Range { start: key(round, 0), end: key(round, 100) },
                    direction: Direction::Forward,
                    limit: usize::MAX,
                });
                assert_eq!(found.unwrap().len() as u64, n + 1);
            }
            engine.durable().await.unwrap();
            // The thread that flushes sees that much was written, and then that nothing is any more.
            for pace in [Pace::Collecting, Pace::Resting] {
                while engine.gathering.paced.pace() != pace {
                    engine.commit(write(b"another", b"write")).await.unwrap();
                    engine.durable().await.unwrap();
                }
            }
        }
        assert!(!engine.is_broken());
        drop(engine);
        let engine = SledEngine::open(folder.path()).unwrap();
        for round in 0..3 {
            assert_eq!(engine.get(&key(round, 99)).await.unwrap(), Some(vec![7; 1024]));
        }
    }
}
