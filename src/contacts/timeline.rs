//! Timeline of a contact: what happened with it, newest first. Entries are appended in the commits of what they tell.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `ContactTimeline` | contact, microseconds since 1970 | [`Entry`] |
//!
//! A page is continued by time alone, and callers see milliseconds. So each entry gets a millisecond of its own, and no
//! page ends between two entries of one millisecond: entries of former versions share one, and so may those of two
//! contacts that were merged.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    contacts::{actor::Actor, contact::Contact},
    domain::Timestamp,
    events::Work,
    store::{Key, Record, Scope, Store, StoreError, Table, Tree},
};

/// Entries that are read at once for a filter.
const READ_AT_ONCE: usize = 500;
/// Most entries that one page of a filtered timeline looks at.
const MOST_LOOKED_AT: usize = 10_000;

macro_rules! kinds {
    ($($name:ident: $word:literal),* $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum EntryKind {
            $($name,)*
        }

        impl EntryKind {
            /// All words, in the order of the kinds.
            pub const WORDS: &'static [&'static str] = &[$($word,)*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            pub fn of(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}
kinds! {
    MessageReceived: "message_received",
    MessageSent: "message_sent",
    ConversationOpened: "conversation_opened",
    ConversationResolved: "conversation_resolved",
    ConversationAssigned: "conversation_assigned",
    OptIn: "opt_in",
    OptOut: "opt_out",
    TagAdded: "tag_added",
    TagRemoved: "tag_removed",
    Csat: "csat",
    Ctwa: "ctwa",
    Broadcast: "broadcast",
    Payment: "payment",
    NoteAdded: "note_added",
    TicketCreated: "ticket_created",
    ContactCreated: "contact_created",
    // Changed by the gateway itself: a name that was learned, two contacts that are one.
    ContactUpdated: "contact_updated",
    // Changed by a caller.
    Audit: "audit",
}

/// An entry before it has its time.
#[derive(Clone, Debug)]
pub struct NewEntry {
    pub kind: EntryKind,
    pub actor: Actor,
    /// An object, or null.
    pub data: Value,
}

impl NewEntry {
    pub fn new(kind: EntryKind, actor: Actor, data: Value) -> Self {
        Self { kind, actor, data }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub id: Uuid,
    pub kind: EntryKind,
    pub at: Timestamp,
    pub actor: Actor,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub data: Value,
}

impl Record for Entry {
    const TABLE: Table = Table {
        tree: Tree::new(131, "ContactTimeline"),
        owner: "contacts",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

fn of(contact: Uuid) -> Key<Entry> {
    Entry::key().uuid(contact)
}

fn micros(at: Timestamp) -> u64 {
    u64::try_from(at.as_microsecond()).unwrap_or(0)
}

fn millis(at: Timestamp) -> u64 {
    u64::try_from(at.as_millisecond()).unwrap_or(0)
}

/// Appends entries in their order. An entry's time is `at`, or just behind the last one's.
pub async fn append(
    work: &Work<'_>,
    contact: Uuid,
    at: Timestamp,
    entries: Vec<NewEntry>,
) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let last = work.store().select(of(contact).below().backward(), 1).await?;
    let next = last.first().map_or(0, |entry| millis(entry.at) + 1);
    write(work, contact, millis(at).max(next), entries).await
}

/// The first entries of a contact that is new in this transaction.
pub async fn begin(
    work: &Work<'_>,
    contact: Uuid,
    at: Timestamp,
    entries: Vec<NewEntry>,
) -> Result<(), StoreError> {
    write(work, contact, millis(at), entries).await
}

async fn write(
    work: &Work<'_>,
    contact: Uuid,
    first: u64,
    entries: Vec<NewEntry>,
) -> Result<(), StoreError> {
    for (millis, NewEntry { kind, actor, data }) in (first..).zip(entries) {
        let at = i64::try_from(millis).ok();
        let at = at.and_then(|millis| Timestamp::from_millisecond(millis).ok());
        let at = at.unwrap_or(Timestamp::MAX);
        let entry = Entry { id: Uuid::now_v7(), kind, at, actor, data };
        work.put(&of(contact).number(micros(at)), &entry).await?;
    }
    Ok(())
}

/// A page of a timeline, newest first.
#[derive(Debug)]
pub struct TimelinePage {
    pub entries: Vec<Entry>,
    pub has_more: bool,
}

/// Up to `limit` entries before a time, and what else is of the last one's millisecond. Those of contacts that were merged
/// into this one are among them.
pub async fn page(
    store: &Store,
    contact: &Contact,
    before: Option<Timestamp>,
    kinds: &[EntryKind],
    limit: usize,
) -> Result<TimelinePage, StoreError> {
    let is_wanted = |entry: &Entry| kinds.is_empty() || kinds.contains(&entry.kind);
    let mut found: Vec<Entry> = Vec::new();
    for id in std::iter::once(contact.id).chain(contact.formerly.iter().copied()) {
        let (mut before, mut own, mut seen) = (before.map(micros), Vec::new(), 0);
        loop {
            let part = of(id).below().backward();
            let part = match before {
                Some(before) => part.before(of(id).number(before)),
                None => part,
            };
            let at_once = if kinds.is_empty() { limit + 1 } else { READ_AT_ONCE };
            let entries = store.select(part, at_once).await?;
            seen += entries.len();
            before = entries.last().map(|entry| micros(entry.at));
            let is_end = entries.len() < at_once || MOST_LOOKED_AT <= seen;
            own.extend(entries.into_iter().filter(&is_wanted));
            let is_enough = own.get(limit.saturating_sub(1)).zip(own.last());
            if is_end || is_enough.is_some_and(|(full, last)| millis(last.at) < millis(full.at)) {
                break;
            }
        }
        found.extend(own);
    }
    found.sort_by_key(|entry| std::cmp::Reverse((entry.at, entry.id)));
    let end = found.get(limit.saturating_sub(1)).map(|last| millis(last.at));
    let shown = found.partition_point(|entry| end.is_none_or(|end| end <= millis(entry.at)));
    let has_more = shown < found.len();
    found.truncate(shown);
    Ok(TimelinePage { entries: found, has_more })
}
