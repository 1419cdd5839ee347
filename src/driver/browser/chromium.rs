//! One Chromium with one page: launches it on its profile, injects the scripts, loads the page.
//!
//! Passes the scripts' reports on as text, and does not read them.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use chromiumoxide::{
    Browser, Page,
    cdp::{
        browser_protocol::{
            inspector::EventTargetCrashed,
            page::{AddScriptToEvaluateOnNewDocumentParams, SetBypassCspParams},
        },
        js_protocol::runtime::{AddBindingParams, EventBindingCalled},
    },
    error::CdpError,
    handler::HandlerConfig,
};
use futures_util::StreamExt;
use rust_embed::RustEmbed;
use tokio::{sync::mpsc, time::timeout};
use tokio_util::task::AbortOnDropHandle;

use crate::{
    domain::{Error, ErrorCode, SessionConfig},
    driver::{
        OpenRequest,
        browser::{
            BrowserSettings, find,
            flags::Flags,
            login::Login,
            not_found,
            process::{self, Pipe, Process},
            proxy::Relay,
            reach::Reach,
            sandbox,
            transport::{self, Transport},
        },
    },
};

/// The page's binding to the gateway.
const BINDING: &str = "wagateReport";
/// The first page; without it a browser opens the distribution's start page.
const BLANK: &str = "about:blank";
const LOAD_DEADLINE: Duration = Duration::from_secs(30);
/// Deadline and polling interval for the first page of a browser.
const FIRST_PAGE: Duration = Duration::from_secs(2);
const FIRST_PAGE_LOOK: Duration = Duration::from_millis(10);

/// By default wa-js reports its users to Google, and has link previews made by its own servers. Both are disabled;
/// WhatsApp Web makes the previews itself.
const LIBRARY_SETTINGS: &str =
    "{ disableGoogleAnalytics: true, googleAnalyticsId: null, linkPreviewApiServers: [] }";

/// The page's scripts, built by `make web`.
#[derive(RustEmbed)]
#[folder = "web/agent/dist"]
#[allow_missing = true]
struct Scripts;

/// The parameters of a launch.
pub struct LaunchOrder {
    executable: PathBuf,
    profile: PathBuf,
    script: String,
    settings: BrowserSettings,
    config: SessionConfig,
    reach: Reach,
    deadline: Duration,
}

impl LaunchOrder {
    /// `files` is the one port of this machine that the page may contact.
    pub fn new(
        settings: &BrowserSettings,
        order: &OpenRequest,
        files: SocketAddr,
    ) -> Result<Self, Error> {
        refuse_overrides(settings, &order.config)?;
        let mut reach = settings.reach()?;
        reach.add_local(files);
        let wanted = order.config.browser_executable.as_ref().map(PathBuf::from);
        let wanted = wanted.or_else(|| settings.executable.clone());
        let executable = find(wanted.as_deref())
            .ok_or_else(|| Error::new(ErrorCode::Unsupported, not_found(wanted.as_deref())))?;
        std::fs::create_dir_all(&order.profile)
            .map_err(|error| failed(format!("the profile folder cannot be made: {error}")))?;
        Ok(Self {
            executable,
            // An absolute path, by which left-over browsers are found again.
            profile: order.profile.canonicalize().unwrap_or_else(|_| order.profile.clone()),
            script: script()?,
            settings: settings.clone(),
            config: order.config.clone(),
            reach,
            deadline: order.deadline,
        })
    }

    fn flags(&self, relay: Option<&Relay>) -> Result<Flags, Error> {
        let Self { settings, config, .. } = self;
        let mut reach = self.reach.clone();
        let mut flags = Flags::of_the_gateway();
        flags.set("user-data-dir", &self.profile.display().to_string());
        if config.headless {
            flags.set("headless", "new");
        }
        if sandbox::warning(&settings.extra_args).is_some() {
            flags.set(sandbox::SWITCH, "");
        }
        if let Some(key) = &settings.trusted_key {
            flags.set("ignore-certificate-errors-spki-list", key);
        }
        if let Some(relay) = relay {
            flags.set("proxy-server", &format!("http://{}", relay.address()));
            reach.add_local(relay.address());
        }
        if let Some(rules) = reach.resolver_rules() {
            flags.set("host-resolver-rules", &rules);
        }
        if let Some(agent) = &config.user_agent {
            flags.set("user-agent", agent);
        }
        flags.add(&settings.extra_args)?;
        flags.add(&config.browser_args)?;
        Ok(flags)
    }
}

/// Checks overrides, which run programs: a record may come from another gateway or from before the setting changed.
fn refuse_overrides(settings: &BrowserSettings, config: &SessionConfig) -> Result<(), Error> {
    let has_overrides = config.browser_executable.is_some() || !config.browser_args.is_empty();
    if !has_overrides || settings.allow_overrides {
        return Ok(());
    }
    let message = "the session has a browser program or arguments of its own (executablePath, \
                   chromiumArgs), which the settings do not allow: set \
                   openwa.allow_browser_overrides, or create the session again without them";
    Err(Error::invalid(message))
}

/// The scripts that run before the page's own: settings, wa-js, the agent.
fn script() -> Result<String, Error> {
    let (library, agent) = (part("wa-js.js")?, agent_script()?);
    Ok(format!("window.WPPConfig = {LIBRARY_SETTINGS};\n{library}\n;{agent}"))
}

/// The agent's script alone, for a page that has wa-js already.
pub fn agent_script() -> Result<String, Error> {
    part("agent.js")
}

fn part(name: &str) -> Result<String, Error> {
    let file = Scripts::get(name).ok_or_else(|| {
        let message = format!("this build lacks {name}: build it with 'make web' first");
        Error::new(ErrorCode::Unsupported, message)
    })?;
    Ok(String::from_utf8_lossy(&file.data).into_owned())
}

/// A running browser with one page.
pub struct Chromium {
    page: Page,
    process: Process,
    link: Link,
    _relay: Option<Relay>,
}

/// The debugging connection of a browser. Dropping it closes the browser's pipe.
struct Link {
    _browser: Browser,
    _transport: Transport,
    _listening: [AbortOnDropHandle<()>; 2],
}

impl Chromium {
    /// Launches the browser and loads the page. The scripts' reports go to `reports`.
    pub async fn launch(order: LaunchOrder, reports: mpsc::Sender<String>) -> Result<Self, Error> {
        process::evict(&order.profile).await;
        let relay = match &order.config.proxy {
            Some(proxy) => {
                let own_ports = order.settings.own_ports.clone();
                let relay = Relay::start(proxy, order.reach.clone(), own_ports).await?;
                // A proxy that does not work needs no browser.
                relay.check(&order.settings.url).await?;
                Some(relay)
            }
            None => None,
        };
        let flags = order.flags(relay.as_ref())?;
        let started = Process::start(
            &order.executable,
            flags.arguments().chain([BLANK.to_owned()]),
            order.deadline,
        )
        .await;
        let (process, pipe) = started?;
        match Self::prepare(&order, pipe, relay.as_ref(), reports).await {
            Ok((page, link)) => Ok(Self { page, process, link, _relay: relay }),
            Err(error) => {
                process.end().await;
                Err(error)
            }
        }
    }

    async fn prepare(
        order: &LaunchOrder,
        pipe: Pipe,
        relay: Option<&Relay>,
        reports: mpsc::Sender<String>,
    ) -> Result<(Page, Link), Error> {
        // Certificates are checked, unless the settings name a key to trust.
        let settings = HandlerConfig { ignore_https_errors: false, ..HandlerConfig::default() };
        let connected = timeout(order.deadline, transport::connect(pipe, settings)).await;
        let (browser, mut handler, transport) = in_time(connected)?;
        // Unknown messages of the protocol are errors here, and are skipped.
        let handling = tokio::spawn(async move { while handler.next().await.is_some() {} });
        let handling = AbortOnDropHandle::new(handling);
        let page = in_time(timeout(order.deadline, first_page(&browser)).await)?;
        let set_up = async {
            let listening = listen(&page, reports).await?;
            if order.config.headless && order.config.user_agent.is_none() {
                hide_headless(&browser, &page).await?;
            }
            page.execute(SetBypassCspParams::new(true)).await?;
            page.execute(AddBindingParams::new(BINDING)).await?;
            page.execute(AddScriptToEvaluateOnNewDocumentParams::new(order.script.clone())).await?;
            Ok(listening)
        };
        let listening = in_time(timeout(order.deadline, set_up).await)?;
        let url = &order.settings.url;
        match timeout(LOAD_DEADLINE, load(&browser, &page, url, relay)).await {
            Ok(Ok(())) => {
                let listening = [handling, listening];
                let link = Link { _browser: browser, _transport: transport, _listening: listening };
                Ok((page, link))
            }
            Ok(Err(error)) => Err(failed(format!("{url} did not load: {error}"))),
            Err(_) => Err(Error::new(ErrorCode::Timeout, format!("{url} did not load in time"))),
        }
    }

    pub fn page(&self) -> &Page {
        &self.page
    }

    /// Resolves with the reason when the browser or its page's process has ended.
    pub async fn crashed(&self) -> impl Future<Output = String> + Send + 'static {
        let ended = self.process.ended();
        let crashes = self.page.event_listener::<EventTargetCrashed>().await;
        async move {
            let page = async {
                let Ok(mut crashes) = crashes else { return std::future::pending().await };
                match crashes.next().await {
                    Some(_) => "the page's process crashed".to_owned(),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                reason = ended => reason,
                reason = page => reason,
            }
        }
    }

    /// Ends the browser in order, and by force after a deadline.
    pub async fn close(self) {
        drop(self.link);
        self.process.end().await;
    }

    pub fn memory(&self) -> Option<u64> {
        self.process.memory()
    }
}

/// Loads the page; the first connection of a browser with a relay needs the relay's password.
async fn load(
    browser: &Browser,
    page: &Page,
    url: &str,
    relay: Option<&Relay>,
) -> Result<(), CdpError> {
    let Some(relay) = relay else { return page.goto(url).await.map(|_| ()) };
    let mut login = Login::prepare(browser, relay, url).await?;
    tokio::select! {
        loaded = page.goto(url) => loaded?,
        error = login.answer(browser) => match error {
            Ok(never) => match never {},
            Err(error) => return Err(error),
        },
    };
    login.done(browser).await
}

/// The first, blank page of the browser: a second one would cost memory.
async fn first_page(browser: &Browser) -> Result<Page, CdpError> {
    let looking = async {
        loop {
            if let Some(page) = browser.pages().await?.into_iter().next() {
                return Ok(page);
            }
            tokio::time::sleep(FIRST_PAGE_LOOK).await;
        }
    };
    match timeout(FIRST_PAGE, looking).await {
        Ok(found) => found,
        Err(_) => browser.new_page(BLANK).await,
    }
}

/// Passes reports on. Waits when the channel is full; the browser buffers meanwhile.
async fn listen(
    page: &Page,
    reports: mpsc::Sender<String>,
) -> Result<AbortOnDropHandle<()>, CdpError> {
    let mut calls = page.event_listener::<EventBindingCalled>().await?;
    let listening = tokio::spawn(async move {
        while let Some(call) = calls.next().await {
            if call.name == BINDING && reports.send(call.payload.clone()).await.is_err() {
                return;
            }
        }
    });
    Ok(AbortOnDropHandle::new(listening))
}

/// Replaces the name of a headless browser, which WhatsApp Web refuses.
async fn hide_headless(browser: &Browser, page: &Page) -> Result<(), CdpError> {
    let name = browser.version().await?.user_agent.replace("HeadlessChrome", "Chrome");
    page.set_user_agent(name).await?;
    Ok(())
}

fn in_time<T>(
    outcome: Result<Result<T, CdpError>, tokio::time::error::Elapsed>,
) -> Result<T, Error> {
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(failed(format!("the browser does not answer: {error}"))),
        Err(_) => Err(Error::new(ErrorCode::Timeout, "the browser did not answer in time")),
    }
}

fn failed(reason: String) -> Error {
    Error::new(ErrorCode::EngineFailed, reason)
}
