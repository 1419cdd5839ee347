//! What users come for, from the first request to the last.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{ECHO, PHONE, PNG, SILENT, TestApp, code};

#[tokio::test(flavor = "multi_thread")]
async fn a_client_creates_a_session_sends_and_lists_chats() {
    let app = TestApp::start().await;
    // The calls of the two clients that the API's users know, word for word.
    let config = json!({ "multiDevice": true, "headless": true });
    let body = json!({ "sessionId": "my-bot", "waitForQR": true, "config": config });
    let (status, created) = app.post("/api/v1/sessions", body).await;
    assert_eq!((status.as_u16(), &created["success"]), (201, &json!(true)), "{created}");
    assert_eq!(created["data"]["status"], "qr_ready");
    assert!(created["data"]["qrCode"].as_str().unwrap().starts_with("data:image/png;base64,"));
    app.link("my-bot", PHONE).await;

    let body = json!({ "chatId": "1234567890@c.us", "content": "Hello!" });
    let (status, sent) = app.post("/api/v1/sessions/my-bot/send-text", body).await;
    assert_eq!(status, 200, "{sent}");
    let id = sent["data"]["messageId"].as_str().unwrap();
    assert!(id.starts_with("true_1234567890@c.us_"), "{id}");
    assert_eq!(
        (&sent["data"]["chatId"], &sent["data"]["content"]),
        (&json!("1234567890@c.us"), &json!("Hello!"))
    );
    assert!(sent["data"]["timestamp"].is_i64());

    let (_, chats) = app.get("/api/v1/sessions/my-bot/chats").await;
    let chat = &chats["data"][0];
    assert_eq!((&chat["id"], &chat["isGroup"]), (&json!("1234567890@c.us"), &json!(false)));
    assert_eq!(chat["lastMessage"]["body"], "Hello!");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_message_goes_out_and_can_be_read_back() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let sends = [
        ("send-text", json!({ "chatId": ECHO, "content": "text 😀 العربية" }), "chat"),
        ("send-image", json!({ "chatId": ECHO, "data": PNG, "caption": "a dot" }), "image"),
        (
            "send-file",
            json!({ "chatId": ECHO, "data": "data:application/pdf;base64,JVBERi0xLjQK", "filename": "a.pdf" }),
            "document",
        ),
        (
            "send-audio",
            json!({ "chatId": ECHO, "data": "data:audio/mp3;base64,SUQzAwAAAAAA" }),
            "audio",
        ),
        (
            "send-location",
            json!({ "chatId": ECHO, "latitude": 1.5, "longitude": -2.5, "name": "Here" }),
            "location",
        ),
        ("send-contact", json!({ "chatId": ECHO, "contacts": [SILENT] }), "vcard"),
        (
            "send-poll",
            json!({ "chatId": ECHO, "question": "Well?", "options": ["yes", "no"] }),
            "poll_creation",
        ),
    ];
    for (path, body, kind) in sends {
        let (status, sent) = app.post(&format!("/api/v1/sessions/s/{path}"), body).await;
        assert_eq!(status, 200, "{path}: {sent}");
        let id = sent["data"]["messageId"].clone();
        let (_, messages) = app.get(&format!("/api/v1/sessions/s/chats/{ECHO}/messages")).await;
        let found = messages["data"].as_array().unwrap().iter().find(|message| message["id"] == id);
        assert_eq!(found.map(|message| &message["type"]), Some(&json!(kind)), "{path}: {messages}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_quoted_edited_reacted_to_and_deleted() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let (_, sent) = app
        .post("/api/v1/sessions/s/send-text", json!({ "chatId": SILENT, "content": "one" }))
        .await;
    let id = sent["data"]["messageId"].as_str().unwrap().to_owned();
    let body = json!({ "chatId": SILENT, "content": "two", "quotedMessageId": id });
    assert_eq!(app.post("/api/v1/sessions/s/send-text", body).await.0, 200);
    let body = json!({ "chatId": SILENT, "content": "three", "quotedMessageId": "3EB0NOSUCH" });
    let (status, answer) = app.post("/api/v1/sessions/s/send-text", body).await;
    assert_eq!((status.as_u16(), code(&answer)), (404, "MESSAGE_NOT_FOUND"));

    let path = format!("/api/v1/sessions/s/messages/{id}");
    let (status, answer) = app.call(Method::PATCH, &path, Some(json!({ "content": "uno" }))).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(app.post(&format!("{path}/reaction"), json!({ "emoji": "👍" })).await.0, 200);
    let message = message(&app, SILENT, &id).await;
    assert_eq!((&message["body"], &message["isEdited"]), (&json!("uno"), &json!(true)));
    assert_eq!(message["reactions"][0]["emoji"], "👍");
    assert_eq!(app.call(Method::DELETE, &format!("{path}/reaction"), None).await.0, 200);
    assert_eq!(app.call(Method::DELETE, &path, None).await.0, 200);
    let gone = self::message(&app, SILENT, &id).await;
    assert_eq!((&gone["type"], &gone["body"]), (&json!("revoked"), &json!("")));
    app.stop().await;
}

async fn message(app: &TestApp, chat: &str, id: &str) -> Value {
    let (_, messages) = app.get(&format!("/api/v1/sessions/s/chats/{chat}/messages")).await;
    messages["data"].as_array().unwrap().iter().find(|message| message["id"] == id).unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_comes_in_is_downloaded_byte_for_byte() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let mut listener = app.listen("/ws/s?events=message").await;
    let body = json!({ "chat": format!("{PHONE}@c.us"), "mediaBase64": "AAECAwQ=", "mime": "application/x-test", "filename": "five bytes" });
    let (status, answer) = app.post("/_simulator/v1/accounts/15550000011/messages", body).await;
    assert_eq!(status, 200, "{answer}");
    let frame = listener.event("message").await;
    let path = format!("/api/v1/sessions/s/{}", frame["data"]["mediaPath"].as_str().unwrap());
    let response = app.http.get(format!("{}{path}", app.base)).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/x-test");
    assert_eq!(response.bytes().await.unwrap().as_ref(), [0, 1, 2, 3, 4]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sessions_write_to_each_other_and_share_a_group() {
    let app = TestApp::start().await;
    app.ready("a", PHONE).await;
    app.ready("b", "15551112222").await;
    let mut listener = app.listen("/ws/b").await;
    let body = json!({ "chatId": "15551112222@c.us", "content": "from a" });
    assert_eq!(app.post("/api/v1/sessions/a/send-text", body).await.0, 200);
    let frame = listener.event("message").await;
    assert_eq!(frame["data"]["from"], format!("{PHONE}@c.us"));

    let body = json!({ "name": "Ours", "participants": ["15551112222@c.us", "99912345678@c.us"] });
    let (status, group) = app.post("/api/v1/sessions/a/groups", body).await;
    assert_eq!(status, 201, "{group}");
    assert_eq!(group["data"]["participants"][0]["status"], 200);
    assert_eq!(group["data"]["participants"][1]["status"], 404);
    let gid = group["data"]["gid"].as_str().unwrap().to_owned();
    assert_eq!(listener.event("group_join").await["data"]["chatId"], gid);
    let body = json!({ "chatId": gid, "content": "to all" });
    assert_eq!(app.post("/api/v1/sessions/a/send-text", body).await.0, 200);
    let frame = listener.event("message").await;
    assert_eq!((&frame["data"]["from"], &frame["data"]["isGroupMsg"]), (&json!(gid), &json!(true)));

    let path = format!("/api/v1/sessions/b/groups/{gid}/participants");
    let (status, answer) = app.post(&path, json!({ "participants": [ECHO] })).await;
    assert_eq!((status.as_u16(), code(&answer)), (403, "FORBIDDEN"));
    assert_eq!(answer["error"]["message"], "You are not an admin of this group");
    let path = format!("/api/v1/sessions/a/groups/{gid}/participants");
    let (status, answer) = app.post(&path, json!({ "participants": [ECHO] })).await;
    assert_eq!((status.as_u16(), &answer["data"]["participants"][0]["status"]), (200, &json!(200)));
    let body = Some(json!({ "participants": ["15551112222@c.us"] }));
    assert_eq!(app.call(Method::DELETE, &path, body).await.0, 200);
    assert_eq!(
        listener.event("group_leave").await["data"]["participants"],
        json!(["15551112222@c.us"])
    );
    let (_, group) = app.get(&format!("/api/v1/sessions/a/groups/{gid}")).await;
    assert_eq!(group["data"]["participants"].as_array().map(Vec::len), Some(2));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_linked_by_a_code_typed_on_the_phone() {
    let app = TestApp::start().await;
    app.create("s").await;
    let (status, answer) =
        app.post("/api/v1/sessions/s/pairing-code", json!({ "phone": "+1 555 765 4321" })).await;
    assert_eq!(status, 200, "{answer}");
    let typed = json!({ "code": answer["data"]["code"] });
    let (status, answer) =
        app.post(&format!("/_simulator/v1/accounts/{PHONE}/pairing-code"), typed).await;
    assert_eq!(status, 200, "{answer}");
    app.wait_for_status("s", "ready").await;
    let (status, answer) = app.get("/api/v1/sessions/s/qr").await;
    assert_eq!((status.as_u16(), code(&answer)), (404, "QR_NOT_AVAILABLE"));
    assert_eq!(answer["error"]["message"], "Session is already authenticated");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_removed_with_everything_that_was_its_own() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let mut listener = app.listen("/ws/s").await;
    let (status, answer) = app.call(Method::DELETE, "/api/v1/sessions/s", None).await;
    assert_eq!(
        (status.as_u16(), &answer["message"]),
        (200, &json!("Session removed successfully"))
    );
    let frame = listener.event("disconnected").await;
    assert_eq!(frame["data"]["reason"], "SESSION_REMOVED");
    assert_eq!(listener.close_code().await, 1000);
    let (status, answer) = app.get("/api/v1/sessions/s").await;
    assert_eq!((status.as_u16(), code(&answer)), (404, "SESSION_NOT_FOUND"));
    assert!(!app.folder.path().join("sessions/s").exists());
    let (_, devices) = app.get(&format!("/_simulator/v1/accounts/{PHONE}/devices")).await;
    assert_eq!(devices["data"]["devices"], json!([]));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_webhooks_keys_and_chats_outlive_the_gateway() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let body = json!({ "chatId": SILENT, "content": "before" });
    assert_eq!(app.post("/api/v1/sessions/s/send-text", body).await.0, 200);
    let folder = app.stop().await;

    let app = TestApp::start_in(folder, &[]).await;
    let (_, sessions) = app.get("/api/v1/sessions").await;
    assert_eq!(sessions["data"][0]["sessionId"], "s");
    let (status, chats) = app.get("/api/v1/sessions/s/chats?cached=true").await;
    assert_eq!(
        (status.as_u16(), &chats["data"][0]["lastMessage"]["body"]),
        (200, &json!("before"))
    );
    app.wait_for_status("s", "ready").await;
    app.stop().await;
}
