//! Nothing lost, nothing twice on the way out: queued, scheduled, cancelled and cut off sends.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{PHONE, PNG, SILENT, TestApp, code};

const TEXT: &str = "/api/v1/sessions/s/send-text";
const OUTBOX: &str = "/api/v1/sessions/s/outbox";
const SILENT_PHONE: &str = "15550000003";
const ADA: &str = "15550000011@c.us";

fn text(words: &str, more: Value) -> Value {
    let mut body = json!({ "chatId": SILENT, "content": words });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// What the silent contact has from the session, in the order of its arrival.
async fn arrived(app: &TestApp) -> Vec<String> {
    let path = format!("/_simulator/v1/accounts/{SILENT_PHONE}/chats/{PHONE}@c.us/messages");
    let (_, answer) = app.get(&path).await;
    let none = Vec::new();
    let messages = answer["data"]["messages"].as_array().unwrap_or(&none);
    messages.iter().map(|message| message["body"].as_str().unwrap().to_owned()).collect()
}

async fn wait_for_state(app: &TestApp, id: &Value, wanted: &str) -> Value {
    let path = format!("{OUTBOX}/{}", id.as_str().unwrap());
    app.wait_for(&format!("entry to be {wanted}"), || async {
        let (_, answer) = app.get(&path).await;
        (answer["data"]["state"] == wanted).then(|| answer["data"].clone())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_send_is_in_the_outbox_and_rises_with_its_receipts() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let body = json!({ "chatId": ADA, "content": "hello" });
    let (status, sent) = app.post(TEXT, body).await;
    assert_eq!(status, 200);
    app.wait_for("it to be read", || async {
        let (_, answer) = app.get(OUTBOX).await;
        let entry = &answer["data"]["outbox"][0];
        assert_eq!(entry["messageId"], sent["data"]["messageId"]);
        (entry["state"] == "read" && entry["attempts"] == 1).then_some(())
    })
    .await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_message_waits_for_its_session_and_a_direct_one_does_not() {
    let app = TestApp::start().await;
    app.create("s").await;
    let (status, answer) = app.post(TEXT, text("direct", json!({}))).await;
    assert_eq!((status.as_u16(), code(&answer)), (409, "SESSION_NOT_READY"));
    let picture = json!({ "chatId": SILENT, "data": PNG, "caption": "picture", "queue": true });
    let mut ids = Vec::new();
    for (path, body) in [
        (TEXT, text("one", json!({ "queue": true }))),
        ("/api/v1/sessions/s/send-image", picture),
        (TEXT, text("three", json!({ "queue": true }))),
    ] {
        let (status, answer) = app.post(path, body).await;
        assert_eq!((status.as_u16(), &answer["data"]["ack"]), (202, &json!(0)), "{answer}");
        ids.push(answer["data"]["outboxId"].clone());
    }
    let (_, answer) = app.get(&format!("{OUTBOX}/{}", ids[0].as_str().unwrap())).await;
    assert_eq!(answer["data"]["waitingFor"], "session_not_ready");
    app.link("s", PHONE).await;
    for id in &ids {
        wait_for_state(&app, id, "delivered").await;
    }
    assert_eq!(arrived(&app).await, ["one", "picture", "three"]);
    let (_, answer) = app.get(OUTBOX).await;
    assert_eq!(answer["data"]["outbox"].as_array().unwrap().len(), 3);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_for_later_can_be_taken_back_until_then() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let far = text("never", json!({ "sendAt": "2999-01-01T00:00:00Z" }));
    assert_eq!(app.post(TEXT, far).await.0, 400);
    for wrong in [json!({ "sendAt": "soon" }), json!({ "priority": "urgent" })] {
        let (status, answer) = app.post(TEXT, text("x", wrong.clone())).await;
        assert_eq!((status.as_u16(), code(&answer)), (400, "VALIDATION_ERROR"), "{wrong}");
    }
    let at = |seconds: u64| {
        let time = app.gateway.services().clock.now() + Duration::from_secs(seconds);
        json!({ "sendAt": time.to_string() })
    };
    let (_, later) = app.post(TEXT, text("tomorrow", at(86_400))).await;
    let (_, soon) = app.post(TEXT, text("soon", at(1))).await;
    let later = &later["data"]["outboxId"];
    let path = format!("{OUTBOX}/{}", later.as_str().unwrap());
    assert_eq!(app.get(&path).await.1["data"]["waitingFor"], "send_at");
    // It does not hold up what comes after it.
    assert_eq!(app.post(TEXT, text("now", json!({}))).await.0, 200);
    let (status, answer) = app.call(Method::DELETE, &path, None).await;
    assert_eq!((status.as_u16(), &answer["data"]["state"]), (200, &json!("cancelled")));
    wait_for_state(&app, &soon["data"]["outboxId"], "delivered").await;
    assert_eq!(arrived(&app).await, ["now", "soon"]);
    let (status, answer) = app.call(Method::DELETE, &path, None).await;
    assert_eq!(status, 409, "{answer}");
    let unknown = format!("{OUTBOX}/{}", uuid::Uuid::nil());
    assert_eq!(app.call(Method::DELETE, &unknown, None).await.0, 404);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_that_takes_long_is_shown_to_be_under_way() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let plan = json!({ "delayRequests": 1_000 });
    assert_eq!(app.call(Method::PUT, "/_simulator/v1/faults", Some(plan)).await.0, 200);
    let send = app.post(TEXT, text("slow", json!({})));
    let look = app.wait_for("the send to be under way", || async {
        let (_, answer) = app.get(OUTBOX).await;
        (answer["data"]["outbox"][0]["state"] == "sending").then_some(())
    });
    let ((status, answer), ()) = tokio::join!(send, look);
    assert_eq!(status, 200, "{answer}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_whose_engine_dies_in_the_middle_is_looked_up_and_arrives_once() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    // The network has the message a moment before the engine would hear of it.
    let plan = json!({ "delayRequests": 300 });
    assert_eq!(app.call(Method::PUT, "/_simulator/v1/faults", Some(plan)).await.0, 200);
    let (status, queued) = app.post(TEXT, text("queued", json!({ "queue": true }))).await;
    assert_eq!(status, 202);
    let direct = app.post(TEXT, text("direct", json!({})));
    let crash = async {
        let id = &queued["data"]["outboxId"];
        wait_for_state(&app, id, "sending").await;
        let path = format!("/_simulator/v1/accounts/{PHONE}/page-fault");
        app.post(&path, json!({ "fault": "crash" })).await
    };
    let ((status, answer), _) = tokio::join!(direct, crash);
    assert!(matches!(status.as_u16(), 200 | 409 | 502), "{status} {answer}");
    assert_eq!(app.call(Method::PUT, "/_simulator/v1/faults", Some(json!({}))).await.0, 200);
    app.wait_for("both to be decided", || async {
        let (_, answer) = app.get(OUTBOX).await;
        let entries = answer["data"]["outbox"].as_array().unwrap().clone();
        let is_decided =
            |entry: &Value| ["delivered", "failed"].contains(&entry["state"].as_str().unwrap());
        entries.iter().all(is_decided).then_some(())
    })
    .await;
    let (_, answer) = app.get(OUTBOX).await;
    let entries = answer["data"]["outbox"].as_array().unwrap();
    let seen = arrived(&app).await;
    for (entry, words) in entries.iter().zip(["direct", "queued"]) {
        let expected = usize::from(entry["state"] == "delivered");
        let found = seen.iter().filter(|text| *text == words).count();
        assert_eq!(found, expected, "{words}: {entry}, seen {seen:?}");
    }
    assert!(seen.contains(&"queued".to_owned()), "a queued message was given up: {answer}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_message_is_sent_although_an_engine_failed_and_in_its_place() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let plan = json!({ "refuseSends": 2 });
    assert_eq!(app.call(Method::PUT, "/_simulator/v1/faults", Some(plan)).await.0, 200);
    let (_, first) = app.post(TEXT, text("one", json!({ "queue": true }))).await;
    let (_, second) = app.post(TEXT, text("two", json!({ "queue": true }))).await;
    wait_for_state(&app, &second["data"]["outboxId"], "delivered").await;
    let first = wait_for_state(&app, &first["data"]["outboxId"], "delivered").await;
    assert_eq!(first["attempts"], 3);
    assert_eq!(arrived(&app).await, ["one", "two"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_may_wait_is_refused_and_not_accepted() {
    let app = TestApp::start_with(&[("WAGATE_OUTBOX__MOST_WAITING", "2")]).await;
    app.create("s").await;
    let mut answers = Vec::new();
    for number in 0..3 {
        let body = text(&number.to_string(), json!({ "queue": true }));
        answers.push(app.post(TEXT, body).await.0.as_u16());
    }
    assert_eq!(answers, [202, 202, 503]);
    app.link("s", PHONE).await;
    app.wait_for("both", || async { (arrived(&app).await.len() == 2).then_some(()) }).await;
    assert_eq!(arrived(&app).await, ["0", "1"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_send_has_failed_and_is_not_tried_again() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let plan = json!({ "refuseSends": 1 });
    assert_eq!(app.call(Method::PUT, "/_simulator/v1/faults", Some(plan)).await.0, 200);
    let (status, answer) = app.post(TEXT, text("no", json!({}))).await;
    assert_eq!((status.as_u16(), code(&answer)), (502, "SEND_FAILED"));
    let (_, answer) = app.get(OUTBOX).await;
    let entry = &answer["data"]["outbox"][0];
    assert_eq!((&entry["state"], &entry["attempts"]), (&json!("failed"), &json!(1)));
    assert_eq!(arrived(&app).await, Vec::<String>::new());
    app.stop().await;
}
