//! Binds what an older store knew by a session's name to the session's UUID: events, webhooks, API keys
//! and messages that wait.
//!
//! A record belongs to the session that bears its name now, if that session was there when the record was
//! made. All others are of sessions that were removed: no session of the same name gets them any more.
//! Cut off in the middle, it is done again at the next opening.

use std::{collections::HashMap, time::Duration};

use uuid::Uuid;

use crate::{
    domain::{Clock, SessionId, SessionRecord, Timestamp, outbox::OutboxEntry},
    store::{
        Store, StoreError,
        codec::{Key, decode, encode},
        engine::{Batch, Direction, Range},
        events,
        records::{ApiKeyRecord, WebhookRecord},
        table::clear,
        trees::Tree,
    },
};

const AT_ONCE: usize = 500;
/// The webhook of a creation was registered a moment before its session was made.
const WEBHOOK_BEFORE: Duration = Duration::from_secs(10);

/// The sessions that there are, by name.
struct Bearers(HashMap<SessionId, SessionRecord>);

impl Bearers {
    /// The session that bore this name at this time, if it still does.
    fn at(&self, session: &SessionId, time: Timestamp) -> Option<Uuid> {
        let bearer = self.0.get(session)?;
        (bearer.created_at <= time).then_some(bearer.uuid)
    }
}

pub async fn rebind(store: &Store) -> Result<(), StoreError> {
    let all = store.sessions().list().await?;
    let bearers = Bearers(all.into_iter().map(|record| (record.id.clone(), record)).collect());
    rebind_keys(store, &bearers).await?;
    rebind_webhooks(store, &bearers).await?;
    rebind_outbox(store, &bearers).await?;
    rebind_events(store, &bearers).await
}

async fn rebind_keys(store: &Store, bearers: &Bearers) -> Result<(), StoreError> {
    for record in store.api_keys().list().await? {
        let (Some(session), None) = (&record.session, record.session_uuid) else { continue };
        let session_uuid = bearers.at(session, record.created_at);
        let mut revoked_at = record.revoked_at;
        if session_uuid.is_none() && revoked_at.is_none() {
            tracing::warn!(key = %record.id, "the key of a session that is gone is revoked");
            revoked_at = Some(Clock::system().now());
        }
        let bound = ApiKeyRecord { session_uuid, revoked_at, ..record };
        // Nobody else has the store yet.
        let mut batch = Batch::new();
        batch.put(ApiKeyRecord::at(bound.id).done(), encode(&bound)?);
        store.commit(batch).await?;
    }
    Ok(())
}

async fn rebind_webhooks(store: &Store, bearers: &Bearers) -> Result<(), StoreError> {
    for record in store.webhooks().all().await? {
        let (Some(session), None) = (&record.session, record.session_uuid) else { continue };
        match bearers.at(session, record.created_at + WEBHOOK_BEFORE) {
            Some(uuid) => {
                let session_uuid = Some(uuid);
                store.webhooks().put(&WebhookRecord { session_uuid, ..record }).await?;
            }
            None => {
                tracing::warn!(webhook = %record.id, "the webhook of a session that is gone is removed");
                store.webhooks().remove(record.id).await?;
            }
        }
    }
    Ok(())
}

/// What waits and belongs to nobody is left unbound: the outbox cancels it when it takes it up.
async fn rebind_outbox(store: &Store, bearers: &Bearers) -> Result<(), StoreError> {
    each(store, Tree::Outbox, |batch, value| {
        let mut entry: OutboxEntry = decode(value)?;
        if !entry.session_uuid.is_nil() {
            return Ok(());
        }
        match bearers.at(&entry.session, entry.queued_at) {
            Some(uuid) => {
                entry.session_uuid = uuid;
                store.outbox().change_in(batch, &entry)?;
            }
            None if entry.state.is_waiting() => (),
            None => store.outbox().remove_in(batch, &entry),
        }
        Ok(())
    })
    .await?;
    Ok(())
}

async fn rebind_events(store: &Store, bearers: &Bearers) -> Result<(), StoreError> {
    let done = each(store, Tree::Events, |batch, value| {
        events::rebind_in(batch, value, |session, at| bearers.at(session, at))
    })
    .await?;
    for tree in [Tree::EventsBySession, Tree::EventIdentities] {
        clear(&*store.engine, Key::new(tree).all()).await?;
    }
    if done != 0 {
        tracing::info!(events = done, "bound {done} events to the sessions that they are of");
    }
    Ok(())
}

/// Does something with each value of a tree, and commits after every few hundred. How many there were.
async fn each(
    store: &Store,
    tree: Tree,
    visit: impl Fn(&mut Batch, &[u8]) -> Result<(), StoreError>,
) -> Result<usize, StoreError> {
    let (mut range, mut seen) = (Key::new(tree).all(), 0);
    loop {
        let pairs = store.engine.scan(range.clone(), Direction::Forward, AT_ONCE).await?;
        let Some((last, _)) = pairs.last() else { return Ok(seen) };
        // Nothing lies between a key and the same with a zero behind it.
        let start = [last.as_slice(), &[0]].concat();
        let mut batch = Batch::new();
        for (_, value) in &pairs {
            visit(&mut batch, value)?;
        }
        store.engine.commit(batch).await?;
        seen += pairs.len();
        range = Range { start, end: range.end };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            Content, Event, EventBody, Outgoing, SessionConfig, SessionRef,
            clock::from_seconds,
            outbox::{OutboxState, Terms},
        },
        store::{
            SCHEMA_SETTING,
            codec::encode,
            records::{RetryPlan, SetBy},
        },
    };

    const NOW: Uuid = Uuid::from_u128(7);
    const BORN: i64 = 1_000;

    fn name() -> SessionId {
        "a".parse().unwrap()
    }

    fn key(id: u128, at: i64) -> ApiKeyRecord {
        ApiKeyRecord {
            id: Uuid::from_u128(id),
            name: "bot".to_owned(),
            prefix: String::new(),
            hash: [u8::try_from(id).unwrap(); 32],
            scopes: Vec::new(),
            session: Some(name()),
            session_uuid: None,
            created_at: from_seconds(at),
            expires_at: None,
            last_used_at: None,
            revoked_at: None,
        }
    }

    fn webhook(id: u128, at: i64) -> WebhookRecord {
        WebhookRecord {
            id: Uuid::from_u128(id),
            session: Some(name()),
            session_uuid: None,
            url: String::new(),
            events: Vec::new(),
            headers: Vec::new(),
            secrets: Vec::new(),
            enabled: true,
            disabled_reason: None,
            created_at: from_seconds(at),
            updated_at: from_seconds(at),
            failing_since: None,
            failures_in_row: 0,
            paused_until: None,
            outage: None,
            failing: Vec::new(),
            retries: RetryPlan::default(),
            set_by: SetBy::default(),
            accepted: 0,
            redelivered: 0,
            delivered: 0,
            failed: 0,
            missed: 0,
            last_status: None,
            last_delivery_at: None,
        }
    }

    fn entry(id: u128, at: i64, state: OutboxState) -> OutboxEntry {
        let outgoing = Outgoing {
            key: format!("K{id}"),
            chat: "15550000001@c.us".parse().unwrap(),
            content: Content::Text { body: String::new() },
            quoted: None,
            mentions: Vec::new(),
            link_preview: false,
        };
        OutboxEntry {
            id: Uuid::from_u128(id),
            session: name(),
            session_uuid: Uuid::nil(),
            account: None,
            outgoing,
            terms: Terms::default(),
            state,
            queued_at: from_seconds(at),
            changed_at: from_seconds(at),
            attempts: 0,
            sent: None,
            acked: None,
            reason: None,
            failure: None,
        }
    }

    #[tokio::test]
    async fn an_older_store_binds_what_the_present_session_made_and_nothing_of_an_earlier_one() {
        let store = Store::temporary().await.unwrap();
        let session = SessionRef { id: name(), uuid: NOW };
        let record = SessionRecord::new(session, 1, SessionConfig::default(), from_seconds(BORN));
        store.sessions().put(&record).await.unwrap();
        let (mut batch, mut starts_at) = (Batch::new(), 0);
        for (seq, at) in [(1, BORN - 500), (2, BORN + 500)] {
            let event = Event {
                seq,
                id: Uuid::from_u128(seq.into()),
                session: Some(name()),
                session_uuid: Uuid::nil(),
                session_seq: seq,
                at: from_seconds(at),
                body: EventBody::Authenticated,
                identities: Vec::new(),
            };
            starts_at = store.events().append_in(&mut batch, &event, starts_at).unwrap();
            let by_name = Key::new(Tree::EventsBySession).text("a").number(seq).done();
            batch.put(by_name, encode(&()).unwrap());
        }
        let outbox = store.outbox();
        for (id, at, state) in [
            (1, BORN - 500, OutboxState::Queued),
            (2, BORN - 500, OutboxState::Sent),
            (3, BORN + 500, OutboxState::Queued),
        ] {
            outbox.add_in(&mut batch, &entry(id, at, OutboxState::Queued)).unwrap();
            outbox.change_in(&mut batch, &entry(id, at, state)).unwrap();
        }
        store.commit(batch).await.unwrap();
        for (id, at) in [(1, BORN - 500), (2, BORN + 500)] {
            let key = key(id, at);
            let mut keys = store.transaction();
            keys.put(&ApiKeyRecord::at(key.id), &key).await.unwrap();
            assert!(keys.commit().await.unwrap());
            store.webhooks().put(&webhook(id, at)).await.unwrap();
        }
        store.webhooks().put(&webhook(3, BORN - 1)).await.unwrap();
        store.settings().put(SCHEMA_SETTING, &1_u64).await.unwrap();

        for _ in 0..2 {
            rebind(&store).await.unwrap();
            let events = store.events().between_of(NOW, 0, 9, 9).await.unwrap();
            assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [2]);
            assert_eq!(store.events().between(0, 9, 9).await.unwrap().len(), 2);
            let by_name = Key::new(Tree::EventsBySession).all();
            let by_name = store.engine.scan(by_name, Direction::Forward, 9).await.unwrap();
            assert!(by_name.is_empty());
            let keys = store.api_keys().list().await.unwrap();
            let keys: Vec<_> =
                keys.iter().map(|key| (key.session_uuid, key.revoked_at.is_some())).collect();
            assert_eq!(keys, [(None, true), (Some(NOW), false)]);
            let webhooks = store.webhooks().list(Some(&record.reference())).await.unwrap();
            let webhooks: Vec<u128> = webhooks.iter().map(|one| one.id.as_u128()).collect();
            assert_eq!((webhooks, store.webhooks().all().await.unwrap().len()), (vec![2, 3], 2));
            let entries = outbox.page(&name(), None, 9).await.unwrap();
            let entries: Vec<_> =
                entries.iter().map(|entry| (entry.id.as_u128(), entry.session_uuid)).collect();
            assert_eq!(entries, [(3, NOW), (1, Uuid::nil())]);
        }
    }
}
