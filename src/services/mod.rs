//! The handles that a surface may hold: the only way from `api` into the gateway.

pub mod memory;

use std::{sync::Arc, time::Instant};

use crate::{
    accounts::ApiKeys, config::Config, domain::Clock, events::EventLog, messaging::Messaging,
    session::Supervisor, simulator::Network, store::Store, webhooks::Webhooks,
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
    /// Only with `--network simulated`.
    pub network: Option<Network>,
    pub health: Health,
    pub started: Instant,
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
