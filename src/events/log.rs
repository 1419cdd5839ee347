//! Append-only event log: numbers, commit, reading, retention.
//!
//! An event is durable before any consumer sees it. Appends are serialised by the lock of the numbers; reads are
//! not. The newest events are shared in memory ([`SharedTail`]), older ones are read from the store.

use std::{sync::Arc, time::Duration};

use tokio::sync::{Mutex, watch};
use uuid::Uuid;

use crate::{
    breakpoint::Breakpoint,
    domain::{Channel, ChannelId, Clock, Event, EventBody, Identities, SessionId, SessionRef},
    events::{
        channels::Channels,
        counters,
        entries::EventTables,
        extent::Extent,
        new_event::NewEvent,
        numbers::{Numbered, Numbers},
        pruning::{drop_below, surplus},
        publishing::Publisher,
        retention::{self, Choice, Need, Retention},
        shared_tail::SharedTail,
    },
    store::{Batch, Store, StoreError},
};

/// How often a commit is renumbered while other logs append.
const MOST_TRIES: usize = 24;

/// The log. Clones are the same log.
#[derive(Clone)]
pub struct EventLog {
    pub(in crate::events) inner: Arc<Inner>,
}

pub(in crate::events) struct Inner {
    pub(in crate::events) store: Store,
    pub(in crate::events) clock: Clock,
    numbers: Mutex<Numbers>,
    channels: Channels,
    tail: SharedTail,
    extent: Extent,
    publisher: Publisher,
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
        let inner = Inner {
            extent: Extent::of(&store, end.seq, end.bytes).await?,
            publisher: Publisher::new(store.clone(), end.seq),
            numbers: Mutex::new(Numbers::after(end)),
            channels: Channels::default(),
            tail: SharedTail::default(),
            store,
            clock,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Binds a name to a channel: later events under the name belong to it.
    pub fn bind(&self, channel: impl Into<Channel>) {
        self.inner.channels.bind(channel.into());
    }

    /// The session is gone: later events under its name belong to no session, until another is bound.
    pub async fn unbind(&self, session: &SessionRef) {
        self.inner.channels.unbind(&session.into());
        self.inner.numbers.lock().await.forget(session.uuid);
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
        let Inner { store, channels, clock, .. } = &*self.inner;
        let mut numbers = self.inner.numbers.lock().await;
        let mut tries = 1;
        loop {
            let spare = numbers.is_shared().then(|| (news.clone(), along.clone()));
            let named = (news, people, clock.now());
            let numbered = numbers.number(store, channels, named, &mut along).await?;
            let committed = store.commit(along).await;
            if let Err(StoreError::Conflict) = committed
                && self.follow_others(&mut numbers).await?
                && tries < MOST_TRIES
                && let Some(again) = spare
            {
                // The numbers were taken by another log; the work itself met no conflict.
                (news, along, tries) = (again.0, again.1, tries + 1);
                continue;
            }
            committed?;
            return Ok(self.committed(&mut numbers, numbered));
        }
    }

    /// Continues from where the log ends now. Returns whether another log on the same engine has appended to it.
    async fn follow_others(&self, numbers: &mut Numbers) -> Result<bool, StoreError> {
        let Some(ends_at) = numbers.follow_others(&self.inner.store).await? else {
            return Ok(false);
        };
        self.inner.extent.follow_drops(&self.inner.store).await?;
        self.inner.extent.append_up_to(ends_at);
        // It holds events of successive numbers, and lacks those of the other log.
        self.inner.tail.forget_below(u64::MAX);
        Ok(true)
    }

    /// Takes over the numbers of events that are committed.
    fn committed(&self, numbers: &mut Numbers, numbered: Numbered) -> Vec<Arc<Event>> {
        Breakpoint::EventCommitted.pass();
        numbers.committed(&numbered);
        let Numbered { events, known, ends_at, .. } = numbered;
        self.inner.tail.push(&events);
        self.inner.extent.append_up_to(ends_at);
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
                    .number_of(self.inner.channels.uuid_of(&session.into()), &identity)
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
        if let Some(found) = self.inner.tail.read(session, after, newest, limit) {
            return Ok(found);
        }
        let stored = self.inner.store.events();
        let found = match session {
            Some(session) => stored.between_of(session, after, newest, limit).await,
            None => stored.between(after, newest, limit).await,
        };
        Ok(found?.into_iter().map(Arc::new).collect())
    }

    /// The newest durable number, 0 for an empty log.
    pub fn newest(&self) -> u64 {
        self.inner.publisher.newest()
    }

    /// The oldest number in the log; one above the newest for an empty log.
    pub fn oldest(&self) -> u64 {
        self.inner.extent.oldest()
    }

    /// Changes to the newest number at each append.
    pub fn wake(&self) -> watch::Receiver<u64> {
        self.inner.publisher.wake()
    }

    /// The size of the log in the store, in bytes.
    pub fn bytes(&self) -> u64 {
        self.inner.extent.bytes()
    }

    /// Makes the event of this number durable with all before it and all that was committed with them, and wakes
    /// consumers.
    pub async fn publish(&self, seq: u64) -> Result<(), StoreError> {
        self.inner.publisher.publish_within(seq, Duration::ZERO).await
    }

    /// Publishes everything that was committed, also by tasks that ended before they published it.
    pub async fn publish_all(&self) -> Result<(), StoreError> {
        let last = self.inner.numbers.lock().await.last();
        self.publish(last).await
    }

    /// Publication that may wait for others.
    pub fn publisher(&self) -> &Publisher {
        &self.inner.publisher
    }

    /// Drops events past the retention that no reader needs.
    pub async fn prune<R: Clone>(
        &self,
        retention: Retention,
        needs: &[Need<R>],
    ) -> Result<Pruned<R>, StoreError> {
        let Inner { store, extent, clock, .. } = &*self.inner;
        let time = (self.newest(), clock.now());
        let surplus = surplus(store, extent, retention, time).await?;
        let Choice { below, held_by } = retention::choose(surplus, needs);
        // Raised before the events go, so that a reader sees the gap.
        extent.begin_at(below);
        self.inner.tail.forget_below(below);
        let dropped = drop_below(store, below).await?;
        extent.follow_drops(store).await?;
        Ok(Pruned { dropped, held_by })
    }
}

#[cfg(test)]
mod tests;
