//! The engine on headless Chromium: one browser for each session, WhatsApp Web in it, the npm library
//! wa-js and the agent of `web/agent` injected.
//!
//! The only place that knows Chromium. It speaks to the page through the agent alone, and so does not
//! know whether the page is the real one.

mod agent;
mod exchange;
mod find;
mod launch;
mod wire;

use std::{path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::{Mutex, mpsc};

pub use self::find::{find, install_hint};
use self::{
    agent::Agent,
    exchange::Exchange,
    launch::{Chromium, LaunchOrder},
};
use crate::{
    domain::{Clock, Command, Content, Error, ErrorCode, Reply, Subject},
    driver::{Capabilities, Close, Connection, Driver, Engine, OpenOrder},
};

const EVENTS: usize = 1_024;
const COMMAND_DEADLINE: Duration = Duration::from_secs(30);
/// Files take longer than words.
const MEDIA_DEADLINE: Duration = Duration::from_secs(300);
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
    pub clock: Clock,
}

/// Opens sessions in browsers.
pub struct BrowserEngine {
    settings: BrowserSettings,
}

impl BrowserEngine {
    pub fn new(settings: BrowserSettings) -> Self {
        Self { settings }
    }
}

#[async_trait]
impl Engine for BrowserEngine {
    async fn open(&self, order: OpenOrder) -> Result<Connection, Error> {
        let exchange = Exchange::start().await.map_err(|error| {
            Error::new(ErrorCode::EngineFailed, format!("no loopback port for files: {error}"))
        })?;
        let (events, receiver) = mpsc::channel(EVENTS);
        let (agent, reports) = Agent::new(events.clone(), self.settings.clock.clone());
        let order = LaunchOrder::new(&self.settings, &order)?;
        let mut chromium = Chromium::launch(order, reports, events).await?;
        let hello = agent.wait_for_hello(&mut chromium).await;
        let Some(capabilities) = hello else {
            chromium.close().await;
            let message = "WhatsApp Web did not come up in the browser in time";
            return Err(Error::new(ErrorCode::Timeout, message));
        };
        let driver = BrowserDriver {
            page: chromium.page().clone(),
            chromium: Mutex::new(Some(chromium)),
            agent,
            exchange,
            capabilities,
        };
        Ok(Connection { driver: Arc::new(driver), events: receiver })
    }
}

struct BrowserDriver {
    page: chromiumoxide::Page,
    /// None once the session is closed.
    chromium: Mutex<Option<Chromium>>,
    agent: Agent,
    exchange: Exchange,
    capabilities: Capabilities,
}

#[async_trait]
impl Driver for BrowserDriver {
    fn capabilities(&self) -> Capabilities {
        self.capabilities.clone()
    }

    async fn execute(&self, command: Command) -> Result<Reply, Error> {
        match command {
            Command::DownloadMedia { message, into } => {
                let (url, _token) = self.exchange.take_in(into);
                let call = wire::Call::DownloadMedia { message, url };
                self.agent.call(&self.page, call, MEDIA_DEADLINE, Some(Subject::Media)).await?;
                Ok(Reply::Done)
            }
            Command::Send(outgoing) => {
                let path = match &outgoing.content {
                    Content::Media(media) => Some(media.path.clone()),
                    _ => None,
                };
                let deadline = if path.is_some() { MEDIA_DEADLINE } else { COMMAND_DEADLINE };
                let offered = path.map(|path| self.exchange.give_out(path));
                let url = offered.as_ref().map(|(url, _)| url.clone());
                let call = wire::Call::Send { outgoing: wire::OutgoingView::of(outgoing, url) };
                let reply =
                    self.agent.call(&self.page, call, deadline, Some(Subject::Chat)).await?;
                Ok(Reply::Sent(wire::read(reply)?))
            }
            other => {
                let subject = wire::subject_of(&other);
                let call = wire::Call::of(&other);
                let reply = self.agent.call(&self.page, call, COMMAND_DEADLINE, subject).await?;
                wire::reply_of(&other, reply)
            }
        }
    }

    async fn close(&self, how: Close) {
        let Some(chromium) = self.chromium.lock().await.take() else { return };
        if how == Close::LogOut {
            // The page navigates away while it logs out, and the call dies with it: that is success.
            let call = self.agent.call(&self.page, wire::Call::LogOut, LOGOUT_DEADLINE, None);
            let _ = call.await;
        }
        chromium.close().await;
    }

    fn memory(&self) -> Option<u64> {
        self.chromium.try_lock().ok()?.as_ref()?.memory()
    }
}
