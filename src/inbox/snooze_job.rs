//! Job that ends a snooze: one for each conversation that is snoozed.

use async_trait::async_trait;

use crate::{
    domain::{Clock, Error},
    events::Work,
    inbox::{
        keeping::keep_state,
        snooze::{KIND, Payload},
        state::InboxState,
    },
    jobs::{Handler, Job, Then},
};

/// Ends snoozes when they are due.
pub struct SnoozeJob {
    clock: Clock,
}

impl SnoozeJob {
    pub const KIND: &'static str = KIND;

    pub fn new(clock: Clock) -> Self {
        Self { clock }
    }
}

#[async_trait]
impl Handler for SnoozeJob {
    async fn run(&self, job: &Job, work: &mut Work<'_>) -> Result<Then, Error> {
        let Payload { session, chat } =
            serde_json::from_value(job.payload.clone()).map_err(|error| {
                Error::internal(format!("a job of a snooze is unreadable: {error}"))
            })?;
        let found = work.get(&InboxState::at(&session, &chat)).await?;
        let Some(state) = found else { return Ok(Then::Done) };
        let Some(until) = state.snoozed_until else { return Ok(Then::Done) };
        if self.clock.now() < until {
            return Ok(Then::At(until));
        }
        keep_state(work, &InboxState { snoozed_until: None, ..state }).await?;
        Ok(Then::Done)
    }
}
