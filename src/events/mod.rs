//! The event log: every event is durable here, with its number, before anyone hears of it.
//!
//! Consumers keep a cursor of their own and read; the wake-up is a `watch` channel that carries
//! only the newest number. A slow consumer is late and loses nothing. Who consumes is not known here.
//!
//! Consumers that keep up share the newest events in memory (`tail`); the others read the disk.
//!
//! An event is of a family: WhatsApp's, or that of a module that owns it ([`crate::domain::family`]). How events
//! read on a surface is that surface's [`Wording`].

mod tail;

mod consumer;
mod consumers;
pub mod counters;
pub mod effect;
mod gateway;
mod progress;
mod publishing;
mod retention;
mod wording;
mod work;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex as QuickMutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::{Mutex, watch};
use uuid::Uuid;

pub use self::{
    consumer::{Begin, Consumer, Failure, Flow, Retry, Runner},
    consumers::{Consumers, LogPlace},
    gateway::GatewayEvent,
    retention::{Need, Retention},
    wording::{Codes, Wording, Wordings},
    work::{News, Work},
};
use self::{
    retention::{Choice, Surplus},
    tail::Tail,
};
use crate::{
    breakpoint::Breakpoint,
    domain::{
        Body, Channel, ChannelId, Clock, Event, EventBody, Identities, LogEvent, ModuleEvent,
        SessionId, SessionRef, Timestamp, clock::from_millis, identity::named_by,
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
    /// Which channel bears a name now. What is logged under a name that nobody bears belongs to no channel.
    bearers: RwLock<HashMap<ChannelId, Uuid>>,
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

/// Events with their numbers, before their commit.
struct Numbered {
    /// With the bytes of each in the store.
    events: Vec<(Arc<Event>, usize)>,
    /// What is known already.
    known: Vec<Body>,
    last: u64,
    last_of: HashMap<Uuid, u64>,
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

    /// From now on events under this name are of this channel.
    pub fn bind(&self, channel: impl Into<Channel>) {
        let Channel { id, uuid } = channel.into();
        let mut bearers = self.inner.bearers.write().unwrap_or_else(PoisonError::into_inner);
        bearers.insert(id, uuid);
    }

    /// The session is gone: what still comes under its name is of no session, until another bears it.
    pub async fn unbind(&self, session: &SessionRef) {
        {
            let id = ChannelId::from(&session.id);
            let mut bearers = self.inner.bearers.write().unwrap_or_else(PoisonError::into_inner);
            if bearers.get(&id) == Some(&session.uuid) {
                bearers.remove(&id);
            }
        }
        self.inner.numbers.lock().await.last_of.remove(&session.uuid);
    }

    fn bearer(&self, channel: &ChannelId) -> Uuid {
        let bearers = self.inner.bearers.read().unwrap_or_else(PoisonError::into_inner);
        bearers.get(channel).copied().unwrap_or_default()
    }

    /// Appends what happened in a session, together with whatever else belongs to the same commit. Events whose
    /// identity is known already are left out. Returns once all of it is durable; then wakes.
    pub async fn append(
        &self,
        session: &SessionId,
        bodies: Vec<EventBody>,
        along: Batch,
    ) -> Result<Vec<Arc<Event>>, StoreError> {
        let channel = ChannelId::from(session);
        self.append_of(bodies.into_iter().map(|body| News::of(&channel, body)).collect(), along)
            .await
    }

    /// The same for events of any family and any channel.
    pub async fn append_of(
        &self,
        news: Vec<News>,
        along: Batch,
    ) -> Result<Vec<Arc<Event>>, StoreError> {
        let reported: Vec<Body> = news.iter().map(|news| news.body.clone()).collect();
        let events = self.commit_of(news, &Identities::default(), along).await?;
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
        session: &SessionId,
        bodies: Vec<EventBody>,
        people: &Identities,
        along: Batch,
    ) -> Result<Vec<Arc<Event>>, StoreError> {
        let channel = ChannelId::from(session);
        let news = bodies.into_iter().map(|body| News::of(&channel, body)).collect();
        self.commit_of(news, people, along).await
    }

    /// The same for events of any family and any channel.
    pub async fn commit_of(
        &self,
        news: Vec<News>,
        people: &Identities,
        mut along: Batch,
    ) -> Result<Vec<Arc<Event>>, StoreError> {
        let mut numbers = self.inner.numbers.lock().await;
        let numbered = self.number(&numbers, news, people, &mut along).await?;
        self.inner.store.commit(along).await?;
        Ok(self.take_up(&mut numbers, numbered))
    }

    /// Gives events the next numbers and adds them to a batch. Those whose identity is known are left out.
    async fn number(
        &self,
        numbers: &Numbers,
        news: Vec<News>,
        people: &Identities,
        batch: &mut Batch,
    ) -> Result<Numbered, StoreError> {
        let stored = self.inner.store.events();
        let at = self.inner.clock.now();
        let (mut last, mut ends_at) = (numbers.last, numbers.ends_at);
        let (mut events, mut known) = (Vec::with_capacity(news.len()), Vec::new());
        let (mut identities, mut last_of) = (Vec::new(), HashMap::new());
        for News { channel, body } in news {
            let channel = channel.map(|id| Channel { uuid: self.bearer(&id), id });
            let uuid = channel.as_ref().map(|channel| channel.uuid).unwrap_or_default();
            if let Some(identity) = body.identity() {
                let identity = (uuid, identity.into_owned());
                if identities.contains(&identity)
                    || stored.number_of(uuid, &identity.1).await?.is_some()
                {
                    known.push(body);
                    continue;
                }
                identities.push(identity);
            }
            let before = match last_of.get(&uuid).or_else(|| numbers.last_of.get(&uuid)) {
                Some(last) => *last,
                None => stored.newest_of(uuid).await?.map_or(0, |event| event.channel_seq),
            };
            let (channel_seq, id) = (before + 1, Uuid::now_v7());
            last_of.insert(uuid, channel_seq);
            last += 1;
            let named = body.whatsapp().map(named_by).unwrap_or_default();
            let identities = people.pairs_of(&named);
            let event = Event { seq: last, id, channel, channel_seq, at, body, identities };
            let starts_at = ends_at;
            ends_at = stored.append_in(batch, &event, starts_at)?;
            let bytes = usize::try_from(ends_at - starts_at).unwrap_or(usize::MAX);
            events.push((Arc::new(event), bytes));
        }
        Ok(Numbered { events, known, last, last_of, ends_at })
    }

    /// The commit of these is done: the next numbers follow on theirs.
    fn take_up(&self, numbers: &mut Numbers, numbered: Numbered) -> Vec<Arc<Event>> {
        let Numbered { events, known, last, last_of, ends_at } = numbered;
        Breakpoint::EventCommitted.pass();
        let mut tail = self.tail();
        events.iter().for_each(|(event, bytes)| tail.push(event.clone(), *bytes));
        drop(tail);
        (numbers.last, numbers.ends_at) = (last, ends_at);
        numbers.last_of.extend(last_of);
        self.inner.taken.store(ends_at, Ordering::SeqCst);
        known.iter().for_each(counters::known);
        events.iter().for_each(|(event, _)| counters::stored(&event.body));
        events.into_iter().map(|(event, _)| event).collect()
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
                self.inner.store.events().number_of(self.bearer(&session.into()), &identity).await
            }
            None => Ok(None),
        }
    }

    /// Up to `limit` durable events above `after`; of the channel with this UUID, or of all.
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

    /// The time by the clock that events are stamped by.
    fn now(&self) -> Timestamp {
        self.inner.clock.now()
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

/// An event of a module's family as the log takes it.
pub fn module_event<E: LogEvent>(event: &E) -> Result<Body, StoreError> {
    let event = ModuleEvent::of(event).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok(Body::Module(event))
}

#[cfg(test)]
mod consumer_tests;
#[cfg(test)]
mod tests;
