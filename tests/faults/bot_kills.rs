//! The process dies while a bot answers: afterwards everybody who wrote got one answer.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use wagate::breakpoint::{Breakpoint, VARIABLE};

use crate::support::{
    PHONE,
    daemon::{Daemon, kills},
    http,
};

const ROUNDS: usize = 8;
const QUESTION: &str = "Hi";
const ANSWER: &str = "Welcome to Acme";

/// Everybody writes once.
fn person(round: usize, number: usize) -> String {
    format!("1555{:07}", 3_000_000 + round * 1_000 + number)
}

/// People on the network until the gateway is gone.
struct People {
    http: http::Client,
    base: String,
}

impl People {
    /// None once the gateway is gone.
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Option<Value> {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        request.send().await.ok()?.json().await.ok()
    }

    /// Lets one after the other write, and wait for the answer.
    async fn write_until_it_dies(&self, round: usize, written: &mut Vec<String>) -> Option<()> {
        for number in 0.. {
            let who = person(round, number);
            let words = json!({ "chat": format!("{PHONE}@c.us"), "text": QUESTION });
            let path = format!("/_simulator/v1/accounts/{who}/messages");
            written.push(who.clone());
            self.ask(Method::POST, &path, Some(words)).await?;
            let path = format!("/_simulator/v1/accounts/{who}/chats/{PHONE}@c.us/messages");
            loop {
                let shown = self.ask(Method::GET, &path, None).await?;
                let mut shown = shown["data"]["messages"].as_array().into_iter().flatten();
                if shown.any(|message| message["body"] == ANSWER) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        None
    }
}

fn is_inbox_done(consumers: &Value) -> bool {
    let mut all = consumers.as_array().into_iter().flatten();
    all.any(|one| one["name"] == "inbox" && one["lag"] == 0)
}

async fn make_bot(daemon: &Daemon) {
    let draft = json!({
        "name": "Desk", "businessTask": "faq", "sessions": ["s"],
    });
    let path = "/api/whatsapp-api/ai-agents";
    let (status, made) = daemon.try_call(Method::POST, path, Some(draft)).await.unwrap();
    assert_eq!(status, 201, "{made}");
    let active = json!({ "status": "active" });
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    let (status, answer) = daemon.try_call(Method::PATCH, &one, Some(active)).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    let path = format!("{}/api/v1/bots/{}", daemon.base(), made["id"].as_str().unwrap());
    let change = json!({ "welcome_message": ANSWER });
    let request = daemon.http.request(Method::PUT, path).bearer_auth(daemon.key());
    assert_eq!(request.json(&change).send().await.unwrap().status().as_u16(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_it_dies_everybody_who_wrote_is_answered_once() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path()).await;
    daemon.link("s", PHONE).await;
    make_bot(&daemon).await;
    daemon.stop().await;
    let mut written = Vec::new();
    for round in 0..kills(ROUNDS) {
        let points = [
            Breakpoint::InboxHandled,
            Breakpoint::InboxCommitted,
            Breakpoint::EventCommitted,
            Breakpoint::SendAnswered,
        ];
        let plan = format!("{}:{}", points[round % points.len()].name(), 2 + round * 7 % 23);
        let settings = [(VARIABLE, plan.as_str())];
        // It may die over what the last one left.
        let Some(daemon) = Daemon::try_start(folder.path(), 0, &settings).await else { continue };
        let people = People { http: daemon.http.clone(), base: daemon.base.clone() };
        tokio::join!(people.write_until_it_dies(round, &mut written), daemon.died());
    }
    let daemon = Daemon::start(folder.path()).await;
    daemon.wait_until_ready("s").await;
    let mut total = 0;
    for who in written {
        let chat = format!("{PHONE}@c.us");
        let path = format!("/_simulator/v1/accounts/{who}/chats/{chat}/messages");
        let (status, answer) = daemon.try_call(Method::GET, &path, None).await.unwrap();
        // What was on its way when the process died may not have arrived.
        let shown = answer["data"]["messages"].as_array().cloned().unwrap_or_default();
        if status != 200 || shown.is_empty() {
            continue;
        }
        let is_answered = |data: &Value| {
            let mut all = data["messages"].as_array().into_iter().flatten();
            all.any(|message| message["body"] == ANSWER)
        };
        daemon.wait_until(&path, "an answer", is_answered).await;
        total += 1;
    }
    assert!(0 < total);
    daemon.wait_until("/api/v1/info/consumers", "the inbox", is_inbox_done).await;
    let outbox = "/api/v1/sessions/s/outbox?limit=200";
    let is_idle = |outbox: &Value| {
        let mut all = outbox["outbox"].as_array().into_iter().flatten();
        all.all(|one| {
            !["queued", "sending", "unknown"].contains(&one["state"].as_str().unwrap_or(""))
        })
    };
    daemon.wait_until(outbox, "the outbox", is_idle).await;
    for round in 0..kills(ROUNDS) {
        for number in 0..40 {
            let who = person(round, number);
            let path = format!("/_simulator/v1/accounts/{who}/chats/{PHONE}@c.us/messages");
            let (_, answer) = daemon.try_call(Method::GET, &path, None).await.unwrap();
            let shown = answer["data"]["messages"].as_array().cloned().unwrap_or_default();
            let answers = shown.iter().filter(|message| message["body"] == ANSWER).count();
            assert!(answers <= 1, "{who} got {answers} answers");
        }
    }
    daemon.stop().await;
}
