//! How fast events that wait are delivered, each recorded, beside a loop that only posts.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use reqwest::Method;
use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{Duration, sleep},
};
use wagate::{
    domain::{Ack, Clock, EventBody, Identities, Message, MessageId, clock::from_seconds},
    egress,
    events::EventLog,
    store::{Batch, Store},
    vault::Keyring,
};

use crate::{
    Outcome,
    gateway::{Gateway, PATIENCE},
    machine::processor_time,
    receiver::Receiver,
    report::{Figure, Figures, Target},
    series::{HEAD, Series},
};

const EVENTS: u32 = 30_000;
const CHATS: u32 = 100;
/// As many as the gateway has under way at one endpoint.
const AT_ONCE: u32 = 10;
const ROUNDS: usize = 5;
const AT_A_TIME: u32 = 100;
const LOOK: Duration = Duration::from_millis(5);

pub async fn measure() -> Outcome<Figures> {
    let seen = Arc::new(Seen::default());
    let received = seen.clone();
    let receiver = Receiver::start(move |request| received.hear(request)).await?;
    let (mut ours, mut spent, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (per_second, each) = delivered(&receiver, &seen).await?;
        ours.push(per_second);
        spent.push(each);
        bare.push(posted_per_second(&receiver, &seen).await?);
    }
    let (ours, bare) = (Series::of(ours), Series::of(bare));
    let ratio = ours.median() / bare.median();
    let figure = Figure {
        name: "Deliveries a second to one webhook, each recorded on the disk",
        ours: format!("{:.0}", ours.median()),
        beside: format!("{:.0}: a loop of reqwest, {AT_ONCE} at once as there", bare.median()),
        ratio: Some(ratio),
        target: Some(Target::at_least("≥ 0.5×", 0.5, ratio)),
    };
    let spent = Series::of(spent).row("processor time for each delivery, µs");
    let raw = [ours.row("delivered and recorded"), bare.row("posted"), spent].concat();
    let raw = format!(
        "## Deliveries\n\nA second, of {EVENTS} messages in {CHATS} chats that wait for their \
         receiver, and that the inbox has handled: from the first that comes until all are \
         recorded as delivered. The receiver runs in the process that measures, and so does the \
         loop. The processor time is that of the gateway's process.\n\n{HEAD}{raw}"
    );
    Ok(Figures { rows: vec![figure], raw })
}

/// What the receiver saw.
#[derive(Default)]
struct Seen {
    count: AtomicU32,
    first: Mutex<Option<(Instant, Vec<u8>)>>,
}

impl Seen {
    fn hear(&self, request: &[u8]) {
        if self.count.fetch_add(1, Ordering::SeqCst) == 0 {
            let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
            *first = Some((Instant::now(), request.to_vec()));
        }
    }

    /// When the first request came, and its text.
    fn first(&self) -> Outcome<(Instant, String)> {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, request) = first.as_ref().ok_or("nothing was delivered")?;
        Ok((*at, String::from_utf8(request.clone())?))
    }
}

/// How many a second, and what the gateway had of the processors for each, in microseconds.
async fn delivered(receiver: &Receiver, seen: &Seen) -> Outcome<(f64, f64)> {
    let folder = tempfile::tempdir()?;
    let gateway = Gateway::start(folder.path(), "simulated").await?;
    let url = format!("{}/hook", receiver.url);
    let body = json!({ "url": url, "events": ["message"], "enabled": false });
    let hook = gateway.post("/api/v1/gateway-webhooks", &body).await?;
    let id = hook["data"]["id"].as_str().ok_or("no webhook")?.to_owned();
    gateway.stop().await?;
    fill(&folder.path().join("store")).await?;
    seen.count.store(0, Ordering::SeqCst);
    let gateway = Gateway::start(folder.path(), "simulated").await?;
    let path = format!("/api/v1/gateway-webhooks/{id}");
    // The inbox has handled what waits for a receiver that was away.
    gateway.await_consumers().await?;
    let before = processor_time(gateway.process()?)?;
    gateway.call(Method::PATCH, &path, Some(&json!({ "enabled": true }))).await?;
    let begun = Instant::now();
    while seen.count.load(Ordering::SeqCst) < EVENTS
        || gateway.get(&path).await?["data"]["stats"]["delivered"] != EVENTS
    {
        if PATIENCE < begun.elapsed() {
            return Err("the deliveries do not come to their end".into());
        }
        sleep(LOOK).await;
    }
    let ended = Instant::now();
    let count = seen.count.load(Ordering::SeqCst);
    let spent = processor_time(gateway.process()?)? - before;
    gateway.stop().await?;
    if count != EVENTS {
        return Err(format!("{count} requests for {EVENTS} events").into());
    }
    let each = (spent / EVENTS).as_secs_f64() * 1e6;
    Ok((f64::from(EVENTS) / (ended - seen.first()?.0).as_secs_f64(), each))
}

/// Posts the first delivery again and again, with all its headers.
async fn posted_per_second(receiver: &Receiver, seen: &Seen) -> Outcome<f64> {
    let (_, request) = seen.first()?;
    let (head, body) = request.split_once("\r\n\r\n").ok_or("not a request")?;
    let own = ["host", "content-length", "user-agent", "accept"];
    let headers: Vec<(&str, &str)> = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| !own.contains(name))
        .collect();
    let client = egress::local_client()?;
    let url = format!("{}/hook", receiver.url);
    let mut request = client.post(&url).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let request = request.build()?;
    let begun = Instant::now();
    let mut posting = JoinSet::new();
    for _ in 0..AT_ONCE {
        let client = client.clone();
        let requests: Vec<_> = (0..EVENTS / AT_ONCE).filter_map(|_| request.try_clone()).collect();
        posting.spawn(async move {
            for request in requests {
                client.execute(request).await?.error_for_status()?.bytes().await?;
            }
            Ok::<_, reqwest::Error>(())
        });
    }
    while let Some(ended) = posting.join_next().await {
        ended??;
    }
    Ok(f64::from(EVENTS) / begun.elapsed().as_secs_f64())
}

/// Messages in the log of a store that no gateway has opened.
async fn fill(folder: &Path) -> Outcome<()> {
    // The gateway that is started on it finds the key beside it.
    let data = folder.parent().ok_or("no data folder")?;
    let keyring = Keyring::at(data, &wagate::config::Vault::default());
    let store = Store::open(folder, &keyring, wagate::tables::CATALOGUE).await?;
    let log = EventLog::open(store.clone(), Clock::system()).await?;
    let session = "bench".parse().map_err(|_| "not a session's name")?;
    let numbers: Vec<u32> = (0..EVENTS).collect();
    for numbers in numbers.chunks(AT_A_TIME as usize) {
        let bodies = numbers.iter().map(|number| message(*number)).collect::<Outcome<Vec<_>>>()?;
        log.commit(&session, bodies, &Identities::default(), Batch::new()).await?;
    }
    Ok(store.durable().await?)
}

fn message(number: u32) -> Outcome<EventBody> {
    let id: MessageId = format!("false_1555{:07}@c.us_3EB0{number:08}", number % CHATS)
        .parse()
        .map_err(|_| "not a message's id")?;
    let author = id.chat.clone();
    let message = Message {
        ack: Ack::Delivered,
        push_name: Some("Somebody".to_owned()),
        ..Message::text(
            id,
            author,
            format!("The words of message {number}, of which there are about as many as this"),
            from_seconds(1_700_000_000 + i64::from(number)),
        )
    };
    Ok(EventBody::Message { message: Box::new(message) })
}
