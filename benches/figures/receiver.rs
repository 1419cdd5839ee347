//! A receiver of webhooks on loopback that costs as little as it can.

use std::sync::Arc;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::Outcome;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const LENGTH: &str = "content-length: ";

type Hear = dyn Fn(&[u8]) + Send + Sync;

/// Over when it is dropped.
pub struct Receiver {
    pub url: String,
    _serving: JoinSet<()>,
}

impl Receiver {
    /// Answers 200 to each request, after it was received.
    pub async fn start(hear: impl Fn(&[u8]) + Send + Sync + 'static) -> Outcome<Self> {
        let hear: Arc<Hear> = Arc::new(hear);
        Self::serve(move |stream| answer(stream, hear.clone())).await
    }

    /// Takes every request and never answers.
    pub async fn hanging() -> Outcome<Self> {
        Self::serve(|stream| async move {
            let _held = stream;
            std::future::pending::<()>().await;
        })
        .await
    }

    async fn serve<F>(each: impl Fn(TcpStream) -> F + Send + 'static) -> Outcome<Self>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                open.spawn(each(stream));
            }
        });
        Ok(Self { url, _serving: serving })
    }
}

async fn answer(mut stream: TcpStream, hear: Arc<Hear>) {
    let (mut bytes, mut chunk) = (Vec::new(), vec![0; 16_384]);
    loop {
        while let Some(end) = end_of_request(&bytes) {
            hear(bytes.get(..end).unwrap_or_default());
            bytes.drain(..end);
            if stream.write_all(ANSWER).await.is_err() {
                return;
            }
        }
        match stream.read(&mut chunk).await {
            Ok(count) if 0 < count => bytes.extend_from_slice(chunk.get(..count).unwrap_or(&chunk)),
            _ => return,
        }
    }
}

/// Where the first request ends; none when it is not all there.
fn end_of_request(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(bytes.get(..head)?).ok()?;
    let length = text.lines().find_map(|line| line.strip_prefix(LENGTH));
    let end = head + length.and_then(|length| length.parse::<usize>().ok()).unwrap_or(0);
    (end <= bytes.len()).then_some(end)
}

/// The number behind a mark in a request or a frame.
pub fn number_after(mark: &str, bytes: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(bytes);
    let (_, rest) = text.split_once(mark)?;
    let digits = rest.trim_start().split(|letter: char| !letter.is_ascii_digit()).next()?;
    digits.parse().ok()
}
