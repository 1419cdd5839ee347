//! A broadcast to 10,000 people without a pause, with direct sends beside it and the memory that it takes.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::json;

use crate::{
    Outcome,
    caller::Caller,
    gateway::Gateway,
    machine::resident,
    report::{Figure, Figures, Target},
    series::{HEAD, Series, milliseconds},
};

const PEOPLE: usize = 10_000;
/// Fewer than ten thousand, for a quick look.
const FEWER: &str = "WAGATE_BENCH_PEOPLE";
const SESSION: &str = "bench";
const PHONE: &str = "15557654321";
/// Gets messages and never reads or answers.
const SILENT: &str = "15550000003@c.us";
/// Direct sends before, each to another person: the store then has in memory what it keeps of any sends.
const FORMER_SENDS: usize = 3_000;
const FORMER_AT_ONCE: usize = 8;
const IDLE_SENDS: usize = 300;
const BETWEEN_SENDS: Duration = Duration::from_millis(50);
/// Longer than it takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(600);
const SETTINGS: [(&str, &str); 2] =
    [("WAGATE_LIMITS__BUSINESS", "0"), ("WAGATE_BUSINESS__BROADCAST_GAP_MILLISECONDS", "[0, 0]")];

pub async fn measure() -> Outcome<Figures> {
    let asked = std::env::var(FEWER).ok();
    let people: usize = asked.map_or(Ok(PEOPLE), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let gateway = Gateway::start_with(folder.path(), "simulated", &SETTINGS).await?;
    gateway.link(SESSION, PHONE).await?;
    let caller = Caller::of(&gateway)?;
    let row = |row| format!("+1556{row:07},Person {row},,all,true");
    caller.import(&(0..people).map(row).collect::<Vec<_>>()).await?;
    let template = json!({
        "name": "news", "category": "UTILITY", "language": "en_US",
        "components": [{ "type": "BODY", "text": "All at half the price" }],
    });
    caller.post("/templates", &template).await?;
    let former = (0..FORMER_SENDS).map(|number| format!("1557{number:07}@c.us"));
    let sends = stream::iter(former).map(|chat| send(&gateway, chat));
    sends.buffer_unordered(FORMER_AT_ONCE).try_collect::<Vec<_>>().await?;
    let mut alone = Vec::new();
    for _ in 0..IDLE_SENDS {
        alone.push(send(&gateway, SILENT.to_owned()).await?);
        tokio::time::sleep(BETWEEN_SENDS).await;
    }
    let process = gateway.process()?;
    let (idle, mut most) = (resident(process)? / 1_024.0, 0.0_f64);
    let draft = json!({
        "name": "News", "templateName": "news", "language": "en_US", "tags": ["*"], "sendNow": true,
    });
    let begun = Instant::now();
    let made = caller.post("/broadcasts", &draft).await?;
    let path = format!("/broadcasts/{}", made["id"].as_str().ok_or("no broadcast")?);
    let mut beside = Vec::new();
    let stats = loop {
        beside.push(send(&gateway, SILENT.to_owned()).await?);
        most = most.max(resident(process)? / 1_024.0);
        let broadcast = caller.get(&path).await?;
        if broadcast["status"] == "COMPLETED" {
            break broadcast["stats"].clone();
        }
        if broadcast["status"] != "SENDING" || PATIENCE < begun.elapsed() {
            return Err(format!("the broadcast does not complete: {broadcast}").into());
        }
        tokio::time::sleep(BETWEEN_SENDS).await;
    };
    let seconds = begun.elapsed().as_secs_f64();
    if stats["sent"] != people {
        return Err(format!("not everybody was sent to: {stats}").into());
    }
    gateway.stop().await?;
    let rate = people as f64 / seconds;
    let (alone, beside, growth) = (Series::of(alone), Series::of(beside), most - idle);
    let (own, other) = (alone.quantile(0.99), beside.quantile(0.99));
    let rows = vec![
        Figure {
            name: "broadcast to 10,000 people without a pause, recipients a second",
            ours: format!("{rate:.0}"),
            beside: String::new(),
            ratio: None,
            target: Some(Target::at_least("≥ 200", 200.0, rate)),
        },
        Figure {
            name: "memory that the broadcast takes",
            ours: format!("{growth:.0} MiB"),
            beside: format!("{idle:.0} MiB: before"),
            ratio: None,
            target: Some(Target::at_most("≤ 20 MiB", 20.0, growth)),
        },
        Figure {
            name: "direct sends beside a broadcast, p99",
            ours: format!("{other:.1} ms"),
            beside: format!("{own:.1} ms: without one"),
            ratio: Some(other / own),
            target: Some(Target::at_most("≤ 1.50×", 1.5, other / own)),
        },
    ];
    let raw = format!(
        "## A broadcast\n\nMilliseconds of direct sends. Simulated engine. Memory of the gateway: {idle:.0} MiB before, \
         after {FORMER_SENDS} direct sends, {most:.0} MiB at most meanwhile.\n\n{HEAD}{}{}",
        alone.row("send-text alone"),
        beside.row("send-text beside a broadcast")
    );
    Ok(Figures { rows, raw })
}

/// Milliseconds of a direct send.
async fn send(gateway: &Gateway, chat: String) -> Outcome<f64> {
    let body = json!({ "chatId": chat, "content": "Hello" });
    let begun = Instant::now();
    gateway.post(&format!("/api/v1/sessions/{SESSION}/send-text"), &body).await?;
    Ok(milliseconds(begun.elapsed()))
}
