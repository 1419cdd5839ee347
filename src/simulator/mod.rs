//! A WhatsApp of our own that needs no internet.
//!
//! [`Network`] holds accounts with a phone each, their contacts, chats and groups, relays messages
//! between them and acts out planned faults. It knows nothing of sessions, browsers or HTTP:
//! devices reach it through [`protocol`], in process or over a page's WebSocket; people act through
//! the methods in `phone`, which the control API offers.
//!
//! All state lies behind one lock that is never held across a wait. What is changed under the lock
//! is in the network's own store before the lock is released, so before anybody hears of it: the network
//! outlives the process, however that ends. Planned faults and devices that are being linked do
//! not. What happens later (receipts, answers, the next QR reference) is on the `agenda`.
//!
//! Chats and files have limits ([`NetworkSettings`]); accounts, groups and chats are as many as
//! people make.

mod account;
mod agenda;
mod compose;
mod device;
mod faults;
mod groups;
mod history;
mod keys;
mod ledger;
mod lines;
mod linking;
mod media;
mod phone;
mod polls;
pub mod protocol;
mod receipts;
mod relay;
mod settlers;
mod snapshot;
mod society;
mod takeover;
mod thread;
mod veil;
mod web_client;
mod world;

use std::{
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::sync::{Notify, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::{
    account::Behaviour,
    agenda::ClockView,
    device::{Device, Pushes},
    faults::Faults,
    groups::GroupForm,
    media::MediaFile,
    phone::{AccountView, DeviceView, PhoneMedia},
    relay::Extra,
    veil::{Shown, told},
    web_client::WebClient,
};
use self::{ledger::Ledger, world::World};
pub use crate::store::local::{Dump, LOG};
use crate::{domain::Clock, store::local::LocalStore};

/// How the network behaves in time, where it keeps its state, and how much of it.
#[derive(Clone, Debug)]
pub struct NetworkSettings {
    /// The clock that the network goes by until its own is stopped.
    pub clock: Clock,
    /// The network's store and the files that were sent lie here.
    pub folder: PathBuf,
    /// Messages that each chat keeps; the oldest go.
    pub most_messages: usize,
    /// Files that the network keeps, and how large they may be together; the oldest go.
    pub most_media_files: usize,
    pub most_media_bytes: u64,
    /// How long the first QR reference of a linking lives, and how long each later one.
    pub first_reference_life: Duration,
    pub reference_life: Duration,
    /// References that a linking gets before it goes idle.
    pub references: u32,
    /// From a send to the receiver's phone, and from there to being read.
    pub delivery_delay: Duration,
    pub read_delay: Duration,
    /// How long the echo contact and the slow contact take to answer.
    pub echo_delay: Duration,
    pub slow_delay: Duration,
}

impl NetworkSettings {
    pub fn new(folder: PathBuf, clock: Clock) -> Self {
        Self {
            clock,
            folder,
            most_messages: 20_000,
            most_media_files: 50_000,
            most_media_bytes: 2 * 1024 * 1024 * 1024,
            first_reference_life: Duration::from_secs(60),
            reference_life: Duration::from_secs(20),
            references: 6,
            delivery_delay: Duration::from_millis(20),
            read_delay: Duration::from_millis(40),
            echo_delay: Duration::from_millis(30),
            slow_delay: Duration::from_secs(3),
        }
    }
}

/// The network; clones are the same network.
#[derive(Clone)]
pub struct Network {
    inner: Arc<Inner>,
}

struct Inner {
    settings: NetworkSettings,
    world: Mutex<World>,
    /// Wakes the agenda's task when there is something new on it.
    news: Arc<Notify>,
    /// Wakes the checkpoints' task when one is due.
    due: Arc<Notify>,
    /// Wakes requests that wait for a line.
    lines: Notify,
    /// Counts what changed on phones.
    revision: watch::Sender<u32>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Network {
    /// The network as its folder tells it; a new one has the contacts that answer. Must be called
    /// on a runtime. The folder must be no other network's, which its owner sees to.
    pub fn new(settings: NetworkSettings) -> std::io::Result<Self> {
        let inner = Arc::new(Inner {
            world: Mutex::new(World::open(settings.clone())?),
            settings,
            news: Arc::new(Notify::new()),
            due: Arc::new(Notify::new()),
            lines: Notify::new(),
            revision: watch::Sender::new(0),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        });
        let (news, stop) = (inner.news.clone(), inner.stop.clone());
        inner.tasks.spawn(agenda::keep(Arc::downgrade(&inner), news, stop.clone()));
        inner.tasks.spawn(checkpoints(Arc::downgrade(&inner), inner.due.clone(), stop));
        Ok(Self { inner })
    }

    /// Ends everything that is going on. What is owed is done by the next network in this folder.
    pub async fn stop(&self) {
        self.inner.stop.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    /// Forgets all accounts, chats and devices, also on the disk; connected devices are told that
    /// they are unlinked. The clock goes with the system's again.
    pub fn reset(&self) -> std::io::Result<()> {
        self.world().reset()
    }

    fn world(&self) -> WorldGuard<'_> {
        // A panic while holding the lock leaves a world that is at worst missing one event.
        let world = self.inner.world.lock().unwrap_or_else(PoisonError::into_inner);
        WorldGuard { world, inner: &self.inner }
    }

    /// All that the network holds at this moment, but for files.
    pub fn dump(&self) -> Dump {
        self.world().ledger.store.dump()
    }

    /// The number of the newest change on a phone, as soon as it is another one than this.
    pub async fn changed_since(&self, revision: u32) -> u32 {
        let mut changes = self.inner.revision.subscribe();
        let found = changes.wait_for(|now| *now != revision).await;
        found.map_or(revision, |now| *now)
    }

    fn settings(&self) -> &NetworkSettings {
        &self.inner.settings
    }
}

/// The same of a network that nobody runs; none where there is none.
pub fn dump_of(folder: &Path) -> std::io::Result<Option<Dump>> {
    let exists = folder.exists() && (LocalStore::exists(folder) || takeover::is_due(folder));
    exists.then(|| Ok(Ledger::open(folder, usize::MAX)?.store.dump())).transpose()
}

/// Brings the log of the network's store into its engine, whenever there is enough.
async fn checkpoints(weak: Weak<Inner>, due: Arc<Notify>, stop: CancellationToken) {
    while stop.run_until_cancelled(due.notified()).await.is_some() {
        let Some(inner) = weak.upgrade() else { return };
        let network = Network { inner };
        let begun = network.world().ledger.store.begin();
        if let Some(checkpoint) = begun {
            let outcome = checkpoint.write().await;
            network.world().ledger.store.end(checkpoint, outcome);
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The world while nobody else has it. At its end what was changed is written down, and only then
/// are devices told.
struct WorldGuard<'a> {
    world: MutexGuard<'a, World>,
    inner: &'a Inner,
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
        if std::mem::take(&mut self.world.has_news) {
            self.inner.news.notify_one();
        }
        if self.world.ledger.store.is_due() {
            self.inner.due.notify_one();
        }
    }
}
