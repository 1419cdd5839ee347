//! Job that tells of work that is due: one for each item with such a time.

use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    domain::{Clock, Error},
    events::{NewEvent, Work},
    jobs::{Handler, Job, Jobs, Then},
    store::{Store, StoreError},
    work_items::{event::WorkItemEvent, item::WorkItem},
};

pub struct DueJob {
    clock: Clock,
}

impl DueJob {
    pub const KIND: &'static str = "work item that is due";

    pub fn new(clock: Clock) -> Self {
        Self { clock }
    }
}

/// Has the job follow the item, within a transaction.
pub async fn follow(jobs: &Jobs, store: &Store, item: &WorkItem) -> Result<(), StoreError> {
    let name = item.id.to_string();
    match item.due_at.filter(|_| item.status.is_live()) {
        Some(due) => jobs.schedule_in(store, &Job::new(DueJob::KIND, &name, due)).await,
        None => jobs.cancel_in(store, DueJob::KIND, &name).await,
    }
}

#[async_trait]
impl Handler for DueJob {
    async fn run(&self, job: &Job, work: &mut Work<'_>) -> Result<Then, Error> {
        let id: Uuid = job.name.parse().map_err(|_| Error::internal("a job names no work item"))?;
        let Some(item) = work.get(&WorkItem::at(id)).await? else { return Ok(Then::Done) };
        let Some(due) = item.due_at.filter(|_| item.status.is_live()) else {
            return Ok(Then::Done);
        };
        if self.clock.now() < due {
            return Ok(Then::At(due));
        }
        let event = WorkItemEvent::Due { item: Box::new(item) };
        work.append(NewEvent::of_module(None, &event)?);
        Ok(Then::Done)
    }
}
