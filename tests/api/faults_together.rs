//! What breaks the schema of a body and what is wrong with its values is named in one answer, on every
//! surface.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{ECHO, PHONE, PNG, TestApp};

const SESSION: &str = "/api/v1/sessions/s";

/// Sends what is wrong: the status, and the fields that are named.
async fn refused(app: &TestApp, method: Method, path: &str, body: &Value) -> (u16, Vec<String>) {
    let (status, answer) = app.call(method, path, Some(body.clone())).await;
    let fields = answer["error"]["details"]["fields"].as_object();
    let fields = fields.unwrap_or_else(|| panic!("{path} {body}: {status} {answer}"));
    let mut names: Vec<String> = fields.keys().cloned().collect();
    names.sort();
    (status.as_u16(), names)
}

async fn all_are_refused(app: &TestApp, status: u16, cases: &[(&str, Value, &[&str])]) {
    for (path, body, fields) in cases {
        let found = refused(app, Method::POST, path, body).await;
        let expected: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        assert_eq!(found, (status, expected), "{path} {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_and_its_webhook_are_judged_whole() {
    let app = TestApp::start().await;
    let schema_and_values = json!({
        "sessionId": "../etc", "nonsense": 1,
        "config": {
            "engine": "steam", "qrTimeout": -1, "headles": true,
            "proxyServerCredentials": { "address": "nowhere", "protocol": "ftp" },
        },
        "webhook": { "url": "nowhere", "events": ["massage"], "retries": "long", "secret": "short" },
    });
    let values = json!({
        "sessionId": "../etc",
        "config": { "multiDevice": false, "proxyServerCredentials": { "address": "nowhere" } },
        "webhook": {
            "url": "ftp://example.com", "events": ["massage"], "headers": { "a b": "c" },
            "secret": "short",
        },
    });
    all_are_refused(
        &app,
        400,
        &[
            (
                "/api/v1/sessions",
                schema_and_values,
                &[
                    "config.engine",
                    "config.headles",
                    "config.proxyServerCredentials.address",
                    "config.proxyServerCredentials.protocol",
                    "config.qrTimeout",
                    "nonsense",
                    "sessionId",
                    "webhook.events",
                    "webhook.retries",
                    "webhook.secret",
                    "webhook.url",
                ],
            ),
            (
                "/api/v1/sessions",
                values,
                &[
                    "config.multiDevice",
                    "config.proxyServerCredentials",
                    "sessionId",
                    "webhook.events",
                    "webhook.headers",
                    "webhook.secret",
                    "webhook.url",
                ],
            ),
            (
                "/api/v1/gateway-webhooks",
                json!({ "url": "nowhere", "events": ["massage"], "secret": "short", "nope": 1 }),
                &["events", "nope", "secret", "url"],
            ),
            (
                "/api/v1/gateway-webhooks",
                json!({ "url": "nowhere", "events": ["massage", "qr", "mess"], "secret": "short" }),
                &["events", "secret", "url"],
            ),
            (
                "/api/v1/api-keys",
                json!({ "scopes": ["reed"], "sessionId": "../x", "expiresAt": "yesterday" }),
                &["expiresAt", "name", "scopes", "sessionId"],
            ),
            (
                "/api/v1/api-keys",
                json!({ "name": " ", "scopes": ["read"], "sessionId": "../x",
                    "expiresAt": "1999-01-01T00:00:00Z" }),
                &["expiresAt", "name", "sessionId"],
            ),
        ],
    )
    .await;
    let (_, answer) = app.get("/api/v1/sessions").await;
    assert_eq!(answer["data"], json!([]));
    let hook = json!({ "url": "http://127.0.0.1:1/" });
    let (_, made) = app.post("/api/v1/gateway-webhooks", hook).await;
    let path = format!("/api/v1/gateway-webhooks/{}", made["data"]["id"].as_str().unwrap());
    for (change, fields) in [
        (
            json!({ "url": "ftp://x", "events": ["massage"], "headers": { "a b": "c" } }),
            &["events", "headers", "url"][..],
        ),
        (
            json!({ "url": "nowhere", "events": [], "retries": "long" }),
            &["events", "retries", "url"],
        ),
    ] {
        let found = refused(&app, Method::PATCH, &path, &change).await;
        assert_eq!((found.0, &found.1[..]), (400, &fields.map_owned()[..]), "{change}");
    }
    let (_, read) = app.get(&path).await;
    assert_eq!(
        (&read["data"]["url"], &read["data"]["events"]),
        (&json!("http://127.0.0.1:1/"), &json!(["message"]))
    );
    app.stop().await;
}

trait Owned {
    fn map_owned(&self) -> Vec<String>;
}

impl Owned for [&str] {
    fn map_owned(&self) -> Vec<String> {
        self.iter().map(|text| (*text).to_owned()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_is_judged_whole() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let send = |name: &str| format!("{SESSION}/{name}");
    let long = "x".repeat(1_025);
    for (name, body, fields) in [
        (
            "send-text",
            json!({ "chatId": "nobody", "mentions": ["x", 5], "sendAt": "soon", "priority": "z",
                "contnt": "y" }),
            &["chatId", "content", "contnt", "mentions", "mentions[1]", "priority", "sendAt"][..],
        ),
        (
            "send-text",
            json!({ "chatId": "nobody", "content": " ", "sendAt": "2999-01-01T00:00:00Z", "x": 1 }),
            &["chatId", "content", "sendAt", "x"],
        ),
        ("send-message", json!({ "to": "0555", "msg": "x" }), &["message", "msg", "to"]),
        (
            "send-image",
            json!({ "chatId": "nobody", "data": "data:;base64,?", "captoin": "x" }),
            &["captoin", "chatId", "data"],
        ),
        (
            "send-image",
            json!({ "chatId": "nobody", "data": "data:;base64,?", "caption": long }),
            &["caption", "chatId", "data"],
        ),
        (
            "send-file",
            json!({ "chatId": "nobody", "data": PNG, "filename": "a/b", "queue": "yes" }),
            &["chatId", "filename", "queue"],
        ),
        (
            "send-contact",
            json!({ "contacts": [{ "phone": "0555" }, "nobody", { "vcard": "x", "nam": "y" }] }),
            &["chatId", "contacts", "contacts[0].phone", "contacts[2].nam", "contacts[2].vcard"],
        ),
        (
            "send-contact",
            json!({ "chatId": "nobody", "contacts": [{ "phone": "0555" }, { "name": "y" }] }),
            &["chatId", "contacts[0].phone", "contacts[1].phone"],
        ),
        (
            "send-poll",
            json!({ "chatId": "nobody", "options": ["a", " "], "selectable": "x" }),
            &["chatId", "options", "question", "selectableCount"],
        ),
        ("send-poll", json!({ "chatId": ECHO, "options": ["a"] }), &["options", "question"]),
        (
            "send-location",
            json!({ "chatId": "nobody", "latitude": 91, "address": 5 }),
            &["address", "chatId", "latitude", "longitude"],
        ),
        (
            "groups",
            json!({ "name": " ", "participants": ["nobody"], "x": 1 }),
            &["name", "participants", "x"],
        ),
        ("groups", json!({ "name": " ", "participants": ["nobody"] }), &["name", "participants"]),
        ("pairing-code", json!({ "phone": "0555", "fone": 1 }), &["fone", "phone"]),
        (
            "messages/true_15550000001@c.us_A/reaction",
            json!({ "emoji": "ok", "x": 1 }),
            &["emoji", "x"],
        ),
    ] {
        let (status, named) = refused(&app, Method::POST, &send(name), &body).await;
        assert_eq!((status, named), (400, fields.map_owned()), "{name} {body}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chat_api_judges_whole_too() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let text = "/api/v1/messages/send";
    let media = "/api/v1/messages/send-media";
    let cases: &[(&str, Value, &[&str])] = &[
        (
            "/api/v1/chat/send",
            json!({ "recipient": "nobody", "mentioned_jids": ["x"], "schedule_at": "soon", "y": 1 }),
            &["mentioned_jids", "message", "recipient", "schedule_at", "y"],
        ),
        (
            text,
            json!({ "instance_id": "s", "recipient": "nobody", "message": " ",
                "mentioned_jids": ["x"], "schedule_at": "soon" }),
            &["mentioned_jids", "message", "recipient", "schedule_at"],
        ),
        (
            text,
            json!({ "instance_id": "s", "recipient": ECHO, "message": " ", "reply_to": "none" }),
            &["message", "reply_to"],
        ),
        (
            media,
            json!({ "instance_id": "s", "recipient": "nobody", "media_type": "picture",
                "media_url": "ftp://x", "filename": "a/b", "schedule_at": "soon" }),
            &["filename", "media_type", "media_url", "recipient", "schedule_at"],
        ),
        (
            media,
            json!({ "instance_id": "s", "recipient": "nobody", "media_type": "image",
                "media_data": "zzz", "schedule_at": "soon", "mentioned_jids": ["x"] }),
            &["media_data", "mentioned_jids", "recipient", "schedule_at"],
        ),
        (
            media,
            json!({ "instance_id": "s", "recipient": "nobody", "media_type": "image",
                "media_url": "ftp://x", "filename": "a/b" }),
            &["filename", "media_url", "recipient"],
        ),
        (
            "/api/v1/chat/send-media",
            json!({ "instance_id": "s", "recipient": "nobody", "media_type": "image" }),
            &["media_url", "recipient"],
        ),
        ("/api/v1/tags", json!({ "color": "red" }), &["color", "name"]),
        ("/api/v1/tags", json!({ "name": " ", "color": "red" }), &["color", "name"]),
    ];
    all_are_refused(&app, 422, cases).await;
    let (_, made) = app.post("/api/v1/tags", json!({ "name": "VIP" })).await;
    let path = format!("/api/v1/tags/{}", made["data"]["tag"]["id"].as_str().unwrap());
    let change = json!({ "name": " ", "color": "red" });
    let found = refused(&app, Method::PATCH, &path, &change).await;
    assert_eq!(found, (422, ["color", "name"][..].map_owned()));
    app.stop().await;
}
