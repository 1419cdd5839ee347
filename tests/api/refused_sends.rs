//! A send that WhatsApp refuses is a failure, on every engine and every surface.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{PHONE, PNG, TestApp, code};

const ADA: &str = "15550000011@c.us";
const OUTBOX: &str = "/api/v1/sessions/s/outbox";

async fn linked(engine: &str) -> TestApp {
    let app = TestApp::start().await;
    let body = json!({ "sessionId": "s", "waitForQR": true, "config": { "engine": engine } });
    let (status, answer) = app.post("/api/v1/sessions", body).await;
    assert_eq!(status, 201, "{answer}");
    app.link("s", PHONE).await;
    app
}

async fn refuse(app: &TestApp, sends: u32) {
    let plan = json!({ "refuseSends": sends });
    assert_eq!(app.call(Method::PUT, "/_simulator/v1/faults", Some(plan)).await.0, 200);
}

/// What Ada's phone has from the session.
async fn arrived(app: &TestApp) -> Vec<String> {
    let path = format!("/_simulator/v1/accounts/15550000011/chats/{PHONE}@c.us/messages");
    let (_, answer) = app.get(&path).await;
    let none = Vec::new();
    let messages = answer["data"]["messages"].as_array().unwrap_or(&none);
    messages.iter().map(|message| message["body"].as_str().unwrap().to_owned()).collect()
}

async fn wait_for_arrivals(app: &TestApp, words: &[&str]) {
    app.wait_for("the messages", || async { (arrived(app).await == words).then_some(()) }).await;
}

async fn direct_sends_fail(engine: &str) {
    let app = linked(engine).await;
    let mut listener = app.listen("/ws/s").await;
    let sends = [
        ("send-text", json!({ "chatId": ADA, "content": "refused" })),
        ("send-image", json!({ "chatId": ADA, "data": PNG, "caption": "refused" })),
        ("send-poll", json!({ "chatId": ADA, "question": "refused", "options": ["a", "b"] })),
        ("send-location", json!({ "chatId": ADA, "latitude": 1.5, "longitude": 2.5 })),
        ("send-contact", json!({ "chatId": ADA, "contacts": ["15550000012@c.us"] })),
    ];
    for (send, body) in sends {
        refuse(&app, 1).await;
        let (status, answer) = app.post(&format!("/api/v1/sessions/s/{send}"), body).await;
        assert_eq!((status.as_u16(), code(&answer)), (502, "SEND_FAILED"), "{send}: {answer}");
        let (_, answer) = app.get(OUTBOX).await;
        let entry = &answer["data"]["outbox"][0];
        assert_eq!(entry["state"], "failed", "{send}: {entry}");
        assert!(entry["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{entry}");
    }
    refuse(&app, 1).await;
    let body = json!({ "instance_id": "s", "recipient": ADA, "message": "refused" });
    let (status, answer) = app.post("/api/v1/chat/send", body).await;
    assert_eq!((status.as_u16(), code(&answer)), (502, "SEND_FAILED"), "{answer}");

    // The newest message of the chat in the engine is one that failed: reading goes on.
    let path = format!("/api/v1/sessions/s/chats/{ADA}/messages?limit=20");
    let (status, answer) = app.get(&path).await;
    assert!(status == 200 || status == 404, "{answer}");
    let (status, answer) = app.post("/api/v1/sessions/s/send-text", text("taken", "")).await;
    assert_eq!(status, 200, "{answer}");
    let (status, answer) = app.get(&path).await;
    assert_eq!(status, 200, "{answer}");
    let bodies: Vec<&Value> =
        answer["data"].as_array().unwrap().iter().map(|message| &message["body"]).collect();
    assert_eq!(bodies, ["taken"], "{answer}");
    wait_for_arrivals(&app, &["taken"]).await;
    // The first message that anybody hears of is the one that was sent.
    assert_eq!(listener.event("message_sent").await["data"]["body"], "taken");
    app.stop().await;
}

fn text(words: &str, key: &str) -> Value {
    let mut body = json!({ "chatId": ADA, "content": words });
    if !key.is_empty() {
        body["queue"] = json!(true);
    }
    body
}

async fn a_key_replays_no_success_and_a_failed_message_can_be_deleted(engine: &str) {
    let app = linked(engine).await;
    let send = async || {
        let url = format!("{}/api/v1/sessions/s/send-text", app.base);
        let request = app.http.post(url).header("idempotency-key", "once");
        let response = request.json(&text("keyed", "")).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    refuse(&app, 1).await;
    let (status, answer) = send().await;
    assert_eq!((status, code(&answer)), (502, "SEND_FAILED"), "{answer}");
    let (_, answer) = app.get(OUTBOX).await;
    let entry = &answer["data"]["outbox"][0];
    let message = entry["messageId"].as_str().expect("a failed entry names its message").to_owned();
    let path = format!("/api/v1/sessions/s/messages/{message}");
    let (status, answer) = app.call(Method::DELETE, &path, None).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(arrived(&app).await, Vec::<String>::new());
    // The key begins a new attempt, since nothing was sent.
    let (status, answer) = send().await;
    assert_eq!(status, 200, "{answer}");
    let (status, answer) = send().await;
    assert_eq!(status, 200, "{answer}");
    wait_for_arrivals(&app, &["keyed"]).await;
    app.stop().await;
}

async fn queued_sends_are_tried_again_and_end(engine: &str) {
    let app = linked(engine).await;
    refuse(&app, 2).await;
    let (status, answer) = app.post("/api/v1/sessions/s/send-text", text("later", "queue")).await;
    assert_eq!(status, 202, "{answer}");
    let path = format!("{OUTBOX}/{}", answer["data"]["outboxId"].as_str().unwrap());
    let entry = app
        .wait_for("the third attempt", || async {
            let entry = app.get(&path).await.1["data"].clone();
            let is_sent = ["sent", "delivered", "read"].contains(&entry["state"].as_str().unwrap());
            is_sent.then_some(entry)
        })
        .await;
    assert_eq!(entry["attempts"], 3, "{entry}");
    wait_for_arrivals(&app, &["later"]).await;

    refuse(&app, 100).await;
    let (_, answer) = app.post("/api/v1/sessions/s/send-text", text("never", "queue")).await;
    let path = format!("{OUTBOX}/{}", answer["data"]["outboxId"].as_str().unwrap());
    let entry = app
        .wait_for("the end", || async {
            let entry = app.get(&path).await.1["data"].clone();
            (entry["state"] == "failed").then_some(entry)
        })
        .await;
    assert_eq!(entry["attempts"], 5, "{entry}");
    assert_eq!(arrived(&app).await, ["later"]);
    app.stop().await;
}

/// Runs each scenario on both engines.
macro_rules! on_both_engines {
    ($($scenario:ident)*) => {
        mod simulated {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $scenario() { super::$scenario("simulated").await; })*
        }
        mod browser {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $scenario() { super::$scenario("browser").await; })*
        }
    };
}

on_both_engines! {
    direct_sends_fail
    a_key_replays_no_success_and_a_failed_message_can_be_deleted
    queued_sends_are_tried_again_and_end
}
