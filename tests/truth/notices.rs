//! What is no message is never reported or listed as one: the page's own entries, the envelopes of edits, what
//! takes the place of a deleted message, and receipts of what is no message.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{ADA, OWN, SESSION, Stage};

/// The ids of messages that events name, by the name of the event.
fn reported(seen: &[Value], names: &[&str]) -> Vec<String> {
    let of_these = |event: &&Value| names.contains(&event["event"].as_str().unwrap());
    let id = |event: &Value| {
        let data = &event["data"];
        let id = data["id"].as_str().or(data["messageId"].as_str());
        id.unwrap_or_else(|| panic!("{event}")).to_owned()
    };
    seen.iter().filter(of_these).map(id).collect()
}

async fn a_restart_tells_nothing_that_is_no_message(stage: Stage) {
    let mut events = stage.events().await;
    let chat = format!("{ADA}@c.us");
    let send = async |words: &str| {
        let sent = stage.send("send-text", json!({ "chatId": chat, "content": words })).await;
        sent["messageId"].as_str().unwrap().to_owned()
    };
    let (edited, deleted) = (send("frist").await, send("gone").await);
    let write = json!({ "chat": format!("{OWN}@c.us"), "text": "helo" });
    let theirs = stage.phone(ADA, "messages", write).await;
    events.next("message", |data| data["body"] == "helo").await;
    let change = async |method: Method, path: &str, body: Option<Value>| {
        let (status, answer) =
            stage.call(method, &format!("{SESSION}/messages/{path}"), body).await;
        assert_eq!(status, 200, "{answer}");
    };
    change(Method::PATCH, &edited, Some(json!({ "content": "first" }))).await;
    change(Method::POST, &format!("{edited}/reaction"), Some(json!({ "emoji": "👍" }))).await;
    change(Method::DELETE, &deleted, None).await;
    let id = theirs["message"]["id"].as_str().or(theirs["id"].as_str()).unwrap();
    stage.phone(ADA, "edits", json!({ "message": id, "text": "hello" })).await;
    events.next("message_edit", |data| data.to_string().contains("hello")).await;

    stage.restart().await;
    let write = json!({ "chat": format!("{OWN}@c.us"), "text": "after all" });
    stage.phone(ADA, "messages", write).await;
    events.next("message", |data| data["body"] == "after all").await;

    let messages = reported(&events.seen, &["message", "message_sent"]);
    let once: BTreeSet<&String> = messages.iter().collect();
    assert_eq!(once.len(), messages.len(), "reported twice: {:#?}", events.seen);
    assert_eq!(messages.len(), 4, "{messages:#?}");
    let unknown = |data: &Value| data["type"] == "unknown" || data["type"] == "revoked";
    for name in ["message", "message_sent"] {
        assert_eq!(events.count(name, unknown), 0, "{:#?}", events.seen);
    }
    for id in reported(&events.seen, &["ack"]) {
        assert!(messages.contains(&id), "a receipt of {id}: {:#?}", events.seen);
    }

    let path = format!("chats/{chat}/messages?limit=50");
    let listed = stage.ask(&path).await;
    let listed: Vec<(&str, &str)> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|message| (message["id"].as_str().unwrap(), message["type"].as_str().unwrap()))
        .collect();
    for (id, kind) in &listed {
        assert!(messages.iter().any(|known| known == id), "{id} of type {kind}: {listed:#?}");
        assert_eq!(*kind == "revoked", *id == deleted, "{listed:#?}");
        assert_ne!(*kind, "unknown", "{listed:#?}");
    }
    assert_eq!(listed.len(), 4, "{listed:#?}");
    let chats = stage.ask("chats").await;
    assert_eq!(chats[0]["lastMessage"]["body"], "after all", "{chats}");
    stage.end().await;
}

on_both_engines! {
    a_restart_tells_nothing_that_is_no_message
}
