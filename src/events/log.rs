//! Append-only event log: numbers, commit, reading, retention.
//!
//! An event is durable before any consumer sees it. Appends are serialised by the lock of the numbers; reads are
//! not. The newest events are shared in memory ([`Tail`]), older ones are read from the store.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex as QuickMutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::{Mutex, watch};
use uuid::Uuid;

use crate::{
    breakpoint::Breakpoint,
    domain::{
        Body, Channel, ChannelId, Clock, Event, EventBody, Identities, SessionId, SessionRef,
        Timestamp, clock::from_millis, event_people::people_in,
    },
    events::{
        counters,
        entries::{EventTables, LogEnd},
        new_event::NewEvent,
        retention::{self, Choice, Need, Retention, Surplus},
        tail::Tail,
    },
    store::{Batch, Store, StoreError},
};

/// Events dropped in one commit.
const PRUNED_AT_ONCE: usize = 1_000;
/// How often a commit is renumbered while other logs append.
const MOST_TRIES: usize = 24;

/// The log. Clones are the same log.
#[derive(Clone)]
pub struct EventLog {
    pub(in crate::events) inner: Arc<Inner>,
}

pub(in crate::events) struct Inner {
    pub(in crate::events) store: Store,
    clock: Clock,
    pub(in crate::events) numbers: Mutex<Numbers>,
    /// The UUID of the channel that has a name now. An event under a name without a channel belongs to none.
    channels: RwLock<HashMap<ChannelId, Uuid>>,
    tail: QuickMutex<Tail>,
    /// The newest durable number.
    pub(in crate::events) newest: watch::Sender<u64>,
    /// Up to which number [`EventLog::keep_publishing`] publishes next.
    pub(in crate::events) soon: watch::Sender<u64>,
    oldest: AtomicU64,
    /// Bytes that were appended in total, and how many of them were dropped.
    appended: AtomicU64,
    dropped_bytes: AtomicU64,
}

/// What the next numbers follow on, as far as this log knows. Each commit expects that the log ends there. Where
/// another log on the same engine has appended meanwhile, the commit fails and this is read again. The lock around
/// it saves such conflicts.
pub(in crate::events) struct Numbers {
    pub(in crate::events) end: LogEnd,
    last_of: HashMap<Uuid, u64>,
    /// Another log was seen to append.
    is_shared: bool,
}

/// Events with their numbers, before their commit.
struct Numbered {
    /// Each with its stored size in bytes.
    events: Vec<(Arc<Event>, usize)>,
    /// Bodies whose identity is in the log already.
    known: Vec<Body>,
    last_of: HashMap<Uuid, u64>,
    ends_at: u64,
}

/// The outcome of a round of pruning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pruned<R> {
    /// Events that were dropped.
    pub dropped: usize,
    /// Readers that hold the log above its size limit.
    pub held_by: Vec<R>,
}

impl EventLog {
    pub async fn open(store: Store, clock: Clock) -> Result<Self, StoreError> {
        let end = store.events().end().await?;
        let (last, ends_at) = (end.seq, end.bytes);
        let oldest = store.events().oldest().await?;
        let (oldest, dropped_bytes) =
            oldest.map_or((last + 1, ends_at), |oldest| (oldest.seq, oldest.starts_at));
        let inner = Inner {
            store,
            clock,
            numbers: Mutex::new(Numbers { end, last_of: HashMap::new(), is_shared: false }),
            channels: RwLock::default(),
            tail: QuickMutex::default(),
            newest: watch::Sender::new(last),
            soon: watch::Sender::new(last),
            oldest: AtomicU64::new(oldest),
            appended: AtomicU64::new(ends_at),
            dropped_bytes: AtomicU64::new(dropped_bytes),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Binds a name to a channel: later events under the name belong to it.
    pub fn bind(&self, channel: impl Into<Channel>) {
        let Channel { id, uuid } = channel.into();
        let mut channels = self.inner.channels.write().unwrap_or_else(PoisonError::into_inner);
        channels.insert(id, uuid);
    }

    /// The session is gone: later events under its name belong to no session, until another is bound.
    pub async fn unbind(&self, session: &SessionRef) {
        {
            let id = ChannelId::from(&session.id);
            let mut channels = self.inner.channels.write().unwrap_or_else(PoisonError::into_inner);
            if channels.get(&id) == Some(&session.uuid) {
                channels.remove(&id);
            }
        }
        self.inner.numbers.lock().await.last_of.remove(&session.uuid);
    }

    fn channel_uuid(&self, channel: &ChannelId) -> Uuid {
        let channels = self.inner.channels.read().unwrap_or_else(PoisonError::into_inner);
        channels.get(channel).copied().unwrap_or_default()
    }

    /// Appends events of a session in one commit with `along`. Events whose identity is in the log already are left
    /// out. Wakes consumers and returns once everything is durable.
    pub async fn append(
        &self,
        session: &SessionId,
        bodies: Vec<EventBody>,
        along: Batch,
    ) -> Result<Vec<Arc<Event>>, StoreError> {
        let channel = ChannelId::from(session);
        self.append_of(bodies.into_iter().map(|body| NewEvent::of(&channel, body)).collect(), along)
            .await
    }

    /// The same for events of any family and any channel.
    pub async fn append_of(
        &self,
        news: Vec<NewEvent>,
        along: Batch,
    ) -> Result<Vec<Arc<Event>>, StoreError> {
        let mut work = self.inner.store.transaction();
        let events = loop {
            let people = Identities::default();
            let committed = self.commit_of(news.clone(), &people, along.clone()).await;
            if let Some(events) = work.settled(committed).await? {
                break events;
            }
        };
        news.iter().for_each(|news| counters::received(&news.body));
        match events.last() {
            Some(last) => self.publish(last.seq).await?,
            None => self.inner.store.durable().await?,
        }
        Ok(events)
    }

    /// The first half of [`Self::append`]: committed, neither durable nor visible to consumers before
    /// [`Self::publish`]. Between the two the caller can release its locks, so that waiting callers share a flush.
    /// Each event stores the identities of its own people out of `people`.
    pub async fn commit(
        &self,
        session: &SessionId,
        bodies: Vec<EventBody>,
        people: &Identities,
        along: Batch,
    ) -> Result<Vec<Arc<Event>>, StoreError> {
        let channel = ChannelId::from(session);
        let news = bodies.into_iter().map(|body| NewEvent::of(&channel, body)).collect();
        self.commit_of(news, people, along).await
    }

    /// The same for events of any family and any channel.
    pub async fn commit_of(
        &self,
        mut news: Vec<NewEvent>,
        people: &Identities,
        mut along: Batch,
    ) -> Result<Vec<Arc<Event>>, StoreError> {
        let mut numbers = self.inner.numbers.lock().await;
        let mut tries = 1;
        loop {
            let spare = numbers.is_shared.then(|| (news.clone(), along.clone()));
            let numbered = self.number(&numbers, news, people, &mut along).await?;
            let committed = self.inner.store.commit(along).await;
            if let Err(StoreError::Conflict) = committed
                && self.follow_others(&mut numbers).await?
                && tries < MOST_TRIES
                && let Some(again) = spare
            {
                // The numbers were the others', which says nothing of the work: it gets other numbers at once.
                (news, along, tries) = (again.0, again.1, tries + 1);
                continue;
            }
            committed?;
            return Ok(self.committed(&mut numbers, numbered));
        }
    }

    /// Counts on from where the log ends by now. Whether another log on the same engine has appended to it.
    async fn follow_others(&self, numbers: &mut Numbers) -> Result<bool, StoreError> {
        let stored = self.inner.store.events();
        let end = stored.end().await?;
        if end.seq == numbers.end.seq {
            return Ok(false);
        }
        if let Some(oldest) = stored.oldest().await? {
            self.inner.oldest.fetch_max(oldest.seq, Ordering::SeqCst);
            self.inner.dropped_bytes.fetch_max(oldest.starts_at, Ordering::SeqCst);
        }
        self.inner.appended.store(end.bytes, Ordering::SeqCst);
        // It holds events of successive numbers, and lacks those of the other log.
        self.tail().forget_below(u64::MAX);
        *numbers = Numbers { end, last_of: HashMap::new(), is_shared: true };
        Ok(true)
    }

    /// Numbers events and adds them to a batch. Events whose identity is in the log already are left out.
    async fn number(
        &self,
        numbers: &Numbers,
        news: Vec<NewEvent>,
        people: &Identities,
        batch: &mut Batch,
    ) -> Result<Numbered, StoreError> {
        let stored = self.inner.store.events();
        let at = self.inner.clock.now();
        let (mut last, mut ends_at) = (numbers.end.seq, numbers.end.bytes);
        let (mut events, mut known) = (Vec::with_capacity(news.len()), Vec::new());
        let (mut identities, mut last_of) = (Vec::new(), HashMap::new());
        for NewEvent { channel, body } in news {
            let channel = channel.map(|id| Channel { uuid: self.channel_uuid(&id), id });
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
            let named = body.whatsapp().map(people_in).unwrap_or_default();
            let identities = people.pairs_of(&named);
            let event = Event { seq: last, id, channel, channel_seq, at, body, identities };
            let starts_at = ends_at;
            ends_at = stored.append_in(batch, &event, starts_at)?;
            let bytes = usize::try_from(ends_at - starts_at).unwrap_or(usize::MAX);
            events.push((Arc::new(event), bytes));
        }
        if !events.is_empty() {
            stored.expect_end_in(batch, &numbers.end)?;
        }
        Ok(Numbered { events, known, last_of, ends_at })
    }

    /// Takes over the numbers of events that are committed.
    fn committed(&self, numbers: &mut Numbers, numbered: Numbered) -> Vec<Arc<Event>> {
        let Numbered { events, known, last_of, ends_at } = numbered;
        Breakpoint::EventCommitted.pass();
        let mut tail = self.tail();
        events.iter().for_each(|(event, bytes)| tail.push(event.clone(), *bytes));
        drop(tail);
        if let Some((last, _)) = events.last() {
            numbers.end = LogEnd::at(last, ends_at);
        }
        numbers.last_of.extend(last_of);
        self.inner.appended.store(ends_at, Ordering::SeqCst);
        known.iter().for_each(counters::known);
        events.iter().for_each(|(event, _)| counters::stored(&event.body));
        events.into_iter().map(|(event, _)| event).collect()
    }

    /// The number of the session's event with the same identity. It need not be durable yet: [`Self::publish`]
    /// waits for that.
    pub async fn number_of(
        &self,
        session: &SessionId,
        body: &EventBody,
    ) -> Result<Option<u64>, StoreError> {
        match body.identity() {
            Some(identity) => {
                self.inner
                    .store
                    .events()
                    .number_of(self.channel_uuid(&session.into()), &identity)
                    .await
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

    /// The time for the timestamps of events.
    pub(in crate::events) fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// The newest number, 0 for an empty log.
    pub fn newest(&self) -> u64 {
        *self.inner.newest.borrow()
    }

    /// The oldest number in the log; one above the newest for an empty log.
    pub fn oldest(&self) -> u64 {
        self.inner.oldest.load(Ordering::SeqCst)
    }

    /// Changes to the newest number at each append.
    pub fn wake(&self) -> watch::Receiver<u64> {
        self.inner.newest.subscribe()
    }

    /// The size of the log in the store, in bytes.
    pub fn bytes(&self) -> u64 {
        let dropped_bytes = self.inner.dropped_bytes.load(Ordering::SeqCst);
        self.inner.appended.load(Ordering::SeqCst).saturating_sub(dropped_bytes)
    }

    /// Drops events past the retention that no reader needs.
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
        // Raised before the events go, so that a reader sees the gap.
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
            self.inner.dropped_bytes.store(oldest.starts_at, Ordering::SeqCst);
        }
        Ok(Pruned { dropped, held_by })
    }

    /// The number below which all events are past their age.
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

    /// The number below which events exceed the size limit: a binary search over the entries' offsets.
    async fn oversized(
        &self,
        retention: Retention,
        oldest: u64,
        newest: u64,
    ) -> Result<u64, StoreError> {
        let appended = self.inner.appended.load(Ordering::SeqCst);
        let Some(most) = retention.bytes.filter(|most| *most < self.bytes()) else {
            return Ok(oldest);
        };
        let (mut low, mut high) = (oldest, newest.saturating_add(1));
        while low < high {
            let middle = low + (high - low) / 2;
            let place = self.inner.store.events().place(middle).await?;
            if place.is_none_or(|place| most < appended.saturating_sub(place.starts_at)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}

#[cfg(test)]
mod tests;
