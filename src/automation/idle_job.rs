//! Job that looks after a conversation in which nobody writes: one for each whose bot has a rule for that.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    automation::{actions::after, event::AutomationEvent, rule::TriggerKind, rules::Automations},
    domain::{Clock, Error, Jid, SessionId, Timestamp},
    events::{NewEvent, Work},
    inbox::{InboxState, Status},
    jobs::{Handler, Job, Then},
    store::{Store, StoreError},
};

/// The chat of a job.
#[derive(Serialize, Deserialize)]
pub struct Place {
    pub session: SessionId,
    pub chat: Jid,
}

impl Place {
    pub fn of(state: &InboxState) -> Self {
        Self { session: state.session.clone(), chat: state.chat.clone() }
    }

    /// A job with this place, at a time.
    pub fn job(&self, kind: &str, name: &str, due: Timestamp) -> Result<Job, StoreError> {
        let payload = serde_json::to_value(self);
        let payload = payload.map_err(|error| StoreError::Corrupt(error.to_string()))?;
        Ok(Job { payload, ..Job::new(kind, name, due) })
    }

    pub fn read(job: &Job) -> Result<Self, Error> {
        let read = serde_json::from_value(job.payload.clone());
        read.map_err(|error| Error::internal(format!("a job names no conversation: {error}")))
    }
}

pub struct IdleJob {
    rules: Automations,
    clock: Clock,
}

impl IdleJob {
    pub const KIND: &'static str = "idle conversation";

    pub fn new(rules: Automations, clock: Clock) -> Self {
        Self { rules, clock }
    }
}

/// The minutes of the rules of a bot for an idle conversation, shortest first.
fn minutes_of(rules: &Automations, bot: Uuid) -> BTreeSet<u32> {
    let all = rules.all();
    let own = all.iter().filter(|rule| rule.bot == bot && rule.enabled);
    let idle = own.filter(|rule| rule.trigger.kind == TriggerKind::SessionIdle);
    idle.filter_map(|rule| rule.trigger.minutes).collect()
}

/// Schedules the look, within a transaction, after a contact wrote. One that comes earlier stays, and is put off when it
/// is due: so a message costs no write of a job.
pub async fn watch(
    rules: &Automations,
    store: &Store,
    state: &InboxState,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(bot) = state.bot else { return Ok(()) };
    let shortest = minutes_of(rules, bot).first().copied();
    let Some(due) = shortest.and_then(|minutes| after(now, minutes)) else { return Ok(()) };
    let name = state.conversation.to_string();
    let mut transaction = store.transaction();
    let known = transaction.get(&Job::at(IdleJob::KIND, &name)).await?;
    if known.is_some_and(|job| !job.is_dead && job.due <= due) {
        return Ok(());
    }
    let job = Place::of(state).job(IdleJob::KIND, &name, due)?;
    transaction.put(&job.key(), &job).await?;
    // Within a transaction nothing can be in conflict.
    transaction.commit().await.map(|_| ())
}

#[async_trait]
impl Handler for IdleJob {
    async fn run(&self, job: &Job, work: &mut Work<'_>) -> Result<Then, Error> {
        let Place { session, chat } = Place::read(job)?;
        let Some(state) = work.get(&InboxState::at(&session, &chat)).await? else {
            return Ok(Then::Done);
        };
        let Some(bot) = state.bot else { return Ok(Then::Done) };
        if state.status == Status::Resolved || state.listed.hidden {
            return Ok(Then::Done);
        }
        let (since, now) = (state.listed.last_activity, self.clock.now());
        for minutes in minutes_of(&self.rules, bot) {
            let Some(due) = after(since, minutes) else { continue };
            if now < due {
                return Ok(Then::At(due));
            }
            let of = state.about();
            let event = AutomationEvent::Idle { of, since, minutes };
            work.append(NewEvent::of_module(Some((&session).into()), &event)?);
        }
        Ok(Then::Done)
    }
}
