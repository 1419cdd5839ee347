//! A client of the gateway as anybody could write it: JSON over HTTP, events over a WebSocket.

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
/// On a busy machine a browser may fail to answer its probe; its session takes nothing until it is back.
/// How long it is asked again, and how often.
const RECOVERY: Duration = Duration::from_secs(60);
const ASKED_EVERY: Duration = Duration::from_millis(500);
const NOT_READY: &str = "SESSION_NOT_READY";
/// Frames kept while the story waits for another one.
const FRAMES_KEPT: usize = 1_000;

/// Speaks to one gateway.
pub struct Client {
    http: reqwest::Client,
    base: String,
}

impl Client {
    pub fn new(http: reqwest::Client, base: String) -> Self {
        Self { http, base }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The answer's body; its message when it was refused. Waits for a session that recovers.
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
                let message = answer["error"]["message"].as_str().unwrap_or("no message");
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

/// Events of one session as they come in.
pub struct Listener {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Frames that came while another was waited for.
    seen: VecDeque<Value>,
}

impl Listener {
    /// The first frame that satisfies `wanted`, whether it came already or is still to come.
    /// Frames that do not are kept for later.
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
