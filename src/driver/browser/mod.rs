//! The engine on headless Chromium: one browser for each session, WhatsApp Web in it, the npm library
//! wa-js and the agent of `web/agent` injected.
//!
//! ```text
//!  BrowserDriver ── agent ── wire ─────▶ the page: agent.ts, wa-js, WhatsApp Web
//!        │            ▲                    │   ▲
//!        │            └── reports ─────────┘   │ files, by an address that works once
//!        ├── exchange ─────────────────────────┘
//!        └── chromium ── process (flags, find), transport, proxy (login), reach
//! ```
//!
//! The only place that knows Chromium. It speaks to the page through the agent alone, and so does not
//! know whether the page is the real one.

mod agent;
mod chromium;
mod exchange;
mod find;
mod flags;
mod login;
mod loopback;
mod process;
mod profile;
mod proxy;
mod reach;
pub mod sandbox;
mod transport;
mod wire;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Once},
    time::Duration,
};

use async_trait::async_trait;
use tokio::{
    sync::{Mutex, mpsc},
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;

use self::{
    agent::Agent,
    chromium::{Chromium, LaunchOrder},
    exchange::Exchange,
    reach::Reach,
    wire::{Call, OutgoingView},
};
pub use self::{
    find::{find, install_hint},
    process::end_left_over,
    profile::is_expendable,
};
use crate::{
    domain::{Clock, Command, Content, Error, ErrorCode, Reply, Subject},
    driver::{Capabilities, Close, Connection, Cure, Driver, DriverEvent, Engine, OpenOrder},
    egress::OwnPorts,
};

const EVENTS: usize = 1_024;
/// How long the page may take to leave its account; it ends with the browser in any case.
const LOGOUT_DEADLINE: Duration = Duration::from_secs(5);

/// What all browsers of the gateway have in common.
#[derive(Clone, Debug)]
pub struct BrowserSettings {
    pub url: String,
    /// `host:port` that the URL's host is looked up as; none for DNS.
    pub resolve_to: Option<String>,
    /// SHA-256 (base64) of a public key to trust although no authority signed it.
    pub trusted_key: Option<String>,
    /// None to search for it.
    pub executable: Option<PathBuf>,
    pub extra_args: Vec<String>,
    /// Whether a session may choose its own executable and arguments.
    pub allow_overrides: bool,
    /// Hosts that a session's page and browser may contact, besides the URL's own.
    pub allowed_hosts: Vec<String>,
    pub clock: Clock,
    /// Where the ports of its files and proxies are listed.
    pub own_ports: OwnPorts,
}

impl BrowserSettings {
    fn reach(&self) -> Result<Reach, Error> {
        let reach = Reach::of(&self.url, self.resolve_to.as_deref(), &self.allowed_hosts);
        reach.ok_or_else(|| Error::invalid("whatsapp.url is not the address of a page"))
    }
}

/// Opens sessions in browsers.
pub struct BrowserEngine {
    settings: BrowserSettings,
    /// Of a missing sandbox, at the first launch.
    warned: Once,
}

impl BrowserEngine {
    pub fn new(settings: BrowserSettings) -> Self {
        Self { settings, warned: Once::new() }
    }
}

#[async_trait]
impl Engine for BrowserEngine {
    async fn open(&self, order: OpenOrder) -> Result<Connection, Error> {
        let exchange = Exchange::start(&self.settings.own_ports).await.map_err(|error| {
            Error::new(ErrorCode::EngineFailed, format!("no loopback port for files: {error}"))
        })?;
        let (events, receiver) = mpsc::channel(EVENTS);
        let (agent, reports) = Agent::new(events.clone(), self.settings.clock.clone());
        let deadline = order.deadline;
        self.warned.call_once(|| {
            if let Some(warning) = sandbox::warning(&self.settings.extra_args) {
                tracing::warn!("{warning}");
            }
        });
        let order = LaunchOrder::new(&self.settings, &order, exchange.address())?;
        let opening = async {
            let chromium = Chromium::launch(order, reports).await?;
            agent.wait_for_hello(&chromium).await;
            Ok::<_, Error>(chromium)
        };
        // Given up, the browser is dropped, which ends it.
        let chromium = timeout(deadline, opening).await.map_err(|_| {
            Error::new(ErrorCode::Timeout, "WhatsApp Web did not come up in the browser in time")
        })??;
        let crashed = chromium.crashed().await;
        let watching = tokio::spawn(async move {
            let reason = crashed.await;
            // Nobody listens any more to a session that was closed.
            let _ = events.send(Box::new(DriverEvent::Crashed { reason })).await;
        });
        let driver = BrowserDriver {
            page: chromium.page().clone(),
            chromium: Mutex::new(Some(chromium)),
            agent,
            exchange,
            watching: AbortOnDropHandle::new(watching),
        };
        Ok(Connection { driver: Arc::new(driver), events: receiver })
    }

    async fn release(&self, profile: &Path) {
        if let Ok(profile) = profile.canonicalize() {
            process::evict(&profile).await;
        }
    }
}

struct BrowserDriver {
    page: chromiumoxide::Page,
    /// None once the session is closed.
    chromium: Mutex<Option<Chromium>>,
    agent: Agent,
    exchange: Exchange,
    watching: AbortOnDropHandle<()>,
}

#[async_trait]
impl Driver for BrowserDriver {
    fn capabilities(&self) -> Capabilities {
        self.agent.capabilities()
    }

    async fn execute(&self, command: Command) -> Result<Reply, Error> {
        match command {
            Command::DownloadMedia { message, into } => {
                let (url, _token) = self.exchange.take_in(into);
                let call = Call::DownloadMedia { message, url };
                self.agent.call(&self.page, call, Some(Subject::Media)).await?;
                Ok(Reply::Done)
            }
            Command::Send(outgoing) => {
                let offered = match &outgoing.content {
                    Content::Media(media) => Some(self.exchange.give_out(media.path.clone())),
                    _ => None,
                };
                let url = offered.as_ref().map(|(url, _)| url.clone());
                let call = Call::Send { outgoing: OutgoingView::of(outgoing, url) };
                let reply = self.agent.call(&self.page, call, Some(Subject::Chat)).await?;
                Ok(Reply::Sent(wire::read(reply)?))
            }
            other => {
                let call = Call::of(&other);
                let reply = self.agent.call(&self.page, call, wire::subject_of(&other)).await?;
                wire::reply_of(&other, reply)
            }
        }
    }

    async fn recover(&self, cure: Cure) -> Result<(), Error> {
        let is_back = self.agent.ready_again();
        match cure {
            Cure::Reinject => agent::evaluate(&self.page, chromium::agent_script()?).await?,
            Cure::Reload => {
                self.page.reload().await.map_err(|error| {
                    Error::new(ErrorCode::EngineFailed, format!("the page does not load: {error}"))
                })?;
            }
        }
        is_back.await
    }

    async fn standing(&self) -> Option<String> {
        let standing = self.agent.call(&self.page, Call::Standing, None).await.ok()?;
        standing.as_str().map(str::to_owned)
    }

    async fn close(&self, how: Close) {
        let Some(chromium) = self.chromium.lock().await.take() else { return };
        self.watching.abort();
        if how == Close::LogOut && self.agent.is_linked() {
            // The page navigates away while it logs out, and the call dies with it: either answer
            // says no more than that the page tried. What it showed last tells whether it left.
            let leaving = async {
                let _ = self.agent.call(&self.page, Call::LogOut, None).await;
                self.agent.left().await;
            };
            if timeout(LOGOUT_DEADLINE, leaving).await.is_err() {
                tracing::warn!("the page did not confirm that the device is unlinked");
            }
        }
        chromium.close().await;
    }

    fn memory(&self) -> Option<u64> {
        self.chromium.try_lock().ok()?.as_ref()?.memory()
    }
}
