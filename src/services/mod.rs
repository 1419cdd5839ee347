//! The handles that a surface may hold: the only way from `api` into the gateway.

pub mod memory;

use std::{sync::Arc, time::Instant};

use serde::Serialize;

use crate::{
    accounts::ApiKeys, backup::Backups, config::Config, domain::Clock, events::EventLog,
    messaging::Messaging, session::Supervisor, simulator::Network, store::Store,
    webhooks::Webhooks,
};

/// Cheap to clone.
#[derive(Clone)]
pub struct Services {
    pub config: Arc<Config>,
    pub clock: Clock,
    pub supervisor: Supervisor,
    pub messaging: Messaging,
    pub events: EventLog,
    pub webhooks: Webhooks,
    pub api_keys: ApiKeys,
    pub backups: Backups,
    /// Only with `--network simulated`.
    pub network: Option<Network>,
    /// Only with `--network simulated`.
    pub page: Option<PageDoor>,
    pub health: Health,
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

/// Answers whether the store works, without handing it out.
#[derive(Clone)]
pub struct Health {
    store: Store,
}

impl Health {
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    pub async fn store_works(&self) -> bool {
        self.store.probe().await.is_ok()
    }
}
