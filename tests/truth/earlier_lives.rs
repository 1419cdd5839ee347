//! A session that bears the name of one that was removed begins empty: what the earlier one knew does not
//! hide anything from it.

use reqwest::Method;
use serde_json::json;

use crate::stage::{ADA, OWN, SESSION, Stage};

async fn a_message_that_an_earlier_session_had_is_known_to_the_next(stage: Stage) {
    let mut events = stage.events().await;
    let write = json!({ "chat": format!("{OWN}@c.us"), "text": "hello" });
    stage.phone(ADA, "messages", write).await;
    let received = events.next("message", |data| data["body"] == "hello").await;
    let id = received["data"]["id"].as_str().unwrap();
    let removed = stage.call(Method::DELETE, SESSION, None).await;
    assert_eq!(removed.0, 200, "{}", removed.1);
    stage.daemon.link_on(stage.engine, "a", OWN).await;
    let path = format!("chats/{ADA}@c.us/messages?limit=50");
    let listed = stage.ask(&path).await;
    let listed: Vec<&str> =
        listed.as_array().unwrap().iter().map(|message| message["id"].as_str().unwrap()).collect();
    assert_eq!(listed, [id]);
    let quote = json!({
        "chatId": format!("{ADA}@c.us"), "content": "about that", "quotedMessageId": id
    });
    stage.send("send-text", quote).await;
    let chat = format!("{OWN}@c.us");
    let quoted = || async {
        let messages = stage.on_phone(ADA, &chat).await;
        messages.last().filter(|message| message["body"] == "about that").cloned()
    };
    let message = stage.until("the answer", quoted).await;
    assert!(message["quoted"].is_string(), "{message}");
    // What comes now is an event, also under an id that was used before.
    let mut events = stage.events().await;
    let write = json!({ "chat": format!("{OWN}@c.us"), "text": "again" });
    stage.phone(ADA, "messages", write).await;
    events.next("message", |data| data["body"] == "again").await;
    stage.end().await;
}

on_both_engines! {
    a_message_that_an_earlier_session_had_is_known_to_the_next
}
