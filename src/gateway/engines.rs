//! Which engines there are, and the simulated network when it is chosen.

use std::{collections::HashMap, io::ErrorKind, sync::Arc};

use crate::{
    api::Door,
    config::{Config, NetworkKind, ProviderSecrets},
    domain::{Clock, session::EngineKind},
    driver::{
        EngineFactory,
        browser::{self, BrowserEngine, BrowserSettings},
        simulated::SimulatedEngine,
        sms::SmsEngine,
        web::WebEngine,
    },
    egress::{OwnPort, OwnPorts},
    gateway::start_error::{STORE_LOOK, STORE_WAIT, StartError},
    providers::sms,
    services::PageDoor,
    simulator::{Network, NetworkSettings},
};

/// The engines that sessions may choose from.
pub struct World {
    pub engines: HashMap<EngineKind, Arc<dyn EngineFactory>>,
    /// Only with the simulated network.
    pub network: Option<Network>,
    /// None where SMS is not configured.
    pub sms: Option<sms::Configured>,
    /// What providers know the gateway by.
    pub secrets: ProviderSecrets,
    /// In words, when browsers have no sandbox here.
    pub sandbox_warning: Option<&'static str>,
    /// Where browsers find the simulated page.
    door: Option<Door>,
    _door_port: Option<OwnPort>,
}

impl World {
    pub async fn build(
        config: &Config,
        clock: &Clock,
        own_ports: &OwnPorts,
    ) -> Result<Self, StartError> {
        let mut engines: HashMap<EngineKind, Arc<dyn EngineFactory>> = HashMap::new();
        let network = match config.network {
            NetworkKind::Whatsapp => None,
            NetworkKind::Simulated => {
                let folder = config.data.dir.join("simulator");
                let settings = NetworkSettings {
                    most_messages: config.simulator.chat_messages,
                    ..NetworkSettings::new(folder.clone(), clock.clone())
                };
                let network = open(settings).await.map_err(|source| StartError::Folder {
                    folder: folder.display().to_string(),
                    source,
                })?;
                let engine = SimulatedEngine::beside(network.clone(), own_ports.clone());
                engines.insert(EngineKind::Simulated, Arc::new(engine));
                Some(network)
            }
        };
        let door = match &network {
            Some(network) => Some(Door::open(network.clone()).map_err(StartError::Door)?),
            None => None,
        };
        let sessions = config.sessions_dir();
        browser::end_left_over(&sessions.canonicalize().unwrap_or(sessions)).await;
        let browser = BrowserEngine::new(BrowserSettings {
            own_ports: own_ports.clone(),
            ..browser_settings(config, clock, door.as_ref())
        });
        let _door_port = door.as_ref().map(|door| own_ports.add(door.address.port()));
        engines.insert(EngineKind::Browser, Arc::new(browser));
        engines.insert(EngineKind::Web, Arc::new(WebEngine::new(clock.clone())));
        let secrets = ProviderSecrets::of(config);
        let sms = sms::of_settings(config, own_ports, &secrets);
        if let Some(configured) = &sms {
            let engine = SmsEngine::new(configured.clone(), clock.clone());
            engines.insert(EngineKind::Sms, Arc::new(engine));
        }
        let sandbox_warning = browser::sandbox::warning(&config.browser.extra_args);
        if let Some(warning) = sandbox_warning
            && config.engine == EngineKind::Browser
        {
            tracing::warn!("{warning}");
        }
        Ok(Self { engines, network, sms, secrets, sandbox_warning, door, _door_port })
    }

    /// Where other browsers than the gateway's own find the simulated page.
    pub fn page_door(&self, config: &Config) -> Option<PageDoor> {
        let door = self.door.as_ref()?;
        Some(PageDoor {
            url: config.whatsapp.url.clone(),
            resolve_to: door.address.to_string(),
            trusted_key: door.key.clone(),
        })
    }

    pub async fn stop(&self) {
        if let Some(door) = &self.door {
            door.close().await;
        }
        if let Some(network) = &self.network {
            network.stop().await;
        }
    }
}

/// Opens the simulated network. Its folder is let go of a moment after the network before it is gone.
async fn open(settings: NetworkSettings) -> std::io::Result<Network> {
    let deadline = tokio::time::Instant::now() + STORE_WAIT;
    loop {
        match Network::new(settings.clone()) {
            Err(error)
                if error.kind() == ErrorKind::ResourceBusy
                    && tokio::time::Instant::now() < deadline =>
            {
                tokio::time::sleep(STORE_LOOK).await;
            }
            opened => return opened,
        }
    }
}

/// With the simulated network the browser is shown its page under the real address.
fn browser_settings(config: &Config, clock: &Clock, door: Option<&Door>) -> BrowserSettings {
    let given = |text: &String| (!text.is_empty()).then(|| text.clone());
    let executable = &config.browser.executable;
    BrowserSettings {
        url: config.whatsapp.url.clone(),
        resolve_to: match door {
            Some(door) => Some(door.address.to_string()),
            None => given(&config.whatsapp.resolve_to),
        },
        trusted_key: match door {
            Some(door) => Some(door.key.clone()),
            None => given(&config.whatsapp.trusted_key),
        },
        executable: (!executable.as_os_str().is_empty()).then(|| executable.clone()),
        extra_args: config.browser.extra_args.clone(),
        allow_overrides: config.openwa.allow_browser_overrides,
        allowed_hosts: config.browser.allowed_hosts.clone(),
        clock: clock.clone(),
        own_ports: OwnPorts::default(),
    }
}
