//! Scene of tests of bots with a language model: a bot on the web and in a session, the model that it asks, and a clock
//! that the test sets.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use wagate::{domain::Clock, store::disk::Disk};

use crate::{
    app::{PHONE, TestApp},
    support::model::Model,
    workspace::{
        ask,
        bots::{activate, bot},
        chat::say,
        get, owner, post, text,
    },
};

pub const UNKNOWN: &str = "I do not know that";
pub const TAKEN_OVER: &str = "Somebody comes";

pub struct Desk {
    pub app: TestApp,
    pub clock: Clock,
    pub token: String,
    pub bot: Value,
    pub model: Model,
}

impl Desk {
    /// A bot with a model, on the web and in a session, on a clock that the test sets.
    pub async fn new(model: Model, gather: &str, more: &[(&str, &str)], fields: Value) -> Self {
        let clock = Clock::manual(Clock::system().now());
        let folder = tempfile::tempdir().unwrap();
        let mut settings = model.settings(gather);
        settings.extend(more);
        let app = TestApp::start_on(folder, &settings, clock.clone(), Disk::manual(0)).await;
        app.ready("shop", PHONE).await;
        let (token, _) = owner(&app).await;
        let mut draft = json!({
            "name": "Desk", "channels": [{ "type": "whatsapp", "session_id": "shop" }, { "type": "web" }],
            "fallback_message": UNKNOWN, "handoff_message": TAKEN_OVER, "model": { "provider": "openai" },
        });
        draft.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let made = bot(&app, &token, draft).await;
        activate(&app, &token, &made).await;
        Self { app, clock, token, bot: made, model }
    }

    pub async fn says(&self, message: &str) -> Value {
        say(&self.app, &self.token, json!({ "bot_id": self.bot["id"], "message": message })).await
    }

    pub async fn says_in(&self, session: &Value, message: &str) -> Value {
        let body = json!({ "bot_id": self.bot["id"], "session_id": session, "message": message });
        say(&self.app, &self.token, body).await
    }

    pub async fn teach(&self, title: &str, content: &str) {
        let path = format!("/api/v1/kb/{}", text(&self.bot["id"]));
        let body = json!({ "title": title, "content": content });
        let answer = post(&self.app, &path, body, Some(&self.token)).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
    }

    pub async fn stream(&self, body: &Value, key: Option<&str>) -> reqwest::Response {
        let url = format!("{}/api/v1/chat/stream", self.app.base);
        let mut request = self.app.http.post(url).bearer_auth(&self.token).json(body);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        response
    }

    /// What a person got on WhatsApp.
    pub async fn got(&self, person: &str) -> Vec<String> {
        let path = format!("/_simulator/v1/accounts/{person}/chats/{PHONE}@c.us/messages");
        let (_, answer) = self.app.get(&path).await;
        let all = answer["data"]["messages"].as_array().cloned().unwrap_or_default();
        let of_session = all.iter().filter(|one| !text(&one["id"]).starts_with("true_"));
        of_session.map(|one| text(&one["body"])).collect()
    }

    /// Waits until a person got this and nothing else. Time goes on meanwhile.
    pub async fn has(&self, person: &str, expected: &[&str]) {
        let mut last = Vec::new();
        for _ in 0..4_000 {
            self.clock.advance(Duration::from_millis(25));
            last = self.got(person).await;
            if last == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{last:?} is not {expected:?}")
    }

    /// Waits until the inbox has so many messages of a person; their conversation.
    pub async fn knows(&self, person: &str, messages: u64) -> Value {
        let (phone, path) = (
            format!("+{person}"),
            format!("/api/v1/inbox/conversations/{}", text(&self.bot["id"])),
        );
        let find = async || {
            // The network delivers as time goes on.
            self.clock.advance(Duration::from_millis(5));
            let found = get(&self.app, &path, Some(&self.token)).await.body;
            let mut all = found["conversations"].as_array().unwrap().iter();
            let is_it = |one: &&Value| {
                one["visitor"]["phone"] == phone.as_str() && one["message_count"] == messages
            };
            all.find(is_it).cloned()
        };
        self.app.wait_for("messages in the inbox", find).await
    }

    /// Waits until the model was asked so often. Time goes on meanwhile.
    pub async fn came(&self, count: usize) {
        let asked = async || {
            self.clock.advance(Duration::from_millis(5));
            (count <= self.model.asked().len()).then_some(())
        };
        self.app.wait_for("a request to the model", asked).await;
    }

    pub async fn status(&self, session: &Value, status: &str) {
        let path = format!("/api/v1/inbox/sessions/{}/status", text(&session["id"]));
        let body = Some(json!({ "status": status }));
        let answer = ask(&self.app, Method::PUT, &path, body, Some(&self.token)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// Waits until nothing is due any more, while time goes on; what the model was asked by then.
    pub async fn idle(&self) -> Vec<Value> {
        self.clock.advance(Duration::from_secs(30));
        let consumed = async || {
            let (_, answer) = self.app.get("/api/v1/info/consumers").await;
            let mut all = answer["data"].as_array().into_iter().flatten();
            all.any(|one| one["name"] == "inbox" && one["lag"] == 0).then_some(())
        };
        self.app.wait_for("the inbox", consumed).await;
        self.model.asked()
    }
}

/// The deltas of a stream.
pub fn deltas(events: &[(String, Value)]) -> String {
    let deltas = events.iter().filter(|(name, _)| name == "token");
    deltas.map(|(_, data)| text(&data["delta"])).collect()
}
