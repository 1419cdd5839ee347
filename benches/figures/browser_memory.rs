//! What a session's browser weighs, with the gateway's switches and with those that an automation
//! library starts it with.

use std::{
    path::Path,
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
    process::Command,
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
const ROUNDS: u32 = 3;
const MESSAGES: usize = 300;
const CHATS: usize = 30;
/// After it a browser that has loaded everything has tidied up.
const SETTLED: Duration = Duration::from_secs(6);
const BINDING: &str = "wagateReport";

pub async fn measure() -> Outcome<Figures> {
    let folder = tempfile::tempdir()?;
    let gateway = Gateway::start(folder.path(), "browser").await?;
    let (mut ours, mut usual) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // One browser at a time: two would share pages and each weigh less.
        ours.push(with_our_switches(&gateway, round).await?);
        usual.push(with_usual_switches(&gateway, round, folder.path()).await?);
    }
    gateway.stop().await?;
    let (ours, usual) = (Series::of(ours), Series::of(usual));
    let ratio = ours.median() / usual.median();
    let figure = Figure {
        name: "Memory of a browser session (PSS)",
        ours: format!("{:.0} MiB", ours.median() / 1_024.0),
        beside: format!("{:.0} MiB: puppeteer's usual switches", usual.median() / 1_024.0),
        ratio: Some(ratio),
        target: Some(Target::at_most("≤ 0.70×", 0.7, ratio)),
    };
    let raw = [ours.row("the gateway's switches"), usual.row("puppeteer's usual switches")];
    let raw = format!(
        "## Memory of a browser session\n\nKiB, all processes of one browser, {} s after the last \
         of {MESSAGES} messages in {CHATS} chats came in; the page and the scripts in it are the \
         same, and only one browser runs at a time.\n\n{HEAD}{}",
        SETTLED.as_secs(),
        raw.concat()
    );
    Ok(Figures { rows: vec![figure], raw })
}

async fn with_our_switches(gateway: &Gateway, round: u32) -> Outcome<f64> {
    let (session, phone) = (format!("ours-{round}"), format!("1555700010{round}"));
    gateway.link(&session, &phone).await?;
    let profile = gateway.profile(&session).canonicalize()?;
    let weight = weight_when_loaded(gateway, &phone, &profile).await?;
    let path = format!("/api/v1/sessions/{session}");
    gateway.call(reqwest::Method::DELETE, &path, None).await?;
    Ok(weight)
}

async fn with_usual_switches(gateway: &Gateway, round: u32, folder: &Path) -> Outcome<f64> {
    let phone = format!("1555700020{round}");
    let profile = folder.join(format!("usual-{round}"));
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
    let measured = async {
        let _browser = link_page(gateway, &address, &part("url"), &phone).await?;
        weight_when_loaded(gateway, &phone, &profile).await
    };
    let weight = measured.await;
    let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    kill_process_group(group.ok_or("Chromium has ended")?, Signal::TERM)?;
    timeout(PATIENCE, child.wait()).await??;
    weight
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

async fn weight_when_loaded(gateway: &Gateway, phone: &str, profile: &Path) -> Outcome<f64> {
    for number in 0..MESSAGES {
        let from = format!("15557{:06}", number % CHATS);
        gateway.write(&from, phone, &format!("Message {number} of this chat")).await?;
    }
    sleep(SETTLED).await;
    machine::browser_weight(profile)
}
