//! The process dies while conversations are resolved: afterwards each contact was asked once for each time that its
//! conversation was resolved.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use wagate::breakpoint::{Breakpoint, VARIABLE};

use crate::{
    people::{death, is_inbox_done, settled},
    support::{
        PHONE,
        daemon::{Daemon, kills},
        http,
    },
};

const BUSINESS: &str = "/api/whatsapp-api";
const PEOPLE: usize = 3;
const ROUNDS: usize = 6;
const QUESTION: &str = "Well?";
const SURVEYS: [(&str, &str); 2] =
    [("WAGATE_SURVEYS__MIN_GAP_HOURS", "0"), ("WAGATE_SURVEYS__MESSAGE", QUESTION)];

fn person(number: usize) -> String {
    format!("1555100020{number}")
}

/// A caller of the gateway until it is gone.
struct Caller {
    http: http::Client,
    base: String,
    key: String,
}

impl Caller {
    /// None once the gateway is gone.
    async fn ask(&self, method: Method, path: &str, body: Value) -> Option<Value> {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let request =
            if path.starts_with(BUSINESS) { request.bearer_auth(&self.key) } else { request };
        let answer = request.json(&body).send().await.ok()?;
        answer.json().await.ok()
    }

    async fn get(&self, path: &str) -> Option<Value> {
        self.ask(Method::GET, path, json!({})).await
    }

    /// Lets people write and their conversations be resolved, one after the other.
    async fn resolve_until_it_dies(&self, round: usize) -> Option<()> {
        for number in 0.. {
            let (who, text) = (person(number % PEOPLE), format!("r{round} n{number}"));
            let words = json!({ "chat": format!("{PHONE}@c.us"), "text": text });
            let path = format!("/_simulator/v1/accounts/{who}/messages");
            self.ask(Method::POST, &path, words).await?;
            let id = loop {
                match self.open_chat(&who, &text).await? {
                    Some(id) => break id,
                    None => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            };
            let path = format!("{BUSINESS}/chats/{id}/resolve");
            self.ask(Method::POST, &path, json!({})).await?;
        }
        None
    }

    /// The conversation of somebody, once it is open and the inbox has handled a message and all before it.
    async fn open_chat(&self, who: &str, text: &str) -> Option<Option<String>> {
        let open = self.get(&format!("{BUSINESS}/chats?limit=100&status=OPEN")).await?;
        let phone = format!("+{who}");
        let mut chats = open["chats"].as_array().into_iter().flatten();
        let Some(chat) = chats.find(|chat| chat["contact"]["phone"] == phone.as_str()) else {
            return Some(None);
        };
        let id = chat["id"].as_str().unwrap_or_default().to_owned();
        let page = self.get(&format!("{BUSINESS}/chats/{id}")).await?;
        let mut messages = page["messages"].as_array().into_iter().flatten();
        let has_come = messages.any(|message| message["text"] == text);
        let consumers = self.get("/api/v1/info/consumers").await?;
        Some((has_come && is_inbox_done(&consumers["data"])).then_some(id))
    }
}

async fn business(daemon: &Daemon, path: &str) -> Value {
    let called = daemon.try_call(Method::GET, &format!("{BUSINESS}{path}"), None).await;
    let (status, answer) = called.unwrap();
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

/// How often somebody's phone was asked.
async fn asked(daemon: &Daemon, phone: &str) -> usize {
    let shown = daemon.on_phone(phone, &format!("{PHONE}@c.us")).await;
    shown.iter().filter(|text| *text == QUESTION).count()
}

/// How often the conversation of a contact was resolved, over all pages of the timeline.
async fn resolved(daemon: &Daemon, contact: &str) -> usize {
    let path = format!("/contacts/{contact}/timeline?type=conversation_resolved&limit=200");
    let (mut before, mut count) = (String::new(), 0);
    loop {
        let page = business(daemon, &format!("{path}{before}")).await;
        let events = page["events"].as_array().unwrap();
        count += events.len();
        match events.last() {
            Some(last) if page["hasMore"] == true => {
                before = format!("&before={}", last["at"].as_str().unwrap());
            }
            _ => return count,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_it_dies_each_resolved_conversation_is_asked_about_once() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path()).await;
    daemon.link("s", PHONE).await;
    daemon.stop().await;
    for round in 0..kills(ROUNDS) {
        let points = [
            Breakpoint::InboxHandled,
            Breakpoint::InboxCommitted,
            Breakpoint::EventCommitted,
            Breakpoint::SendAnswered,
        ];
        let plan = death(&points, round, 2 + round * 7 % 23);
        let settings = [(VARIABLE, plan.as_str()), SURVEYS[0], SURVEYS[1]];
        // It may die over what the last one left.
        let Some(daemon) = Daemon::try_start(folder.path(), 0, &settings).await else { continue };
        let caller =
            Caller { http: daemon.http.clone(), base: daemon.base.clone(), key: daemon.key() };
        tokio::join!(caller.resolve_until_it_dies(round), daemon.died());
    }
    let daemon = Daemon::start_with(folder.path(), 0, &SURVEYS).await;
    daemon.wait_until_ready("s").await;
    settled(&daemon).await;
    let all = business(&daemon, "/chats?limit=100").await;
    let mut total = 0;
    for chat in all["chats"].as_array().unwrap() {
        let contact = chat["contact"]["id"].as_str().unwrap();
        let phone = chat["contact"]["phone"].as_str().unwrap().trim_start_matches('+');
        let resolved = resolved(&daemon, contact).await;
        // What waits in the outbox is sent by then.
        settled(&daemon).await;
        assert_eq!(asked(&daemon, phone).await, resolved, "{chat}");
        total += resolved;
    }
    assert!(0 < total);
    daemon.stop().await;
}
