//! Transaction that events join: changes of records and the events about them are one commit.
//!
//! Events get their numbers at the commit, so work that runs again after a conflict leaves no gap.

use std::sync::Arc;

use crate::{
    domain::{Body, Event, Identities},
    events::{counters, log::EventLog, new_event::NewEvent},
    store::{Key, Record, Store, StoreError, Transaction},
};

/// Reads and writes that happen together with events, or not at all.
///
/// ```ignore
/// let mut work = log.work();
/// loop {
///     let tag = work.store().tags().get(id).await?.ok_or_else(unknown)?;
///     work.put(&key, &renamed(&tag)).await?;
///     work.append(NewEvent::of_module(None, &ChatEvent::TagChanged { .. })?);
///     if work.commit().await?.is_some() {
///         break;
///     }
/// }
/// ```
pub struct Work<'l> {
    log: &'l EventLog,
    unit: Transaction,
    events: Vec<NewEvent>,
}

impl Work<'_> {
    /// The store with the writes of this work. What is read there is expected to be the same at the commit.
    pub fn store(&self) -> &Store {
        self.unit.store()
    }

    /// The store without the writes of this work. What is read there need not stay as it is until the commit: for what
    /// another consumer writes in its turn, so that the two do not make each other run again.
    pub fn outside(&self) -> &Store {
        &self.log.inner.store
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

    /// Adds an event to the commit.
    pub fn append(&mut self, event: NewEvent) {
        self.events.push(event);
    }

    /// Commits the writes and the events. They are visible at once; after [`EventLog::publish`] of the last event
    /// they are durable and consumers see them. None when something that was read has changed meanwhile: then
    /// nothing is written, and the caller does the work again with this one, which is empty.
    pub async fn commit(&mut self) -> Result<Option<Vec<Arc<Event>>>, StoreError> {
        let news = std::mem::take(&mut self.events);
        if news.is_empty() {
            return Ok(self.unit.commit().await?.then(Vec::new));
        }
        let bodies: Vec<Body> = news.iter().map(|news| news.body.clone()).collect();
        let batch = self.unit.batch();
        let committed = self.log.commit_of(news, &Identities::default(), batch).await;
        let events = self.unit.settled(committed).await?;
        if events.is_some() {
            bodies.iter().for_each(counters::received);
        }
        Ok(events)
    }

    /// The same, and publishes the events: writes and events are on the disk on return. False when the caller does the work
    /// again.
    #[must_use = "false says that the work must run again"]
    pub async fn commit_durable(&mut self) -> Result<bool, StoreError> {
        let Some(events) = self.commit().await? else { return Ok(false) };
        match events.last() {
            Some(last) => self.log.publish(last.seq).await?,
            None => self.outside().durable().await?,
        }
        Ok(true)
    }
}

impl EventLog {
    /// Begins a transaction.
    pub fn work(&self) -> Work<'_> {
        Work { log: self, unit: self.inner.store.transaction(), events: Vec::new() }
    }
}
