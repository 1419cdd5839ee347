//! An engine that stops before its disk is full, and that fails when a test says so.

use std::time::Duration;

use async_trait::async_trait;

use crate::store::{
    StoreError,
    disk::{Disk, Room},
    engine::{Batch, Direction, Engine, Followed, Pair, Range, Scan, Snapshot},
};

pub struct Guarded<E> {
    engine: E,
    disk: Disk,
}

impl<E: Engine> Guarded<E> {
    pub fn new(engine: E, disk: Disk) -> Self {
        Self { engine, disk }
    }

    fn check(&self) -> Result<(), StoreError> {
        match self.disk.is_failing() {
            true => Err(StoreError::Disk("a fault that was asked for".to_owned())),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl<E: Engine> Engine for Guarded<E> {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.engine.get(key).await
    }

    async fn get_many(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.engine.get_many(keys).await
    }

    async fn follow(&self, scans: Vec<Scan>) -> Result<Vec<Vec<Followed>>, StoreError> {
        self.engine.follow(scans).await
    }

    async fn scan(
        &self,
        range: Range,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        self.engine.scan(range, direction, limit).await
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        self.check()?;
        let adds = batch.writes.iter().any(|(_, value)| value.is_some());
        let room = if adds { Room::ForBegun } else { Room::ForRemoval };
        if !batch.is_empty() && !self.disk.has_room(room) {
            return Err(StoreError::Full);
        }
        self.engine.commit(batch).await
    }

    async fn durable(&self) -> Result<(), StoreError> {
        self.durable_within(Duration::ZERO).await
    }

    async fn durable_within(&self, patience: Duration) -> Result<(), StoreError> {
        self.check()?;
        self.engine.durable_within(patience).await
    }

    fn is_broken(&self) -> bool {
        self.disk.is_failing() || self.engine.is_broken()
    }

    fn snapshot(&self) -> Box<dyn Snapshot + '_> {
        self.engine.snapshot()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::engine::SledEngine;

    fn batch(value: Option<&[u8]>) -> Batch {
        let mut batch = Batch::new();
        match value {
            Some(value) => batch.put(b"k".to_vec(), value.to_vec()),
            None => batch.remove(b"k".to_vec()),
        }
        batch
    }

    #[tokio::test]
    async fn a_full_disk_refuses_what_adds_and_lets_what_removes_pass() {
        let disk = Disk::manual(100);
        let engine = Guarded::new(SledEngine::temporary().unwrap(), disk.clone());
        engine.commit(batch(Some(b"1"))).await.unwrap();
        disk.set_free(40);
        assert!(matches!(engine.commit(batch(Some(b"2"))).await, Err(StoreError::Full)));
        assert_eq!(engine.get(b"k").await.unwrap(), Some(b"1".to_vec()));
        engine.commit(batch(None)).await.unwrap();
        engine.durable().await.unwrap();
        assert_eq!((engine.get(b"k").await.unwrap(), engine.is_broken()), (None, false));
        disk.set_free(100);
        engine.commit(batch(Some(b"3"))).await.unwrap();
    }
}
