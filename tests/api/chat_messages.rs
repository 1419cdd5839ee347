//! What the Chat API does to single messages: edited, deleted, reacted to, sent with a file, queued.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    app::{PHONE, PNG, SILENT, TestApp, code},
    chat::{conversation, messages, send, write},
};

const SILENT_PHONE: &str = "15550000003";
pub const PRIVATE: (&str, &str) = ("WAGATE_MEDIA__ALLOW_PRIVATE_SOURCES", "true");

#[tokio::test(flavor = "multi_thread")]
async fn an_own_text_is_edited_and_nothing_else_is() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let sent = send(&app, SILENT, "frist").await;
    let path = format!("/api/v1/chat/messages/{}", sent["message"]["uuid"].as_str().unwrap());
    for (field, text) in [("message", "first"), ("message_body", "1st"), ("body", "one")] {
        let (status, answer) = app.call(Method::PATCH, &path, Some(json!({ field: text }))).await;
        assert_eq!(status, 200, "{answer}");
        let message = &answer["data"]["message"];
        assert_eq!((&message["message_body"], &message["is_edited"]), (&json!(text), &json!(true)));
    }
    let by_number = format!("/api/v1/chat/messages/{}", sent["message"]["id"]);
    let (status, _) = app.call(Method::PATCH, &by_number, Some(json!({ "message": "two" }))).await;
    assert_eq!(status, 200);

    write(&app, SILENT_PHONE, "theirs").await;
    let one = conversation(&app, SILENT_PHONE).await;
    let theirs = app
        .wait_for("their message", || async {
            let all = messages(&app, &one, "").await;
            all.into_iter().find(|message| message["message_body"] == "theirs")
        })
        .await;
    let their_path = format!("/api/v1/chat/messages/{}", theirs["uuid"].as_str().unwrap());
    let body = Some(json!({ "message": "x" }));
    let (status, answer) = app.call(Method::PATCH, &their_path, body.clone()).await;
    assert_eq!((status.as_u16(), code(&answer)), (422, "EDIT_NOT_ALLOWED"));
    assert_eq!(answer["error"]["details"]["reason"], "not_own");
    let (status, answer) = app.call(Method::DELETE, &their_path, None).await;
    assert_eq!((status.as_u16(), code(&answer)), (422, "DELETE_NOT_ALLOWED"));
    assert_eq!(answer["error"]["details"]["reason"], "not_own");

    assert_eq!(app.call(Method::DELETE, &path, None).await.0, 200);
    let (_, answer) = app.call(Method::PATCH, &path, body).await;
    assert_eq!(answer["error"]["details"]["reason"], "deleted");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_deleted_for_everyone_or_for_oneself() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let (gone, kept) = (send(&app, SILENT, "gone").await, send(&app, SILENT, "hidden").await);
    let uuid = gone["message"]["uuid"].as_str().unwrap();
    for _ in 0..2 {
        let path = format!("/api/v1/chat/messages/{uuid}");
        let (status, answer) = app.call(Method::DELETE, &path, None).await;
        assert_eq!((status.as_u16(), &answer["message"]), (200, &json!("Message deleted")));
        assert_eq!(answer["data"], json!({ "uuid": uuid, "is_deleted": true }));
    }
    let hidden = kept["message"]["uuid"].as_str().unwrap();
    for _ in 0..2 {
        let path = format!("/api/v1/chat/messages/{hidden}?for=me");
        assert_eq!(app.call(Method::DELETE, &path, None).await.0, 200);
    }
    let shown = messages(&app, &gone["conversation"], "").await;
    let shown: Vec<_> = shown.iter().map(|m| (&m["is_deleted"], &m["message_body"])).collect();
    assert_eq!(shown, [(&json!(true), &json!("")), (&json!(true), &json!(""))]);
    // The other side still has the one, and lost the other.
    let path = format!("/_simulator/v1/accounts/{SILENT_PHONE}/chats/{PHONE}@c.us/messages");
    app.wait_for("the other side to lose one of both", || async {
        let (_, theirs) = app.get(&path).await;
        let theirs = theirs["data"]["messages"].as_array().unwrap();
        theirs.iter().map(|message| &message["body"]).eq(["", "hidden"]).then_some(())
    })
    .await;
    let (_, listed) = app.get(&format!("/api/v1/sessions/s/chats/{SILENT}/messages")).await;
    let listed = listed["data"].as_array().unwrap();
    assert!(!listed.iter().any(|message| message["body"] == "hidden"), "{listed:?}");
    let path = format!("/api/v1/chat/messages/{uuid}?for=nobody");
    assert_eq!(app.call(Method::DELETE, &path, None).await.0, 422);
    let path = "/api/v1/chat/messages/660e8400-e29b-41d4-a716-446655440045";
    let (status, answer) = app.call(Method::DELETE, path, None).await;
    assert_eq!((status.as_u16(), code(&answer)), (404, "MESSAGE_NOT_FOUND"));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_replaces_the_one_before_and_is_taken_back() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let sent = send(&app, SILENT, "well?").await;
    let path =
        format!("/api/v1/chat/messages/{}/reaction", sent["message"]["uuid"].as_str().unwrap());
    for emoji in ["👍", "❤️"] {
        let (status, answer) = app.post(&path, json!({ "emoji": emoji })).await;
        assert_eq!(status, 200, "{answer}");
        let data = json!({
            "message_id": sent["message"]["id"], "uuid": sent["message"]["uuid"],
            "grouped_reactions": [{ "emoji": emoji, "count": 1, "has_my_reaction": true }],
        });
        assert_eq!(answer["data"], data);
    }
    for _ in 0..2 {
        let (status, answer) = app.call(Method::DELETE, &path, None).await;
        assert_eq!((status.as_u16(), &answer["data"]["grouped_reactions"]), (200, &json!([])));
    }
    for emoji in ["", "ok", "👍👍"] {
        let (status, answer) = app.post(&path, json!({ "emoji": emoji })).await;
        assert_eq!(status, 422, "{answer}");
        assert!(answer["error"]["details"]["fields"]["emoji"].is_array());
    }
    app.stop().await;
}

/// Answers each connection with the next of these.
pub async fn serve(answers: Vec<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 4_096];
            let _ = stream.read(&mut head).await;
            // One that is too large is not read to its end.
            let _ = stream.write_all(&answer).await;
            let _ = stream.shutdown().await;
        }
    });
    url
}

pub fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

pub fn pixel() -> Vec<u8> {
    use base64::Engine as _;
    let encoded = PNG.split_once(',').unwrap().1;
    base64::engine::general_purpose::STANDARD.decode(encoded).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_fetched_from_its_url_and_sent() {
    let app = TestApp::start_with(&[PRIVATE]).await;
    app.ready("s", PHONE).await;
    let redirect = answer("302 Found\r\nlocation: /picture.png", b"");
    let url = serve(vec![redirect, answer("200 OK\r\ncontent-type: image/png", &pixel())]).await;
    let body = json!({
        "instance_id": "s", "recipient": SILENT, "media_url": format!("{url}/first"),
        "media_type": "image", "caption": "a dot",
    });
    let (status, sent) = app.post("/api/v1/chat/send-media", body).await;
    assert_eq!(status, 200, "{sent}");
    let message = &sent["data"]["message"];
    assert_eq!(message["message_type"], "image");
    let media = &message["media"];
    assert_eq!((&media["mime_type"], &media["caption"]), (&json!("image/png"), &json!("a dot")));
    assert_eq!(media["filename"], "picture.png");
    assert_eq!(sent["data"]["conversation"]["last_message"], "📷 a dot");
    let path = media["url"].as_str().unwrap();
    let file = app.http.get(format!("{}{path}", app.base)).send().await.unwrap();
    assert_eq!(file.bytes().await.unwrap().as_ref(), pixel());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_the_request_is_sent() {
    let app = TestApp::start_with(&[("WAGATE_OPENWA__MAX_MEDIA_MIB", "2")]).await;
    app.ready("s", PHONE).await;
    let with = |change: Value| {
        let mut body = json!({ "instance_id": "s", "recipient": SILENT, "media_type": "image" });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    let good = with(json!({ "media_data": PNG, "filename": "dot.png", "caption": "a dot" }));
    let (status, sent) = app.post("/api/v1/chat/send-media", good).await;
    assert_eq!(status, 200, "{sent}");
    let message = &sent["data"]["message"];
    let media = &message["media"];
    assert_eq!((&media["filename"], &media["caption"]), (&json!("dot.png"), &json!("a dot")));
    assert_eq!((&media["is_voice_note"], &message["is_played"]), (&json!(false), &json!(false)));
    let path = media["url"].as_str().unwrap();
    let file = app.http.get(format!("{}{path}", app.base)).send().await.unwrap();
    assert_eq!(file.bytes().await.unwrap().as_ref(), pixel());

    // Larger than any other request to this surface may be.
    let large = format!("data:application/pdf;base64,{}", "A".repeat(1_500_000));
    let change = json!({ "media_data": large, "media_type": "document", "filename": "a.pdf" });
    let (status, sent) = app.post("/api/v1/chat/send-media", with(change)).await;
    assert_eq!(status, 200, "{sent}");
    let too_large = format!("data:application/pdf;base64,{}", "A".repeat(3_000_000));
    for (change, status, expected, field) in [
        (json!({}), 422, "VALIDATION_ERROR", "media_url"),
        (
            json!({ "media_data": PNG, "media_url": "https://a.b/" }),
            422,
            "VALIDATION_ERROR",
            "media_data",
        ),
        (json!({ "media_data": "hello" }), 422, "VALIDATION_ERROR", "media_data"),
        (
            json!({ "media_data": PNG, "media_type": "video" }),
            422,
            "MEDIA_TYPE_MISMATCH",
            "media_data",
        ),
        (json!({ "media_data": too_large }), 413, "PAYLOAD_TOO_LARGE", ""),
    ] {
        let (found, answer) = app.post("/api/v1/chat/send-media", with(change)).await;
        assert_eq!((found.as_u16(), code(&answer)), (status, expected), "{answer}");
        let fields = &answer["error"]["details"]["fields"];
        assert!(field.is_empty() || fields[field].is_array(), "{answer}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_had_or_does_not_fit_is_not_sent() {
    let app = TestApp::start_with(&[PRIVATE, ("WAGATE_OPENWA__MAX_MEDIA_MIB", "1")]).await;
    app.ready("s", PHONE).await;
    let large = vec![0; 1024 * 1024 + 1];
    let endless = answer("302 Found\r\nlocation: /again", b"");
    let cases = [
        (vec![answer("404 Not Found", b"")], "image", 422, "MEDIA_FETCH_FAILED"),
        (
            vec![endless.clone(), endless.clone(), endless.clone(), endless],
            "image",
            422,
            "MEDIA_FETCH_FAILED",
        ),
        (
            vec![answer("302 Found\r\nlocation: file:///etc/passwd", b"")],
            "document",
            422,
            "MEDIA_FETCH_FAILED",
        ),
        (
            vec![answer("200 OK\r\ncontent-type: image/png", b"<html>")],
            "image",
            422,
            "MEDIA_TYPE_MISMATCH",
        ),
        (vec![answer("200 OK", &pixel())], "video", 422, "MEDIA_TYPE_MISMATCH"),
        (vec![answer("200 OK", &large)], "document", 413, "PAYLOAD_TOO_LARGE"),
        (vec![answer("200 OK", &pixel())], "hologram", 422, "VALIDATION_ERROR"),
    ];
    for (answers, media_type, status, expected) in cases {
        let url = serve(answers).await;
        let body = json!({
            "instance_id": "s", "recipient": SILENT, "media_url": url, "media_type": media_type,
        });
        let (found, answer) = app.post("/api/v1/chat/send-media", body).await;
        assert_eq!((found.as_u16(), code(&answer)), (status, expected), "{answer}");
    }
    let folder = app.folder.path().join("media/outgoing");
    assert_eq!(std::fs::read_dir(folder).map_or(0, Iterator::count), 0);
    let app = {
        app.stop().await;
        TestApp::start().await
    };
    app.ready("s", PHONE).await;
    let body = json!({
        "instance_id": "s", "recipient": SILENT, "media_url": "http://127.0.0.1:9/", "media_type": "image",
    });
    let (status, answer) = app.post("/api/v1/chat/send-media", body).await;
    assert_eq!((status.as_u16(), code(&answer)), (422, "VALIDATION_ERROR"), "{answer}");
    assert!(answer["error"]["details"]["fields"]["media_url"].is_array());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_queued_scheduled_and_taken_back() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let body = json!({ "instance_id": "s", "recipient": SILENT, "message": "queued" });
    let (status, answer) = app.post("/api/v1/messages/send", body).await;
    assert_eq!((status.as_u16(), &answer["message"]), (200, &json!("Message added to queue")));
    let data = &answer["data"];
    assert_eq!((&data["status"], &data["delay_seconds"]), (&json!("pending"), &json!(0)));
    let one = conversation(&app, SILENT_PHONE).await;
    let sent = app
        .wait_for("the queued message", || async {
            let all = messages(&app, &one, "").await;
            all.into_iter().find(|message| message["uuid"] == data["uuid"])
        })
        .await;
    assert_eq!(sent["message_body"], "queued");

    let later = app.gateway.services().clock.now() + Duration::from_secs(3_600);
    let body = json!({
        "instance_id": "s", "recipient": SILENT, "message": "later", "schedule_at": later.to_string(),
    });
    let (_, answer) = app.post("/api/v1/messages/send", body).await;
    let delay = answer["data"]["delay_seconds"].as_i64().unwrap();
    assert!((3_590..=3_600).contains(&delay), "{answer}");
    let path = format!("/api/v1/chat/messages/{}", answer["data"]["uuid"].as_str().unwrap());
    let (status, reaction) = app.post(&format!("{path}/reaction"), json!({ "emoji": "👍" })).await;
    assert_eq!(status, 409, "{reaction}");
    assert_eq!(app.call(Method::DELETE, &path, None).await.0, 200);
    let (_, outbox) = app.get("/api/v1/sessions/s/outbox").await;
    assert_eq!(outbox["data"]["outbox"][0]["state"], "cancelled");
    let wrong =
        json!({ "instance_id": "s", "recipient": SILENT, "message": "x", "schedule_at": "soon" });
    let (status, answer) = app.post("/api/v1/messages/send", wrong).await;
    assert_eq!(status, 422);
    assert!(answer["error"]["details"]["fields"]["schedule_at"].is_array(), "{answer}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_queued_scheduled_and_taken_back() {
    let app = TestApp::start_with(&[PRIVATE]).await;
    app.ready("s", PHONE).await;
    let picture = || answer("200 OK\r\ncontent-type: image/png", &pixel());
    let body = async |further: Value| {
        let url = serve(vec![picture()]).await;
        let mut body = json!({
            "instance_id": "s", "recipient": SILENT, "media_url": format!("{url}/dot.png"),
            "media_type": "image", "caption": "a dot",
        });
        body.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        body
    };
    let path = "/api/v1/messages/send-media";
    let (status, queued) = app.post(path, body(json!({})).await).await;
    assert_eq!((status.as_u16(), &queued["message"]), (200, &json!("Message added to queue")));
    let printed =
        json!({ "data": { "uuid": "660e8400", "status": "pending", "delay_seconds": 0 } });
    crate::chat::fits(&printed, &queued, "answer");
    assert!(queued["data"]["remaining_quota"].is_null());
    let one = conversation(&app, SILENT_PHONE).await;
    let sent = app
        .wait_for("the queued file", || async {
            let all = messages(&app, &one, "").await;
            all.into_iter().find(|message| message["uuid"] == queued["data"]["uuid"])
        })
        .await;
    assert_eq!((&sent["message_type"], &sent["message_body"]), (&json!("image"), &json!("a dot")));
    let there = format!("/_simulator/v1/accounts/{SILENT_PHONE}/chats/{PHONE}@c.us/messages");
    app.wait_for("it to arrive", || async {
        let (_, theirs) = app.get(&there).await;
        (theirs["data"]["messages"][0]["body"] == "a dot").then_some(())
    })
    .await;

    // Fetched now, sent later: its source may be gone by then.
    let later = app.gateway.services().clock.now() + Duration::from_secs(3_600);
    let scheduled = body(json!({ "schedule_at": later.to_string() })).await;
    let (status, waiting) = app.post(path, scheduled).await;
    assert_eq!(status, 200, "{waiting}");
    assert!(waiting["data"]["scheduled_at"].is_string(), "{waiting}");
    let kept = || std::fs::read_dir(app.folder.path().join("media/s")).unwrap().count();
    assert_eq!(kept(), 2);
    let message = format!("/api/v1/chat/messages/{}", waiting["data"]["uuid"].as_str().unwrap());
    assert_eq!(app.call(Method::DELETE, &message, None).await.0, 200);
    let (_, outbox) = app.get("/api/v1/sessions/s/outbox").await;
    assert_eq!(outbox["data"]["outbox"][0]["state"], "cancelled");
    for (further, field) in [
        (json!({ "schedule_at": "soon" }), "schedule_at"),
        (json!({ "media_type": "hologram" }), "media_type"),
        (json!({ "recipient": "nobody" }), "recipient"),
        (json!({ "caption": "x".repeat(1_025) }), "caption"),
    ] {
        let (status, answer) = app.post(path, body(further).await).await;
        assert_eq!((status.as_u16(), code(&answer)), (422, "VALIDATION_ERROR"), "{answer}");
        assert!(answer["error"]["details"]["fields"][field].is_array(), "{answer}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_with_a_key_is_one_send() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let mut answers = Vec::new();
    for _ in 0..2 {
        let request = app.http.post(format!("{}/api/v1/chat/send", app.base));
        let request = request
            .header("idempotency-key", "once")
            .json(&json!({ "instance_id": "s", "recipient": SILENT, "message": "once" }));
        answers.push(request.send().await.unwrap().json::<Value>().await.unwrap());
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(messages(&app, &answers[0]["data"]["conversation"], "").await.len(), 1);
    app.stop().await;
}
