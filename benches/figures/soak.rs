//! A million events through a gateway with one dead webhook, and what it holds meanwhile:
//! `make soak`. Fails when events are lost, or when it holds more in the end than its data needs.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{task::JoinSet, time::sleep};

use crate::{
    Outcome,
    gateway::{Gateway, PATIENCE},
    machine::{resident, say},
    receiver::Receiver,
};

pub const NAME: &str = "soak";
const EVENTS: usize = 1_000_000;
const SESSIONS: usize = 10;
/// Chats of each session.
const CHATS: usize = 10;
const WRITING_AT_ONCE: usize = 32;
/// How far phones may run ahead of what was delivered: beyond it the simulated network, which lives
/// in the same process, would hold what the gateway has not taken in.
const MOST_AHEAD: usize = 1_000;
/// Lines of the curve.
const LINES: usize = 20;
/// What may be held in the end, as a multiple of what the same data takes a gateway that starts on it.
/// Messages are kept for ever and the log keeps what the dead webhook has not had; sled holds a little of
/// every page in memory. Anything beyond that is a leak.
const GROWTH: f64 = 1.25;
/// After it a start is over.
const SETTLED: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(5);
const LOOK: Duration = Duration::from_millis(200);
/// The phones of the simulated network live in the gateway's own process, and would hold every
/// message of the run: they keep few, so that what grows is the gateway's.
const SETTINGS: [(&str, &str); 1] = [("WAGATE_SIMULATOR__CHAT_MESSAGES", "100")];
/// Nothing listens on the port that no service has.
const DEAD: &str = "http://127.0.0.1:1/";

pub async fn run() -> Outcome<()> {
    let events = match std::env::var("EVENTS") {
        Ok(text) => text.parse()?,
        Err(_) => EVENTS,
    };
    let folder = tempfile::tempdir()?;
    let gateway = Arc::new(Gateway::start_with(folder.path(), "simulated", &SETTINGS).await?);
    let count = Arc::new(AtomicUsize::new(0));
    let received = count.clone();
    let receiver = Receiver::start(move |_| _ = received.fetch_add(1, Ordering::SeqCst)).await?;
    for session in 0..SESSIONS {
        gateway.link(&format!("soak-{session}"), &phone(session)).await?;
    }
    for chat in 0..CHATS {
        gateway.post("/_simulator/v1/accounts", &json!({ "phone": writer(chat) })).await?;
    }
    let mut hooks = Vec::new();
    for url in [&*receiver.url, DEAD] {
        let body = json!({ "url": url, "events": ["message"] });
        let hook = gateway.post("/api/v1/gateway-webhooks", &body).await?;
        let id = hook["data"]["id"].as_str().ok_or("no webhook")?;
        hooks.push(format!("/api/v1/gateway-webhooks/{id}"));
    }
    say(&format!("{events} events, one webhook that takes them and one that is dead"));
    let curve = curve(&gateway, events, &count, folder.path()).await?;
    let begun = Instant::now();
    let mut last = 0;
    loop {
        let stats = gateway.get(&hooks[0]).await?["data"]["stats"].clone();
        if stats["delivered"] == events {
            break;
        }
        let now = count.load(Ordering::SeqCst);
        if now == last && PATIENCE < begun.elapsed() {
            return Err(format!("{now} of {events} events were delivered: {stats}").into());
        }
        last = now;
        sleep(LOOK).await;
    }
    let dead = gateway.get(&hooks[1]).await?["data"]["stats"].clone();
    say(&format!("delivered: {events}; the dead webhook: {dead}"));
    say(&line(&gateway, events, begun, &count, folder.path())?.0);
    let most = |part: &[f64]| part.iter().copied().fold(0.0, f64::max);
    let (first, second) = curve.split_at(curve.len() / 2);
    let ratio = most(second) / most(first);
    let each = (most(second) - most(first)) * 1_048_576.0 / (step(events) * second.len()) as f64;
    say(&format!(
        "the second half held at most {ratio:.2} times what the first did: {each:.0} bytes more for \
         each of its events"
    ));
    let held = resident(gateway.process()?)? / 1_024.0;
    Arc::into_inner(gateway).ok_or("somebody still writes")?.stop().await?;
    let fresh = fresh(folder.path(), &hooks[1]).await?;
    let ratio = held / fresh;
    say(&format!(
        "one that starts on the same data holds {fresh:.1} MiB: {ratio:.2} times that was held"
    ));
    if GROWTH < ratio {
        return Err(format!("more than {GROWTH} times what the data needs").into());
    }
    Ok(())
}

/// What a gateway holds that did nothing of all this but has the same data.
async fn fresh(data: &Path, dead: &str) -> Outcome<f64> {
    let gateway = Gateway::start_with(data, "simulated", &SETTINGS).await?;
    say(&format!("started on it in {:.1} s", gateway.start.as_secs_f64()));
    sleep(SETTLED).await;
    say(&format!("the dead webhook then: {}", gateway.get(dead).await?["data"]["stats"]));
    let held = resident(gateway.process()?)? / 1_024.0;
    gateway.stop().await?;
    Ok(held)
}

/// Has all events written. What the gateway held at each line.
async fn curve(
    gateway: &Arc<Gateway>,
    events: usize,
    delivered: &Arc<AtomicUsize>,
    folder: &Path,
) -> Outcome<Vec<f64>> {
    say(
        "| events | seconds | delivered | resident MiB | on the disk MiB |\n|---:|---:|---:|---:|---:|",
    );
    let (begun, next) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let mut writing = JoinSet::new();
    for _ in 0..WRITING_AT_ONCE {
        let (gateway, next, delivered) = (gateway.clone(), next.clone(), delivered.clone());
        writing.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::SeqCst);
                if events <= number {
                    return Ok::<_, Box<dyn std::error::Error + Send + Sync>>(());
                }
                while delivered.load(Ordering::SeqCst) + MOST_AHEAD < number {
                    sleep(SHORT).await;
                }
                let (from, to) = (writer(number / SESSIONS % CHATS), phone(number % SESSIONS));
                write(&gateway, &from, &to, number).await?;
            }
        });
    }
    let (mut curve, step) = (Vec::new(), step(events));
    while !writing.is_empty() {
        while let Some(ended) = writing.try_join_next() {
            ended??;
        }
        let written = next.load(Ordering::SeqCst).min(events);
        if step * (curve.len() + 1) <= written {
            let (text, held) = line(gateway, written, begun, delivered, folder)?;
            say(&text);
            curve.push(held);
        }
        sleep(LOOK).await;
    }
    Ok(curve)
}

/// Events between two lines.
fn step(events: usize) -> usize {
    (events / LINES).max(1)
}

/// Over a connection of its own: one that was kept may be ended just when it is used again.
async fn write(gateway: &Gateway, from: &str, to: &str, number: usize) -> Outcome<()> {
    let url = format!("{}/_simulator/v1/accounts/{from}/messages", gateway.base);
    let body = json!({ "chat": format!("{to}@c.us"), "text": format!("event {number}") });
    let request = gateway.http.post(url).header("connection", "close").json(&body);
    request.timeout(PATIENCE).send().await?.error_for_status()?;
    Ok(())
}

fn line(
    gateway: &Gateway,
    written: usize,
    begun: Instant,
    delivered: &AtomicUsize,
    folder: &Path,
) -> Outcome<(String, f64)> {
    let (held, disk) = (resident(gateway.process()?)? / 1_024.0, size(folder) >> 20);
    let (seconds, delivered) = (begun.elapsed().as_secs(), delivered.load(Ordering::SeqCst));
    Ok((format!("| {written} | {seconds} | {delivered} | {held:.1} | {disk} |"), held))
}

fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let sizes = entries.map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => size(&entry.path()),
        _ => entry.metadata().map_or(0, |metadata| metadata.len()),
    });
    sizes.sum()
}

fn phone(session: usize) -> String {
    format!("1555700{session:04}")
}

fn writer(chat: usize) -> String {
    format!("1555800{chat:04}")
}
