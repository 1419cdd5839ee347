//! A transaction that events join: what is changed and what is told of it are one commit.
//!
//! Events get their numbers at the commit. Work that runs again after a conflict is given new ones, so that
//! numbers have no gaps.

use std::sync::Arc;

use crate::{
    domain::{Body, ChannelId, Event, Identities, LogEvent},
    events::{EventLog, counters, module_event},
    store::{Key, Record, Store, StoreError, Transaction},
};

/// Something that happened, before it has a number.
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    /// None for the gateway as a whole.
    pub channel: Option<ChannelId>,
    pub body: Body,
}

impl News {
    /// Something that happened in a channel.
    pub fn of(channel: &ChannelId, body: impl Into<Body>) -> Self {
        Self { channel: Some(channel.clone()), body: body.into() }
    }

    /// An event of a module's family.
    pub fn of_module(
        channel: Option<ChannelId>,
        event: &impl LogEvent,
    ) -> Result<Self, StoreError> {
        Ok(Self { channel, body: module_event(event)? })
    }
}

/// Reads and writes that happen together with events, or not at all.
///
/// ```ignore
/// let mut work = log.work();
/// loop {
///     let tag = work.store().tags().get(id).await?.ok_or_else(unknown)?;
///     work.put(&key, &renamed(&tag)).await?;
///     work.tell(News::of_module(None, &ChatEvent::TagChanged { .. })?);
///     if work.commit().await?.is_some() {
///         break;
///     }
/// }
/// ```
pub struct Work<'l> {
    log: &'l EventLog,
    unit: Transaction,
    news: Vec<News>,
}

impl Work<'_> {
    /// The store with the writes of this work. What is read there is expected to be the same at the commit.
    pub fn store(&self) -> &Store {
        self.unit.store()
    }

    /// A record as it is, with the writes of this work.
    pub async fn get<R: Record>(&self, key: &Key<R>) -> Result<Option<R>, StoreError> {
        self.store().get(key).await
    }

    /// Writes a record. Its entries in indexes replace those of the record that was there.
    pub async fn put<R: Record>(&self, key: &Key<R>, record: &R) -> Result<(), StoreError> {
        let mut transaction = self.store().transaction();
        transaction.put(key, record).await?;
        transaction.commit().await.map(|_| ())
    }

    /// Removes a record and its entries in indexes.
    pub async fn delete<R: Record>(&self, key: &Key<R>) -> Result<(), StoreError> {
        let mut transaction = self.store().transaction();
        transaction.delete(key).await?;
        transaction.commit().await.map(|_| ())
    }

    /// An event that joins the commit.
    pub fn tell(&mut self, news: News) {
        self.news.push(news);
    }

    /// Carries out the writes and logs the events: visible at once, durable and heard of after
    /// [`EventLog::publish`] of the last. None when something that was read has changed meanwhile: nothing is
    /// done, and the work must be done again with this one, which then has read, written and told nothing.
    pub async fn commit(&mut self) -> Result<Option<Vec<Arc<Event>>>, StoreError> {
        let news = std::mem::take(&mut self.news);
        if news.is_empty() {
            return Ok(self.unit.commit().await?.then(Vec::new));
        }
        let told: Vec<Body> = news.iter().map(|news| news.body.clone()).collect();
        let batch = self.unit.batch();
        let committed = self.log.commit_of(news, &Identities::default(), batch).await;
        let events = self.unit.settled(committed).await?;
        if events.is_some() {
            told.iter().for_each(counters::received);
        }
        Ok(events)
    }
}

impl EventLog {
    /// Work that has read, written and told nothing yet.
    pub fn work(&self) -> Work<'_> {
        Work { log: self, unit: self.inner.store.transaction(), news: Vec::new() }
    }
}
