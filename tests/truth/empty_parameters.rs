//! An optional parameter or field that is empty is one that is not given, on every surface.

use serde_json::{Value, json};

use crate::stage::{ADA, SESSION, Stage};

async fn an_empty_parameter_is_not_given(stage: Stage) {
    let chat = format!("{ADA}@c.us");
    stage.send("send-text", json!({ "chatId": chat, "content": "one" })).await;
    let (_, listed) = stage.get("/api/v1/chat/conversations").await;
    let conversation = listed["data"]["data"][0]["id"].as_str().unwrap().to_owned();
    for (path, empty) in [
        (format!("{SESSION}/chats/{chat}/messages"), "limit=&before="),
        (format!("{SESSION}/chats"), "limit=&offset=&unread=&search=&cached="),
        (format!("{SESSION}/contacts"), "search=%20&myContacts=&limit=&offset="),
        (format!("{SESSION}/outbox"), "limit=&before="),
        (format!("{SESSION}/qr"), "format=&wait="),
        (format!("{SESSION}/logs"), "limit="),
        ("/api/v1/sessions".to_owned(), "status="),
        (
            "/api/v1/chat/conversations".to_owned(),
            "instance_id=&search=&unread=&is_group=&tag=&archived=&page=&per_page=",
        ),
        (
            format!("/api/v1/chat/conversations/{conversation}/messages"),
            "before_id=&after_id=&limit=",
        ),
        ("/api/v1/conversations".to_owned(), "format=&is_group="),
        (
            format!("/api/v1/conversations/{conversation}/messages"),
            "format=&from=&to=&before_id=&limit=",
        ),
        (
            "/api/v1/messages".to_owned(),
            "instance_id=&conversation_id=&direction=&status=&from=&to=&search=&per_page=&before_id=",
        ),
        ("/api/v1/instances".to_owned(), "status="),
        ("/api/v1/metrics/history".to_owned(), "minutes="),
    ] {
        let (plain_status, plain) = stage.get(&path).await;
        let (status, answer) = stage.get(&format!("{path}?{empty}")).await;
        assert_eq!(status, plain_status, "{path}?{empty}: {answer}");
        assert_eq!(ids(&answer), ids(&plain), "{path}?{empty}");
    }
    stage.end().await;
}

/// The ids of all that an answer lists. Receipts change the rest from one answer to the next.
fn ids(answer: &Value) -> Vec<Value> {
    match answer {
        Value::Object(fields) => {
            let own = fields.get("id").cloned();
            own.into_iter().chain(fields.values().flat_map(ids)).collect()
        }
        Value::Array(entries) => entries.iter().flat_map(ids).collect(),
        _ => Vec::new(),
    }
}

async fn an_empty_field_is_not_given(stage: Stage) {
    let chat = format!("{ADA}@c.us");
    let empty = json!({
        "chatId": chat, "content": "two", "quotedMessageId": "", "sendAt": "", "priority": "",
        "mentions": [],
    });
    let (status, answer) = stage.post(&format!("{SESSION}/send-text"), empty).await;
    assert_eq!(status, 200, "{answer}");
    let body = json!({
        "instance_id": "a", "recipient": chat, "message": "three", "reply_to": "",
        "mentioned_jids": [],
    });
    let (status, answer) = stage.post("/api/v1/chat/send", body.clone()).await;
    assert_eq!(status, 200, "{answer}");
    let mut body = body;
    body["schedule_at"] = json!("");
    let (status, answer) = stage.post("/api/v1/messages/send", body).await;
    assert_eq!(status, 200, "{answer}");
    stage.end().await;
}

on_both_engines! {
    an_empty_parameter_is_not_given
    an_empty_field_is_not_given
}
