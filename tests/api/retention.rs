//! The event log keeps to its bounds, loses nothing that somebody still has to get, and says so.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures_util::StreamExt;
use serde_json::json;
use wagate::events::{Need, Retention};

use crate::{
    app::{PATIENCE, PHONE, SILENT, TestApp},
    receiver::{Answer, Receiver},
};

const QUICK: (&str, &str) =
    ("WAGATE_WEBHOOKS__RETRY_SCHEDULE", "1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s");

/// So many long ones that the log is nearly twice as large as it may be.
const MESSAGES: usize = 45;

/// A text that takes most of its length in the store too.
fn incompressible(length: usize) -> String {
    (0..length).map(|_| char::from(rand::random_range(b'!'..=b'~'))).collect()
}

async fn send(app: &TestApp, text: &str) {
    let body = json!({ "chatId": SILENT, "content": text });
    assert_eq!(app.post("/api/v1/sessions/s/send-text", body).await.0, 200);
}

async fn metric(app: &TestApp, name: &str) -> f64 {
    let (_, text) = app.text("/metrics").await;
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_webhook_has_not_had_outgrows_the_log_and_the_operator_is_warned() {
    let app = TestApp::start_with(&[("WAGATE_EVENTS__MAX_MIB", "1"), QUICK]).await;
    app.ready("s", PHONE).await;
    let is_up = Arc::new(AtomicBool::new(false));
    let up = is_up.clone();
    let receiver = Receiver::choosing(move |_, _| {
        Answer::status(if up.load(Ordering::SeqCst) { "200 OK" } else { "500 Oops" })
    })
    .await;
    let body = json!({ "url": receiver.url, "events": ["message_sent"] });
    let (_, hook) = app.post("/api/v1/sessions/s/webhooks", body).await;
    let id = hook["data"]["id"].as_str().unwrap().to_owned();
    for _ in 0..MESSAGES {
        send(&app, &incompressible(60_000)).await;
    }
    let (log, retention) = (&app.gateway.services().events, &app.gateway.services().retention);
    retention.prune().await.unwrap();
    let (_, health) = app.get("/health").await;
    assert_eq!(
        (&health["data"]["status"], &health["data"]["checks"]["eventLog"]),
        (&json!("degraded"), &json!("warn"))
    );
    let warning = health["data"]["warnings"][0].as_str().unwrap();
    assert!(warning.contains(&id) && warning.contains(" of 1: "), "{warning}");
    assert!(700_000.0 < metric(&app, "wagate_event_log_surplus_bytes").await);
    let kept = log.bytes();
    assert!(1_800_000 < kept, "{kept}");

    is_up.store(true, Ordering::SeqCst);
    let path = format!("/api/v1/sessions/s/webhooks/{id}");
    app.wait_for("every delivery", || async {
        let (_, hook) = app.get(&path).await;
        (hook["data"]["stats"]["waiting"] == 0).then_some(())
    })
    .await;
    assert!(0 < retention.prune().await.unwrap());
    assert!(log.bytes() <= 1_048_576, "{}", log.bytes());
    assert!(metric(&app, "wagate_event_log_surplus_bytes").await < 1.0);
    let (_, health) = app.get("/health").await;
    assert_eq!(health["data"]["checks"]["eventLog"], "ok", "{health}");
    assert_eq!(health["data"]["warnings"], json!([]));
    // Messages are not events: all of them are still there.
    let (_, page) = app.get(&format!("/api/v1/sessions/s/chats/{SILENT}/messages?limit=100")).await;
    assert_eq!(page["data"].as_array().unwrap().len(), MESSAGES, "{page}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_was_away_for_too_long_learns_of_the_gap_and_gets_the_rest() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    send(&app, "one").await;
    let log = &app.gateway.services().events;
    let nobody: &[Need<()>] = &[];
    assert!(0 < log.prune(Retention::of_bytes(1), nobody).await.unwrap().dropped);
    let oldest = log.oldest();
    // What the first message caused may reach the log only now; this is an event that each listener gets.
    send(&app, "two").await;

    let mut listener = app.listen("/ws/s?since=1").await;
    let reset = listener.next().await;
    assert_eq!((&reset["event"], &reset["oldest"]), (&json!("reset"), &json!(oldest)));
    let first = listener.next().await["seq"].as_u64().unwrap();
    assert!(oldest <= first, "{oldest} {first}");
    // One that is only just behind has lost nothing.
    let mut listener = app.listen(&format!("/ws/s?since={}", oldest - 1)).await;
    assert_eq!(listener.next().await["seq"], first);

    let url = format!("{}/api/v1/sessions/s/events", app.base);
    let request = app.http.get(url).header("last-event-id", 1);
    let mut stream = request.send().await.unwrap().bytes_stream();
    let mut text = String::new();
    let read = tokio::time::timeout(PATIENCE, async {
        while !text.contains(&format!("id: {first}\n")) {
            text.push_str(&String::from_utf8_lossy(&stream.next().await.unwrap().unwrap()));
        }
    });
    assert!(read.await.is_ok(), "{text}");
    let reset = format!("event: reset\ndata: {{\"oldest\":{oldest}}}\n\n");
    assert!(text.starts_with(&reset), "{text}");
    drop(stream);
    app.stop().await;
}
