//! The job that starts a broadcast at its time, or as soon as the gateway runs again after that.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    campaigns::{
        broadcast::{self, Broadcast},
        status::Status,
    },
    domain::{Clock, Error, Timestamp},
    events::Work,
    jobs::{Handler, Job, Then},
    store::{Store, StoreError},
};

pub struct StartJob {
    clock: Clock,
    wake: Arc<Notify>,
}

impl StartJob {
    pub const KIND: &'static str = "start of a broadcast";

    pub fn new(clock: Clock, wake: Arc<Notify>) -> Self {
        Self { clock, wake }
    }
}

/// Schedules a start within a transaction, in place of one at another time; none removes it.
pub async fn schedule(store: &Store, id: Uuid, at: Option<Timestamp>) -> Result<(), StoreError> {
    let name = id.to_string();
    let mut transaction = store.transaction();
    match at {
        Some(at) => {
            let job = Job::new(StartJob::KIND, &name, at);
            transaction.put(&job.key(), &job).await?;
        }
        None => transaction.delete(&Job::at(StartJob::KIND, &name)).await?,
    }
    // Within a transaction nothing can be in conflict.
    transaction.commit().await?;
    Ok(())
}

#[async_trait]
impl Handler for StartJob {
    async fn run(&self, job: &Job, work: &mut Work<'_>) -> Result<Then, Error> {
        let Ok(id) = job.name.parse::<Uuid>() else { return Ok(Then::Done) };
        let found = work.get(&Broadcast::at(id)).await?;
        let Some(known) = found.filter(|known| known.status == Status::Scheduled) else {
            return Ok(Then::Done);
        };
        let now = self.clock.now();
        if let Some(at) = known.scheduled_at.filter(|at| now < *at) {
            return Ok(Then::At(at));
        }
        let former = known.status;
        let accepted_at = known.scheduled_at.or(Some(now));
        let sending = Broadcast { status: Status::Sending, accepted_at, updated_at: now, ..known };
        broadcast::put(work.store(), Some(former), &sending).await?;
        Ok(Then::Done)
    }

    async fn committed(&self, _: &Job) {
        self.wake.notify_one();
    }
}
