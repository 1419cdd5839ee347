//! Every message that was accepted has an end, and the end is an event: once, on every transport.

use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{OWN, SESSION, Stage, code};

const ADA: &str = "15550000011@c.us";
const NOBODY: &str = "9991234567@c.us";
const REASON: &str = "this number is not on WhatsApp";

fn queued(chat: &str, more: &Value) -> Value {
    let mut body = json!({ "chatId": chat, "content": "x", "queue": true });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn is_failed(data: &Value, outbox: &Value) -> bool {
    data["outboxId"] == *outbox && data["ack"] == -1
}

async fn accepted_messages_that_fail_end_with_an_event(stage: Stage) {
    let mut events = stage.events().await;
    // A number that is not on WhatsApp: queued, scheduled, and in bulk.
    for more in
        [json!({}), json!({ "sendAt": "2020-01-01T00:00:00Z" }), json!({ "priority": "bulk" })]
    {
        let (status, answer) =
            stage.post(&format!("{SESSION}/send-text"), queued(NOBODY, &more)).await;
        assert_eq!(status, 202, "{answer}");
        let outbox = answer["data"]["outboxId"].clone();
        let event = events.next("ack", |data| is_failed(data, &outbox)).await;
        let data = &event["data"];
        assert_eq!(data["messageId"], answer["data"]["messageId"], "{event}");
        assert_eq!((&data["chatId"], &data["status"]), (&json!(NOBODY), &json!("failed")));
        assert_eq!(data["id"], data["messageId"]);
        assert_eq!(
            (&data["code"], &data["reason"]),
            (&json!("RECIPIENT_NOT_ON_WHATSAPP"), &json!(REASON))
        );
        let entry = stage.ask(&format!("outbox/{}", outbox.as_str().unwrap())).await;
        assert_eq!((&entry["state"], &entry["code"]), (&json!("failed"), &data["code"]), "{entry}");
    }

    // Refused by WhatsApp as often as it is tried.
    stage.plan_faults(json!({ "refuseSends": 100 })).await;
    let (_, answer) = stage.post(&format!("{SESSION}/send-text"), queued(ADA, &json!({}))).await;
    let outbox = answer["data"]["outboxId"].clone();
    let event = events.next("ack", |data| is_failed(data, &outbox)).await;
    assert_eq!(event["data"]["code"], "SEND_FAILED", "{event}");

    // A direct send is answered, and reported to those who listen.
    stage.plan_faults(json!({ "refuseSends": 1 })).await;
    let direct = json!({ "chatId": ADA, "content": "direct" });
    let (status, answer) = stage.post(&format!("{SESSION}/send-text"), direct).await;
    assert_eq!((status, code(&answer)), (502, "SEND_FAILED"), "{answer}");
    events.next("ack", |data| data["ack"] == -1 && data["outboxId"] != outbox).await;

    // Each once: nothing more comes before the message that is sent now.
    let (status, answer) = stage
        .post(&format!("{SESSION}/send-text"), json!({ "chatId": ADA, "content": "taken" }))
        .await;
    assert_eq!(status, 200, "{answer}");
    events.next("message_sent", |data| data["body"] == "taken").await;
    assert_eq!(events.count("ack", |data| data["ack"] == -1), 5);
    stage.end().await;
}

async fn the_chat_api_shows_a_failed_message_with_its_reason(stage: Stage) {
    let mut events = stage.events().await;
    let send = async |recipient: &str, message: &str| {
        let body = json!({ "instance_id": "a", "recipient": recipient, "message": message });
        let (status, answer) = stage.post("/api/v1/messages/send", body).await;
        assert_eq!((status, &answer["data"]["status"]), (200, &json!("pending")), "{answer}");
        format!("/api/v1/chat/messages/{}", answer["data"]["uuid"].as_str().unwrap())
    };
    let path = send("9991234567", "to nobody").await;
    events.next("ack", |data| data["ack"] == -1).await;
    let (status, answer) = stage.get(&path).await;
    let message = &answer["data"]["message"];
    assert_eq!((status, &message["status"]), (200, &json!("failed")), "{answer}");
    assert_eq!(
        (&message["error"], &message["error_code"]),
        (&json!(REASON), &json!("RECIPIENT_NOT_ON_WHATSAPP"))
    );
    assert_eq!(
        (&message["message_body"], &message["direction"]),
        (&json!("to nobody"), &json!("outgoing"))
    );

    // In a conversation that is there it stands in the list.
    stage.send("send-text", json!({ "chatId": ADA, "content": "before" })).await;
    stage.plan_faults(json!({ "refuseSends": 100 })).await;
    let path = send("15550000011", "refused").await;
    events.next("ack", |data| data["ack"] == -1).await;
    stage.plan_faults(json!({})).await;
    let (_, answer) = stage.get(&path).await;
    assert_eq!(answer["data"]["message"]["status"], "failed", "{answer}");
    assert_eq!(answer["data"]["message"]["error_code"], "SEND_FAILED", "{answer}");
    let (_, answer) = stage.get("/api/v1/messages?instance_id=a&status=failed").await;
    let messages = answer["data"]["messages"].as_array().unwrap();
    let bodies: Vec<&Value> = messages.iter().map(|message| &message["message_body"]).collect();
    assert_eq!(bodies, ["refused"], "{answer}");
    // It can be deleted, and is gone then.
    let (status, answer) = stage.call(Method::DELETE, &path, None).await;
    assert_eq!((status, &answer["data"]["is_deleted"]), (200, &json!(true)), "{answer}");
    let on_phone = stage.on_phone("15550000011", &format!("{OWN}@c.us")).await;
    let arrived: Vec<&Value> = on_phone.iter().map(|message| &message["body"]).collect();
    assert_eq!(arrived, ["before"]);
    stage.end().await;
}

async fn cancelled_messages_end_with_an_event(stage: Stage) {
    let mut events = stage.events().await;
    let later = json!({ "sendAt": "2027-01-01T00:00:00Z" });
    let (_, answer) = stage.post(&format!("{SESSION}/send-text"), queued(ADA, &later)).await;
    let outbox = answer["data"]["outboxId"].clone();
    let path = format!("{SESSION}/outbox/{}", outbox.as_str().unwrap());
    let (status, answer) = stage.call(Method::DELETE, &path, None).await;
    assert_eq!((status, &answer["data"]["state"]), (200, &json!("cancelled")), "{answer}");
    let event = events.next("message_cancelled", |data| data["outboxId"] == outbox).await;
    assert_eq!(event["data"]["reason"], "TAKEN_BACK", "{event}");
    assert_eq!(event["data"]["outcome"], "not_sent", "{event}");
    let (status, _) = stage.call(Method::DELETE, &path, None).await;
    assert_eq!(status, 409);

    let body = json!({
        "instance_id": "a", "recipient": ADA, "message": "later", "schedule_at": "2027-01-01T00:00:00Z",
    });
    let (_, answer) = stage.post("/api/v1/messages/send", body).await;
    let path = format!("/api/v1/chat/messages/{}", answer["data"]["uuid"].as_str().unwrap());
    let (status, answer) = stage.call(Method::DELETE, &path, None).await;
    assert_eq!(status, 200, "{answer}");
    events.next("message_cancelled", |data| data["outboxId"] != outbox).await;
    let (_, answer) = stage.get(&path).await;
    let message = &answer["data"]["message"];
    assert_eq!(
        (&message["is_deleted"], &message["message_body"]),
        (&json!(true), &json!("")),
        "{answer}"
    );
    stage.send("send-text", json!({ "chatId": ADA, "content": "taken" })).await;
    events.next("message_sent", |data| data["body"] == "taken").await;
    assert_eq!(events.count("message_cancelled", |_| true), 2);
    stage.end().await;
}

on_both_engines! {
    accepted_messages_that_fail_end_with_an_event
    the_chat_api_shows_a_failed_message_with_its_reason
    cancelled_messages_end_with_an_event
}
