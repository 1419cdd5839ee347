//! The one writer of the index: takes up what the store has noted, and builds what is missing.

use std::{
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    domain::{SessionId, conversation::StoredMessage},
    search::{
        Shared,
        index::{Change, Entry, Index, Standing, Writing},
    },
    store::{Noticed, StoreError},
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
/// Changes in one commit, and of these so many in one part: the rest of them is not held meanwhile.
const MOST_IN_COMMIT: usize = 20_000;
pub(super) const PART: usize = 2_000;
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
                let _ = shared.store.unindexed().set_mark(Uuid::nil()).await;
            }
        }
        tracing::warn!(%fault, "the index of messages cannot be kept; it is tried again");
        stop.run_until_cancelled(tokio::time::sleep(RETRY)).await;
    }
}

impl Keeper {
    /// Opens the index that the store knows of, or begins another.
    async fn open(shared: &Arc<Shared>) -> Result<Self, Fault> {
        let known = shared.store.unindexed().mark().await?;
        let folder = shared.folder.clone();
        let opened = blocking(move || Ok(Index::open(&folder))).await?;
        let (index, standing) = match opened.filter(|(_, found)| Some(found.mark) == known) {
            Some(opened) => opened,
            None => Self::begin(shared).await?,
        };
        let index = Arc::new(index);
        shared.is_building.store(standing.built_from.is_some(), Ordering::SeqCst);
        *shared.index.write().unwrap_or_else(PoisonError::into_inner) = Some(index.clone());
        Ok(Self { shared: shared.clone(), index, standing, built: 0 })
    }

    async fn begin(shared: &Shared) -> Result<(Index, Standing), Fault> {
        tracing::info!("building the index of messages");
        let standing = Standing::new(Uuid::new_v4());
        let folder = shared.folder.clone();
        let index = blocking(move || Index::create(&folder, standing).map_err(told)).await?;
        shared.store.unindexed().set_mark(standing.mark).await?;
        Ok((index, standing))
    }

    async fn keep(&mut self, stop: &CancellationToken) -> Result<(), Fault> {
        let shared = self.shared.clone();
        let unindexed = shared.store.unindexed();
        loop {
            let begun = Instant::now();
            let mut written = 0;
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
                () = unindexed.changed() => (),
                () = shared.damaged.notified() => self.begin_anew().await?,
            }
            let due = rested.max(Instant::now() + PAUSE);
            stop.run_until_cancelled(tokio::time::sleep_until(due)).await;
        }
    }

    /// Writes what was noted, as much as one commit takes. How many changes that were; what comes
    /// meanwhile waits for the next time: a flow that does not end shall not be one commit after the
    /// other.
    async fn take_up(&mut self) -> Result<usize, Fault> {
        let unindexed = self.shared.store.unindexed();
        let mut noticed = unindexed.after(None, PART).await?;
        if noticed.is_empty() {
            return Ok(0);
        }
        let (mut writing, mut added) = (self.writing().await?, 0);
        while added < noticed.len() {
            let changes = self.changes(noticed.get(added..).unwrap_or_default()).await?;
            writing = add(writing, changes).await?;
            added = noticed.len();
            if added % PART == 0 && added < MOST_IN_COMMIT {
                noticed.extend(unindexed.after(noticed.last(), PART).await?);
            }
        }
        self.commit(writing).await?;
        unindexed.done(noticed).await?;
        Ok(added)
    }

    /// What became of messages that were noted.
    async fn changes(&self, noticed: &[Noticed]) -> Result<Vec<Change>, Fault> {
        let mut changes = Vec::with_capacity(noticed.len());
        for step in noticed.chunks(STEP) {
            for number in step.iter().map(|noticed| noticed.number) {
                let stored = self.shared.store.messages().by_number(number).await?;
                changes.push(Change { number, entry: stored.and_then(entry) });
            }
            tokio::task::yield_now().await;
        }
        // Several changes of one message stand side by side, and all read the same.
        changes.dedup_by_key(|change| change.number);
        Ok(changes)
    }

    /// Writes some of the messages that were there before the index was; whether there was any.
    async fn build(&mut self) -> Result<bool, Fault> {
        let Some(from) = self.standing.built_from else { return Ok(false) };
        let (mut before, mut changes) = ((from != u64::MAX).then_some(from), Vec::new());
        while changes.len() < PART {
            let page = self.shared.store.messages().feed(before, STEP).await?;
            let Some((_, last)) = page.last() else { break };
            before = Some(last.number);
            changes.extend(page.into_iter().map(|(session, stored)| {
                let number = stored.number;
                Change { number, entry: entry((session, stored)) }
            }));
            tokio::task::yield_now().await;
        }
        let last = changes.last().map(|change| change.number);
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
        self.shared.store.unindexed().set_mark(Uuid::nil()).await?;
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

fn entry((session, stored): (SessionId, StoredMessage)) -> Option<Entry> {
    let (chat, text) = (stored.message.chat().clone(), stored.message.body.clone());
    let is_there = !stored.is_deleted() && !text.is_empty();
    is_there.then_some(Entry { session, chat, text })
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
