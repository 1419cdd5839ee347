//! People on the simulated network who write to a session until the gateway dies, and what the scenes of these tests
//! check afterwards.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use wagate::breakpoint::Breakpoint;

use crate::support::{PHONE, daemon::Daemon, http};

/// The pause between two looks at a phone.
const GLANCE: Duration = Duration::from_millis(5);

/// Callers of a gateway until it is gone.
pub struct People {
    http: http::Client,
    base: String,
}

impl People {
    pub fn of(daemon: &Daemon) -> Self {
        Self { http: daemon.http.clone(), base: daemon.base.clone() }
    }

    /// None once the gateway is gone.
    pub async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Option<Value> {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        request.send().await.ok()?.json().await.ok()
    }

    /// Somebody writes to the session.
    pub async fn say(&self, who: &str, text: &str) -> Option<()> {
        let words = json!({ "chat": format!("{PHONE}@c.us"), "text": text });
        let path = format!("/_simulator/v1/accounts/{who}/messages");
        self.ask(Method::POST, &path, Some(words)).await.map(drop)
    }

    /// How often somebody's phone shows a text.
    pub async fn count(&self, who: &str, text: &str) -> Option<usize> {
        Some(count(&self.ask(Method::GET, &messages_of(who), None).await?, text))
    }

    pub async fn wait_for(&self, who: &str, text: &str) -> Option<()> {
        while self.count(who, text).await? == 0 {
            tokio::time::sleep(GLANCE).await;
        }
        Some(())
    }
}

/// The path of what somebody's phone shows of the chat with the session.
pub fn messages_of(who: &str) -> String {
    format!("/_simulator/v1/accounts/{who}/chats/{PHONE}@c.us/messages")
}

/// How often a phone shows a text.
pub fn count(shown: &Value, text: &str) -> usize {
    let messages = shown["messages"].as_array().or_else(|| shown["data"]["messages"].as_array());
    messages.into_iter().flatten().filter(|message| message["body"] == text).count()
}

/// What somebody's phone shows; none when nothing of it arrived before the process died.
pub async fn shown(daemon: &Daemon, who: &str) -> Option<Value> {
    let (status, answer) = daemon.try_call(Method::GET, &messages_of(who), None).await.unwrap();
    let data = answer["data"].clone();
    let is_empty = data["messages"].as_array().is_none_or(Vec::is_empty);
    (status == 200 && !is_empty).then_some(data)
}

/// The plan of a death: each round at another point and another time there.
pub fn death(points: &[Breakpoint], round: usize, times: usize) -> String {
    format!("{}:{times}", points[round % points.len()].name())
}

/// Waits until the inbox has handled all events and nothing waits in the outbox.
pub async fn settled(daemon: &Daemon) {
    daemon.wait_until("/api/v1/info/consumers", "the inbox", is_inbox_done).await;
    daemon.wait_until("/api/v1/sessions/s/outbox?limit=200", "the outbox", is_idle).await;
}

pub fn is_inbox_done(consumers: &Value) -> bool {
    let mut all = consumers.as_array().into_iter().flatten();
    all.any(|one| one["name"] == "inbox" && one["lag"] == 0)
}

/// Whether nothing waits in an outbox any more.
fn is_idle(outbox: &Value) -> bool {
    let mut all = outbox["outbox"].as_array().into_iter().flatten();
    all.all(|one| !["queued", "sending", "unknown"].contains(&one["state"].as_str().unwrap_or("")))
}
