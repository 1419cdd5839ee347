//! No field is ignored in silence: unknown ones are refused by name, other names of our own are read, and
//! all that is wrong is named at once.

use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::app::{ECHO, PHONE, TestApp, code};

const SESSION: &str = "/api/v1/sessions/s";

fn faults(answer: &Value) -> Vec<(String, String)> {
    let fields = answer["error"]["details"]["fields"].as_object().expect("no fields are named");
    let mut faults: Vec<(String, String)> = fields
        .iter()
        .map(|(field, all)| (field.clone(), all[0].as_str().unwrap().to_owned()))
        .collect();
    faults.sort();
    faults
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_is_not_known_is_refused_with_the_nearest_name() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let image = json!({ "chatId": ECHO, "data": "data:,", "captoin": "x" });
    for (method, path, body, field, near) in [
        (
            "POST",
            "send-text",
            json!({ "chatId": ECHO, "content": "x", "quotedmessageid": "y" }),
            "quotedmessageid",
            "quotedMessageId",
        ),
        ("POST", "send-image", image, "captoin", "caption"),
        (
            "POST",
            "send-poll",
            json!({ "chatId": ECHO, "question": "q", "options": ["a", "b"], "selectable_count": 1 }),
            "selectable_count",
            "selectableCount",
        ),
        (
            "POST",
            "send-location",
            json!({ "chatId": ECHO, "latitude": 1, "longitude": 2, "sent_at": "x" }),
            "sent_at",
            "sendAt",
        ),
        (
            "POST",
            "groups",
            json!({ "name": "g", "participants": [ECHO], "descripton": "d" }),
            "descripton",
            "description",
        ),
        (
            "POST",
            "webhooks",
            json!({ "url": "http://127.0.0.1:1/", "event": ["message"] }),
            "event",
            "events",
        ),
        ("POST", "restart", json!({ "waitForQr": false }), "waitForQr", "waitForQR"),
        ("POST", "pairing-code", json!({ "phone": "15550000011", "fone": "1" }), "fone", "phone"),
        ("POST", "chats/15550000001@c.us/typing", json!({ "typng": true }), "typng", "typing"),
        (
            "PATCH",
            "messages/true_15550000001@c.us_A",
            json!({ "content": "x", "contents": "y" }),
            "contents",
            "content",
        ),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let (status, answer) = app.call(method, &format!("{SESSION}/{path}"), Some(body)).await;
        assert_eq!((status.as_u16(), code(&answer)), (400, "VALIDATION_ERROR"), "{path}: {answer}");
        let said = format!("is not a field of this request; the nearest is {near}");
        assert_eq!(faults(&answer), [(field.to_owned(), said)], "{path}");
    }
    for (method, path, body, field, status) in [
        (
            "POST",
            "/api/v1/sessions",
            json!({ "sessionId": "n", "config": { "headles": true } }),
            "config.headles",
            400,
        ),
        (
            "POST",
            "/api/v1/api-keys",
            json!({ "name": "n", "scopes": ["read"], "session": "s" }),
            "session",
            400,
        ),
        (
            "POST",
            "/api/v1/chat/send",
            json!({ "instance_id": "s", "recipient": ECHO, "message": "x", "replyto": "y" }),
            "replyto",
            422,
        ),
        (
            "POST",
            "/api/v1/chat/send-media",
            json!({ "instance_id": "s", "recipient": ECHO, "media_type": "image", "media_ur": "x" }),
            "media_ur",
            422,
        ),
        (
            "POST",
            "/api/v1/messages/send",
            json!({ "instance_id": "s", "recipient": ECHO, "message": "x", "scheduled_at": "y" }),
            "scheduled_at",
            422,
        ),
        ("POST", "/api/v1/tags", json!({ "name": "VIP", "colour": "#f59e0b" }), "colour", 422),
        (
            "POST",
            "/_simulator/v1/accounts",
            json!({ "phone": "15557770001", "nam": "N" }),
            "nam",
            400,
        ),
        ("PUT", "/_simulator/v1/faults", json!({ "refuseSend": 1 }), "refuseSend", 400),
        ("PUT", "/_simulator/v1/clock", json!({ "advance": 1 }), "advance", 400),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let (found, answer) = app.call(method, path, Some(body)).await;
        assert_eq!(
            (found.as_u16(), code(&answer)),
            (status, "VALIDATION_ERROR"),
            "{path}: {answer}"
        );
        let faults = faults(&answer);
        assert_eq!(faults.len(), 1, "{path}: {faults:?}");
        assert_eq!(faults[0].0, field, "{path}");
        assert!(faults[0].1.contains("is not a field of this request"), "{path}: {faults:?}");
    }
    let (_, answer) = app.get("/_simulator/v1/faults").await;
    assert_eq!(answer["data"]["refuseSends"], 0);
    let plan = Some(json!({ "refuseSends": 0, "slowReceipts": 5 }));
    assert_eq!(app.call(Method::PUT, "/_simulator/v1/faults", plan).await.0, 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_wrong_is_named_at_once() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let send = async |path: &str, body: Value| {
        let (status, answer) = app.post(path, body).await;
        let fields: Vec<String> = faults(&answer).into_iter().map(|(field, _)| field).collect();
        (status.as_u16(), code(&answer).to_owned(), fields)
    };
    let open_wa = |fields: &[&str]| {
        let fields = fields.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>();
        (400, "VALIDATION_ERROR".to_owned(), fields)
    };
    for (path, body, fields) in [
        ("send-text", json!({}), &["chatId", "content"][..]),
        ("send-text", json!({ "chatId": 5, "contnt": "x" }), &["chatId", "content", "contnt"]),
        ("send-text", json!({ "chatId": "nobody", "content": " " }), &["chatId", "content"]),
        (
            "send-text",
            json!({ "chatId": "nobody", "content": "x", "mentions": ["y"], "priority": "z" }),
            &["chatId", "mentions", "priority"],
        ),
        ("send-message", json!({ "to": "x", "message": "" }), &["message", "to"]),
        (
            "send-poll",
            json!({ "chatId": ECHO, "question": "", "options": [] }),
            &["options", "question"],
        ),
        (
            "send-location",
            json!({ "chatId": "x", "latitude": 91, "longitude": 181 }),
            &["chatId", "latitude", "longitude"],
        ),
        ("send-image", json!({ "caption": 5 }), &["caption", "chatId", "data"]),
        ("send-file", json!({}), &["chatId", "data", "filename"]),
        (
            "send-file",
            json!({ "chatId": "x", "data": "zzz", "filename": "a/b" }),
            &["chatId", "data", "filename"],
        ),
        ("groups", json!({ "description": [] }), &["description", "name", "participants"]),
        ("webhooks", json!({ "events": [1], "enabled": "x" }), &["enabled", "events[0]", "url"]),
    ] {
        let found = send(&format!("{SESSION}/{path}"), body.clone()).await;
        assert_eq!(found, open_wa(fields), "{path} {body}");
    }
    let chat = send("/api/v1/chat/send", json!({})).await;
    assert_eq!(chat.0, 422);
    assert_eq!(chat.2, ["message", "recipient"]);
    let body = json!({ "instance_id": "s", "recipient": "nobody", "message": " " });
    assert_eq!(send("/api/v1/chat/send", body).await.2, ["message", "recipient"]);
    let (_, answer) = app.post(&format!("{SESSION}/send-text"), json!({})).await;
    assert_eq!(answer["error"]["message"], "chatId: is required; content: is required");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_text_is_not_given_and_never_means_more_than_was_meant() {
    let app = TestApp::start().await;
    let body = json!({
        "sessionId": "s",
        "config": { "engine": "", "userAgent": "" },
        "webhook": { "url": "http://127.0.0.1:1/", "retries": "" },
    });
    let (status, answer) = app.post("/api/v1/sessions", body).await;
    assert_eq!(status, 201, "{answer}");
    app.link("s", PHONE).await;
    let body = json!({
        "chatId": ECHO, "latitude": 1.5, "longitude": 2, "name": "", "address": "",
        "quotedMessageId": "", "sendAt": "", "priority": "",
    });
    let (status, answer) = app.post(&format!("{SESSION}/send-location"), body).await;
    assert_eq!(status, 200, "{answer}");
    // A key for no session would be one for all.
    for field in ["sessionId", "expiresAt"] {
        let body = json!({ "name": "n", "scopes": ["read"], field: "" });
        let (status, answer) = app.post("/api/v1/api-keys", body).await;
        assert_eq!(status, 400, "{answer}");
        assert_eq!(answer["error"]["details"]["fields"][field][0], "must not be empty", "{answer}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_names_of_our_own_events_and_lists_are_read() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let mut listener = app.listen("/ws/s").await;
    for (path, body) in [
        (format!("{SESSION}/send-text"), json!({ "chatId": ECHO, "body": "one" })),
        (format!("{SESSION}/send-text"), json!({ "from": ECHO, "message": "two" })),
        (format!("{SESSION}/send-message"), json!({ "chatId": ECHO, "content": "three" })),
        (
            "/api/v1/chat/send".to_owned(),
            json!({ "session_id": "s", "contact_number": "15550000001", "message_body": "four" }),
        ),
    ] {
        let words = body.as_object().unwrap().values().filter_map(Value::as_str);
        let mut words = words.filter(|word| ["one", "two", "three", "four"].contains(word));
        let words = words.next_back().unwrap().to_owned();
        let (status, answer) = app.post(&path, body.clone()).await;
        assert_eq!(status, 200, "{path} {body}: {answer}");
        loop {
            let event = listener.event("message_sent").await;
            if event["data"]["body"] == words {
                break;
            }
        }
    }
    // An event as it came is an answer to it.
    let echo = loop {
        let event = listener.event("message").await["data"].clone();
        if event["body"] == "four" {
            break event;
        }
    };
    let body = json!({
        "from": echo["from"], "body": "five", "quotedMsgId": echo["id"],
        "mentionedJidList": echo["mentionedJidList"],
    });
    let (status, answer) = app.post(&format!("{SESSION}/send-text"), body).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(listener.event("message_sent").await["data"]["quotedMsgId"], echo["id"]);
    let twice = json!({ "chatId": ECHO, "content": "six", "body": "seven" });
    let (status, answer) = app.post(&format!("{SESSION}/send-text"), twice).await;
    assert_eq!(status, 400, "{answer}");
    let fault = "is given twice, as content and as body";
    let fault = answer["error"]["details"]["fields"]["content"][0].as_str() == Some(fault);
    let other = "is given twice, as body and as content";
    assert!(fault || answer.to_string().contains(other), "{answer}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_utf_8_with_or_without_a_byte_order_mark() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let send = async |body: Vec<u8>| {
        let request = app.http.post(format!("{}{SESSION}/send-text", app.base));
        let request = request.header(CONTENT_TYPE, "application/json").body(body);
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json::<Value>().await.unwrap())
    };
    let text = json!({ "chatId": ECHO, "content": "caf\u{e9}" }).to_string();
    let (status, answer) = send(format!("\u{feff}{text}").into_bytes()).await;
    assert_eq!((status, &answer["data"]["content"]), (200, &json!("caf\u{e9}")), "{answer}");
    let latin: Vec<u8> = text.chars().map(|ch| u8::try_from(u32::from(ch)).unwrap()).collect();
    let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [&[0xFF, 0xFE][..], &utf_16].concat();
    let cut = text.replace('\u{e9}', "\\ud83d").into_bytes();
    for body in [latin, utf_16, marked, cut] {
        let (status, answer) = send(body).await;
        assert_eq!((status, code(&answer)), (400, "VALIDATION_ERROR"), "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains("UTF-8"), "{answer}");
    }
    app.stop().await;
}
