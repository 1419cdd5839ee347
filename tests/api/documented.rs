//! The OpenAPI document says which statuses come, and what comes with them.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{PHONE, PNG, SILENT, TestApp};

const SESSION: &str = "/api/v1/sessions/s";

/// Fails unless the document knows this status of an operation, with the answer's own fields.
fn assert_documented(document: &Value, path: &str, method: &str, status: u16, answer: &Value) {
    let template = path.replacen("/sessions/s", "/sessions/{sessionId}", 1);
    let response = &document["paths"][&template][method]["responses"][status.to_string()];
    let schema = &response["content"]["application/json"]["schema"];
    let place = format!("{method} {template} {status}: {response}");
    let of_data = &schema["properties"]["data"];
    let name = of_data["$ref"].as_str().and_then(|it| it.strip_prefix("#/components/schemas/"));
    let known = &document["components"]["schemas"][name.expect(&place)]["properties"];
    for field in answer["data"].as_object().expect(&place).keys() {
        assert!(!known[field].is_null(), "{field} of {place}");
    }
}

fn sends() -> [(&'static str, Value); 8] {
    const OGG: &str = "data:audio/ogg;base64,T2dnUwACAAAAAAAAAAAAAAAAAAAAAAAAAAABE09wdXNIZWFkAQE4AYC7\
                       AAAAAAA=";
    [
        ("send-text", json!({ "chatId": SILENT, "content": "Hello" })),
        ("send-message", json!({ "to": "15550000003", "message": "Hello" })),
        ("send-image", json!({ "chatId": SILENT, "data": PNG })),
        ("send-file", json!({ "chatId": SILENT, "data": PNG, "filename": "dot.png" })),
        ("send-audio", json!({ "chatId": SILENT, "data": OGG })),
        ("send-location", json!({ "chatId": SILENT, "latitude": 48.2, "longitude": 16.37 })),
        ("send-contact", json!({ "chatId": SILENT, "contacts": [SILENT] })),
        ("send-poll", json!({ "chatId": SILENT, "question": "Tea?", "options": ["Yes", "No"] })),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_sessions_and_the_outbox_answer_as_the_document_says() {
    let app = TestApp::start().await;
    let (_, document) = app.get("/openapi.json").await;
    let (status, created) = app.post("/api/v1/sessions", json!({ "sessionId": "s" })).await;
    let sessions = "/api/v1/sessions";
    assert_documented(&document, sessions, "post", status.as_u16(), &created);
    app.link("s", PHONE).await;
    for (name, mut body) in sends() {
        let path = format!("{SESSION}/{name}");
        let (status, sent) = app.post(&path, body.clone()).await;
        assert_eq!(status, 200, "{name}: {sent}");
        assert_documented(&document, &path, "post", 200, &sent);
        body["queue"] = true.into();
        let (status, queued) = app.post(&path, body).await;
        assert_eq!(status, 202, "{name}: {queued}");
        assert_documented(&document, &path, "post", 202, &queued);
    }
    let in_an_hour = app.gateway.services().clock.now() + Duration::from_secs(3_600);
    let at = in_an_hour.to_string();
    let body = json!({ "chatId": SILENT, "content": "Later", "sendAt": at });
    let (_, waiting) = app.post(&format!("{SESSION}/send-text"), body).await;
    let (status, listed) = app.get(&format!("{SESSION}/outbox")).await;
    assert_eq!(status, 200);
    assert_documented(&document, &format!("{SESSION}/outbox"), "get", 200, &listed);
    let one = format!("{SESSION}/outbox/{}", waiting["data"]["outboxId"].as_str().unwrap());
    let template = format!("{SESSION}/outbox/{{outboxId}}");
    let (status, read) = app.get(&one).await;
    assert_eq!(status, 200);
    assert_documented(&document, &template, "get", 200, &read);
    let (status, cancelled) = app.call(Method::DELETE, &one, None).await;
    assert_eq!(status, 200);
    assert_documented(&document, &template, "delete", 200, &cancelled);
    app.stop().await;
}
