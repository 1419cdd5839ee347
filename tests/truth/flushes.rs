//! What a send costs the disk: two flushes at most, however it is asked for, and callers share them.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    stage::{ADA, Events, SESSION, Stage},
    support::receiver::{Answer, Receiver},
};

const SENDS: usize = 30;
const CALLERS: usize = 16;
const SENDS_EACH: usize = 5;
/// So many times a second at most the gateway flushes for itself: for its own records, and for webhooks.
const OWN: f64 = 13.0;
/// A session with a webhook and a listener, whose messages nobody acknowledges: what comes of a message later
/// is not part of its send.
async fn stage() -> (Stage, Receiver, Events) {
    let stage = Stage::start("simulated").await;
    stage.plan_faults(json!({ "slowReceipts": 60_000 })).await;
    let receiver = Receiver::start(&[Answer::status("200 OK")]).await;
    stage.send("webhooks", json!({ "url": receiver.url, "events": ["message_sent"] })).await;
    let events = stage.events().await;
    (stage, receiver, events)
}

/// Flushes that somebody wanted at once. Others are made for what can wait, so many in a time at most.
async fn flushes(stage: &Stage) -> f64 {
    let answer = stage.daemon.http.get(format!("{}/metrics", stage.daemon.base())).send().await;
    let text = answer.unwrap().text().await.unwrap();
    let counted = "wagate_store_flushes_total{due=\"at_once\"}";
    let line = text.lines().find(|line| line.starts_with(counted));
    line.map_or(0.0, |line| line.rsplit_once(' ').unwrap().1.parse().unwrap())
}

async fn send(stage: &Stage, chat: &str, fields: &Value, key: Option<String>) {
    let mut body = json!({ "chatId": format!("{chat}@c.us"), "content": "Hello" });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let url = format!("{}{SESSION}/send-text", stage.daemon.base());
    let mut request = stage.daemon.http.post(url).json(&body);
    if let Some(key) = key {
        request = request.header("Idempotency-Key", key);
    }
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
}

/// Waits until a listener has received so many messages, and so their events are on the disk.
async fn received(events: &mut Events, messages: usize) {
    for _ in 0..messages {
        events.next("message_sent", |_| true).await;
    }
}

/// How many flushes were made since then, less what the gateway may make for itself.
async fn cost(stage: &Stage, before: f64, begun: Instant) -> f64 {
    let own = OWN * (begun.elapsed() + Duration::from_millis(200)).as_secs_f64();
    let found = flushes(stage).await - before;
    assert!(1.0 <= found, "nothing reached the disk");
    println!("{found} flushes, of which {own:.0} may be the gateway's own");
    found - own
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_costs_two_flushes_however_it_is_asked_for() {
    let (stage, _receiver, mut events) = stage().await;
    for (way, fields, is_keyed) in [
        ("direct", json!({}), false),
        ("keyed", json!({}), true),
        ("queued", json!({ "queue": true }), false),
        ("queued and keyed", json!({ "queue": true }), true),
    ] {
        let (begun, before) = (Instant::now(), flushes(&stage).await);
        for n in 0..SENDS {
            let key = is_keyed.then(|| format!("{way} {n}"));
            send(&stage, ADA, &fields, key).await;
        }
        received(&mut events, SENDS).await;
        let cost = cost(&stage, before, begun).await;
        assert!(cost <= 2.0 * SENDS as f64, "{way}: {cost} for {SENDS} sends");
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_at_the_same_time_share_flushes() {
    let (stage, _receiver, mut events) = stage().await;
    let (begun, before) = (Instant::now(), flushes(&stage).await);
    let (nothing, sender) = (json!({}), &stage);
    let (nothing, callers) = (&nothing, 0..CALLERS);
    let callers = callers.map(|caller| async move {
        for _ in 0..SENDS_EACH {
            send(sender, &format!("155500001{caller:02}"), nothing, None).await;
        }
    });
    join_all(callers).await;
    received(&mut events, CALLERS * SENDS_EACH).await;
    let cost = cost(&stage, before, begun).await;
    let most = (CALLERS * SENDS_EACH) as f64;
    assert!(cost <= most, "{cost} for {most} sends");
    stage.end().await;
}
