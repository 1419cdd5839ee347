//! Extent of the log: its oldest number, and its size in bytes.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{
    events::entries::EventTables,
    store::{Store, StoreError},
};

pub struct Extent {
    oldest: AtomicU64,
    /// Bytes that were appended in total, and how many of them were dropped.
    appended: AtomicU64,
    dropped: AtomicU64,
}

impl Extent {
    /// The extent of a log that ends at this number and this offset.
    pub async fn of(store: &Store, last: u64, ends_at: u64) -> Result<Self, StoreError> {
        let oldest = store.events().oldest().await?;
        let (oldest, dropped) =
            oldest.map_or((last + 1, ends_at), |oldest| (oldest.seq, oldest.starts_at));
        Ok(Self {
            oldest: AtomicU64::new(oldest),
            appended: AtomicU64::new(ends_at),
            dropped: AtomicU64::new(dropped),
        })
    }

    /// The oldest number; one above the newest for an empty log.
    pub fn oldest(&self) -> u64 {
        self.oldest.load(Ordering::SeqCst)
    }

    /// The offset at which the log ends.
    pub fn appended(&self) -> u64 {
        self.appended.load(Ordering::SeqCst)
    }

    pub fn bytes(&self) -> u64 {
        self.appended().saturating_sub(self.dropped.load(Ordering::SeqCst))
    }

    pub fn append_up_to(&self, offset: u64) {
        self.appended.store(offset, Ordering::SeqCst);
    }

    /// Everything below this number is about to be dropped.
    pub fn begin_at(&self, seq: u64) {
        self.oldest.fetch_max(seq, Ordering::SeqCst);
    }

    /// Reads where the log begins and how much was dropped before.
    pub async fn follow_drops(&self, store: &Store) -> Result<(), StoreError> {
        if let Some(oldest) = store.events().oldest().await? {
            self.begin_at(oldest.seq);
            self.dropped.fetch_max(oldest.starts_at, Ordering::SeqCst);
        }
        Ok(())
    }
}
