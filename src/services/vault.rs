//! Vault service: status and rotation of the key that seals secrets at rest.

use tokio::{runtime, sync::Semaphore};
use tokio_util::task::TaskTracker;

use std::sync::Arc;

use crate::{
    domain::{Error, ErrorCode},
    store::{Store, VaultStatus},
};

/// Clones are the same service.
#[derive(Clone)]
pub struct Vault {
    store: Store,
    turn: Arc<Semaphore>,
    runtime: runtime::Handle,
    tasks: TaskTracker,
}

impl Vault {
    /// Must be called on the gateway's main runtime; callers may run on others.
    pub fn new(store: Store, tasks: TaskTracker) -> Self {
        let (turn, runtime) = (Arc::new(Semaphore::new(1)), runtime::Handle::current());
        Self { store, turn, runtime, tasks }
    }

    pub async fn status(&self) -> Result<VaultStatus, Error> {
        Ok(self.store.vault().status().await?)
    }

    /// Seals all secrets with a new key. Continues when its caller disconnects.
    pub async fn rotate(&self) -> Result<VaultStatus, Error> {
        let turn = self.turn.clone().try_acquire_owned().map_err(|_| {
            let message = "The key is being rotated already; wait for its end";
            Error::new(ErrorCode::Conflict, message).detail("reason", "rotation_under_way")
        })?;
        let store = self.store.clone();
        let work = async move {
            let _turn = turn;
            store.vault().rotate_key().await
        };
        let done = self.tasks.spawn_on(work, &self.runtime).await;
        let done =
            done.map_err(|_| Error::internal("the rotation ended early; the log says why"))?;
        Ok(done?)
    }
}
