//! The process dies in the steps of the inbox: afterwards each conversation is there and was opened once, and the
//! counters of its lists say what a count by hand says.

use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};
use wagate::breakpoint::{Breakpoint, VARIABLE};

use crate::{
    people::settled,
    support::{
        BUSINESS, PATIENCE, PHONE,
        daemon::{Daemon, kills},
        http,
    },
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

/// The conversations of a list over all its pages, and the total that it names.
async fn counted(daemon: &Daemon, filter: &str) -> (Vec<Value>, u64) {
    let mut all = Vec::new();
    for page in 1.. {
        let answer = business(daemon, &format!("/chats?limit=2&page={page}&{filter}")).await;
        let chats = answer["chats"].as_array().unwrap().clone();
        if chats.is_empty() {
            return (all, answer["pagination"]["total"].as_u64().unwrap());
        }
        all.extend(chats);
    }
    unreachable!("a page is empty")
}

/// All that the gateway says of its conversations, between two events.
struct Counts {
    all: Vec<Value>,
    by_status: usize,
    unread: usize,
    unassigned: usize,
    opened: Value,
    /// Lists whose total is not the number of their entries.
    wrong: Vec<String>,
}

impl Counts {
    async fn take(daemon: &Daemon) -> Self {
        let mut wrong = Vec::new();
        let mut list = async |filter: &str| {
            let (chats, total) = counted(daemon, filter).await;
            if total != chats.len() as u64 {
                wrong.push(format!("{filter}: {total} for {}", chats.len()));
            }
            chats
        };
        let (all, mut by_status) = (list("").await, 0);
        for status in ["OPEN", "ASSIGNED", "RESOLVED", "BOT_ACTIVE", "AI_ACTIVE"] {
            by_status += list(&format!("status={status}")).await.len();
        }
        let unread = list("unread=true").await.len();
        let unassigned = list("assignedTo=unassigned").await.len();
        let opened = business(daemon, "/analytics").await["conversations"]["opened"].clone();
        Self { all, by_status, unread, unassigned, opened, wrong }
    }
}

/// How far the inbox and the analytics have read, once nothing is left of the log or the outbox.
async fn caught_up(daemon: &Daemon) -> Vec<Value> {
    settled(daemon).await;
    let mut cursors = Vec::new();
    for name in ["inbox", "analytics"] {
        let is_done = |all: &Value| {
            all.as_array().unwrap().iter().any(|one| one["name"] == name && one["lag"] == 0)
        };
        daemon.wait_until("/api/v1/info/consumers", name, is_done).await;
        let all = daemon.get("/api/v1/info/consumers").await;
        let one = all.as_array().unwrap().iter().find(|one| one["name"] == name);
        cursors.push(one.unwrap()["cursor"].clone());
    }
    cursors
}

/// A session that is ready still fetches what it missed: a count amid that compares two states.
async fn counts(daemon: &Daemon) -> Counts {
    let begun = Instant::now();
    loop {
        let before = caught_up(daemon).await;
        let counts = Counts::take(daemon).await;
        if caught_up(daemon).await == before {
            return counts;
        }
        assert!(begun.elapsed() < PATIENCE, "events come without end");
    }
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
    let counts = counts(&daemon).await;
    let all = counts.all;
    assert!(!all.is_empty());
    assert!(counts.wrong.is_empty(), "{:?}", counts.wrong);
    assert_eq!(counts.by_status, all.len());
    let by_hand = all.iter().filter(|chat| chat["unreadCount"] != 0).count();
    assert_eq!((counts.unread, counts.unassigned), (by_hand, all.len()));
    assert_eq!(counts.opened, all.len());
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
