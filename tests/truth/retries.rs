//! A message that failed is tried again by its key, under the same id: its two attempts are told apart by the
//! ids of their entries in the outbox, and the end of the first is none of the second.

use serde_json::{Value, json};

use crate::stage::{ADA, OWN, SESSION, Stage, code};

async fn line(stage: &Stage, connected: bool) {
    stage.phone(OWN, "line", json!({ "connected": connected })).await;
    let is_so = || async { (stage.ask("status").await["connected"] == connected).then_some(()) };
    stage.until("the line", is_so).await;
}

async fn the_second_attempt_of_a_key_has_an_end_of_its_own(stage: Stage) {
    let mut events = stage.events().await;
    let chat = format!("{ADA}@c.us");
    // The chat is there: what fails in it is shown in it.
    stage.send("send-text", json!({ "chatId": chat, "content": "before" })).await;
    let send = async |more: Value| {
        let mut body = json!({ "chatId": chat, "content": "keyed", "queue": true });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let url = format!("{}{SESSION}/send-text", stage.daemon.base);
        let request = stage.daemon.http.post(url).header("idempotency-key", "again");
        let response = request.json(&body).send().await.unwrap();
        let answer: Value = response.json().await.unwrap();
        answer["data"].clone()
    };
    stage.plan_faults(json!({ "refuseSends": 5 })).await;
    let first = send(json!({})).await;
    let failed = |entry: &Value| {
        let outbox = entry["outboxId"].clone();
        move |data: &Value| data["ack"] == -1 && data["outboxId"] == outbox
    };
    events.next("ack", failed(&first)).await;
    let id = first["messageId"].clone();
    let ack = async || {
        let list = stage.ask(&format!("chats/{chat}/messages")).await;
        let found = list.as_array().unwrap().iter().find(|one| one["id"] == id).cloned();
        found.map(|one| one["ack"].clone())
    };
    assert_eq!(ack().await, Some(json!(-1)));

    // The same key once more begins another attempt, which waits here until it may begin.
    line(&stage, false).await;
    let second = send(json!({})).await;
    assert_eq!(second["messageId"], id, "{second}");
    assert_ne!(second["outboxId"], first["outboxId"], "{second}");
    assert_eq!(ack().await, Some(json!(0)), "it has not failed: it waits");
    let uuid = wagate::domain::conversation::message_uuid(
        &"a".parse().unwrap(),
        &id.as_str().unwrap().parse().unwrap(),
    );
    let shown = stage.daemon.get(&format!("/api/v1/chat/messages/{uuid}")).await;
    let message = &shown["message"];
    assert_eq!((&message["status"], message.get("error")), (&json!("pending"), None), "{shown}");
    line(&stage, true).await;
    events.next("message_sent", |data| data["id"] == id).await;
    // The first ended once, the second never failed.
    assert_eq!(events.count("ack", failed(&first)), 1);
    assert_eq!(events.count("ack", failed(&second)), 0);
    let entry = |of: &Value| format!("outbox/{}", of["outboxId"].as_str().unwrap());
    assert_eq!(stage.ask(&entry(&first)).await["state"], "failed");
    assert_ne!(stage.ask(&entry(&second)).await["state"], "failed");
    assert!(ack().await.unwrap().as_i64().unwrap() >= 1);
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
    let uuid =
        wagate::domain::conversation::message_uuid(&"a".parse().unwrap(), &id.parse().unwrap());
    let shown = stage.daemon.get(&format!("/api/v1/chat/messages/{uuid}")).await;
    assert_eq!(shown["message"]["poll"]["question"], "Tea?", "{shown}");
    stage.end().await;
}

on_both_engines! {
    the_second_attempt_of_a_key_has_an_end_of_its_own
    a_failed_poll_can_be_read
}
