//! Job that lets a flow go on after a pause, or gives it up where nobody answers: one for each conversation in a flow.

use async_trait::async_trait;

use crate::{
    automation::{event::AutomationEvent, flow::FlowRun, idle_job::Place},
    domain::{Clock, Error},
    events::{NewEvent, Work},
    inbox::InboxState,
    jobs::{Handler, Job, Then},
};

pub struct FlowJob {
    clock: Clock,
}

impl FlowJob {
    pub const KIND: &'static str = "flow of a conversation";

    pub fn new(clock: Clock) -> Self {
        Self { clock }
    }
}

#[async_trait]
impl Handler for FlowJob {
    async fn run(&self, job: &Job, work: &mut Work<'_>) -> Result<Then, Error> {
        let Place { session, chat } = Place::read(job)?;
        let Some(run) = work.get(&FlowRun::at(&session, &chat)).await? else {
            return Ok(Then::Done);
        };
        let Some(state) = work.get(&InboxState::at(&session, &chat)).await? else {
            return Ok(Then::Done);
        };
        if self.clock.now() < run.due {
            return Ok(Then::At(run.due));
        }
        let event = AutomationEvent::FlowDue { of: state.about(), run: run.id, stop: run.stop };
        work.append(NewEvent::of_module(Some((&session).into()), &event)?);
        Ok(Then::Done)
    }
}
