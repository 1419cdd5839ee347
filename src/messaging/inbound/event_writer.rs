//! Event writer: commits an event, and all that it changes in the mirror, in one transaction.

use std::{sync::Arc, time::Duration};

use tokio::sync::OwnedMutexGuard;

use crate::{
    domain::{Clock, Event, EventBody, Identities, SessionId, Timestamp},
    events::{EventLog, Work, counters},
    messaging::{
        identities,
        inbound::{
            chat_names::best_name, mirror::Mirror, receipts::Receipts, session_locks::SessionLocks,
        },
        stored::MessagingTables,
    },
    store::{Batch, Store, StoreError, Transaction},
};

/// Writes events of sessions. Clones are the same writer.
#[derive(Clone)]
pub struct EventWriter {
    store: Store,
    log: EventLog,
    clock: Clock,
    locks: SessionLocks,
}

/// A transaction with an event was committed.
pub struct Committed {
    /// The number of the event; none when there was nothing to log.
    pub number: Option<u64>,
}

impl EventWriter {
    pub fn new(store: Store, log: EventLog, clock: Clock) -> Self {
        Self { store, log, clock, locks: SessionLocks::default() }
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn log(&self) -> &EventLog {
        &self.log
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The lock of a session. Each writer holds it: it keeps the order of the events, and saves conflicts. Correctness
    /// does not depend on it, since each write is a transaction.
    pub async fn lock(&self, session: &SessionId) -> OwnedMutexGuard<()> {
        self.locks.lock(session).await
    }

    pub fn forget_lock(&self, session: &SessionId) {
        self.locks.forget(session);
    }

    /// Commits an event. Its number in the log; none when there was nothing to log.
    pub async fn commit(
        &self,
        session: &SessionId,
        body: EventBody,
    ) -> Result<Option<u64>, StoreError> {
        let _held = self.lock(session).await;
        let mut work = self.store.transaction();
        loop {
            let committed = self.commit_in(&mut work, session, body.clone()).await?;
            if let Some(Committed { number }) = committed {
                return Ok(number);
            }
        }
    }

    /// Adds an event and all that follows from it to a transaction, and commits that. None after a conflict:
    /// the transaction must run again. The caller holds the session's lock.
    pub async fn commit_in(
        &self,
        work: &mut Transaction,
        session: &SessionId,
        mut body: EventBody,
    ) -> Result<Option<Committed>, StoreError> {
        let store = work.store();
        identities::name_event(store, session, &mut body).await?;
        if let EventBody::ChatUpdated { chat } = &mut body {
            let known = store.chats().get(session, &chat.id).await?;
            chat.name = best_name(store, session, chat, known.as_ref()).await?;
        }
        let mirror = Mirror { store, session, now: self.now() };
        let receipts = Receipts::new(mirror, &self.log);
        let known = self.log.number_of(session, &body).await?;
        if known.is_some() || receipts.is_late(&body).await? {
            let is_committed = work.commit().await?;
            if is_committed {
                counters::known(&body);
            }
            return Ok(is_committed.then_some(Committed { number: known }));
        }
        let follows = receipts.apply(&mut body).await?;
        mirror.apply(&body).await?;
        let (mut bodies, people) =
            identities::learn_from(store, session, &body, self.now()).await?;
        let learned = bodies.clone();
        // A pair that an engine reports is logged only when it is news.
        let pair = if let EventBody::IdentityLearned { .. } = body {
            Some(body)
        } else {
            bodies.push(body);
            bodies.extend(follows);
            None
        };
        let Some(events) = self.log_in(work, session, bodies, &people).await? else {
            return Ok(None);
        };
        match pair {
            None => learned.iter().for_each(counters::received),
            Some(pair) if learned.is_empty() => counters::known(&pair),
            Some(_) => (),
        }
        Ok(Some(Committed { number: events.last().map(|event| event.seq) }))
    }

    /// Logs events in a transaction and commits that. None after a conflict: the transaction must run again.
    pub async fn log_in(
        &self,
        work: &mut Transaction,
        session: &SessionId,
        bodies: Vec<EventBody>,
        people: &Identities,
    ) -> Result<Option<Vec<Arc<Event>>>, StoreError> {
        let batch = work.batch();
        let committed = self.log.commit(session, bodies, people, batch).await;
        work.settled(committed).await
    }

    /// Appends events that change nothing in the mirror, in one commit. Durable on return.
    pub async fn append(
        &self,
        session: &SessionId,
        events: Vec<EventBody>,
    ) -> Result<(), StoreError> {
        let _held = self.lock(session).await;
        self.log.append(session, events, Batch::new()).await?;
        Ok(())
    }

    /// Work with events of other families.
    pub fn work(&self) -> Work<'_> {
        self.log.work()
    }

    /// Returns when a committed event is durable; then consumers of the log see it. A lost receipt is found
    /// when messages are compared, so receipts share a later flush.
    pub async fn publish(&self, number: u64, body: &EventBody) -> Result<(), StoreError> {
        match body {
            EventBody::Ack { .. } => self.log.publisher().publish_soon(number).await,
            _ => self.log.publish(number).await,
        }
    }

    /// Returns when the last of these events is durable, or, without events, all that was committed.
    pub async fn publish_events(&self, events: &[Arc<Event>]) -> Result<(), StoreError> {
        match events.last() {
            Some(last) => self.log.publish(last.seq).await,
            None => self.store.durable().await,
        }
    }

    /// Like [`Self::publish_events`] for one event. The flush may begin so much later, to serve others too.
    pub async fn publish_within(
        &self,
        number: Option<u64>,
        patience: Duration,
    ) -> Result<(), StoreError> {
        match number {
            Some(number) => self.log.publisher().publish_within(number, patience).await,
            None => self.store.durable_within(patience).await,
        }
    }
}
