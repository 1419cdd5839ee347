//! The engine on sled.
//!
//! All keys live in sled's one default tree under a prefix for each of ours: a batch on one tree
//! is atomic and cheap, while a transaction over several trees is optimistic, retried, and several
//! times slower.

use std::{
    fs::{File, TryLockError},
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;

use crate::store::{
    StoreError,
    engine::{
        Batch, Direction, Engine, Followed, Pair, Range, Scan, Snapshot, flusher::Flusher,
        views::Views,
    },
};

/// sled's page cache. What is hot stays in it; the rest is read from the operating system's.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;
/// sled's file within its folder, which it locks.
const FILE: &str = "db";

pub struct SledEngine {
    db: sled::Db,
    flusher: Flusher,
    /// Held while expectations are checked and the batch is applied, and while a snapshot reads.
    commit: Mutex<Views>,
    /// Commits made, and how many of them are known to be on the disk.
    committed: AtomicU64,
    flushed: AtomicU64,
    flushes: AtomicU64,
    flushing: tokio::sync::Mutex<()>,
    broken: AtomicBool,
}

impl SledEngine {
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Self::from(sled::Config::new().path(folder))
    }

    /// An engine whose folder is removed when it is dropped.
    pub fn temporary() -> Result<Self, StoreError> {
        Self::from(sled::Config::new().temporary(true))
    }

    fn from(config: sled::Config) -> Result<Self, StoreError> {
        let config = config.cache_capacity(CACHE_BYTES);
        let db = config.open().map_err(opening_failed)?;
        let file =
            File::open(config.get_path().join(FILE)).map_err(|error| failed(error.into()))?;
        let flushed = db.clone();
        let flusher = Flusher::start(move || flush(&flushed, &file))
            .map_err(|error| StoreError::Disk(format!("no thread to write with: {error}")))?;
        Ok(Self {
            db,
            flusher,
            commit: Mutex::default(),
            committed: AtomicU64::new(0),
            flushed: AtomicU64::new(0),
            flushes: AtomicU64::new(0),
            flushing: tokio::sync::Mutex::new(()),
            broken: AtomicBool::new(false),
        })
    }

    fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        let mut views = self.views();
        for (key, expected) in &batch.expectations {
            let found = self.db.get(key).map_err(|error| self.failed(error))?;
            if found.as_deref() != expected.as_deref() {
                return Err(StoreError::Conflict);
            }
        }
        if !views.is_empty() {
            for (key, _) in &batch.writes {
                let former = || Ok(self.db.get(key)?.map(|value| value.to_vec()));
                views.before_write(key, former).map_err(|error| self.failed(error))?;
            }
        }
        let mut writes = sled::Batch::default();
        for (key, value) in batch.writes {
            match value {
                Some(value) => writes.insert(key, value),
                None => writes.remove(key),
            }
        }
        self.db.apply_batch(writes).map_err(|error| self.failed(error))?;
        // What a write replaced, sled keeps for each thread until that has written much more. Handed in, it
        // is freed by the next one that writes, whoever that is. The crate must be the version that sled has.
        crossbeam_epoch::pin().flush();
        self.committed.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// sled remembers the first write that failed, and answers every later one with it.
    fn failed(&self, error: sled::Error) -> StoreError {
        if matches!(error, sled::Error::Io(_) | sled::Error::ReportableBug(_)) {
            self.broken.store(true, Ordering::SeqCst);
        }
        failed(error)
    }

    fn views(&self) -> MutexGuard<'_, Views> {
        self.commit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.db.get(key).map_err(|error| self.failed(error))?.map(|value| value.to_vec()))
    }

    fn pairs(&self, Scan { range, direction, limit }: Scan) -> Result<Vec<Pair>, StoreError> {
        if range.end <= range.start {
            return Ok(Vec::new());
        }
        let found = self.db.range(range.start..range.end);
        let pair = |entry: sled::Result<(sled::IVec, sled::IVec)>| {
            entry
                .map(|(key, value)| (key.to_vec(), value.to_vec()))
                .map_err(|error| self.failed(error))
        };
        match direction {
            Direction::Forward => found.take(limit).map(pair).collect(),
            Direction::Backward => found.rev().take(limit).map(pair).collect(),
        }
    }

    /// Up to about so many bytes from a key on, and whether there is more.
    fn read_from(&self, start: Vec<u8>, bytes: usize) -> Result<(Vec<Pair>, bool), StoreError> {
        let (mut pairs, mut size) = (Vec::new(), 0);
        for entry in self.db.range(start..) {
            if bytes <= size {
                return Ok((pairs, true));
            }
            let (key, value) = entry.map_err(|error| self.failed(error))?;
            size += key.len() + value.len();
            pairs.push((key.to_vec(), value.to_vec()));
        }
        Ok((pairs, false))
    }
}

#[async_trait]
impl Engine for SledEngine {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.value(key)
    }

    async fn get_many(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        keys.iter().map(|key| self.value(key)).collect()
    }

    async fn scan(
        &self,
        range: Range,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        self.pairs(Scan { range, direction, limit })
    }

    async fn follow(&self, scans: Vec<Scan>) -> Result<Vec<Vec<Followed>>, StoreError> {
        let follow = |(entry, key): Pair| {
            let value = self.value(&key)?;
            Ok(value.map(|value| Followed { entry, pair: (key, value) }))
        };
        let one = |scan| {
            self.pairs(scan)?.into_iter().filter_map(|pair| follow(pair).transpose()).collect()
        };
        scans.into_iter().map(one).collect()
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        self.apply(batch)
    }

    async fn durable(&self) -> Result<(), StoreError> {
        let wanted = self.committed.load(Ordering::SeqCst);
        if wanted <= self.flushed.load(Ordering::SeqCst) {
            return Ok(());
        }
        // Whoever waits here while another flushes finds its own commit flushed by the next one
        // at the latest, so that any number of callers share two flushes.
        let _turn = self.flushing.lock().await;
        if wanted <= self.flushed.load(Ordering::SeqCst) {
            return Ok(());
        }
        let covered = self.committed.load(Ordering::SeqCst);
        let flushed = self.flusher.flush().await;
        let gone = || {
            self.broken.store(true, Ordering::SeqCst);
            StoreError::Disk("the thread that writes has ended".to_owned())
        };
        flushed.ok_or_else(gone)?.map_err(|error| self.failed(error))?;
        self.flushes.fetch_add(1, Ordering::SeqCst);
        self.flushed.store(covered, Ordering::SeqCst);
        Ok(())
    }

    fn is_broken(&self) -> bool {
        self.broken.load(Ordering::SeqCst)
    }

    fn snapshot(&self) -> Box<dyn Snapshot + '_> {
        let id = self.views().open();
        Box::new(SledSnapshot { engine: self, id, is_over: false, longest: Duration::ZERO })
    }
}

/// Commits wait only while one bit is read, not for the whole.
struct SledSnapshot<'a> {
    engine: &'a SledEngine,
    id: u64,
    is_over: bool,
    longest: Duration,
}

#[async_trait]
impl Snapshot for SledSnapshot<'_> {
    async fn next(&mut self, bytes: usize) -> Result<Vec<Pair>, StoreError> {
        loop {
            if self.is_over {
                return Ok(Vec::new());
            }
            let mut views = self.engine.views();
            let started = Instant::now();
            let (now, has_more) = self.engine.read_from(views.place(self.id)?, bytes)?;
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

impl Drop for SledSnapshot<'_> {
    fn drop(&mut self) {
        self.engine.views().close(self.id);
    }
}

/// On Linux sled waits for the bytes that it wrote and no longer (`sync_file_range`). A file that grew
/// may have lost them after a power cut all the same, since where they lie is not written down then.
fn flush(db: &sled::Db, file: &File) -> sled::Result<()> {
    db.flush()?;
    if cfg!(target_os = "linux") {
        file.sync_data()?;
    }
    Ok(())
}

/// Whether a process has the store of this folder open. A folder without one is held by nobody.
pub fn is_held(folder: &Path) -> bool {
    let Ok(file) = File::open(folder.join(FILE)) else { return false };
    matches!(file.try_lock(), Err(TryLockError::WouldBlock))
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
    use super::*;

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
        assert!(engine.flushes.load(Ordering::SeqCst) <= 2);
        assert_eq!(engine.flushed.load(Ordering::SeqCst), 100);
    }

    #[tokio::test]
    async fn whether_the_folder_is_in_use_is_told_without_opening_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_held(folder.path()));
        let engine = SledEngine::open(folder.path()).unwrap();
        assert!(is_held(folder.path()));
        drop(engine);
        assert!(!is_held(folder.path()));
    }
}
