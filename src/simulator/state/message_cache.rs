//! Cache of the messages that were used last.

use std::{collections::HashMap, sync::Arc};

use crate::simulator::state::thread::Stored;

/// Messages in each half of the cache; the older half is dropped when the newer one is full.
const RECENT: usize = 512;

/// A message and its place.
pub type Placed = (u64, Arc<Stored>);

/// Cache of the messages that were used last, by the key of their place.
#[derive(Default)]
pub struct MessageCache {
    newer: HashMap<Vec<u8>, Placed>,
    older: HashMap<Vec<u8>, Placed>,
}

impl MessageCache {
    pub fn get(&mut self, key: &[u8]) -> Option<Placed> {
        if let Some(found) = self.newer.get(key) {
            return Some(found.clone());
        }
        let (key, found) = self.older.remove_entry(key)?;
        self.put(key, found.clone());
        Some(found)
    }

    pub fn put(&mut self, key: Vec<u8>, placed: Placed) {
        if RECENT <= self.newer.len() {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(key, placed);
    }

    pub fn remove(&mut self, key: &[u8]) {
        self.newer.remove(key);
        self.older.remove(key);
    }
}
