//! The list of conversations over all sessions, newest activity first, in pages and with its length.
//!
//! It is read in steps, each of a few calls to the store however many chats it holds.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use uuid::Uuid;

use crate::{
    domain::{
        Chat, Contact, Error, Jid, SessionId, address::digits_of, conversation::ConversationRecord,
        fold::fold,
    },
    messaging::{
        Messaging,
        conversations::{Conversation, ConversationName, name_of},
        identity::numbers_of,
    },
    store::{Chats, Listing},
};

/// Chats of each session that are read in the first step; each further step reads twice as many.
const FIRST_STEP: usize = 64;
const LONGEST_STEP: usize = 1_024;
/// How long a total is kept.
const TOTAL_LIFE: Duration = Duration::from_secs(300);
/// A change is announced before its commit: what is counted sooner after it may not hold it yet.
const SETTLED: Duration = Duration::from_secs(1);
const MOST_TOTALS: usize = 256;

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

impl ConversationFilter {
    fn holds_chat(&self, chat: &Chat) -> bool {
        chat.archived == self.archived
            && self.is_group.is_none_or(|wanted| wanted == chat.id.is_group())
            && (!self.unread || 0 < chat.unread)
    }

    fn holds_record(&self, record: &ConversationRecord) -> bool {
        !record.hidden && self.tag.is_none_or(|tag| record.tags.contains(&tag))
    }

    /// Whether the total changes only with the listing.
    fn has_lasting_total(&self) -> bool {
        !self.unread && self.tag.is_none() && self.search.is_none()
    }
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
        let mut newest = Newest::new(&chats, &filter.sessions);
        let (mut page, mut count) = (Vec::new(), 0);
        while let Some(step) = newest.next().await? {
            for found in self.matching(filter, step).await? {
                if offset <= count && page.len() < limit {
                    page.push(found);
                }
                count += 1;
            }
            if let Some(total) = known
                && offset + limit <= count
            {
                return Ok((self.completed(page).await?, total.max(count)));
            }
        }
        if is_settled {
            self.totals.put(filter, Total { count, listing, at: Instant::now() });
        }
        Ok((self.completed(page).await?, count))
    }

    /// Those of some chats that the filter holds, in their order.
    async fn matching(
        &self,
        filter: &ConversationFilter,
        mut chats: Vec<(SessionId, Chat)>,
    ) -> Result<Vec<Known>, Error> {
        chats.retain(|(_, chat)| filter.holds_chat(chat));
        let ids = chats.iter().map(|(session, chat)| (session, &chat.id));
        let records = self.store.conversations().get_many(ids).await?;
        let pairs = chats.into_iter().zip(records);
        let mut known: Vec<Known> = pairs
            .filter_map(|((_, chat), record)| Some((record?, chat)))
            .filter(|(record, _)| filter.holds_record(record))
            .collect();
        if let Some(sought) = filter.search.as_deref().map(Sought::read) {
            let people = self.people_of(&known).await?;
            let is_found = |((_, chat), (with, contact)): &(Known, Person)| {
                sought.is_in(chat, with, contact.as_ref())
            };
            let found = known.into_iter().zip(people).filter(is_found);
            known = found.map(|(known, _)| known).collect();
        }
        Ok(known)
    }

    /// Adds what is shown of conversations beside the chat itself.
    pub(in crate::messaging) async fn completed(
        &self,
        known: Vec<Known>,
    ) -> Result<Vec<Conversation>, Error> {
        let people = self.people_of(&known).await?;
        let chats = known.iter().map(|(record, chat)| (&record.session, &chat.id));
        let newest = self.store.messages().newest_of(chats).await?;
        let whole = known.into_iter().zip(people).zip(newest);
        let whole = whole.map(|(((record, chat), (with, contact)), last)| Conversation {
            record,
            chat,
            with,
            contact,
            last,
        });
        Ok(whole.collect())
    }

    /// Whom conversations are with, and what is known of them.
    async fn people_of(&self, known: &[Known]) -> Result<Vec<Person>, Error> {
        let ids = known.iter().map(|(record, chat)| (&record.session, &chat.id));
        let numbers = numbers_of(&self.store, ids).await?;
        let ids = known.iter().zip(&numbers).map(|((record, _), with)| (&record.session, with));
        let contacts = self.store.contacts().get_many(ids).await?;
        Ok(numbers.into_iter().zip(contacts).collect())
    }
}

/// A chat with the gateway's own record of it.
pub type Known = (ConversationRecord, Chat);
/// Whom a conversation is with, and the contact.
type Person = (Jid, Option<Contact>);

/// Totals that were counted a moment ago. Clones are the same.
#[derive(Clone, Default)]
pub struct Totals(Arc<Mutex<HashMap<ConversationFilter, Total>>>);

#[derive(Clone, Copy)]
struct Total {
    count: usize,
    listing: Listing,
    at: Instant,
}

impl Totals {
    fn get(&self, filter: &ConversationFilter, listing: Listing) -> Option<usize> {
        if !filter.has_lasting_total() {
            return None;
        }
        let totals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let total = totals.get(filter)?;
        (total.listing == listing && total.at.elapsed() < TOTAL_LIFE).then_some(total.count)
    }

    fn put(&self, filter: &ConversationFilter, total: Total) {
        if !filter.has_lasting_total() {
            return;
        }
        let mut totals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        totals.retain(|_, total| total.at.elapsed() < TOTAL_LIFE);
        if totals.len() < MOST_TOTALS {
            totals.insert(filter.clone(), total);
        }
    }
}

/// The chats of several sessions, newest activity first, read in steps.
struct Newest<'a> {
    chats: &'a Chats<'a>,
    sessions: Vec<Reading>,
    step: usize,
}

/// How far a session's chats are read.
struct Reading {
    session: SessionId,
    /// Read and not given out.
    ahead: VecDeque<Chat>,
    last: Option<Chat>,
    is_over: bool,
}

impl<'a> Newest<'a> {
    fn new(chats: &'a Chats<'a>, sessions: &[SessionId]) -> Self {
        let reading = |session: &SessionId| Reading {
            session: session.clone(),
            ahead: VecDeque::new(),
            last: None,
            is_over: false,
        };
        Self { chats, sessions: sessions.iter().map(reading).collect(), step: FIRST_STEP }
    }

    /// The next chats, at least one; none at the end.
    async fn next(&mut self) -> Result<Option<Vec<(SessionId, Chat)>>, Error> {
        self.read_ahead().await?;
        let mut next = Vec::new();
        // Which chat is next is known as long as every session that has more has one at hand.
        while self.sessions.iter().all(|one| one.is_over || !one.ahead.is_empty()) {
            let newest = self
                .sessions
                .iter_mut()
                .max_by_key(|one| one.ahead.front().map(|chat| chat.last_activity));
            match newest.and_then(|one| Some((one.session.clone(), one.ahead.pop_front()?))) {
                Some(chat) => next.push(chat),
                None => break,
            }
        }
        Ok(Some(next).filter(|next| !next.is_empty()))
    }

    /// Reads more of those of which nothing is at hand.
    async fn read_ahead(&mut self) -> Result<(), Error> {
        let mut empty: Vec<&mut Reading> =
            self.sessions.iter_mut().filter(|one| one.ahead.is_empty() && !one.is_over).collect();
        if empty.is_empty() {
            return Ok(());
        }
        // The store may wait for nothing: others get their turn between two steps.
        tokio::task::yield_now().await;
        let from = empty.iter().map(|one| (&one.session, one.last.as_ref()));
        let pages = self.chats.after(from, self.step).await?;
        for (one, page) in empty.iter_mut().zip(pages) {
            one.is_over = page.len() < self.step;
            one.last = page.last().cloned().or(one.last.take());
            one.ahead = page.into();
        }
        self.step = (self.step * 2).min(LONGEST_STEP);
        Ok(())
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
