//! What one webhook that hangs for ever costs the others: two gateways in turn, one of them with it.

use std::time::Instant;

use serde_json::json;
use tokio::{
    sync::mpsc,
    time::{Duration, sleep, timeout},
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
/// People who are written to, from the account's own phone: that is not held up on its way.
const CHATS: usize = 10;
const ENDPOINTS: usize = 99;
const ROUNDS: usize = 200;
const WARM_UP: usize = 20;
/// Between an event that one gateway reported and one that the other does.
const REST: Duration = Duration::from_millis(30);
const MARK: &str = "mark-of-the-figures ";
const SETTINGS: [(&str, &str); 1] = [("WAGATE_WEBHOOKS__MAX_PER_SESSION", "200")];

pub async fn measure() -> Outcome<Figures> {
    let hanging = Receiver::hanging().await?;
    let mut with = Side::start(Some(&hanging)).await?;
    let mut without = Side::start(None).await?;
    for round in 0..WARM_UP + ROUNDS {
        if round == WARM_UP {
            (with.all, without.all) = (Vec::new(), Vec::new());
        }
        // Neither is always the first.
        if round.is_multiple_of(2) {
            with.tell(round).await?;
            without.tell(round).await?;
        } else {
            without.tell(round).await?;
            with.tell(round).await?;
        }
    }
    let (with, without) = (with.end().await?, without.end().await?);
    let ratio = with.quantile(0.99) / without.quantile(0.99);
    let figure = Figure {
        name: "An event to 99 webhooks beside one that hangs for ever, p99",
        ours: format!("{:.1} ms", with.quantile(0.99)),
        beside: format!("{:.1} ms: without that one", without.quantile(0.99)),
        ratio: Some(ratio),
        target: Some(Target::at_most("≤ 1.10×", 1.1, ratio)),
    };
    let raw = [with.row("beside one that hangs"), without.row("without it")].concat();
    let raw = format!(
        "## Isolation\n\nMilliseconds from before a phone is made to write until a receiver has \
         the event, for each of {ENDPOINTS} webhooks. Two gateways in turn; one of them has one \
         more webhook, which takes every request and never answers.\n\n{HEAD}{raw}"
    );
    Ok(Figures { rows: vec![figure], raw })
}

/// One gateway, with what its receiver hears.
struct Side {
    gateway: Gateway,
    _folder: tempfile::TempDir,
    _receiver: Receiver,
    hearing: mpsc::UnboundedReceiver<(usize, Instant)>,
    all: Vec<f64>,
}

impl Side {
    async fn start(hanging: Option<&Receiver>) -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let gateway = Gateway::start_with(folder.path(), "simulated", &SETTINGS).await?;
        gateway.link(SESSION, PHONE).await?;
        for chat in 0..CHATS {
            gateway.post("/_simulator/v1/accounts", &json!({ "phone": phone(chat) })).await?;
        }
        let (received, hearing) = mpsc::unbounded_channel();
        let receiver = Receiver::start(move |request| {
            if let Some(round) = number_after(MARK, request) {
                let _ = received.send((round, Instant::now()));
            }
        })
        .await?;
        let urls = (0..ENDPOINTS).map(|number| format!("{}/{number}", receiver.url));
        for url in urls.chain(hanging.map(|hanging| hanging.url.clone())) {
            let body = json!({ "url": url, "events": ["message_sent"] });
            gateway.post("/api/v1/gateway-webhooks", &body).await?;
        }
        Ok(Self { gateway, _folder: folder, _receiver: receiver, hearing, all: Vec::new() })
    }

    /// Has one event sent to all, and waits until they have it.
    async fn tell(&mut self, round: usize) -> Outcome<()> {
        let begun = Instant::now();
        self.gateway.write(PHONE, &phone(round % CHATS), &format!("{MARK}{round}")).await?;
        let mut missing = ENDPOINTS;
        while 0 < missing {
            let received = timeout(PATIENCE, self.hearing.recv()).await?;
            let (of, at) = received.ok_or("the receiver has ended")?;
            if of == round {
                missing -= 1;
                self.all.push(milliseconds(at - begun));
            }
        }
        sleep(REST).await;
        Ok(())
    }

    async fn end(self) -> Outcome<Series> {
        self.gateway.stop().await?;
        Ok(Series::of(self.all))
    }
}

fn phone(chat: usize) -> String {
    format!("1555700{chat:04}")
}
