//! Indexer: the single writer of the index. Applies the event log and builds what is missing.

use std::{
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    messaging::MessagingTables,
    search::{
        changes::{changes_of, entry},
        index::{Change, Index, IndexState, Writing},
        mark,
        shared::Shared,
    },
    store::StoreError,
};

/// How long changes are gathered for one commit: each commit writes a few files.
const PAUSE: Duration = Duration::from_millis(250);
/// After a commit the indexer rests this many times as long as the commit took. Most of the disk's time is left to
/// requests.
const SHARE: u32 = 50;
/// Upper bound of a rest: a base, and a share for each change written, up to the longest. A message of a quiet hour
/// is soon found, and a flood is written in few large commits.
const REST: Duration = Duration::from_secs(2);
const REST_FOR_CHANGE: Duration = Duration::from_millis(3);
const LONGEST_REST: Duration = Duration::from_secs(30);
/// The pause after a failure.
const RETRY: Duration = Duration::from_secs(5);
/// Failures of an index before it is rebuilt.
const MOST_FAULTS: u32 = 3;
/// Most changes in one commit, and events read at once.
const MOST_IN_COMMIT: usize = 20_000;
pub const PART: usize = 2_000;
/// The cursor is committed after this many events without a change, since it holds the log back.
const UNWRITTEN: u64 = 5_000;
/// Messages read before the task yields: reads never wait, so other tasks of the thread would.
const STEP: usize = 16;
/// Messages between two progress reports.
const REPORT_EVERY: u64 = 100_000;

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("the index: {0}")]
    Index(String),
}

struct Indexer {
    shared: Arc<Shared>,
    index: Arc<Index>,
    state: IndexState,
    /// The log is read up to this number. Nothing since the last commit changed the index.
    read_to: u64,
    /// The retention waits for the cursor to be written.
    must_flush: bool,
    built: u64,
}

/// Keeps the index up to date until the token is cancelled.
pub async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    let mut faults = 0;
    while !stop.is_cancelled() {
        let followed = match Indexer::open(&shared).await {
            Ok(mut indexer) => indexer.follow(&stop).await,
            Err(fault) => Err(fault),
        };
        let Err(fault) = followed else { return };
        if matches!(fault, Fault::Index(_)) && shared.store.health().takes_records() {
            faults += 1;
            // The disk has room, so the index itself is at fault.
            if faults % MOST_FAULTS == 0 {
                let _ = mark::set(&shared.store, Uuid::nil()).await;
            }
        }
        tracing::warn!(%fault, "the message index could not be updated; retrying");
        stop.run_until_cancelled(tokio::time::sleep(RETRY)).await;
    }
}

impl Indexer {
    /// Opens the index that the store names, or begins another.
    async fn open(shared: &Arc<Shared>) -> Result<Self, Fault> {
        let known = mark::get(&shared.store).await?;
        let folder = shared.folder.clone();
        let opened = blocking(move || Ok(Index::open(&folder))).await?;
        // An index that is opened at the start is from before the start.
        let newest = match shared.index() {
            None => shared.newest_at_start,
            Some(_) => shared.log.newest(),
        };
        // A log that ends earlier is that of a backup; one that begins later has dropped events.
        let follows =
            |read_to: u64| read_to <= newest && shared.log.oldest() <= read_to.saturating_add(1);
        let opened =
            opened.filter(|(_, found)| Some(found.mark) == known && follows(found.read_to));
        let (index, state) = match opened {
            Some(opened) => opened,
            None => Self::begin(shared).await?,
        };
        let index = Arc::new(index);
        shared.is_building.store(state.built_from.is_some(), Ordering::SeqCst);
        *shared.index.write().unwrap_or_else(PoisonError::into_inner) = Some(index.clone());
        let indexer = Self {
            shared: shared.clone(),
            index,
            state,
            read_to: state.read_to,
            must_flush: false,
            built: 0,
        };
        indexer.publish_position();
        Ok(indexer)
    }

    async fn begin(shared: &Shared) -> Result<(Index, IndexState), Fault> {
        tracing::info!("building the index of messages");
        // Messages written from here on have an event behind this number.
        let state = IndexState::new(Uuid::new_v4(), shared.log.newest());
        let folder = shared.folder.clone();
        let index = blocking(move || Index::create(&folder, state).map_err(message)).await?;
        mark::forget_notes(&shared.store).await?;
        mark::set(&shared.store, state.mark).await?;
        Ok((index, state))
    }

    async fn follow(&mut self, stop: &CancellationToken) -> Result<(), Fault> {
        let shared = self.shared.clone();
        let mut wake = shared.log.wake();
        loop {
            let begun = Instant::now();
            let mut written = 0;
            wake.mark_unchanged();
            // What is new is looked for before what is old.
            loop {
                let indexed = self.index_events().await?;
                written += indexed;
                let has_more = MOST_IN_COMMIT <= indexed || self.build().await?;
                if stop.is_cancelled() {
                    return Ok(());
                }
                if !has_more {
                    break;
                }
            }
            let rested = Instant::now() + rest(begun.elapsed(), written);
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                changed = wake.changed() => if changed.is_err() { return Ok(()) },
                () = shared.damaged.notified() => self.rebuild().await?,
                () = shared.cursor.flush_requested() => {
                    self.must_flush = true;
                    continue;
                }
            }
            let due = rested.max(Instant::now() + PAUSE);
            tokio::select! {
                () = stop.cancelled() => (),
                () = tokio::time::sleep_until(due) => (),
                () = shared.cursor.flush_requested() => self.must_flush = true,
            }
        }
    }

    /// Indexes new events, as many as one commit takes. Returns the number of changes. Events that come meanwhile
    /// wait for the next round, so that an endless stream is not one commit after the other.
    async fn index_events(&mut self) -> Result<usize, Fault> {
        let (mut writing, mut added) = (None, 0);
        while added < MOST_IN_COMMIT {
            let events = self.shared.log.read(None, self.read_to, PART).await?;
            let Some(last) = events.last().map(|event| event.seq) else { break };
            let mut changes = Vec::new();
            for step in events.chunks(STEP) {
                for event in step {
                    changes.extend(changes_of(&self.shared.store, event).await?);
                }
                tokio::task::yield_now().await;
            }
            self.read_to = last;
            added += changes.len();
            if !changes.is_empty() {
                let begun = match writing {
                    Some(writing) => writing,
                    None => self.writing().await?,
                };
                writing = Some(add(begun, changes).await?);
            }
            if events.len() < PART {
                break;
            }
        }
        let unwritten = self.read_to - self.state.read_to;
        let must_flush = std::mem::take(&mut self.must_flush) && 0 < unwritten;
        if writing.is_none() && (must_flush || UNWRITTEN < unwritten) {
            writing = Some(self.writing().await?);
        }
        if let Some(writing) = writing {
            self.state.read_to = self.read_to;
            self.commit(writing).await?;
        }
        self.publish_position();
        Ok(added)
    }

    fn publish_position(&self) {
        self.shared.read_to.store(self.read_to, Ordering::SeqCst);
        self.shared.cursor.advance(self.read_to, self.state.read_to.saturating_add(1));
    }

    /// Indexes some of the messages that are older than the index; whether there were any.
    async fn build(&mut self) -> Result<bool, Fault> {
        let Some(from) = self.state.built_from else { return Ok(false) };
        let (mut before, mut changes) = ((from != u64::MAX).then_some(from), Vec::new());
        while changes.len() < PART {
            let page = self.shared.store.messages().feed(before, STEP).await?;
            let Some((_, last)) = page.last() else { break };
            before = Some(last.number);
            changes.extend(
                page.into_iter().map(|(session, stored)| {
                    Change::Message(stored.number, entry(&session, stored))
                }),
            );
            tokio::task::yield_now().await;
        }
        let last = before.filter(|_| !changes.is_empty());
        self.state.built_from = last;
        let before = self.built;
        self.built += changes.len() as u64;
        let writing = add(self.writing().await?, changes).await?;
        self.commit(writing).await?;
        let messages = self.built;
        if last.is_none() {
            self.shared.is_building.store(false, Ordering::SeqCst);
            tracing::info!(messages, "built the index of messages: {messages} this time");
        } else if before / REPORT_EVERY < messages / REPORT_EVERY {
            tracing::info!(messages, "building the index of messages: {messages} so far");
        }
        Ok(last.is_some())
    }

    async fn writing(&self) -> Result<Writing, Fault> {
        let index = self.index.clone();
        blocking(move || index.writing().map_err(message)).await
    }

    async fn commit(&self, writing: Writing) -> Result<(), Fault> {
        let (index, state) = (self.index.clone(), self.state);
        blocking(move || writing.commit(&index, state).map_err(message)).await
    }

    /// Rebuilds an index that cannot be read.
    async fn rebuild(&mut self) -> Result<(), Fault> {
        // From now on the old index is not recognised, also after a stop in between.
        mark::set(&self.shared.store, Uuid::nil()).await?;
        *self = Self::open(&self.shared).await?;
        Ok(())
    }
}

/// The rest after this many changes were written in this time.
fn rest(took: Duration, written: usize) -> Duration {
    let each = REST_FOR_CHANGE * u32::try_from(written).unwrap_or(u32::MAX);
    (took * SHARE).min(REST + each).min(LONGEST_REST)
}

async fn add(mut writing: Writing, changes: Vec<Change>) -> Result<Writing, Fault> {
    blocking(move || writing.add(&changes).map(|()| writing).map_err(message)).await
}

/// Runs blocking work on a thread of its own.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err("a panic".to_owned())).map_err(Fault::Index)
}

fn message(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_message_is_soon_found_and_a_flood_is_written_in_large_commits() {
        let slow = Duration::from_secs(1);
        assert!(rest(slow, 1) < Duration::from_millis(2_100));
        assert_eq!(rest(Duration::from_millis(20), 1), Duration::from_secs(1));
        assert_eq!(rest(slow, usize::MAX), LONGEST_REST);
        // At a thousand changes a second each rest makes the next one longer, up to the longest.
        let mut written = 1;
        for _ in 0..9 {
            written = usize::try_from(rest(slow, written).as_millis()).unwrap();
        }
        assert_eq!(rest(slow, written), LONGEST_REST);
    }
}
