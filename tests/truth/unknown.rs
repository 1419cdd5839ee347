//! What nobody here knows reaches callers all the same, as it is.

use serde_json::{Value, json};

use crate::stage::{ADA, OWN, Stage};

async fn a_message_of_an_unknown_kind_comes_with_its_raw_object(stage: Stage) {
    let mut events = stage.events().await;
    let order = json!({ "orderId": "77", "itemCount": 2, "nested": { "token": "abc" } });
    let body = json!({ "chat": format!("{OWN}@c.us"), "unknown": order });
    stage.phone(ADA, "messages", body).await;
    let reported = events.next("message", |_| true).await["data"].clone();
    let listed = stage.ask(&format!("chats/{ADA}@c.us/messages?limit=50")).await[0].clone();
    for message in [&reported, &listed] {
        assert_eq!(message["type"], "unknown", "{message}");
        let raw = &message["raw"];
        assert_eq!((&raw["orderId"], &raw["itemCount"]), (&json!("77"), &json!(2)), "{message}");
        assert_eq!(raw["nested"]["token"], "abc", "{message}");
    }
    let large = json!({ "chat": format!("{OWN}@c.us"), "unknown": { "text": "x".repeat(12_000) } });
    stage.phone(ADA, "messages", large).await;
    let reported =
        events.next("message", |data| data["id"] != reported["id"]).await["data"].clone();
    assert!(
        reported["raw"]["text"].as_str().is_some_and(|text| text.starts_with("xxx")),
        "{reported}"
    );
    assert!(reported.to_string().len() < 24 * 1024);
    let (_, answer) = stage.get("/api/v1/chat/conversations").await;
    let id = answer["data"]["data"][0]["id"].as_str().unwrap();
    let (_, answer) = stage.get(&format!("/api/v1/chat/conversations/{id}/messages")).await;
    let first: &Value = &answer["data"]["messages"][0];
    assert_eq!(
        (&first["message_type"], &first["raw"]["orderId"]),
        (&json!("unsupported"), &json!("77"))
    );
    stage.end().await;
}

on_both_engines! {
    a_message_of_an_unknown_kind_comes_with_its_raw_object
}
