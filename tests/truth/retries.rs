//! A message that failed is tried again by its key, under the same id: its two attempts are distinguished by the
//! ids of their entries in the outbox, and the end of the first is none of the second.

use serde_json::{Value, json};
use wagate::domain::conversation::message_uuid;

use crate::stage::{ADA, OWN, SESSION, Stage, code};

async fn line(stage: &Stage, connected: bool) {
    stage.phone(OWN, "line", json!({ "connected": connected })).await;
    let is_so = || async { (stage.ask("status").await["connected"] == connected).then_some(()) };
    stage.until("the line", is_so).await;
}

async fn the_second_attempt_of_a_key_has_an_end_of_its_own(stage: Stage) {
    let mut events = stage.events().await;
    let chat = format!("{ADA}@c.us");
    let send = async || {
        let body = json!({ "chatId": chat, "content": "keyed" });
        let url = format!("{}{SESSION}/send-text", stage.daemon.base);
        let request = stage.daemon.http.post(url).header("idempotency-key", "again");
        let response = request.json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let failed = |outbox: &Value| {
        let outbox = outbox.clone();
        move |data: &Value| data["ack"] == -1 && data["outboxId"] == outbox
    };
    stage.plan_faults(json!({ "refuseSends": 1 })).await;
    let (status, answer) = send().await;
    assert_eq!((status, code(&answer)), (502, "SEND_FAILED"), "{answer}");
    let end = events.next("ack", |data| data["ack"] == -1).await["data"].clone();
    let (first, id) = (end["outboxId"].clone(), end["messageId"].clone());
    assert!(first.is_string() && id.is_string(), "{end}");

    // The same key once more begins another attempt, which waits here until it may begin.
    line(&stage, false).await;
    let (status, answer) = send().await;
    assert_eq!(status, 202, "{answer}");
    let second = answer["data"]["outboxId"].clone();
    assert_eq!(answer["data"]["messageId"], id, "{answer}");
    assert_ne!(second, first, "{answer}");
    let state = async |outbox: &Value| {
        stage.ask(&format!("outbox/{}", outbox.as_str().unwrap())).await["state"].clone()
    };
    assert_eq!((state(&first).await, state(&second).await), (json!("failed"), json!("queued")));
    let uuid = message_uuid(&"a".parse().unwrap(), &id.as_str().unwrap().parse().unwrap());
    let shown = stage.daemon.get(&format!("/api/v1/chat/messages/{uuid}")).await;
    let message = &shown["message"];
    assert_eq!((&message["status"], message.get("error")), (&json!("pending"), None), "{shown}");
    line(&stage, true).await;
    events.next("message_sent", |data| data["id"] == id).await;
    // The first ended once, and the second never failed.
    assert_eq!(events.count("ack", failed(&first)), 1);
    assert_eq!(events.count("ack", failed(&second)), 0);
    assert_eq!(state(&first).await, "failed");
    assert_ne!(state(&second).await, "failed");
    stage.end().await;
}

async fn a_failed_poll_can_be_read(stage: Stage) {
    stage.plan_faults(json!({ "refuseSends": 1 })).await;
    let chat = format!("{ADA}@c.us");
    let poll = json!({ "chatId": chat, "question": "Tea?", "options": ["Yes", "No"] });
    let (status, answer) = stage.post(&format!("{SESSION}/send-poll"), poll).await;
    assert_eq!((status, code(&answer)), (502, "SEND_FAILED"), "{answer}");
    let entry = stage.ask("outbox").await["outbox"][0].clone();
    let id = entry["messageId"].as_str().unwrap();
    let tally = stage.ask(&format!("messages/{id}/poll")).await;
    assert_eq!((&tally["question"], &tally["voters"]), (&json!("Tea?"), &json!(0)), "{tally}");
    assert_eq!(tally["options"], json!(["Yes", "No"]));
    stage.end().await;
}

on_both_engines! {
    the_second_attempt_of_a_key_has_an_end_of_its_own
    a_failed_poll_can_be_read
}
