//! Client of the public API: JSON over HTTP, events over a WebSocket.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

/// Longer than any single step may take, a cold browser included.
const REQUEST_DEADLINE: Duration = Duration::from_secs(60);
/// Deadline and interval of retries while a session recovers, as it may on a busy machine.
const RECOVERY: Duration = Duration::from_secs(60);
const ASKED_EVERY: Duration = Duration::from_millis(500);
const NOT_READY: &str = "SESSION_NOT_READY";
/// Frames that are buffered while the script waits for another one.
const FRAMES_KEPT: usize = 1_000;

/// What needs a key, also on the same machine.
const BUSINESS: &str = "/api/whatsapp-api";

/// A client of one gateway.
pub struct Client {
    http: reqwest::Client,
    base: String,
    /// Key for the business API, once there is one.
    key: Option<String>,
}

impl Client {
    pub fn new(http: reqwest::Client, base: String) -> Self {
        Self { http, base, key: None }
    }

    /// From now on the key of requests to the business API.
    pub fn use_key(&mut self, key: String) {
        self.key = Some(key);
    }

    /// The key that a request to this path carries.
    pub fn credential(&self, path: &str) -> Option<&str> {
        self.key.as_deref().filter(|_| path.starts_with(BUSINESS))
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The body of the answer, or the message of the refusal. Retries while a session recovers.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, String> {
        let begun = Instant::now();
        loop {
            let (status, answer) = self.ask(method.clone(), path, body).await?;
            if status.is_success() {
                return Ok(answer);
            }
            if answer["error"]["code"] != NOT_READY || RECOVERY < begun.elapsed() {
                let error = &answer["error"];
                let message = error["message"].as_str().or_else(|| error.as_str());
                let message = message.unwrap_or("no message");
                return Err(format!("{status}: {message}"));
            }
            tokio::time::sleep(ASKED_EVERY).await;
        }
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Value), String> {
        let mut request = self.http.request(method, self.url(path)).timeout(REQUEST_DEADLINE);
        if let Some(key) = self.credential(path) {
            request = request.bearer_auth(key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| error.to_string())?;
        let status = response.status();
        Ok((status, response.json().await.map_err(|error| format!("{status}: {error}"))?))
    }

    /// Opens the event stream of a session.
    pub async fn listen(&self, session: &str) -> Result<Listener, String> {
        let url = format!("{}/ws/{session}", self.base.replacen("http", "ws", 1));
        let (socket, _) =
            tokio_tungstenite::connect_async(&url).await.map_err(|error| error.to_string())?;
        Ok(Listener { socket, seen: VecDeque::new() })
    }
}

/// Event stream of one session.
pub struct Listener {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Frames that arrived while the script waited for another one.
    seen: VecDeque<Value>,
}

impl Listener {
    /// The first frame that satisfies `wanted`, from the buffer or from the stream. Buffers all others.
    pub async fn wait_for(
        &mut self,
        deadline: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value, String> {
        if let Some(at) = self.seen.iter().position(&wanted) {
            return self.seen.remove(at).ok_or_else(|| "a frame vanished".to_owned());
        }
        let waited = tokio::time::timeout(deadline, async {
            loop {
                let frame = match self.socket.next().await {
                    Some(Ok(Message::Text(text))) => text,
                    Some(Ok(Message::Ping(data))) => {
                        let _ = self.socket.send(Message::Pong(data)).await;
                        continue;
                    }
                    Some(Ok(Message::Close(why))) => return Err(format!("closed: {why:?}")),
                    Some(Ok(_)) => continue,
                    Some(Err(error)) => return Err(error.to_string()),
                    None => return Err("the gateway closed the connection".to_owned()),
                };
                let Ok(frame) = serde_json::from_str::<Value>(&frame) else { continue };
                if wanted(&frame) {
                    return Ok(frame);
                }
                if self.seen.len() == FRAMES_KEPT {
                    self.seen.pop_front();
                }
                self.seen.push_back(frame);
            }
        });
        waited.await.unwrap_or_else(|_| Err(format!("nothing within {deadline:?}")))
    }
}
