//! A page that is slow has refused nothing: an outcome that nobody saw is unknown, and said to be so.

use reqwest::Method;
use serde_json::json;

use crate::stage::{ADA, OWN, SESSION, Stage, code};

/// Longer than the agent in the page waits for what it asked for, in milliseconds.
const SLOW: u64 = 11_000;

async fn a_slow_deletion_is_not_called_too_old(stage: Stage) {
    let mut events = stage.events().await;
    let body = json!({ "chatId": format!("{ADA}@c.us"), "content": "a slip" });
    let sent = stage.send("send-text", body).await;
    let id = sent["messageId"].as_str().unwrap();
    events.next("ack", |data| data["id"] == id && data["ack"] == 2).await;
    stage.plan_faults(json!({ "delayRequests": SLOW })).await;
    let path = format!("{SESSION}/messages/{id}");
    let (status, answer) = stage.call(Method::DELETE, &path, None).await;
    if status != 200 {
        assert_eq!((status, code(&answer)), (504, "SEND_TIMEOUT"), "{answer}");
        let details = &answer["error"]["details"];
        assert_eq!((&details["outcome"], details.get("reason")), (&json!("unknown"), None));
    }
    stage.plan_faults(json!({})).await;
    // WhatsApp was asked all the same.
    let gone = || async {
        let got = stage.on_phone(ADA, &format!("{OWN}@c.us")).await;
        (got[0]["kind"] == "revoked").then_some(())
    };
    stage.until("the deletion on the phone", gone).await;
    // Asked once more, it is done.
    let (status, answer) = stage.call(Method::DELETE, &path, None).await;
    assert_eq!(status, 200, "{answer}");
    let list = stage.ask(&format!("chats/{ADA}@c.us/messages")).await;
    assert_eq!(list[0]["type"], "revoked", "{list}");
    stage.end().await;
}

on_both_engines! {
    a_slow_deletion_is_not_called_too_old
}
