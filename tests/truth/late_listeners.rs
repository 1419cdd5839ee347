//! A session is ready when its commands work, and a command that did nothing is an error.

use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{ADA, OWN, SESSION, Stage, code};

async fn sent(stage: &Stage, words: &str) -> String {
    let body = json!({ "chatId": format!("{ADA}@c.us"), "content": words });
    let sent = stage.send("send-text", body).await;
    sent["messageId"].as_str().unwrap().to_owned()
}

async fn kinds_on_phone(stage: &Stage) -> Vec<Value> {
    let messages = stage.on_phone(ADA, &format!("{OWN}@c.us")).await;
    messages.iter().map(|message| message["kind"].clone()).collect()
}

async fn what_is_asked_at_ready_is_done(stage: Stage) {
    let id = sent(&stage, "to be deleted").await;
    stage
        .until("the message", || async { (kinds_on_phone(&stage).await == ["text"]).then_some(()) })
        .await;
    // The listeners that carry commands out come later than the main screen.
    stage.web_client(json!({ "listenersAfter": 1_500 })).await;
    stage.restart().await;
    let (status, answer) =
        stage.call(Method::DELETE, &format!("{SESSION}/messages/{id}"), None).await;
    assert_eq!(status, 200, "{answer}");
    let archive = format!("{SESSION}/chats/{ADA}@c.us/archive");
    let (status, answer) = stage.post(&archive, json!({})).await;
    assert_eq!(status, 200, "{answer}");
    let is_revoked = || async { (kinds_on_phone(&stage).await == ["revoked"]).then_some(()) };
    stage.until("the deletion on the phone", is_revoked).await;
    let chats = stage.ask("chats").await;
    assert_eq!(chats[0]["archived"], true, "{chats}");
    stage.end().await;
}

async fn what_nothing_would_carry_out_is_an_error(stage: Stage) {
    let id = sent(&stage, "stays").await;
    stage.web_client(json!({ "listenersAfter": null })).await;
    stage.restart().await;
    let delete = format!("{SESSION}/messages/{id}");
    let archive = format!("{SESSION}/chats/{ADA}@c.us/archive");
    if stage.engine == "browser" {
        for way in ["everyone", "me"] {
            let path = format!("{delete}?for={way}");
            let (status, answer) = stage.call(Method::DELETE, &path, None).await;
            assert_eq!((status, code(&answer)), (503, "WHATSAPP_NOT_READY"), "{answer}");
        }
        let (status, answer) = stage.post(&archive, json!({})).await;
        assert_eq!((status, code(&answer)), (503, "WHATSAPP_NOT_READY"), "{answer}");
        assert_eq!(kinds_on_phone(&stage).await, ["text"]);
        let logs = stage.ask("logs").await.to_string();
        assert!(logs.contains("WhatsApp Web lacks a listener of Cmd's archive_chat"), "{logs}");
    } else {
        // Without a page there are no listeners to miss.
        let (status, answer) = stage.call(Method::DELETE, &delete, None).await;
        assert_eq!(status, 200, "{answer}");
    }
    // All else works.
    sent(&stage, "goes out").await;
    stage.end().await;
}

on_both_engines! {
    what_is_asked_at_ready_is_done
    what_nothing_would_carry_out_is_an_error
}
