//! Layout 1 to 2: events, webhooks, API keys and messages that wait, which layout 1 knows by the name of
//! their session, get the UUID of that session.
//!
//! A record belongs to the session that has its name now, if that session was there when the record was
//! made. All others are of sessions that were removed: no session of the same name gets them any more.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    domain::{Clock, Timestamp},
    store::{
        StoreError,
        codec::{Key, decode, encode_json},
        engine::{Batch, Direction, Engine, Pair},
        former_trees as trees,
        migrations::{InPlace, Pass},
        table::clear,
        trees::Tree,
    },
};

/// The webhook of a creation was registered a moment before its session was made.
const WEBHOOK_BEFORE: Duration = Duration::from_secs(10);
/// What a webhook has in other trees, by its UUID.
const OF_WEBHOOK: [Tree; 6] = [
    trees::DELIVERIES,
    trees::DELIVERIES_WAITING,
    trees::LANES,
    trees::LANE_HEADS,
    trees::DELIVERED,
    trees::WEBHOOK_CURSORS,
];

pub struct Rebind;

/// The sessions that there are, by name: when each was made, and its UUID.
struct Bearers(HashMap<String, (Timestamp, Uuid)>);

impl Bearers {
    async fn read(engine: &dyn Engine) -> Result<Self, StoreError> {
        let all = Key::new(trees::SESSIONS).all();
        let mut found = HashMap::new();
        for (_, value) in engine.scan(all, Direction::Forward, usize::MAX).await? {
            let record: Value = decode(&value)?;
            if let (Some(name), Some(made), Some(uuid)) =
                (text(&record, "id"), time(&record, "createdAt"), uuid(&record, "uuid"))
            {
                found.insert(name.to_owned(), (made, uuid));
            }
        }
        Ok(Self(found))
    }

    /// The session that bore this name at this time, if it still does.
    fn at(&self, session: &str, time: Option<Timestamp>) -> Option<Uuid> {
        let (made, uuid) = self.0.get(session)?;
        time.is_some_and(|time| *made <= time).then_some(*uuid)
    }
}

#[async_trait]
impl InPlace for Rebind {
    async fn run(&self, pass: &mut Pass<'_>) -> Result<(), StoreError> {
        let bearers = Bearers::read(pass.engine).await?;
        let now = Clock::system().now();
        pass.each(trees::API_KEYS, |batch, pair| bind_key(batch, pair, &bearers, now)).await?;
        let engine = pass.engine;
        // They are few, and those that go take much with them.
        let webhooks = Key::new(trees::WEBHOOKS).all();
        for pair in engine.scan(webhooks, Direction::Forward, usize::MAX).await? {
            bind_webhook(engine, pair, &bearers).await?;
        }
        pass.each(trees::OUTBOX, |batch, pair| bind_send(batch, pair, &bearers)).await?;
        pass.each(trees::EVENTS, |batch, pair| bind_event(batch, pair, &bearers)).await?;
        for tree in [trees::EVENTS_BY_SESSION, trees::EVENT_IDENTITIES] {
            clear(engine, Key::new(tree).all()).await?;
        }
        Ok(())
    }
}

fn bind_key(
    batch: &mut Batch,
    (key, value): Pair,
    bearers: &Bearers,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut record: Value = decode(&value)?;
    let Some(session) = unbound(&record) else { return Ok(()) };
    match bearers.at(session, time(&record, "createdAt")) {
        Some(uuid) => record["sessionUuid"] = json!(uuid),
        None if record["revokedAt"].is_null() => {
            tracing::warn!(key = %record["id"], "the key of a session that is gone is revoked");
            record["revokedAt"] = json!(now);
        }
        None => return Ok(()),
    }
    batch.put(key, encode_json(&record)?);
    Ok(())
}

async fn bind_webhook(
    engine: &dyn Engine,
    (key, value): Pair,
    bearers: &Bearers,
) -> Result<(), StoreError> {
    let mut record: Value = decode(&value)?;
    let Some(session) = unbound(&record) else { return Ok(()) };
    let mut batch = Batch::new();
    let made = time(&record, "createdAt").map(|made| made + WEBHOOK_BEFORE);
    if let Some(uuid) = bearers.at(session, made) {
        record["sessionUuid"] = json!(uuid);
        batch.put(key, encode_json(&record)?);
        return engine.commit(batch).await;
    }
    tracing::warn!(webhook = %record["id"], "the webhook of a session that is gone is removed");
    if let Some(id) = uuid(&record, "id") {
        let deliveries = Key::new(trees::DELIVERIES).uuid(id);
        let length = deliveries.length();
        for (key, _) in engine.scan(deliveries.all(), Direction::Forward, usize::MAX).await? {
            let delivery = key.get(length..).and_then(|rest| Uuid::from_slice(rest).ok());
            if let Some(delivery) = delivery {
                clear(engine, Key::new(trees::ATTEMPTS).uuid(delivery).all()).await?;
            }
        }
        for tree in OF_WEBHOOK {
            clear(engine, Key::new(tree).uuid(id).all()).await?;
        }
    }
    batch.remove(key);
    engine.commit(batch).await
}

/// What waits and belongs to nobody is left unbound: the outbox cancels it when it takes it up.
fn bind_send(batch: &mut Batch, (key, value): Pair, bearers: &Bearers) -> Result<(), StoreError> {
    let mut entry: Value = decode(&value)?;
    let Some(session) = unbound(&entry) else { return Ok(()) };
    if let Some(uuid) = bearers.at(session, time(&entry, "queuedAt")) {
        entry["sessionUuid"] = json!(uuid);
        batch.put(key, encode_json(&entry)?);
        return Ok(());
    }
    if matches!(text(&entry, "state"), Some("queued" | "sending" | "unknown")) {
        return Ok(());
    }
    if let Some(message) = text(&entry["outgoing"], "key") {
        batch.remove(Key::new(trees::OUTBOX_BY_MESSAGE).text(session).text(message).done());
    }
    batch.remove(key);
    Ok(())
}

/// An event is found by the UUID of its session from now on, and by its name no more.
fn bind_event(batch: &mut Batch, (key, value): Pair, bearers: &Bearers) -> Result<(), StoreError> {
    let mut entry: Value = decode(&value)?;
    let Some(session) = unbound(&entry) else { return Ok(()) };
    let Some(uuid) = bearers.at(session, time(&entry, "at")) else { return Ok(()) };
    let Some(seq) = entry["seq"].as_u64() else { return Ok(()) };
    entry["sessionUuid"] = json!(uuid);
    if let Some(identity) = identity(&entry["body"]) {
        let place = Key::new(trees::IDENTITIES_OF_EVENTS).uuid(uuid).text(&identity).done();
        batch.put(place, encode_json(&seq)?);
    }
    batch.put(Key::new(trees::EVENTS_OF_SESSION).uuid(uuid).number(seq).done(), Vec::new());
    batch.put(key, encode_json(&entry)?);
    Ok(())
}

/// The name of the session of a record that has no UUID of it.
fn unbound(record: &Value) -> Option<&str> {
    let bound = uuid(record, "sessionUuid").is_some_and(|uuid| !uuid.is_nil());
    text(record, "session").filter(|_| !bound)
}

/// What made two reports of the same happening one event.
fn identity(body: &Value) -> Option<String> {
    let of = |name: &str| text(body, name);
    match of("type")? {
        "message" | "message_sent" => Some(format!("message|{}", text(&body["message"], "id")?)),
        "ack" => {
            let level = match of("ack")? {
                "failed" => -1,
                "pending" => 0,
                "sent" => 1,
                "delivered" => 2,
                "read" => 3,
                _ => 4,
            };
            let participant = of("participant").unwrap_or_default();
            Some(format!("ack|{}|{level}|{participant}", of("message")?))
        }
        "message_revoked" => Some(format!("revoked|{}", of("message")?)),
        "message_failed" => Some(format!("failed|{}", of("outbox")?)),
        "message_cancelled" => Some(format!("cancelled|{}", of("outbox")?)),
        "call" => Some(format!("call|{}", of("id")?)),
        "identity_learned" => {
            Some(format!("identity|{}|{}|{}", of("lid")?, of("phone")?, of("since")?))
        }
        _ => None,
    }
}

fn text<'a>(record: &'a Value, name: &str) -> Option<&'a str> {
    record.get(name)?.as_str()
}

fn uuid(record: &Value, name: &str) -> Option<Uuid> {
    text(record, name)?.parse().ok()
}

fn time(record: &Value, name: &str) -> Option<Timestamp> {
    text(record, name)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::clock::from_seconds,
        store::{disk::Disk, engine::MemoryEngine, migrations::in_place, opening::Opening},
    };

    const NOW: Uuid = Uuid::from_u128(7);
    const BORN: i64 = 1_000;

    fn at(seconds: i64) -> Value {
        json!(from_seconds(seconds))
    }

    fn put(batch: &mut Batch, key: Key, value: &Value) {
        batch.put(key.done(), encode_json(value).unwrap());
    }

    /// What an older version wrote: of the present session "a", and of one that bore its name before.
    async fn older() -> MemoryEngine {
        let engine = MemoryEngine::default();
        let mut batch = Batch::new();
        let session = json!({ "id": "a", "uuid": NOW, "createdAt": at(BORN) });
        put(&mut batch, Key::new(trees::SESSIONS).text("a"), &session);
        for (seq, time) in [(1_u64, BORN - 500), (2, BORN + 500)] {
            let id = Uuid::from_u128(seq.into());
            let body =
                json!({ "type": "ack", "message": "true_15550000001@c.us_K", "ack": "read" });
            let event = json!({ "seq": seq, "session": "a", "at": at(time), "body": body });
            put(&mut batch, Key::new(trees::EVENTS).number(seq), &event);
            put(&mut batch, Key::new(trees::EVENTS_BY_SESSION).text("a").number(seq), &json!(null));
            let record = json!({ "id": id, "session": "a", "createdAt": at(time) });
            put(&mut batch, Key::new(trees::API_KEYS).uuid(id), &record);
            put(&mut batch, Key::new(trees::WEBHOOKS).uuid(id), &record);
            put(&mut batch, Key::new(trees::WEBHOOK_CURSORS).uuid(id), &json!(5));
            put(&mut batch, Key::new(trees::DELIVERIES).uuid(id).uuid(id), &json!({}));
            put(&mut batch, Key::new(trees::ATTEMPTS).uuid(id).number(1), &json!({}));
        }
        let record = json!({ "id": Uuid::from_u128(3), "session": "a", "createdAt": at(BORN - 1) });
        put(&mut batch, Key::new(trees::WEBHOOKS).uuid(Uuid::from_u128(3)), &record);
        for (id, time, state) in
            [(1, BORN - 500, "queued"), (2, BORN - 500, "sent"), (3, BORN + 500, "queued")]
        {
            let (id, message) = (Uuid::from_u128(id), format!("K{id}"));
            let nil = Uuid::nil();
            let outgoing = json!({ "key": message });
            let entry = json!({ "id": id, "session": "a", "sessionUuid": nil, "outgoing": outgoing,
                "state": state, "queuedAt": at(time) });
            put(&mut batch, Key::new(trees::OUTBOX).text("a").uuid(id), &entry);
            put(
                &mut batch,
                Key::new(trees::OUTBOX_BY_MESSAGE).text("a").text(&message),
                &json!(id),
            );
        }
        engine.commit(batch).await.unwrap();
        engine
    }

    async fn all(engine: &MemoryEngine, tree: Tree) -> Vec<Value> {
        let found =
            engine.scan(Key::new(tree).all(), Direction::Forward, usize::MAX).await.unwrap();
        found.iter().map(|(_, value)| decode(value).unwrap_or(Value::Null)).collect()
    }

    async fn count(engine: &MemoryEngine, tree: Tree) -> usize {
        all(engine, tree).await.len()
    }

    #[tokio::test]
    async fn what_the_present_session_made_is_bound_to_it_and_nothing_of_an_earlier_one() {
        let engine = older().await;
        for _ in 0..2 {
            let disk = Disk::manual(0);
            in_place::run(&engine, &disk, 1, "test", &Rebind, &Opening::default()).await.unwrap();
            let bound = |value: &Value| uuid(value, "sessionUuid").filter(|uuid| !uuid.is_nil());
            let events: Vec<_> = all(&engine, trees::EVENTS).await.iter().map(bound).collect();
            assert_eq!(events, [None, Some(NOW)]);
            let place = Key::new(trees::EVENTS_OF_SESSION).uuid(NOW).number(2).done();
            assert!(engine.get(&place).await.unwrap().is_some());
            assert_eq!(count(&engine, trees::EVENTS_OF_SESSION).await, 1);
            let identity = "ack|true_15550000001@c.us_K|3|";
            let place = Key::new(trees::IDENTITIES_OF_EVENTS).uuid(NOW).text(identity).done();
            assert_eq!(engine.get(&place).await.unwrap(), Some(encode_json(&2).unwrap()));
            assert_eq!(count(&engine, trees::EVENTS_BY_SESSION).await, 0);
            let keys = all(&engine, trees::API_KEYS).await;
            let keys: Vec<_> =
                keys.iter().map(|key| (bound(key), !key["revokedAt"].is_null())).collect();
            assert_eq!(keys, [(None, true), (Some(NOW), false)]);
            let webhooks: Vec<_> = all(&engine, trees::WEBHOOKS).await.iter().map(bound).collect();
            assert_eq!(webhooks, [Some(NOW), Some(NOW)]);
            for tree in [trees::WEBHOOK_CURSORS, trees::DELIVERIES, trees::ATTEMPTS] {
                assert_eq!(count(&engine, tree).await, 1, "{tree:?}");
            }
            let sends: Vec<_> = all(&engine, trees::OUTBOX).await.iter().map(bound).collect();
            assert_eq!(sends, [None, Some(NOW)]);
            assert_eq!(count(&engine, trees::OUTBOX_BY_MESSAGE).await, 2);
        }
    }
}
