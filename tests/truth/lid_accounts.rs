//! An account whose chats go by hidden identities is reported by numbers, and its own reactions once.

use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{ADA, OWN, SESSION, Stage};

async fn own_reactions_are_reported_once_under_the_number_and_stay(stage: Stage) {
    stage.web_client(json!({ "lidMigrated": true })).await;
    stage.restart().await;
    let mut events = stage.events().await;
    let write = async |words: &str| {
        let body = json!({ "chat": format!("{OWN}@c.us"), "text": words });
        stage.phone(ADA, "messages", body).await;
    };
    write("hello").await;
    let received = events.next("message", |data| data["body"] == "hello").await;
    let id = received["data"]["id"].as_str().unwrap().to_owned();
    assert_eq!(received["data"]["from"], format!("{ADA}@c.us"), "{received}");
    let react = format!("{SESSION}/messages/{id}/reaction");
    let (status, answer) = stage.call(Method::POST, &react, Some(json!({ "emoji": "🎉" }))).await;
    assert_eq!(status, 200, "{answer}");
    stage.restart().await;
    write("after all").await;
    events.next("message", |data| data["body"] == "after all").await;
    let reactions: Vec<&Value> =
        events.seen.iter().filter(|event| event["event"] == "reaction").collect();
    assert_eq!(reactions.len(), 1, "{reactions:#?}");
    assert_eq!(reactions[0]["data"]["sender"], format!("{OWN}@c.us"), "{reactions:#?}");

    let listed = stage.ask(&format!("chats/{ADA}@c.us/messages?limit=50")).await;
    let listed = listed.as_array().unwrap().clone();
    let message = listed.iter().find(|message| message["id"] == id.as_str()).expect("it is gone");
    let reaction = &message["reactions"][0];
    assert_eq!(reaction["emoji"], "🎉", "{message}");
    // Newer versions of the page count reactions in milliseconds.
    let (reported, sent) = (reaction["timestamp"].as_f64(), message["timestamp"].as_f64());
    let late = reported.unwrap() - sent.unwrap();
    assert!((-5.0..3_600.0).contains(&late), "{message}");
    let sent = json!({ "chatId": format!("{ADA}@c.us"), "content": "to the number" });
    stage.send("send-text", sent).await;
    let chats = stage.ask("chats").await;
    assert_eq!(chats.as_array().unwrap().len(), 1, "{chats}");
    // Neither one's own chat nor another's is named by digits where there is a name.
    let mut note = json!({ "chatId": format!("{OWN}@c.us"), "content": "a note" });
    stage.send("send-text", note.clone()).await;
    let named = async |what: &str| {
        let chats = stage.ask("chats").await;
        assert_eq!(chats.as_array().unwrap().len(), 2, "{what}: {chats}");
        for chat in chats.as_array().unwrap() {
            let name = chat["name"].as_str().unwrap();
            assert!(name.contains(|ch: char| ch.is_alphabetic()), "{what}: {chat}");
        }
        let list = stage.daemon.get("/api/v1/conversations?instance_id=a").await;
        for one in list["data"].as_array().unwrap() {
            let name = one["contact_name"].as_str().unwrap();
            assert!(name.contains(|ch: char| ch.is_alphabetic()), "{what}: {one}");
        }
    };
    named("before").await;
    stage.restart().await;
    named("after").await;
    note["content"] = json!("another");
    let sent = stage.send("send-text", note).await;
    let id = sent["messageId"].as_str().unwrap();
    let listed = stage.ask(&format!("chats/{OWN}@c.us/messages?limit=50")).await;
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), 2, "{listed:#?}");
    assert!(listed.iter().all(|one| one["ack"] == 3), "{listed:#?}");
    assert_eq!(stage.ask(&format!("messages/{id}/receipts")).await[0]["ack"], 3);
    named("at last").await;
    stage.end().await;
}

on_both_engines! {
    own_reactions_are_reported_once_under_the_number_and_stay
}
