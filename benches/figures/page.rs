//! The way from the page: its QR code to a caller, and a message to a webhook, beside a bare listener at the
//! same kind of page.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};
use wagate::{
    api::Door,
    domain::{Clock, EventBody, Jid, SessionConfig},
    driver::{
        DriverEvent, EngineFactory, OpenRequest, OpenedEngine,
        browser::{BrowserEngine, BrowserSettings},
    },
    egress::OwnPorts,
    simulator::{Network, NetworkSettings},
};

use crate::{
    Outcome,
    gateway::{Gateway, PATIENCE},
    receiver::{Receiver, number_after},
    report::{Figure, Figures, Target},
    series::{HEAD, Series, milliseconds},
};

const SESSION: &str = "bench";
const PHONE: &str = "15557654321";
const WRITER: &str = "15550000003";
const CODES: usize = 8;
const ROUNDS: usize = 200;
const WARM_UP: usize = 20;
const REST: Duration = Duration::from_millis(60);
const MARK: &str = "mark-of-the-figures ";

pub async fn measure() -> Outcome<Figures> {
    let codes = codes().await?;
    let (ours, floor) = messages().await?;
    let above = ours.median() - floor.median();
    let code = Figure {
        name: "QR code of a session whose browser was started before, from the request to start it",
        ours: format!("{:.2} s", codes.median() / 1_000.0),
        beside: String::new(),
        ratio: None,
        target: Some(Target::at_most("≤ 1.5 s", 1_500.0, codes.median())),
    };
    let message = Figure {
        name: "A message from the page to a webhook, on the disk before",
        ours: format!("{:.1} ms", ours.median()),
        beside: format!(
            "{:.1} ms: to a bare listener at the page, {above:.1} ms less",
            floor.median()
        ),
        ratio: None,
        target: Some(Target::at_most("≤ 2 ms more", 2.0, above)),
    };
    let raw = [
        codes.row("from the request to its code"),
        ours.row("from before a phone is made to write until a webhook has the message"),
        floor.row("the same until a bare listener has it, which keeps nothing"),
    ];
    let raw = format!(
        "## From the page\n\nMilliseconds, in real Chromium. The bare listener drives a browser of its own \
         on a network in its own process, turn by turn.\n\n{HEAD}{}",
        raw.concat()
    );
    Ok(Figures { rows: vec![code, message], raw })
}

async fn codes() -> Outcome<Series> {
    let folder = tempfile::tempdir()?;
    let gateway = Gateway::start(folder.path(), "browser").await?;
    let code = format!("/api/v1/sessions/{SESSION}/qr?format=text&wait=true");
    gateway.post("/api/v1/sessions", &json!({ "sessionId": SESSION })).await?;
    gateway.get(&code).await?;
    let mut all = Vec::new();
    for _ in 0..CODES {
        let begun = Instant::now();
        gateway.post(&format!("/api/v1/sessions/{SESSION}/restart"), &json!({})).await?;
        gateway.get(&code).await?;
        all.push(milliseconds(begun.elapsed()));
    }
    gateway.stop().await?;
    Ok(Series::of(all))
}

async fn messages() -> Outcome<(Series, Series)> {
    let folder = tempfile::tempdir()?;
    let gateway = Gateway::start(folder.path(), "browser").await?;
    gateway.link(SESSION, PHONE).await?;
    let (hears, mut received) = mpsc::unbounded_channel();
    let receiver = Receiver::start(move |request| {
        let _ = hears.send((number_after(MARK, request), Instant::now()));
    })
    .await?;
    let body = json!({ "url": receiver.url, "events": ["message"] });
    gateway.post(&format!("/api/v1/sessions/{SESSION}/webhooks"), &body).await?;
    let mut bare = Bare::start().await?;
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for round in 0..WARM_UP + ROUNDS {
        let text = format!("{MARK}{round} ");
        for is_ours in [round.is_multiple_of(2), !round.is_multiple_of(2)] {
            let begun = Instant::now();
            let took = if is_ours {
                gateway.write(WRITER, PHONE, &text).await?;
                loop {
                    let next = timeout(PATIENCE, received.recv()).await?;
                    let (number, at) = next.ok_or("the receiver has ended")?;
                    if number == Some(round) {
                        break at.duration_since(begun);
                    }
                }
            } else {
                bare.message(&text).await?;
                begun.elapsed()
            };
            if WARM_UP <= round {
                let list = if is_ours { &mut ours } else { &mut floor };
                list.push(milliseconds(took));
            }
            sleep(REST).await;
        }
    }
    gateway.stop().await?;
    Ok((Series::of(ours), Series::of(floor)))
}

/// A browser on a network in this process, and what its page tells.
struct Bare {
    network: Network,
    connection: OpenedEngine,
    _door: Door,
    _folder: tempfile::TempDir,
}

impl Bare {
    async fn start() -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let settings = NetworkSettings::new(folder.path().join("network"), Clock::system());
        let network = Network::new(settings)?;
        let door = Door::open(network.clone())?;
        let settings = BrowserSettings {
            url: "https://web.whatsapp.com/".to_owned(),
            resolve_to: Some(door.address.to_string()),
            trusted_key: Some(door.key.clone()),
            executable: None,
            extra_args: Vec::new(),
            allow_overrides: false,
            allowed_hosts: Vec::new(),
            clock: Clock::system(),
            own_ports: OwnPorts::default(),
        };
        let order = OpenRequest {
            session: SESSION.parse().map_err(|_| "not a session's name")?,
            config: SessionConfig::default(),
            profile: folder.path().join("profile"),
            deadline: PATIENCE,
        };
        let engine: Arc<dyn EngineFactory> = Arc::new(BrowserEngine::new(settings));
        let connection = engine.open(order).await?;
        let mut bare = Self { network, connection, _door: door, _folder: folder };
        let code = bare
            .hear(|event| match event {
                DriverEvent::Qr { text, .. } => Some(text.clone()),
                _ => None,
            })
            .await?;
        bare.network
            .account(&person(PHONE)?)
            .scan(Some("Bench".to_owned()), &code)
            .map_err(refused)?;
        bare.hear(|event| matches!(event, DriverEvent::Ready { .. }).then_some(())).await?;
        Ok(bare)
    }

    /// Has somebody write, and waits until the page has reported it.
    async fn message(&mut self, text: &str) -> Outcome<()> {
        self.network.phone(&person(WRITER)?).write(&person(PHONE)?, text).map_err(refused)?;
        self.hear(|event| match event {
            DriverEvent::Event(EventBody::Message { message }) => {
                (message.body == text).then_some(())
            }
            _ => None,
        })
        .await
    }

    async fn hear<T>(&mut self, choose: impl Fn(&DriverEvent) -> Option<T>) -> Outcome<T> {
        loop {
            let event = timeout(PATIENCE, self.connection.events.recv()).await?;
            if let Some(found) = choose(&*event.ok_or("the engine has ended")?) {
                return Ok(found);
            }
        }
    }
}

fn person(phone: &str) -> Outcome<Jid> {
    Ok(format!("{phone}@c.us").parse().map_err(|_| "not a person's id")?)
}

fn refused(refusal: impl std::fmt::Debug) -> String {
    format!("the network refuses: {refusal:?}")
}
