//! Browser engine: one headless Chromium per session with WhatsApp Web, into which the npm library wa-js and the
//! agent of `web/agent` are injected.
//!
//! ```text
//!  BrowserDriver ── agent ── wire ─────▶ the page: agent.ts, wa-js, WhatsApp Web
//!        │            ▲                    │   ▲
//!        │            └── reports ─────────┘   │ files, by an address that works once
//!        ├── exchange ─────────────────────────┘
//!        └── chromium ── process (flags, find), transport, proxy (login), reach
//! ```
//!
//! Only this module knows Chromium. It reaches the page through the agent alone, so a simulated page works as
//! the real one does.

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
mod settings;
mod transport;
mod wire;
#[cfg(test)]
mod wire_types;

use std::{
    path::Path,
    sync::{Arc, Once},
    time::Duration,
};

use async_trait::async_trait;
use chromiumoxide::{cdp::browser_protocol::page::CaptureScreenshotFormat, page::ScreenshotParams};
use tokio::{
    sync::{Mutex, mpsc},
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;

use self::{
    agent::Agent,
    chromium::{Chromium, LaunchOrder},
    exchange::Exchange,
    wire::{Call, OutgoingView},
};
pub use self::{
    find::{find, install_hint, not_found},
    process::end_left_over,
    profile::is_expendable,
    settings::BrowserSettings,
};
use crate::{
    domain::{Command, Content, Error, ErrorCode, Reply, Subject},
    driver::{
        Capabilities, Close, Driver, DriverEvent, EngineFactory, OpenRequest, OpenedEngine,
        RecoveryMethod,
    },
};

const EVENTS: usize = 1_024;
/// How long the page may take to leave its account; it ends with the browser in any case.
const LOGOUT_DEADLINE: Duration = Duration::from_secs(5);
/// Good enough to read a page, at a third of the size of the best.
const SCREENSHOT_QUALITY: i64 = 70;

/// Opens sessions in browsers.
pub struct BrowserEngine {
    settings: BrowserSettings,
    /// Logs the warning about a missing sandbox once.
    warned: Once,
}

impl BrowserEngine {
    pub fn new(settings: BrowserSettings) -> Self {
        Self { settings, warned: Once::new() }
    }
}

#[async_trait]
impl EngineFactory for BrowserEngine {
    async fn open(&self, request: OpenRequest) -> Result<OpenedEngine, Error> {
        let exchange = Exchange::start(&self.settings.own_ports).await.map_err(|error| {
            Error::new(ErrorCode::EngineFailed, format!("no loopback port for files: {error}"))
        })?;
        let (events, receiver) = mpsc::channel(EVENTS);
        let (agent, reports) = Agent::new(events.clone(), self.settings.clock.clone());
        let deadline = request.deadline;
        self.warned.call_once(|| {
            if let Some(warning) = sandbox::warning(&self.settings.extra_args) {
                tracing::warn!("{warning}");
            }
        });
        let order = LaunchOrder::new(&self.settings, &request, exchange.address())?;
        let opening = async {
            let chromium = Chromium::launch(order, reports).await?;
            agent.wait_for_hello(&chromium).await;
            Ok::<_, Error>(chromium)
        };
        // Dropping the browser at the deadline ends its process.
        let chromium = timeout(deadline, opening).await.map_err(|_| {
            Error::new(ErrorCode::Timeout, "WhatsApp Web did not come up in the browser in time")
        })??;
        let crashed = chromium.crashed().await;
        let watching = tokio::spawn(async move {
            let reason = crashed.await;
            // A closed session receives no events.
            let _ = events.send(Box::new(DriverEvent::Crashed { reason })).await;
        });
        let driver = BrowserDriver {
            page: chromium.page().clone(),
            chromium: Mutex::new(Some(chromium)),
            agent,
            exchange,
            watching: AbortOnDropHandle::new(watching),
        };
        Ok(OpenedEngine { driver: Arc::new(driver), events: receiver })
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
            Command::Screenshot => Ok(Reply::Screenshot(self.screenshot().await?)),
            other => {
                let call = Call::of(&other);
                let reply = self.agent.call(&self.page, call, wire::subject_of(&other)).await?;
                wire::reply_of(&other, reply)
            }
        }
    }

    async fn recover(&self, method: RecoveryMethod) -> Result<(), Error> {
        let is_back = self.agent.ready_again();
        match method {
            RecoveryMethod::Soft => agent::evaluate(&self.page, chromium::agent_script()?).await?,
            RecoveryMethod::Reconnect => {
                self.page.reload().await.map_err(|error| {
                    Error::new(ErrorCode::EngineFailed, format!("the page does not load: {error}"))
                })?;
            }
        }
        is_back.await
    }

    async fn describe_state(&self) -> Option<String> {
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
                self.agent.wait_for_logout().await;
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

impl BrowserDriver {
    /// A picture of what the page shows, as large as its window.
    async fn screenshot(&self) -> Result<Vec<u8>, Error> {
        let params = ScreenshotParams::builder()
            .format(CaptureScreenshotFormat::Jpeg)
            .quality(SCREENSHOT_QUALITY)
            .build();
        self.page.screenshot(params).await.map_err(|error| {
            Error::new(ErrorCode::EngineFailed, format!("the browser gave no picture: {error}"))
        })
    }
}
