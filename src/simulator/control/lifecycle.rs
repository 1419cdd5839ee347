//! Start and end of a network, and the worker of its store's checkpoints.

use std::{
    path::Path,
    sync::{Arc, Mutex, Weak},
};

use tokio::sync::{Notify, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    simulator::{
        Network, NetworkSettings,
        control::clock::run_scheduler,
        network::Inner,
        state::{State, is_import_pending},
        world::World,
    },
    store::local::{self, Dump},
};

impl Network {
    /// Opens the network of a folder; a new one has the built-in people. Must be called on a runtime. No other
    /// network may use the folder; the caller sees to that.
    pub fn new(settings: NetworkSettings) -> std::io::Result<Self> {
        let inner = Arc::new(Inner {
            world: Mutex::new(World::open(settings.clone())?),
            settings,
            schedule_changed: Arc::new(Notify::new()),
            checkpoint_due: Arc::new(Notify::new()),
            online_changed: Notify::new(),
            revision: watch::Sender::new(0),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        });
        let (weak, stop) = (Arc::downgrade(&inner), inner.stop.clone());
        let (changed, due) = (inner.schedule_changed.clone(), inner.checkpoint_due.clone());
        inner.tasks.spawn(run_scheduler(weak.clone(), changed, stop.clone()));
        inner.tasks.spawn(run_checkpoints(weak, due, stop));
        Ok(Self { inner })
    }

    /// Stops all workers. The next network of this folder runs the tasks that are left.
    pub async fn stop(&self) {
        self.inner.stop.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    /// Deletes all accounts, chats and devices, also on the disk; connected devices are unlinked. The clock
    /// follows the system's again.
    pub fn reset(&self) -> std::io::Result<()> {
        self.world().reset()
    }

    /// The state at this moment, without files.
    pub fn dump(&self) -> Dump {
        self.world().state.store().local().dump()
    }

    /// Waits for a change on a phone that is newer than `revision`. Returns its number.
    pub async fn changed_since(&self, revision: u32) -> u32 {
        let mut changes = self.inner.revision.subscribe();
        let found = changes.wait_for(|now| *now != revision).await;
        found.map_or(revision, |now| *now)
    }
}

/// The state of a network that is not running; none where the folder has none.
pub fn dump_of(folder: &Path) -> std::io::Result<Option<Dump>> {
    let exists = folder.exists() && (local::exists(folder) || is_import_pending(folder));
    exists.then(|| Ok(State::open(folder, usize::MAX)?.store().local().dump())).transpose()
}

/// Worker that writes checkpoints: moves the log of the network's store into its engine when it is long enough.
async fn run_checkpoints(weak: Weak<Inner>, due: Arc<Notify>, stop: CancellationToken) {
    while stop.run_until_cancelled(due.notified()).await.is_some() {
        let Some(inner) = weak.upgrade() else { return };
        let network = Network { inner };
        let begun = network.world().state.store_mut().local_mut().begin();
        if let Some(checkpoint) = begun {
            let outcome = checkpoint.write().await;
            network.world().state.store_mut().local_mut().end(checkpoint, outcome);
        }
    }
}
