//! What happens to a session when its engine, its phone or its line fails.

use serde_json::json;

use crate::app::{PHONE, SILENT, TestApp, code};

#[tokio::test(flavor = "multi_thread")]
async fn a_session_whose_engine_crashes_says_so_and_comes_back_by_itself() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let mut listener = app.listen("/ws/s").await;
    listener.event("ready").await;
    let path = format!("/_simulator/v1/accounts/{PHONE}/page-fault");
    assert_eq!(app.post(&path, json!({ "fault": "crash" })).await.0, 200);
    let frame = listener.event("disconnected").await;
    assert_eq!(
        (&frame["data"]["reason"], &frame["data"]["willReconnect"]),
        (&json!("CRASHED"), &json!(true))
    );
    app.wait_for_status("s", "failed").await;
    let (status, answer) =
        app.post("/api/v1/sessions/s/send-text", json!({ "chatId": SILENT, "content": "x" })).await;
    assert_eq!((status.as_u16(), code(&answer)), (409, "SESSION_NOT_READY"));
    assert_eq!(answer["error"]["details"]["status"], "failed");
    listener.event("ready").await;
    app.wait_for_status("s", "ready").await;
    assert_eq!(
        app.post("/api/v1/sessions/s/send-text", json!({ "chatId": SILENT, "content": "x" }))
            .await
            .0,
        200
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_unlinked_on_the_phone_ends_and_can_be_created_again() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let (_, devices) = app.get(&format!("/_simulator/v1/accounts/{PHONE}/devices")).await;
    let device = devices["data"]["devices"][0]["id"].as_str().unwrap();
    let path = format!("/_simulator/v1/accounts/{PHONE}/devices/{device}");
    assert_eq!(app.call(reqwest::Method::DELETE, &path, None).await.0, 200);
    app.wait_for_status("s", "terminated").await;
    assert_eq!(app.create("s").await["data"]["status"], "qr_ready");
    app.link("s", PHONE).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unscanned_code_is_given_up_in_time() {
    let app = TestApp::start().await;
    let body = json!({ "sessionId": "s", "config": { "qrTimeout": 1 } });
    assert_eq!(app.post("/api/v1/sessions", body).await.0, 201);
    let mut listener = app.listen("/ws/s?since=0").await;
    let frame = listener.event("disconnected").await;
    assert_eq!(
        (&frame["data"]["reason"], &frame["data"]["willReconnect"]),
        (&json!("QR_TIMEOUT"), &json!(false))
    );
    app.wait_for_status("s", "failed").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_send_is_an_error_and_the_next_one_goes_out() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let plan = json!({ "refuseSends": 1, "duplicateEvents": 3 });
    assert_eq!(app.call(reqwest::Method::PUT, "/_simulator/v1/faults", Some(plan)).await.0, 200);
    let body = json!({ "chatId": SILENT, "content": "x" });
    let (status, answer) = app.post("/api/v1/sessions/s/send-text", body.clone()).await;
    assert_eq!((status.as_u16(), code(&answer)), (502, "SEND_FAILED"));
    assert_eq!(app.post("/api/v1/sessions/s/send-text", body).await.0, 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_reported_twice_is_one_message() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let mut listener = app.listen("/ws/s?events=message").await;
    let plan = json!({ "duplicateEvents": 1 });
    app.call(reqwest::Method::PUT, "/_simulator/v1/faults", Some(plan)).await;
    for text in ["first", "second"] {
        let body = json!({ "chat": format!("{PHONE}@c.us"), "text": text });
        app.post("/_simulator/v1/accounts/15550000011/messages", body).await;
        assert_eq!(listener.next().await["data"]["body"], text);
    }
    let (_, chats) = app.get("/api/v1/sessions/s/chats").await;
    assert_eq!(chats["data"][0]["unreadCount"], 2);
    app.stop().await;
}
