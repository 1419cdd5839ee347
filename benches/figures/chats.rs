//! A page of a long list of chats beside a request that does nothing.

use std::{
    path::Path,
    process::{ExitCode, Stdio},
    time::Instant,
};

use actix_web::{App, HttpResponse, HttpServer, web};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};
use wagate::{
    domain::{Chat, chat::LastMessage, clock::from_seconds},
    egress,
    messaging::MessagingTables,
    store::{Batch, Store},
    vault::Keyring,
};

use crate::{
    Outcome,
    gateway::Gateway,
    machine::say,
    report::{Figure, Figures, Target},
    series::{HEAD, Series, milliseconds},
};

/// The argument with which this program serves nothing instead of measuring.
pub const EMPTY_SERVER: &str = "serve-nothing";
const SESSION: &str = "bench";
const CHATS: i64 = 10_000;
const ROUNDS: usize = 3_000;
const WARM_UP: usize = 300;
/// As many as the gateway has.
const WORKERS: usize = 2;

pub async fn measure() -> Outcome<Figures> {
    let folder = tempfile::tempdir()?;
    fill(&folder.path().join("store")).await?;
    let gateway = Gateway::start(folder.path(), "simulated").await?;
    gateway.link(SESSION, "15557654321").await?;
    let (mut server, empty) = empty_server().await?;
    let path = format!("{}/api/v1/sessions/{SESSION}/chats?limit=50", gateway.base);
    let answer = gateway.get(&format!("/api/v1/sessions/{SESSION}/chats?limit=50")).await?;
    if answer["data"].as_array().map(Vec::len) != Some(50) {
        return Err(format!("not a page of 50 chats: {answer}").into());
    }
    // A client for each, so that neither finds the other's connection.
    let (one, other) = (egress::local_client()?, egress::local_client()?);
    let (mut pages, mut nothings, mut bytes) = (Vec::new(), Vec::new(), 0);
    for round in 0..WARM_UP + ROUNDS {
        let (page, length) = fetch(&one, &path).await?;
        let (nothing, _) = fetch(&other, &empty).await?;
        if WARM_UP <= round {
            pages.push(page);
            nothings.push(nothing);
            bytes = length;
        }
    }
    server.kill().await?;
    gateway.stop().await?;
    let (pages, nothings) = (Series::of(pages), Series::of(nothings));
    let ratio = pages.median() / nothings.median();
    let figure = Figure {
        name: "50 of 10,000 chats",
        ours: format!("{:.2} ms", pages.median()),
        beside: format!("{:.2} ms: an actix handler that does nothing", nothings.median()),
        ratio: Some(ratio),
        target: Some(Target::at_most("≤ 3×", 3.0, ratio)),
    };
    let raw = [pages.row("GET chats?limit=50"), nothings.row("GET of nothing")].concat();
    let raw = format!(
        "## Chats\n\nMilliseconds, over one connection each, turn by turn. The page of chats has \
         {bytes} bytes.\n\n{HEAD}{raw}"
    );
    Ok(Figures { rows: vec![figure], raw })
}

pub async fn fetch(client: &reqwest::Client, url: &str) -> Outcome<(f64, usize)> {
    let begun = Instant::now();
    let body = client.get(url).send().await?.error_for_status()?.bytes().await?;
    Ok((milliseconds(begun.elapsed()), body.len()))
}

/// Chats of the session in a store that no gateway has opened yet.
async fn fill(folder: &Path) -> Outcome<()> {
    std::fs::create_dir_all(folder)?;
    // The gateway that is started on it finds the key beside it.
    let data = folder.parent().ok_or("no data folder")?;
    let keyring = Keyring::at(data, &wagate::config::Vault::default());
    let store = Store::open(folder, &keyring, wagate::tables::CATALOGUE).await?;
    let session = SESSION.parse().map_err(|_| "not a session's name")?;
    for number in 0..CHATS {
        let at = from_seconds(1_700_000_000 + number * 60);
        let last = LastMessage {
            preview: format!("The last words of conversation {number}, as a list shows them"),
            timestamp: at,
            from_me: number % 3 == 0,
            key: None,
        };
        let chat = Chat {
            id: format!("{}@c.us", 491_500_000_000 + number).parse().map_err(|_| "not an id")?,
            name: format!("Contact {number}"),
            unread: u32::try_from(number % 4)?,
            archived: false,
            pinned: false,
            muted_until: None,
            last_activity: at,
            last_message: Some(last),
        };
        let mut batch = Batch::new();
        store.chats().put_in(&mut batch, &session, &chat).await?;
        store.commit(batch).await?;
    }
    Ok(store.durable().await?)
}

/// This program once more, as a server of nothing; and its address.
pub async fn empty_server() -> Outcome<(Child, String)> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(EMPTY_SERVER).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn()?;
    let output = child.stdout.take().ok_or("no output")?;
    let address = BufReader::new(output).lines().next_line().await?;
    Ok((child, address.ok_or("the server of nothing did not start")?))
}

pub fn serve_nothing() -> ExitCode {
    let served = actix_web::rt::System::new().block_on(async {
        let app = || App::new().route("/", web::get().to(HttpResponse::Ok));
        let server = HttpServer::new(app).workers(WORKERS).bind(("127.0.0.1", 0))?;
        for address in server.addrs() {
            say(&format!("http://{address}/"));
        }
        server.run().await
    });
    if served.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
