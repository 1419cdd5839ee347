//! The network's own store, and whether it can still be read and written.

use std::{cell::Cell, io, path::Path};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    simulator::{
        protocol::{Refusal, RefusalKind},
        state::keys,
    },
    store::local::{Direction, Key, LocalStore, Range, StoreError},
};

pub struct NetworkStore {
    local: LocalStore,
    /// Whether a read failed, so that nothing more may be acknowledged.
    is_unreadable: Cell<bool>,
}

impl NetworkStore {
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Ok(Self { local: LocalStore::open(folder)?, is_unreadable: Cell::new(false) })
    }

    /// The store itself: its commits, checkpoints and dumps.
    pub fn local(&self) -> &LocalStore {
        &self.local
    }

    pub fn local_mut(&mut self) -> &mut LocalStore {
        &mut self.local
    }

    /// All values of a tree.
    pub fn all<V: DeserializeOwned>(&self, tree: u8) -> Result<Vec<V>, StoreError> {
        let found = self.local.scan(keys::tree(tree).all(), Direction::Forward, usize::MAX)?;
        Ok(found.into_iter().map(|(_, value)| value).collect())
    }

    /// A value; none where there is none, or where the disk fails.
    pub fn get<V: DeserializeOwned>(&self, key: &Key) -> Option<V> {
        self.read(self.local.get(key))
    }

    /// Pairs of a range; none where the disk fails.
    pub fn scan<V: DeserializeOwned>(
        &self,
        range: Range,
        direction: Direction,
        limit: usize,
    ) -> Vec<(Vec<u8>, V)> {
        self.read(self.local.scan(range, direction, limit))
    }

    pub fn put(&mut self, key: Key, value: &impl Serialize) {
        self.local.put(key, value);
    }

    pub fn remove(&mut self, key: Key) {
        self.local.remove_value(key);
    }

    /// Deletes everything. When the disk refuses, nothing has changed.
    pub fn clear(&mut self) -> io::Result<()> {
        self.local.clear()
    }

    /// Whether nothing more may be acknowledged.
    pub fn is_failing(&self) -> bool {
        self.local.is_failing() || self.is_unreadable.get()
    }

    /// Refuses a change that would be acknowledged and could be lost.
    pub fn check_writable(&self) -> Result<(), Refusal> {
        if self.is_failing() {
            let reason = "the network's store cannot be read or written";
            return Err(Refusal::new(RefusalKind::Fault, reason));
        }
        Ok(())
    }

    /// The value that was read; the default where the disk fails.
    fn read<T: Default>(&self, outcome: Result<T, StoreError>) -> T {
        outcome.unwrap_or_else(|error| {
            if !self.is_unreadable.replace(true) {
                tracing::error!(%error, "the simulated network's store cannot be read");
            }
            T::default()
        })
    }
}
