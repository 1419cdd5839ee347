//! A send that WhatsApp refuses is a failure, on every engine and every surface.

use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{OWN, PNG, Stage, code};

const ADA: &str = "15550000011@c.us";
const OUTBOX: &str = "/api/v1/sessions/a/outbox";

async fn refuse(stage: &Stage, sends: u32) {
    stage.plan_faults(json!({ "refuseSends": sends })).await;
}

/// What Ada's phone has from the session.
async fn arrived(stage: &Stage) -> Vec<String> {
    let messages = stage.on_phone("15550000011", &format!("{OWN}@c.us")).await;
    messages.iter().map(|message| message["body"].as_str().unwrap().to_owned()).collect()
}

async fn wait_for_arrivals(stage: &Stage, words: &[&str]) {
    stage.until("the messages", || async { (arrived(stage).await == words).then_some(()) }).await;
}

async fn direct_sends_fail(stage: Stage) {
    let mut events = stage.events().await;
    let sends = [
        ("send-text", json!({ "chatId": ADA, "content": "refused" })),
        ("send-image", json!({ "chatId": ADA, "data": PNG, "caption": "refused" })),
        ("send-poll", json!({ "chatId": ADA, "question": "refused", "options": ["a", "b"] })),
        ("send-location", json!({ "chatId": ADA, "latitude": 1.5, "longitude": 2.5 })),
        ("send-contact", json!({ "chatId": ADA, "contacts": ["15550000012@c.us"] })),
    ];
    for (send, body) in sends {
        refuse(&stage, 1).await;
        let (status, failure) = stage.post(&format!("/api/v1/sessions/a/{send}"), body).await;
        assert_eq!((status, code(&failure)), (502, "SEND_FAILED"), "{send}: {failure}");
        let (_, answer) = stage.get(OUTBOX).await;
        let entry = &answer["data"]["outbox"][0];
        assert_eq!(entry["state"], "failed", "{send}: {entry}");
        assert!(entry["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{entry}");
        // The failure says which message it is about.
        let details = &failure["error"]["details"];
        assert_eq!(
            (&details["outboxId"], &details["messageId"]),
            (&entry["id"], &entry["messageId"]),
            "{send}: {failure}"
        );
    }
    refuse(&stage, 1).await;
    let body = json!({ "instance_id": "a", "recipient": ADA, "message": "refused" });
    let (status, answer) = stage.post("/api/v1/chat/send", body).await;
    assert_eq!((status, code(&answer)), (502, "SEND_FAILED"), "{answer}");
    let uuid = answer["error"]["details"]["uuid"].as_str().unwrap_or_else(|| panic!("{answer}"));
    let (_, failed) = stage.get(&format!("/api/v1/chat/messages/{uuid}")).await;
    assert_eq!(failed["data"]["message"]["status"], "failed", "{failed}");

    // The newest message of the chat in the engine is one that failed: reading goes on.
    let path = format!("/api/v1/sessions/a/chats/{ADA}/messages?limit=20");
    let (status, answer) = stage.get(&path).await;
    assert!(status == 200 || status == 404, "{answer}");
    let (status, answer) = stage.post("/api/v1/sessions/a/send-text", text("taken", "")).await;
    assert_eq!(status, 200, "{answer}");
    let (status, answer) = stage.get(&path).await;
    assert_eq!(status, 200, "{answer}");
    let bodies: Vec<&Value> =
        answer["data"].as_array().unwrap().iter().map(|message| &message["body"]).collect();
    assert_eq!(bodies, ["taken"], "{answer}");
    wait_for_arrivals(&stage, &["taken"]).await;
    // The first message that anybody hears of is the one that was sent.
    assert_eq!(events.next("message_sent", |_| true).await["data"]["body"], "taken");
    stage.end().await;
}

fn text(words: &str, key: &str) -> Value {
    let mut body = json!({ "chatId": ADA, "content": words });
    if !key.is_empty() {
        body["queue"] = json!(true);
    }
    body
}

async fn a_key_replays_no_success_and_a_failed_message_can_be_deleted(stage: Stage) {
    let send = async || {
        let url = format!("{}/api/v1/sessions/a/send-text", stage.daemon.base);
        let request = stage.daemon.http.post(url).header("idempotency-key", "once");
        let response = request.json(&text("keyed", "")).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    refuse(&stage, 1).await;
    let (status, answer) = send().await;
    assert_eq!((status, code(&answer)), (502, "SEND_FAILED"), "{answer}");
    let (_, answer) = stage.get(OUTBOX).await;
    let entry = &answer["data"]["outbox"][0];
    let message = entry["messageId"].as_str().expect("a failed entry names its message").to_owned();
    let path = format!("/api/v1/sessions/a/messages/{message}");
    let (status, answer) = stage.call(Method::DELETE, &path, None).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(arrived(&stage).await, Vec::<String>::new());
    // The key begins a new attempt, since nothing was sent.
    let (status, answer) = send().await;
    assert_eq!(status, 200, "{answer}");
    let (status, answer) = send().await;
    assert_eq!(status, 200, "{answer}");
    wait_for_arrivals(&stage, &["keyed"]).await;
    stage.end().await;
}

async fn queued_sends_are_tried_again_and_end(stage: Stage) {
    refuse(&stage, 2).await;
    let (status, answer) = stage.post("/api/v1/sessions/a/send-text", text("later", "queue")).await;
    assert_eq!(status, 202, "{answer}");
    let path = format!("{OUTBOX}/{}", answer["data"]["outboxId"].as_str().unwrap());
    let entry = stage
        .until("the third attempt", || async {
            let entry = stage.get(&path).await.1["data"].clone();
            let is_sent = ["sent", "delivered", "read"].contains(&entry["state"].as_str().unwrap());
            is_sent.then_some(entry)
        })
        .await;
    assert_eq!(entry["attempts"], 3, "{entry}");
    wait_for_arrivals(&stage, &["later"]).await;

    refuse(&stage, 100).await;
    let (_, answer) = stage.post("/api/v1/sessions/a/send-text", text("never", "queue")).await;
    let path = format!("{OUTBOX}/{}", answer["data"]["outboxId"].as_str().unwrap());
    let entry = stage
        .until("the end", || async {
            let entry = stage.get(&path).await.1["data"].clone();
            (entry["state"] == "failed").then_some(entry)
        })
        .await;
    assert_eq!(entry["attempts"], 5, "{entry}");
    assert_eq!(arrived(&stage).await, ["later"]);
    stage.end().await;
}

on_both_engines! {
    direct_sends_fail
    a_key_replays_no_success_and_a_failed_message_can_be_deleted
    queued_sends_are_tried_again_and_end
}
