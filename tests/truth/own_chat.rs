//! A message to oneself is one message under one name, written here or on the phone.

use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{OWN, Stage, code};

fn own() -> String {
    format!("{OWN}@c.us")
}

async fn listed(stage: &Stage) -> Vec<Value> {
    let path = format!("chats/{}/messages", own());
    stage.ask(&path).await.as_array().unwrap().clone()
}

async fn a_note_to_oneself_is_one_message_with_one_id(stage: Stage) {
    let mut events = stage.events().await;
    let sent = stage.send("send-text", json!({ "chatId": own(), "content": "from here" })).await;
    let here = sent["messageId"].as_str().unwrap().to_owned();
    events.next("message_sent", |data| data["body"] == "from here").await;
    stage.phone(OWN, "messages", json!({ "chat": own(), "text": "from the phone" })).await;
    let event = events.next("message_sent", |data| data["body"] == "from the phone").await;
    let there = event["data"]["id"].as_str().unwrap().to_owned();
    let key = here.split('_').nth(2).unwrap();
    // One who writes to themselves has read it, as WhatsApp shows it.
    for id in [&here, &there] {
        let path = format!("messages/{id}/receipts");
        let receipts = stage.ask(&path).await;
        let all = receipts.as_array().unwrap();
        assert_eq!(all.len(), 1, "{receipts}");
        let found = (&all[0]["participant"], &all[0]["ack"], &all[0]["status"]);
        assert_eq!(found, (&json!(own()), &json!(3), &json!("read")), "{receipts}");
        assert!(all[0]["readAt"].is_string() && all[0]["deliveredAt"].is_string(), "{receipts}");
    }
    let acks: Vec<Value> = listed(&stage).await.iter().map(|one| one["ack"].clone()).collect();
    assert_eq!(acks, [json!(3), json!(3)]);
    assert_eq!(stage.ask("outbox").await["outbox"][0]["state"], "read");
    assert_eq!(here, format!("true_{}_{key}", own()));
    let all: Vec<(String, bool)> = listed(&stage)
        .await
        .iter()
        .map(|one| (one["id"].as_str().unwrap().to_owned(), one["fromMe"].as_bool().unwrap()))
        .collect();
    assert_eq!(all, [(here.clone(), true), (there.clone(), true)]);

    // Its id leads to it, also in the forms that WhatsApp Web gives it.
    let forms = [here.clone(), format!("{here}_out"), format!("false_{}_{key}_in", own())];
    for (form, words) in forms.iter().zip(["first", "second", "third"]) {
        let path = format!("/api/v1/sessions/a/messages/{form}");
        let body = Some(json!({ "content": words }));
        let (status, answer) = stage.call(Method::PATCH, &path, body).await;
        assert_eq!(status, 200, "{form}: {answer}");
        let edited = events.next("message_edit", |data| data["body"] == words).await;
        assert_eq!(edited["data"]["id"], here, "{form}");
        let (status, answer) =
            stage.post(&format!("{path}/reaction"), json!({ "emoji": "👍" })).await;
        assert_eq!(status, 200, "{form}: {answer}");
    }
    let all = listed(&stage).await;
    assert_eq!((all.len(), &all[0]["body"]), (2, &json!("third")), "{all:#?}");
    let (status, answer) =
        stage.get(&format!("/api/v1/sessions/a/messages/{here}_up/receipts")).await;
    assert_eq!((status, code(&answer)), (404, "MESSAGE_NOT_FOUND"), "{answer}");

    // A queued one has its id before it is sent.
    let body = json!({ "chatId": own(), "content": "later", "queue": true });
    let queued = stage.send("send-text", body).await;
    let event = events.next("message_sent", |data| data["body"] == "later").await;
    assert_eq!(event["data"]["id"], queued["messageId"]);
    let path = format!("/api/v1/sessions/a/messages/{there}");
    let (status, answer) = stage.call(Method::DELETE, &path, None).await;
    assert_eq!(status, 200, "{answer}");
    events.next("message_revoked", |data| data["id"] == there.as_str()).await;
    for words in ["from here", "from the phone", "later"] {
        assert_eq!(events.count("message_sent", |data| data["body"] == words), 1, "{words}");
    }
    assert_eq!(events.count("message", |_| true), 0, "nothing came in");
    assert_eq!(events.count("ack", |_| true), 0, "{:#?}", events.seen);
    assert!(
        events
            .seen
            .iter()
            .all(|event| { event["event"] != "message_sent" || event["data"]["ack"] == 3 })
    );
    stage.end().await;
}

on_both_engines! {
    a_note_to_oneself_is_one_message_with_one_id
}
