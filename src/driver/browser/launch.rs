//! One Chromium process: started with the flags that save memory, watched, and ended for certain.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use chromiumoxide::{
    Browser, BrowserConfig, Page,
    cdp::{
        browser_protocol::{
            inspector::EventTargetCrashed,
            page::{AddScriptToEvaluateOnNewDocumentParams, SetBypassCspParams},
        },
        js_protocol::runtime::{AddBindingParams, EventBindingCalled},
    },
};
use futures_util::StreamExt;
use rust_embed::RustEmbed;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;

use crate::{
    domain::{Error, ErrorCode, Proxy, SessionConfig},
    driver::{
        DriverEvent, OpenOrder,
        browser::{BrowserSettings, find, install_hint},
    },
};

/// The function of the page that reaches the gateway.
const BINDING: &str = "wagateReport";
const CLOSE_DEADLINE: Duration = Duration::from_secs(5);
const LOAD_DEADLINE: Duration = Duration::from_secs(30);

/// Flags that cost nothing and save memory or noise, without their leading dashes.
const FLAGS: [&str; 16] = [
    "disable-gpu",
    "disable-quic",
    "disable-component-update",
    "disable-background-networking",
    "disable-sync",
    "disable-speech-api",
    "disable-3d-apis",
    "disable-software-rasterizer",
    "disable-site-isolation-trials",
    "disable-crash-reporter",
    "in-process-gpu",
    "mute-audio",
    "no-first-run",
    "window-size=800,600",
    "js-flags=--max-old-space-size=512 --optimize-for-size",
    "enable-features=NetworkServiceInProcess,NetworkServiceInProcess2",
];
const DISABLED_FEATURES: &str = "disable-features=Translate,TranslateUI,SpareRendererForSitePerProcess,\
OptimizationHints,MediaRouter,DialMediaRouteProvider,BackForwardCache,AutofillServerCommunication,\
CertificateTransparencyComponentUpdater,OptimizationGuideModelDownloading,GlobalMediaControls,\
AudioServiceOutOfProcess,PaintHolding,Prerender2,WebUSB,PushMessaging,WebUIOmniboxPopup,\
WebUIOmniboxAimPopup,StorageServiceOutOfProcess,LocalNetworkAccessChecks";

/// The page's scripts, built by `make web`.
#[derive(RustEmbed)]
#[folder = "web/agent/dist"]
#[allow_missing = true]
struct Scripts;

/// All that a launch needs.
pub struct LaunchOrder {
    executable: PathBuf,
    profile: PathBuf,
    script: String,
    settings: BrowserSettings,
    config: SessionConfig,
    deadline: Duration,
}

impl LaunchOrder {
    pub fn new(settings: &BrowserSettings, order: &OpenOrder) -> Result<Self, Error> {
        let wanted = order.config.browser_executable.as_ref().map(PathBuf::from);
        let wanted = wanted.or_else(|| settings.executable.clone());
        let executable = find(wanted.as_deref()).ok_or_else(|| {
            let message = format!("Chromium was not found; install it: {}", install_hint());
            Error::new(ErrorCode::Unsupported, message)
        })?;
        Ok(Self {
            executable,
            profile: order.profile.clone(),
            script: script()?,
            settings: settings.clone(),
            config: order.config.clone(),
            deadline: order.deadline,
        })
    }
}

/// What runs before the page's own code: settings, the library, the agent.
fn script() -> Result<String, Error> {
    let part = |name: &str| {
        let file = Scripts::get(name).ok_or_else(|| {
            let message = format!("this build lacks {name}: build it with 'make web' first");
            Error::new(ErrorCode::Unsupported, message)
        })?;
        Ok::<_, Error>(String::from_utf8_lossy(&file.data).into_owned())
    };
    let (library, agent) = (part("wa-js.js")?, part("agent.js")?);
    Ok(format!("window.WPPConfig = {{ disableGoogleAnalytics: true }};\n{library}\n;{agent}"))
}

/// A running browser with one page.
pub struct Chromium {
    page: Page,
    /// Asks the keeper to close; it answers by ending.
    close: Option<oneshot::Sender<()>>,
    keeper: tokio::task::JoinHandle<()>,
    process: Option<u32>,
    _listeners: Vec<AbortOnDropHandle<()>>,
}

impl Chromium {
    pub async fn launch(
        order: LaunchOrder,
        reports: mpsc::Sender<String>,
        events: mpsc::Sender<DriverEvent>,
    ) -> Result<Self, Error> {
        std::fs::create_dir_all(&order.profile)
            .map_err(|error| failed(format!("the profile folder cannot be made: {error}")))?;
        clear_stale_lock(&order.profile);
        let config = configuration(&order)?;
        let launched = Browser::launch(config).await;
        let (mut browser, mut handler) =
            launched.map_err(|error| failed(format!("Chromium did not start: {error}")))?;
        // Messages that this version does not know are errors here; the loop goes on.
        let handling = tokio::spawn(async move { while handler.next().await.is_some() {} });
        let handling = AbortOnDropHandle::new(handling);
        let process = browser.get_mut_child().and_then(|child| child.as_mut_inner().id());
        let prepared =
            tokio::time::timeout(order.deadline, prepare(&browser, &order, reports)).await;
        let (page, listening) = match prepared {
            Ok(Ok(prepared)) => prepared,
            Ok(Err(error)) => {
                end(browser).await;
                return Err(error);
            }
            Err(_) => {
                end(browser).await;
                return Err(Error::new(ErrorCode::Timeout, "the page did not load in time"));
            }
        };
        let crashes = watch_crashes(&page, events.clone()).await?;
        let (close, asked) = oneshot::channel();
        let keeper = tokio::spawn(keep(browser, asked, events));
        let listeners = vec![handling, listening, crashes];
        Ok(Self { page, close: Some(close), keeper, process, _listeners: listeners })
    }

    pub fn page(&self) -> &Page {
        &self.page
    }

    /// Loads the page again; whether it helped is seen by whoever waits for it.
    pub async fn reload(&mut self) {
        let _ = tokio::time::timeout(LOAD_DEADLINE, self.page.reload()).await;
    }

    /// Ends the browser: by asking, then by force. Nothing is left of it.
    pub async fn close(mut self) {
        if let Some(close) = self.close.take() {
            // The browser may have ended by itself.
            let _ = close.send(());
        }
        let _ = (&mut self.keeper).await;
    }

    /// Resident memory of the browser and its children, in bytes.
    pub fn memory(&self) -> Option<u64> {
        self.process.and_then(tree_memory)
    }
}

fn configuration(order: &LaunchOrder) -> Result<BrowserConfig, Error> {
    let LaunchOrder { executable, profile, settings, config, .. } = order;
    let mut builder = BrowserConfig::builder()
        .chrome_executable(executable)
        .user_data_dir(profile)
        .viewport(None)
        .respect_https_errors()
        .launch_timeout(order.deadline)
        .args(FLAGS)
        .arg(DISABLED_FEATURES);
    builder = if config.headless { builder.new_headless_mode() } else { builder.with_head() };
    // Chromium refuses to run as root with its sandbox.
    if rustix::process::geteuid().is_root() {
        builder = builder.no_sandbox();
    }
    if let Some(address) = &settings.resolve_to {
        let host = url::Url::parse(&settings.url).ok();
        let host = host.as_ref().and_then(url::Url::host_str).unwrap_or_default().to_owned();
        // Nothing else is looked up, so that nothing leaves the machine.
        let rules = format!("MAP {host}:443 {address}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1");
        builder = builder.arg(("host-resolver-rules", rules.as_str()));
    }
    if let Some(key) = &settings.trusted_key {
        builder = builder.arg(("ignore-certificate-errors-spki-list", key.as_str()));
    }
    if let Some(proxy) = &config.proxy {
        builder = builder.arg(("proxy-server", proxy_argument(proxy)?.as_str()));
    }
    if let Some(agent) = &config.user_agent {
        builder = builder.arg(("user-agent", agent.as_str()));
    }
    let extra = settings.extra_args.iter().chain(&config.browser_args);
    let extra = extra.map(|argument| argument.trim_start_matches('-').to_owned());
    builder.args(extra.collect::<Vec<_>>()).build().map_err(failed)
}

fn proxy_argument(proxy: &Proxy) -> Result<String, Error> {
    let protocol = match proxy.protocol.as_str() {
        "socks5h" => "socks5",
        other => other,
    };
    if protocol.starts_with("socks") && proxy.username.is_some() {
        let message = "Chromium knows no SOCKS proxy with a password: use an HTTP proxy";
        return Err(Error::new(ErrorCode::Unsupported, message));
    }
    Ok(format!("{protocol}://{}:{}", proxy.host, proxy.port))
}

async fn prepare(
    browser: &Browser,
    order: &LaunchOrder,
    reports: mpsc::Sender<String>,
) -> Result<(Page, AbortOnDropHandle<()>), Error> {
    let lost = |error: chromiumoxide::error::CdpError| {
        failed(format!("the browser does not answer: {error}"))
    };
    // The blank page that the browser opens with is used: a second one would cost memory.
    let page = match browser.pages().await.map_err(lost)?.into_iter().next() {
        Some(page) => page,
        None => browser.new_page("about:blank").await.map_err(lost)?,
    };
    let mut calls = page.event_listener::<EventBindingCalled>().await.map_err(lost)?;
    let listening = tokio::spawn(async move {
        while let Some(call) = calls.next().await {
            if call.name == BINDING && reports.send(call.payload.clone()).await.is_err() {
                return;
            }
        }
    });
    let listening = AbortOnDropHandle::new(listening);
    if let Some(Proxy { username: Some(username), password: Some(password), .. }) =
        &order.config.proxy
    {
        let credentials = chromiumoxide::auth::Credentials {
            username: username.clone(),
            password: password.clone(),
        };
        page.authenticate(credentials).await.map_err(lost)?;
    }
    page.execute(SetBypassCspParams::new(true)).await.map_err(lost)?;
    page.execute(AddBindingParams::new(BINDING)).await.map_err(lost)?;
    let script = AddScriptToEvaluateOnNewDocumentParams::new(order.script.clone());
    page.execute(script).await.map_err(lost)?;
    let loaded = tokio::time::timeout(LOAD_DEADLINE, page.goto(order.settings.url.clone())).await;
    match loaded {
        Ok(Ok(_)) => Ok((page, listening)),
        Ok(Err(error)) => Err(failed(format!("{} did not load: {error}", order.settings.url))),
        Err(_) => Err(Error::new(
            ErrorCode::Timeout,
            format!("{} did not load in time", order.settings.url),
        )),
    }
}

async fn watch_crashes(
    page: &Page,
    events: mpsc::Sender<DriverEvent>,
) -> Result<AbortOnDropHandle<()>, Error> {
    let crashes = page.event_listener::<EventTargetCrashed>().await;
    let mut crashes =
        crashes.map_err(|error| failed(format!("the page cannot be watched: {error}")))?;
    let watching = tokio::spawn(async move {
        if crashes.next().await.is_some() {
            let reason = "the page's process crashed".to_owned();
            let _ = events.send(DriverEvent::Crashed { reason }).await;
        }
    });
    Ok(AbortOnDropHandle::new(watching))
}

/// Owns the process: notices its end, and brings it about.
async fn keep(
    mut browser: Browser,
    asked: oneshot::Receiver<()>,
    events: mpsc::Sender<DriverEvent>,
) {
    tokio::select! {
        ended = browser.wait() => {
            let status = ended.ok().flatten().map_or_else(|| "unknown".to_owned(), |status| status.to_string());
            let reason = format!("the browser ended by itself ({status})");
            let _ = events.send(DriverEvent::Crashed { reason }).await;
        }
        // A handle that was dropped without closing asks just as well.
        _ = asked => end(browser).await,
    }
}

/// Closes in order, so that the login is written; kills what does not close.
async fn end(mut browser: Browser) {
    let in_order = async {
        browser.close().await.map(|_| ())?;
        browser.wait().await?;
        Ok::<_, chromiumoxide::error::CdpError>(())
    };
    if !matches!(tokio::time::timeout(CLOSE_DEADLINE, in_order).await, Ok(Ok(()))) {
        let _ = browser.kill().await;
        let _ = tokio::time::timeout(CLOSE_DEADLINE, browser.wait()).await;
    }
}

/// Removes the lock of a browser that no longer runs; that of a living one stays.
fn clear_stale_lock(profile: &Path) {
    let lock = profile.join("SingletonLock");
    let Ok(target) = std::fs::read_link(&lock) else { return };
    // The link names `host-pid`.
    let pid = target.to_string_lossy().rsplit('-').next().and_then(|pid| pid.parse::<u32>().ok());
    let uses_profile = pid.is_some_and(|pid| {
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&command).contains(&*profile.to_string_lossy())
    });
    if uses_profile {
        // Left by an earlier gateway that was killed: it is ours, and nobody else will end it.
        if let Some(pid) =
            pid.and_then(|pid| i32::try_from(pid).ok()).and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    for name in ["SingletonLock", "SingletonCookie", "SingletonSocket"] {
        let _ = std::fs::remove_file(profile.join(name));
    }
}

fn tree_memory(root: u32) -> Option<u64> {
    let resident = |pid: u32| {
        let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
    };
    let mut total = resident(root)?;
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
        for child in
            children.unwrap_or_default().split_whitespace().filter_map(|pid| pid.parse().ok())
        {
            total += resident(child).unwrap_or(0);
            parents.push(child);
        }
    }
    Some(total)
}

fn failed(reason: String) -> Error {
    Error::new(ErrorCode::EngineFailed, reason)
}
