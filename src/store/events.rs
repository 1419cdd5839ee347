//! The entries of the event log. [`crate::events`] is the only user.
//!
//! Each entry knows how many bytes the log had taken before it, ever. So the size of any stretch of
//! the log is the difference of two numbers, and no sum has to be kept in step.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{Event, EventBody, SessionId, Timestamp, identity::Pair},
    store::{
        StoreError,
        codec::{Key, decode, encode, last_number},
        engine::{Batch, Direction, Engine},
        table::{Table, clear},
        trees::Tree,
    },
};

/// Entries that are read at once where many are looked through.
const LOOKED_AT: usize = 500;
/// Bytes of a number.
const NUMBER: usize = 8;

/// An entry as it lies in the store.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<S, B, P> {
    seq: u64,
    id: Uuid,
    session: S,
    /// Nil for a session that nobody knows any more.
    #[serde(default, skip_serializing_if = "Uuid::is_nil")]
    session_uuid: Uuid,
    session_seq: u64,
    at: Timestamp,
    body: B,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identities: Option<P>,
    /// Bytes that the log had taken before.
    #[serde(default)]
    starts_at: u64,
}

/// One that is read.
type Read = Entry<Option<SessionId>, EventBody, Vec<Pair>>;

/// Where an entry stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPlace {
    pub seq: u64,
    /// Bytes that the log had taken before it, and with it.
    pub starts_at: u64,
    pub ends_at: u64,
}

pub struct Events<'a> {
    table: Table<'a, Read>,
}

impl<'a> Events<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { table: Table::new(engine) }
    }

    /// The place of the newest entry; none for an empty log.
    pub async fn newest(&self) -> Result<Option<EventPlace>, StoreError> {
        self.first_from(Direction::Backward).await
    }

    /// The place of the oldest entry still held; none for an empty log.
    pub async fn oldest(&self) -> Result<Option<EventPlace>, StoreError> {
        self.first_from(Direction::Forward).await
    }

    /// The place of one entry.
    pub async fn place(&self, seq: u64) -> Result<Option<EventPlace>, StoreError> {
        let found = self.table.engine.get(&key(seq).done()).await?;
        found.as_deref().map(place_of).transpose()
    }

    async fn first_from(&self, direction: Direction) -> Result<Option<EventPlace>, StoreError> {
        let all = Key::new(Tree::Events).all();
        let found = self.table.engine.scan(all, direction, 1).await?;
        found.first().map(|(_, value)| place_of(value)).transpose()
    }

    /// The newest event of one session.
    pub async fn newest_of(&self, session: Uuid) -> Result<Option<Event>, StoreError> {
        let all = by_session(session).all();
        let found = self.table.engine.scan(all, Direction::Backward, 1).await?;
        match found.first().and_then(|(key, _)| last_number(key)) {
            Some(seq) => Ok(self.table.get(key(seq)).await?.map(Event::from)),
            None => Ok(None),
        }
    }

    /// The number of the event with this identity.
    pub async fn number_of(
        &self,
        session: Uuid,
        identity: &str,
    ) -> Result<Option<u64>, StoreError> {
        let found = self.table.engine.get(&identity_key(session, identity)).await?;
        found.as_deref().map(decode).transpose()
    }

    /// Forgets by what two reports of one happening are known in a session that is removed: it gets no more.
    /// Its events stay in the log.
    pub async fn forget_identities(&self, session: Uuid) -> Result<(), StoreError> {
        let all = Key::new(Tree::IdentitiesOfEvents).uuid(session).all();
        clear(self.table.engine, all).await
    }

    /// Adds an entry to a batch; `starts_at` is where the one before it ends. Where it ends itself.
    pub fn append_in(
        &self,
        batch: &mut Batch,
        event: &Event,
        starts_at: u64,
    ) -> Result<u64, StoreError> {
        let Event { seq, id, session, session_uuid, session_seq, at, body, identities } = event;
        let (seq, id, session_uuid, session_seq, at) =
            (*seq, *id, *session_uuid, *session_seq, *at);
        let identities = Some(identities).filter(|pairs| !pairs.is_empty());
        let entry =
            Entry { seq, id, session, session_uuid, session_seq, at, body, identities, starts_at };
        let value = encode(&entry)?;
        let identity = body.identity().map(|identity| identity_key(session_uuid, &identity));
        let ends_at = starts_at + size(identity.as_deref(), value.len());
        if let Some(identity) = identity {
            batch.put(identity, encode(&seq)?);
        }
        batch.put(by_session(session_uuid).number(seq).done(), Vec::new());
        batch.put(key(seq).done(), value);
        Ok(ends_at)
    }

    /// Up to `limit` events with numbers above `after` and up to `newest`, in order.
    pub async fn between(
        &self,
        after: u64,
        newest: u64,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let range = key(after.saturating_add(1)).until(key(newest.saturating_add(1)));
        let found = self.table.scan(range, Direction::Forward, limit).await?;
        Ok(found.into_iter().map(Event::from).collect())
    }

    /// The same for one session, still by the numbers of the whole log.
    pub async fn between_of(
        &self,
        session: Uuid,
        after: u64,
        newest: u64,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let start = by_session(session).number(after.saturating_add(1));
        let range = start.until(by_session(session).number(newest.saturating_add(1)));
        let places = self.table.engine.scan(range, Direction::Forward, limit).await?;
        let mut events = Vec::with_capacity(places.len());
        for (place, _) in places {
            let Some(seq) = last_number(&place) else { continue };
            if let Some(event) = self.table.get(key(seq)).await? {
                events.push(event.into());
            }
        }
        Ok(events)
    }

    /// The number of the first entry that is not before `older_than`, of those from `from` up to
    /// `newest`; one above `newest` when all are.
    pub async fn first_not_before(
        &self,
        older_than: Timestamp,
        from: u64,
        newest: u64,
    ) -> Result<u64, StoreError> {
        let mut next = from;
        while next <= newest {
            let range = key(next).until(key(newest.saturating_add(1)));
            let page = self.table.scan(range, Direction::Forward, LOOKED_AT).await?;
            let Some(last) = page.last().map(|entry| entry.seq) else { break };
            if let Some(young) = page.iter().find(|entry| older_than <= entry.at) {
                return Ok(young.seq);
            }
            next = last + 1;
        }
        Ok(newest.saturating_add(1))
    }

    /// Drops at most `limit` entries below a number, oldest first. How many.
    pub async fn drop_below(&self, below: u64, limit: usize) -> Result<usize, StoreError> {
        let range = key(0).until(key(below));
        let pairs = self.table.engine.scan(range, Direction::Forward, limit).await?;
        let mut batch = Batch::new();
        for (event_key, bytes) in &pairs {
            let event: Read = decode(bytes)?;
            if let Some(identity) = event.body.identity() {
                batch.remove(identity_key(event.session_uuid, &identity));
            }
            batch.remove(by_session(event.session_uuid).number(event.seq).done());
            batch.remove(event_key.clone());
        }
        if !batch.is_empty() {
            self.table.engine.commit(batch).await?;
        }
        Ok(pairs.len())
    }
}

impl From<Read> for Event {
    fn from(entry: Read) -> Self {
        let Entry { seq, id, session, session_uuid, session_seq, at, body, .. } = entry;
        let identities = entry.identities.unwrap_or_default();
        Self { seq, id, session, session_uuid, session_seq, at, body, identities }
    }
}

fn place_of(value: &[u8]) -> Result<EventPlace, StoreError> {
    let entry: Read = decode(value)?;
    let identity =
        entry.body.identity().map(|identity| identity_key(entry.session_uuid, &identity));
    let size = size(identity.as_deref(), value.len());
    let (seq, starts_at) = (entry.seq, entry.starts_at);
    Ok(EventPlace { seq, starts_at, ends_at: starts_at + size })
}

/// Bytes of all that an entry adds to the store: itself, its place in its session, its identity.
fn size(identity: Option<&[u8]>, value: usize) -> u64 {
    let identity = identity.map_or(0, |identity| identity.len() + NUMBER);
    let all = key(0).length() + value + by_session(Uuid::nil()).length() + NUMBER + identity;
    u64::try_from(all).unwrap_or(u64::MAX)
}

fn key(seq: u64) -> Key {
    Key::new(Tree::Events).number(seq)
}

fn by_session(session: Uuid) -> Key {
    Key::new(Tree::EventsOfSession).uuid(session)
}

fn identity_key(session: Uuid, identity: &str) -> Vec<u8> {
    Key::new(Tree::IdentitiesOfEvents).uuid(session).text(identity).done()
}
