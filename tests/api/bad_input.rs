//! Bad input on every kind of endpoint: the documented error, and the gateway stays up.

use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::app::{ECHO, PHONE, PNG, TestApp, code};

#[tokio::test(flavor = "multi_thread")]
async fn a_session_cannot_be_created_badly() {
    let app = TestApp::start_with(&[("MAX_SESSIONS", "1")]).await;
    for (body, field) in [
        (json!({}), "sessionId"),
        (json!({ "sessionId": 5 }), "sessionId"),
        (json!({ "sessionId": "../etc" }), "sessionId"),
        (json!({ "sessionId": "x".repeat(65) }), "sessionId"),
        (json!({ "sessionId": "a", "waitForQR": "soon" }), "waitForQR"),
        (json!({ "sessionId": "a", "config": { "qrTimeout": -1 } }), "config.qrTimeout"),
        (json!({ "sessionId": "a", "config": { "multiDevice": false } }), "config.multiDevice"),
        (json!({ "sessionId": "a", "config": { "engine": "steam" } }), "config.engine"),
        (
            json!({ "sessionId": "a", "config": { "proxyServerCredentials": { "address": "nowhere" } } }),
            "config.proxyServerCredentials",
        ),
    ] {
        let (status, answer) = app.post("/api/v1/sessions", body.clone()).await;
        assert_eq!((status.as_u16(), code(&answer)), (400, "VALIDATION_ERROR"), "{body}");
        assert!(answer["error"]["details"]["fields"].get(field).is_some(), "{body}: {answer}");
    }
    let program = json!({ "sessionId": "a", "config": { "executablePath": "/bin/sh" } });
    assert_eq!(app.post("/api/v1/sessions", program).await.0, 403);
    app.create("a").await;
    let (status, answer) = app.post("/api/v1/sessions", json!({ "sessionId": "a" })).await;
    assert_eq!((status.as_u16(), code(&answer)), (409, "SESSION_ALREADY_EXISTS"));
    let (status, answer) = app.post("/api/v1/sessions", json!({ "sessionId": "b" })).await;
    assert_eq!((status.as_u16(), code(&answer)), (409, "MAX_SESSIONS_REACHED"));
    assert_eq!(answer["error"]["details"]["maxSessions"], 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_says_what_is_wrong_with_it() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let long = "x".repeat(65_537);
    for (path, body, status, expected) in [
        ("send-text", json!({ "content": "x" }), 400, "VALIDATION_ERROR"),
        ("send-text", json!({ "chatId": "1234567890", "content": "x" }), 400, "INVALID_CHAT_ID"),
        (
            "send-text",
            json!({ "chatId": "nobody\u{202e}@c.us", "content": "x" }),
            400,
            "INVALID_CHAT_ID",
        ),
        ("send-text", json!({ "chatId": ECHO, "content": " \n" }), 400, "VALIDATION_ERROR"),
        ("send-text", json!({ "chatId": ECHO, "content": long }), 400, "VALIDATION_ERROR"),
        (
            "send-text",
            json!({ "chatId": "99912345678@c.us", "content": "x" }),
            422,
            "RECIPIENT_NOT_ON_WHATSAPP",
        ),
        (
            "send-text",
            json!({ "chatId": "120363000000000000@g.us", "content": "x" }),
            404,
            "CHAT_NOT_FOUND",
        ),
        ("send-image", json!({ "chatId": ECHO, "data": "iVBORw0KGgo" }), 400, "VALIDATION_ERROR"),
        (
            "send-image",
            json!({ "chatId": ECHO, "data": "data:image/png;base64,!!" }),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "send-image",
            json!({ "chatId": ECHO, "data": "data:image/png;base64,aGVsbG8=" }),
            400,
            "UNSUPPORTED_MEDIA",
        ),
        (
            "send-image",
            json!({ "chatId": ECHO, "data": PNG, "filename": "../a.png" }),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "send-image",
            json!({ "chatId": ECHO, "data": PNG, "caption": "x".repeat(1025) }),
            400,
            "VALIDATION_ERROR",
        ),
        ("send-file", json!({ "chatId": ECHO, "data": PNG }), 400, "VALIDATION_ERROR"),
        ("send-audio", json!({ "chatId": ECHO, "data": PNG }), 400, "UNSUPPORTED_MEDIA"),
        (
            "send-location",
            json!({ "chatId": ECHO, "latitude": 91, "longitude": 0 }),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "send-poll",
            json!({ "chatId": ECHO, "question": "?", "options": ["one"] }),
            400,
            "VALIDATION_ERROR",
        ),
        ("groups", json!({ "name": "g", "participants": ["nonsense"] }), 400, "INVALID_CHAT_ID"),
        ("groups", json!({ "name": "", "participants": [ECHO] }), 400, "VALIDATION_ERROR"),
        ("webhooks", json!({ "url": "ftp://x" }), 400, "VALIDATION_ERROR"),
        (
            "webhooks",
            json!({ "url": "http://127.0.0.1:1/", "events": ["moon"] }),
            400,
            "VALIDATION_ERROR",
        ),
        ("pairing-code", json!({ "phone": "12" }), 400, "VALIDATION_ERROR"),
    ] {
        let (found, answer) = app.post(&format!("/api/v1/sessions/s/{path}"), body.clone()).await;
        let shown: String = body.to_string().chars().take(120).collect();
        assert_eq!((found.as_u16(), code(&answer)), (status, expected), "{path} {shown}: {answer}");
    }
    assert_eq!(app.get("/api/v1/health").await.1["data"]["status"], "healthy");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_of_what_is_not_there_are_404_in_the_right_words() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    for (path, status, expected) in [
        ("/api/v1/sessions/nobody", 404, "SESSION_NOT_FOUND"),
        ("/api/v1/sessions/nobody/chats", 404, "SESSION_NOT_FOUND"),
        ("/api/v1/sessions/..%2f..%2fetc/status", 404, "SESSION_NOT_FOUND"),
        ("/api/v1/sessions/s/chats/1231231234@c.us/messages", 404, "CHAT_NOT_FOUND"),
        ("/api/v1/sessions/s/chats/nonsense/messages", 400, "INVALID_CHAT_ID"),
        ("/api/v1/sessions/s/chats?limit=0", 400, "VALIDATION_ERROR"),
        ("/api/v1/sessions/s/chats?cached=perhaps", 400, "VALIDATION_ERROR"),
        ("/api/v1/sessions/s/contacts/99912345678@c.us", 404, "CONTACT_NOT_FOUND"),
        ("/api/v1/sessions/s/contacts/120363000000000000@g.us", 400, "INVALID_CHAT_ID"),
        ("/api/v1/sessions/s/groups/120363000000000000@g.us", 404, "GROUP_NOT_FOUND"),
        (
            "/api/v1/sessions/s/webhooks/0192c9d0-0000-7000-8000-000000000000",
            404,
            "WEBHOOK_NOT_FOUND",
        ),
        ("/api/v1/sessions/s/qr?format=mosaic", 400, "VALIDATION_ERROR"),
        ("/api/v1/nothing/here", 404, "NOT_FOUND"),
        ("/ws/nobody", 404, "SESSION_NOT_FOUND"),
        ("/ws/s", 426, "UPGRADE_REQUIRED"),
    ] {
        let (found, answer) = app.get(path).await;
        assert_eq!((found.as_u16(), code(&answer)), (status, expected), "{path}: {answer}");
        assert_eq!(answer["success"], false);
        assert!(answer["error"]["details"].is_object());
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_and_methods_that_do_not_fit_are_refused() {
    let app = TestApp::start().await;
    let url = format!("{}/api/v1/sessions", app.base);
    let send = async |body: String, kind: &str| {
        let response =
            app.http.post(&url).header(CONTENT_TYPE, kind).body(body).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json::<Value>().await.unwrap())
    };
    let (status, answer) = send("{".to_owned(), "application/json").await;
    assert_eq!((status, code(&answer)), (400, "VALIDATION_ERROR"));
    let (status, _) = send("sessionId=a".to_owned(), "application/x-www-form-urlencoded").await;
    assert_eq!(status, 400);
    let (status, answer) = send(" ".repeat(25 * 1024 * 1024), "application/json").await;
    assert_eq!((status, code(&answer)), (413, "PAYLOAD_TOO_LARGE"));
    let deep = "[".repeat(100_000);
    assert_eq!(send(deep, "application/json").await.0, 400);

    let response = app.http.put(&url).send().await.unwrap();
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["allow"], "POST, GET");
    assert_eq!(app.http.head(&url).send().await.unwrap().status(), 200);
    assert_eq!(app.call(Method::GET, "/api/v1/sessions/", None).await.0, 200);
    let response = app.http.get(&url).header("x-request-id", "mine-1").send().await.unwrap();
    assert_eq!(response.headers()["x-request-id"], "mine-1");
    app.stop().await;
}
