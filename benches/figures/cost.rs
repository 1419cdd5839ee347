//! What a send costs: flushes of the disk, and time of the processors. The latter stands beside that of
//! another build, where one is named.

use std::{collections::VecDeque, path::Path, time::Duration};

use futures_util::future::try_join_all;
use hyper::Method;
use serde_json::json;
use tokio::{task::JoinHandle, time::sleep};

use crate::{
    Outcome,
    connection::Connection,
    gateway::{Gateway, PROGRAM},
    machine,
    receiver::Receiver,
    report::{Figure, Figures, Target},
    series::{HEAD, Series, milliseconds},
};

/// The program of another build, to measure beside this one.
const FORMER: &str = "WAGATE_FORMER";
const SESSION: &str = "bench";
const PHONE: &str = "15557654321";
const READER: &str = "15550000011@c.us";
const ROUNDS: usize = 12;
const SENDS: usize = 50;
const CALLERS: usize = 16;
/// After it what follows the sends of a round is over: receipts, deliveries, what they leave on the disk.
const REST: Duration = Duration::from_millis(600);

pub async fn measure() -> Outcome<Figures> {
    let mut ours = Side::start(PROGRAM).await?;
    let mut former = match std::env::var(FORMER) {
        Ok(program) => Some(Side::start(&program).await?),
        Err(_) => None,
    };
    for round in 0..=ROUNDS {
        // Neither is always the first.
        let mut turns = VecDeque::from([Some(&mut ours), former.as_mut()]);
        turns.rotate_left(round % 2);
        for side in turns.into_iter().flatten() {
            side.round().await?;
        }
    }
    let shared = ours.together().await?;
    let (flushes, ours) = ours.end().await?;
    let former = match former {
        Some(former) => Some(former.end().await?.1),
        None => None,
    };
    Ok(figures(&flushes, shared, &ours, former.as_ref()))
}

fn figures(flushes: &Series, shared: f64, ours: &Series, former: Option<&Series>) -> Figures {
    let disk = Figure {
        name: "Flushes of the disk for each send of one caller, one after the other",
        ours: format!("{:.2}", flushes.median()),
        beside: format!("{shared:.2}: {CALLERS} callers at once"),
        ratio: None,
        target: Some(Target::at_most("≤ 2", 2.0, flushes.median())),
    };
    let ratio = former.map(|former| ours.median() / former.median());
    let beside = former
        .map(|former| format!("{:.2} ms: the build before commits were gathered", former.median()));
    let time = Figure {
        name: "Time of the processors for each send, without the browser's",
        ours: format!("{:.2} ms", ours.median()),
        beside: beside.unwrap_or_default(),
        ratio,
        target: ratio.map(|ratio| Target::at_most("≤ 0.60×", 0.6, ratio)),
    };
    let mut raw = [flushes.row("flushes for each send"), ours.row("milliseconds for each send")];
    if let Some(former) = former {
        raw[1].push_str(&former.row("the same of the other build"));
    }
    let raw = format!(
        "## Cost of a send\n\nFor each send of a round of {SENDS}, one after the other, in real Chromium, to a \
         contact who reads, with a webhook and a listener for all events; what comes of the messages \
         meanwhile and in the {} ms after the last is counted too.\n\n{HEAD}{}",
        REST.as_millis(),
        raw.concat()
    );
    Figures { rows: vec![disk, time], raw }
}

/// A gateway with a session, a webhook and a listener.
struct Side {
    _folder: tempfile::TempDir,
    gateway: Gateway,
    _receiver: Receiver,
    listening: JoinHandle<()>,
    /// Of each round, for each send.
    flushes: Vec<f64>,
    time: Vec<f64>,
}

impl Side {
    async fn start(program: &str) -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let gateway =
            Gateway::start_program(Path::new(program), folder.path(), "browser", &[]).await?;
        gateway.link(SESSION, PHONE).await?;
        let receiver = Receiver::start(|_| ()).await?;
        let body = json!({ "url": receiver.url, "events": ["*"] });
        gateway.post(&format!("/api/v1/sessions/{SESSION}/webhooks"), &body).await?;
        let url = format!("{}/api/v1/sessions/{SESSION}/events", gateway.base);
        let mut events = gateway.http.get(url).send().await?;
        let listening =
            tokio::spawn(async move { while let Ok(Some(_)) = events.chunk().await {} });
        let (flushes, time) = (Vec::new(), Vec::new());
        Ok(Self { _folder: folder, gateway, _receiver: receiver, listening, flushes, time })
    }

    async fn round(&mut self) -> Outcome<()> {
        let process = self.gateway.process()?;
        let (flushes, time) = (self.flushed().await?, machine::processor_time(process)?);
        send(&self.gateway.base, READER, SENDS).await?;
        sleep(REST).await;
        let time = machine::processor_time(process)?.saturating_sub(time);
        self.time.push(milliseconds(time) / SENDS as f64);
        self.flushes.push((self.flushed().await? - flushes) / SENDS as f64);
        Ok(())
    }

    /// Flushes for each send when many send at once, each in a chat of its own.
    async fn together(&self) -> Outcome<f64> {
        let before = self.flushed().await?;
        let base = &self.gateway.base;
        let callers = (0..CALLERS).map(|caller| async move {
            send(base, &format!("155500001{caller:02}@c.us"), SENDS / 10).await
        });
        try_join_all(callers).await?;
        sleep(REST).await;
        Ok((self.flushed().await? - before) / (CALLERS * (SENDS / 10)) as f64)
    }

    /// Flushes since the start; a build that does not count them has none.
    async fn flushed(&self) -> Outcome<f64> {
        let url = format!("{}/metrics", self.gateway.base);
        let text = self.gateway.http.get(url).send().await?.text().await?;
        let of_flushes = text.lines().filter(|line| line.starts_with("wagate_store_flushes_total"));
        let numbers = of_flushes.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok());
        Ok(numbers.sum())
    }

    /// Flushes and milliseconds for each send. The first round was to warm up.
    async fn end(self) -> Outcome<(Series, Series)> {
        self.listening.abort();
        self.gateway.stop().await?;
        let without_first = |all: Vec<f64>| Series::of(all.into_iter().skip(1).collect());
        Ok((without_first(self.flushes), without_first(self.time)))
    }
}

async fn send(base: &str, chat: &str, times: usize) -> Outcome<()> {
    let mut connection = Connection::open(base).await?;
    let path = format!("/api/v1/sessions/{SESSION}/send-text");
    for n in 0..times {
        let body = json!({ "chatId": chat, "content": format!("Message {n} of the figures") });
        connection.call(Method::POST, &path, Some(&body)).await?;
    }
    Ok(())
}
