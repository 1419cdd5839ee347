//! State that the indexer and the queries share: the open index, and how complete it is.

use std::{
    path::PathBuf,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::sync::Notify;

use crate::{
    events::{EventLog, ExternalCursor},
    search::{
        index::{Index, Within},
        text::Wanted,
    },
    store::Store,
};

/// Hits of the index that are examined at once.
pub const READ_AT_ONCE: usize = 200;

pub struct Shared {
    pub store: Store,
    pub log: EventLog,
    /// The position in the log.
    pub cursor: ExternalCursor,
    /// The newest number of the log at the start.
    pub newest_at_start: u64,
    /// The log is indexed up to this number.
    pub read_to: AtomicU64,
    pub folder: PathBuf,
    pub index: RwLock<Option<Arc<Index>>>,
    /// The index lacks messages of the store.
    pub is_building: AtomicBool,
    /// A query could not read the index.
    pub damaged: Notify,
}

impl Shared {
    pub fn new(store: Store, log: EventLog, cursor: ExternalCursor, folder: PathBuf) -> Self {
        let newest_at_start = log.newest();
        Self {
            store,
            log,
            cursor,
            newest_at_start,
            read_to: AtomicU64::new(0),
            folder,
            index: RwLock::new(None),
            is_building: AtomicBool::new(true),
            damaged: Notify::new(),
        }
    }

    pub fn is_building(&self) -> bool {
        self.is_building.load(Ordering::SeqCst)
    }

    pub fn index(&self) -> Option<Arc<Index>> {
        self.index.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Numbers of hits; none when the index cannot be read, which is repaired then.
    pub async fn numbers(
        &self,
        wanted: &Wanted,
        within: &Within,
        before: Option<u64>,
    ) -> Option<Vec<u64>> {
        let index = self.index()?;
        let (wanted, within) = (wanted.clone(), within.clone());
        let find = move || index.find(&wanted, &within, before, READ_AT_ONCE);
        // A damaged index may make the library panic.
        match tokio::task::spawn_blocking(find).await {
            Ok(Ok(numbers)) => Some(numbers),
            failed => {
                let fault = match failed {
                    Ok(Err(error)) => error.to_string(),
                    _ => "a panic".to_owned(),
                };
                tracing::warn!(fault, "the index of messages could not be read");
                self.damaged.notify_one();
                None
            }
        }
    }
}
