//! Change of a conversation as a caller wants it: assignee, status, star and snooze at once. Pure.

use crate::{
    domain::{Error, ErrorCode, Timestamp},
    inbox::{agent::Agent, event::InboxEvent, snooze, state::InboxState, status::Status},
    policy::CODE,
};

/// What a caller changes in a conversation at once; what is none stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InboxChange {
    /// Another assignee, or nobody.
    pub assignee: Option<Option<Agent>>,
    pub status: Option<Status>,
    pub starred: Option<bool>,
    /// Out of sight until a time, or back in sight for none.
    pub snoozed_until: Option<Option<Timestamp>>,
}

impl InboxChange {
    /// To another status.
    pub fn to(status: Status) -> Self {
        Self { status: Some(status), ..Self::default() }
    }

    /// Changes a state: the assignee first, then the status. After a refusal the state is of no use.
    pub fn apply(
        self,
        state: &mut InboxState,
        by: Option<Agent>,
        now: Timestamp,
    ) -> Result<Vec<InboxEvent>, Error> {
        // An assignee is of a conversation that is assigned, or that was when it is resolved.
        let is_for_somebody = matches!(self.assignee, Some(Some(_)));
        let is_for_nobody = |status: &Status| status.is_automatic() || *status == Status::Open;
        if is_for_somebody && self.status.as_ref().is_some_and(is_for_nobody) {
            let fault = "must be ASSIGNED or RESOLVED where somebody is assigned";
            return Err(Error::invalid_field("status", fault));
        }
        let mut events = Vec::new();
        if let Some(assignee) = self.assignee {
            events.extend(state.assign(assignee, by, now));
        }
        if let Some(status) = self.status {
            events.extend(become_status(state, status, by, now)?);
        }
        state.starred = self.starred.unwrap_or(state.starred);
        if let Some(until) = self.snoozed_until {
            if let Some(until) = until {
                snooze::check(state.status, until, now)?;
            }
            state.snoozed_until = until;
        }
        Ok(events)
    }
}

/// Takes on another status. Assigned is who has an assignee, so that a caller names one.
fn become_status(
    state: &mut InboxState,
    status: Status,
    by: Option<Agent>,
    now: Timestamp,
) -> Result<Vec<InboxEvent>, Error> {
    if !state.status.may_become(status) {
        let (from, to) = (state.status.as_str(), status.as_str());
        let message = format!("a conversation that is {from} cannot become {to} at once");
        return Err(Error::new(ErrorCode::Conflict, message).detail(CODE, "invalid_state"));
    }
    match status {
        Status::Resolved => Ok(state.resolve(by, None, now).into_iter().collect()),
        Status::Open => {
            let mut events: Vec<InboxEvent> = state.reopen(now).into_iter().collect();
            events.extend(state.assign(None, by, now));
            state.status = Status::Open;
            state.run.is_paused = true;
            Ok(events)
        }
        Status::Assigned if state.assignee.is_some() => {
            let assignee = state.assignee;
            Ok(state.assign(assignee, by, now))
        }
        Status::Assigned => {
            Err(Error::invalid_field("status", "is ASSIGNED with an assignedTo alone"))
        }
        Status::AiActive if state.bot.is_some() => {
            let mut events: Vec<InboxEvent> = state.reopen(now).into_iter().collect();
            events.extend(state.assign(None, by, now));
            state.resume_bot();
            Ok(events)
        }
        Status::BotActive | Status::AiActive => {
            Err(Error::invalid_field("status", "needs a bot or a flow, and there is none"))
        }
    }
}
