//! The engine on sled.
//!
//! All keys live in sled's one default tree under a prefix for each of ours: a batch on one tree
//! is atomic and cheap, while a transaction over several trees is optimistic, retried, and several
//! times slower.

use std::{
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;

use crate::store::{
    StoreError,
    engine::{Batch, Direction, Engine, Pair, Range},
};

/// sled's page cache. What is hot stays in it; the rest is read from the operating system's.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;

pub struct SledEngine {
    db: sled::Db,
    /// Held while expectations are checked and the batch is applied.
    commit: Mutex<()>,
    /// Commits made, and how many of them are known to be on the disk.
    committed: AtomicU64,
    flushed: AtomicU64,
    flushes: AtomicU64,
    flushing: tokio::sync::Mutex<()>,
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
        let db = config.cache_capacity(CACHE_BYTES).open().map_err(opening_failed)?;
        Ok(Self {
            db,
            commit: Mutex::new(()),
            committed: AtomicU64::new(0),
            flushed: AtomicU64::new(0),
            flushes: AtomicU64::new(0),
            flushing: tokio::sync::Mutex::new(()),
        })
    }

    fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        let _held = self.commit.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, expected) in &batch.expectations {
            let found = self.db.get(key).map_err(failed)?;
            if found.as_deref() != expected.as_deref() {
                return Err(StoreError::Conflict);
            }
        }
        let mut writes = sled::Batch::default();
        for (key, value) in batch.writes {
            match value {
                Some(value) => writes.insert(key, value),
                None => writes.remove(key),
            }
        }
        self.db.apply_batch(writes).map_err(failed)?;
        self.committed.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[async_trait]
impl Engine for SledEngine {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.db.get(key).map_err(failed)?.map(|value| value.to_vec()))
    }

    async fn scan(
        &self,
        range: Range,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        if range.end <= range.start {
            return Ok(Vec::new());
        }
        let found = self.db.range(range.start..range.end);
        let pair = |entry: sled::Result<(sled::IVec, sled::IVec)>| {
            entry.map(|(key, value)| (key.to_vec(), value.to_vec())).map_err(failed)
        };
        match direction {
            Direction::Forward => found.take(limit).map(pair).collect(),
            Direction::Backward => found.rev().take(limit).map(pair).collect(),
        }
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
        self.db.flush_async().await.map_err(failed)?;
        self.flushes.fetch_add(1, Ordering::SeqCst);
        self.flushed.store(covered, Ordering::SeqCst);
        Ok(())
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
    use super::*;

    fn write(key: &[u8], value: &[u8]) -> Batch {
        let mut batch = Batch::new();
        batch.put(key.to_vec(), value.to_vec());
        batch
    }

    #[tokio::test]
    async fn an_unmet_expectation_leaves_nothing_of_its_batch() {
        let engine = SledEngine::temporary().unwrap();
        engine.commit(write(b"a", b"1")).await.unwrap();
        let mut batch = write(b"b", b"2");
        batch.expect(b"a".to_vec(), None);
        assert!(matches!(engine.commit(batch).await, Err(StoreError::Conflict)));
        assert_eq!(engine.get(b"b").await.unwrap(), None);
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
        let calls = (0..100u8).map(|n| {
            let engine = &engine;
            async move {
                engine.commit(write(&[n], b"v")).await.unwrap();
                engine.durable().await.unwrap();
            }
        });
        futures_util::future::join_all(calls).await;
        // Ten would do on an idle machine; on a busy one a flush may end before the next caller came.
        assert!(engine.flushes.load(Ordering::SeqCst) < 50);
        assert_eq!(engine.flushed.load(Ordering::SeqCst), 100);
    }

    #[tokio::test]
    async fn a_scan_starts_at_the_end_it_was_asked_for() {
        let engine = SledEngine::temporary().unwrap();
        for n in 0..10u8 {
            engine.commit(write(&[n], &[n])).await.unwrap();
        }
        let range = || Range { start: vec![2], end: vec![8] };
        let keys = |pairs: Vec<Pair>| pairs.into_iter().map(|(key, _)| key[0]).collect::<Vec<_>>();
        assert_eq!(keys(engine.scan(range(), Direction::Forward, 2).await.unwrap()), [2, 3]);
        assert_eq!(keys(engine.scan(range(), Direction::Backward, 2).await.unwrap()), [7, 6]);
    }
}
