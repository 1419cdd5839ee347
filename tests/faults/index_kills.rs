//! The index of messages over kills of the gateway's process at random moments: afterwards a search finds
//! every message that is stored, once.

use std::{collections::BTreeSet, time::Duration};

use serde_json::json;

use crate::support::{
    PHONE,
    daemon::{Daemon, kills},
    http,
};

const WRITER: &str = "15550000003";
const LONGEST_LIFE_MILLISECONDS: u64 = 900;

/// Lets somebody write until the gateway is gone. How many it took.
async fn write_until_the_end(http: http::Client, base: String, round: usize) -> usize {
    let url = format!("{base}/_simulator/v1/accounts/{WRITER}/messages");
    for number in 0.. {
        let text = format!("needle r{round} n{number}");
        let body = json!({ "chat": format!("{PHONE}@c.us"), "text": text });
        match http.post(&url).json(&body).send().await {
            Ok(answer) if answer.status().is_success() => (),
            _ => return number,
        }
    }
    0
}

/// The ids and texts that a list of messages holds over all its pages.
async fn all(daemon: &Daemon, search: &str) -> (Vec<u64>, bool) {
    let (mut ids, mut before, mut is_indexing) = (Vec::new(), String::new(), false);
    loop {
        let page = daemon.get(&format!("/api/v1/messages?per_page=100{search}{before}")).await;
        let messages = page["messages"].as_array().unwrap();
        let is_needle = |text: &str| text.starts_with("needle ");
        let needles =
            messages.iter().filter(|one| is_needle(one["message_body"].as_str().unwrap()));
        ids.extend(needles.map(|one| one["id"].as_u64().unwrap()));
        is_indexing |= page["indexing"] == true;
        if page["has_more"] == false {
            return (ids, is_indexing);
        }
        before = format!("&before_id={}", page["next_before_id"]);
    }
}

/// Waits until a search finds what is stored, each message once.
async fn finds_all(daemon: &Daemon) -> usize {
    let started = tokio::time::Instant::now();
    loop {
        let (stored, _) = all(daemon, "").await;
        let (found, is_indexing) = all(daemon, "&search=needle").await;
        let unique: BTreeSet<&u64> = found.iter().collect();
        assert_eq!(unique.len(), found.len(), "some are found twice");
        if !is_indexing && found == stored {
            return stored.len();
        }
        let missing: Vec<&u64> = stored.iter().filter(|id| !unique.contains(id)).collect();
        assert!(
            started.elapsed() < crate::support::PATIENCE,
            "of {} are not found: {missing:?}",
            stored.len()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_stored_message_is_found_once_although_the_gateway_is_killed_again_and_again() {
    let kills = kills(4);
    let folder = tempfile::tempdir().unwrap();
    let mut daemon = Daemon::start(folder.path()).await;
    daemon.link("s", PHONE).await;
    let (mut written, mut stored) = (0, 0);
    for round in 0..kills {
        let writing =
            tokio::spawn(write_until_the_end(daemon.http.clone(), daemon.base.clone(), round));
        // The index is written about four times a second, and begun at the start.
        let life = rand::random_range(0..LONGEST_LIFE_MILLISECONDS);
        tokio::time::sleep(Duration::from_millis(life)).await;
        daemon.kill().await;
        written += writing.await.unwrap();
        if round % 3 == 2 {
            // Half of it is worse than none.
            let index = std::fs::read_dir(folder.path().join("data/search")).unwrap();
            let mut parts = index.map(|entry| entry.unwrap().path());
            let part = parts.find(|path| path.extension().is_some_and(|it| it == "idx"));
            part.iter().for_each(|part| std::fs::write(part, b"").unwrap());
        }
        daemon = Daemon::start(folder.path()).await;
        daemon.wait_until_ready("s").await;
        stored = finds_all(&daemon).await;
    }
    // What was missed at the end is fetched once the session is ready again.
    let started = tokio::time::Instant::now();
    while stored < written && started.elapsed() < crate::support::PATIENCE {
        stored = finds_all(&daemon).await;
    }
    assert!(0 < written && written <= stored, "{written} were written, {stored} are stored");
    println!("{kills} kills: {stored} messages stored, each found once");
    daemon.kill().await;
}
