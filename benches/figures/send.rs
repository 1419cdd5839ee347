//! A text through the API beside the same call of the library made straight on the page.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use chromiumoxide::{Browser, Page, cdp::js_protocol::runtime::EvaluateParams};
use futures_util::StreamExt;
use hyper::Method;
use serde_json::json;
use tokio::time::sleep;
use wagate::{
    domain::{Clock, EventBody, Message, Outgoing, SessionId},
    events::EventLog,
    messaging::Ingest,
    session::EventSink,
    store::Store,
    vault::Keyring,
};

use crate::{
    Outcome,
    connection::Connection,
    gateway::Gateway,
    machine,
    report::{Figure, Figures, Target},
    series::{HEAD, Series, milliseconds},
};

const SESSION: &str = "bench";
const PHONE: &str = "15557654321";
/// Gets messages and never reads or answers, so that nothing else happens meanwhile.
const SILENT: &str = "15550000003@c.us";
const ROUNDS: usize = 300;
const WARM_UP: usize = 20;
/// After it what follows a send is over: the receipt comes after 20 ms, and is written down.
const REST: Duration = Duration::from_millis(60);
/// Processor time is counted in hundredths of a second: over many sends in a row, in turns.
const BATCHES: usize = 4;
const IN_BATCH: usize = 50;

pub async fn measure() -> Outcome<Figures> {
    let folder = tempfile::tempdir()?;
    let executable = listening_browser(folder.path())?;
    let settings = [("WAGATE_BROWSER__EXECUTABLE", executable.to_str().ok_or("an odd path")?)];
    let gateway = Gateway::start_with(folder.path(), "browser", &settings).await?;
    gateway.link(SESSION, PHONE).await?;
    let (_browser, page) = page_of(&gateway.profile(SESSION)).await?;
    let mut connection = Connection::open(&gateway.base).await?;
    let disk = Disk::new(&folder.path().join("beside")).await?;
    let mut all: [Vec<f64>; 5] = Default::default();
    for round in 0..WARM_UP + ROUNDS {
        let text = format!("Message {round} of the figures");
        // Anyone who goes first in one round goes second in the next.
        let (api, raw) = if round % 2 == 0 {
            let api = through_api(&mut connection, &text).await?;
            (api, through_page(&page, &text).await?)
        } else {
            let raw = through_page(&page, &text).await?;
            (through_api(&mut connection, &text).await?, raw)
        };
        let durable = disk.message(&text).await?;
        let path = format!("/api/v1/sessions/{SESSION}/status");
        let http = timed(connection.call(Method::GET, &path, None)).await?;
        let nothing = timed(evaluate(&page, "Promise.resolve(1)".to_owned())).await?;
        if WARM_UP <= round {
            for (list, one) in all.iter_mut().zip([api, raw, durable, http, nothing]) {
                list.push(one);
            }
        }
    }
    let mut costs: [Vec<f64>; 2] = Default::default();
    for batch in 0..BATCHES {
        for side in [batch % 2, (batch + 1) % 2] {
            // The gateway closes a connection on which nothing came for a while.
            let mut connection = Connection::open(&gateway.base).await?;
            let before = machine::processor_time(gateway.process()?)?;
            for number in 0..IN_BATCH {
                let text = format!("Message {number} of batch {batch} of the figures");
                match side {
                    0 => through_api(&mut connection, &text).await?,
                    _ => through_page(&page, &text).await?,
                };
            }
            let spent = machine::processor_time(gateway.process()?)?.saturating_sub(before);
            costs[side].push(milliseconds(spent) / IN_BATCH as f64);
        }
    }
    gateway.stop().await?;
    Ok(figures(all.map(Series::of), costs.map(Series::of)))
}

fn figures(
    [api, raw, durable, http, nothing]: [Series; 5],
    [api_cost, raw_cost]: [Series; 2],
) -> Figures {
    let ratio = api.median() / raw.median();
    let share = 100.0 * durable.median() / api.median();
    let sent = Figure {
        name: "Send a text through REST",
        ours: format!("{:.1} ms", api.median()),
        beside: format!("{:.1} ms: the same wa-js call straight on the page", raw.median()),
        ratio: Some(ratio),
        target: Some(Target::at_most("≤ 1.25×", 1.25, ratio)),
    };
    let kept = Figure {
        name: "of that, making it durable",
        ours: format!("{:.1} ms", durable.median()),
        beside: format!("{share:.0} % of the send"),
        ratio: None,
        target: None,
    };
    let cost = Figure {
        name: "Time of the processors in the gateway for each send through REST",
        ours: format!("{:.2} ms", api_cost.median()),
        beside: format!(
            "{:.2} ms: for each raw call, whose message and receipt the page reports",
            raw_cost.median()
        ),
        ratio: None,
        target: None,
    };
    let raw = [
        api.row("POST send-text"),
        raw.row("`WPP.chat.sendTextMessage` by a raw evaluate"),
        durable.row("message and event written and flushed, in another store on the same disk"),
        http.row("GET status: the way through HTTP alone"),
        nothing.row("evaluate of `Promise.resolve(1)`: the way through the browser alone"),
        api_cost.row("time of the processors in the gateway for each POST send-text"),
        raw_cost.row("the same for each raw evaluate"),
    ];
    Figures {
        rows: vec![sent, kept, cost],
        raw: format!(
            "## Send a text\n\nMilliseconds. Real Chromium, one page, turn by turn with a rest \
             after each, each over one open connection, to a contact who never answers.\n\n{HEAD}{}",
            raw.concat()
        ),
    }
}

async fn through_api(connection: &mut Connection, text: &str) -> Outcome<f64> {
    let body = json!({ "chatId": SILENT, "content": text });
    let path = format!("/api/v1/sessions/{SESSION}/send-text");
    let took = timed(connection.call(Method::POST, &path, Some(&body))).await;
    sleep(REST).await;
    took
}

async fn through_page(page: &Page, text: &str) -> Outcome<f64> {
    let options = "{createChat: true, waitForAck: true}";
    let call = format!("WPP.chat.sendTextMessage('{SILENT}', '{text}', {options}).then(r => r.id)");
    let took = timed(evaluate(page, call)).await;
    sleep(REST).await;
    took
}

async fn evaluate(page: &Page, expression: String) -> Outcome<()> {
    let mut order = EvaluateParams::new(expression);
    (order.await_promise, order.return_by_value) = (Some(true), Some(true));
    let answer = page.execute(order).await?;
    match &answer.result.exception_details {
        Some(details) => Err(format!("the page refused: {details:?}").into()),
        None => Ok(()),
    }
}

async fn timed<T>(something: impl Future<Output = Outcome<T>>) -> Outcome<f64> {
    let begun = Instant::now();
    something.await?;
    Ok(milliseconds(begun.elapsed()))
}

/// A program that starts the browser with a debugging port beside the gateway's pipe. The gateway itself
/// refuses the switch.
fn listening_browser(folder: &Path) -> Outcome<PathBuf> {
    let (program, browser) = (folder.join("listening-browser"), machine::chromium()?);
    let browser = browser.display();
    let text = format!("#!/bin/sh\nexec '{browser}' --remote-debugging-port=0 \"$@\"\n");
    std::fs::write(&program, text)?;
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))?;
    Ok(program)
}

/// The session's page by a debugging connection of our own.
async fn page_of(profile: &Path) -> Outcome<(Browser, Page)> {
    let file = std::fs::read_to_string(profile.join("DevToolsActivePort"))?;
    let (port, path) = file.trim().split_once('\n').ok_or("no debugging port")?;
    let (browser, mut handler) = Browser::connect(format!("ws://127.0.0.1:{port}{path}")).await?;
    tokio::spawn(async move { while handler.next().await.is_some() {} });
    let begun = Instant::now();
    while begun.elapsed() < crate::gateway::PATIENCE {
        for page in browser.pages().await? {
            if page.url().await?.is_some_and(|url| url.starts_with("https://web.whatsapp.com")) {
                return Ok((browser, page));
            }
        }
        sleep(REST).await;
    }
    Err("the session's page cannot be found".into())
}

/// A store beside the gateway's, to see what a commit costs on this disk.
struct Disk {
    ingest: std::sync::Arc<Ingest>,
    session: SessionId,
    clock: Clock,
}

impl Disk {
    async fn new(folder: &Path) -> Outcome<Self> {
        let (store, clock) = (
            Store::open(folder, &Keyring::thrown_away(), wagate::tables::CATALOGUE).await?,
            Clock::system(),
        );
        let log = EventLog::open(store.clone(), clock.clone()).await?;
        let session = SESSION.parse().map_err(|_| "not a session's name")?;
        Ok(Self { ingest: Ingest::new(store, log, clock.clone()), session, clock })
    }

    async fn message(&self, text: &str) -> Outcome<f64> {
        let key = Outgoing::new_key();
        let message = Message::text(
            format!("true_{SILENT}_{key}").parse().map_err(|_| "not a message's id")?,
            format!("{PHONE}@c.us").parse().map_err(|_| "not a person's id")?,
            text,
            self.clock.now(),
        );
        let event = EventBody::MessageSent { message: Box::new(message) };
        timed(async { Ok(self.ingest.ingest(&self.session, vec![event]).await?) }).await
    }
}
