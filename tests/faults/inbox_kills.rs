//! The process dies in the steps of the inbox: afterwards each conversation is there and was opened once, and the
//! counters of its lists say what a count by hand says.

use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};
use wagate::breakpoint::{Breakpoint, VARIABLE};

use crate::support::{
    BUSINESS, PHONE,
    daemon::{Daemon, kills},
    http,
};

const PEOPLE: usize = 6;
const ROUNDS: usize = 6;

fn person(number: usize) -> String {
    format!("1555100010{number}")
}

/// Lets people write, and the session answer, until the gateway is gone.
async fn use_until_it_dies(http: http::Client, base: String, round: usize) {
    for number in 0.. {
        let who = person(number % PEOPLE);
        let (path, body) = match number % 3 {
            2 => (
                "/api/v1/sessions/s/send-text".to_owned(),
                json!({ "chatId": format!("{who}@c.us"), "content": format!("r{round} n{number}") }),
            ),
            _ => (
                format!("/_simulator/v1/accounts/{who}/messages"),
                json!({ "chat": format!("{PHONE}@c.us"), "text": format!("r{round} n{number}") }),
            ),
        };
        if http.post(format!("{base}{path}")).json(&body).send().await.is_err() {
            return;
        }
    }
}

async fn business(daemon: &Daemon, path: &str) -> Value {
    let called = daemon.try_call(Method::GET, &format!("{BUSINESS}{path}"), None).await;
    let (status, answer) = called.unwrap();
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

/// The conversations of a list over all its pages, after its total was compared with their number.
async fn counted(daemon: &Daemon, filter: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for page in 1.. {
        let answer = business(daemon, &format!("/chats?limit=2&page={page}&{filter}")).await;
        let chats = answer["chats"].as_array().unwrap().clone();
        let total = answer["pagination"]["total"].as_u64().unwrap();
        if chats.is_empty() {
            assert_eq!(total, all.len() as u64, "{filter}");
            return all;
        }
        all.extend(chats);
    }
    all
}

async fn has_caught_up(daemon: &Daemon) {
    let is_done = |all: &Value| {
        let all = all.as_array().unwrap();
        let done = |name: &str| all.iter().any(|one| one["name"] == name && one["lag"] == 0);
        done("inbox") && done("analytics")
    };
    daemon.wait_until("/api/v1/info/consumers", "the inbox and analytics", is_done).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_the_inbox_dies_each_step_happens_once_and_its_counters_are_right() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path()).await;
    daemon.link("s", PHONE).await;
    daemon.stop().await;
    let (rounds, begun) = (kills(ROUNDS), Instant::now());
    for round in 0..rounds {
        let point = [Breakpoint::InboxHandled, Breakpoint::InboxCommitted][round % 2];
        let plan = format!("{}:{}", point.name(), 1 + round * 7 % 23);
        // It may die over what the last one left.
        let Some(daemon) = Daemon::try_start(folder.path(), 0, &[(VARIABLE, plan.as_str())]).await
        else {
            continue;
        };
        let used = use_until_it_dies(daemon.http.clone(), daemon.base.clone(), round);
        tokio::join!(used, daemon.died());
    }
    let daemon = Daemon::start(folder.path()).await;
    daemon.wait_until_ready("s").await;
    has_caught_up(&daemon).await;
    let all = counted(&daemon, "").await;
    assert!(!all.is_empty());
    let mut by_status = 0;
    for status in ["OPEN", "ASSIGNED", "RESOLVED", "BOT_ACTIVE", "AI_ACTIVE"] {
        by_status += counted(&daemon, &format!("status={status}")).await.len();
    }
    assert_eq!(by_status, all.len());
    let unread = counted(&daemon, "unread=true").await.len();
    let by_hand = all.iter().filter(|chat| chat["unreadCount"] != 0).count();
    assert_eq!(unread, by_hand);
    assert_eq!(counted(&daemon, "assignedTo=unassigned").await.len(), all.len());
    let figures = business(&daemon, "/analytics").await;
    assert_eq!(figures["conversations"]["opened"], all.len(), "{figures}");
    // Who was only written to is no contact and has no timeline.
    let contacts = all.iter().filter_map(|chat| Some((chat, chat["contact"]["id"].as_str()?)));
    assert_ne!(contacts.clone().count(), 0);
    for (chat, contact) in contacts {
        let path = format!("/contacts/{contact}/timeline?type=conversation_opened");
        let opened = business(&daemon, &path).await["events"].as_array().unwrap().len();
        assert_eq!(opened, 1, "{chat}");
    }
    let each = begun.elapsed() / u32::try_from(rounds).unwrap().max(1);
    println!(
        "{rounds} deaths in the inbox: its counters are right; {} ms for one",
        each.as_millis()
    );
    daemon.stop().await;
}
