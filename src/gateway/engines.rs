//! Which engines there are, and the simulated network when it is chosen.

use std::{collections::HashMap, sync::Arc};

use crate::{
    config::{Config, NetworkKind},
    domain::{Clock, session::EngineKind},
    driver::{Engine, simulated::SimulatedEngine},
    gateway::StartError,
    simulator::{Network, NetworkSettings},
};

/// The engines that sessions may choose from.
pub struct World {
    pub engines: HashMap<EngineKind, Arc<dyn Engine>>,
    /// Only with the simulated network.
    pub network: Option<Network>,
}

impl World {
    pub fn build(config: &Config, clock: &Clock) -> Result<Self, StartError> {
        let mut engines: HashMap<EngineKind, Arc<dyn Engine>> = HashMap::new();
        let network = match config.network {
            NetworkKind::Whatsapp => None,
            NetworkKind::Simulated => {
                let folder = config.data.dir.join("simulator");
                let settings = NetworkSettings::new(folder.clone(), clock.clone());
                let network = Network::new(settings).map_err(|source| StartError::Folder {
                    folder: folder.display().to_string(),
                    source,
                })?;
                engines
                    .insert(EngineKind::Simulated, Arc::new(SimulatedEngine::new(network.clone())));
                Some(network)
            }
        };
        Ok(Self { engines, network })
    }

    pub async fn stop(&self) {
        if let Some(network) = &self.network {
            network.stop().await;
        }
    }
}
