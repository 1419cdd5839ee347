//! A receiver of webhooks on loopback: it answers as planned and keeps what it got.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Mutex, watch},
    task::JoinHandle,
};

use crate::support::{PATIENCE, document::events::check_delivery};

/// What a receiver does with a request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A status line and headers: `200 OK`, `429 Slow\r\nretry-after: 1`.
    Status(String),
    /// The same, and a body.
    Says(String, String),
    /// The same, and bytes.
    Gives(String, Vec<u8>),
    /// Nothing, for as long as the test lasts.
    Hang,
    /// 200 and a body that never ends.
    SlowBody,
    /// 200 with a promise of more body than comes.
    BrokenBody,
    /// What is not HTTP.
    Nonsense,
    /// Ends the connection.
    Close,
}

impl Answer {
    pub fn status(line: &str) -> Self {
        Self::Status(line.to_owned())
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Got {
    pub head: String,
    pub text: String,
    /// Null for a body that is no JSON.
    pub body: Value,
    pub at: Instant,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        let value = self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        });
        value.unwrap_or_else(|| panic!("no {name} in {}", self.head))
    }

    /// The text of the message that it tells of.
    pub fn said(&self) -> &str {
        self.body["data"]["body"].as_str().unwrap_or_default()
    }
}

type Chooser = dyn Fn(&Got, usize) -> Answer + Send + Sync;

pub struct Receiver {
    pub url: String,
    pub got: Arc<Mutex<Vec<Got>>>,
    /// Connections that were ever made.
    pub connections: Arc<AtomicUsize>,
    /// Requests that came.
    count: watch::Receiver<usize>,
    /// Requests that stand unanswered.
    pub hanging: watch::Receiver<usize>,
    task: JoinHandle<()>,
}

impl Receiver {
    /// The first answers are as given; the rest are 200.
    pub async fn start(answers: &[Answer]) -> Self {
        let answers = std::sync::Mutex::new(VecDeque::from(answers.to_vec()));
        Self::choosing(move |_, _| {
            answers.lock().unwrap().pop_front().unwrap_or_else(|| Answer::status("200 OK"))
        })
        .await
    }

    /// Answers as the function says, which gets each request and how many came before.
    pub async fn choosing(choose: impl Fn(&Got, usize) -> Answer + Send + Sync + 'static) -> Self {
        Self::at(TcpListener::bind("127.0.0.1:0").await.unwrap(), choose)
    }

    pub fn at(
        listener: TcpListener,
        choose: impl Fn(&Got, usize) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let got = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let ((hangs, hanging), (counts, count)) = (watch::channel(0), watch::channel(0));
        let choose: Arc<Chooser> = Arc::new(choose);
        let (book, made) = (Book { got: got.clone(), counts, hangs }, connections.clone());
        let task = tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                made.fetch_add(1, Ordering::SeqCst);
                open.spawn(serve(stream, book.clone(), choose.clone()));
            }
        });
        Self { url, got, connections, count, hanging, task }
    }

    /// Waits for so many requests, and gives all that came. Each must be as the document says.
    pub async fn reach(&self, count: usize) -> Vec<Got> {
        self.count_to(count).await;
        let got = self.got.lock().await.clone();
        got.iter().for_each(|got| check_delivery(&got.body));
        got
    }

    /// Waits for so many requests.
    pub async fn count_to(&self, count: usize) {
        let mut reached = self.count.clone();
        let counted = reached.wait_for(|got| count <= *got);
        // What was found is let go at once: the thread that notes a request waits for that.
        let counted = tokio::time::timeout(PATIENCE, counted).await.is_ok();
        assert!(counted, "{} instead of {count} requests", *self.count.borrow());
    }

    /// How many requests came.
    pub fn counted(&self) -> usize {
        *self.count.borrow()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Where requests are written down.
#[derive(Clone)]
struct Book {
    got: Arc<Mutex<Vec<Got>>>,
    counts: watch::Sender<usize>,
    hangs: watch::Sender<usize>,
}

async fn serve(mut stream: TcpStream, book: Book, choose: Arc<Chooser>) {
    let mut bytes = Vec::new();
    while let Some(got) = next_request(&mut stream, &mut bytes).await {
        let answer = {
            let mut all = book.got.lock().await;
            let answer = choose(&got, all.len());
            all.push(got);
            book.counts.send_replace(all.len());
            answer
        };
        let written = match answer {
            Answer::Status(line) => {
                let response = format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\n\r\n");
                stream.write_all(response.as_bytes()).await
            }
            Answer::Says(line, body) => {
                let length = body.len();
                let response = format!("HTTP/1.1 {line}\r\ncontent-length: {length}\r\n\r\n{body}");
                stream.write_all(response.as_bytes()).await
            }
            Answer::Gives(line, bytes) => {
                let head = format!("HTTP/1.1 {line}\r\ncontent-length: {}\r\n\r\n", bytes.len());
                stream.write_all(&[head.as_bytes(), &bytes].concat()).await
            }
            Answer::Hang => {
                book.hangs.send_modify(|count| *count += 1);
                std::future::pending().await
            }
            Answer::SlowBody => drip(&mut stream).await,
            Answer::BrokenBody => {
                let text = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nonly this";
                let _ = stream.write_all(text.as_bytes()).await;
                return;
            }
            Answer::Nonsense => {
                let _ = stream.write_all(b"\x00\xff what do you want of me\r\n\r\n").await;
                return;
            }
            Answer::Close => return,
        };
        if written.is_err() {
            return;
        }
    }
}

async fn drip(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
    loop {
        stream.write_all(b"1\r\n.\r\n").await?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Reads one request; none when the connection ends.
async fn next_request(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<Got> {
    let mut chunk = [0; 8_192];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok())
                .unwrap_or(0);
            let start = end + 4;
            if start + length <= bytes.len() {
                let text = String::from_utf8(bytes[start..start + length].to_vec()).unwrap();
                bytes.drain(..start + length);
                let body = serde_json::from_str(&text).unwrap_or_default();
                return Some(Got { head, text, body, at: Instant::now() });
            }
        }
        match stream.read(&mut chunk).await {
            Ok(count) if 0 < count => bytes.extend_from_slice(&chunk[..count]),
            _ => return None,
        }
    }
}
