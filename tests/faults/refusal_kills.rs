//! Refused sends and cut lines at random beside kills: every accepted send is on a phone once, or its
//! failure was an event once, and never both.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    PATIENCE, PHONE, SILENT,
    daemon::{Daemon, kills},
    http,
};

const TEXT: &str = "/api/v1/sessions/s/send-text";
const OUTBOX: &str = "/api/v1/sessions/s/outbox";
const SILENT_PHONE: &str = "15550000003";
const NOBODY: &str = "9991234567@c.us";
const LAST: &str = "the last one";

/// What was answered to the senders, by the text of the message.
#[derive(Default)]
struct Answers {
    /// Accepted for later, or sent: it has an end.
    accepted: Vec<String>,
    /// Answered with a failure: the phone must not have it.
    failed: Vec<String>,
}

/// Posts until the gateway is gone: for later to somebody and to nobody, and directly.
async fn post_until_the_end(http: http::Client, base: String, round: usize) -> Answers {
    let mut answers = Answers::default();
    for number in 0.. {
        let words = format!("{round}-{number}");
        let body = match number % 4 {
            0 => json!({ "chatId": NOBODY, "content": words, "queue": true }),
            1 => json!({ "chatId": SILENT, "content": words }),
            _ => json!({ "chatId": SILENT, "content": words, "queue": true, "priority": "bulk" }),
        };
        let Ok(response) = http.post(format!("{base}{TEXT}")).json(&body).send().await else {
            break;
        };
        match response.status().as_u16() {
            200 | 202 => answers.accepted.push(words),
            502 | 409 => answers.failed.push(words),
            other => panic!("{other}"),
        }
    }
    answers
}

/// Refuses sends, and cuts and restores the line, as long as the gateway is there.
async fn trouble(http: http::Client, base: String) -> (usize, usize) {
    let (mut refused, mut cuts) = (0, 0);
    loop {
        let sends = rand::random_range(0..3);
        let faults = http.put(format!("{base}/_simulator/v1/faults"));
        if faults.json(&json!({ "refuseSends": sends })).send().await.is_err() {
            return (refused, cuts);
        }
        refused += sends;
        for connected in [false, true] {
            let line = http.post(format!("{base}/_simulator/v1/accounts/{PHONE}/line"));
            if line.json(&json!({ "connected": connected })).send().await.is_err() {
                return (refused, cuts);
            }
            cuts += usize::from(!connected);
            tokio::time::sleep(Duration::from_millis(rand::random_range(1..12))).await;
        }
    }
}

/// How often the failure of each entry was an event, from the first event to the last message.
async fn failures(daemon: &Daemon) -> HashMap<String, usize> {
    let url = format!("{}/api/v1/sessions/s/events?since=0", daemon.base);
    let mut response = daemon.http.get(url).send().await.unwrap();
    let (mut failures, mut bytes) = (HashMap::new(), Vec::new());
    let reading = async {
        while let Some(chunk) = response.chunk().await.unwrap() {
            bytes.extend_from_slice(&chunk);
            while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = bytes.drain(..=end).collect();
                let Some(data) = line.strip_prefix(b"data:") else { continue };
                let event: Value = serde_json::from_slice(data).unwrap();
                let data = &event["data"];
                if event["event"] == "ack" && data["ack"] == -1 {
                    let entry = data["outboxId"].as_str().expect("which entry").to_owned();
                    *failures.entry(entry).or_default() += 1;
                }
                if event["event"] == "message_sent" && data["body"] == LAST {
                    return;
                }
            }
        }
        panic!("the stream ended");
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("the events do not come");
    failures
}

/// All entries of the outbox, once none of them waits.
async fn ended(daemon: &Daemon) -> Vec<Value> {
    let deadline = tokio::time::Instant::now() + PATIENCE * 3;
    loop {
        let (mut all, mut before) = (Vec::<Value>::new(), String::new());
        loop {
            let page = daemon.get(&format!("{OUTBOX}?limit=200{before}")).await;
            let page = page["outbox"].as_array().unwrap().clone();
            let Some(last) = page.last() else { break };
            before = format!("&before={}", last["id"].as_str().unwrap());
            all.extend(page);
        }
        let waits = |entry: &&Value| {
            ["queued", "sending", "unknown"].contains(&entry["state"].as_str().unwrap())
        };
        let Some(entry) = all.iter().find(waits) else { return all };
        assert!(tokio::time::Instant::now() < deadline, "it has no end: {entry}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_accepted_send_arrives_once_or_its_failure_is_an_event_once() {
    const LONGEST_LIFE_MILLISECONDS: u64 = 300;
    let kills = kills(3);
    let folder = tempfile::tempdir().unwrap();
    let mut daemon = Daemon::start(folder.path()).await;
    daemon.link("s", PHONE).await;
    let (mut answers, mut refused, mut cuts) = (Answers::default(), 0, 0);
    for round in 0..kills {
        let (http, base) = (daemon.http.clone(), daemon.base.clone());
        let posting = tokio::spawn(post_until_the_end(http.clone(), base.clone(), round));
        let troubling = tokio::spawn(trouble(http, base));
        // The moment is the point: it falls anywhere between an acceptance and its end.
        let life = rand::random_range(0..LONGEST_LIFE_MILLISECONDS);
        tokio::time::sleep(Duration::from_millis(life)).await;
        daemon.kill().await;
        let of_round = posting.await.unwrap();
        answers.accepted.extend(of_round.accepted);
        answers.failed.extend(of_round.failed);
        let (more_refused, more_cuts) = troubling.await.unwrap();
        (refused, cuts) = (refused + more_refused, cuts + more_cuts);
        daemon = Daemon::start(folder.path()).await;
        daemon.wait_until_ready("s").await;
    }
    daemon.call(Method::PUT, "/_simulator/v1/faults", Some(json!({}))).await;
    let entries = ended(&daemon).await;
    daemon.send("s", SILENT, LAST).await;
    let failures = failures(&daemon).await;
    let is_there = |texts: &[String]| texts.iter().any(|text| text == LAST);
    let chat = format!("{PHONE}@c.us");
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut arrived = daemon.on_phone(SILENT_PHONE, &chat).await;
    while !is_there(&arrived) {
        assert!(tokio::time::Instant::now() < deadline, "the last one does not arrive");
        tokio::time::sleep(Duration::from_millis(10)).await;
        arrived = daemon.on_phone(SILENT_PHONE, &chat).await;
    }

    // The gateway's side: each entry has one end, and failures one event each.
    let failed: HashSet<&str> = entries
        .iter()
        .filter(|entry| entry["state"] == "failed")
        .map(|entry| entry["id"].as_str().unwrap())
        .collect();
    let reported: HashSet<&str> = failures.keys().map(String::as_str).collect();
    assert_eq!(reported, failed, "failures and their events");
    assert!(failures.values().all(|times| *times == 1), "reported twice: {failures:?}");
    // The phones' side: what was sent is there once, and nothing else.
    let unique: HashSet<&String> = arrived.iter().collect();
    assert_eq!(unique.len(), arrived.len(), "doubled");
    let sent = entries.len() - failed.len();
    assert_eq!(arrived.len(), sent + 1, "what the outbox calls sent, and the last one");
    let said_failed = answers.failed.iter().filter(|text| unique.contains(text)).count();
    assert_eq!(said_failed, 0, "answered as failed, and sent");
    let lost = answers.accepted.iter().filter(|text| !unique.contains(text)).count();
    assert!(lost <= failed.len(), "{lost} accepted sends did not arrive, {} failed", failed.len());
    println!(
        "{kills} kills, {refused} planned refusals, {cuts} cut lines: {} sends accepted, {sent} of the \
        outbox arrived once, {} failed with one event each, none both, none neither",
        answers.accepted.len(),
        failed.len(),
    );
    daemon.kill().await;
}
