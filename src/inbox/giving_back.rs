//! What is assigned to an agent: given back when they leave, and how much it is.

use std::collections::HashMap;

use crate::{
    contacts::Actor,
    domain::{Error, SessionId},
    events::{NewEvent, Work},
    inbox::{
        agent::Agent,
        keeping::keep_state,
        rotation,
        service::{Inbox, InboxParts},
        state::{Folder, InboxState, List},
        status::Status,
        timeline,
    },
};

/// Conversations that are read at once.
const AT_ONCE: usize = 200;
/// Conversations that are taken from somebody in one commit.
const TAKEN_AT_ONCE: usize = 500;
/// Conversations that are looked at for the load of all agents.
const MOST_COUNTED: usize = 20_000;

impl Inbox {
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
        let InboxParts { store, log, .. } = self.parts();
        rotation::forget(store, whose.0.id()).await?;
        let mut work = log.work();
        loop {
            let all = (|_: &InboxState| true, TAKEN_AT_ONCE);
            let is_rest = self.take_from(&mut work, sessions, whose, all).await?;
            let Some(events) = work.commit().await? else { continue };
            match events.last() {
                Some(last) => log.publish(last.seq).await?,
                None => store.durable().await?,
            }
            if !is_rest {
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
        let InboxParts { contacts, clock, .. } = self.parts();
        let mut assigned: Vec<InboxState> = Vec::new();
        for session in sessions {
            for folder in Folder::ALL {
                let list = List::Assignee(Some(agent)).name(folder, None);
                let list = InboxState::list(session, &list);
                let mut part = list.clone().below();
                loop {
                    let found = work.store().follow(part, AT_ONCE).await?;
                    let last = found.last().map(|last| last.entry.clone());
                    let is_end = found.len() < AT_ONCE;
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
            timeline::note(contacts, work, &state, &events, actor, now).await?;
        }
        Ok(is_rest)
    }

    /// How many conversations are assigned to each agent and not resolved.
    pub async fn loads(&self, sessions: &[SessionId]) -> Result<HashMap<Agent, u64>, Error> {
        let InboxParts { store, .. } = self.parts();
        let mut loads: HashMap<Agent, u64> = HashMap::new();
        let mut looked_at = 0;
        for session in sessions {
            let list = List::Status(Status::Assigned).name(Folder::Inbox, None);
            let list = InboxState::list(session, &list);
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
