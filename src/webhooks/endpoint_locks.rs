//! Locks of endpoints: they save conflicts between transactions that change one endpoint or its queue.
//!
//! Correctness does not rest on them: a transaction whose reads have changed meanwhile runs again.

use std::sync::Arc;

use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

/// Endpoints share this many locks.
const LOCKS: usize = 64;

/// Clones are the same locks.
#[derive(Clone)]
pub struct EndpointLocks(Arc<[Mutex<()>; LOCKS]>);

impl EndpointLocks {
    pub fn new() -> Self {
        Self(Arc::new(std::array::from_fn(|_| Mutex::new(()))))
    }

    /// Held while an endpoint's record or queue changes, never during an HTTP request.
    pub async fn lock(&self, webhook: Uuid) -> MutexGuard<'_, ()> {
        let [.., last] = *webhook.as_bytes();
        self.0[usize::from(last) % LOCKS].lock().await
    }
}
