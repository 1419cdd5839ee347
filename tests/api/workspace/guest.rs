//! Scene of tests of the chat widget: a visitor of a bot, who asks as a page does.

use std::{collections::VecDeque, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    app::TestApp,
    workspace::{
        Answer, answered,
        bots::{activate, bot},
        text,
    },
};

const PATIENCE: Duration = Duration::from_secs(60);

/// A visitor of a bot.
pub struct Guest<'a> {
    pub app: &'a TestApp,
    pub token: String,
    pub visitor: String,
    pub session: String,
}

/// Asks as a page does: with headers, and no credential.
pub async fn ask_as(
    app: &TestApp,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<Value>,
) -> Answer {
    let mut request = app.http.request(method, format!("{}{path}", app.base));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: response.json().await.unwrap_or_default() }
}

/// An active bot, and its public token.
pub async fn active(app: &TestApp, owner: &str, draft: Value) -> (Value, String) {
    let made = bot(app, owner, draft).await;
    activate(app, owner, &made).await;
    let token = text(&made["public_token"]);
    (made, token)
}

impl<'a> Guest<'a> {
    pub async fn of(app: &'a TestApp, token: &str) -> Self {
        let path = format!("/api/v1/widget/{token}/sessions");
        let begun = answered(ask_as(app, Method::POST, &path, &[], Some(json!({}))).await, 201);
        let (visitor, session) = (text(&begun["visitor_token"]), text(&begun["session_id"]));
        Self { app, token: token.to_owned(), visitor, session }
    }

    pub async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let path = format!("/api/v1/widget/{}/{path}", self.token);
        ask_as(self.app, method, &path, &[("x-visitor-token", &self.visitor)], body).await
    }

    pub async fn say(&self, words: &str) -> Value {
        answered(self.ask(Method::POST, "chat", Some(json!({ "message": words }))).await, 200)
    }

    pub async fn history(&self) -> Value {
        let path = format!("history/{}", self.session);
        answered(self.ask(Method::GET, &path, None).await, 200)
    }

    pub async fn follow(&self, last: Option<u64>) -> Events {
        let url = format!("{}/api/v1/widget/{}/events", self.app.base, self.token);
        let mut request = self.app.http.get(url).header("x-visitor-token", self.visitor.as_str());
        if let Some(last) = last {
            request = request.header("last-event-id", last.to_string());
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Events { response, text: String::new(), ready: VecDeque::new() }
    }
}

/// A stream that is read as it comes.
pub struct Events {
    response: reqwest::Response,
    text: String,
    ready: VecDeque<(String, String, Value)>,
}

impl Events {
    /// Id, name and data of the next event.
    pub async fn next(&mut self) -> (String, String, Value) {
        loop {
            if let Some(next) = self.ready.pop_front() {
                return next;
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await.expect("an event");
            let chunk = chunk.unwrap().expect("the stream goes on");
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
            while let Some((frame, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let line = frame.lines().find_map(|line| line.strip_prefix(name));
                    line.unwrap_or_default().to_owned()
                };
                if frame.contains("event: ") {
                    let data = serde_json::from_str(&field("data: ")).unwrap();
                    self.ready.push_back((field("id: "), field("event: "), data));
                }
                self.text = rest.to_owned();
            }
        }
    }

    /// The next event of this name.
    pub async fn event(&mut self, name: &str) -> (String, Value) {
        loop {
            let (id, found, data) = self.next().await;
            if found == name {
                return (id, data);
            }
        }
    }

    /// The next messages: their numbers, and their words.
    pub async fn messages(&mut self, count: usize) -> Vec<(u64, String)> {
        let mut found = Vec::new();
        while found.len() < count {
            let (id, data) = self.event("message").await;
            assert_eq!(data["number"].to_string(), id);
            found.push((id.parse().unwrap(), text(&data["content"])));
        }
        found
    }
}
