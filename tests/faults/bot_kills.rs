//! The process dies while a bot answers: afterwards everybody who wrote got one answer.

use reqwest::Method;
use serde_json::{Value, json};
use wagate::breakpoint::{Breakpoint, VARIABLE};

use crate::{
    people::{People, count, death, messages_of, settled, shown},
    support::{
        PHONE,
        daemon::{Daemon, kills},
    },
};

const ROUNDS: usize = 8;
const QUESTION: &str = "Hi";
const ANSWER: &str = "Welcome to Acme";

/// Everybody writes once.
fn person(round: usize, number: usize) -> String {
    format!("1555{:07}", 3_000_000 + round * 1_000 + number)
}

/// Lets one after the other write, and wait for the answer.
async fn write_until_it_dies(
    people: &People,
    round: usize,
    written: &mut Vec<String>,
) -> Option<()> {
    for number in 0.. {
        let who = person(round, number);
        written.push(who.clone());
        people.say(&who, QUESTION).await?;
        people.wait_for(&who, ANSWER).await?;
    }
    None
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
        let plan = death(&points, round, 2 + round * 7 % 23);
        let settings = [(VARIABLE, plan.as_str())];
        // It may die over what the last one left.
        let Some(daemon) = Daemon::try_start(folder.path(), 0, &settings).await else { continue };
        let people = People::of(&daemon);
        tokio::join!(write_until_it_dies(&people, round, &mut written), daemon.died());
    }
    let daemon = Daemon::start(folder.path()).await;
    daemon.wait_until_ready("s").await;
    let mut total = 0;
    for who in &written {
        if shown(&daemon, who).await.is_some() {
            let is_answered = |data: &Value| 0 < count(data, ANSWER);
            daemon.wait_until(&messages_of(who), "an answer", is_answered).await;
            total += 1;
        }
    }
    assert!(0 < total);
    settled(&daemon).await;
    for who in &written {
        let Some(found) = shown(&daemon, who).await else { continue };
        let answers = count(&found, ANSWER);
        assert!(answers <= 1, "{who} got {answers} answers");
    }
    daemon.stop().await;
}
