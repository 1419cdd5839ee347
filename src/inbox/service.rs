//! Handle of the inbox: its lists and single conversations, as they are read.

use std::time::Duration;

use uuid::Uuid;

use crate::{
    contacts::Contacts,
    domain::{Clock, Error, ErrorCode, Jid, Message, SessionId},
    events::{Consumers, EventLog},
    inbox::{
        counts,
        list::{self, InboxFilter, InboxPage},
        merge::order,
        sent_note::SentNote,
        settings::{CONSUMER, InboxSettings},
        state::{Folder, InboxState, List},
    },
    jobs::Jobs,
    messaging::Conversations,
    policy::Window,
    settings::Settings,
    store::{Record, Store},
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
}
