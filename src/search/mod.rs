//! Full-text search over the messages of all sessions.
//!
//! ```text
//! messaging ──one commit──▶ message + event ──wake──▶ indexer ──one commit──▶ index + cursor
//! caller ──▶ Search ──▶ index: numbers, newest first ──▶ store: the messages, each looked at again
//! ```
//!
//! The index may be late, never wrong: each hit is confirmed by the store, so a message that was deleted or changed
//! a moment ago is not found by its former words. The index can be deleted at any time and is rebuilt from the
//! store.
//!
//! The indexer is a consumer of the event log with effects outside the store. Its cursor lies in the index, in the
//! same commit as the changes, and indexing an event twice changes nothing.

mod changes;
mod index;
mod indexer;
mod mark;
mod shared;
mod text;

use std::{path::PathBuf, sync::Arc};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::shared::{READ_AT_ONCE, Shared};
pub use self::{
    index::Within, mark::Reindexing, text::LONGEST_QUERY, text::Wanted, text::words_of,
};
use crate::{
    domain::{Error, ErrorCode, SessionId, conversation::StoredMessage},
    events::{EventLog, ExternalCursor},
    messaging::MessagingTables,
    store::{Store, StoreError},
};

/// Most hits of the index that are examined for one answer.
const LOOKED_AT: usize = 10_000;

/// The messages found, highest number first.
pub struct Hits {
    pub messages: Vec<(SessionId, StoredMessage)>,
    /// There may be more below this number.
    pub next: Option<u64>,
    /// The index is being built: there may be more anywhere.
    pub indexing: bool,
}

/// The search service. Clones are the same.
#[derive(Clone)]
pub struct Search(Option<Arc<Shared>>);

impl Search {
    /// The name of its consumer.
    pub const NAME: &str = "search";

    /// Starts with the index of a folder. `cursor` is that of [`Self::NAME`].
    pub fn start(
        store: Store,
        (log, cursor): (EventLog, ExternalCursor),
        folder: PathBuf,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        let shared = Arc::new(Shared::new(store, log, cursor, folder));
        tasks.spawn(indexer::run(shared.clone(), stop));
        Self(Some(shared))
    }

    /// A search that is switched off. Removes the index.
    pub async fn off(store: &Store, folder: PathBuf) -> Result<Self, StoreError> {
        if mark::get(store).await?.is_some() {
            mark::set(store, uuid::Uuid::nil()).await?;
        }
        mark::forget_notes(store).await?;
        if let Err(error) = std::fs::remove_dir_all(&folder)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "search is off, and its index could not be removed");
        }
        Ok(Self(None))
    }

    /// Messages that match the query and satisfy `takes`, below number `before`. The number of examined hits is
    /// bounded: a page with a `next` may be short or empty.
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

fn switched_off() -> Error {
    Error::new(ErrorCode::Unsupported, "search is switched off in the settings (search.enabled)")
}

#[cfg(test)]
mod tests;
