//! A WhatsApp of our own that needs no internet.
//!
//! [`Network`] holds accounts with a phone each, their contacts, chats and groups, relays messages
//! between them and acts out planned faults. It knows nothing of sessions, browsers or HTTP: devices
//! reach it through [`protocol`], in process or over a page's WebSocket; people act through the
//! methods in `phone`, which the control API offers.
//!
//! All state lies behind one lock that is never held across a wait. What happens later (receipts,
//! answers, the next QR reference) is a task that takes the lock anew when its time has come.

mod account;
mod compose;
mod device;
mod faults;
mod groups;
mod linking;
mod media;
mod phone;
pub mod protocol;
mod relay;
mod world;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::world::World;
pub use self::{
    account::Behaviour,
    device::{Device, Pushes},
    faults::Faults,
    media::MediaFile,
    phone::{AccountView, DeviceView, PhoneMedia},
};
use crate::domain::Clock;

/// How the network behaves in time, and where it keeps files.
#[derive(Clone, Debug)]
pub struct NetworkSettings {
    pub clock: Clock,
    /// Files that were sent lie here.
    pub media_dir: PathBuf,
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
    pub fn new(media_dir: PathBuf, clock: Clock) -> Self {
        Self {
            clock,
            media_dir,
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
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Network {
    /// A network with the contacts that answer. Makes the media folder.
    pub fn new(settings: NetworkSettings) -> std::io::Result<Self> {
        std::fs::create_dir_all(&settings.media_dir)?;
        let inner = Inner {
            settings,
            world: Mutex::new(World::settled()),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Ends everything that is still to happen.
    pub async fn stop(&self) {
        self.inner.stop.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    /// Forgets all accounts, chats and devices; connected devices are told that they are unlinked.
    pub fn reset(&self) {
        let mut world = self.world();
        let devices: Vec<u64> = world.devices.keys().copied().collect();
        for device in devices {
            world.push(device, protocol::Push::Unlinked);
        }
        *world = World::settled();
    }

    fn world(&self) -> MutexGuard<'_, World> {
        // A panic while holding the lock leaves a world that is at worst missing one event.
        self.inner.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settings(&self) -> &NetworkSettings {
        &self.inner.settings
    }

    fn now(&self) -> crate::domain::Timestamp {
        self.inner.settings.clock.now()
    }

    /// Does something to the network after a while, unless it is stopped before.
    fn after(&self, delay: Duration, act: impl FnOnce(&Self) + Send + 'static) {
        let (weak, stop) = (Arc::downgrade(&self.inner), self.inner.stop.clone());
        self.inner.tasks.spawn(async move {
            if stop.run_until_cancelled(tokio::time::sleep(delay)).await.is_some() {
                // Nobody holds the network any more: nothing is left to happen in it.
                if let Some(inner) = weak.upgrade() {
                    act(&Self { inner });
                }
            }
        });
    }
}
