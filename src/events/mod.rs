//! The event log: every event is durable here, with its number, before anyone hears of it.
//!
//! Consumers keep a cursor of their own and read; the wake-up is a `watch` channel that carries
//! only the newest number. A slow consumer is late and loses nothing. Who consumes is not known here.
//!
//! Consumers that keep up share the newest events in memory (`tail`); the others read the disk.

mod tail;

pub mod counters;
mod publishing;
mod retention;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex as QuickMutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::{Mutex, watch};
use uuid::Uuid;

pub use self::retention::{Need, Retention};
use self::{
    retention::{Choice, Surplus},
    tail::Tail,
};
use crate::{
    breakpoint::Breakpoint,
    domain::{
        Clock, Event, EventBody, Identities, SessionId, SessionRef, clock::from_millis,
        identity::named_by,
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
    /// Which session bears a name now. What is logged under a name that nobody bears belongs to no session.
    bearers: RwLock<HashMap<SessionId, Uuid>>,
    tail: QuickMutex<Tail>,
    /// The newest number that is safe on the disk.
    newest: watch::Sender<u64>,
    /// Up to which number the log is published within a little while.
    soon: watch::Sender<u64>,
    oldest: AtomicU64,
    /// Bytes that the log ever took, and how many of them it has dropped.
    taken: AtomicU64,
    given_back: AtomicU64,
}

/// The next numbers; whoever holds them is the one who appends.
struct Numbers {
    last: u64,
    last_of: HashMap<Uuid, u64>,
    /// Where the newest entry ends in the bytes that the log ever took.
    ends_at: u64,
}

/// What a round of pruning did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pruned<R> {
    /// Events that were dropped.
    pub dropped: usize,
    /// Readers for whose sake the log stays larger than it should be.
    pub held_by: Vec<R>,
}

impl EventLog {
    pub async fn open(store: Store, clock: Clock) -> Result<Self, StoreError> {
        let newest = store.events().newest().await?;
        let (last, ends_at) = newest.map_or((0, 0), |newest| (newest.seq, newest.ends_at));
        let oldest = store.events().oldest().await?;
        let (oldest, given_back) =
            oldest.map_or((last + 1, ends_at), |oldest| (oldest.seq, oldest.starts_at));
        let inner = Inner {
            store,
            clock,
            numbers: Mutex::new(Numbers { last, last_of: HashMap::new(), ends_at }),
            bearers: RwLock::default(),
            tail: QuickMutex::default(),
            newest: watch::Sender::new(last),
            soon: watch::Sender::new(last),
            oldest: AtomicU64::new(oldest),
            taken: AtomicU64::new(ends_at),
            given_back: AtomicU64::new(given_back),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// From now on events under this name are of this session.
    pub fn bind(&self, session: &SessionRef) {
        let mut bearers = self.inner.bearers.write().unwrap_or_else(PoisonError::into_inner);
        bearers.insert(session.id.clone(), session.uuid);
    }

    /// The session is gone: what still comes under its name is of no session, until another bears it.
    pub async fn unbind(&self, session: &SessionRef) {
        {
            let mut bearers = self.inner.bearers.write().unwrap_or_else(PoisonError::into_inner);
            if bearers.get(&session.id) == Some(&session.uuid) {
                bearers.remove(&session.id);
            }
        }
        self.inner.numbers.lock().await.last_of.remove(&session.uuid);
    }

    fn bearer(&self, session: &SessionId) -> Uuid {
        let bearers = self.inner.bearers.read().unwrap_or_else(PoisonError::into_inner);
        bearers.get(session).copied().unwrap_or_default()
    }

    /// Appends events, together with whatever else belongs to the same commit. Events whose
    /// identity is known already are left out. Returns once all of it is durable; then wakes.
    pub async fn append(
        &self,
        session: &SessionId,
        bodies: Vec<EventBody>,
        along: Batch,
    ) -> Result<Vec<Arc<Event>>, StoreError> {
        self.append_of(Some(session), bodies, along).await
    }

    /// The same; without a session it happened to the gateway as a whole, and no session gets it.
    pub async fn append_of(
        &self,
        session: Option<&SessionId>,
        bodies: Vec<EventBody>,
        along: Batch,
    ) -> Result<Vec<Arc<Event>>, StoreError> {
        let reported = bodies.clone();
        let events = self.commit(session, bodies, &Identities::default(), along).await?;
        reported.iter().for_each(counters::received);
        match events.last() {
            Some(last) => self.publish(last.seq).await?,
            None => self.inner.store.durable().await?,
        }
        Ok(events)
    }

    /// The first half of [`Self::append`]: committed, not yet durable, and nobody hears of it
    /// before [`Self::publish`]. Between the two the caller can let go of its locks, so that those
    /// who wait for the disk wait together. Of `people`, each event keeps what concerns its people.
    pub async fn commit(
        &self,
        session: Option<&SessionId>,
        bodies: Vec<EventBody>,
        people: &Identities,
        mut along: Batch,
    ) -> Result<Vec<Arc<Event>>, StoreError> {
        let stored = self.inner.store.events();
        let mut numbers = self.inner.numbers.lock().await;
        let session_uuid = session.map(|session| self.bearer(session)).unwrap_or_default();
        let mut last_of = match numbers.last_of.get(&session_uuid) {
            Some(last) => *last,
            None => stored.newest_of(session_uuid).await?.map_or(0, |event| event.session_seq),
        };
        let at = self.inner.clock.now();
        let (mut last, mut events) = (numbers.last, Vec::with_capacity(bodies.len()));
        let (mut ends_at, mut known) = (numbers.ends_at, Vec::new());
        let mut identities = Vec::new();
        for body in bodies {
            if let Some(identity) = body.identity() {
                if identities.contains(&identity)
                    || stored.number_of(session_uuid, &identity).await?.is_some()
                {
                    known.push(body);
                    continue;
                }
                identities.push(identity);
            }
            (last, last_of) = (last + 1, last_of + 1);
            let (id, session) = (Uuid::now_v7(), session.cloned());
            let identities = people.pairs_of(&named_by(&body));
            let session_seq = last_of;
            let event =
                Event { seq: last, id, session, session_uuid, session_seq, at, body, identities };
            let starts_at = ends_at;
            ends_at = stored.append_in(&mut along, &event, starts_at)?;
            let bytes = usize::try_from(ends_at - starts_at).unwrap_or(usize::MAX);
            events.push((Arc::new(event), bytes));
        }
        self.inner.store.commit(along).await?;
        Breakpoint::EventCommitted.pass();
        let mut tail = self.tail();
        events.iter().for_each(|(event, bytes)| tail.push(event.clone(), *bytes));
        drop(tail);
        (numbers.last, numbers.ends_at) = (last, ends_at);
        numbers.last_of.insert(session_uuid, last_of);
        self.inner.taken.store(ends_at, Ordering::SeqCst);
        known.iter().for_each(counters::known);
        events.iter().for_each(|(event, _)| counters::stored(&event.body));
        Ok(events.into_iter().map(|(event, _)| event).collect())
    }

    /// The number under which an event of this identity was logged for the session before. It
    /// need not be durable yet: [`Self::publish`] waits for that.
    pub async fn number_of(
        &self,
        session: &SessionId,
        body: &EventBody,
    ) -> Result<Option<u64>, StoreError> {
        match body.identity() {
            Some(identity) => {
                self.inner.store.events().number_of(self.bearer(session), &identity).await
            }
            None => Ok(None),
        }
    }

    /// Up to `limit` durable events above `after`; of the session with this UUID, or of all.
    pub async fn read(
        &self,
        session: Option<Uuid>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Arc<Event>>, StoreError> {
        let newest = self.newest();
        if let Some(found) = self.tail().read(session, after, newest, limit) {
            return Ok(found);
        }
        let stored = self.inner.store.events();
        let found = match session {
            Some(session) => stored.between_of(session, after, newest, limit).await,
            None => stored.between(after, newest, limit).await,
        };
        Ok(found?.into_iter().map(Arc::new).collect())
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.inner.tail.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// How many bytes the log takes in the store.
    pub fn bytes(&self) -> u64 {
        let given_back = self.inner.given_back.load(Ordering::SeqCst);
        self.inner.taken.load(Ordering::SeqCst).saturating_sub(given_back)
    }

    /// Drops what is past the retention and needed by no reader.
    pub async fn prune<R: Clone>(
        &self,
        retention: Retention,
        needs: &[Need<R>],
    ) -> Result<Pruned<R>, StoreError> {
        let (oldest, newest) = (self.oldest(), self.newest());
        let aged = self.aged(retention, oldest, newest).await?;
        let oversized = self.oversized(retention, oldest, newest).await?;
        let Choice { below, held_by } =
            retention::choose(Surplus { newest, aged, oversized }, needs);
        // Said first: whoever reads meanwhile shall not take a gap for the whole.
        self.inner.oldest.fetch_max(below, Ordering::SeqCst);
        self.tail().forget_below(below);
        let stored = self.inner.store.events();
        let mut dropped = 0;
        loop {
            let at_once = stored.drop_below(below, PRUNED_AT_ONCE).await?;
            dropped += at_once;
            if at_once < PRUNED_AT_ONCE {
                break;
            }
        }
        if let Some(oldest) = stored.oldest().await? {
            self.inner.given_back.store(oldest.starts_at, Ordering::SeqCst);
        }
        Ok(Pruned { dropped, held_by })
    }

    /// The number below which everything is too old.
    async fn aged(
        &self,
        retention: Retention,
        oldest: u64,
        newest: u64,
    ) -> Result<u64, StoreError> {
        let Some(age) = retention.age else { return Ok(oldest) };
        let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        let now = self.inner.clock.now().as_millisecond();
        let older_than = from_millis(now.saturating_sub(age));
        self.inner.store.events().first_not_before(older_than, oldest, newest).await
    }

    /// The number below which everything is too much: found by halving, since entries know how many
    /// bytes lie before them.
    async fn oversized(
        &self,
        retention: Retention,
        oldest: u64,
        newest: u64,
    ) -> Result<u64, StoreError> {
        let taken = self.inner.taken.load(Ordering::SeqCst);
        let Some(most) = retention.bytes.filter(|most| *most < self.bytes()) else {
            return Ok(oldest);
        };
        let (mut low, mut high) = (oldest, newest.saturating_add(1));
        while low < high {
            let middle = low + (high - low) / 2;
            let place = self.inner.store.events().place(middle).await?;
            if place.is_none_or(|place| most < taken.saturating_sub(place.starts_at)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::{Ack, clock::from_seconds};

    const NOBODY: &[Need<u8>] = &[];

    fn ack(key: &str) -> EventBody {
        let message = format!("true_1234567890@c.us_{key}").parse().unwrap();
        EventBody::Ack { message, ack: Ack::Read, participant: None }
    }

    async fn log() -> (EventLog, Clock) {
        let clock = Clock::manual(from_seconds(1_000));
        (EventLog::open(Store::temporary().await.unwrap(), clock.clone()).await.unwrap(), clock)
    }

    fn session(name: &str, uuid: u128) -> SessionRef {
        SessionRef { id: name.parse().unwrap(), uuid: Uuid::from_u128(uuid) }
    }

    #[tokio::test]
    async fn a_later_session_of_a_name_gets_no_event_of_an_earlier_one() {
        let (log, _) = log().await;
        let (first, second) = (session("s", 1), session("s", 2));
        log.bind(&first);
        log.append(&first.id, vec![ack("A")], Batch::new()).await.unwrap();
        log.unbind(&first).await;
        log.append(&first.id, vec![ack("B")], Batch::new()).await.unwrap();
        log.bind(&second);
        // What belonged to the first bearer alone ends with it.
        log.unbind(&first).await;
        // The same happening is news to the second session.
        log.append(&second.id, vec![ack("A")], Batch::new()).await.unwrap();
        let numbers = async |session: &SessionRef| -> Vec<(u64, u64)> {
            let events = log.read(Some(session.uuid), 0, 9).await.unwrap();
            let stored = log.inner.store.events();
            let on_disk = stored.between_of(session.uuid, 0, 9, 9).await.unwrap();
            let events: Vec<Event> = events.iter().map(|event| (**event).clone()).collect();
            assert_eq!(events, on_disk);
            events.iter().map(|event| (event.seq, event.session_seq)).collect()
        };
        assert_eq!((numbers(&first).await, numbers(&second).await), (vec![(1, 1)], vec![(3, 1)]));
        assert_eq!(log.read(None, 0, 9).await.unwrap().len(), 3);
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
        (0..3).for_each(|n| log.bind(&session(&format!("s{n}"), n)));
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
        let of_one = log.read(Some(Uuid::from_u128(1)), 0, 1_000).await.unwrap();
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
        let of_age = |seconds| Retention::of_age(Duration::from_secs(seconds));
        assert_eq!(log.prune(of_age(200), NOBODY).await.unwrap().dropped, 0);
        let needs = [Need { reader: 7, from: 3 }];
        assert_eq!(log.prune(of_age(50), &needs).await.unwrap().dropped, 2);
        assert_eq!((log.oldest(), log.newest()), (3, 4));
        assert_eq!(log.prune(of_age(50), NOBODY).await.unwrap().dropped, 1);
        assert_eq!(log.read(None, 0, 10).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn the_log_keeps_to_its_size_unless_a_reader_needs_more() {
        let (store, clock) = (Store::temporary().await.unwrap(), Clock::system());
        let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
        let session = "s".parse().unwrap();
        for key in 10..60 {
            log.append(&session, vec![ack(&format!("K{key}"))], Batch::new()).await.unwrap();
        }
        let (all, one) = (log.bytes(), log.bytes() / 50);
        assert!((100..1_000).contains(&one), "{one} bytes for an event");
        assert_eq!(log.prune(Retention::of_bytes(all), NOBODY).await.unwrap().dropped, 0);

        let needs = [Need { reader: 7, from: 11 }, Need { reader: 8, from: 45 }];
        let pruned = log.prune(Retention::of_bytes(all / 5), &needs).await.unwrap();
        assert_eq!(pruned, Pruned { dropped: 10, held_by: vec![7] });
        assert!(all / 5 < log.bytes());

        let pruned = log.prune(Retention::of_bytes(all / 5), &needs[1..]).await.unwrap();
        assert_eq!(pruned.held_by, Vec::<u8>::new());
        assert!(log.bytes() <= all / 5 && all / 5 < log.bytes() + 2 * one, "{}", log.bytes());
        // Another run of the gateway counts the same.
        let (oldest, bytes) = (log.oldest(), log.bytes());
        let again = EventLog::open(store, clock).await.unwrap();
        assert_eq!((again.oldest(), again.bytes()), (oldest, bytes));
        // One event stays, however large it is.
        again.prune(Retention::of_bytes(1), NOBODY).await.unwrap();
        assert_eq!((again.oldest(), again.newest()), (50, 50));
    }
}
