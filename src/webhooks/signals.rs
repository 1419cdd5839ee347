//! What endpoint workers and the registry signal to each other: changes of endpoints, and reading progress.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;
use uuid::Uuid;

/// Wake-up of the workers, raised at each change of an endpoint or of its queue. Clones are the same.
#[derive(Clone)]
pub struct EndpointChanges(watch::Sender<u64>);

impl EndpointChanges {
    pub fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    pub fn notify(&self) {
        self.0.send_modify(|count| *count += 1);
    }

    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

/// How far the worker of an endpoint has come.
#[derive(Clone, Copy)]
pub struct Progress {
    /// Events accepted in total.
    pub accepted: u64,
    /// The first log number that is neither finished nor in the endpoint's queue.
    pub needed_from: u64,
}

/// The progress of all workers, with what each has read and not committed. Clones are the same.
#[derive(Clone, Default)]
pub struct ReadProgress(Arc<Mutex<HashMap<Uuid, Progress>>>);

impl ReadProgress {
    pub fn publish(&self, webhook: Uuid, progress: Progress) {
        self.all().insert(webhook, progress);
    }

    /// The endpoint's worker does not read any more.
    pub fn remove(&self, webhook: Uuid) {
        self.all().remove(&webhook);
    }

    /// None for an endpoint whose worker does not read.
    pub fn of(&self, webhook: Uuid) -> Option<Progress> {
        self.all().get(&webhook).copied()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Uuid, Progress>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
