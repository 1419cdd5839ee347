//! Entries of the event log, as they lie in the store.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `Events` | number | [`crate::domain::Event`] |
//! | `EventsOfSession` | UUID of the channel, number | nothing |
//! | `IdentitiesOfEvents` | UUID of the channel, identity | number |
//!
//! Each entry knows how many bytes the log had taken before it, ever. So the size of any stretch of
//! the log is the difference of two numbers, and no sum has to be kept in step.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{
        Body, Channel, ChannelId, Event, EventSubject, ModuleEvent, Timestamp, WaEvent,
        identity::Pair,
    },
    store::{
        Batch, Key, Store, StoreError, Tree,
        raw::{Direction, Engine, clear, decode, encode, last_number, remove_entries_in},
    },
};

pub const EVENTS: Tree = Tree::new(8, "Events");
pub const EVENTS_OF_SESSION: Tree = Tree::new(70, "EventsOfSession");
pub const IDENTITIES_OF_EVENTS: Tree = Tree::new(71, "IdentitiesOfEvents");
/// Entries that are read at once where many are looked through.
const LOOKED_AT: usize = 500;
/// Bytes of a number.
const NUMBER: usize = 8;

/// The event of the gateway's own family that stood among WhatsApp's before there were families.
const FORMER_FAMILY: &str = "gateway";
const FORMER_KIND: &str = "webhook_disabled";

/// An entry as it lies in the store: with a body of WhatsApp's family, or an event of a module's.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<S, B, M, P> {
    seq: u64,
    id: Uuid,
    /// The channel's id as text; of a WhatsApp session that is the session's own.
    session: S,
    /// The channel's UUID. Nil for one that nobody knows any more.
    #[serde(default, skip_serializing_if = "Uuid::is_nil")]
    session_uuid: Uuid,
    session_seq: u64,
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<B>,
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<M>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identities: Option<P>,
    /// Bytes that the log had taken before.
    #[serde(default)]
    starts_at: u64,
}

/// One that is read.
type Read = Entry<Option<ChannelId>, WaEvent, ModuleEvent, Vec<Pair>>;
/// The same with a body that is no WhatsApp event that is known.
type ReadFormer = Entry<Option<ChannelId>, serde_json::Value, ModuleEvent, Vec<Pair>>;

/// Where an entry stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPlace {
    pub seq: u64,
    /// Bytes that the log had taken before it, and with it.
    pub starts_at: u64,
    pub ends_at: u64,
}

/// The end of the log as a store found it: what the next numbers rest on.
pub struct LogEnd {
    /// The newest number, 0 for an empty log.
    pub seq: u64,
    /// Bytes that the log ever took.
    pub bytes: u64,
    /// A key that is there, or not, as long as the newest entry is: others may append and drop all that this
    /// store knows of.
    mark: (Vec<u8>, Option<Vec<u8>>),
}

impl LogEnd {
    /// The end after this event was appended, with which the log takes so many bytes.
    pub fn at(event: &Event, bytes: u64) -> Self {
        Self { seq: event.seq, bytes, mark: (mark(event), Some(Vec::new())) }
    }
}

/// The log of a store, or of a transaction's.
pub trait EventTables {
    fn events(&self) -> Events<'_>;
}

impl EventTables for Store {
    fn events(&self) -> Events<'_> {
        Events::new(self.engine())
    }
}

pub struct Events<'a> {
    engine: &'a dyn Engine,
}

impl<'a> Events<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { engine }
    }

    /// The end of the log.
    pub async fn end(&self) -> Result<LogEnd, StoreError> {
        loop {
            let all = Key::new(EVENTS).all();
            let newest = self.engine.scan(all, Direction::Backward, 1).await?;
            let Some((place, value)) = newest.first() else {
                let begun = begun();
                let found = self.engine.get(&begun).await?;
                return Ok(LogEnd { seq: 0, bytes: 0, mark: (begun, found) });
            };
            let (event, EventPlace { ends_at, .. }) = (event_of(value)?, place_of(value)?);
            let mark = mark(&event);
            let found = self.engine.get(&mark).await?;
            // Of old entries some have no mark. Any other lost it because others dropped the entry meanwhile.
            if found.is_some() || self.engine.get(place).await?.is_some() {
                return Ok(LogEnd { seq: event.seq, bytes: ends_at, mark: (mark, found) });
            }
        }
    }

    /// Has a batch that appends fail where another store has appended since this end was read. So no number is
    /// given twice.
    pub fn expect_end_in(&self, batch: &mut Batch, end: &LogEnd) -> Result<(), StoreError> {
        let (mark, found) = end.mark.clone();
        if end.seq == 0 {
            batch.put(mark.clone(), encode(&true)?);
        }
        batch.expect(mark, found);
        batch.expect(key(end.seq.saturating_add(1)).done(), None);
        Ok(())
    }

    /// The place of the oldest entry still held; none for an empty log.
    pub async fn oldest(&self) -> Result<Option<EventPlace>, StoreError> {
        self.first_from(Direction::Forward).await
    }

    /// The place of one entry.
    pub async fn place(&self, seq: u64) -> Result<Option<EventPlace>, StoreError> {
        let found = self.engine.get(&key(seq).done()).await?;
        found.as_deref().map(place_of).transpose()
    }

    async fn first_from(&self, direction: Direction) -> Result<Option<EventPlace>, StoreError> {
        let all = Key::new(EVENTS).all();
        let found = self.engine.scan(all, direction, 1).await?;
        found.first().map(|(_, value)| place_of(value)).transpose()
    }

    /// The newest event of one session.
    pub async fn newest_of(&self, session: Uuid) -> Result<Option<Event>, StoreError> {
        let all = by_session(session).all();
        let found = self.engine.scan(all, Direction::Backward, 1).await?;
        match found.first().and_then(|(key, _)| last_number(key)) {
            Some(seq) => self.get(seq).await,
            None => Ok(None),
        }
    }

    /// The event of this number.
    pub async fn get(&self, seq: u64) -> Result<Option<Event>, StoreError> {
        let found = self.engine.get(&key(seq).done()).await?;
        found.as_deref().map(event_of).transpose()
    }

    /// The number of the event with this identity.
    pub async fn number_of(
        &self,
        session: Uuid,
        identity: &str,
    ) -> Result<Option<u64>, StoreError> {
        let found = self.engine.get(&identity_key(session, identity)).await?;
        found.as_deref().map(decode).transpose()
    }

    /// Forgets by what two reports of one happening are known in a session that is removed: it gets no more.
    /// Its events stay in the log.
    pub async fn forget_identities(&self, session: Uuid) -> Result<(), StoreError> {
        let all = Key::new(IDENTITIES_OF_EVENTS).uuid(session).all();
        clear(self.engine, all).await
    }

    /// Adds an entry to a batch; `starts_at` is where the one before it ends. Where it ends itself.
    pub fn append_in(
        &self,
        batch: &mut Batch,
        event: &Event,
        starts_at: u64,
    ) -> Result<u64, StoreError> {
        append_in(batch, event, starts_at)
    }

    /// Up to `limit` events with numbers above `after` and up to `newest`, in order.
    pub async fn between(
        &self,
        after: u64,
        newest: u64,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let range = key(after.saturating_add(1)).until(key(newest.saturating_add(1)));
        let found = self.engine.scan(range, Direction::Forward, limit).await?;
        found.iter().map(|(_, value)| event_of(value)).collect()
    }

    /// The same for one channel, still by the numbers of the whole log.
    pub async fn between_of(
        &self,
        session: Uuid,
        after: u64,
        newest: u64,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let start = by_session(session).number(after.saturating_add(1));
        let range = start.until(by_session(session).number(newest.saturating_add(1)));
        let places = self.engine.scan(range, Direction::Forward, limit).await?;
        let mut events = Vec::with_capacity(places.len());
        for (place, _) in places {
            let Some(seq) = last_number(&place) else { continue };
            events.extend(self.get(seq).await?);
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
            let page = self.engine.scan(range, Direction::Forward, LOOKED_AT).await?;
            let page: Vec<Event> =
                page.iter().map(|(_, value)| event_of(value)).collect::<Result<_, _>>()?;
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
        let pairs = self.engine.scan(range, Direction::Forward, limit).await?;
        let (mut batch, mut identities, mut numbers) =
            (Batch::in_background(), Vec::new(), Vec::new());
        for (event_key, bytes) in &pairs {
            let event = event_of(bytes)?;
            let uuid = event.channel_uuid();
            if let Some(identity) = event.body.identity() {
                identities.push(identity_key(uuid, &identity));
                numbers.push(event.seq);
            }
            batch.remove(by_session(uuid).number(event.seq).done());
            batch.remove(event_key.clone());
        }
        // An identity that was forgotten may stand for a later event by now.
        remove_entries_in(self.engine, &mut batch, identities, |place, value| {
            Ok(numbers.get(place) == Some(&decode::<u64>(value)?))
        })
        .await?;
        if !batch.is_empty() {
            self.engine.commit(batch).await?;
        }
        Ok(pairs.len())
    }
}

fn append_in(batch: &mut Batch, event: &Event, starts_at: u64) -> Result<u64, StoreError> {
    let Event { seq, id, channel, channel_seq, at, body, identities } = event;
    let (seq, id, session_seq, at) = (*seq, *id, *channel_seq, *at);
    let session = channel.as_ref().map(|channel| &channel.id);
    let session_uuid = event.channel_uuid();
    let (wa, module) = match body {
        Body::WhatsApp(event) => (Some(event), None),
        Body::Module(event) => (None, Some(event)),
    };
    let identities = Some(identities).filter(|pairs| !pairs.is_empty());
    let value = encode(&Entry {
        seq,
        id,
        session,
        session_uuid,
        session_seq,
        at,
        body: wa,
        module,
        identities,
        starts_at,
    })?;
    let identity = body.identity().map(|identity| identity_key(session_uuid, &identity));
    let ends_at = starts_at + size(identity.as_deref(), value.len());
    if let Some(identity) = identity {
        batch.put(identity, encode(&seq)?);
    }
    batch.put(by_session(session_uuid).number(seq).done(), Vec::new());
    batch.put(key(seq).done(), value);
    Ok(ends_at)
}

/// An entry and where it starts.
fn read(value: &[u8]) -> Result<(Event, u64), StoreError> {
    let entry: Read = match decode(value) {
        Ok(entry) => entry,
        Err(error) => decode::<ReadFormer>(value).ok().and_then(of_gateway).ok_or(error)?,
    };
    let Entry { seq, id, session, session_uuid, session_seq, at, .. } = entry;
    let body = match (entry.body, entry.module) {
        (Some(event), _) => Body::WhatsApp(event),
        (None, Some(event)) => Body::Module(event),
        (None, None) => return Err(StoreError::Corrupt(format!("event {seq} has no body"))),
    };
    let channel = session.map(|id| Channel { id, uuid: session_uuid });
    let identities = entry.identities.unwrap_or_default();
    let event = Event { seq, id, channel, channel_seq: session_seq, at, body, identities };
    Ok((event, entry.starts_at))
}

fn event_of(value: &[u8]) -> Result<Event, StoreError> {
    Ok(read(value)?.0)
}

/// The gateway's own event of before there were families; none for any other.
fn of_gateway(entry: ReadFormer) -> Option<Read> {
    let Entry { seq, id, session, session_uuid, session_seq, at, identities, starts_at, .. } =
        entry;
    let value = entry.body?;
    let kind = value.get("type")?.as_str().filter(|kind| *kind == FORMER_KIND)?.to_owned();
    let webhook = value.get("webhook").and_then(|id| id.as_str()?.parse().ok());
    let subject = webhook.map(EventSubject::Webhook).unwrap_or_default();
    let family = FORMER_FAMILY.to_owned();
    let module = Some(ModuleEvent { family, kind, subject, identity: None, value });
    let body = None;
    Some(Entry {
        seq,
        id,
        session,
        session_uuid,
        session_seq,
        at,
        body,
        module,
        identities,
        starts_at,
    })
}

fn place_of(value: &[u8]) -> Result<EventPlace, StoreError> {
    let (event, starts_at) = read(value)?;
    let uuid = event.channel_uuid();
    let identity = event.body.identity().map(|identity| identity_key(uuid, &identity));
    let size = size(identity.as_deref(), value.len());
    Ok(EventPlace { seq: event.seq, starts_at, ends_at: starts_at + size })
}

/// Bytes of all that an entry adds to the store: itself, its place in its session, its identity.
fn size(identity: Option<&[u8]>, value: usize) -> u64 {
    let identity = identity.map_or(0, |identity| identity.len() + NUMBER);
    let all = key(0).length() + value + by_session(Uuid::nil()).length() + NUMBER + identity;
    u64::try_from(all).unwrap_or(u64::MAX)
}

fn key(seq: u64) -> Key {
    Key::new(EVENTS).number(seq)
}

fn mark(event: &Event) -> Vec<u8> {
    by_session(event.channel_uuid()).number(event.seq).done()
}

/// The setting that says that something was ever appended.
fn begun() -> Vec<u8> {
    Key::new(Tree::SETTINGS).text("event log").done()
}

fn by_session(session: Uuid) -> Key {
    Key::new(EVENTS_OF_SESSION).uuid(session)
}

fn identity_key(session: Uuid, identity: &str) -> Vec<u8> {
    Key::new(IDENTITIES_OF_EVENTS).uuid(session).text(identity).done()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    /// Entries as the landed version wrote them, byte for byte.
    const LANDED: [&str; 3] = [
        r#"{"seq":1,"id":"01a1fd25-84c9-75f4-80cc-417b1487b2ee","session":"shop","sessionUuid":"01a1fd24-9c03-7d11-a0a2-1f6f8f5d2c77","sessionSeq":1,"at":"2026-11-20T10:00:00Z","body":{"type":"ack","message":"true_15550000001@c.us_K","ack":"read","participant":null},"startsAt":0}"#,
        r#"{"seq":2,"id":"01a1fd25-84c9-75f4-80cc-417b1487b2ef","session":"shop","sessionSeq":1,"at":"2026-11-20T10:00:01Z","body":{"type":"authenticated"},"identities":[{"lid":"1000000001@lid","phone":"15550000001@c.us"}],"startsAt":300}"#,
        r#"{"seq":3,"id":"01a1fd25-84c9-75f4-80cc-417b1487b2f0","session":null,"sessionSeq":1,"at":"2026-11-20T10:00:02Z","body":{"type":"webhook_disabled","webhook":"01a1fd24-9c03-7d11-a0a2-1f6f8f5d2c78","origin":"https://example.com","allSessions":true,"reason":"HTTP 500","failingSince":null},"startsAt":600}"#,
    ];

    fn landed(text: &str) -> Vec<u8> {
        [&[1], text.as_bytes()].concat()
    }

    #[tokio::test]
    async fn events_of_the_landed_version_are_read_on_unchanged() {
        let store = Store::temporary().await.unwrap();
        let mut batch = Batch::new();
        for (seq, text) in (1..).zip(LANDED) {
            batch.put(key(seq).done(), landed(text));
        }
        store.commit(batch).await.unwrap();
        let events = store.events().between(0, 9, 9).await.unwrap();
        let [ack, authenticated, disabled] = &events[..] else { panic!("{events:?}") };
        let channel = ack.channel.as_ref().unwrap();
        assert_eq!((channel.id.to_string(), ack.channel_seq), ("shop".to_owned(), 1));
        assert_eq!(channel.uuid.to_string(), "01a1fd24-9c03-7d11-a0a2-1f6f8f5d2c77");
        assert_eq!(ack.at, from_seconds(1_795_168_800));
        assert!(matches!(&ack.body, Body::WhatsApp(WaEvent::Ack { participant: None, .. })));
        assert_eq!(authenticated.session().unwrap().as_str(), "shop");
        assert_eq!(
            (authenticated.channel_uuid(), authenticated.identities.len()),
            (Uuid::nil(), 1)
        );
        let Body::Module(disabled) = &disabled.body else { panic!("{disabled:?}") };
        assert_eq!(
            (disabled.family.as_str(), disabled.kind.as_str()),
            ("gateway", "webhook_disabled")
        );
        assert!(matches!(disabled.subject, EventSubject::Webhook(_)));
        let place =
            store.events().place(store.events().end().await.unwrap().seq).await.unwrap().unwrap();
        assert_eq!((place.seq, place.starts_at), (3, 600));
    }

    #[test]
    fn what_is_damaged_is_not_taken_for_an_event_of_another_family() {
        let damaged = LANDED[0].replace("\"ack\":\"read\"", "\"ack\":\"odd\"");
        assert!(matches!(read(&landed(&damaged)), Err(StoreError::Corrupt(_))));
        let unknown = LANDED[0].replace("\"type\":\"ack\"", "\"type\":\"odd\"");
        assert!(matches!(read(&landed(&unknown)), Err(StoreError::Corrupt(_))));
    }

    #[tokio::test]
    async fn events_of_all_channels_and_families_come_back_as_they_were_written() {
        let store = Store::temporary().await.unwrap();
        let module = ModuleEvent {
            family: "payments".to_owned(),
            kind: "paid".to_owned(),
            subject: EventSubject::Record("order".to_owned(), "7".to_owned()),
            identity: Some("payments|paid|7".to_owned()),
            value: serde_json::json!({ "order": 7, "deep": [null, 1.5, { "a": "b" }] }),
        };
        let mut written = Vec::new();
        for (seq, id) in (1..).zip(["shop", "web:01a1fd24-9c03-7d11-a0a2-1f6f8f5d2c77", "sms:1555"])
        {
            let channel = Some(Channel { id: id.parse().unwrap(), uuid: Uuid::from_u128(9) });
            let (id, channel_seq, at) = (Uuid::from_u128(seq.into()), seq, from_seconds(1));
            let (body, identities) = (Body::Module(module.clone()), Vec::new());
            written.push(Event { seq, id, channel, channel_seq, at, body, identities });
        }
        let mut batch = Batch::new();
        for event in &written {
            store.events().append_in(&mut batch, event, 0).unwrap();
        }
        store.commit(batch).await.unwrap();
        assert_eq!(store.events().between(0, 9, 9).await.unwrap(), written);
        let of_channel = store.events().between_of(Uuid::from_u128(9), 1, 9, 9).await.unwrap();
        assert_eq!(of_channel, written[1..]);
        let known = store.events().number_of(Uuid::from_u128(9), "payments|paid|7").await;
        assert_eq!(known.unwrap(), Some(3));
        // What was dropped is known by its identity no more.
        assert_eq!(store.events().drop_below(9, 9).await.unwrap(), 3);
        let known = store.events().number_of(Uuid::from_u128(9), "payments|paid|7").await;
        assert_eq!(known.unwrap(), None);
    }
}
