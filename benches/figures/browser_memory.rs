//! What a session's browser weighs, with the gateway's switches and with those that an automation
//! library starts it with.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use chromiumoxide::{
    Browser, Page,
    cdp::{
        browser_protocol::page::{AddScriptToEvaluateOnNewDocumentParams, SetBypassCspParams},
        js_protocol::runtime::{AddBindingParams, EventBindingCalled},
    },
    handler::HandlerConfig,
};
use futures_util::StreamExt;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::{sleep, timeout},
};

use crate::{
    Outcome,
    gateway::{Gateway, PATIENCE},
    machine,
    report::{Figure, Figures, Target},
    series::{HEAD, Series},
};

/// What puppeteer-core 24.43.1 starts Chromium with when it is asked for nothing in particular; its
/// pipe is a port here.
const USUAL: [&str; 34] = [
    "--allow-pre-commit-input",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-extensions-with-background-pages",
    "--disable-crash-reporter",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-hang-monitor",
    "--disable-infobars",
    "--disable-ipc-flooding-protection",
    "--disable-popup-blocking",
    "--disable-prompt-on-repost",
    "--disable-renderer-backgrounding",
    "--disable-search-engine-choice-screen",
    "--disable-sync",
    "--enable-automation",
    "--export-tagged-pdf",
    "--force-color-profile=srgb",
    "--generate-pdf-document-outline",
    "--metrics-recording-only",
    "--no-first-run",
    "--password-store=basic",
    "--use-mock-keychain",
    "--disable-features=Translate,AcceptCHFrame,MediaRouter,OptimizationHints,WebUIReloadButton,\
     ProcessPerSiteUpToMainFrameThreshold,IsolateSandboxedIframes",
    "--enable-features=PdfOopif",
    "--headless=new",
    "--hide-scrollbars",
    "--mute-audio",
    "--disable-extensions",
    "--remote-debugging-port=0",
    "about:blank",
];
const ROUNDS: usize = 2;
/// Sessions at once. The program's own pages are shared by all of them, so that one alone seems to
/// weigh more than it adds.
const SESSIONS: usize = 3;
const MESSAGES: usize = 300;
const CHATS: usize = 30;
/// After it a browser that has loaded everything has tidied up.
const SETTLED: Duration = Duration::from_secs(6);
const DISTURBED: &str = " (not valid: other browsers ran on the machine)";
const BINDING: &str = "wagateReport";

/// KiB of the first session while it is alone, and of each when all are there.
#[derive(Default)]
struct Weights {
    alone: Vec<f64>,
    each: Vec<f64>,
    /// Browsers of somebody else ran meanwhile.
    is_disturbed: bool,
}

impl Weights {
    /// Weighs after another session was added, where it is time to.
    async fn weigh(&mut self, profiles: &[PathBuf]) -> Outcome<()> {
        if profiles.len() == 1 || profiles.len() == SESSIONS {
            sleep(SETTLED).await;
            let (total, is_disturbed) = machine::browsers_weight(profiles)?;
            self.is_disturbed |= is_disturbed;
            let list = if profiles.len() == 1 { &mut self.alone } else { &mut self.each };
            list.push(total / profiles.len() as f64);
        }
        Ok(())
    }
}

pub async fn measure() -> Outcome<Figures> {
    let folder = tempfile::tempdir()?;
    let gateway = Gateway::start(folder.path(), "browser").await?;
    let (mut ours, mut usual) = (Weights::default(), Weights::default());
    for round in 0..ROUNDS {
        // Never both at once: they would share pages, and each would weigh less.
        with_our_switches(&gateway, round, &mut ours).await?;
        with_usual_switches(&gateway, round, folder.path(), &mut usual).await?;
    }
    gateway.stop().await?;
    let is_disturbed = ours.is_disturbed || usual.is_disturbed;
    let (ours, usual) = (
        [Series::of(ours.each), Series::of(ours.alone)],
        [Series::of(usual.each), Series::of(usual.alone)],
    );
    let names = ["Memory of each of 3 browser sessions (PSS)", "the same of one alone"];
    let (mut rows, mut raw) = (Vec::new(), String::new());
    for ((name, ours), usual) in names.into_iter().zip(ours).zip(usual) {
        let ratio = ours.median() / usual.median();
        let target = Target::at_most("≤ 0.70×", 0.7, ratio);
        let meanwhile = if is_disturbed { DISTURBED } else { "" };
        let usual_mebibytes = usual.median() / 1_024.0;
        rows.push(Figure {
            name,
            ours: format!("{:.0} MiB", ours.median() / 1_024.0),
            beside: format!("{usual_mebibytes:.0} MiB: puppeteer's usual switches{meanwhile}"),
            ratio: (!is_disturbed).then_some(ratio),
            target: (!is_disturbed).then_some(target),
        });
        raw.push_str(&ours.row(&format!("{name}, the gateway's switches")));
        raw.push_str(&usual.row(&format!("{name}, puppeteer's usual switches")));
    }
    let raw = format!(
        "## Memory of browser sessions\n\nKiB, all processes of a browser, {} s after the last of \
         {MESSAGES} messages in {CHATS} chats came in; the page and the scripts in it are the \
         same. Each page of memory counts in proportion to who shares it: other browsers that run \
         on the machine meanwhile make all of these weigh less.\n\n{HEAD}{raw}",
        SETTLED.as_secs(),
    );
    Ok(Figures { rows, raw })
}

async fn with_our_switches(gateway: &Gateway, round: usize, weights: &mut Weights) -> Outcome<()> {
    let mut profiles = Vec::new();
    for number in 0..SESSIONS {
        let (session, phone) = (name_of(round, number), format!("155570001{round}{number}"));
        gateway.link(&session, &phone).await?;
        load(gateway, &phone).await?;
        profiles.push(gateway.profile(&session).canonicalize()?);
        weights.weigh(&profiles).await?;
    }
    for number in 0..SESSIONS {
        let path = format!("/api/v1/sessions/{}", name_of(round, number));
        gateway.call(reqwest::Method::DELETE, &path, None).await?;
    }
    Ok(())
}

fn name_of(round: usize, number: usize) -> String {
    format!("bench-{round}-{number}")
}

async fn with_usual_switches(
    gateway: &Gateway,
    round: usize,
    folder: &Path,
    weights: &mut Weights,
) -> Outcome<()> {
    let (mut profiles, mut browsers) = (Vec::new(), Vec::new());
    for number in 0..SESSIONS {
        let profile = folder.join(format!("usual-{round}-{number}"));
        let phone = format!("155570002{round}{number}");
        browsers.push(UsualBrowser::start(gateway, &profile, &phone).await?);
        load(gateway, &phone).await?;
        profiles.push(profile);
        weights.weigh(&profiles).await?;
    }
    for browser in browsers {
        browser.end().await?;
    }
    Ok(())
}

/// A browser as an automation library starts it.
struct UsualBrowser {
    child: Child,
    /// The debugging connection closes with it.
    _browser: Browser,
}

impl UsualBrowser {
    async fn start(gateway: &Gateway, profile: &Path, phone: &str) -> Outcome<Self> {
        let mut command = Command::new(machine::chromium()?);
        command.args(USUAL).arg(format!("--user-data-dir={}", profile.display()));
        if rustix::process::geteuid().is_root() {
            command.arg("--no-sandbox");
        }
        let page = gateway.get("/_simulator/v1/page").await?;
        let part = |name: &str| page["data"][name].as_str().unwrap_or_default().to_owned();
        let mapping = format!("MAP web.whatsapp.com:443 {}, MAP * ~NOTFOUND", part("resolveTo"));
        command.arg(format!("--host-resolver-rules={mapping}"));
        command.arg(format!("--ignore-certificate-errors-spki-list={}", part("trustedKey")));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.process_group(0).kill_on_drop(true).spawn()?;
        let errors = child.stderr.take().ok_or("no error stream")?;
        let mut lines = BufReader::new(errors).lines();
        let address = loop {
            let line = timeout(PATIENCE, lines.next_line()).await??;
            let line = line.ok_or("Chromium did not start")?;
            if let Some(address) = line.strip_prefix("DevTools listening on ") {
                break address.to_owned();
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let _browser = link_page(gateway, &address, &part("url"), phone).await?;
        Ok(Self { child, _browser })
    }

    async fn end(mut self) -> Outcome<()> {
        let group = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        kill_process_group(group.ok_or("Chromium has ended")?, Signal::TERM)?;
        timeout(PATIENCE, self.child.wait()).await??;
        Ok(())
    }
}

/// Loads the page with the gateway's own scripts in it and links it to a phone.
async fn link_page(gateway: &Gateway, address: &str, url: &str, phone: &str) -> Outcome<Browser> {
    let settings = HandlerConfig { ignore_https_errors: false, ..HandlerConfig::default() };
    let (browser, mut handler) = Browser::connect_with_config(address, settings).await?;
    tokio::spawn(async move { while handler.next().await.is_some() {} });
    let page = first_page(&browser).await?;
    let mut reports = page.event_listener::<EventBindingCalled>().await?;
    page.execute(SetBypassCspParams::new(true)).await?;
    page.execute(AddBindingParams::new(BINDING)).await?;
    let library = std::fs::read_to_string(machine::web("agent/dist/wa-js.js"))?;
    let agent = std::fs::read_to_string(machine::web("agent/dist/agent.js"))?;
    let script =
        format!("window.WPPConfig = {{ disableGoogleAnalytics: true }};\n{library}\n;{agent}");
    page.execute(AddScriptToEvaluateOnNewDocumentParams::new(script)).await?;
    // A browser that says it is headless is shown the page too: it is the simulated one.
    page.goto(url).await?;
    let linked = async {
        while let Some(report) = reports.next().await {
            let report: Value = serde_json::from_str(&report.payload)?;
            match report["report"].as_str() {
                Some("qr") => {
                    gateway.scan(phone, report["text"].as_str().unwrap_or_default()).await?;
                }
                Some("ready") => return Ok(()),
                _ => (),
            }
        }
        Err("the page went away".into())
    };
    let linked: Outcome<()> = timeout(PATIENCE, linked).await?;
    linked?;
    // The rest of what it reports is let pass, as nobody waits for it.
    tokio::spawn(async move { while reports.next().await.is_some() {} });
    Ok(browser)
}

async fn first_page(browser: &Browser) -> Outcome<Page> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(page) = browser.pages().await?.into_iter().next() {
            return Ok(page);
        }
        sleep(Duration::from_millis(20)).await;
    }
    Err("the browser opened without a page".into())
}

async fn load(gateway: &Gateway, phone: &str) -> Outcome<()> {
    for number in 0..MESSAGES {
        let from = format!("15557{:06}", number % CHATS);
        gateway.write(&from, phone, &format!("Message {number} of this chat")).await?;
    }
    Ok(())
}
