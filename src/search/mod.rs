//! Full-text search over the messages of all sessions.
//!
//! ```text
//! messaging ──one commit──▶ message + event ──wake──▶ keeper ──one commit──▶ index + cursor
//! caller ──▶ Search ──▶ index: numbers, newest first ──▶ store: the messages, each looked at again
//! ```
//!
//! The index may be late, never wrong: what it answers is confirmed by the store, so a message that
//! was deleted or changed a moment ago is not found by its former words. It can be removed at any
//! time and is then built anew from the store.
//!
//! It is a consumer of the event log whose effects lie outside of the store. So its cursor lies in the index, in
//! the commit of what it leads to, and taking an event up again changes nothing.

mod changes;
mod index;
mod keeper;
mod text;

use std::{
    path::PathBuf,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::index::Index;
pub use self::{index::Within, text::LONGEST_QUERY, text::Wanted};
use crate::{
    domain::{Error, ErrorCode, SessionId, conversation::StoredMessage},
    events::{EventLog, LogPlace},
    store::{Store, StoreError},
};

/// Messages that the index led to and that are looked at for one answer.
const LOOKED_AT: usize = 10_000;
const READ_AT_ONCE: usize = 200;

/// What was found, highest number first.
pub struct Hits {
    pub messages: Vec<(SessionId, StoredMessage)>,
    /// There may be more below this number.
    pub next: Option<u64>,
    /// The index is being built: there may be more anywhere.
    pub indexing: bool,
}

/// Looks for words. Clones are the same.
#[derive(Clone)]
pub struct Search(Option<Arc<Shared>>);

struct Shared {
    store: Store,
    log: EventLog,
    /// What the log keeps for it.
    place: LogPlace,
    /// How far the log had come when the search was started.
    newest_at_start: u64,
    /// The log is taken up to this number.
    read_to: AtomicU64,
    folder: PathBuf,
    index: RwLock<Option<Arc<Index>>>,
    /// Not all that the store holds is in the index yet.
    is_building: AtomicBool,
    /// Somebody could not read the index.
    damaged: Notify,
}

impl Search {
    /// Its name among the consumers of the log.
    pub const NAME: &str = "search";

    /// Starts with the index of a folder. `place` is that of [`Self::NAME`].
    pub fn start(
        store: Store,
        (log, place): (EventLog, LogPlace),
        folder: PathBuf,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        let (index, is_building) = (RwLock::new(None), AtomicBool::new(true));
        let (read_to, damaged) = (AtomicU64::new(0), Notify::new());
        let newest_at_start = log.newest();
        let shared = Arc::new(Shared {
            store,
            log,
            place,
            newest_at_start,
            read_to,
            folder,
            index,
            is_building,
            damaged,
        });
        tasks.spawn(keeper::run(shared.clone(), stop));
        Self(Some(shared))
    }

    /// Finds nothing and keeps nothing; removes what was kept.
    pub async fn off(store: &Store, folder: PathBuf) -> Result<Self, StoreError> {
        if store.search_mark().get().await?.is_some() {
            store.search_mark().set(uuid::Uuid::nil()).await?;
        }
        store.search_mark().forget_notes().await?;
        if let Err(error) = std::fs::remove_dir_all(&folder)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "the index of a search that is switched off cannot be removed");
        }
        Ok(Self(None))
    }

    /// Messages that hold all that is wanted and satisfy `takes`, below number `before`. Bounded
    /// in what it looks at: with a number to go on from there may be few or none.
    pub async fn find(
        &self,
        wanted: &Wanted,
        within: &Within,
        mut before: Option<u64>,
        limit: usize,
        takes: impl Fn(&SessionId, &StoredMessage) -> bool,
    ) -> Result<Hits, Error> {
        let shared = self.0.as_ref().ok_or_else(switched_off)?;
        let mut hits = Hits { messages: Vec::new(), next: None, indexing: shared.is_building() };
        for _ in 0..LOOKED_AT / READ_AT_ONCE {
            let Some(numbers) = shared.numbers(wanted, within, before).await else {
                return Ok(Hits { indexing: true, ..hits });
            };
            let is_last = numbers.len() < READ_AT_ONCE;
            for number in numbers {
                if hits.messages.len() == limit {
                    return Ok(Hits { next: before, ..hits });
                }
                before = Some(number);
                let stored = shared.store.messages().by_number(number).await?;
                hits.messages.extend(stored.filter(|(session, stored)| {
                    takes(session, stored)
                        && !stored.is_deleted()
                        && wanted.is_in(&stored.message.body)
                }));
            }
            if is_last {
                return Ok(hits);
            }
        }
        Ok(Hits { next: before, ..hits })
    }
}

impl Shared {
    fn is_building(&self) -> bool {
        self.is_building.load(Ordering::SeqCst)
    }

    fn index(&self) -> Option<Arc<Index>> {
        self.index.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// None when the index cannot answer; it is looked after then.
    async fn numbers(
        &self,
        wanted: &Wanted,
        within: &Within,
        before: Option<u64>,
    ) -> Option<Vec<u64>> {
        let index = self.index()?;
        let (wanted, within) = (wanted.clone(), within.clone());
        let find = move || index.find(&wanted, &within, before, READ_AT_ONCE);
        // What lies on the disk may be damaged in any way: a panic of the library is one of them.
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

fn switched_off() -> Error {
    Error::new(ErrorCode::Unsupported, "search is switched off in the settings (search.enabled)")
}

#[cfg(test)]
mod tests;
