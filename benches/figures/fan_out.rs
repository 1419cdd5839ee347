//! One event to a thousand WebSockets, and to one.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use tokio::{
    net::TcpStream,
    sync::mpsc,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use crate::{
    Outcome,
    gateway::{Gateway, PATIENCE},
    report::{Figure, Figures},
    series::{HEAD, Series, milliseconds},
};

const SESSION: &str = "bench";
const PHONE: &str = "15557654321";
const SILENT: &str = "15550000003";
const CLIENTS: usize = 1_000;
const CONNECTING_AT_ONCE: usize = 20;
const ROUNDS: usize = 100;
const WARM_UP: usize = 10;
/// Until the receipt of the message has come and gone too.
const REST: Duration = Duration::from_millis(150);
/// In every text, so that clients know the event from others without reading it.
const MARK: &str = "mark-of-the-figures";

pub async fn measure() -> Outcome<Figures> {
    let folder = tempfile::tempdir()?;
    let gateway = Gateway::start(folder.path(), "simulated").await?;
    gateway.link(SESSION, PHONE).await?;
    let to_one = rounds(&gateway, 1).await?;
    let to_all = rounds(&gateway, CLIENTS).await?;
    gateway.stop().await?;
    let figure = Figure {
        name: "An event to the last of 1,000 WebSockets, p50 and p99",
        ours: format!("{:.0} and {:.0} ms", to_all.median(), to_all.quantile(0.99)),
        beside: format!("{:.1} and {:.1} ms: to one", to_one.median(), to_one.quantile(0.99)),
        ratio: Some(to_all.median() / to_one.median()),
        target: None,
    };
    let raw = [to_all.row("to the last of 1,000"), to_one.row("to one")].concat();
    let raw = format!(
        "## Fan-out\n\nMilliseconds from before a phone is made to write until the last client has \
         the frame: the event is flushed to the disk meanwhile. The clients share the machine with \
         the gateway.\n\n{HEAD}{raw}"
    );
    Ok(Figures { rows: vec![figure], raw })
}

async fn rounds(gateway: &Gateway, clients: usize) -> Outcome<Series> {
    let (received, mut hearing) = mpsc::channel(clients);
    let url = format!("{}/ws/{SESSION}", gateway.base.replacen("http", "ws", 1));
    let connecting = (0..clients).map(|_| connect_async(url.as_str()));
    let sockets: Vec<_> =
        stream::iter(connecting).buffer_unordered(CONNECTING_AT_ONCE).collect().await;
    let mut listening = JoinSet::new();
    for socket in sockets {
        listening.spawn(listen(socket?.0, received.clone()));
    }
    let mut all = Vec::new();
    for round in 0..WARM_UP + ROUNDS {
        let begun = Instant::now();
        // From the account's own phone, so that the event is not held up on its way.
        gateway.write(PHONE, SILENT, &format!("{MARK} {round}")).await?;
        let mut last = begun;
        for _ in 0..clients {
            let at = timeout(PATIENCE, hearing.recv()).await?;
            last = last.max(at.ok_or("no client is left")?);
        }
        if WARM_UP <= round {
            all.push(milliseconds(last - begun));
        }
        sleep(REST).await;
    }
    Ok(Series::of(all))
}

/// Tells when each marked frame came.
async fn listen(
    mut socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    received: mpsc::Sender<Instant>,
) {
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Text(text) = message
            && text.contains(MARK)
            && received.send(Instant::now()).await.is_err()
        {
            return;
        }
    }
}
