//! The engine in memory: to run the gateway's own tests on a second engine, and to measure what one across
//! a network would cost.
//!
//! It counts what it is asked, and can be as slow, as contended and as unreliable as a test wants.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;

use crate::store::{
    StoreError,
    engine::{Batch, Direction, Engine, Followed, Pair, Range, Scan, Snapshot},
};

/// How the way to the engine behaves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Conditions {
    /// What each call takes.
    pub latency: Duration,
    /// Each commit of this number that expects something meets a conflict; none for 0.
    pub conflict_each: u64,
    /// Each call of this number fails; none for 0.
    pub fail_each: u64,
}

/// Clones are the same engine: several stores may be on it, one after the other or at once.
#[derive(Clone, Default)]
pub struct MemoryEngine(Arc<Inner>);

#[derive(Default)]
struct Inner {
    pairs: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
    conditions: Conditions,
    calls: AtomicU64,
    values: AtomicU64,
    conditional: AtomicU64,
}

impl MemoryEngine {
    pub fn new(conditions: Conditions) -> Self {
        Self(Arc::new(Inner { conditions, ..Inner::default() }))
    }

    /// How many calls it got.
    pub fn calls(&self) -> u64 {
        self.0.calls.load(Ordering::SeqCst)
    }

    /// How many keys of records were looked up, and entries of ranges were read.
    pub fn values(&self) -> u64 {
        self.0.values.load(Ordering::SeqCst)
    }

    fn read(&self, values: usize) {
        self.0.values.fetch_add(values as u64, Ordering::SeqCst);
    }

    async fn call(&self) -> Result<(), StoreError> {
        let call = self.0.calls.fetch_add(1, Ordering::SeqCst) + 1;
        if !self.0.conditions.latency.is_zero() {
            tokio::time::sleep(self.0.conditions.latency).await;
        }
        if is_each(self.0.conditions.fail_each, call) {
            return Err(StoreError::Disk("a failure that was asked for".to_owned()));
        }
        Ok(())
    }

    fn pairs(&self) -> MutexGuard<'_, BTreeMap<Vec<u8>, Vec<u8>>> {
        self.0.pairs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn scan(pairs: &BTreeMap<Vec<u8>, Vec<u8>>, Scan { range, direction, limit }: Scan) -> Vec<Pair> {
    if range.end <= range.start {
        return Vec::new();
    }
    let found =
        pairs.range::<Vec<u8>, _>((Bound::Included(&range.start), Bound::Excluded(&range.end)));
    let pair = |(key, value): (&Vec<u8>, &Vec<u8>)| (key.clone(), value.clone());
    match direction {
        Direction::Forward => found.take(limit).map(pair).collect(),
        Direction::Backward => found.rev().take(limit).map(pair).collect(),
    }
}

fn is_each(each: u64, number: u64) -> bool {
    each != 0 && number.is_multiple_of(each)
}

#[async_trait]
impl Engine for MemoryEngine {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.call().await?;
        self.read(1);
        Ok(self.pairs().get(key).cloned())
    }

    async fn scan(
        &self,
        range: Range,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        self.call().await?;
        let found = scan(&self.pairs(), Scan { range, direction, limit });
        self.read(found.len());
        Ok(found)
    }

    async fn get_many(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.call().await?;
        self.read(keys.len());
        let pairs = self.pairs();
        Ok(keys.iter().map(|key| pairs.get(key).cloned()).collect())
    }

    async fn follow(&self, scans: Vec<Scan>) -> Result<Vec<Vec<Followed>>, StoreError> {
        self.call().await?;
        let pairs = self.pairs();
        let follow = |(entry, key): Pair| {
            let value = pairs.get(&key)?.clone();
            Some(Followed { entry, pair: (key, value) })
        };
        let one = |scanned| scan(&pairs, scanned).into_iter().filter_map(follow).collect();
        let found: Vec<Vec<Followed>> = scans.into_iter().map(one).collect();
        self.read(found.iter().map(Vec::len).sum());
        Ok(found)
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        self.call().await?;
        if !batch.expectations.is_empty() {
            let commit = self.0.conditional.fetch_add(1, Ordering::SeqCst) + 1;
            if is_each(self.0.conditions.conflict_each, commit) {
                return Err(StoreError::Conflict);
            }
        }
        let mut pairs = self.pairs();
        let is_met =
            |(key, expected): &(Vec<u8>, Option<Vec<u8>>)| pairs.get(key) == expected.as_ref();
        if !batch.expectations.iter().all(is_met) {
            return Err(StoreError::Conflict);
        }
        for (key, value) in batch.writes {
            match value {
                Some(value) => pairs.insert(key, value),
                None => pairs.remove(&key),
            };
        }
        Ok(())
    }

    async fn durable(&self) -> Result<(), StoreError> {
        self.call().await
    }

    fn is_broken(&self) -> bool {
        false
    }

    fn snapshot(&self) -> Box<dyn Snapshot + '_> {
        Box::new(Copy { rest: self.pairs().clone() })
    }
}

/// A copy of everything; what was read of it is gone from it.
struct Copy {
    rest: BTreeMap<Vec<u8>, Vec<u8>>,
}

#[async_trait]
impl Snapshot for Copy {
    async fn next(&mut self, bytes: usize) -> Result<Vec<Pair>, StoreError> {
        let (mut pairs, mut size) = (Vec::new(), 0);
        while size < bytes
            && let Some((key, value)) = self.rest.pop_first()
        {
            size += key.len() + value.len();
            pairs.push((key, value));
        }
        Ok(pairs)
    }

    fn longest_pause(&self) -> Duration {
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_fails_and_conflicts_as_often_as_it_is_asked_to_and_counts_calls() {
        let conditions = Conditions { conflict_each: 2, fail_each: 5, ..Conditions::default() };
        let engine = MemoryEngine::new(conditions);
        let mut outcomes = Vec::new();
        for _ in 0..5 {
            let mut batch = Batch::new();
            batch.expect(b"k".to_vec(), None);
            outcomes.push(match engine.commit(batch).await {
                Ok(()) => "done",
                Err(StoreError::Conflict) => "conflict",
                Err(_) => "failure",
            });
        }
        assert_eq!(outcomes, ["done", "conflict", "done", "conflict", "failure"]);
        assert_eq!(engine.calls(), 5);
    }
}
