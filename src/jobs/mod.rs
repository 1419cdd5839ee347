//! Durable jobs: work that is due at a time, done at least once, with effects that happen exactly once.
//!
//! ```text
//!  (scheduled) ──▶ waiting ──due──▶ running ──▶ done, or waiting for its next time
//!                     ▲                │
//!                     └──after a pause─┤ failed
//!                                      └─ too often ──▶ dead, until it is scheduled again
//! ```
//!
//! A job is a record of the store, named by its kind and its name. A handler writes its effects and tells its
//! events in the transaction that it is given; the runner takes the job away, or sets its next time, in the same commit.
//! A kill before the commit leaves the job as it was, and nothing of what it did. Effects outside the store
//! may happen twice: the handler gives them names by which the other side knows them.
//!
//! Times are those of the wall clock. What handlers do is not known here.

mod runner;

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use crate::store::Job;
use crate::{
    domain::{Clock, Error, Timestamp},
    events::{EventLog, Work},
    store::{Store, StoreError},
};

/// When a job is due again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Never: it is done.
    Done,
    At(Timestamp),
    After(Duration),
}

/// Does the jobs of one kind.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Does a job, with its effects and its events in a transaction, which runs again when it meets a
    /// conflict. An error drops them, and the job is tried again after a pause.
    async fn run(&self, job: &Job, work: &mut Work<'_>) -> Result<Then, Error>;

    /// The effects of a job are committed. Not called when the gateway ended at that moment: for what may
    /// be left out, such as waking somebody.
    async fn committed(&self, _job: &Job) {}
}

/// How jobs are tried.
#[derive(Clone, Copy, Debug)]
pub struct Tries {
    /// Jobs that run at once.
    pub at_once: usize,
    /// Failures after which a job is dead.
    pub most: u32,
    /// Before the second try; twice as long before each later one.
    pub first_pause: Duration,
    pub longest_pause: Duration,
    /// How long one run may take.
    pub deadline: Duration,
}

impl Default for Tries {
    fn default() -> Self {
        Self {
            at_once: 4,
            most: 10,
            first_pause: Duration::from_secs(5),
            longest_pause: Duration::from_secs(3_600),
            deadline: Duration::from_secs(600),
        }
    }
}

/// The jobs of the gateway. Clones are the same.
#[derive(Clone)]
pub struct Jobs {
    store: Store,
    log: EventLog,
    clock: Clock,
    scheduled: Arc<Notify>,
}

impl Jobs {
    pub fn new(store: Store, log: EventLog, clock: Clock) -> Self {
        Self { store, log, clock, scheduled: Arc::default() }
    }

    /// Starts the task that runs jobs of these kinds. A job of another kind waits for a version of the
    /// gateway that knows it.
    pub fn start(
        &self,
        handlers: HashMap<&'static str, Arc<dyn Handler>>,
        tries: Tries,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) {
        tasks.spawn(runner::run(self.clone(), handlers, tries, stop));
    }

    /// Schedules a job in place of the one of its name.
    pub async fn schedule(&self, job: &Job) -> Result<(), StoreError> {
        self.put(&self.store, job).await?;
        self.store.durable().await?;
        self.woken();
        Ok(())
    }

    /// The same within a transaction. After its commit, [`Self::woken`] has the runner look.
    pub async fn schedule_in(&self, store: &Store, job: &Job) -> Result<(), StoreError> {
        self.put(store, job).await
    }

    /// Takes a job away, within a transaction or at once. One that runs finds out at its commit, and nothing
    /// of it happens.
    pub async fn cancel_in(&self, store: &Store, kind: &str, name: &str) -> Result<(), StoreError> {
        let mut transaction = store.transaction();
        loop {
            transaction.delete(&Job::at(kind, name)).await?;
            if transaction.commit().await? {
                return Ok(());
            }
        }
    }

    /// Sees that a job that comes again and again is there, due now, whatever it waited for.
    pub async fn repeat(&self, kind: &str, name: &str) -> Result<(), StoreError> {
        self.put(&self.store, &Job::new(kind, name, self.clock.now())).await?;
        self.woken();
        Ok(())
    }

    pub async fn get(&self, kind: &str, name: &str) -> Result<Option<Job>, StoreError> {
        self.store.get(&Job::at(kind, name)).await
    }

    /// Jobs may have been scheduled.
    pub fn woken(&self) {
        self.scheduled.notify_one();
    }

    async fn put(&self, store: &Store, job: &Job) -> Result<(), StoreError> {
        let mut transaction = store.transaction();
        loop {
            transaction.put(&job.key(), job).await?;
            if transaction.commit().await? {
                return Ok(());
            }
        }
    }
}
