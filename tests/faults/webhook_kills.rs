//! Webhooks over kills of the gateway's process, under load and with a receiver that often fails.

use std::{
    collections::{BTreeMap, HashSet},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::support::{
    PHONE,
    daemon::{Daemon, kills},
    http,
    receiver::{Answer, Got, Receiver},
};

const CHATS: usize = 3;
const SETTINGS: &[(&str, &str)] = &[
    // So many that chance alone does not make a dead letter: three of seven tries fail.
    (
        "WAGATE_WEBHOOKS__RETRY_SCHEDULE",
        "20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms",
    ),
    ("WAGATE_WEBHOOKS__TIMEOUT_SECONDS", "1"),
];

/// Sends until the gateway is gone. The texts whose sending it acknowledged.
async fn send_until_the_end(http: http::Client, base: String, round: usize) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for number in 0.. {
        let text = format!("{round}/{number}");
        let chat = format!("1555100000{}@c.us", number % CHATS);
        let body = json!({ "chatId": chat, "content": text });
        let url = format!("{base}/api/v1/sessions/s/send-text");
        let Ok(response) = http.post(url).json(&body).send().await else { break };
        if !response.status().is_success() {
            break;
        }
        acknowledged.push(text);
    }
    acknowledged
}

/// The endpoint when nothing waits any more. However long the line is, it has to get on.
async fn end_of_the_line(daemon: &Daemon, path: &str) -> Value {
    loop {
        let hook = daemon.get(path).await;
        let delivered = hook["stats"]["delivered"].clone();
        if hook["stats"]["waiting"] == 0 {
            return hook;
        }
        let gets_on = |hook: &Value| hook["stats"]["delivered"] != delivered;
        daemon.wait_until(path, "a delivery", gets_on).await;
    }
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_arrives_in_order_under_one_id_however_often_the_gateway_dies() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::choosing(|_, before| match before % 7 {
        2 | 5 => Answer::status("500 Oops"),
        3 => Answer::Close,
        _ => Answer::status("200 OK"),
    })
    .await;
    let mut daemon = Daemon::start_with(folder.path(), 0, SETTINGS).await;
    daemon.link("s", PHONE).await;
    let body = json!({ "url": receiver.url, "events": ["message_sent"] });
    let hook = daemon.post("/api/v1/sessions/s/webhooks", body).await;
    let path = format!("/api/v1/sessions/s/webhooks/{}", hook["id"].as_str().unwrap());
    let mut acknowledged = HashSet::new();
    let (kills, mut took) = (kills(5), Vec::new());
    for round in 0..kills {
        let begun = Instant::now();
        let (http, base) = (daemon.http.clone(), daemon.base.clone());
        let sends = tokio::spawn(send_until_the_end(http, base, round));
        receiver.count_to(receiver.counted() + 10 + 3 * (round % 5)).await;
        daemon.kill().await;
        acknowledged.extend(sends.await.unwrap());
        daemon = Daemon::start_with(folder.path(), 0, SETTINGS).await;
        daemon.wait_until_ready("s").await;
        took.push(begun.elapsed());
    }
    let begun = Instant::now();
    let hook = end_of_the_line(&daemon, &path).await;
    assert_eq!(hook["stats"]["failed"], 0, "{hook}");
    let emptied = begun.elapsed();
    daemon.kill().await;

    let got = receiver.got.lock().await.clone();
    let arrived: HashSet<&str> = got.iter().map(Got::said).collect();
    let lost: Vec<&String> =
        acknowledged.iter().filter(|text| !arrived.contains(text.as_str())).collect();
    assert!(lost.is_empty(), "of {} were lost: {lost:?}", acknowledged.len());
    let mut ids: BTreeMap<&str, HashSet<&str>> = BTreeMap::new();
    let (mut last, mut newest) = (BTreeMap::<&str, u64>::new(), BTreeMap::<&str, u64>::new());
    let mut steps_back: BTreeMap<&str, usize> = BTreeMap::new();
    let mut seen = HashSet::new();
    for each in &got {
        ids.entry(each.said()).or_default().insert(each.header("webhook-id"));
        let chat = each.body["data"]["chatId"].as_str().unwrap();
        let seq = each.body["seq"].as_u64().unwrap();
        // A kill repeats what was not recorded yet, in order: no more than one step back in a chat.
        if last.insert(chat, seq).is_some_and(|before| seq < before) {
            *steps_back.entry(chat).or_default() += 1;
        }
        if seen.insert(seq) {
            let before = newest.insert(chat, seq).unwrap_or(0);
            assert!(before < seq, "{chat}: {seq} came first after {before}");
        }
    }
    assert!(steps_back.values().all(|times| *times <= kills), "{steps_back:?}");
    assert!(ids.values().all(|ids| ids.len() == 1), "{ids:?}");
    println!(
        "{kills} kills: {} sends acknowledged, all delivered in order under one id each, in {} deliveries",
        acknowledged.len(),
        got.len(),
    );
    let quarter = took.len().div_ceil(4).max(1);
    println!(
        "a kill took {:.2?} in the first quarter and {:.2?} in the last; what waited then, {emptied:.0?}",
        median(&took[..quarter.min(took.len())]),
        median(&took[took.len().saturating_sub(quarter)..]),
    );
}
