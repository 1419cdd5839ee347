//! The process dies while rules and flows act: afterwards each of their steps was done once.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use reqwest::Method;
use serde_json::{Value, json};
use wagate::breakpoint::{Breakpoint, VARIABLE};

use crate::support::{
    PHONE,
    daemon::{Daemon, kills},
    http,
    receiver::{Answer, Receiver},
};

const ROUNDS: usize = 8;
const NOTED: &str = "Noted";
const QUESTION: &str = "Which size?";
const THANKS: &str = "Thank you";

/// Everybody goes through the flow once.
fn person(round: usize, number: usize) -> String {
    format!("1555{:07}", 4_000_000 + round * 1_000 + number)
}

fn messages_of(who: &str) -> String {
    format!("/_simulator/v1/accounts/{who}/chats/{PHONE}@c.us/messages")
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

    async fn say(&self, who: &str, text: &str) -> Option<()> {
        let words = json!({ "chat": format!("{PHONE}@c.us"), "text": text });
        let path = format!("/_simulator/v1/accounts/{who}/messages");
        self.ask(Method::POST, &path, Some(words)).await.map(drop)
    }

    async fn wait_for(&self, who: &str, text: &str) -> Option<()> {
        loop {
            let shown = self.ask(Method::GET, &messages_of(who), None).await?;
            let mut shown = shown["data"]["messages"].as_array().into_iter().flatten();
            if shown.any(|message| message["body"] == text) {
                return Some(());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Lets one after the other go through the flow.
    async fn write_until_it_dies(&self, round: usize, written: &mut Vec<String>) -> Option<()> {
        for number in 0.. {
            let who = person(round, number);
            written.push(who.clone());
            self.say(&who, "A cup, please").await?;
            self.wait_for(&who, QUESTION).await?;
            self.say(&who, "4").await?;
            self.wait_for(&who, THANKS).await?;
        }
        None
    }
}

async fn made(daemon: &Daemon, path: &str, body: Value) -> Value {
    let (status, made) = daemon.try_call(Method::POST, path, Some(body)).await.unwrap();
    assert_eq!(status, 201, "{path}: {made}");
    made
}

/// Posts to the workspace API.
async fn posted(daemon: &Daemon, path: &str, body: &Value) -> Value {
    let url = format!("{}/api/v1/{path}", daemon.base());
    let request = daemon.http.request(Method::POST, url).bearer_auth(daemon.key());
    let answer = request.json(body).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 201, "{path}");
    answer.json().await.unwrap()
}

/// A bot whose rule says something, opens a ticket and calls a webhook, and a flow that asks.
async fn make_rules(daemon: &Daemon, receiver: &Receiver) -> String {
    let draft = json!({ "name": "Desk", "businessTask": "faq", "sessions": ["s"] });
    let bot = made(daemon, "/api/whatsapp-api/ai-agents", draft).await;
    let id = bot["id"].as_str().unwrap().to_owned();
    let path = format!("/api/whatsapp-api/ai-agents/{id}");
    let active = Some(json!({ "status": "active" }));
    let (status, answer) = daemon.try_call(Method::PATCH, &path, active).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    let hook = json!({ "bot_id": id, "url": receiver.url, "events": ["kb_updated"] });
    let hook = posted(daemon, "webhooks", &hook).await;
    let rule = json!({
        "bot_id": id, "name": "Cups", "trigger": { "type": "message_received" },
        "conditions": [{ "field": "message.text", "op": "contains", "value": "cup" }],
        "actions": [
            { "type": "send_message", "text": NOTED },
            { "type": "create_ticket", "subject": "A cup" },
            { "type": "call_webhook", "webhook_id": hook["id"] },
        ],
    });
    posted(daemon, "automations", &rule).await;
    let flow = json!({
        "name": "Cups", "trigger": { "type": "keyword", "keywords": ["cup"] },
        "steps": [
            { "id": "size", "type": "question", "text": QUESTION, "saveTo": "attributes.size" },
            { "id": "thanks", "type": "message", "text": THANKS },
            { "id": "person", "type": "handoff" },
        ],
    });
    made(daemon, "/api/whatsapp-api/flows", flow).await;
    id
}

fn is_inbox_done(consumers: &Value) -> bool {
    let mut all = consumers.as_array().into_iter().flatten();
    all.any(|one| one["name"] == "inbox" && one["lag"] == 0)
}

/// How many tickets each contact has.
async fn tickets(daemon: &Daemon, bot: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for page in 1.. {
        let base = daemon.base();
        let path = format!("{base}/api/v1/tickets/{bot}?per_page=100&page={page}");
        let request = daemon.http.request(Method::GET, path).bearer_auth(daemon.key());
        let list: Value = request.send().await.unwrap().json().await.unwrap();
        let all = list["tickets"].as_array().unwrap();
        for ticket in all {
            let session = ticket["session_id"].as_str().unwrap().to_owned();
            *counts.entry(session).or_default() += 1;
        }
        if all.is_empty() {
            break;
        }
    }
    counts
}

/// Each conversation called the webhook under one id, however often that was delivered.
async fn check_calls(daemon: &Daemon, bot: &str, (receiver, asked): (&Receiver, usize)) {
    let settled = async || {
        let url = format!("{}/api/v1/webhooks/{bot}/deliveries?status=pending", daemon.base());
        let request = daemon.http.request(Method::GET, url).bearer_auth(daemon.key());
        let list: Value = request.send().await.unwrap().json().await.unwrap();
        list["deliveries"].as_array().is_some_and(Vec::is_empty)
    };
    let ids = async || {
        let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for got in receiver.got.lock().await.iter() {
            let session = got.body["data"]["session_id"].as_str().unwrap().to_owned();
            ids.entry(session).or_default().insert(got.header("webhook-id").to_owned());
        }
        ids
    };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(120);
    while !settled().await || ids().await.len() < asked {
        assert!(tokio::time::Instant::now() < deadline, "{asked} asked, {:?}", ids().await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let ids = ids().await;
    assert!(ids.values().all(|ids| ids.len() == 1), "{ids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_it_dies_each_step_of_rules_and_flows_is_done_once() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path()).await;
    daemon.link("s", PHONE).await;
    // Now and then it fails, so that deliveries are repeated, too.
    let receiver = Receiver::choosing(|_, before| match before % 5 {
        3 => Answer::status("500 Oops"),
        _ => Answer::status("200 OK"),
    })
    .await;
    let bot = make_rules(&daemon, &receiver).await;
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
    let mut asked = 0;
    for who in &written {
        let (status, answer) = daemon.try_call(Method::GET, &messages_of(who), None).await.unwrap();
        // What was on its way when the process died may not have arrived.
        let shown = answer["data"]["messages"].as_array().cloned().unwrap_or_default();
        if status != 200 || shown.is_empty() {
            continue;
        }
        let says = |data: &Value, text: &str| {
            data["messages"].as_array().into_iter().flatten().any(|one| one["body"] == text)
        };
        let is_asked = |data: &Value| says(data, NOTED) && says(data, QUESTION);
        daemon.wait_until(&messages_of(who), "the question", is_asked).await;
        // Who has answered goes on.
        if shown.iter().any(|one| one["body"] == "4") {
            let is_thanked = |data: &Value| says(data, THANKS);
            daemon.wait_until(&messages_of(who), "the thanks", is_thanked).await;
        }
        asked += 1;
    }
    assert!(0 < asked);
    daemon.wait_until("/api/v1/info/consumers", "the inbox", is_inbox_done).await;
    let outbox = "/api/v1/sessions/s/outbox?limit=200";
    let is_idle = |outbox: &Value| {
        let mut all = outbox["outbox"].as_array().into_iter().flatten();
        all.all(|one| {
            !["queued", "sending", "unknown"].contains(&one["state"].as_str().unwrap_or(""))
        })
    };
    daemon.wait_until(outbox, "the outbox", is_idle).await;
    for who in &written {
        let (_, answer) = daemon.try_call(Method::GET, &messages_of(who), None).await.unwrap();
        let shown = answer["data"]["messages"].as_array().cloned().unwrap_or_default();
        for text in [NOTED, QUESTION, THANKS] {
            let count = shown.iter().filter(|message| message["body"] == text).count();
            assert!(count <= 1, "{who} got '{text}' {count} times");
        }
    }
    check_calls(&daemon, &bot, (&receiver, asked)).await;
    let tickets = tickets(&daemon, &bot).await;
    assert!(asked <= tickets.len(), "{asked} were asked, {} have a ticket", tickets.len());
    assert!(tickets.values().all(|count| *count == 1), "{tickets:?}");
    daemon.stop().await;
}
