//! Chats with what the gateway itself knows of them, over all sessions, newest activity first.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use uuid::Uuid;

use crate::{
    domain::{
        Chat, Contact, Error, ErrorCode, Jid, MessageId, SessionId, SessionState, Subject,
        Timestamp,
        address::digits_of,
        conversation::{AutomationPause, ConversationRecord, DayCount, StoredMessage, Window},
        fold::fold,
        outbox::OutboxEntry,
        shown::shown,
    },
    messaging::{Messaging, identity::number_of},
    store::{Chats, Listing},
};

const READ_AT_ONCE: usize = 64;
/// How long a total is kept.
const TOTAL_LIFE: Duration = Duration::from_secs(300);
/// A change is announced before its commit: what is counted sooner after it may not hold it yet.
const SETTLED: Duration = Duration::from_secs(1);
const MOST_TOTALS: usize = 256;

/// A chat and what the gateway knows of it.
pub struct Conversation {
    pub record: ConversationRecord,
    pub chat: Chat,
    /// Whom it is with; a person by the number, where it is known.
    pub with: Jid,
    /// The person at the other end, when it is one.
    pub contact: Option<Contact>,
    /// The newest message that is stored.
    pub last: Option<StoredMessage>,
}

impl Conversation {
    /// The best name there is, and what kind it is.
    pub fn name(&self) -> ConversationName<'_> {
        name_of(&self.chat, &self.with, self.contact.as_ref())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConversationName<'a> {
    Name(&'a str),
    /// Nobody gave one; the digits of the number.
    Number(&'a str),
}

/// Which conversations a list holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConversationFilter {
    /// Of these sessions.
    pub sessions: Vec<SessionId>,
    pub archived: bool,
    pub is_group: Option<bool>,
    /// Only those with something unread.
    pub unread: bool,
    pub tag: Option<Uuid>,
    /// Part of the name, or of the number.
    pub search: Option<String>,
}

/// A message, or one that is still to be sent.
pub enum Found {
    Message(SessionId, Box<StoredMessage>),
    Waiting(Box<OutboxEntry>),
}

/// Totals that were counted a moment ago. Clones are the same.
#[derive(Clone, Default)]
pub struct Totals(Arc<Mutex<HashMap<ConversationFilter, Total>>>);

#[derive(Clone, Copy)]
struct Total {
    count: usize,
    listing: Listing,
    at: Instant,
}

impl Messaging {
    /// A part of the list, and how long the whole of it is.
    pub async fn conversations(
        &self,
        filter: &ConversationFilter,
        offset: usize,
        limit: usize,
    ) -> Result<(Vec<Conversation>, usize), Error> {
        let chats = self.store.chats();
        let listing = chats.listing();
        let is_settled = SETTLED <= listing.since.elapsed();
        let known = self.totals.get(filter, listing);
        let sought = filter.search.as_deref().map(Sought::read);
        let mut newest = Merged::new(&chats, &filter.sessions);
        let (mut page, mut count) = (Vec::new(), 0);
        while let Some((session, chat)) = newest.next().await? {
            let found = self.matching(filter, sought.as_ref(), &session, chat).await?;
            let Some(found) = found else { continue };
            if offset <= count && page.len() < limit {
                page.push(self.completed(found).await?);
            }
            count += 1;
            if let Some(total) = known
                && offset + limit <= count
            {
                return Ok((page, total.max(count)));
            }
        }
        if is_settled {
            self.totals.put(filter, Total { count, listing, at: Instant::now() });
        }
        Ok((page, count))
    }

    pub async fn conversation(&self, id: &str) -> Result<Conversation, Error> {
        let stored = self.store.conversations();
        let record = match (id.parse::<Uuid>(), id.parse::<u64>()) {
            (Ok(uuid), _) => stored.by_uuid(uuid).await?,
            (_, Ok(number)) => stored.by_number(number).await?,
            _ => None,
        };
        let record = record.ok_or_else(|| unknown_conversation(id))?;
        let chat = self.store.chats().get(&record.session, &record.chat).await?;
        let chat = chat.filter(|_| !record.hidden).ok_or_else(|| unknown_conversation(id))?;
        self.completed((record, chat, None)).await
    }

    pub async fn conversation_with(
        &self,
        session: &SessionId,
        chat: &Jid,
    ) -> Result<Conversation, Error> {
        let chat = &self.chat_name(session, chat).await?;
        let record = self.store.conversations().get(session, chat).await?;
        let known = self.store.chats().get(session, chat).await?;
        match (record, known) {
            (Some(record), Some(chat)) => self.completed((record, chat, None)).await,
            _ => Err(unknown_conversation(chat.as_str())),
        }
    }

    /// A message by its UUID or number; one that waits to be sent by its UUID.
    pub async fn message(&self, id: &str) -> Result<Found, Error> {
        let stored = self.store.messages();
        let (uuid, number) = (id.parse::<Uuid>().ok(), id.parse::<u64>().ok());
        let found = match (uuid, number) {
            (Some(uuid), _) => stored.by_uuid(uuid).await?,
            (_, Some(number)) => stored.by_number(number).await?,
            _ => None,
        };
        if let Some((session, stored)) = found {
            return Ok(Found::Message(session, Box::new(stored)));
        }
        let waiting = match uuid {
            Some(uuid) => self.store.outbox().by_uuid(uuid).await?,
            None => None,
        };
        let unknown = || Error::not_found(Subject::Message, "there is no such message");
        waiting.map(|entry| Found::Waiting(Box::new(entry))).ok_or_else(unknown)
    }

    pub async fn stored_message(
        &self,
        session: &SessionId,
        id: &MessageId,
    ) -> Result<Option<StoredMessage>, Error> {
        let chat = self.chat_name(session, &id.chat).await?;
        Ok(self.store.messages().stored_by_key(session, &chat, &id.key).await?)
    }

    /// What is known of people; of one who is no contact, the name that their chat bears.
    pub async fn people(
        &self,
        session: &SessionId,
        ids: impl IntoIterator<Item = Jid>,
    ) -> Result<HashMap<Jid, Contact>, Error> {
        let mut people = HashMap::new();
        for id in ids {
            if people.contains_key(&id) {
                continue;
            }
            let number = number_of(&self.store, session, &id).await?;
            let contact = match self.store.contacts().get(session, &number).await? {
                Some(contact) => Some(contact),
                None => self.store.chats().get(session, &id).await?.map(stranger),
            };
            people.extend(contact.map(|contact| (id, contact)));
        }
        Ok(people)
    }

    /// What a session sent and received from the day (UTC) of `since` on.
    pub async fn counted_since(
        &self,
        session: &SessionId,
        since: Timestamp,
    ) -> Result<DayCount, Error> {
        Ok(self.store.messages().counted_since(session, since).await?)
    }

    /// Nothing is unread any more; the senders see it when the session is ready.
    pub async fn read_conversation(&self, of: &ConversationRecord) -> Result<(), Error> {
        if self.is_ready(&of.session)? {
            match self.mark_read(&of.session, &of.chat).await {
                // The connection was lost meanwhile.
                Err(error) if error.code == ErrorCode::NotReady => (),
                outcome => return outcome,
            }
        }
        Ok(self.ingest.change_chat(&of.session, &of.chat, |chat| chat.unread = 0).await?)
    }

    pub async fn pause_automation(
        &self,
        of: &ConversationRecord,
        by: Option<Uuid>,
        reason: Option<String>,
    ) -> Result<AutomationPause, Error> {
        let pause = AutomationPause { at: self.clock.now(), by, reason };
        let kept = pause.clone();
        let change = |record: &mut ConversationRecord| {
            (record.changed_at, record.pause) = (kept.at, Some(kept.clone()));
        };
        self.ingest.change_conversation(&of.session, &of.chat, change).await?;
        Ok(pause)
    }

    pub async fn resume_automation(&self, of: &ConversationRecord) -> Result<(), Error> {
        let now = self.clock.now();
        let change = |record: &mut ConversationRecord| {
            (record.changed_at, record.pause) = (now, None);
        };
        self.ingest.change_conversation(&of.session, &of.chat, change).await?;
        Ok(())
    }

    /// Removes a conversation and its messages here; the account keeps them.
    pub async fn delete_conversation(&self, of: &ConversationRecord) -> Result<(), Error> {
        self.ingest.delete_conversation(&of.session, &of.chat).await?;
        Ok(())
    }

    pub(in crate::messaging) fn is_ready(&self, session: &SessionId) -> Result<bool, Error> {
        Ok(self.supervisor.get(session)?.status().state == SessionState::Ready)
    }

    async fn matching(
        &self,
        filter: &ConversationFilter,
        sought: Option<&Sought>,
        session: &SessionId,
        chat: Chat,
    ) -> Result<Option<Known>, Error> {
        let is_out = chat.archived != filter.archived
            || filter.is_group.is_some_and(|wanted| wanted != chat.id.is_group())
            || (filter.unread && chat.unread == 0);
        if is_out {
            return Ok(None);
        }
        let record = self.store.conversations().get(session, &chat.id).await?;
        let Some(record) = record.filter(|record| !record.hidden) else {
            return Ok(None);
        };
        if filter.tag.is_some_and(|tag| !record.tags.contains(&tag)) {
            return Ok(None);
        }
        let Some(sought) = sought else { return Ok(Some((record, chat, None))) };
        let with = number_of(&self.store, session, &chat.id).await?;
        let contact = self.store.contacts().get(session, &with).await?;
        let is_found = sought.is_in(&chat, &with, contact.as_ref());
        Ok(is_found.then_some((record, chat, contact)))
    }

    async fn completed(&self, (record, chat, contact): Known) -> Result<Conversation, Error> {
        let with = number_of(&self.store, &record.session, &chat.id).await?;
        let contact = match contact {
            Some(contact) => Some(contact),
            None => self.store.contacts().get(&record.session, &with).await?,
        };
        let messages = self.store.messages();
        let last = messages.window(&record.session, &chat.id, Window::Newest, 1).await?.pop();
        Ok(Conversation { record, chat, with, contact, last })
    }
}

/// Somebody who is known by a chat alone.
fn stranger(chat: Chat) -> Contact {
    let name = chat.given_name().map(str::to_owned);
    Contact {
        id: chat.id,
        lid: None,
        name: None,
        short_name: None,
        push_name: name,
        in_address_book: false,
        on_whatsapp: true,
        business: false,
        blocked: false,
        picture: None,
    }
}

type Known = (ConversationRecord, Chat, Option<Contact>);

impl Totals {
    fn get(&self, filter: &ConversationFilter, listing: Listing) -> Option<usize> {
        if !can_be_kept(filter) {
            return None;
        }
        let totals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let total = totals.get(filter)?;
        (total.listing == listing && total.at.elapsed() < TOTAL_LIFE).then_some(total.count)
    }

    fn put(&self, filter: &ConversationFilter, total: Total) {
        if !can_be_kept(filter) {
            return;
        }
        let mut totals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        totals.retain(|_, total| total.at.elapsed() < TOTAL_LIFE);
        if totals.len() < MOST_TOTALS {
            totals.insert(filter.clone(), total);
        }
    }
}

/// Whether the total changes only with the listing.
fn can_be_kept(filter: &ConversationFilter) -> bool {
    !filter.unread && filter.tag.is_none() && filter.search.is_none()
}

/// The chats of several sessions, read bit by bit, newest activity first.
struct Merged<'a> {
    chats: &'a Chats<'a>,
    sessions: Vec<Line>,
}

struct Line {
    session: SessionId,
    read: VecDeque<Chat>,
    last: Option<Chat>,
    is_over: bool,
}

impl<'a> Merged<'a> {
    fn new(chats: &'a Chats<'a>, sessions: &[SessionId]) -> Self {
        let line = |session: &SessionId| Line {
            session: session.clone(),
            read: VecDeque::new(),
            last: None,
            is_over: false,
        };
        Self { chats, sessions: sessions.iter().map(line).collect() }
    }

    async fn next(&mut self) -> Result<Option<(SessionId, Chat)>, Error> {
        for line in &mut self.sessions {
            if line.read.is_empty() && !line.is_over {
                // A long list is read in one go otherwise: the store never waits.
                tokio::task::yield_now().await;
                let last = line.last.as_ref();
                let page = self.chats.after(&line.session, last, READ_AT_ONCE).await?;
                line.is_over = page.len() < READ_AT_ONCE;
                line.last = page.last().cloned().or(line.last.take());
                line.read = page.into();
            }
        }
        let newest = self
            .sessions
            .iter_mut()
            .max_by_key(|line| line.read.front().map(|chat| chat.last_activity));
        let next = newest.and_then(|line| Some((line.session.clone(), line.read.pop_front()?)));
        Ok(next)
    }
}

fn name_of<'a>(
    chat: &'a Chat,
    with: &'a Jid,
    contact: Option<&'a Contact>,
) -> ConversationName<'a> {
    let given = contact.and_then(|contact| {
        let names = [contact.name.as_deref(), contact.push_name.as_deref()];
        names.into_iter().flatten().find(|name| !name.is_empty())
    });
    match given.or_else(|| chat.given_name()) {
        Some(name) => ConversationName::Name(name),
        None => ConversationName::Number(with.user()),
    }
}

/// What a conversation is looked for by.
struct Sought {
    text: String,
    /// Of a number, however it is written.
    digits: Option<String>,
}

impl Sought {
    fn read(search: &str) -> Self {
        Self { text: fold(search), digits: digits_of(search) }
    }

    /// Letters are looked for in the name, digits in the number too.
    fn is_in(&self, chat: &Chat, with: &Jid, contact: Option<&Contact>) -> bool {
        let name = match name_of(chat, with, contact) {
            ConversationName::Name(name) | ConversationName::Number(name) => name,
        };
        let is_in_number = |digits: &String| with.user().contains(digits);
        (!self.text.is_empty() && fold(name).contains(&self.text))
            || self.digits.as_ref().is_some_and(is_in_number)
    }
}

/// There is no such conversation, or none that the caller may see: both are worded the same.
pub fn unknown_conversation(id: &str) -> Error {
    Error::not_found(Subject::Chat, format!("there is no conversation '{}'", shown(id)))
}
