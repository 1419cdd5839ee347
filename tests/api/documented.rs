//! Answers with several statuses of success. The client compares each answer with the OpenAPI document.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{PHONE, PNG, SILENT, TestApp};

const SESSION: &str = "/api/v1/sessions/s";

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
async fn each_send_answers_200_when_it_is_sent_and_202_when_it_waits() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    for (name, mut body) in sends() {
        let path = format!("{SESSION}/{name}");
        let (status, sent) = app.post(&path, body.clone()).await;
        assert_eq!(status, 200, "{name}: {sent}");
        body["queue"] = true.into();
        let (status, queued) = app.post(&path, body).await;
        assert_eq!(status, 202, "{name}: {queued}");
    }
    let in_an_hour = app.gateway.services().clock.now() + Duration::from_secs(3_600);
    let body = json!({ "chatId": SILENT, "content": "Later", "sendAt": in_an_hour.to_string() });
    let (_, waiting) = app.post(&format!("{SESSION}/send-text"), body).await;
    let one = format!("{SESSION}/outbox/{}", waiting["data"]["outboxId"].as_str().unwrap());
    for (method, path) in [
        (Method::GET, format!("{SESSION}/outbox")),
        (Method::GET, one.clone()),
        (Method::DELETE, one),
    ] {
        let (status, answer) = app.call(method, &path, None).await;
        assert_eq!(status, 200, "{path}: {answer}");
    }
    app.stop().await;
}
