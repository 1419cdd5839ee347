//! One scenario for each dialect, compared with the answers that were reviewed: `tests/api/snapshots/*.json`.
//! `UPDATE_SNAPSHOTS=1` rewrites the files. Ids, times and secrets are named by their order.

use std::{collections::HashMap, path::PathBuf, time::Duration};

use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::app::{ECHO, PHONE, SILENT, TestApp};

/// Requests and answers, in order.
struct Recorder {
    app: TestApp,
    steps: Vec<Value>,
    names: Names,
}

impl Recorder {
    async fn start() -> Self {
        Self { app: TestApp::start().await, steps: Vec::new(), names: Names::default() }
    }

    /// Makes a request and writes it down with its answer.
    async fn step(&mut self, method: Method, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.app.call(method.clone(), path, body.clone()).await;
        let step = json!({
            "request": format!("{method} {path}"),
            "body": body,
            "status": status.as_u16(),
            "answer": answer,
        });
        let step = self.names.normal(&step);
        self.steps.push(step);
        answer
    }

    async fn get(&mut self, path: &str) -> Value {
        self.step(Method::GET, path, None).await
    }

    async fn post(&mut self, path: &str, body: Value) -> Value {
        self.step(Method::POST, path, Some(body)).await
    }

    fn in_an_hour(&self) -> String {
        let now = self.app.gateway.services().clock.now();
        (now + Duration::from_secs(3_600)).to_string()
    }

    /// Waits until the newest message of a chat on a phone has come so far.
    async fn wait_for_ack(&self, chat: &str, ack: i64) {
        let path = format!("/api/v1/sessions/shop/chats/{chat}/messages");
        let has_come = || async {
            let (_, answer) = self.app.get(&path).await;
            let newest = answer["data"].as_array()?.last()?.clone();
            (newest["ack"] == ack).then_some(())
        };
        self.app.wait_for("the receipt", has_come).await;
    }

    /// Compares all steps with those of the file.
    async fn end(self, name: &str) {
        let Self { app, steps, .. } = self;
        app.stop().await;
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/api/snapshots");
        let file = folder.join(format!("{name}.json"));
        let now = format!("{:#}\n", Value::Array(steps));
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&file, now).unwrap();
            return;
        }
        let reviewed = std::fs::read_to_string(&file).unwrap_or_default();
        let differs = now.lines().zip(reviewed.lines()).position(|(now, then)| now != then);
        let same = now.lines().count().min(reviewed.lines().count());
        let line = differs.unwrap_or(same);
        let around = |text: &str| {
            let lines = text.lines().skip(line.saturating_sub(6)).take(12);
            lines.collect::<Vec<_>>().join("\n")
        };
        assert!(
            now == reviewed,
            "{} differs from line {} on.\nIt is now:\n{}\nIt was:\n{}\nUPDATE_SNAPSHOTS=1 rewrites it.",
            file.display(),
            line + 1,
            around(&now),
            around(&reviewed),
        );
    }
}

/// Names for what is different each time.
#[derive(Default)]
struct Names {
    known: HashMap<String, String>,
    counts: HashMap<&'static str, usize>,
}

impl Names {
    fn name(&mut self, kind: &'static str, text: &str) -> String {
        let next = self.counts.entry(kind).or_default();
        let name = self.known.entry(text.to_owned()).or_insert_with(|| {
            *next += 1;
            format!("[{kind} {next}]")
        });
        name.clone()
    }

    fn normal(&mut self, value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let named = fields.iter().map(|(name, value)| {
                    let value = match name.as_str() {
                        _ if value.is_null() => Value::Null,
                        "timestamp" | "delay_seconds" if value.is_number() => json!("[seconds]"),
                        "qrText" | "qr_code_text" | "secret" | "key" | "prefix" | "trustedKey" => {
                            json!(format!("[{name}]"))
                        }
                        "code" if value.as_str().is_some_and(|code| code.contains('@')) => {
                            json!("[qrText]")
                        }
                        _ => self.normal(value),
                    };
                    (name.clone(), value)
                });
                Value::Object(named.collect::<Map<String, Value>>())
            }
            Value::Array(values) => values.iter().map(|value| self.normal(value)).collect(),
            Value::String(text) => self.text(text).into(),
            other => other.clone(),
        }
    }

    fn text(&mut self, text: &str) -> String {
        if text.starts_with("data:") {
            return text.split(',').next().unwrap_or_default().to_owned() + ",…";
        }
        if is_time(text) {
            return "[time]".to_owned();
        }
        let mut normal = String::new();
        // What stands between these is an id as a whole.
        for part in text.split_inclusive(['/', '_', '?', '=', '&', ' ', '\'']) {
            let (word, end) = match part.strip_suffix(['/', '_', '?', '=', '&', ' ', '\'']) {
                Some(word) => (word, &part[word.len()..]),
                None => (part, ""),
            };
            normal += &match word {
                _ if uuid::Uuid::parse_str(word).is_ok() && word.len() == 36 => {
                    self.name("uuid", word)
                }
                _ if word.starts_with("3EB0") => self.name("key", word),
                _ if word.ends_with("@g.us") || word.ends_with("@newsletter") => {
                    self.name("group", word)
                }
                _ => word.to_owned(),
            };
            normal += end;
        }
        normal
    }
}

fn is_time(text: &str) -> bool {
    text.ends_with('Z') && text.contains('T') && text.parse::<wagate::domain::Timestamp>().is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_open_wa_api() {
    let mut all = Recorder::start().await;
    all.post("/api/v1/sessions", json!({ "sessionId": "shop" })).await;
    all.get("/api/v1/sessions/shop/qr?format=text").await;
    all.app.link("shop", PHONE).await;
    all.get("/api/v1/sessions/shop/status").await;
    let text = json!({ "chatId": SILENT, "content": "Hello" });
    let sent = all.post("/api/v1/sessions/shop/send-text", text).await;
    all.wait_for_ack(SILENT, 2).await;
    let id = sent["data"]["messageId"].as_str().unwrap().to_owned();
    all.get("/api/v1/sessions/shop/chats?search=Silent").await;
    all.get(&format!("/api/v1/sessions/shop/chats/{SILENT}/messages")).await;
    all.get(&format!("/api/v1/sessions/shop/messages/{id}/receipts")).await;
    let reaction = json!({ "emoji": "\u{1f44d}" });
    all.post(&format!("/api/v1/sessions/shop/messages/{id}/reaction"), reaction).await;
    let edited = json!({ "content": "Hello again" });
    all.step(Method::PATCH, &format!("/api/v1/sessions/shop/messages/{id}"), Some(edited)).await;
    let poll = json!({ "chatId": SILENT, "question": "Tea?", "options": ["Yes", "No"] });
    all.post("/api/v1/sessions/shop/send-poll", poll).await;
    let later = json!({ "chatId": SILENT, "content": "Later", "sendAt": all.in_an_hour() });
    all.post("/api/v1/sessions/shop/send-text", later).await;
    all.get(&format!("/api/v1/sessions/shop/contacts/{SILENT}")).await;
    let group = json!({ "name": "Friends", "participants": [SILENT, ECHO] });
    let made = all.post("/api/v1/sessions/shop/groups", group).await;
    let group = made["data"]["gid"].as_str().unwrap().to_owned();
    all.get(&format!("/api/v1/sessions/shop/groups/{group}")).await;
    let webhook =
        json!({ "url": "http://127.0.0.1:9/hook", "events": ["message"], "enabled": false });
    all.post("/api/v1/sessions/shop/webhooks", webhook).await;
    all.post("/api/v1/api-keys", json!({ "name": "bot", "scopes": ["read"] })).await;
    all.get("/api/v1/sessions/none").await;
    all.post("/api/v1/sessions/shop/send-text", json!({ "chatId": "nobody" })).await;
    all.step(Method::DELETE, "/api/v1/sessions/shop", None).await;
    all.end("open-wa").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chat_api() {
    let mut all = Recorder::start().await;
    all.app.ready("shop", PHONE).await;
    all.get("/api/v1/instances").await;
    let text = json!({ "instance_id": "shop", "recipient": "15550000003", "message": "Hello" });
    let sent = all.post("/api/v1/chat/send", text).await;
    all.wait_for_ack(SILENT, 2).await;
    let message = sent["data"]["message"]["uuid"].as_str().unwrap().to_owned();
    let conversation = sent["data"]["conversation"]["id"].as_str().unwrap().to_owned();
    all.get(&format!("/api/v1/chat/conversations/{conversation}/messages")).await;
    let edited = json!({ "message": "Hello again" });
    let one = format!("/api/v1/chat/messages/{message}");
    all.step(Method::PATCH, &one, Some(edited)).await;
    all.post(&format!("{one}/reaction"), json!({ "emoji": "\u{1f44d}" })).await;
    let tag = all.post("/api/v1/tags", json!({ "name": "VIP", "color": "#f59e0b" })).await;
    let tags = json!({ "tag_ids": [tag["data"]["tag"]["id"]] });
    let path = format!("/api/v1/conversations/{conversation}/tags");
    all.step(Method::PUT, &path, Some(tags)).await;
    let pause = json!({ "reason": "A person took over" });
    all.post(&format!("/api/v1/chat/conversations/{conversation}/pause-automation"), pause).await;
    all.get("/api/v1/chat/conversations").await;
    all.get("/api/v1/conversations").await;
    all.get(&format!("/api/v1/conversations/{conversation}")).await;
    let later = json!({
        "instance_id": "shop", "recipient": "15550000003", "message": "Later",
        "schedule_at": all.in_an_hour(),
    });
    all.post("/api/v1/messages/send", later).await;
    all.get("/api/v1/messages?per_page=1").await;
    all.post("/api/v1/chat/send", json!({ "recipient": "nobody" })).await;
    all.get("/api/v1/chat/messages/00000000-0000-4000-8000-000000000000").await;
    all.step(Method::DELETE, &one, None).await;
    all.step(Method::DELETE, &format!("/api/v1/conversations/{conversation}"), None).await;
    all.end("chat").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_of_the_simulated_network() {
    let mut all = Recorder::start().await;
    let clock = json!({ "now": "2030-01-31T12:00:00Z" });
    all.step(Method::PUT, "/_simulator/v1/clock", Some(clock)).await;
    all.post("/_simulator/v1/accounts", json!({ "phone": "15551230001", "name": "Ada" })).await;
    all.post("/_simulator/v1/accounts", json!({ "phone": "15551230002", "name": "Grace" })).await;
    all.get("/_simulator/v1/accounts").await;
    let manual = json!({ "behaviour": "manual" });
    let behaviour = "/_simulator/v1/accounts/15551230002/behaviour";
    all.step(Method::PUT, behaviour, Some(manual)).await;
    let words = json!({ "chat": "15551230002", "text": "Hello" });
    let written = all.post("/_simulator/v1/accounts/15551230001/messages", words).await;
    all.step(Method::PUT, "/_simulator/v1/clock", Some(json!({ "advanceBy": 60 }))).await;
    let read = json!({ "chat": "15551230001" });
    all.post("/_simulator/v1/accounts/15551230002/read", read).await;
    let id = written["data"]["message"]["id"].as_str().unwrap().to_owned();
    let edited = json!({ "message": id, "text": "Hello again" });
    all.post("/_simulator/v1/accounts/15551230001/edits", edited).await;
    let place =
        json!({ "chat": "15551230002", "location": { "latitude": 48.2, "longitude": 16.37 } });
    all.post("/_simulator/v1/accounts/15551230001/messages", place).await;
    all.get("/_simulator/v1/accounts/15551230001/chats").await;
    all.get("/_simulator/v1/accounts/15551230001/chats/15551230002@c.us/messages").await;
    let group = json!({ "name": "Friends", "participants": ["15551230002"] });
    all.post("/_simulator/v1/accounts/15551230001/groups", group).await;
    all.get("/_simulator/v1/accounts/15551230001/devices").await;
    all.step(Method::PUT, "/_simulator/v1/faults", Some(json!({ "refuseSends": 1 }))).await;
    all.get("/_simulator/v1/faults").await;
    all.get("/_simulator/v1/web-client").await;
    all.post(
        "/_simulator/v1/accounts/15551230001/votes",
        json!({ "message": "none", "options": [] }),
    )
    .await;
    all.post("/_simulator/v1/reset", json!({})).await;
    all.end("simulator").await;
}
