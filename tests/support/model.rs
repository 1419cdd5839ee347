//! A language model on loopback: it speaks as OpenAI's API does, checks every field that it is sent, and answers as a
//! test tells it to.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::support::PATIENCE;

/// The key that it wants.
pub const KEY: &str = "model-key";
/// The name of the model of the settings.
pub const NAME: &str = "small";

/// One step of an answer.
#[derive(Clone, Debug)]
pub enum Act {
    /// Bytes as they are.
    Write(Vec<u8>),
    /// Nothing, until the test has let it go on so many times.
    Hold(usize),
    /// Nothing more, until its caller leaves.
    Stall,
}

/// The head of a stream.
pub fn head() -> Act {
    Act::Write(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n".to_vec(),
    )
}

/// A refusal with further headers.
pub fn status(line: &str) -> Vec<Act> {
    let text = format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    vec![Act::Write(text.into_bytes())]
}

/// A piece of a reply.
pub fn piece(text: &str) -> Act {
    let data = json!({ "choices": [{ "index": 0, "delta": { "content": text } }] });
    Act::Write(format!("data: {data}\r\n\r\n").into_bytes())
}

pub fn done() -> Act {
    Act::Write(b"data: [DONE]\r\n\r\n".to_vec())
}

/// A whole reply, with comments among it and cut anywhere, within characters too.
pub fn says(text: &str) -> Vec<Act> {
    let mut stream = b": open\r\n\r\n".to_vec();
    for word in text.split_inclusive(' ') {
        if let Act::Write(bytes) = piece(word) {
            stream.extend(bytes);
        }
        stream.extend_from_slice(b": still here\r\n");
    }
    stream.extend_from_slice(b"data: [DONE]\r\n\r\n");
    let parts = stream.chunks(7).map(|part| Act::Write(part.to_vec()));
    std::iter::once(head()).chain(parts).collect()
}

type Answering = dyn Fn(usize, &Value) -> Vec<Act> + Send + Sync;

pub struct Model {
    pub base: String,
    shared: Arc<Shared>,
}

struct Shared {
    asked: Mutex<Vec<Value>>,
    faults: Mutex<Vec<String>>,
    /// How many requests came, how many callers left early, and how often the test let answers go on.
    came: watch::Sender<usize>,
    left: watch::Sender<usize>,
    going_on: watch::Sender<usize>,
    answer: Box<Answering>,
}

impl Model {
    /// Answers each request, which it gets with its number from 0.
    pub async fn start(answer: impl Fn(usize, &Value) -> Vec<Act> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/v1", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            asked: Mutex::default(),
            faults: Mutex::default(),
            came: watch::Sender::new(0),
            left: watch::Sender::new(0),
            going_on: watch::Sender::new(0),
            answer: Box::new(answer),
        });
        let of_task = shared.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, of_task.clone()));
            }
        });
        Self { base, shared }
    }

    /// The settings of a gateway that asks it.
    pub fn settings<'a>(&'a self, gather: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("WAGATE_ASSISTANT__BASE_URL", &self.base),
            ("WAGATE_ASSISTANT__API_KEY", KEY),
            ("WAGATE_ASSISTANT__MODEL", NAME),
            ("WAGATE_ASSISTANT__GATHER_SECONDS", gather),
        ]
    }

    /// What it was asked so far. Fails where a request was not as it has to be.
    pub fn asked(&self) -> Vec<Value> {
        let faults = self.shared.faults.lock().unwrap_or_else(PoisonError::into_inner).clone();
        assert!(faults.is_empty(), "{faults:?}");
        self.shared.asked.lock().unwrap().clone()
    }

    /// Lets answers go on that hold.
    pub fn go_on(&self) {
        self.shared.going_on.send_modify(|count| *count += 1);
    }

    pub async fn came(&self, requests: usize) {
        reaches(&self.shared.came, requests, "requests").await;
    }

    /// Waits until so many callers closed their connection before the end.
    pub async fn left(&self, callers: usize) {
        reaches(&self.shared.left, callers, "callers that left").await;
    }
}

async fn reaches(of: &watch::Sender<usize>, count: usize, what: &str) {
    let mut watched = of.subscribe();
    let reached = watched.wait_for(|now| count <= *now);
    let reached = tokio::time::timeout(PATIENCE * 3, reached).await;
    assert!(reached.is_ok(), "waited in vain for {count} {what}; there are {}", *of.borrow());
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let Some(text) = read(&mut stream).await else { return };
    let body = match checked(&text) {
        Ok(body) => body,
        Err(fault) => {
            shared.faults.lock().unwrap().push(format!("{fault}: {text}"));
            return;
        }
    };
    let number = {
        let mut asked = shared.asked.lock().unwrap();
        asked.push(body.clone());
        asked.len() - 1
    };
    shared.came.send_modify(|count| *count += 1);
    let (mut reading, mut writing) = stream.into_split();
    let gone = async {
        let mut buffer = [0; 64];
        while reading.read(&mut buffer).await.is_ok_and(|read| 0 < read) {}
    };
    tokio::pin!(gone);
    for act in (shared.answer)(number, &body) {
        let is_gone = match act {
            Act::Write(bytes) => {
                let is_gone = writing.write_all(&bytes).await.is_err();
                tokio::task::yield_now().await;
                is_gone
            }
            Act::Hold(count) => {
                let mut going_on = shared.going_on.subscribe();
                tokio::select! {
                    () = &mut gone => true,
                    _ = going_on.wait_for(|now| count <= *now) => false,
                }
            }
            Act::Stall => {
                (&mut gone).await;
                true
            }
        };
        if is_gone {
            shared.left.send_modify(|count| *count += 1);
            return;
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<String> {
    let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut buffer).await.ok().filter(|read| 0 < *read)?;
        request.extend_from_slice(&buffer[..read]);
        let Some(head) = request.windows(4).position(|part| part == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&request[..head]).to_ascii_lowercase();
        let length = text.split("content-length: ").nth(1)?.lines().next()?.trim().parse::<usize>();
        if length.ok()? <= request.len() - head - 4 {
            return String::from_utf8(request).ok();
        }
    }
}

/// The body of a request that is as it has to be.
fn checked(text: &str) -> Result<Value, String> {
    let (head, body) = text.split_once("\r\n\r\n").ok_or("no body")?;
    let head = head.to_ascii_lowercase();
    for part in [
        "post /v1/chat/completions http/1.1\r\n",
        &format!("authorization: bearer {KEY}"),
        "content-type: application/json",
    ] {
        if !head.contains(part) {
            return Err(format!("no {part}"));
        }
    }
    let body: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
    let names: Vec<&String> = body.as_object().ok_or("no object")?.keys().collect();
    let mut expected = ["max_tokens", "messages", "model", "stream", "temperature"].to_vec();
    expected.retain(|name| !names.contains(&&(*name).to_owned()));
    // What it may call, where it may hand over.
    let functions = usize::from(body.get("tools").is_some());
    if !expected.is_empty() || names.len() != 5 + functions {
        return Err(format!("other fields: {names:?}"));
    }
    let is_number =
        body["temperature"].as_f64().is_some_and(|number| (0.0..=2.0).contains(&number));
    if body["stream"] != true
        || !is_number
        || body["max_tokens"].as_u64().is_none_or(|most| most == 0)
    {
        return Err("a field has another value".to_owned());
    }
    let messages = body["messages"].as_array().ok_or("no messages")?;
    let role = |at: usize| messages.get(at).and_then(|message| message["role"].as_str());
    if role(0) != Some("system") || messages.len() < 2 || messages.len() % 2 != 0 {
        return Err("the roles do not take turns".to_owned());
    }
    for (at, message) in messages.iter().enumerate().skip(1) {
        let content = message["content"].as_str().unwrap_or_default();
        let is_user = at % 2 == 1;
        if role(at) != Some(if is_user { "user" } else { "assistant" }) || content.is_empty() {
            return Err("the roles do not take turns".to_owned());
        }
        let is_marked = content.starts_with("<message>\n") && content.ends_with("\n</message>");
        if is_user != is_marked || 1 < content.matches("</message>").count() {
            return Err("what strangers say is not marked".to_owned());
        }
    }
    Ok(body)
}

/// The words of the last message of a request.
pub fn question(asked: &Value) -> String {
    let last = asked["messages"].as_array().unwrap().last().unwrap();
    let content = last["content"].as_str().unwrap();
    content.trim_start_matches("<message>\n").trim_end_matches("\n</message>").to_owned()
}
