//! A line that is cut carries nothing, either way; when it is back, everything comes once and in order.

use serde_json::{Value, json};

use crate::stage::{OWN, SESSION, Stage, code};

const ADA: &str = "15550000011@c.us";
const SILENT: &str = "15550000003@c.us";

async fn cut(stage: &Stage) {
    stage.phone(OWN, "line", json!({ "connected": false })).await;
    wait_for_line(stage, false).await;
}

async fn restore(stage: &Stage) {
    stage.phone(OWN, "line", json!({ "connected": true })).await;
    wait_for_line(stage, true).await;
}

async fn wait_for_line(stage: &Stage, connected: bool) {
    let is_so = async || (stage.ask("status").await["connected"] == connected).then_some(());
    stage.until("the line", is_so).await;
}

async fn arrived(stage: &Stage, phone: &str) -> Vec<String> {
    let messages = stage.on_phone(phone, &format!("{OWN}@c.us")).await;
    messages.iter().map(|message| message["body"].as_str().unwrap().to_owned()).collect()
}

async fn sends_wait_and_go_out_once_in_order(stage: Stage) {
    let mut events = stage.events().await;
    cut(&stage).await;
    let mut ids = Vec::new();
    for words in ["one", "two"] {
        let (status, answer) = stage
            .post(&format!("{SESSION}/send-text"), json!({ "chatId": ADA, "content": words }))
            .await;
        // Accepted, and not sent: WhatsApp itself shows a clock.
        assert_eq!((status, &answer["data"]["ack"]), (202, &json!(0)), "{answer}");
        ids.push(answer["data"]["messageId"].clone());
    }
    let body = json!({ "chatId": ADA, "content": "three", "queue": true });
    let (status, answer) = stage.post(&format!("{SESSION}/send-text"), body).await;
    assert_eq!(status, 202, "{answer}");
    let body = json!({ "instance_id": "a", "recipient": ADA, "message": "four" });
    let (status, answer) = stage.post("/api/v1/chat/send", body).await;
    assert_eq!((status, &answer["data"]["status"]), (200, &json!("pending")), "{answer}");
    let (_, outbox) = stage.get(&format!("{SESSION}/outbox")).await;
    for entry in outbox["data"]["outbox"].as_array().unwrap() {
        let found = (&entry["state"], &entry["waitingFor"]);
        assert_eq!(found, (&json!("queued"), &json!("connection")), "{entry}");
    }
    assert_eq!(arrived(&stage, "15550000011").await, Vec::<String>::new());
    let status = stage.ask("status").await;
    assert_eq!(status["connected"], false, "{status}");

    restore(&stage).await;
    for (id, words) in ids.iter().zip(["one", "two"]) {
        let sent = events.next("message_sent", |data| data["id"] == *id).await;
        assert_eq!(sent["data"]["body"], words);
    }
    stage
        .until("all four", || async {
            (arrived(&stage, "15550000011").await == ["one", "two", "three", "four"]).then_some(())
        })
        .await;
    events.next("ack", |data| data["id"] == ids[1] && data["ack"] == 3).await;
    assert_eq!(events.count("message_sent", |data| data["body"] == "one"), 1);
    assert_eq!(events.count("ack", |data| data["ack"] == -1), 0);
    stage.end().await;
}

async fn what_happens_meanwhile_comes_when_the_line_is_back(stage: Stage) {
    let mut events = stage.events().await;
    let sent = stage.send("send-text", json!({ "chatId": SILENT, "content": "before" })).await;
    let delivered = |data: &Value| data["id"] == sent["messageId"] && data["ack"] == 2;
    events.next("ack", delivered).await;
    cut(&stage).await;
    // The phone itself has its own line: it gets, and others see its ticks.
    for words in ["in one", "in two"] {
        let to = format!("{OWN}@c.us");
        stage.phone("15550000003", "messages", json!({ "chat": to, "text": words })).await;
    }
    stage.phone("15550000003", "read", json!({ "chat": format!("{OWN}@c.us") })).await;
    stage
        .until("them on the phone", || async {
            (stage.on_phone(OWN, SILENT).await.len() == 3).then_some(())
        })
        .await;
    // A read of the own account is what is known here, and what needs WhatsApp is refused by name.
    let (status, answer) = stage.get(&format!("{SESSION}/chats/{SILENT}/messages?limit=20")).await;
    assert_eq!(status, 200, "{answer}");
    let bodies: Vec<&Value> =
        answer["data"].as_array().unwrap().iter().map(|message| &message["body"]).collect();
    assert_eq!(bodies, ["before"], "{answer}");
    let (status, answer) = stage.get(&format!("{SESSION}/contacts/447700900123@c.us")).await;
    assert_eq!((status, code(&answer)), (409, "SESSION_NOT_READY"), "{answer}");
    assert_eq!(events.count("message", |_| true), 0);

    restore(&stage).await;
    for words in ["in one", "in two"] {
        events.next("message", |data| data["body"] == words).await;
    }
    // The receipt may be read before the messages are.
    let is_read = |data: &Value| data["id"] == sent["messageId"] && data["ack"] == 3;
    if events.count("ack", is_read) == 0 {
        events.next("ack", is_read).await;
    }
    stage.send("send-text", json!({ "chatId": SILENT, "content": "after" })).await;
    events.next("message_sent", |data| data["body"] == "after").await;
    assert_eq!(events.count("message", |_| true), 2, "each once");
    stage.end().await;
}

on_both_engines! {
    sends_wait_and_go_out_once_in_order
    what_happens_meanwhile_comes_when_the_line_is_back
}
