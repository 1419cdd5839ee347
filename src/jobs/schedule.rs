//! Schedule of durable jobs: what a handler is, and the store's jobs by their time.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::{
    domain::{Clock, Error, SessionId, Timestamp},
    events::{EventLog, Work},
    jobs::job::Job,
    store::{Record, Store, StoreError},
};

/// Jobs that are looked at in one go.
const READ_AT_ONCE: usize = 500;

/// When a job is due again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Never: it is done.
    Done,
    At(Timestamp),
    After(Duration),
}

/// Runs the jobs of one kind.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Runs a job. Its effects and events join the transaction, which runs again after a conflict. An error drops
    /// them, and the job is retried after a pause.
    async fn run(&self, job: &Job, work: &mut Work<'_>) -> Result<Then, Error>;

    /// Called after the commit, unless the gateway ends at that moment. Only for effects that may be lost, such as
    /// a wake-up.
    async fn committed(&self, _job: &Job) {}
}

/// Limits of concurrency and retries.
#[derive(Clone, Copy, Debug)]
pub struct Tries {
    /// Jobs that run at once.
    pub at_once: usize,
    /// Failures after which a job is dead.
    pub most: u32,
    /// The pause before the second attempt; each later one doubles it.
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
    pub(in crate::jobs) store: Store,
    pub(in crate::jobs) log: EventLog,
    pub(in crate::jobs) clock: Clock,
    pub(in crate::jobs) scheduled: Arc<Notify>,
}

impl Jobs {
    pub fn new(store: Store, log: EventLog, clock: Clock) -> Self {
        Self { store, log, clock, scheduled: Arc::default() }
    }

    /// Schedules a job. It replaces a job of the same kind and name.
    pub async fn schedule(&self, job: &Job) -> Result<(), StoreError> {
        self.put(&self.store, job).await?;
        self.store.durable().await?;
        self.woken();
        Ok(())
    }

    /// The same within a transaction. After its commit, the caller calls [`Self::woken`].
    pub async fn schedule_in(&self, store: &Store, job: &Job) -> Result<(), StoreError> {
        self.put(store, job).await
    }

    /// Cancels a job, within a transaction or at once. A run in progress fails at its commit and changes nothing.
    pub async fn cancel_in(&self, store: &Store, kind: &str, name: &str) -> Result<(), StoreError> {
        let mut transaction = store.transaction();
        loop {
            transaction.delete(&Job::at(kind, name)).await?;
            if transaction.commit().await? {
                return Ok(());
            }
        }
    }

    /// Cancels all jobs of a session that goes: what a job is about, its payload names as `session`.
    pub async fn forget_session(&self, session: &SessionId) -> Result<(), StoreError> {
        let mut part = <Job as Record>::key().below();
        loop {
            let page = self.store.select(part, READ_AT_ONCE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            part = <Job as Record>::key().below().after(&last.key());
            for job in page.iter().filter(|job| job.payload["session"] == session.as_str()) {
                self.cancel_in(&self.store, &job.kind, &job.name).await?;
            }
        }
    }

    /// Schedules a recurring job for now. A job that an earlier run of the gateway scheduled within `every` keeps
    /// its time, so that restarts in a row do not repeat the work.
    pub async fn repeat(&self, kind: &str, name: &str, every: Duration) -> Result<(), StoreError> {
        let mut transaction = self.store.transaction();
        loop {
            let now = self.clock.now();
            let found = transaction.get(&Job::at(kind, name)).await?;
            let waits = |job: &Job| job.attempts == 0 && !job.is_dead && job.due <= now + every;
            if !found.as_ref().is_some_and(waits) {
                let job = Job::new(kind, name, now);
                transaction.put(&job.key(), &job).await?;
            }
            if transaction.commit().await? {
                break;
            }
        }
        self.woken();
        Ok(())
    }

    pub async fn get(&self, kind: &str, name: &str) -> Result<Option<Job>, StoreError> {
        self.store.get(&Job::at(kind, name)).await
    }

    /// Wakes the runner: jobs may have been scheduled.
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::clock::from_seconds;

    #[tokio::test]
    async fn a_session_takes_its_own_jobs_along_however_many_others_there_are() {
        let (store, clock) = (Store::temporary().await.unwrap(), Clock::system());
        let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
        let jobs = Jobs::new(store.clone(), log, clock);
        for number in 0..2 * READ_AT_ONCE {
            let session = if number % 100 == 0 { "goes" } else { "stays" };
            let payload = json!({ "session": session, "chat": "1@c.us" });
            let job = Job { payload, ..Job::new("a kind", &number.to_string(), from_seconds(9)) };
            jobs.schedule_in(&store, &job).await.unwrap();
        }
        jobs.schedule_in(&store, &Job::new("goes", "goes", from_seconds(9))).await.unwrap();
        jobs.forget_session(&"goes".parse().unwrap()).await.unwrap();
        let left = store.select(<Job as Record>::key().below(), usize::MAX).await.unwrap();
        assert_eq!(left.len(), 2 * READ_AT_ONCE - 2 * READ_AT_ONCE / 100 + 1);
        assert!(left.iter().all(|job| job.payload["session"] != "goes"));
    }
}
