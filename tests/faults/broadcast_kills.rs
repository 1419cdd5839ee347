//! The process dies in a broadcast, at random and at each of its points: afterwards everybody has it once, and its numbers
//! are those of a count by hand.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use wagate::breakpoint::{Breakpoint, VARIABLE};

use crate::support::{
    PATIENCE, PHONE,
    daemon::{Daemon, kills},
};

const BUSINESS: &str = "/api/whatsapp-api";
/// More than a broadcast has in the outbox at once, and than the passes of a point.
const PEOPLE: usize = 24;
/// How often it dies at one point at most.
const MOST_PASSES: usize = 20;
const LOOK: Duration = Duration::from_millis(10);
/// One message after the other.
const SETTINGS: [(&str, &str); 2] = [
    ("WAGATE_BUSINESS__BROADCAST_GAP_MILLISECONDS", "[0, 4]"),
    ("WAGATE_LIMITS__PER_RECIPIENT_HOUR", "0"),
];
/// Several messages in one commit.
const TOGETHER: [(&str, &str); 2] =
    [("WAGATE_BUSINESS__BROADCAST_GAP_MILLISECONDS", "[0, 0]"), SETTINGS[1]];

fn phone(number: usize) -> String {
    format!("1555200{number:04}")
}

async fn business(
    daemon: &Daemon,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Option<Value> {
    let (status, answer) = daemon.try_call(method, &format!("{BUSINESS}{path}"), body).await?;
    assert!((200..300).contains(&status), "{path}: {status} {answer}");
    Some(answer)
}

async fn get(daemon: &Daemon, path: &str) -> Value {
    business(daemon, Method::GET, path, None).await.unwrap()
}

async fn post(daemon: &Daemon, path: &str, body: Value) -> Option<Value> {
    business(daemon, Method::POST, path, Some(body)).await
}

/// A linked session, a template and people who have agreed.
async fn prepare(daemon: &Daemon) {
    daemon.link("s", PHONE).await;
    let template = json!({
        "name": "news", "category": "UTILITY", "language": "en_US",
        "components": [{ "type": "BODY", "text": "News {{1}} for you" }],
    });
    post(daemon, "/templates", template).await.unwrap();
    for number in 0..PEOPLE {
        let body = json!({ "phone": format!("+{}", phone(number)), "optedIn": true });
        post(daemon, "/contacts", body).await.unwrap();
    }
}

fn draft(name: &str) -> Value {
    let name_as_parameter = json!([{ "type": "text", "text": name }]);
    json!({
        "name": name, "templateName": "news", "language": "en_US", "tags": ["*"], "sendNow": true,
        "components": [{ "type": "body", "parameters": name_as_parameter }],
    })
}

/// The broadcast of a name; it is begun if the gateway died before it knew of it.
async fn known_or_begun(daemon: &Daemon, name: &str) -> String {
    let all = get(daemon, "/broadcasts?limit=100").await;
    let known = all["broadcasts"].as_array().unwrap().iter().find(|one| one["name"] == name);
    let broadcast = match known {
        Some(known) => known.clone(),
        None => post(daemon, "/broadcasts", draft(name)).await.unwrap(),
    };
    format!("/broadcasts/{}", broadcast["id"].as_str().unwrap())
}

async fn wait_until_completed(daemon: &Daemon, path: &str) -> Value {
    let completed = async {
        loop {
            let broadcast = get(daemon, path).await;
            if broadcast["status"] == "COMPLETED" {
                return;
            }
            assert_eq!(broadcast["status"], "SENDING", "{broadcast}");
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(PATIENCE, completed).await.expect("it is not completed");
    // The phones have all of it: the receipts follow. The search rests for seconds, and nothing here asks it.
    let is_done = |all: &Value| {
        let mut all = all.as_array().unwrap().iter();
        all.all(|one| {
            one["lag"] == 0 || !["broadcasts", "inbox"].iter().any(|name| one["name"] == *name)
        })
    };
    daemon.wait_until("/api/v1/info/consumers", "the consumers", is_done).await;
    get(daemon, path).await
}

/// Everybody has the message once, and the numbers are those of a count by hand.
async fn assert_once(daemon: &Daemon, path: &str, name: &str) {
    let text = format!("News {name} for you");
    let chat = format!("{PHONE}@c.us");
    let shown =
        join_all((0..PEOPLE).map(async |number| daemon.on_phone(&phone(number), &chat).await));
    for (number, texts) in shown.await.into_iter().enumerate() {
        let times = texts.iter().filter(|one| **one == text).count();
        assert_eq!(times, 1, "{name}: person {number} has it {times} times");
    }
    // Receipts may come between the two.
    let counted = async {
        loop {
            let before = get(daemon, path).await["stats"].clone();
            let page = get(daemon, &format!("{path}/recipients?limit=100")).await;
            if before != get(daemon, path).await["stats"] {
                continue;
            }
            let all = page["recipients"].as_array().unwrap().clone();
            let count = |statuses: &[&str]| {
                let is_one = |one: &&Value| statuses.iter().any(|status| one["status"] == *status);
                all.iter().filter(is_one).count()
            };
            let by_hand = json!({
                "total": all.len(), "sent": count(&["SENT", "DELIVERED", "READ"]),
                "delivered": count(&["DELIVERED", "READ"]), "read": count(&["READ"]),
                "failed": count(&["FAILED"]), "skipped": count(&["SKIPPED"]),
            });
            return (before, by_hand);
        }
    };
    let (stats, by_hand) = tokio::time::timeout(PATIENCE, counted).await.unwrap();
    assert_eq!(stats, by_hand, "{name}");
    assert_eq!((&stats["total"], &stats["sent"]), (&json!(PEOPLE), &json!(PEOPLE)), "{name}");
    let contact = get(daemon, "/contacts?limit=1").await["contacts"][0]["id"].clone();
    let timeline =
        format!("/contacts/{}/timeline?type=broadcast&limit=200", contact.as_str().unwrap());
    let entries = get(daemon, &timeline).await["events"].as_array().unwrap().clone();
    let of_this = entries.iter().filter(|one| one["data"]["name"] == name).count();
    assert_eq!(of_this, 1, "{name}: {of_this} entries in the timeline");
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_a_broadcast_dies_everybody_gets_it_once_and_its_numbers_are_right() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start_with(folder.path(), 0, &SETTINGS).await;
    prepare(&daemon).await;
    daemon.stop().await;
    let (mut deaths, begun) = (0_u32, Instant::now());
    for point in Breakpoint::ALL.into_iter().filter(|point| point.is_of_broadcasts()) {
        for pass in (0..kills(1).min(MOST_PASSES)).map(|number| 1 + number * 7 % 23) {
            let name = format!("{}-{pass}", point.name());
            // A broadcast is completed once.
            let pass = if point == Breakpoint::BroadcastCompleted { 1 } else { pass };
            let plan = format!("{}:{pass}", point.name());
            let doomed: Vec<_> =
                SETTINGS.iter().copied().chain([(VARIABLE, plan.as_str())]).collect();
            let daemon = Daemon::start_with(folder.path(), 0, &doomed).await;
            daemon.wait_until_ready("s").await;
            let _ = post(&daemon, "/broadcasts", draft(&name)).await;
            daemon.died().await;
            deaths += 1;
            let daemon = Daemon::start_with(folder.path(), 0, &SETTINGS).await;
            daemon.wait_until_ready("s").await;
            let path = known_or_begun(&daemon, &name).await;
            wait_until_completed(&daemon, &path).await;
            assert_once(&daemon, &path, &name).await;
            daemon.stop().await;
        }
    }
    let each = begun.elapsed() / deaths.max(1);
    println!(
        "{deaths} deaths in broadcasts to {PEOPLE} people: each had each of them once; {} ms for one",
        each.as_millis()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_survives_kills_at_random() {
    const LONGEST_LIFE_MILLISECONDS: u64 = 240;
    let folder = tempfile::tempdir().unwrap();
    let mut daemon = Daemon::start_with(folder.path(), 0, &TOGETHER).await;
    prepare(&daemon).await;
    let (kills, begun) = (kills(3), Instant::now());
    let mut killed = 0;
    while killed < kills {
        let name = format!("round-{killed}");
        // Some die while it is not known yet, others when it is nearly done.
        for _ in 0..3.min(kills - killed) {
            let path = known_or_begun(&daemon, &name).await;
            let life = rand::random_range(0..LONGEST_LIFE_MILLISECONDS);
            tokio::time::sleep(Duration::from_millis(life)).await;
            assert!(!path.is_empty());
            daemon.kill().await;
            killed += 1;
            let pace = if rand::random() { &TOGETHER } else { &SETTINGS };
            daemon = Daemon::start_with(folder.path(), 0, pace).await;
            daemon.wait_until_ready("s").await;
        }
        let path = known_or_begun(&daemon, &name).await;
        wait_until_completed(&daemon, &path).await;
        assert_once(&daemon, &path, &name).await;
    }
    let each = begun.elapsed() / u32::try_from(kills).unwrap().max(1);
    println!(
        "{kills} kills in broadcasts to {PEOPLE} people: each had each of them once; {} ms for one",
        each.as_millis()
    );
    daemon.stop().await;
}
