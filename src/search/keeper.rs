//! The one writer of the index: takes up what the event log tells, and builds what is missing.

use std::{
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    search::{
        Shared,
        changes::{changes_of, entry},
        index::{Change, Index, Standing, Writing},
    },
    store::StoreError,
};

/// Changes that come one after the other are written together: a commit costs a few files.
const PAUSE: Duration = Duration::from_millis(250);
/// After writing it rests so many times as long as that took: however much comes, most of the disk's
/// time is left to those who wait for it.
const SHARE: u32 = 50;
/// A rest is no longer than this and as much again for each change that was written, up to the longest
/// of all. So a message of a quiet hour is soon found, and a flood is written in few large commits.
const REST: Duration = Duration::from_secs(2);
const REST_FOR_CHANGE: Duration = Duration::from_millis(3);
const LONGEST_REST: Duration = Duration::from_secs(30);
/// Before something that failed is tried again.
const RETRY: Duration = Duration::from_secs(5);
/// Faults of an index before another is begun.
const MOST_FAULTS: u32 = 3;
/// Changes in one commit, and events in one part of it: the rest of them is not held meanwhile.
const MOST_IN_COMMIT: usize = 20_000;
pub const PART: usize = 2_000;
/// Events that change nothing for the index, after which its cursor is written all the same: the log keeps what
/// is behind the cursor.
const UNWRITTEN: u64 = 5_000;
/// Messages that are read before others get their turn: reading never waits by itself, and whatever
/// else the thread has to do would wait for all of it.
const STEP: usize = 16;
/// Messages between two words about the progress.
const TOLD_EVERY: u64 = 100_000;

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("the index: {0}")]
    Index(String),
}

struct Keeper {
    shared: Arc<Shared>,
    index: Arc<Index>,
    standing: Standing,
    /// The log is read up to this number; what came since the last commit changed nothing.
    seen: u64,
    /// Somebody waits until the cursor is written.
    is_hurried: bool,
    built: u64,
}

/// Keeps the index in step until told to stop.
pub async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    let mut faults = 0;
    while !stop.is_cancelled() {
        let kept = match Keeper::open(&shared).await {
            Ok(mut keeper) => keeper.keep(&stop).await,
            Err(fault) => Err(fault),
        };
        let Err(fault) = kept else { return };
        if matches!(fault, Fault::Index(_)) && shared.store.takes_records() {
            faults += 1;
            // The disk has room: what lies there is at fault.
            if faults % MOST_FAULTS == 0 {
                let _ = shared.store.search_mark().set(Uuid::nil()).await;
            }
        }
        tracing::warn!(%fault, "the index of messages cannot be kept; it is tried again");
        stop.run_until_cancelled(tokio::time::sleep(RETRY)).await;
    }
}

impl Keeper {
    /// Opens the index that the store knows of, or begins another.
    async fn open(shared: &Arc<Shared>) -> Result<Self, Fault> {
        let known = shared.store.search_mark().get().await?;
        let folder = shared.folder.clone();
        let opened = blocking(move || Ok(Index::open(&folder))).await?;
        // What is found first is from before the start, whatever the log has taken since.
        let newest = match shared.index() {
            None => shared.newest_at_start,
            Some(_) => shared.log.newest(),
        };
        // A log that had not come so far is that of a backup; one that begins later has dropped something.
        let follows =
            |read_to: u64| read_to <= newest && shared.log.oldest() <= read_to.saturating_add(1);
        let opened =
            opened.filter(|(_, found)| Some(found.mark) == known && follows(found.read_to));
        let (index, standing) = match opened {
            Some(opened) => opened,
            None => Self::begin(shared).await?,
        };
        let index = Arc::new(index);
        shared.is_building.store(standing.built_from.is_some(), Ordering::SeqCst);
        *shared.index.write().unwrap_or_else(PoisonError::into_inner) = Some(index.clone());
        let keeper = Self {
            shared: shared.clone(),
            index,
            standing,
            seen: standing.read_to,
            is_hurried: false,
            built: 0,
        };
        keeper.tell_place();
        Ok(keeper)
    }

    async fn begin(shared: &Shared) -> Result<(Index, Standing), Fault> {
        tracing::info!("building the index of messages");
        // What is written from here on is told by an event behind this number.
        let standing = Standing::new(Uuid::new_v4(), shared.log.newest());
        let folder = shared.folder.clone();
        let index = blocking(move || Index::create(&folder, standing).map_err(told)).await?;
        shared.store.search_mark().forget_notes().await?;
        shared.store.search_mark().set(standing.mark).await?;
        Ok((index, standing))
    }

    async fn keep(&mut self, stop: &CancellationToken) -> Result<(), Fault> {
        let shared = self.shared.clone();
        let mut wake = shared.log.wake();
        loop {
            let begun = Instant::now();
            let mut written = 0;
            wake.mark_unchanged();
            // What is new is looked for before what is old.
            loop {
                let taken_up = self.take_up().await?;
                written += taken_up;
                let has_more = MOST_IN_COMMIT <= taken_up || self.build().await?;
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
                () = shared.damaged.notified() => self.begin_anew().await?,
                () = shared.place.nudged() => {
                    self.is_hurried = true;
                    continue;
                }
            }
            let due = rested.max(Instant::now() + PAUSE);
            tokio::select! {
                () = stop.cancelled() => (),
                () = tokio::time::sleep_until(due) => (),
                () = shared.place.nudged() => self.is_hurried = true,
            }
        }
    }

    /// Writes what the log tells, as much as one commit takes. How many changes that were; what comes
    /// meanwhile waits for the next time: a flow that does not end shall not be one commit after the
    /// other.
    async fn take_up(&mut self) -> Result<usize, Fault> {
        let (mut writing, mut added) = (None, 0);
        while added < MOST_IN_COMMIT {
            let events = self.shared.log.read(None, self.seen, PART).await?;
            let Some(last) = events.last().map(|event| event.seq) else { break };
            let mut changes = Vec::new();
            for step in events.chunks(STEP) {
                for event in step {
                    changes.extend(changes_of(&self.shared.store, event).await?);
                }
                tokio::task::yield_now().await;
            }
            self.seen = last;
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
        let unwritten = self.seen - self.standing.read_to;
        let is_hurried = std::mem::take(&mut self.is_hurried) && 0 < unwritten;
        if writing.is_none() && (is_hurried || UNWRITTEN < unwritten) {
            writing = Some(self.writing().await?);
        }
        if let Some(writing) = writing {
            self.standing.read_to = self.seen;
            self.commit(writing).await?;
        }
        self.tell_place();
        Ok(added)
    }

    fn tell_place(&self) {
        self.shared.read_to.store(self.seen, Ordering::SeqCst);
        self.shared.place.reached(self.seen, self.standing.read_to.saturating_add(1));
    }

    /// Writes some of the messages that were there before the index was; whether there was any.
    async fn build(&mut self) -> Result<bool, Fault> {
        let Some(from) = self.standing.built_from else { return Ok(false) };
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
        self.standing.built_from = last;
        let before = self.built;
        self.built += changes.len() as u64;
        let writing = add(self.writing().await?, changes).await?;
        self.commit(writing).await?;
        let messages = self.built;
        if last.is_none() {
            self.shared.is_building.store(false, Ordering::SeqCst);
            tracing::info!(messages, "built the index of messages: {messages} this time");
        } else if before / TOLD_EVERY < messages / TOLD_EVERY {
            tracing::info!(messages, "building the index of messages: {messages} so far");
        }
        Ok(last.is_some())
    }

    async fn writing(&self) -> Result<Writing, Fault> {
        let index = self.index.clone();
        blocking(move || index.writing().map_err(told)).await
    }

    async fn commit(&self, writing: Writing) -> Result<(), Fault> {
        let (index, standing) = (self.index.clone(), self.standing);
        blocking(move || writing.commit(&index, standing).map_err(told)).await
    }

    /// What lies there cannot be read.
    async fn begin_anew(&mut self) -> Result<(), Fault> {
        // Whoever opens it now finds a stranger, also after a stop in the middle of this.
        self.shared.store.search_mark().set(Uuid::nil()).await?;
        *self = Self::open(&self.shared).await?;
        Ok(())
    }
}

/// How long to rest after so many changes were written in this time.
fn rest(took: Duration, written: usize) -> Duration {
    let each = REST_FOR_CHANGE * u32::try_from(written).unwrap_or(u32::MAX);
    (took * SHARE).min(REST + each).min(LONGEST_REST)
}

async fn add(mut writing: Writing, changes: Vec<Change>) -> Result<Writing, Fault> {
    blocking(move || writing.add(&changes).map(|()| writing).map_err(told)).await
}

/// Does what waits for the disk where nobody else waits.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err("a panic".to_owned())).map_err(Fault::Index)
}

fn told(error: impl std::fmt::Display) -> String {
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
