//! Handle of the inbox: lists, single conversations, and what callers change in them.

use std::time::Duration;

use uuid::Uuid;

use crate::{
    contacts::{Actor, Contacts},
    domain::{Clock, Error, ErrorCode, Jid, Message, SessionId, Timestamp},
    events::{Consumers, EventLog, NewEvent, Work},
    inbox::{
        agent::Agent,
        changes::InboxChange,
        counts,
        event::InboxEvent,
        keeping::keep_state,
        list::{self, InboxFilter, InboxPage},
        merge::order,
        rotation,
        sent_note::SentNote,
        settings::{CONSUMER, InboxSettings},
        state::{Folder, InboxState, List},
        status::Status,
        timeline,
    },
    jobs::Jobs,
    messaging::{Conversations, unknown_conversation},
    policy::Window,
    settings::Settings,
    store::{Record, Store, StoreError},
};

/// How long a caller waits for what was logged before to be handled.
const PATIENCE: Duration = Duration::from_secs(2);
/// Conversations that are looked at at once.
const KEYS_AT_ONCE: usize = 200;

/// What the inbox needs.
#[derive(Clone)]
pub struct InboxParts {
    pub store: Store,
    pub log: EventLog,
    pub consumers: Consumers,
    pub conversations: Conversations,
    pub contacts: Contacts,
    pub clock: Clock,
    pub settings: Settings,
    pub jobs: Jobs,
}

/// Clones are the same inbox.
#[derive(Clone)]
pub struct Inbox {
    parts: InboxParts,
}

impl Inbox {
    pub fn new(parts: InboxParts) -> Self {
        Self { parts }
    }

    /// Those in effect now.
    pub fn settings(&self) -> InboxSettings {
        InboxSettings::of(&self.parts.settings.now())
    }

    pub fn parts(&self) -> &InboxParts {
        &self.parts
    }

    /// Returns when all that is in the log now has been handled, so that what a contact did a moment ago counts.
    pub async fn caught_up(&self) -> Result<(), Error> {
        if self.parts.consumers.caught_up(CONSUMER, PATIENCE).await {
            return Ok(());
        }
        let message = "the inbox has not caught up with what came in; try again";
        Err(Error::new(ErrorCode::Unavailable, message))
    }

    /// Waits a while until an event has been handled. Whether it has.
    pub async fn reached(&self, event: u64) -> bool {
        self.parts.consumers.reached(CONSUMER, event, PATIENCE).await
    }

    /// None for a chat that is not in the inbox.
    pub async fn get(&self, session: &SessionId, chat: &Jid) -> Result<Option<InboxState>, Error> {
        let found = self.last(session, chat).await?;
        Ok(found.filter(|state| !state.listed.hidden))
    }

    /// The same, also of a conversation that was deleted: where it was in the lists.
    pub async fn last(&self, session: &SessionId, chat: &Jid) -> Result<Option<InboxState>, Error> {
        Ok(self.parts.store.get(&InboxState::at(session, chat)).await?)
    }

    /// Whether a session has a conversation that is not deleted.
    pub async fn has_conversations(&self, session: &SessionId) -> Result<bool, Error> {
        let all = <InboxState as Record>::key().text(session.as_str());
        let mut part = all.clone().below();
        loop {
            let keys = self.parts.store.keys(part, KEYS_AT_ONCE).await?;
            let found = self.parts.store.get_many(&keys).await?;
            if found.into_iter().flatten().any(|state| !state.listed.hidden) {
                return Ok(true);
            }
            match keys.into_iter().nth(KEYS_AT_ONCE - 1) {
                Some(last) => part = all.clone().below().after(&last),
                None => return Ok(false),
            }
        }
    }

    /// The conversations of these chats in these sessions, newest activity first.
    pub async fn of_chats(
        &self,
        sessions: &[SessionId],
        chats: &[Jid],
    ) -> Result<Vec<InboxState>, Error> {
        let places =
            sessions.iter().flat_map(|session| chats.iter().map(move |chat| (session, chat)));
        let keys: Vec<_> = places.map(|(session, chat)| InboxState::at(session, chat)).collect();
        let found = self.parts.store.get_many(&keys).await?.into_iter().flatten();
        let mut states: Vec<InboxState> = found.filter(|state| !state.listed.hidden).collect();
        states.sort_by(|one, other| order(one).cmp(&order(other)));
        Ok(states)
    }

    /// A page of a list, from `offset` on or behind a conversation.
    pub async fn page(
        &self,
        filter: &InboxFilter,
        before: Option<&InboxState>,
        (offset, limit): (usize, usize),
    ) -> Result<InboxPage, Error> {
        let InboxParts { store, conversations, .. } = &self.parts;
        list::page(store, conversations, filter, before, (offset, limit)).await
    }

    /// How many conversations each of these lists of a folder has, in their order.
    pub async fn lengths(
        &self,
        (sessions, folder): (&[SessionId], Folder),
        bot: Option<Uuid>,
        lists: &[List],
    ) -> Result<Vec<u64>, Error> {
        let mut lengths = Vec::new();
        for list in lists {
            let name = list.name(folder, bot);
            lengths.push(counts::length(&self.parts.store, sessions, &name).await?);
        }
        Ok(lengths)
    }

    /// The window of a conversation; closed for one that is not in the inbox.
    pub fn window(&self, state: Option<&InboxState>) -> Window {
        let last_inbound = state.and_then(|state| state.last_inbound);
        Window { last_inbound, length: self.settings().window }
    }

    /// What is noted of messages, in their order; none where nothing is.
    pub async fn notes<'a>(
        &self,
        messages: impl IntoIterator<Item = (&'a SessionId, &'a Message)>,
    ) -> Result<Vec<Option<SentNote>>, Error> {
        let key =
            |(session, message): (&SessionId, &Message)| SentNote::at(session, &message.id.key);
        let (mut keys, mut is_own) = (Vec::new(), Vec::new());
        for one in messages {
            is_own.push(one.1.from_me());
            keys.push(key(one));
        }
        let notes = self.parts.store.get_many(&keys).await?;
        // Keys of others may be any text.
        let both = notes.into_iter().zip(is_own);
        Ok(both.map(|(note, is_own)| note.filter(|_| is_own)).collect())
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

    /// Gives an open conversation that nobody has to the agent whose turn it is. None where somebody has it by now, and
    /// without agents.
    pub async fn assign_in_turn(
        &self,
        (session, chat): (&SessionId, &Jid),
        (bot, agents): (Uuid, &[Uuid]),
        by: Option<Agent>,
    ) -> Result<Option<Uuid>, Error> {
        let InboxParts { store, log, clock, contacts, .. } = &self.parts;
        let (actor, now) = (by.map_or(Actor::caller(None), Agent::actor), clock.now());
        let mut work = log.work();
        let (agent, events) = loop {
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
            timeline::note(contacts, &work, &state, &events, actor, now).await?;
            if let Some(events) = work.commit().await? {
                break (agent, events);
            }
        };
        match events.last() {
            Some(last) => log.publish(last.seq).await?,
            None => store.durable().await?,
        }
        Ok(Some(agent))
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
        timeline::note(&self.parts.contacts, work, &state, &events, Actor::GATEWAY, now).await
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
        self.change((session, chat), None, |state, now| Ok(state.ask_for_person(bot, now))).await
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
        let known = self.get(session, chat).await?;
        if known.is_none_or(|state| state.marked_unread == unread) {
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
        self.change((session, chat), by, |state, now| state.apply(change, by, now)).await
    }

    /// Refuses a change that [`Self::apply`] would refuse now.
    pub fn check(
        &self,
        state: &InboxState,
        change: InboxChange,
        by: Option<Agent>,
    ) -> Result<(), Error> {
        state.clone().apply(change, by, self.parts.clock.now()).map(drop)
    }

    /// Changes a state and logs the events of the change, in one commit. Durable on return.
    async fn change(
        &self,
        (session, chat): (&SessionId, &Jid),
        by: Option<Agent>,
        change: impl Fn(&mut InboxState, Timestamp) -> Result<Vec<InboxEvent>, Error>,
    ) -> Result<InboxState, Error> {
        let InboxParts { store, log, clock, contacts, .. } = &self.parts;
        let actor = by.map_or(Actor::caller(None), Agent::actor);
        let mut work = log.work();
        let (state, events) = loop {
            let known = work.get(&InboxState::at(session, chat)).await?;
            let known = known.filter(|state| !state.listed.hidden);
            let mut state = known.ok_or_else(|| unknown_conversation(chat.as_str()))?;
            let events = change(&mut state, clock.now())?;
            for event in &events {
                work.append(NewEvent::of_module(Some(session.into()), event)?);
            }
            keep_state(&mut work, &state).await?;
            timeline::note(contacts, &work, &state, &events, actor, clock.now()).await?;
            if let Some(events) = work.commit().await? {
                break (state, events);
            }
        };
        match events.last() {
            Some(last) => log.publish(last.seq).await?,
            None => store.durable().await?,
        }
        if state.snoozed_until.is_some() {
            self.parts.jobs.woken();
        }
        Ok(state)
    }
}
