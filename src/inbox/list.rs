//! Lists of conversations: filtered, newest activity first, in pages with exact totals.
//!
//! A list with one filter is read from its index, and its total from its counter. With several filters the shortest of
//! their lists is walked, and with another order than by recency too.

use std::collections::HashSet;

use uuid::Uuid;

use crate::{
    domain::{Error, Jid, SessionId, Timestamp},
    inbox::{
        agent::Agent,
        counts,
        merge::{Merge, order},
        state::{Folder, InboxState, List},
        status::Status,
    },
    messaging::{Conversation, ConversationSearch, Conversations},
    store::{Key, Store, StoreError},
};

/// Filter of a list of conversations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InboxFilter {
    /// The sessions to list.
    pub sessions: Vec<SessionId>,
    /// Any of these; empty for all.
    pub statuses: Vec<Status>,
    /// `Some(None)` for those that are assigned to nobody.
    pub assignee: Option<Option<Agent>>,
    pub starred: Option<bool>,
    pub folder: Folder,
    pub unread: Option<bool>,
    /// All of these.
    pub tags: Vec<Uuid>,
    /// Only conversations of this bot.
    pub bot: Option<Uuid>,
    /// Only those whose bot asked for a person.
    pub handoff: bool,
    /// Not before, and not after, by last activity.
    pub period: (Option<Timestamp>, Option<Timestamp>),
    pub order: Order,
    /// A part of the name or of the number.
    pub search: Option<String>,
    /// Whom the same search finds by something else.
    pub people: FoundPeople,
}

/// People whom a search finds by what their conversations do not show, such as an e-mail address.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoundPeople {
    pub contacts: HashSet<Uuid>,
    /// The web chats of visitors.
    pub visitors: HashSet<Jid>,
}

impl FoundPeople {
    fn has(&self, state: &InboxState) -> bool {
        state.contact.is_some_and(|contact| self.contacts.contains(&contact))
            || self.visitors.contains(&state.chat)
    }
}

/// What comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The newest activity.
    #[default]
    Recent,
    /// The oldest activity.
    Oldest,
    /// Who has waited longest for a response; then the others, newest activity first.
    Waiting,
}

/// A page of a list, and the length of the whole list.
#[derive(Clone, Debug, PartialEq)]
pub struct InboxPage {
    pub items: Vec<InboxState>,
    pub total: u64,
}

impl InboxFilter {
    /// The lists of each filter; conversations stand in one list of each.
    fn lists(&self) -> Vec<Vec<List>> {
        let mut all = Vec::new();
        if !self.statuses.is_empty() {
            let mut lists: Vec<List> = Vec::new();
            for status in self.statuses.iter().copied().map(List::Status) {
                if !lists.contains(&status) {
                    lists.push(status);
                }
            }
            all.push(lists);
        }
        all.extend(self.assignee.map(|assignee| vec![List::Assignee(assignee)]));
        all.extend(self.tags.iter().map(|tag| vec![List::Tag(*tag)]));
        all.extend((self.unread == Some(true)).then(|| vec![List::Unread]));
        all.extend((self.starred == Some(true)).then(|| vec![List::Starred]));
        all.extend(self.handoff.then(|| vec![List::Handoff]));
        if all.is_empty() {
            all.push(vec![List::All]);
        }
        all
    }

    /// Whether one list says it all.
    fn is_one_list(&self) -> bool {
        let is_rest = self.unread == Some(false) || self.starred == Some(false);
        let is_whole = self.period == (None, None) && self.order == Order::Recent;
        self.lists().len() == 1 && !is_rest && is_whole && self.search.is_none()
    }

    fn matches(&self, state: &InboxState) -> bool {
        (self.statuses.is_empty() || self.statuses.contains(&state.status))
            && self.assignee.is_none_or(|assignee| assignee == state.assignee)
            && self.starred.is_none_or(|starred| starred == state.starred)
            && self.unread.is_none_or(|unread| unread == state.is_unread())
            && self.tags.iter().all(|tag| state.listed.tags.contains(tag))
            && self.bot.is_none_or(|bot| state.bot == Some(bot))
            && (!self.handoff || state.run.handoff.is_some())
            && self.period.0.is_none_or(|from| from <= state.listed.last_activity)
            && self.period.1.is_none_or(|to| state.listed.last_activity <= to)
    }
}

/// Reads a page of a list. With `before`, only what comes behind that conversation; the total stays that of the whole
/// list.
pub async fn page(
    store: &Store,
    conversations: &Conversations,
    filter: &InboxFilter,
    before: Option<&InboxState>,
    (offset, limit): (usize, usize),
) -> Result<InboxPage, Error> {
    let (lists, length) = shortest(store, filter).await?;
    let is_one_list = filter.is_one_list();
    let is_by_recency = filter.order == Order::Recent;
    let search = match filter.search.as_deref() {
        Some(text) => Some(conversations.search(text, &filter.sessions).await?),
        None => None,
    };
    // Where the total is counted, the walk begins at the beginning all the same.
    let from = match is_one_list {
        true => (before, Some(offset.saturating_add(limit))),
        false => (None, None),
    };
    let mut merge = Merge::new(store, &filter.sessions, &lists, from);
    let (mut items, mut passed, mut total) = (Vec::new(), 0, 0);
    // Of another order than by recency: since when each waits, and where it lies.
    let mut ranked: Vec<(Option<Timestamp>, Key<InboxState>)> = Vec::new();
    while let Some(step) = merge.next().await? {
        let matching = step.into_iter().filter(|state| filter.matches(state)).collect();
        let found = match &search {
            Some(search) => searched(conversations, (search, &filter.people), matching).await?,
            None => matching,
        };
        for state in found {
            total += 1;
            if before.is_some_and(|before| order(&state) <= order(before)) {
                continue;
            }
            passed += 1;
            if !is_by_recency {
                ranked.push((state.waiting_since(), InboxState::at(&state.session, &state.chat)));
            } else if offset < passed && items.len() < limit {
                items.push(state);
            }
        }
        if is_one_list && limit <= items.len() {
            break;
        }
    }
    match filter.order {
        Order::Recent => (),
        Order::Oldest => ranked.reverse(),
        Order::Waiting => ranked.sort_by_key(|(since, _)| (since.is_none(), *since)),
    }
    let page: Vec<_> = ranked.into_iter().skip(offset).take(limit).map(|(_, key)| key).collect();
    items.extend(store.get_many(&page).await?.into_iter().flatten());
    Ok(InboxPage { items, total: if is_one_list { length } else { total } })
}

/// The filter's list with the fewest conversations, and how many these are.
async fn shortest(store: &Store, filter: &InboxFilter) -> Result<(Vec<String>, u64), StoreError> {
    let mut shortest: Option<(Vec<String>, u64)> = None;
    for lists in filter.lists() {
        let names: Vec<String> =
            lists.iter().map(|list| list.name(filter.folder, filter.bot)).collect();
        let mut length = 0;
        for name in &names {
            length += counts::length(store, &filter.sessions, name).await?;
        }
        if shortest.as_ref().is_none_or(|(_, known)| length < *known) {
            shortest = Some((names, length));
        }
    }
    Ok(shortest.unwrap_or_default())
}

async fn searched(
    conversations: &Conversations,
    (search, people): (&ConversationSearch, &FoundPeople),
    states: Vec<InboxState>,
) -> Result<Vec<InboxState>, Error> {
    let chats: Vec<_> = states.iter().map(|state| (&state.session, &state.chat)).collect();
    let found = conversations.of_many(&chats).await?;
    let named = states.into_iter().zip(found);
    let is_found = |(state, one): &(InboxState, Option<Conversation>)| {
        people.has(state) || one.as_ref().is_some_and(|one| search.finds(one))
    };
    Ok(named.filter(is_found).map(|(state, _)| state).collect())
}
