//! The event log: every event is durable here, with its number, before anyone hears of it.
//!
//! Consumers keep a cursor of their own and read; the wake-up is a `watch` channel that carries
//! only the newest number. A slow consumer is late and loses nothing. Who consumes is not known here.

use tokio::sync::watch;

use crate::{
    domain::{Clock, Event, EventBody, SessionId},
    store::{Batch, Store, StoreError},
};

/// The log; clones are the same log.
#[derive(Clone)]
pub struct EventLog {}

impl EventLog {
    pub async fn open(_store: Store, _clock: Clock) -> Result<Self, StoreError> {
        todo!()
    }

    /// Appends events, together with whatever else belongs to the same commit. Events whose
    /// identity is known already are left out. Returns once all of it is durable; then wakes.
    pub async fn append(
        &self,
        _session: &SessionId,
        _bodies: Vec<EventBody>,
        _along: Batch,
    ) -> Result<Vec<Event>, StoreError> {
        todo!()
    }

    /// Whether an event of this identity was logged for the session before.
    pub async fn knows(&self, _session: &SessionId, _body: &EventBody) -> Result<bool, StoreError> {
        todo!()
    }

    /// Up to `limit` events above `after`; of one session, or of all.
    pub async fn read(
        &self,
        _session: Option<&SessionId>,
        _after: u64,
        _limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        todo!()
    }

    /// The newest number, 0 for an empty log.
    pub fn newest(&self) -> u64 {
        todo!()
    }

    /// The oldest number still held (1 for a log never pruned).
    pub fn oldest(&self) -> u64 {
        todo!()
    }

    /// Changes to the newest number at each append.
    pub fn wake(&self) -> watch::Receiver<u64> {
        todo!()
    }

    /// Drops events older than the retention, never at or above `keep_from`. Returns how many.
    pub async fn prune(
        &self,
        _retention: std::time::Duration,
        _keep_from: u64,
    ) -> Result<usize, StoreError> {
        todo!()
    }
}
