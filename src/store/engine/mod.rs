//! A small ordered, transactional key-value store: all that the repositories ask of a database.
//!
//! It is async so that an engine across a network can live behind it. It knows bytes only: which
//! keys there are and what they mean is said in [`crate::store::trees`].

#[cfg(test)]
mod contract;
mod file;
mod flusher;
mod garbage;
mod gathering;
mod guard;
mod memory;
mod merged;
mod opening;
mod overlay;
mod paced;
mod pending;
mod sealed;
mod sled;
mod torn;
mod views;

use std::time::Duration;

use async_trait::async_trait;

pub use self::{
    file::{FILE, is_held},
    guard::Guarded,
    memory::{Conditions, MemoryEngine},
    overlay::Overlay,
    sealed::Sealed,
    sled::SledEngine,
};
use crate::store::StoreError;

/// A key and its value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// Which end of a range a scan begins at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Forward,
    Backward,
}

/// Keys from `start` (included) to `end` (excluded).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    pub start: Vec<u8>,
    pub end: Vec<u8>,
}

/// One of the scans that [`Engine::follow`] makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    pub range: Range,
    pub direction: Direction,
    pub limit: usize,
}

/// An entry of an index, and the pair that it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    pub entry: Vec<u8>,
    pub pair: Pair,
}

/// Several writes that happen together or not at all. Keys and values are bytes: only repositories and owners of plain
/// trees write them.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub(in crate::store) writes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    pub(in crate::store) expectations: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// Whether the commit waits while the engine has other work to catch up with.
    pub(in crate::store) in_background: bool,
}

impl Batch {
    pub fn new() -> Self {
        Self::default()
    }

    /// Of work that nobody waits for and that writes much: a history that is read, a long list that is removed.
    pub fn in_background() -> Self {
        Self { in_background: true, ..Self::default() }
    }

    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Bytes of its keys and values.
    fn bytes(&self) -> usize {
        let bytes = |(key, value): &(Vec<u8>, Option<Vec<u8>>)| {
            key.len() + value.as_ref().map_or(0, Vec::len)
        };
        self.writes.iter().map(bytes).sum()
    }

    pub fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.writes.push((key, Some(value)));
    }

    pub fn remove(&mut self, key: Vec<u8>) {
        self.writes.push((key, None));
    }

    /// The commit fails as a whole unless the key has this value at that moment.
    pub fn expect(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.expectations.push((key, value));
    }
}

/// An engine. Commits are visible at once and in order, and durable after [`Engine::durable`].
#[async_trait]
pub trait Engine: Send + Sync + 'static {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// The values of many keys in one call, in their order.
    async fn get_many(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StoreError>;

    /// Many scans of indexes in one call, each with the pairs that its entries lead to: the value of an
    /// entry is the key of its pair. An entry that leads nowhere is left out.
    async fn follow(&self, scans: Vec<Scan>) -> Result<Vec<Vec<Followed>>, StoreError>;

    /// Up to `limit` pairs of a range, from one end of it.
    async fn scan(
        &self,
        range: Range,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError>;

    /// All writes or none. [`StoreError::Conflict`] when an expectation is not met.
    async fn commit(&self, batch: Batch) -> Result<(), StoreError>;

    /// Returns when everything committed before the call is on the disk.
    async fn durable(&self) -> Result<(), StoreError>;

    /// The same for who can wait a little: the flush begins so much later at most, to be for others too.
    async fn durable_within(&self, _patience: Duration) -> Result<(), StoreError> {
        self.durable().await
    }

    /// Whether a write has failed, so that no later one can succeed before the engine is reopened.
    fn is_broken(&self) -> bool;

    /// All pairs as they are at this moment, however long they are read and whatever is committed
    /// meanwhile.
    fn snapshot(&self) -> Box<dyn Snapshot + '_>;
}

/// What was stored at one moment, read bit by bit in the order of the keys.
#[async_trait]
pub trait Snapshot: Send {
    /// The next pairs, of about `bytes` together; none at the end.
    async fn next(&mut self, bytes: usize) -> Result<Vec<Pair>, StoreError>;

    /// The longest time that it has held up commits.
    fn longest_pause(&self) -> Duration;
}
