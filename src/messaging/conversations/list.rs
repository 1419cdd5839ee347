//! List of conversations over several sessions: newest activity first, in pages, with its total.
//!
//! The list is read in steps. Each step is a few calls to the store, however many chats it holds.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use uuid::Uuid;

use crate::{
    domain::{
        Chat, Contact, Error, Jid, SessionId,
        address::{Sought, sought},
        conversation::ConversationRecord,
        fold::fold,
    },
    messaging::{
        conversations::conversation::{Conversation, ConversationName, name_of},
        identities::numbers_of,
        stored::{Chats, Listing, MessagingTables},
    },
    store::Store,
};

/// Chats of each session in the first step; each further step reads twice as many.
const FIRST_STEP: usize = 64;
const LONGEST_STEP: usize = 1_024;
/// The lifetime of a cached total.
const TOTAL_LIFE: Duration = Duration::from_secs(300);
/// A change is announced before its commit: a count within this time may miss it.
const SETTLED: Duration = Duration::from_secs(1);
const MOST_TOTALS: usize = 256;

/// Filter of a list of conversations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConversationFilter {
    /// The sessions to list.
    pub sessions: Vec<SessionId>,
    pub archived: bool,
    pub is_group: Option<bool>,
    /// Only conversations with unread messages.
    pub unread: bool,
    pub tag: Option<Uuid>,
    /// A part of the name or of the number.
    pub search: Option<String>,
}

impl ConversationFilter {
    fn matches_chat(&self, chat: &Chat) -> bool {
        chat.archived == self.archived
            && self.is_group.is_none_or(|wanted| wanted == chat.id.is_group())
            && (!self.unread || 0 < chat.unread)
    }

    fn matches_record(&self, record: &ConversationRecord) -> bool {
        !record.hidden && self.tag.is_none_or(|tag| record.inbox.tags.contains(&tag))
    }

    /// Whether the total changes only with the listing of the store.
    fn has_lasting_total(&self) -> bool {
        !self.unread && self.tag.is_none() && self.search.is_none()
    }
}

/// Clones are the same list.
#[derive(Clone)]
pub struct ConversationList {
    store: Store,
    totals: Totals,
}

impl ConversationList {
    pub fn new(store: Store) -> Self {
        Self { store, totals: Totals::default() }
    }

    /// A page of the list, and the length of the whole list.
    pub async fn page(
        &self,
        filter: &ConversationFilter,
        offset: usize,
        limit: usize,
    ) -> Result<(Vec<Conversation>, usize), Error> {
        let chats = self.store.chats();
        let listing = chats.listing();
        let is_settled = SETTLED <= listing.since.elapsed();
        let known = self.totals.get(filter, listing);
        let mut newest = NewestFirst::new(&chats, &filter.sessions);
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
                return Ok((self.complete(page, |_| true).await?, total.max(count)));
            }
        }
        if is_settled {
            self.totals.put(filter, Total { count, listing, at: Instant::now() });
        }
        Ok((self.complete(page, |_| true).await?, count))
    }

    /// The chats that match the filter, in their order.
    async fn matching(
        &self,
        filter: &ConversationFilter,
        mut chats: Vec<(SessionId, Chat)>,
    ) -> Result<Vec<Known>, Error> {
        chats.retain(|(_, chat)| filter.matches_chat(chat));
        let ids = chats.iter().map(|(session, chat)| (session, &chat.id));
        let records = self.store.conversations().get_many(ids).await?;
        let pairs = chats.into_iter().zip(records);
        let mut known: Vec<Known> = pairs
            .filter_map(|((_, chat), record)| Some((record?, chat)))
            .filter(|(record, _)| filter.matches_record(record))
            .collect();
        if let Some(search) = filter.search.as_deref() {
            let sessions = known.iter().map(|(record, _)| &record.session);
            let search = self.search(search, sessions).await?;
            let people = self.people_of(&known, |_| true).await?;
            let is_found = |((record, chat), (with, contact)): &(Known, Person)| {
                search.matches((&record.session, chat), with, contact.as_ref())
            };
            let found = known.into_iter().zip(people).filter(is_found);
            known = found.map(|(known, _)| known).collect();
        }
        Ok(known)
    }

    /// A search in the conversations of some sessions.
    pub async fn search<'s>(
        &self,
        text: &str,
        sessions: impl IntoIterator<Item = &'s SessionId>,
    ) -> Result<ConversationSearch, Error> {
        let wanted = match sought(text) {
            None => Wanted::Name,
            Some(Sought::Digits(digits)) => Wanted::Digits(digits),
            Some(Sought::Id(id)) => {
                let sessions: HashSet<&SessionId> = sessions.into_iter().collect();
                let ids = sessions.iter().map(|session| (*session, &id));
                let numbers = numbers_of(&self.store, ids).await?;
                let of_session = sessions.into_iter().cloned().zip(numbers);
                Wanted::Id(id, of_session.collect())
            }
        };
        Ok(ConversationSearch { text: fold(text), wanted })
    }

    /// Adds the newest message of each chat, and the contact of those that are to be named.
    pub async fn complete(
        &self,
        known: Vec<Known>,
        is_named: impl Fn((&SessionId, &Jid)) -> bool,
    ) -> Result<Vec<Conversation>, Error> {
        let people = self.people_of(&known, is_named).await?;
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

    /// The other side of each conversation, with the contact of those that are to be named.
    async fn people_of(
        &self,
        known: &[Known],
        is_named: impl Fn((&SessionId, &Jid)) -> bool,
    ) -> Result<Vec<Person>, Error> {
        let ids = known.iter().map(|(record, chat)| (&record.session, &chat.id));
        let numbers = numbers_of(&self.store, ids).await?;
        let is_named: Vec<bool> =
            known.iter().map(|(record, chat)| is_named((&record.session, &chat.id))).collect();
        let named = known.iter().zip(&numbers).zip(&is_named).filter(|(_, is_named)| **is_named);
        let ids = named.map(|(((record, _), with), _)| (&record.session, with));
        let mut contacts = self.store.contacts().get_many(ids).await?.into_iter();
        let person =
            |(number, is_named)| (number, if is_named { contacts.next().flatten() } else { None });
        Ok(numbers.into_iter().zip(is_named).map(person).collect())
    }
}

/// A chat with the gateway's record of it.
pub type Known = (ConversationRecord, Chat);
/// The other side of a conversation, and its contact.
type Person = (Jid, Option<Contact>);

/// Cache of totals. Clones are the same cache.
#[derive(Clone, Default)]
struct Totals(Arc<Mutex<HashMap<ConversationFilter, Total>>>);

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
struct NewestFirst<'a> {
    chats: &'a Chats<'a>,
    sessions: Vec<SessionCursor>,
    step: usize,
}

/// The position in the chats of one session.
struct SessionCursor {
    session: SessionId,
    /// Chats that were read and not returned yet.
    ahead: VecDeque<Chat>,
    last: Option<Chat>,
    is_over: bool,
}

impl SessionCursor {
    /// The place of its next chat among those of all sessions. Chats of the same moment have one order, whatever the
    /// order of the sessions that were asked for.
    fn head(&self) -> Option<(Reverse<i64>, &SessionId)> {
        let chat = self.ahead.front()?;
        // In milliseconds, as in the index: within one of them, chats of a session follow their ids.
        Some((Reverse(chat.last_activity.as_millisecond()), &self.session))
    }
}

impl<'a> NewestFirst<'a> {
    fn new(chats: &'a Chats<'a>, sessions: &[SessionId]) -> Self {
        let cursor = |session: &SessionId| SessionCursor {
            session: session.clone(),
            ahead: VecDeque::new(),
            last: None,
            is_over: false,
        };
        Self { chats, sessions: sessions.iter().map(cursor).collect(), step: FIRST_STEP }
    }

    /// The next chats; none at the end.
    async fn next(&mut self) -> Result<Option<Vec<(SessionId, Chat)>>, Error> {
        self.read_ahead().await?;
        let mut next = Vec::new();
        // The next chat is known as long as each session that has more chats has one in its buffer.
        while self.sessions.iter().all(|one| one.is_over || !one.ahead.is_empty()) {
            let with_more = self.sessions.iter_mut().filter(|one| !one.ahead.is_empty());
            let newest = with_more.min_by(|one, other| one.head().cmp(&other.head()));
            match newest.and_then(|one| Some((one.session.clone(), one.ahead.pop_front()?))) {
                Some(chat) => next.push(chat),
                None => break,
            }
        }
        Ok(Some(next).filter(|next| !next.is_empty()))
    }

    /// Reads the next step of the sessions whose buffer is empty.
    async fn read_ahead(&mut self) -> Result<(), Error> {
        let mut empty: Vec<&mut SessionCursor> =
            self.sessions.iter_mut().filter(|one| one.ahead.is_empty() && !one.is_over).collect();
        if empty.is_empty() {
            return Ok(());
        }
        // The store may never wait, so yield to other tasks between two steps.
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

/// A search in names, numbers and ids.
pub struct ConversationSearch {
    text: String,
    wanted: Wanted,
}

/// What a search finds beside names.
enum Wanted {
    Name,
    /// A part of the number, in any spelling.
    Digits(String),
    /// One chat or person, and in each session the telephone number, where it is known.
    Id(Jid, HashMap<SessionId, Jid>),
}

impl ConversationSearch {
    pub fn finds(&self, conversation: &Conversation) -> bool {
        let Conversation { record, chat, with, contact, .. } = conversation;
        self.matches((&record.session, chat), with, contact.as_ref())
    }

    fn matches(
        &self,
        (session, chat): (&SessionId, &Chat),
        with: &Jid,
        contact: Option<&Contact>,
    ) -> bool {
        let name = match name_of(chat, with, contact) {
            ConversationName::Name(name) | ConversationName::Number(name) => name,
        };
        let is_address = match &self.wanted {
            Wanted::Name => false,
            Wanted::Digits(digits) => with.user().contains(digits),
            Wanted::Id(id, numbers) => {
                chat.id == *id || with == id || numbers.get(session) == Some(with)
            }
        };
        is_address || (!self.text.is_empty() && fold(name).contains(&self.text))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{domain::clock::from_seconds, store::Batch};

    fn chat(person: u8, moment: u32) -> Chat {
        Chat {
            id: format!("1555000000{person}@c.us").parse().unwrap(),
            name: format!("person {person}"),
            unread: 0,
            archived: false,
            pinned: false,
            muted_until: None,
            last_activity: from_seconds(1) + Duration::from_micros(300) * moment,
            last_message: None,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        /// However many chats are of one moment and whichever session is named first, the list has one order, and
        /// pages of any length neither skip nor repeat a chat.
        #[test]
        fn pages_follow_one_order(
            chats in prop::collection::btree_map((0_u8..3, 0_u8..9), 0_u32..5, 1..24),
            limit in 1_usize..6,
            turn in 0_usize..3,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async {
                let store = Store::temporary().await.unwrap();
                let mut sessions: Vec<SessionId> =
                    ["a", "b", "c"].map(|id| id.parse().unwrap()).to_vec();
                let mut wanted = Vec::new();
                for ((session, person), moment) in chats {
                    let (session, chat) = (&sessions[usize::from(session)], chat(person, moment));
                    let mut batch = Batch::new();
                    store.chats().put_in(&mut batch, session, &chat).await.unwrap();
                    store.commit(batch).await.unwrap();
                    let at = chat.last_activity.as_millisecond();
                    wanted.push((Reverse(at), session.clone(), chat.id));
                }
                wanted.sort();
                sessions.rotate_left(turn);
                let filter = ConversationFilter { sessions, ..ConversationFilter::default() };
                let list = ConversationList::new(store);
                let mut found = Vec::new();
                loop {
                    let (page, total) = list.page(&filter, found.len(), limit).await.unwrap();
                    assert_eq!(total, wanted.len());
                    if page.is_empty() {
                        break;
                    }
                    found.extend(page.into_iter().map(|one| {
                        let at = one.chat.last_activity.as_millisecond();
                        (Reverse(at), one.record.session, one.chat.id)
                    }));
                }
                assert_eq!(found, wanted);
            });
        }
    }
}
