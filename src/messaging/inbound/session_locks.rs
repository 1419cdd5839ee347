//! One lock per session: keeps the order of its events, and saves conflicts between transactions.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::domain::SessionId;

/// Clones are the same locks.
#[derive(Clone, Default)]
pub struct SessionLocks(Arc<Mutex<HashMap<SessionId, Arc<AsyncMutex<()>>>>>);

impl SessionLocks {
    pub async fn lock(&self, session: &SessionId) -> OwnedMutexGuard<()> {
        let lock = self.locks().entry(session.clone()).or_default().clone();
        lock.lock_owned().await
    }

    /// Drops the lock of a session that was removed.
    pub fn forget(&self, session: &SessionId) {
        self.locks().remove(session);
    }

    fn locks(&self) -> MutexGuard<'_, HashMap<SessionId, Arc<AsyncMutex<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
