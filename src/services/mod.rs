//! The handles that a surface may hold: the only way from `api` into the gateway.

pub mod history;
pub mod idempotency;
mod retention;
mod sessions;
mod vault;
mod vault_command;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde::Serialize;
use tokio::sync::Mutex;

use self::{history::History, idempotency::FirstAnswers};
pub use self::{
    retention::EventRetention,
    sessions::{Sessions, SessionsParts},
    vault::Vault,
    vault_command::VaultOf,
};
pub use crate::store::VaultStatus;
use crate::{
    accounts::{ApiKeys, MediaLinks},
    backup::Backups,
    config::Config,
    doctor::{self, Check},
    domain::Clock,
    egress::Guard,
    events::EventLog,
    memory,
    messaging::Messaging,
    search::Search,
    session::Supervisor,
    simulator::Network,
    store::Store,
    webhooks::Webhooks,
};

/// The health endpoint is open to everybody: nobody shall keep the gateway busy with measuring.
const MEASURED_EVERY: Duration = Duration::from_secs(5);

/// Cheap to clone.
#[derive(Clone)]
pub struct Services {
    pub config: Arc<Config>,
    pub clock: Clock,
    pub supervisor: Supervisor,
    pub sessions: Sessions,
    pub messaging: Messaging,
    pub search: Search,
    pub events: EventLog,
    pub retention: EventRetention,
    pub webhooks: Webhooks,
    pub api_keys: ApiKeys,
    pub media_links: MediaLinks,
    /// Where files that callers name by a URL may come from.
    pub media_sources: Guard,
    pub first_answers: FirstAnswers,
    pub backups: Backups,
    pub vault: Vault,
    /// Only with `--network simulated`.
    pub network: Option<Network>,
    /// Only with `--network simulated`.
    pub page: Option<PageDoor>,
    pub health: Health,
    /// In words, when browsers have no sandbox here.
    pub sandbox_warning: Option<&'static str>,
    pub history: History,
    pub started: Instant,
}

/// What a browser must be told to be shown the simulated page under the real address.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PageDoor {
    pub url: String,
    /// `host:port` that the URL's host is to be looked up as.
    pub resolve_to: String,
    /// SHA-256 in base64 of the one key to trust although no authority signed it.
    pub trusted_key: String,
}

/// Answers how the gateway itself is, without handing the store out.
#[derive(Clone)]
pub struct Health {
    store: Store,
    measured: Arc<Mutex<Option<Measured>>>,
    examining: Arc<Mutex<()>>,
}

/// How much memory was in use, and when that was found.
#[derive(Clone, Copy)]
struct Measured {
    bytes: u64,
    at: Instant,
}

impl Health {
    pub fn new(store: Store) -> Self {
        Self { store, measured: Arc::default(), examining: Arc::default() }
    }

    pub async fn store_works(&self) -> bool {
        self.store.probe().await.is_ok()
    }

    /// In words, what is wrong with the disk. Measures it for the metrics too.
    pub fn disk_warning(&self) -> Option<String> {
        let disk = self.store.disk();
        let free = disk.free()?;
        #[expect(clippy::cast_precision_loss, reason = "a size needs no more than 52 bits")]
        metrics::gauge!("wagate_disk_free_bytes").set(free as f64);
        let (free, reserve) = (free >> 20, disk.reserve() >> 20);
        self.store.admit().is_err().then(|| {
            format!(
                "the disk has {free} MiB left of {reserve} that shall stay free: sends are refused"
            )
        })
    }

    /// Whether the machine has what the gateway needs. A check may start a browser: one at a time.
    pub async fn examine(&self, config: &Config, clock: &Clock) -> Vec<Check> {
        let _alone = self.examining.lock().await;
        doctor::examine_running(config, clock).await
    }

    /// The memory of the gateway and its engines, in bytes, a few seconds old at most; 0 where
    /// nobody knows. Callers at the same time share one measurement.
    pub async fn memory_used(&self) -> u64 {
        let mut measured = self.measured.lock().await;
        if let Some(last) = *measured
            && last.at.elapsed() < MEASURED_EVERY
        {
            return last.bytes;
        }
        let found = tokio::task::spawn_blocking(memory::used).await.ok().flatten();
        let bytes = found.unwrap_or(0);
        *measured = Some(Measured { bytes, at: Instant::now() });
        bytes
    }
}
