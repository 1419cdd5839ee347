//! The entries of the event log. [`crate::events`] is the only user.

use crate::{
    domain::{Event, SessionId, Timestamp},
    store::{
        StoreError,
        codec::{Key, decode, encode, last_number},
        engine::{Batch, Direction, Engine},
        table::Table,
        trees::Tree,
    },
};

pub struct Events<'a> {
    table: Table<'a, Event>,
}

impl<'a> Events<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { table: Table::new(engine) }
    }

    /// The newest number; none for an empty log.
    pub async fn newest(&self) -> Result<Option<u64>, StoreError> {
        let found = self.table.scan(Key::new(Tree::Events).all(), Direction::Backward, 1).await?;
        Ok(found.first().map(|event| event.seq))
    }

    /// The oldest number still held; none for an empty log.
    pub async fn oldest(&self) -> Result<Option<u64>, StoreError> {
        let found = self.table.scan(Key::new(Tree::Events).all(), Direction::Forward, 1).await?;
        Ok(found.first().map(|event| event.seq))
    }

    /// The newest event of one session.
    pub async fn newest_of(&self, session: &SessionId) -> Result<Option<Event>, StoreError> {
        let all = Key::new(Tree::EventsBySession).text(session.as_str()).all();
        let found = self.table.engine.scan(all, Direction::Backward, 1).await?;
        match found.first().and_then(|(key, _)| last_number(key)) {
            Some(seq) => self.table.get(key(seq)).await,
            None => Ok(None),
        }
    }

    /// The number of the event with this identity.
    pub async fn number_of(
        &self,
        session: &SessionId,
        identity: &str,
    ) -> Result<Option<u64>, StoreError> {
        let found = self.table.engine.get(&identity_key(session, identity)).await?;
        found.as_deref().map(decode).transpose()
    }

    /// How many bytes the event has there.
    pub fn append_in(&self, batch: &mut Batch, event: &Event) -> Result<usize, StoreError> {
        if let Some(identity) = event.body.identity() {
            batch.put(identity_key(&event.session, &identity), encode(&event.seq)?);
        }
        batch.put(by_session(&event.session).number(event.seq).done(), Vec::new());
        let bytes = encode(event)?;
        let length = bytes.len();
        batch.put(key(event.seq).done(), bytes);
        Ok(length)
    }

    /// Up to `limit` events with numbers above `after` and up to `newest`, in order.
    pub async fn between(
        &self,
        after: u64,
        newest: u64,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let range = key(after.saturating_add(1)).until(key(newest.saturating_add(1)));
        self.table.scan(range, Direction::Forward, limit).await
    }

    /// The same for one session, still by the numbers of the whole log.
    pub async fn between_of(
        &self,
        session: &SessionId,
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
                events.push(event);
            }
        }
        Ok(events)
    }

    /// Drops at most `limit` events that lie below number `below` and before `older_than`, oldest
    /// first. How many.
    pub async fn prune(
        &self,
        below: u64,
        older_than: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let range = key(0).until(key(below));
        let pairs = self.table.engine.scan(range, Direction::Forward, limit).await?;
        let (mut batch, mut dropped) = (Batch::new(), 0);
        for (event_key, bytes) in pairs {
            let event: Event = decode(&bytes)?;
            if older_than <= event.at {
                break;
            }
            if let Some(identity) = event.body.identity() {
                batch.remove(identity_key(&event.session, &identity));
            }
            batch.remove(by_session(&event.session).number(event.seq).done());
            batch.remove(event_key);
            dropped += 1;
        }
        self.table.engine.commit(batch).await?;
        Ok(dropped)
    }
}

fn key(seq: u64) -> Key {
    Key::new(Tree::Events).number(seq)
}

fn by_session(session: &SessionId) -> Key {
    Key::new(Tree::EventsBySession).text(session.as_str())
}

fn identity_key(session: &SessionId, identity: &str) -> Vec<u8> {
    Key::new(Tree::EventIdentities).text(session.as_str()).text(identity).done()
}
