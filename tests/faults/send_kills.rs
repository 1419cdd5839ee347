//! Sends over kills of the gateway's process at random moments.

use std::{collections::HashSet, time::Duration};

use serde_json::{Value, json};

use crate::support::{
    PHONE, SILENT,
    daemon::{Daemon, kills},
    http,
};

const TEXT: &str = "/api/v1/sessions/s/send-text";
const OUTBOX: &str = "/api/v1/sessions/s/outbox";
const SILENT_PHONE: &str = "15550000003";

/// Posts until the gateway is gone. The texts that it accepted, in order.
async fn post_until_the_end(http: http::Client, base: String, round: usize) -> Vec<String> {
    let mut accepted = Vec::new();
    for number in 0.. {
        let words = format!("{round}-{number}");
        let body = json!({ "chatId": SILENT, "content": words, "queue": true });
        let Ok(response) = http.post(format!("{base}{TEXT}")).json(&body).send().await else {
            break;
        };
        assert_eq!(response.status(), 202);
        accepted.push(words);
    }
    accepted
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_arrives_once_although_the_gateway_is_killed_again_and_again() {
    const LONGEST_LIFE_MILLISECONDS: u64 = 60;
    let kills = kills(3);
    let folder = tempfile::tempdir().unwrap();
    let mut daemon = Daemon::start(folder.path()).await;
    daemon.link("s", PHONE).await;
    let mut accepted = Vec::new();
    for round in 0..kills {
        let posting =
            tokio::spawn(post_until_the_end(daemon.http.clone(), daemon.base.clone(), round));
        // The moment is the point: it falls anywhere between an acceptance and its receipt.
        let life = rand::random_range(0..LONGEST_LIFE_MILLISECONDS);
        tokio::time::sleep(Duration::from_millis(life)).await;
        daemon.kill().await;
        accepted.extend(posting.await.unwrap());
        daemon = Daemon::start(folder.path()).await;
        daemon.wait_until_ready("s").await;
    }
    let is_through = |answer: &Value| {
        let entries = answer["outbox"].as_array().unwrap();
        entries.iter().all(|entry| entry["state"] == "delivered")
    };
    daemon.wait_until(&format!("{OUTBOX}?limit=200"), "the end of the outbox", is_through).await;
    let arrived = daemon.on_phone(SILENT_PHONE, &format!("{PHONE}@c.us")).await;
    let unique: HashSet<&String> = arrived.iter().collect();
    assert_eq!(unique.len(), arrived.len(), "doubled");
    // What was not answered may have been accepted all the same.
    let known: HashSet<&String> = accepted.iter().collect();
    let in_order: Vec<&String> = arrived.iter().filter(|text| known.contains(text)).collect();
    assert_eq!(in_order, accepted.iter().collect::<Vec<_>>(), "lost, or out of order");
    println!(
        "{kills} kills: {} sends accepted, none lost, none doubled, all in order",
        accepted.len()
    );
    daemon.kill().await;
}
