//! Assignments of conversations to agents: in turn, by themselves, given back when an agent leaves, and counted.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    contacts::Actor,
    domain::{Clock, Error, Jid, SessionId, Timestamp},
    events::{EventLog, NewEvent, Work},
    inbox::{
        agent::Agent,
        keeping::keep_state,
        rotation,
        service::InboxParts,
        state::{self, Folder, InboxState, List},
        status::Status,
        timeline,
    },
    messaging::unknown_conversation,
    store::{Store, StoreError},
};

/// Conversations that are read at once.
const AT_ONCE: usize = 200;
/// Conversations that are taken from somebody in one commit: of many, some change meanwhile, and all are taken again.
const TAKEN_AT_ONCE: usize = 50;
/// Conversations that are looked at for the load of all agents.
const MOST_COUNTED: usize = 20_000;

/// Assigns conversations and takes them back. Clones are the same service.
#[derive(Clone)]
pub struct Assignments {
    store: Store,
    log: EventLog,
    clock: Clock,
}

impl Assignments {
    pub fn new(parts: &InboxParts) -> Self {
        let InboxParts { store, log, clock, .. } = parts.clone();
        Self { store, log, clock }
    }

    /// Gives an open conversation that nobody has to the agent whose turn it is. None where somebody has it by now, and
    /// without agents.
    pub async fn assign_in_turn(
        &self,
        (session, chat): (&SessionId, &Jid),
        (bot, agents): (Uuid, &[Uuid]),
        by: Option<Agent>,
    ) -> Result<Option<Uuid>, Error> {
        let Self { log, clock, .. } = self;
        let (actor, now) = (by.map_or(Actor::caller(None), Agent::actor), clock.now());
        let mut work = log.work();
        loop {
            let known = work.get(&InboxState::at(session, chat)).await?;
            let known = known.filter(|state| !state.listed.hidden);
            let mut state = known.ok_or_else(|| unknown_conversation(chat.as_str()))?;
            if state.status != Status::Open || state.assignee.is_some() {
                return Ok(None);
            }
            let Some(agent) = rotation::next(work.store(), bot, agents).await? else {
                return Ok(None);
            };
            let events = state.assign(Some(Agent::User(agent)), by, now);
            for event in &events {
                work.append(NewEvent::of_module(Some(session.into()), event)?);
            }
            keep_state(&mut work, &state).await?;
            timeline::note(&work, &state, &events, actor, now).await?;
            if work.commit_durable().await? {
                return Ok(Some(agent));
            }
        }
    }

    /// Gives a conversation to an agent by itself, within the work of an event.
    pub async fn assign_within(
        &self,
        work: &mut Work<'_>,
        mut state: InboxState,
        agent: Agent,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let events = state.assign(Some(agent), None, now);
        for event in &events {
            work.append(NewEvent::of_module(Some((&state.session).into()), event)?);
        }
        keep_state(work, &state).await?;
        timeline::note(work, &state, &events, Actor::GATEWAY, now).await
    }

    /// Opens the conversations that are assigned to an agent again, for nobody, within a transaction: at most `limit`.
    /// Whether there may be more.
    pub async fn give_back(
        &self,
        work: &mut Work<'_>,
        sessions: &[SessionId],
        whose: (Agent, Option<Agent>),
        limit: usize,
    ) -> Result<bool, Error> {
        // What is resolved is theirs when it goes on.
        let is_given = |state: &InboxState| state.status == Status::Assigned;
        self.take_from(work, sessions, whose, (is_given, limit)).await
    }

    /// Takes everything from an agent who is gone. What is resolved goes on for everybody, too.
    pub async fn release(
        &self,
        sessions: &[SessionId],
        whose: (Agent, Option<Agent>),
    ) -> Result<(), Error> {
        let Self { store, log, .. } = self;
        rotation::forget(store, whose.0.id()).await?;
        let mut work = log.work();
        loop {
            let all = (|_: &InboxState| true, TAKEN_AT_ONCE);
            let is_rest = self.take_from(&mut work, sessions, whose, all).await?;
            if work.commit_durable().await? && !is_rest {
                return Ok(());
            }
        }
    }

    async fn take_from(
        &self,
        work: &mut Work<'_>,
        sessions: &[SessionId],
        (agent, by): (Agent, Option<Agent>),
        (is_given, limit): (impl Fn(&InboxState) -> bool, usize),
    ) -> Result<bool, Error> {
        let Self { clock, .. } = self;
        let (mut assigned, at_once) = (Vec::<InboxState>::new(), AT_ONCE.min(limit + 1));
        for session in sessions {
            for folder in Folder::ALL {
                let list = List::Assignee(Some(agent)).name(folder, None);
                let list = state::in_list(session, &list);
                let mut part = list.clone().below();
                loop {
                    let found = work.store().follow(part, at_once).await?;
                    let last = found.last().map(|last| last.entry.clone());
                    let is_end = found.len() < at_once;
                    let states = found.into_iter().map(|found| found.record);
                    assigned.extend(states.filter(|state| is_given(state)));
                    match last {
                        Some(last) if !is_end && assigned.len() <= limit => {
                            part = list.clone().below().after(&last);
                        }
                        _ => break,
                    }
                }
            }
        }
        let is_rest = limit < assigned.len();
        let actor = by.map_or(Actor::caller(None), Agent::actor);
        for mut state in assigned.into_iter().take(limit) {
            let now = clock.now();
            let events = state.assign(None, by, now);
            for event in &events {
                work.append(NewEvent::of_module(Some((&state.session).into()), event)?);
            }
            keep_state(work, &state).await?;
            timeline::note(work, &state, &events, actor, now).await?;
        }
        Ok(is_rest)
    }

    /// How many conversations are assigned to each agent and not resolved.
    pub async fn loads(&self, sessions: &[SessionId]) -> Result<HashMap<Agent, u64>, Error> {
        let Self { store, .. } = self;
        let mut loads: HashMap<Agent, u64> = HashMap::new();
        let mut looked_at = 0;
        for session in sessions {
            let list = List::Status(Status::Assigned).name(Folder::Inbox, None);
            let list = state::in_list(session, &list);
            let mut part = list.clone().below();
            while looked_at < MOST_COUNTED {
                let found = store.follow(part, AT_ONCE).await?;
                looked_at += found.len();
                for agent in found.iter().filter_map(|found| found.record.assignee) {
                    *loads.entry(agent).or_default() += 1;
                }
                match found.into_iter().nth(AT_ONCE - 1) {
                    Some(last) => part = list.clone().below().after(&last.entry),
                    None => break,
                }
            }
        }
        Ok(loads)
    }
}
