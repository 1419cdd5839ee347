//! Messages whose place in the full-text index is not up to date. An entry is written in the commit
//! that changes the message, and goes when the index has it: so neither side can miss the other.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::Notify;
use uuid::Uuid;

use crate::store::{
    StoreError,
    codec::{Key, number_at},
    engine::{Batch, Direction, Engine},
    settings::Settings,
    table::clear,
    trees::Tree,
};

const MARK: &str = "search index";
/// Entries that go in one commit, for the time of which all other commits wait.
const DONE_AT_ONCE: usize = 64;

/// Whether changes are noted, and who waits for them. Clones are the same.
#[derive(Clone, Default)]
pub struct Noting(Arc<Noted>);

#[derive(Default)]
struct Noted {
    is_on: AtomicBool,
    changed: Notify,
}

impl Noting {
    /// Notes that a message came, changed or went.
    pub fn note_in(&self, batch: &mut Batch, number: u64) {
        if self.0.is_on.load(Ordering::SeqCst) {
            // A change of its own each time: what the index takes meanwhile stays noted.
            batch.put(of(number).uuid(Uuid::new_v4()).done(), Vec::new());
        }
    }

    /// Whether a batch notes something.
    pub fn is_in(batch: &Batch) -> bool {
        let prefix = Tree::Unindexed.prefix();
        batch.writes.iter().any(|(key, value)| key.first() == Some(&prefix) && value.is_some())
    }

    /// Wakes whoever waits for changes.
    pub fn tell(&self) {
        self.0.changed.notify_one();
    }
}

/// A noted change.
pub struct Noticed {
    /// Of the message.
    pub number: u64,
    key: Vec<u8>,
}

pub struct Unindexed<'a> {
    engine: &'a dyn Engine,
    noting: &'a Noting,
}

impl<'a> Unindexed<'a> {
    pub fn new(engine: &'a dyn Engine, noting: &'a Noting) -> Self {
        Self { engine, noting }
    }

    /// From now on changes are noted.
    pub fn begin(&self) {
        self.noting.0.is_on.store(true, Ordering::SeqCst);
    }

    /// Returns when something was noted since the last return.
    pub async fn changed(&self) {
        self.noting.0.changed.notified().await;
    }

    /// Those that come behind the one named, by the number of the message; the first of all for none.
    pub async fn after(
        &self,
        after: Option<&Noticed>,
        limit: usize,
    ) -> Result<Vec<Noticed>, StoreError> {
        let all = Key::new(Tree::Unindexed);
        let start = all.length();
        let mut range = all.all();
        if let Some(after) = after {
            range.start.clone_from(&after.key);
            range.start.push(0);
        }
        let found = self.engine.scan(range, Direction::Forward, limit).await?;
        let noticed = |key: Vec<u8>| Some(Noticed { number: number_at(&key, start)?, key });
        Ok(found.into_iter().filter_map(|(key, _)| noticed(key)).collect())
    }

    /// The index has these.
    pub async fn done(&self, noticed: Vec<Noticed>) -> Result<(), StoreError> {
        let mut keys = noticed.into_iter().map(|Noticed { key, .. }| key).peekable();
        while keys.peek().is_some() {
            let mut batch = Batch::new();
            keys.by_ref().take(DONE_AT_ONCE).for_each(|key| batch.remove(key));
            self.engine.commit(batch).await?;
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    pub async fn clear(&self) -> Result<(), StoreError> {
        clear(self.engine, Key::new(Tree::Unindexed).all()).await
    }

    /// Which building of the index is up to date but for what is noted here.
    pub async fn mark(&self) -> Result<Option<Uuid>, StoreError> {
        let mark: Option<Uuid> = Settings::new(self.engine).get(MARK).await?;
        Ok(mark.filter(|mark| !mark.is_nil()))
    }

    /// Durable on return.
    pub async fn set_mark(&self, mark: Uuid) -> Result<(), StoreError> {
        Settings::new(self.engine).put(MARK, &mark).await
    }
}

/// No index is up to date any more. Durable on return.
pub async fn forget_index(engine: &dyn Engine) -> Result<(), StoreError> {
    Settings::new(engine).put(MARK, &Uuid::nil()).await
}

fn of(number: u64) -> Key {
    Key::new(Tree::Unindexed).number(number)
}
