//! A thousand events a second to WebSockets: how late each comes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use futures_util::StreamExt;
use serde_json::json;
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Duration, MissedTickBehavior, interval, timeout},
};
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::{
    Outcome,
    gateway::{Gateway, PATIENCE},
    receiver::number_after,
    report::{Figure, Figures, Target},
    series::{HEAD, Series, milliseconds},
};

const SESSIONS: usize = 10;
/// Messages that phones write; each is an event, and the receipt that comes later is another.
const A_SECOND: u32 = 500;
const SECONDS: usize = 10;
const WARM_UP_SECONDS: usize = 2;
/// Calls under way at once; a gateway that is slower than this allows is not sent a thousand.
const WRITING_AT_ONCE: usize = 100;
const MARK: &str = "mark-of-the-figures ";

pub async fn measure() -> Outcome<Figures> {
    let folder = tempfile::tempdir()?;
    let gateway = Gateway::start(folder.path(), "simulated").await?;
    let (received, hearing) = mpsc::unbounded_channel();
    let frames = Arc::new(AtomicU32::new(0));
    let mut listening = JoinSet::new();
    for session in 0..SESSIONS {
        gateway.link(&format!("bench-{session}"), &phone(session)).await?;
        gateway.post("/_simulator/v1/accounts", &json!({ "phone": silent(session) })).await?;
        let url = gateway.base.replacen("http", "ws", 1);
        let url = format!("{url}/ws/bench-{session}");
        listening.spawn(listen(connect_async(url).await?.0, received.clone(), frames.clone()));
    }
    let started = Instant::now();
    let (begun, took) = write(&gateway).await?;
    let rate = f64::from(frames.load(Ordering::Relaxed)) / started.elapsed().as_secs_f64();
    let all = arrivals(begun, hearing).await?;
    gateway.stop().await?;
    let (count, all) = (all.len(), Series::of(all));
    let p99 = all.quantile(0.99);
    let figure = Figure {
        name: "An event to a WebSocket at 1,000 events a second, p99",
        ours: format!("{p99:.1} ms"),
        beside: format!("{:.1} ms: the median; {rate:.0} events a second", all.median()),
        ratio: None,
        target: Some(Target::at_most("≤ 10 ms", 10.0, p99)),
    };
    let raw = format!(
        "## Event rate\n\nMilliseconds from before a phone is made to write until the WebSocket \
         has the frame, for {count} messages in {:.1} s of {SESSIONS} sessions with a listener \
         each, who received {rate:.0} events a second. Anyone who writes and listens shares the machine with the gateway.\n\n{HEAD}{}",
        took.as_secs_f64(),
        all.row("to its listener"),
    );
    Ok(Figures { rows: vec![figure], raw })
}

/// Lets phones write at an even pace, however long each call takes. When each began, and how long
/// it took to begin those that count.
async fn write(gateway: &Gateway) -> Outcome<(Vec<Instant>, Duration)> {
    let mut tick = interval(Duration::from_secs(1) / A_SECOND);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut begun, mut writing) = (Vec::new(), JoinSet::new());
    let total = (WARM_UP_SECONDS + SECONDS) * A_SECOND as usize;
    for number in 0..total {
        tick.tick().await;
        // From the account's own phone, so that the event is not held up on its way.
        let (from, to) = (phone(number % SESSIONS), silent(number % SESSIONS));
        let body = json!({ "chat": format!("{to}@c.us"), "text": format!("{MARK}{number}") });
        let url = format!("{}/_simulator/v1/accounts/{from}/messages", gateway.base);
        let request = gateway.http.post(url).json(&body).timeout(PATIENCE);
        begun.push(Instant::now());
        writing.spawn(async move { request.send().await?.error_for_status()?.bytes().await });
        while let Some(ended) = writing.try_join_next() {
            ended??;
        }
        if WRITING_AT_ONCE <= writing.len()
            && let Some(ended) = writing.join_next().await
        {
            ended??;
        }
    }
    let first = begun.get(WARM_UP_SECONDS * A_SECOND as usize).copied();
    let took = first.ok_or("nothing was written")?.elapsed();
    while let Some(ended) = writing.join_next().await {
        ended??;
    }
    Ok((begun, took))
}

/// How late each event came that counts.
async fn arrivals(
    begun: Vec<Instant>,
    mut hearing: mpsc::UnboundedReceiver<(usize, Instant)>,
) -> Outcome<Vec<f64>> {
    let (mut all, mut missing) = (Vec::new(), begun.len());
    while 0 < missing {
        let received = timeout(PATIENCE, hearing.recv()).await?;
        let (number, at) = received.ok_or("no listener is left")?;
        missing -= 1;
        if let Some(begun) = begun.get(number)
            && WARM_UP_SECONDS * A_SECOND as usize <= number
        {
            all.push(milliseconds(at - *begun));
        }
    }
    Ok(all)
}

async fn listen<S>(
    mut socket: S,
    received: mpsc::UnboundedSender<(usize, Instant)>,
    frames: Arc<AtomicU32>,
) where
    S: StreamExt<Item = Result<Message, tokio_tungstenite::tungstenite::Error>> + Unpin,
{
    while let Some(Ok(message)) = socket.next().await {
        frames.fetch_add(1, Ordering::Relaxed);
        if let Message::Text(text) = message
            && let Some(number) = number_after(MARK, text.as_bytes())
            && received.send((number, Instant::now())).is_err()
        {
            return;
        }
    }
}

fn phone(session: usize) -> String {
    format!("1555700{session:04}")
}

fn silent(session: usize) -> String {
    format!("1555800{session:04}")
}
