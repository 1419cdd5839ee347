//! Accepted sends: each by its session and id, by its message's key, and those that still wait.

use uuid::Uuid;

use crate::{
    domain::{
        SessionId, Timestamp,
        outbox::{OutboxEntry, OutboxState},
    },
    messaging::stored::trees,
    store::{
        Batch, Key, StoreError,
        raw::{Direction, Engine, Table, clear, decode, encode, remove_entries_in},
    },
};

pub struct Outbox<'a> {
    table: Table<'a, OutboxEntry>,
}

impl<'a> Outbox<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { table: Table::new(engine) }
    }

    pub async fn get(
        &self,
        session: &SessionId,
        id: Uuid,
    ) -> Result<Option<OutboxEntry>, StoreError> {
        self.table.get(key(session, id)).await
    }

    /// The entry of the message with this key.
    pub async fn by_message(
        &self,
        session: &SessionId,
        message: &str,
    ) -> Result<Option<OutboxEntry>, StoreError> {
        let found = self.table.engine.get(&by_message(session, message)).await?;
        let Some(id) = found.as_deref().map(decode::<Uuid>).transpose()? else { return Ok(None) };
        self.get(session, id).await
    }

    /// The entry of the message with this UUID, while it waits, was accepted to wait, or failed.
    pub async fn by_uuid(&self, uuid: Uuid) -> Result<Option<OutboxEntry>, StoreError> {
        let Some(place) = self.table.engine.get(&by_uuid(uuid)).await? else { return Ok(None) };
        self.table.engine.get(&place).await?.as_deref().map(decode).transpose()
    }

    /// The newest entries of a session before the one given, newest first.
    pub async fn page(
        &self,
        session: &SessionId,
        before: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        let all = Key::new(trees::OUTBOX).text(session.as_str());
        let range = match before {
            Some(id) => all.until(key(session, id)),
            None => all.all(),
        };
        self.table.scan(range, Direction::Backward, limit).await
    }

    /// A send that is accepted, without its place in a queue: see [`crate::messaging::stored::OutboxQueue`].
    pub fn add_in(&self, batch: &mut Batch, entry: &OutboxEntry) -> Result<(), StoreError> {
        let place = key(&entry.session, entry.id).done();
        batch.put(by_message(&entry.session, &entry.outgoing.key), encode(&entry.id)?);
        // An earlier entry of the same message may have failed: the newest counts.
        batch.put(by_uuid(entry.message_uuid()), place);
        self.table.put_in(batch, key(&entry.session, entry.id), entry)
    }

    /// Adds the removal of entries that have no place in a queue. The indexes by message lead to the newest
    /// attempt of a message, so an older one leaves them as they are.
    pub async fn remove_in(
        &self,
        batch: &mut Batch,
        entries: &[OutboxEntry],
    ) -> Result<(), StoreError> {
        let by_message =
            entries.iter().map(|entry| by_message(&entry.session, &entry.outgoing.key));
        remove_entries_in(self.table.engine, batch, by_message.collect(), |place, value| {
            let id: Uuid = decode(value)?;
            Ok(entries.get(place).is_some_and(|entry| entry.id == id))
        })
        .await?;
        let by_uuid = entries.iter().map(|entry| by_uuid(entry.message_uuid()));
        remove_entries_in(self.table.engine, batch, by_uuid.collect(), |place, value| {
            let own = entries.get(place).map(|entry| key(&entry.session, entry.id));
            Ok(own.is_some_and(|own| own.as_bytes() == value))
        })
        .await?;
        for entry in entries {
            batch.remove(waiting(entry.id));
            batch.remove(key(&entry.session, entry.id).done());
        }
        Ok(())
    }

    /// Forgets all entries of a session.
    pub async fn clear(&self, session: &SessionId) -> Result<(), StoreError> {
        const AT_ONCE: usize = 200;
        let all = Key::new(trees::OUTBOX).text(session.as_str()).all();
        loop {
            let page = self.table.scan(all.clone(), Direction::Forward, AT_ONCE).await?;
            let mut batch = Batch::new();
            self.remove_in(&mut batch, &page).await?;
            self.table.engine.commit(batch).await?;
            if page.len() < AT_ONCE {
                break;
            }
            tokio::task::yield_now().await;
        }
        clear(self.table.engine, Key::new(trees::OUTBOX_BY_MESSAGE).text(session.as_str()).all())
            .await
    }

    /// What became of one, which stays in its place.
    pub fn change_in(&self, batch: &mut Batch, entry: &OutboxEntry) -> Result<(), StoreError> {
        if entry.state == OutboxState::Failed {
            // Its caller got this id in the answer.
            batch.put(by_uuid(entry.message_uuid()), key(&entry.session, entry.id).done());
        }
        self.table.put_in(batch, key(&entry.session, entry.id), entry)
    }

    /// Drops entries that are done with since before that time, among the first `limit` after the one
    /// given. The last of these; none when those that follow are not old enough to be looked at.
    pub async fn prune(
        &self,
        session: &SessionId,
        before: Timestamp,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Option<Uuid>, StoreError> {
        let mut range = Key::new(trees::OUTBOX).text(session.as_str()).all();
        if let Some(id) = after {
            range.start = key(session, id).all().end;
        }
        let mut page = self.table.scan(range, Direction::Forward, limit).await?;
        // Entries lie in the order in which they were accepted, and none ends before that.
        let last = page.last().filter(|last| page.len() == limit && last.queued_at < before);
        let next = last.map(|last| last.id);
        page.retain(|entry| !entry.state.is_waiting() && entry.changed_at < before);
        let mut batch = Batch::new();
        self.remove_in(&mut batch, &page).await?;
        self.table.engine.commit(batch).await?;
        Ok(next)
    }
}

pub fn key(session: &SessionId, id: Uuid) -> Key {
    Key::new(trees::OUTBOX).text(session.as_str()).uuid(id)
}

fn waiting(id: Uuid) -> Vec<u8> {
    Key::new(trees::OUTBOX_WAITING).uuid(id).done()
}

fn by_uuid(uuid: Uuid) -> Vec<u8> {
    Key::new(trees::OUTBOX_BY_UUID).uuid(uuid).done()
}

fn by_message(session: &SessionId, message: &str) -> Vec<u8> {
    Key::new(trees::OUTBOX_BY_MESSAGE).text(session.as_str()).text(message).done()
}

#[cfg(test)]
mod tests {
    use crate::{
        domain::{
            clock::from_seconds,
            outbox::{OutboxEntry, OutboxState, example},
        },
        messaging::stored::MessagingTables,
        store::{Batch, Store},
    };

    fn attempt(id: u128, state: OutboxState) -> OutboxEntry {
        let mut entry = OutboxEntry { state, ..example(id, "15550000001@c.us") };
        entry.outgoing.key = "K".to_owned();
        entry
    }

    #[tokio::test]
    async fn the_newest_attempt_of_a_message_is_found_after_an_older_one_was_dropped() {
        let store = Store::temporary().await.unwrap();
        let (old, new) = (attempt(1, OutboxState::Failed), attempt(2, OutboxState::Queued));
        for entry in [&old, &new] {
            let mut batch = Batch::new();
            store.outbox().add_in(&mut batch, entry).unwrap();
            store.commit(batch).await.unwrap();
        }
        let next = store.outbox().prune(&old.session, from_seconds(99), None, 9).await.unwrap();
        assert_eq!((next, store.outbox().get(&old.session, old.id).await.unwrap()), (None, None));
        let found = async || {
            let outbox = store.outbox();
            let by_message = outbox.by_message(&new.session, "K").await.unwrap();
            [by_message, outbox.by_uuid(new.message_uuid()).await.unwrap()]
        };
        assert_eq!(found().await, [Some(new.clone()), Some(new.clone())]);
        let mut batch = Batch::new();
        store.outbox().remove_in(&mut batch, std::slice::from_ref(&new)).await.unwrap();
        store.commit(batch).await.unwrap();
        assert_eq!(found().await, [None, None]);
    }

    /// Entry `n` is accepted at second 10 n and changes for the last time a second later.
    fn entry(n: u8, state: OutboxState) -> OutboxEntry {
        let at = 10 * i64::from(n);
        let (queued_at, changed_at) = (from_seconds(at), from_seconds(at + 1));
        let entry = example(n.into(), "15550000001@c.us");
        OutboxEntry { state, queued_at, changed_at, ..entry }
    }

    #[tokio::test]
    async fn what_ended_long_ago_is_dropped_page_by_page_and_what_is_newer_is_not_looked_at() {
        let store = Store::temporary().await.unwrap();
        let mut batch = Batch::new();
        for n in 1..=12 {
            let state = if n % 3 == 0 { OutboxState::Queued } else { OutboxState::Sent };
            store.outbox().add_in(&mut batch, &entry(n, state)).unwrap();
        }
        // Accepted early, and read late.
        let late = OutboxEntry { changed_at: from_seconds(500), ..entry(2, OutboxState::Sent) };
        store.outbox().add_in(&mut batch, &late).unwrap();
        store.commit(batch).await.unwrap();
        let session = late.session;
        let (before, mut after, mut pages) = (from_seconds(71), None, Vec::new());
        loop {
            after = store.outbox().prune(&session, before, after, 3).await.unwrap();
            let Some(id) = after else { break };
            pages.push(id.as_u128());
        }
        assert_eq!(pages, [3, 6], "the third page ends with one that is newer");
        let left = store.outbox().page(&session, None, 99).await.unwrap();
        let left: Vec<u128> = left.iter().map(|entry| entry.id.as_u128()).collect();
        assert_eq!(left, [12, 11, 10, 9, 8, 7, 6, 3, 2]);
        assert!(store.outbox().by_message(&session, "K4").await.unwrap().is_none());
    }
}
