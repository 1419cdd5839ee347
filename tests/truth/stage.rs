//! A gateway of its own for one scenario: a linked session, the phones of the network, and the events.

#![allow(dead_code, reason = "each scenario uses a part")]

use std::{future::Future, path::PathBuf, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::support::{PATIENCE, daemon::Daemon};

/// The number of the session `a`, and people that it talks with.
pub const OWN: &str = "15551230001";
pub const ADA: &str = "15550000011";
pub const GRACE: &str = "15550000012";
pub const SESSION: &str = "/api/v1/sessions/a";

pub struct Stage {
    pub daemon: Daemon,
    pub engine: &'static str,
    _folder: TempDir,
}

impl Stage {
    /// With the session `a`, which [`OWN`] has linked.
    pub async fn start(engine: &'static str) -> Self {
        Self::start_with(engine, &[]).await
    }

    /// With settings as the environment gives them.
    pub async fn start_with(engine: &'static str, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let daemon = Daemon::start_with(folder.path(), 0, settings).await;
        daemon.link_on(engine, "a", OWN).await;
        Self { daemon, engine, _folder: folder }
    }

    /// Where the gateway keeps its data.
    pub fn data(&self) -> PathBuf {
        self._folder.path().join("data")
    }

    pub async fn end(self) {
        self.daemon.stop().await;
    }

    /// Any answer: its status and its body.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        self.daemon.try_call(method, path, body).await.expect("no answer")
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Below the session `a`: `send-text`, `outbox`. The answer must be a success.
    pub async fn ask(&self, path: &str) -> Value {
        self.daemon.get(&format!("{SESSION}/{path}")).await
    }

    pub async fn send(&self, kind: &str, body: Value) -> Value {
        self.daemon.post(&format!("{SESSION}/{kind}"), body).await
    }

    /// Does something on a phone of the network, which must succeed: `messages`, `read`, `edits`.
    pub async fn phone(&self, phone: &str, what: &str, body: Value) -> Value {
        self.daemon.post(&format!("/_simulator/v1/accounts/{phone}/{what}"), body).await
    }

    pub async fn plan_faults(&self, faults: Value) {
        self.daemon.call(Method::PUT, "/_simulator/v1/faults", Some(faults)).await;
    }

    /// Chooses how pages behave that are loaded from now on.
    pub async fn web_client(&self, client: Value) {
        self.daemon.call(Method::PUT, "/_simulator/v1/web-client", Some(client)).await;
    }

    /// Starts the engine of the session again and waits until it is ready.
    pub async fn restart(&self) {
        self.daemon.post(&format!("{SESSION}/restart"), json!({})).await;
        self.daemon.wait_until_ready("a").await;
    }

    /// The messages that a phone shows of its chat with somebody, or of a group.
    pub async fn on_phone(&self, phone: &str, chat: &str) -> Vec<Value> {
        let path = format!("/_simulator/v1/accounts/{phone}/chats/{chat}/messages");
        let (_, answer) = self.get(&path).await;
        answer["data"]["messages"].as_array().cloned().unwrap_or_default()
    }

    /// Asks until there is an answer.
    pub async fn until<T, F: Future<Output = Option<T>>>(
        &self,
        what: &str,
        ask: impl Fn() -> F,
    ) -> T {
        let asked = async {
            loop {
                match ask().await {
                    Some(answer) => return answer,
                    None => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        };
        let answer = tokio::time::timeout(PATIENCE, asked).await;
        answer.unwrap_or_else(|_| panic!("waited without success for {what}"))
    }

    /// All events of the session from its first on, as an event stream gives them.
    pub async fn events(&self) -> Events {
        let url = format!("{}{SESSION}/events?since=0", self.daemon.base);
        let response = self.daemon.http.get(url).send().await.unwrap();
        assert!(response.status().is_success(), "{}", response.status());
        let (gives, events) = mpsc::unbounded_channel();
        tokio::spawn(read_events(response, gives));
        Events { events, seen: Vec::new() }
    }
}

async fn read_events(mut response: reqwest::Response, gives: mpsc::UnboundedSender<Value>) {
    let mut text = String::new();
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes.extend_from_slice(&chunk);
        let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else { continue };
        text.clear();
        text.push_str(std::str::from_utf8(&bytes[..end]).unwrap());
        bytes.drain(..=end);
        for data in text.lines().filter_map(|line| line.strip_prefix("data:")) {
            if gives.send(serde_json::from_str(data).unwrap()).is_err() {
                return;
            }
        }
    }
}

/// The events of a session in order.
pub struct Events {
    events: mpsc::UnboundedReceiver<Value>,
    pub seen: Vec<Value>,
}

impl Events {
    /// Waits for the next event of this name that is like this; `seen` keeps all that came until then.
    pub async fn next(&mut self, name: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let waiting = async {
            while let Some(event) = self.events.recv().await {
                self.seen.push(event.clone());
                if event["event"] == name && is_it(&event["data"]) {
                    return Some(event);
                }
            }
            None
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(Some(event)) => event,
            Ok(None) => panic!("{name}: the stream ended; it gave {:#?}", self.seen),
            Err(_) => panic!("{name}: it did not come; instead {:#?}", self.seen),
        }
    }

    /// How many events of this name came so far that are like this.
    pub fn count(&self, name: &str, is_it: impl Fn(&Value) -> bool) -> usize {
        self.seen.iter().filter(|event| event["event"] == name && is_it(&event["data"])).count()
    }
}

/// The code of an error in open-wa's envelope.
pub fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or_default()
}

/// A PNG of one pixel as a data URL.
pub const PNG: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
