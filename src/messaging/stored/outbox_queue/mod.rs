//! The queues of the outbox: which message of which chat of a session is next, and what is for later.
//!
//! ```text
//! OutboxQueue     session, chat, entry   every message that may be sent, in the order of its chat
//! OutboxChats     session, chat          how many wait there, and which is at the head
//! OutboxHeads     session, priority, entry   the heads of all chats, in the order they go out
//! OutboxSchedule  time, session, entry   messages that are not due yet
//! OutboxLookups   session, entry         messages whose outcome is being found out
//! ```
//!
//! A waiting message has a place in exactly one of queue, schedule and lookups. All changes to the queue of
//! one chat change its record in `OutboxChats`, so two of them at once conflict: these functions are for a
//! [`crate::store::Transaction`], and write through its store.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{
        Jid, SessionId, SessionRef, Timestamp,
        outbox::{OutboxEntry, OutboxState, Priority},
    },
    messaging::stored::{
        outbox::{self, Outbox},
        trees,
    },
    store::{
        Batch, Declaration, Found, Index, IndexKey, Key, Record, Scope, StoreError, Table, Tree,
        raw::{self, Direction, Engine, Range, TIME, clear, decode, encode, text_at, time_at},
    },
};

/// Places that are read at once where all are read.
const AT_ONCE: usize = 500;

/// What waits in one chat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChatQueue {
    pub session: SessionId,
    pub session_uuid: Uuid,
    pub chat: Jid,
    /// The entry that goes out first.
    pub head: Uuid,
    pub priority: Priority,
    pub waiting: u64,
}

/// The heads of a session's chats, in the order in which they go out.
const HEADS: Index<ChatQueue> = Index::new(trees::OUTBOX_HEADS);

impl Record for ChatQueue {
    const TABLE: Table = Table {
        tree: trees::OUTBOX_CHATS,
        owner: "messaging",
        indexes: &[trees::OUTBOX_HEADS],
        scope: Scope::Gateway,
    };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        let rank = self.priority as u64;
        vec![HEADS.key().uuid(self.session_uuid).number(rank).uuid(self.head)]
    }
}

/// Where a waiting entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Queue,
    Schedule(Timestamp),
    Lookup,
}

/// How many entries of one session wait, by their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    pub session: SessionId,
    pub queued: u64,
    pub scheduled: u64,
}

pub struct OutboxQueue<'a> {
    engine: &'a dyn Engine,
}

impl<'a> OutboxQueue<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { engine }
    }

    /// Writes an entry that is accepted, and gives it its place.
    pub async fn accept(&self, entry: &OutboxEntry, now: Timestamp) -> Result<Place, StoreError> {
        let mut batch = Batch::new();
        self.outbox().add_in(&mut batch, entry)?;
        let place = match entry.options.send_at {
            _ if entry.state == OutboxState::Unknown => Place::Lookup,
            Some(at) if now < at => Place::Schedule(at),
            _ => Place::Queue,
        };
        self.enter_in(&mut batch, entry, place).await?;
        self.engine.commit(batch).await?;
        Ok(place)
    }

    /// Writes an entry that has ended, and takes it from its place.
    pub async fn end(&self, entry: &OutboxEntry) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        self.leave_in(&mut batch, entry).await?;
        self.outbox().change_in(&mut batch, entry)?;
        self.engine.commit(batch).await
    }

    /// Writes an entry, and moves it to another place.
    pub async fn move_to(&self, entry: &OutboxEntry, place: Place) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        self.leave_in(&mut batch, entry).await?;
        // Read again below: leaving has changed the record of the chat.
        self.engine.commit(std::mem::take(&mut batch)).await?;
        self.enter_in(&mut batch, entry, place).await?;
        self.outbox().change_in(&mut batch, entry)?;
        self.engine.commit(batch).await
    }

    /// Forgets an entry.
    pub async fn forget(&self, entry: &OutboxEntry) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        self.leave_in(&mut batch, entry).await?;
        self.outbox().remove_in(&mut batch, std::slice::from_ref(entry)).await?;
        self.engine.commit(batch).await
    }

    /// Where a waiting entry stands; none for one that does not wait.
    pub async fn place_of(&self, entry: &OutboxEntry) -> Result<Option<Place>, StoreError> {
        if self.engine.get(&in_queue(entry)).await?.is_some() {
            return Ok(Some(Place::Queue));
        }
        if self.engine.get(&in_lookups(entry)).await?.is_some() {
            return Ok(Some(Place::Lookup));
        }
        let Some(at) = entry.options.send_at else { return Ok(None) };
        let is_scheduled = self.engine.get(&in_schedule(entry, at)).await?.is_some();
        Ok(is_scheduled.then_some(Place::Schedule(at)))
    }

    /// The heads of a session's chats after the one given, in the order in which they go out.
    pub async fn heads(
        &self,
        session: Uuid,
        after: Option<&IndexKey<ChatQueue>>,
        limit: usize,
    ) -> Result<Vec<Found<ChatQueue>>, StoreError> {
        let mut part = HEADS.key().uuid(session).below();
        if let Some(after) = after {
            part = part.after(after);
        }
        raw::follow(self.engine, part, limit).await
    }

    /// When the first entry that is for later is due.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let all = Key::new(trees::OUTBOX_SCHEDULE).all();
        let found = self.engine.scan(all, Direction::Forward, 1).await?;
        Ok(found.first().and_then(|(key, _)| time_at(key, 1)))
    }

    /// Entries that were for later and are due now.
    pub async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<OutboxEntry>, StoreError> {
        let all = Key::new(trees::OUTBOX_SCHEDULE).all();
        // A moment has its own entries below it.
        let end = Key::<()>::new(trees::OUTBOX_SCHEDULE).time(now).all().end;
        self.entries(Range { end, ..all }, limit).await.map(|(entries, _)| entries)
    }

    /// Entries of a session that wait at a place, after the key given. Each with its key there.
    pub async fn waiting(
        &self,
        session: Uuid,
        kind: PlaceKind,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<(Vec<OutboxEntry>, Option<Vec<u8>>), StoreError> {
        let mut range = match kind {
            PlaceKind::Queue => Key::new(trees::OUTBOX_QUEUE).uuid(session).all(),
            PlaceKind::Lookup => Key::new(trees::OUTBOX_LOOKUPS).uuid(session).all(),
            // By time first: those of other sessions are passed over.
            PlaceKind::Schedule => Key::new(trees::OUTBOX_SCHEDULE).all(),
        };
        if let Some(after) = after {
            range.start = [after.as_slice(), &[0]].concat();
        }
        let (mut entries, last) = self.entries(range, limit).await?;
        entries.retain(|entry| entry.session_uuid == session);
        Ok((entries, last))
    }

    /// The first entries of a session, or of one of its chats, that wait to be sent or for their outcome, in the order in
    /// which they were accepted. What is for later is not among them.
    pub async fn unsent(
        &self,
        session: Uuid,
        chat: Option<&Jid>,
        limit: usize,
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        let mut queue = Key::new(trees::OUTBOX_QUEUE).uuid(session);
        if let Some(chat) = chat {
            queue = queue.text(chat.as_str());
        }
        let (mut entries, _) = self.entries(queue.all(), limit).await?;
        let (lookups, _) = self.waiting(session, PlaceKind::Lookup, None, limit).await?;
        let is_wanted = |entry: &OutboxEntry| chat.is_none_or(|chat| chat == entry.chat());
        entries.extend(lookups.into_iter().filter(is_wanted));
        entries.sort_by_key(|entry| entry.id);
        entries.truncate(limit);
        Ok(entries)
    }

    /// How many entries wait in each session.
    pub async fn count(&self) -> Result<HashMap<Uuid, Counted>, StoreError> {
        let mut all: HashMap<Uuid, Counted> = HashMap::new();
        let none = |session| Counted { session, queued: 0, scheduled: 0 };
        self.each(trees::OUTBOX_CHATS, |_, value| {
            let ChatQueue { session, session_uuid, waiting, .. } = decode(value)?;
            all.entry(session_uuid).or_insert_with(|| none(session)).queued += waiting;
            Ok(())
        })
        .await?;
        self.each(trees::OUTBOX_SCHEDULE, |key, value| {
            if let (Some(uuid), Some(session)) = (uuid_at(key, 1 + TIME), session_at(value)) {
                all.entry(uuid).or_insert_with(|| none(session)).scheduled += 1;
            }
            Ok(())
        })
        .await?;
        Ok(all)
    }

    /// Puts what was being looked up when the gateway ended back into the queues, and what an older version
    /// left without a place. To be called until it has found nothing, each time in a transaction.
    pub async fn take_over(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let lookups = self.entries(Key::new(trees::OUTBOX_LOOKUPS).all(), limit).await?.0;
        for entry in &lookups {
            self.move_to(entry, Place::Queue).await?;
        }
        if !lookups.is_empty() {
            return Ok(lookups.len());
        }
        let older = Key::new(trees::OUTBOX_WAITING).all();
        let found = self.engine.scan(older, Direction::Forward, limit).await?;
        for (key, place) in &found {
            let mut batch = Batch::new();
            batch.remove(key.clone());
            self.engine.commit(batch).await?;
            let Some(value) = self.engine.get(place).await? else { continue };
            let entry: OutboxEntry = decode(&value)?;
            if !entry.state.is_waiting() {
                continue;
            }
            match entry.options.send_at {
                Some(at) if now < at => self.move_to(&entry, Place::Schedule(at)).await?,
                _ => self.move_to(&entry, Place::Queue).await?,
            }
        }
        Ok(found.len())
    }

    /// Forgets all places of a session. Its entries go elsewhere.
    pub async fn clear(&self, session: &SessionRef) -> Result<(), StoreError> {
        let of_session = |tree| Key::new(tree).uuid(session.uuid).all();
        let chats = of_session(trees::OUTBOX_CHATS);
        Declaration::of::<ChatQueue>().clear(self.engine, chats).await?;
        clear(self.engine, of_session(trees::OUTBOX_QUEUE)).await?;
        clear(self.engine, of_session(trees::OUTBOX_LOOKUPS)).await?;
        let mut scheduled = Vec::new();
        self.each(trees::OUTBOX_SCHEDULE, |key, _| {
            if uuid_at(key, 1 + TIME) == Some(session.uuid) {
                scheduled.push(key.to_vec());
            }
            Ok(())
        })
        .await?;
        for page in scheduled.chunks(AT_ONCE) {
            let mut batch = Batch::new();
            page.iter().for_each(|key| batch.remove(key.clone()));
            self.engine.commit(batch).await?;
        }
        Ok(())
    }

    async fn enter_in(
        &self,
        batch: &mut Batch,
        entry: &OutboxEntry,
        place: Place,
    ) -> Result<(), StoreError> {
        let at = outbox::key(&entry.session, entry.id).done();
        match place {
            Place::Schedule(time) => batch.put(in_schedule(entry, time), at),
            Place::Lookup => batch.put(in_lookups(entry), at),
            Place::Queue => {
                batch.put(in_queue(entry), at);
                let key = chat_of(entry);
                let former = raw::get(self.engine, &key).await?;
                let mut chat = former.clone().unwrap_or_else(|| ChatQueue {
                    session: entry.session.clone(),
                    session_uuid: entry.session_uuid,
                    chat: entry.chat().clone(),
                    head: entry.id,
                    priority: entry.options.priority,
                    waiting: 0,
                });
                chat.waiting += 1;
                if entry.id < chat.head {
                    (chat.head, chat.priority) = (entry.id, entry.options.priority);
                }
                put_chat_in(batch, &key, former.as_ref(), &chat)?;
            }
        }
        Ok(())
    }

    async fn leave_in(&self, batch: &mut Batch, entry: &OutboxEntry) -> Result<(), StoreError> {
        let place = in_queue(entry);
        if self.engine.get(&place).await?.is_none() {
            batch.remove(in_lookups(entry));
            if let Some(at) = entry.options.send_at {
                batch.remove(in_schedule(entry, at));
            }
            return Ok(());
        }
        batch.remove(place);
        let key = chat_of(entry);
        let Some(former) = raw::get(self.engine, &key).await? else { return Ok(()) };
        if former.waiting <= 1 {
            raw::remove_in(batch, &key, &former);
            return Ok(());
        }
        let mut chat = ChatQueue { waiting: former.waiting - 1, ..former.clone() };
        if chat.head == entry.id {
            let all = Key::new(trees::OUTBOX_QUEUE).uuid(entry.session_uuid);
            let (first, _) = self.entries(all.text(entry.chat().as_str()).all(), 2).await?;
            let Some(next) = first.iter().find(|other| other.id != entry.id) else {
                raw::remove_in(batch, &key, &former);
                return Ok(());
            };
            (chat.head, chat.priority) = (next.id, next.options.priority);
        }
        put_chat_in(batch, &key, Some(&former), &chat)
    }

    /// The entries that places of a range lead to, and the last of these places; none at the end.
    async fn entries(
        &self,
        range: Range,
        limit: usize,
    ) -> Result<(Vec<OutboxEntry>, Option<Vec<u8>>), StoreError> {
        let places = self.engine.scan(range, Direction::Forward, limit).await?;
        let keys: Vec<Vec<u8>> = places.iter().map(|(_, key)| key.clone()).collect();
        let found = self.engine.get_many(&keys).await?;
        let entries =
            found.iter().flatten().map(|value| decode(value)).collect::<Result<_, _>>()?;
        Ok((entries, places.into_iter().next_back().map(|(place, _)| place)))
    }

    async fn each(
        &self,
        tree: Tree,
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut range = Key::new(tree).all();
        loop {
            let found = self.engine.scan(range.clone(), Direction::Forward, AT_ONCE).await?;
            let Some((last, _)) = found.last() else { return Ok(()) };
            range.start = [last.as_slice(), &[0]].concat();
            for (key, value) in &found {
                visit(key, value)?;
            }
            tokio::task::yield_now().await;
        }
    }

    fn outbox(&self) -> Outbox<'a> {
        Outbox::new(self.engine)
    }
}

/// The kinds of places that waiting entries have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceKind {
    Queue,
    Lookup,
    Schedule,
}

/// Adds the record of a chat, whose entry in the index moves only with its head.
fn put_chat_in(
    batch: &mut Batch,
    key: &Key<ChatQueue>,
    former: Option<&ChatQueue>,
    chat: &ChatQueue,
) -> Result<(), StoreError> {
    match former {
        Some(former) if former.head == chat.head => {
            batch.put(key.as_bytes().to_vec(), encode(chat)?);
            Ok(())
        }
        Some(former) => {
            raw::remove_in(batch, key, former);
            raw::put_in(batch, key, chat)
        }
        None => raw::put_in(batch, key, chat),
    }
}

fn chat_of(entry: &OutboxEntry) -> Key<ChatQueue> {
    ChatQueue::key().uuid(entry.session_uuid).text(entry.chat().as_str())
}

fn in_queue(entry: &OutboxEntry) -> Vec<u8> {
    let of_session = Key::new(trees::OUTBOX_QUEUE).uuid(entry.session_uuid);
    of_session.text(entry.chat().as_str()).uuid(entry.id).done()
}

fn in_schedule(entry: &OutboxEntry, at: Timestamp) -> Vec<u8> {
    Key::new(trees::OUTBOX_SCHEDULE).time(at).uuid(entry.session_uuid).uuid(entry.id).done()
}

fn in_lookups(entry: &OutboxEntry) -> Vec<u8> {
    Key::new(trees::OUTBOX_LOOKUPS).uuid(entry.session_uuid).uuid(entry.id).done()
}

fn uuid_at(key: &[u8], start: usize) -> Option<Uuid> {
    key.get(start..)?.first_chunk().map(|bytes| Uuid::from_bytes(*bytes))
}

/// The session in a key of the outbox.
fn session_at(key: &[u8]) -> Option<SessionId> {
    SessionId::of_stored(&text_at(key, 1)?).ok()
}
