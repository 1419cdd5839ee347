//! The process dies while rules and flows act: afterwards each of their steps was done once.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use reqwest::Method;
use serde_json::{Value, json};
use wagate::breakpoint::{Breakpoint, VARIABLE};

use crate::{
    people::{People, count, death, messages_of, settled, shown},
    support::{
        PATIENCE, PHONE,
        daemon::{Daemon, kills},
        receiver::{Answer, Receiver},
    },
};

const ROUNDS: usize = 8;
/// Quick retries, and so many that chance alone makes no dead letter: one of five tries fails.
const RETRIES: (&str, &str) = (
    "WAGATE_WEBHOOKS__RETRY_SCHEDULE",
    "20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms",
);
const NOTED: &str = "Noted";
const QUESTION: &str = "Which size?";
const THANKS: &str = "Thank you";

/// Everybody goes through the flow once.
fn person(round: usize, number: usize) -> String {
    format!("1555{:07}", 4_000_000 + round * 1_000 + number)
}

/// Lets one after the other go through the flow.
async fn write_until_it_dies(
    people: &People,
    round: usize,
    written: &mut Vec<String>,
) -> Option<()> {
    for number in 0.. {
        let who = person(round, number);
        written.push(who.clone());
        people.say(&who, "A cup, please").await?;
        people.wait_for(&who, QUESTION).await?;
        people.say(&who, "4").await?;
        people.wait_for(&who, THANKS).await?;
    }
    None
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
    let pending = async || {
        let url = format!("{}/api/v1/webhooks/{bot}/deliveries?status=pending", daemon.base());
        let request = daemon.http.request(Method::GET, url).bearer_auth(daemon.key());
        let list: Value = request.send().await.unwrap().json().await.unwrap();
        list["deliveries"].as_array().unwrap().clone()
    };
    let ids = async || {
        let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for got in receiver.got.lock().await.iter() {
            let session = got.body["data"]["session_id"].as_str().unwrap().to_owned();
            ids.entry(session).or_default().insert(got.header("webhook-id").to_owned());
        }
        ids
    };
    let deadline =
        tokio::time::Instant::now() + PATIENCE + Duration::from_secs(kills(ROUNDS) as u64);
    loop {
        let (waiting, called) = (pending().await, ids().await.len());
        if waiting.is_empty() && asked <= called {
            break;
        }
        let is_in_time = tokio::time::Instant::now() < deadline;
        assert!(is_in_time, "{called} of {asked} called the webhook; these wait: {waiting:#?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let ids = ids().await;
    assert!(ids.values().all(|ids| ids.len() == 1), "{ids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_it_dies_each_step_of_rules_and_flows_is_done_once() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start_with(folder.path(), 0, &[RETRIES]).await;
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
        let plan = death(&points, round, 2 + round * 7 % 23);
        let settings = [(VARIABLE, plan.as_str()), RETRIES];
        // It may die over what the last one left.
        let Some(daemon) = Daemon::try_start(folder.path(), 0, &settings).await else { continue };
        let people = People::of(&daemon);
        tokio::join!(write_until_it_dies(&people, round, &mut written), daemon.died());
    }
    let daemon = Daemon::start_with(folder.path(), 0, &[RETRIES]).await;
    daemon.wait_until_ready("s").await;
    let mut asked = 0;
    for who in &written {
        let Some(found) = shown(&daemon, who).await else { continue };
        let is_asked = |data: &Value| 0 < count(data, NOTED) && 0 < count(data, QUESTION);
        daemon.wait_until(&messages_of(who), "the question", is_asked).await;
        // A person who has answered goes on.
        if 0 < count(&found, "4") {
            let is_thanked = |data: &Value| 0 < count(data, THANKS);
            daemon.wait_until(&messages_of(who), "the thanks", is_thanked).await;
        }
        asked += 1;
    }
    assert!(0 < asked);
    settled(&daemon).await;
    for who in &written {
        let Some(found) = shown(&daemon, who).await else { continue };
        for text in [NOTED, QUESTION, THANKS] {
            let times = count(&found, text);
            assert!(times <= 1, "{who} got '{text}' {times} times");
        }
    }
    check_calls(&daemon, &bot, (&receiver, asked)).await;
    let tickets = tickets(&daemon, &bot).await;
    assert!(asked <= tickets.len(), "{asked} were asked, {} have a ticket", tickets.len());
    assert!(tickets.values().all(|count| *count == 1), "{tickets:?}");
    daemon.stop().await;
}
