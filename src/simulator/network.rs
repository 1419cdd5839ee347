//! Handle of a network, and exclusive access to its world.

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    domain::{EventBody, Jid},
    simulator::{NetworkSettings, protocol::Refusal, world::World},
};

/// The network; clones are the same network.
#[derive(Clone)]
pub struct Network {
    pub(in crate::simulator) inner: Arc<Inner>,
}

pub struct Inner {
    pub settings: NetworkSettings,
    pub world: Mutex<World>,
    /// Wakes the scheduler's worker after a change.
    pub schedule_changed: Arc<Notify>,
    /// Wakes the worker of checkpoints when one is due.
    pub checkpoint_due: Arc<Notify>,
    /// Wakes requests of offline devices.
    pub online_changed: Notify,
    /// Counts changes on phones.
    pub revision: watch::Sender<u32>,
    pub tasks: TaskTracker,
    pub stop: CancellationToken,
}

impl Network {
    pub(in crate::simulator) fn world(&self) -> WorldGuard<'_> {
        // After a panic under the lock, at worst one event is missing.
        let world = self.inner.world.lock().unwrap_or_else(PoisonError::into_inner);
        WorldGuard { world, inner: &self.inner }
    }

    /// The world, for a change that is acknowledged.
    pub(in crate::simulator) fn writing(&self) -> Result<WorldGuard<'_>, Refusal> {
        let world = self.world();
        world.state.store().check_writable()?;
        Ok(world)
    }

    pub(in crate::simulator) fn settings(&self) -> &NetworkSettings {
        &self.inner.settings
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Exclusive access to the world for one step. At its end changes are written to the store, then pushes go to
/// devices.
pub struct WorldGuard<'a> {
    world: MutexGuard<'a, World>,
    inner: &'a Inner,
}

impl WorldGuard<'_> {
    /// Notifies all devices of an account.
    pub fn notify(&mut self, account: &Jid, event: &EventBody) {
        let world = &mut *self.world;
        world.connections.notify(&world.state, account, event, None);
    }
}

impl Deref for WorldGuard<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for WorldGuard<'_> {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

impl Drop for WorldGuard<'_> {
    fn drop(&mut self) {
        if self.world.commit() {
            self.inner.revision.send_modify(|revision| *revision = revision.wrapping_add(1));
        }
        if self.world.scheduler.take_change() {
            self.inner.schedule_changed.notify_one();
        }
        if self.world.state.store().local().is_due() {
            self.inner.checkpoint_due.notify_one();
        }
    }
}
