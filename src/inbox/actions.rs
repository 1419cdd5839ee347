//! Actions of callers on conversations: each is one commit with its events, and durable when its function returns.

use uuid::Uuid;

use crate::{
    contacts::Actor,
    domain::{Clock, Error, Jid, SessionId, Timestamp},
    events::{EventLog, NewEvent},
    inbox::{
        agent::Agent, bot_run::HandoffReason, caller_change::InboxChange, event::InboxEvent,
        keeping::keep_state, service::InboxParts, state::InboxState, timeline,
    },
    jobs::Jobs,
    messaging::unknown_conversation,
    store::Store,
};

/// What callers do with conversations. Clones are the same service.
#[derive(Clone)]
pub struct InboxActions {
    store: Store,
    log: EventLog,
    clock: Clock,
    jobs: Jobs,
}

impl InboxActions {
    pub fn new(parts: &InboxParts) -> Self {
        let InboxParts { store, log, clock, jobs, .. } = parts.clone();
        Self { store, log, clock, jobs }
    }

    /// Gives a conversation to an agent, or to nobody.
    pub async fn assign(
        &self,
        (session, chat): (&SessionId, &Jid),
        assignee: Option<Agent>,
        by: Option<Agent>,
    ) -> Result<InboxState, Error> {
        self.change((session, chat), by, |state, now| Ok(state.assign(assignee, by, now))).await
    }

    /// Resolves a conversation. `survey` says whether the contact is asked for a rating; without it, the settings do.
    pub async fn resolve(
        &self,
        (session, chat): (&SessionId, &Jid),
        by: Option<Agent>,
        survey: Option<bool>,
    ) -> Result<InboxState, Error> {
        self.change((session, chat), by, |state, now| {
            Ok(state.resolve(by, survey, now).into_iter().collect())
        })
        .await
    }

    /// Reopens a resolved conversation; any other stays as it is.
    pub async fn reopen(
        &self,
        (session, chat): (&SessionId, &Jid),
        by: Option<Agent>,
    ) -> Result<InboxState, Error> {
        self.change((session, chat), by, |state, now| Ok(state.reopen(now).into_iter().collect()))
            .await
    }

    /// Leaves a conversation with a bot to people, as its visitor asks.
    pub async fn ask_for_person(
        &self,
        (session, chat): (&SessionId, &Jid),
        bot: Uuid,
    ) -> Result<InboxState, Error> {
        self.change((session, chat), None, |state, now| {
            let mut events: Vec<InboxEvent> = state.reopen(now).into_iter().collect();
            // One that is with people stays as it is.
            if state.is_for_bots() {
                events.push(state.hand_off(bot, HandoffReason::Visitor, now));
            }
            Ok(events)
        })
        .await
    }

    pub async fn star(
        &self,
        (session, chat): (&SessionId, &Jid),
        starred: bool,
    ) -> Result<InboxState, Error> {
        self.change((session, chat), None, |state, _| {
            state.starred = starred;
            Ok(Vec::new())
        })
        .await
    }

    /// Marks a conversation as unread, or takes the mark away.
    pub async fn mark_unread(
        &self,
        (session, chat): (&SessionId, &Jid),
        unread: bool,
    ) -> Result<(), Error> {
        let known = self.store.get(&InboxState::at(session, chat)).await?;
        if known.is_none_or(|state| state.listed.hidden || state.marked_unread == unread) {
            return Ok(());
        }
        let mark = |state: &mut InboxState, _| {
            state.marked_unread = unread;
            Ok(Vec::new())
        };
        self.change((session, chat), None, mark).await.map(drop)
    }

    /// Chooses what the next messages to the contact go by.
    pub async fn send_by_sms(
        &self,
        (session, chat): (&SessionId, &Jid),
        by_sms: bool,
    ) -> Result<InboxState, Error> {
        self.change((session, chat), None, |state, _| {
            state.sends_by_sms = (by_sms != session.is_sms()).then_some(by_sms);
            Ok(Vec::new())
        })
        .await
    }

    /// Makes a change of a caller, all of it or nothing.
    pub async fn apply(
        &self,
        (session, chat): (&SessionId, &Jid),
        change: InboxChange,
        by: Option<Agent>,
    ) -> Result<InboxState, Error> {
        self.change((session, chat), by, |state, now| change.apply(state, by, now)).await
    }

    /// Refuses a change that [`Self::apply`] would refuse now.
    pub fn check(
        &self,
        state: &InboxState,
        change: InboxChange,
        by: Option<Agent>,
    ) -> Result<(), Error> {
        change.apply(&mut state.clone(), by, self.clock.now()).map(drop)
    }

    /// Changes a state and logs the events of the change, in one commit. Durable on return.
    async fn change(
        &self,
        (session, chat): (&SessionId, &Jid),
        by: Option<Agent>,
        change: impl Fn(&mut InboxState, Timestamp) -> Result<Vec<InboxEvent>, Error>,
    ) -> Result<InboxState, Error> {
        let Self { log, clock, .. } = self;
        let actor = by.map_or(Actor::caller(None), Agent::actor);
        let mut work = log.work();
        let state = loop {
            let known = work.get(&InboxState::at(session, chat)).await?;
            let known = known.filter(|state| !state.listed.hidden);
            let mut state = known.ok_or_else(|| unknown_conversation(chat.as_str()))?;
            let events = change(&mut state, clock.now())?;
            for event in &events {
                work.append(NewEvent::of_module(Some(session.into()), event)?);
            }
            keep_state(&mut work, &state).await?;
            timeline::note(&work, &state, &events, actor, clock.now()).await?;
            if work.commit_durable().await? {
                break state;
            }
        };
        if state.snoozed_until.is_some() {
            self.jobs.woken();
        }
        Ok(state)
    }
}
