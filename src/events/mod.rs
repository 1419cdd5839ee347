//! The event log: every event is durable here, with its number, before anyone hears of it.
//!
//! Consumers keep a cursor of their own and read; the wake-up is a `watch` channel that carries
//! only the newest number. A slow consumer is late and loses nothing. Who consumes is not known here.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Mutex, watch};
use uuid::Uuid;

use crate::{
    breakpoint::Breakpoint,
    domain::{
        Clock, Event, EventBody, Identities, SessionId, clock::from_millis, identity::named_by,
    },
    store::{Batch, Store, StoreError},
};

/// Events dropped in one commit.
const PRUNED_AT_ONCE: usize = 1_000;

/// The log; clones are the same log.
#[derive(Clone)]
pub struct EventLog {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    clock: Clock,
    numbers: Mutex<Numbers>,
    /// The newest number that is safe on the disk.
    newest: watch::Sender<u64>,
    oldest: AtomicU64,
}

/// The next numbers; whoever holds them is the one who appends.
struct Numbers {
    last: u64,
    last_of: HashMap<SessionId, u64>,
}

impl EventLog {
    pub async fn open(store: Store, clock: Clock) -> Result<Self, StoreError> {
        let last = store.events().newest().await?.unwrap_or(0);
        let oldest = store.events().oldest().await?.unwrap_or(last + 1);
        let inner = Inner {
            store,
            clock,
            numbers: Mutex::new(Numbers { last, last_of: HashMap::new() }),
            newest: watch::Sender::new(last),
            oldest: AtomicU64::new(oldest),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Appends events, together with whatever else belongs to the same commit. Events whose
    /// identity is known already are left out. Returns once all of it is durable; then wakes.
    pub async fn append(
        &self,
        session: &SessionId,
        bodies: Vec<EventBody>,
        along: Batch,
    ) -> Result<Vec<Event>, StoreError> {
        let events = self.commit(session, bodies, &Identities::default(), along).await?;
        match events.last() {
            Some(last) => self.publish(last.seq).await?,
            None => self.inner.store.durable().await?,
        }
        Ok(events)
    }

    /// Returns once the event of this number is durable, and all before it; then wakes. What was
    /// committed with it is safe too.
    pub async fn publish(&self, seq: u64) -> Result<(), StoreError> {
        if seq <= self.newest() {
            return Ok(());
        }
        // Commits are ordered by the lock in `commit`: once this one is durable, so are all before.
        self.inner.store.durable().await?;
        Breakpoint::EventDurable.pass();
        self.inner.newest.send_if_modified(|newest| {
            let is_newer = *newest < seq;
            *newest = seq.max(*newest);
            is_newer
        });
        Ok(())
    }

    /// The first half of [`Self::append`]: committed, not yet durable, and nobody hears of it
    /// before [`Self::publish`]. Between the two the caller can let go of its locks, so that those
    /// who wait for the disk wait together. Of `known`, each event keeps what concerns its people.
    pub async fn commit(
        &self,
        session: &SessionId,
        bodies: Vec<EventBody>,
        known: &Identities,
        mut along: Batch,
    ) -> Result<Vec<Event>, StoreError> {
        let stored = self.inner.store.events();
        let mut numbers = self.inner.numbers.lock().await;
        let mut last_of = match numbers.last_of.get(session) {
            Some(last) => *last,
            None => stored.newest_of(session).await?.map_or(0, |event| event.session_seq),
        };
        let at = self.inner.clock.now();
        let (mut last, mut events) = (numbers.last, Vec::with_capacity(bodies.len()));
        let mut identities = Vec::new();
        for body in bodies {
            if let Some(identity) = body.identity() {
                if identities.contains(&identity)
                    || stored.number_of(session, &identity).await?.is_some()
                {
                    continue;
                }
                identities.push(identity);
            }
            (last, last_of) = (last + 1, last_of + 1);
            let (id, session) = (Uuid::now_v7(), session.clone());
            let identities = known.pairs_of(&named_by(&body));
            let event =
                Event { seq: last, id, session, session_seq: last_of, at, body, identities };
            stored.append_in(&mut along, &event)?;
            events.push(event);
        }
        self.inner.store.commit(along).await?;
        Breakpoint::EventCommitted.pass();
        numbers.last = last;
        numbers.last_of.insert(session.clone(), last_of);
        Ok(events)
    }

    /// The number under which an event of this identity was logged for the session before. It
    /// need not be durable yet: [`Self::publish`] waits for that.
    pub async fn number_of(
        &self,
        session: &SessionId,
        body: &EventBody,
    ) -> Result<Option<u64>, StoreError> {
        match body.identity() {
            Some(identity) => self.inner.store.events().number_of(session, &identity).await,
            None => Ok(None),
        }
    }

    /// Up to `limit` durable events above `after`; of one session, or of all.
    pub async fn read(
        &self,
        session: Option<&SessionId>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let stored = self.inner.store.events();
        match session {
            Some(session) => stored.between_of(session, after, self.newest(), limit).await,
            None => stored.between(after, self.newest(), limit).await,
        }
    }

    /// The newest number, 0 for an empty log.
    pub fn newest(&self) -> u64 {
        *self.inner.newest.borrow()
    }

    /// The oldest number still held; one above the newest for an empty log.
    pub fn oldest(&self) -> u64 {
        self.inner.oldest.load(Ordering::SeqCst)
    }

    /// Changes to the newest number at each append.
    pub fn wake(&self) -> watch::Receiver<u64> {
        self.inner.newest.subscribe()
    }

    /// Drops events older than the retention, never at or above `keep_from`. How many.
    pub async fn prune(&self, retention: Duration, keep_from: u64) -> Result<usize, StoreError> {
        let retention = i64::try_from(retention.as_millis()).unwrap_or(i64::MAX);
        let now = self.inner.clock.now().as_millisecond();
        let older_than = from_millis(now.saturating_sub(retention));
        // The newest event is kept so that numbers go on from it after a restart.
        let below = keep_from.min(self.newest());
        let mut dropped = 0;
        loop {
            let stored = self.inner.store.events();
            let at_once = stored.prune(below, older_than, PRUNED_AT_ONCE).await?;
            dropped += at_once;
            if at_once < PRUNED_AT_ONCE {
                break;
            }
        }
        if let Some(oldest) = self.inner.store.events().oldest().await? {
            self.inner.oldest.store(oldest, Ordering::SeqCst);
        }
        Ok(dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Ack, clock::from_seconds};

    fn ack(key: &str) -> EventBody {
        let message = format!("true_1234567890@c.us_{key}").parse().unwrap();
        EventBody::Ack { message, ack: Ack::Read, participant: None }
    }

    async fn log() -> (EventLog, Clock) {
        let clock = Clock::manual(from_seconds(1_000));
        (EventLog::open(Store::temporary().await.unwrap(), clock.clone()).await.unwrap(), clock)
    }

    #[tokio::test]
    async fn the_same_happening_is_logged_once() {
        let (log, _) = log().await;
        let session = "s".parse().unwrap();
        let twice = vec![ack("A"), ack("A"), ack("B")];
        assert_eq!(log.append(&session, twice, Batch::new()).await.unwrap().len(), 2);
        assert!(log.append(&session, vec![ack("B")], Batch::new()).await.unwrap().is_empty());
        assert_eq!(log.number_of(&session, &ack("A")).await.unwrap(), Some(1));
        assert_eq!(log.newest(), 2);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn numbers_have_no_gaps_however_many_append_at_once() {
        let (log, _) = log().await;
        let appends = (0..20).map(|n| {
            let log = log.clone();
            tokio::spawn(async move {
                let session: SessionId = format!("s{}", n % 3).parse().unwrap();
                for m in 0..10 {
                    let body = ack(&format!("K{n}x{m}"));
                    log.append(&session, vec![body], Batch::new()).await.unwrap();
                }
            })
        });
        for append in appends.collect::<Vec<_>>() {
            append.await.unwrap();
        }
        let all = log.read(None, 0, 1_000).await.unwrap();
        assert_eq!(
            all.iter().map(|event| event.seq).collect::<Vec<_>>(),
            (1..=200).collect::<Vec<_>>()
        );
        let of_one = log.read(Some(&"s1".parse().unwrap()), 0, 1_000).await.unwrap();
        let within: Vec<_> = of_one.iter().map(|event| event.session_seq).collect();
        assert_eq!(within, (1..=of_one.len() as u64).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn numbers_go_on_after_a_restart() {
        let (store, clock) = (Store::temporary().await.unwrap(), Clock::system());
        let session = "s".parse().unwrap();
        let first = EventLog::open(store.clone(), clock.clone()).await.unwrap();
        first.append(&session, vec![ack("A")], Batch::new()).await.unwrap();
        let second = EventLog::open(store, clock).await.unwrap();
        let event = &second.append(&session, vec![ack("B")], Batch::new()).await.unwrap()[0];
        assert_eq!((event.seq, event.session_seq), (2, 2));
    }

    #[tokio::test]
    async fn old_events_go_but_never_what_somebody_still_needs() {
        let (log, clock) = log().await;
        let session = "s".parse().unwrap();
        for key in ["A", "B", "C", "D"] {
            log.append(&session, vec![ack(key)], Batch::new()).await.unwrap();
        }
        clock.advance(Duration::from_secs(100));
        assert_eq!(log.prune(Duration::from_secs(200), u64::MAX).await.unwrap(), 0);
        assert_eq!(log.prune(Duration::from_secs(50), 3).await.unwrap(), 2);
        assert_eq!((log.oldest(), log.newest()), (3, 4));
        assert_eq!(log.prune(Duration::from_secs(50), u64::MAX).await.unwrap(), 1);
        assert_eq!(log.read(None, 0, 10).await.unwrap().len(), 1);
    }
}
