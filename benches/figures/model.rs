//! A language model on loopback that costs as little as it can: it notes when a request came and when it said its first
//! word, and sends the rest when the measurement asks for it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    task::JoinSet,
};

use crate::Outcome;

const HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
const LENGTH: &str = "content-length: ";

/// A request to the model.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub came: Instant,
    pub first_word: Instant,
}

/// Over when it is dropped.
pub struct Model {
    pub base: String,
    asked: mpsc::UnboundedReceiver<Asked>,
    finish: watch::Sender<bool>,
    _serving: JoinSet<()>,
}

impl Model {
    pub async fn start() -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://{}/v1", listener.local_addr()?);
        let (sender, asked) = mpsc::unbounded_channel();
        let finish = watch::Sender::new(true);
        let of_task = finish.clone();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                open.spawn(answer(stream, sender.clone(), of_task.subscribe()));
            }
        });
        Ok(Self { base, asked, finish, _serving: serving })
    }

    /// The settings of a gateway that asks it.
    pub fn settings(&self) -> [(&str, &str); 3] {
        [
            ("WAGATE_ASSISTANT__BASE_URL", &self.base),
            ("WAGATE_ASSISTANT__MODEL", "bench"),
            ("WAGATE_ASSISTANT__GATHER_SECONDS", "0"),
        ]
    }

    /// The next request that came.
    pub async fn asked(&mut self) -> Outcome<Asked> {
        Ok(self.asked.recv().await.ok_or("the model is gone")?)
    }

    /// Whether answers end after their first word, or wait there.
    pub fn finishes(&self, does: bool) {
        self.finish.send_replace(does);
    }
}

async fn answer(
    mut stream: TcpStream,
    asked: mpsc::UnboundedSender<Asked>,
    mut finish: watch::Receiver<bool>,
) {
    if read(&mut stream).await.is_none() {
        return;
    }
    let came = Instant::now();
    let first = format!("{HEAD}{}", piece("Good "));
    let first_word = Instant::now();
    if stream.write_all(first.as_bytes()).await.is_err() {
        return;
    }
    let _ = asked.send(Asked { came, first_word });
    if finish.wait_for(|does| *does).await.is_ok() {
        let rest = format!("{}data: [DONE]\r\n\r\n", piece("day."));
        let _ = stream.write_all(rest.as_bytes()).await;
    }
}

fn piece(text: &str) -> String {
    let data: Value = json!({ "choices": [{ "index": 0, "delta": { "content": text } }] });
    format!("data: {data}\r\n\r\n")
}

/// Reads one request; none where its sender leaves.
async fn read(stream: &mut TcpStream) -> Option<()> {
    let (mut request, mut chunk) = (Vec::new(), vec![0; 16_384]);
    loop {
        let read = stream.read(&mut chunk).await.ok().filter(|read| 0 < *read)?;
        request.extend_from_slice(chunk.get(..read)?);
        let Some(head) = request.windows(4).position(|part| part == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(request.get(..head)?).to_ascii_lowercase();
        let length = text.split(LENGTH).nth(1)?.lines().next()?.trim().parse::<usize>().ok()?;
        if length <= request.len() - head - 4 {
            return Some(());
        }
    }
}

/// Instants of several threads.
#[derive(Clone, Default)]
pub struct Times(Arc<Mutex<Vec<f64>>>);

impl Times {
    pub fn add(&self, value: f64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(value);
    }

    pub fn take(&self) -> Vec<f64> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
