//! What a send costs the processor while many messages wait in other sessions: two gateways in turn.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use tokio::time::sleep;
use wagate::domain::Clock;

use crate::{
    Outcome,
    gateway::Gateway,
    machine,
    report::{Figure, Figures, Target},
    series::{HEAD, Series},
};

const SESSION: &str = "bench";
const PHONE: &str = "15557654321";
/// Gets messages and never reads or answers.
const SILENT: &str = "15550000003@c.us";
/// Sessions that are not linked: half of what waits there has its time, and half waits for the session.
const OTHERS: usize = 5;
const WAITING: usize = 50_000;
const CHATS: usize = 2_000;
const POSTED_AT_ONCE: usize = 16;
const ROUNDS: usize = 20;
const SENDS: usize = 50;
/// After it, receipts are written down.
const REST: Duration = Duration::from_millis(100);
const HALF_A_YEAR: Duration = Duration::from_secs(180 * 86_400);
const SETTINGS: [(&str, &str); 1] = [("WAGATE_OUTBOX__MOST_WAITING", "20000")];

pub async fn measure() -> Outcome<Figures> {
    let full = Side::start(WAITING).await?;
    let empty = Side::start(0).await?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        // Neither is always the first.
        let (one, other) = if round % 2 == 0 {
            (full.send().await?, empty.send().await?)
        } else {
            let other = empty.send().await?;
            (full.send().await?, other)
        };
        if round != 0 {
            with.push(one);
            without.push(other);
        }
    }
    full.gateway.stop().await?;
    empty.gateway.stop().await?;
    let (with, without) = (Series::of(with), Series::of(without));
    let ratio = with.median() / without.median();
    let figure = Figure {
        name: "Processor time of a send with 50,000 messages waiting in other sessions",
        ours: format!("{:.2} ms", with.median()),
        beside: format!("{:.2} ms: with none", without.median()),
        ratio: Some(ratio),
        target: Some(Target::at_most("≤ 1.10×", 1.1, ratio)),
    };
    let rows = [with.row("50,000 waiting in 5 other sessions"), without.row("none waiting")];
    let raw = format!(
        "## Sends beside a full outbox\n\nMilliseconds of processor time of the whole gateway for \
         each of {SENDS} sends in a row, with their receipts. Simulated engine, two gateways in \
         turn.\n\n{HEAD}{}",
        rows.concat()
    );
    Ok(Figures { rows: vec![figure], raw })
}

struct Side {
    gateway: Gateway,
    _folder: tempfile::TempDir,
}

impl Side {
    async fn start(waiting: usize) -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let gateway = Gateway::start_with(folder.path(), "simulated", &SETTINGS).await?;
        gateway.link(SESSION, PHONE).await?;
        if waiting != 0 {
            for other in 0..OTHERS {
                let body = json!({ "sessionId": format!("other-{other}") });
                gateway.post("/api/v1/sessions", &body).await?;
            }
            let posts = stream::iter(0..waiting).map(|number| wait(&gateway, number));
            posts.buffer_unordered(POSTED_AT_ONCE).try_for_each(|()| async { Ok(()) }).await?;
        }
        Ok(Self { gateway, _folder: folder })
    }

    /// Milliseconds of processor time for a send.
    async fn send(&self) -> Outcome<f64> {
        let process = self.gateway.process()?;
        let before = machine::processor_time(process)?;
        for number in 0..SENDS {
            let body = json!({ "chatId": SILENT, "content": format!("Message {number}") });
            self.gateway.post(&format!("/api/v1/sessions/{SESSION}/send-text"), &body).await?;
        }
        sleep(REST).await;
        let spent = machine::processor_time(process)? - before;
        Ok(crate::series::milliseconds(spent) / f64::from(u32::try_from(SENDS)?))
    }
}

/// Has one more message wait.
async fn wait(gateway: &Gateway, number: usize) -> Outcome<()> {
    let chat = format!("1555{:07}@c.us", number % CHATS);
    let mut body = json!({ "chatId": chat, "content": "later", "queue": true });
    if number.is_multiple_of(2) {
        body["sendAt"] = json!((Clock::system().now() + HALF_A_YEAR).to_string());
    }
    let path = format!("/api/v1/sessions/other-{}/send-text", number % OTHERS);
    gateway.post(&path, &body).await?;
    Ok(())
}
