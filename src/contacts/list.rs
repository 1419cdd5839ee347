//! Lists of contacts: filters as sets of ids out of the indexes, and pages of them.
//!
//! A filter reads keys of an index, never records; only the contacts of the page are read. Without a filter, the
//! number of contacts is a counter.

use std::collections::HashSet;

use uuid::Uuid;

use crate::{
    contacts::{
        changes::unknown,
        consent::Medium,
        contact::{
            Address, BY_ACTIVITY, BY_DIGITS, BY_EMAIL, BY_NAME, BY_WORD, Contact, Trait, by_tag,
            by_trait, words,
        },
        ledger,
        service::Contacts,
    },
    domain::{
        Error,
        address::{Sought, sought},
        fold::fold,
    },
    store::{IndexKey, Key, Record, Store, StoreError},
};

/// Keys that are read at once.
const AT_ONCE: usize = 1_000;
/// Sorts behind every character that a word or a number has.
const LAST: char = '\u{10FFFF}';

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortBy {
    #[default]
    CreatedAt,
    Name,
    LastMessageAt,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    Ascending,
    #[default]
    Descending,
}

/// Which contacts, and in which order.
#[derive(Clone, Debug, Default)]
pub struct ContactFilter {
    /// The beginnings of words of the name, a part of the number, or a WhatsApp id.
    pub search: Option<String>,
    /// Whether the search finds e-mail addresses that begin so, too.
    pub by_email: bool,
    pub tag: Option<String>,
    pub opted_in: Option<bool>,
    pub medium: Option<Medium>,
    /// Only those who belong to this bot.
    pub bot: Option<Uuid>,
    pub sort: SortBy,
    pub order: Order,
    /// Only those that come behind this contact in the order.
    pub after: Option<Uuid>,
}

/// A page of contacts.
#[derive(Debug)]
pub struct ContactPage {
    pub contacts: Vec<Contact>,
    /// How many there are on all pages.
    pub total: u64,
}

impl Contacts {
    /// The contacts behind the first `skipped` ones, at most `limit`.
    pub async fn list(
        &self,
        filter: &ContactFilter,
        skipped: u64,
        limit: usize,
    ) -> Result<ContactPage, Error> {
        let store = &self.store;
        let wanted = wanted(store, filter).await?;
        let total = match &wanted {
            Some(wanted) => wanted.len() as u64,
            None => ledger::counts(store).await?.total,
        };
        let after = match filter.after {
            Some(id) => Some(place_of(store, filter.sort, id).await?),
            None => None,
        };
        let ids = match (wanted, filter.sort) {
            _ if total <= skipped => Vec::new(),
            (Some(mut wanted), SortBy::CreatedAt) => {
                // An id follows the order of creation.
                wanted.sort_unstable();
                if filter.order == Order::Descending {
                    wanted.reverse();
                }
                let is_behind = |id: &Uuid| match (filter.after, filter.order) {
                    (Some(after), Order::Ascending) => after < *id,
                    (Some(after), Order::Descending) => *id < after,
                    (None, _) => true,
                };
                let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
                wanted.into_iter().filter(is_behind).skip(skipped).take(limit).collect()
            }
            (wanted, sort) => {
                let wanted = wanted.map(HashSet::from_iter);
                let walk = Walk { store, sort, order: filter.order, after };
                walk.ids(wanted.as_ref(), skipped, limit).await?
            }
        };
        let keys: Vec<Key<Contact>> = ids.into_iter().map(Contact::at).collect();
        let contacts = store.get_many(&keys).await?.into_iter().flatten().collect();
        Ok(ContactPage { contacts, total })
    }
}

impl Contacts {
    /// The contacts whose e-mail address begins with a text, in any case of letters; none for a blank text.
    pub async fn with_email(&self, text: &str) -> Result<Vec<Uuid>, Error> {
        Ok(with_email(&self.store, text).await?)
    }
}

async fn with_email(store: &Store, text: &str) -> Result<Vec<Uuid>, StoreError> {
    match fold(text.trim()) {
        text if text.is_empty() => Ok(Vec::new()),
        text => begins_with(store, &BY_EMAIL.key(), &text).await,
    }
}

/// A way through all contacts in an order.
struct Walk<'s> {
    store: &'s Store,
    sort: SortBy,
    order: Order,
    after: Option<Place>,
}

/// The place of a contact in an order.
enum Place {
    Record(Key<Contact>),
    Entry(IndexKey<Contact>),
}

async fn place_of(store: &Store, sort: SortBy, id: Uuid) -> Result<Place, Error> {
    if sort == SortBy::CreatedAt {
        // A contact that is gone has its place, too.
        return Ok(Place::Record(Contact::at(id)));
    }
    let contact = store.get(&Contact::at(id)).await?.ok_or_else(|| unknown(id))?;
    Ok(Place::Entry(match sort {
        SortBy::Name => contact.sorted_by_name(),
        SortBy::CreatedAt | SortBy::LastMessageAt => contact.sorted_by_activity(),
    }))
}

impl Walk<'_> {
    /// The ids behind the first `skipped` of those that are wanted, at most `limit`.
    async fn ids(
        mut self,
        wanted: Option<&HashSet<Uuid>>,
        mut skipped: u64,
        limit: usize,
    ) -> Result<Vec<Uuid>, StoreError> {
        let mut found = Vec::new();
        loop {
            let at_once = match wanted {
                None => {
                    AT_ONCE.min(usize::try_from(skipped).unwrap_or(AT_ONCE) + limit - found.len())
                }
                Some(_) => AT_ONCE,
            };
            let ids = self.next(at_once).await?;
            let is_end = ids.len() < at_once;
            for id in ids {
                if wanted.is_some_and(|wanted| !wanted.contains(&id)) {
                    continue;
                }
                if 0 < skipped {
                    skipped -= 1;
                } else if found.len() < limit {
                    found.push(id);
                }
            }
            if is_end || limit <= found.len() {
                return Ok(found);
            }
        }
    }

    async fn next(&mut self, limit: usize) -> Result<Vec<Uuid>, StoreError> {
        if self.sort == SortBy::CreatedAt {
            let part = match (&self.after, self.order) {
                (Some(Place::Record(after)), Order::Ascending) => {
                    Contact::key().below().after(after)
                }
                (Some(Place::Record(after)), Order::Descending) => {
                    Contact::key().below().backward().before(after.clone())
                }
                (_, Order::Ascending) => Contact::key().below(),
                (_, Order::Descending) => Contact::key().below().backward(),
            };
            let keys = self.store.keys(part, limit).await?;
            self.after = keys.last().cloned().map(Place::Record);
            return Ok(keys.iter().filter_map(id_of).collect());
        }
        let index = if self.sort == SortBy::Name { &BY_NAME } else { &BY_ACTIVITY };
        let part = match (&self.after, self.order) {
            (Some(Place::Entry(after)), Order::Ascending) => index.key().below().after(after),
            (Some(Place::Entry(after)), Order::Descending) => {
                index.key().below().backward().before(after.clone())
            }
            (_, Order::Ascending) => index.key().below(),
            (_, Order::Descending) => index.key().below().backward(),
        };
        let entries = self.store.entries(part, limit).await?;
        self.after = entries.last().map(|(entry, _)| Place::Entry(entry.clone()));
        Ok(entries.iter().filter_map(|(_, key)| id_of(key)).collect())
    }
}

/// The ids that all filters leave; none without a filter.
async fn wanted(store: &Store, filter: &ContactFilter) -> Result<Option<Vec<Uuid>>, StoreError> {
    let mut sets: Vec<Vec<Uuid>> = Vec::new();
    if let Some(tag) = &filter.tag {
        sets.push(below(store, by_tag(tag)).await?);
    }
    if let Some(search) = &filter.search {
        let mut found = search_for(store, search).await?;
        if filter.by_email {
            found.extend(with_email(store, search).await?);
            found.sort_unstable();
            found.dedup();
        }
        sets.push(found);
    }
    let opted_in = filter.opted_in.map(|opted_in| Trait::OptedIn(Medium::WhatsApp, opted_in));
    let others = [opted_in, filter.medium.map(Trait::Medium), filter.bot.map(Trait::Bot)];
    for one in others.into_iter().flatten() {
        sets.push(below(store, by_trait(one)).await?);
    }
    Ok(intersection(sets))
}

/// Those whose name has words that begin so, those whose number has these digits, and who has this id.
async fn search_for(store: &Store, text: &str) -> Result<Vec<Uuid>, StoreError> {
    let mut sets = Vec::new();
    for word in words(text) {
        sets.push(begins_with(store, &BY_WORD.key(), &word).await?);
    }
    let mut found = intersection(sets).unwrap_or_default();
    match sought(text) {
        Some(Sought::Digits(digits)) => {
            found.extend(begins_with(store, &BY_DIGITS.key(), &digits).await?);
        }
        Some(Sought::Id(id)) => {
            if let Some(address) = Address::of_chat(&id) {
                found.extend(ledger::find(store, &address).await?.map(|contact| contact.id));
            }
        }
        None => (),
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// What is in all of the sets, each of which is in order; none without a set.
fn intersection(mut sets: Vec<Vec<Uuid>>) -> Option<Vec<Uuid>> {
    sets.sort_by_key(Vec::len);
    let mut sets = sets.into_iter();
    let first = sets.next()?;
    Some(sets.fold(first, |known, other| {
        known.into_iter().filter(|id| other.binary_search(id).is_ok()).collect()
    }))
}

async fn begins_with(
    store: &Store,
    index: &IndexKey<Contact>,
    text: &str,
) -> Result<Vec<Uuid>, StoreError> {
    let end = index.clone().text(&format!("{text}{LAST}"));
    // A text sorts before those that it begins, and its end mark before every character.
    let (mut found, mut next) = (Vec::new(), index.clone().text(text));
    loop {
        let part = index.clone().below().from(next).before(end.clone());
        let entries = store.entries(part, AT_ONCE).await?;
        found.extend(entries.iter().filter_map(|(_, key)| id_of(key)));
        match entries.into_iter().nth(AT_ONCE - 1) {
            Some((last, _)) => next = behind(&last),
            None => break,
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// All ids below a key of an index whose entries end with the id, so that they come in order.
async fn below(store: &Store, index: IndexKey<Contact>) -> Result<Vec<Uuid>, StoreError> {
    let (mut found, mut part) = (Vec::new(), index.clone().below());
    loop {
        let entries = store.entries(part, AT_ONCE).await?;
        found.extend(entries.iter().filter_map(|(_, key)| id_of(key)));
        match entries.into_iter().nth(AT_ONCE - 1) {
            Some((last, _)) => part = index.clone().below().after(&last),
            None => return Ok(found),
        }
    }
}

/// The first key that may come behind this one.
fn behind(key: &IndexKey<Contact>) -> IndexKey<Contact> {
    Key::from_bytes([key.as_bytes(), &[0]].concat())
}

/// The id that the key of a contact ends with.
pub fn id_of(key: &Key<Contact>) -> Option<Uuid> {
    Uuid::from_slice(key.as_bytes().get(1..)?).ok()
}
