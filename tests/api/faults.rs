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
async fn a_session_that_went_deaf_is_recovered_and_its_details_say_how() {
    let app = TestApp::start_with(&[("WAGATE_SESSIONS__PROBE_INTERVAL_SECONDS", "1")]).await;
    app.ready("s", PHONE).await;
    let (_, answer) = app.get("/api/v1/sessions/s").await;
    assert_eq!(
        (&answer["data"]["degraded"], &answer["data"]["lastRecovery"]),
        (&json!(false), &json!(null))
    );
    let mut listener = app.listen("/ws/s?events=state_changed,ready").await;
    listener.event("ready").await;
    let path = format!("/_simulator/v1/accounts/{PHONE}/page-fault");
    assert_eq!(app.post(&path, json!({ "fault": "deaf" })).await.0, 200);
    let frame = listener.event("state_changed").await;
    assert_eq!(
        (&frame["data"]["status"], &frame["data"]["degraded"]),
        (&json!("authenticated"), &json!(true))
    );
    listener.event("ready").await;
    app.wait_for_status("s", "ready").await;
    let (_, answer) = app.get("/api/v1/sessions/s").await;
    let recovery = &answer["data"]["lastRecovery"];
    assert_eq!(
        (&recovery["stage"], &recovery["outcome"]),
        (&json!("reinject"), &json!("recovered"))
    );
    assert!(recovery["reason"].is_string() && recovery["endedAt"].is_string(), "{recovery}");
    assert_eq!(
        (&answer["data"]["restarts"], &answer["data"]["degraded"]),
        (&json!(0), &json!(false))
    );
    let (_, metrics) = app.text("/metrics").await;
    assert!(
        metrics.contains(r#"wagate_recoveries_total{stage="reinject",outcome="recovered"}"#),
        "{metrics}"
    );
    let (_, log) = app.get("/api/v1/sessions/s/logs").await;
    assert!(log.to_string().contains("trying: reinject"), "{log}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_degraded_session_keeps_to_the_documented_states_and_says_what_it_is_beside_them() {
    let app = TestApp::start_with(&[("WAGATE_SESSIONS__PROBE_INTERVAL_SECONDS", "1")]).await;
    app.ready("s", PHONE).await;
    let path = format!("/_simulator/v1/accounts/{PHONE}/page-fault");
    assert_eq!(app.post(&path, json!({ "fault": "hang" })).await.0, 200);
    app.wait_for_status("s", "authenticated").await;
    let (_, answer) = app.get("/api/v1/sessions/s/status").await;
    assert_eq!(
        (&answer["data"]["degraded"], &answer["data"]["connected"]),
        (&json!(true), &json!(false))
    );
    for (wanted, count) in [("degraded", 1), ("authenticated", 1), ("ready", 0)] {
        let (_, answer) = app.get(&format!("/api/v1/sessions?status={wanted}")).await;
        assert_eq!(answer["data"].as_array().unwrap().len(), count, "{wanted}: {answer}");
    }
    let body = json!({ "chatId": SILENT, "content": "x" });
    let (status, answer) = app.post("/api/v1/sessions/s/send-text", body.clone()).await;
    assert_eq!((status.as_u16(), code(&answer)), (409, "SESSION_NOT_READY"));
    let details = &answer["error"]["details"];
    assert_eq!((&details["status"], &details["degraded"]), (&json!("authenticated"), &json!(true)));
    let (status, _) = app.get("/api/v1/sessions/s/qr").await;
    assert_eq!(status.as_u16(), 404);
    let (_, health) = app.get("/health").await;
    assert_eq!(health["data"]["checks"]["sessions"], "warn");
    let (_, metrics) = app.text("/metrics").await;
    assert!(metrics.contains(r#"wagate_sessions{state="degraded"} "#), "{metrics}");
    let queued = json!({ "chatId": SILENT, "content": "x", "queue": true });
    assert_eq!(app.post("/api/v1/sessions/s/send-text", queued).await.0, 202);
    // A caller who does not wait for the recovery has the engine started again.
    assert_eq!(app.post("/api/v1/sessions/s/restart", json!({})).await.0, 200);
    app.wait_for_status("s", "ready").await;
    app.wait_for("the queued message", || async {
        let (_, answer) = app.get("/api/v1/sessions/s/outbox").await;
        (answer["data"]["outbox"][0]["state"] != "queued").then_some(())
    })
    .await;
    let (_, answer) = app.get("/api/v1/sessions/s").await;
    assert_eq!(answer["data"]["lastRecovery"]["outcome"], "abandoned");
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
