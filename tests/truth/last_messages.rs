//! The newest message in the list of chats is the one that is there: edited, deleted, or another.

use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{ADA, SESSION, Stage};

/// Waits until the list of chats shows these words as the newest of the chat with Ada.
async fn shown(stage: &Stage, words: &str) {
    let is_shown = async || {
        let chats = stage.ask("chats").await;
        let chat = chats.as_array()?.iter().find(|chat| chat["id"] == format!("{ADA}@c.us"))?;
        (chat["lastMessage"]["body"] == words).then_some(())
    };
    stage.until(words, is_shown).await;
}

async fn send(stage: &Stage, text: &str) -> String {
    let body = json!({ "chatId": format!("{ADA}@c.us"), "content": text });
    let sent = stage.send("send-text", body).await;
    format!("{SESSION}/messages/{}", sent["messageId"].as_str().unwrap())
}

async fn change(stage: &Stage, method: Method, path: &str, body: Option<Value>) {
    let (status, answer) = stage.call(method, path, body).await;
    assert_eq!(status, 200, "{path}: {answer}");
}

async fn what_is_edited_or_deleted_is_not_shown_as_it_was(stage: Stage) {
    let first = send(&stage, "the first").await;
    shown(&stage, "the first").await;
    change(&stage, Method::PATCH, &first, Some(json!({ "content": "edited" }))).await;
    shown(&stage, "edited").await;
    let second = send(&stage, "the second").await;
    shown(&stage, "the second").await;
    change(&stage, Method::PATCH, &first, Some(json!({ "content": "edited again" }))).await;
    shown(&stage, "the second").await;
    change(&stage, Method::DELETE, &format!("{second}?forEveryone=false"), None).await;
    shown(&stage, "edited again").await;
    change(&stage, Method::DELETE, &format!("{first}?forEveryone=true"), None).await;
    shown(&stage, "[deleted]").await;
    change(&stage, Method::POST, &format!("{SESSION}/restart"), Some(json!({}))).await;
    stage.daemon.wait_until_ready("a").await;
    shown(&stage, "[deleted]").await;
    stage.end().await;
}

on_both_engines! {
    what_is_edited_or_deleted_is_not_shown_as_it_was
}
