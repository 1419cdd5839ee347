//! What people who run the gateway look at: what waits, the history of metrics, whether the machine is fit.

use std::time::Duration;

use serde_json::json;

use crate::app::{PHONE, SILENT, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn consumers_of_the_log_are_shown_and_entries_that_they_do_not_fail_at_are_unknown() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let consumer = app
        .wait_for("the search to have read the log", || async {
            let (status, answer) = app.get("/api/v1/info/consumers").await;
            assert_eq!(status, 200, "{answer}");
            let all = answer["data"].as_array()?;
            let search = all.iter().find(|one| one["name"] == "search")?.clone();
            (search["lag"] == 0 && search["cursor"].as_u64()? != 0).then_some(search)
        })
        .await;
    assert_eq!((&consumer["retries"], &consumer["givenUp"]), (&json!([]), &json!([])));
    for place in ["search/events/1", "nobody/events/1", "search/events/one"] {
        for act in ["retry", "skip"] {
            let path = format!("/api/v1/info/consumers/{place}/{act}");
            assert_eq!(app.post(&path, json!({})).await.0, 404, "{path}");
        }
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_counted_with_its_session() {
    let app = TestApp::start().await;
    app.create("s").await;
    let send = async |extra: serde_json::Value| {
        let mut body = json!({ "chatId": SILENT, "content": "later", "queue": true });
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        assert_eq!(app.post("/api/v1/sessions/s/send-text", body).await.0, 202);
    };
    send(json!({})).await;
    send(json!({})).await;
    let tomorrow = app.gateway.services().clock.now() + Duration::from_secs(86_400);
    send(json!({ "sendAt": tomorrow })).await;
    let expected = json!({ "total": 3, "sendAt": 1, "sessionNotReady": 2, "turn": 0, "lookup": 0 });
    let (_, one) = app.get("/api/v1/sessions/s").await;
    assert_eq!(one["data"]["waiting"], expected);
    let (_, all) = app.get("/api/v1/sessions").await;
    assert_eq!(all["data"][0]["waiting"], expected);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_logged_out_stays_and_can_be_linked_again() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let devices = async || {
        let path = format!("/_simulator/v1/accounts/{PHONE}/devices");
        app.get(&path).await.1["data"]["devices"].as_array().unwrap().len()
    };
    assert_eq!(devices().await, 1);
    assert_eq!(app.post("/api/v1/sessions/s/logout", json!({})).await.0, 200);
    assert_eq!(devices().await, 0, "the phone knows the device no more");
    app.wait_for_status("s", "qr_ready").await;
    let (_, session) = app.get("/api/v1/sessions/s").await;
    assert!(session["data"]["phoneNumber"].is_null(), "{session}");
    app.link("s", "15557654321").await;
    app.wait_for_status("s", "ready").await;
    assert_eq!(app.get("/api/v1/sessions/s").await.1["data"]["phoneNumber"], "15557654321");
    assert_eq!(app.post("/api/v1/sessions/none/logout", json!({})).await.0, 404);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_course_of_the_metrics_can_be_read() {
    let app = TestApp::start().await;
    app.create("s").await;
    // The first sample is taken at the start.
    let first = || async {
        let (status, answer) = app.get("/api/v1/metrics/history").await;
        assert_eq!(status, 200);
        let data = &answer["data"];
        (!data["times"].as_array().unwrap().is_empty()).then(|| data.clone())
    };
    let data = app.wait_for("a sample", first).await;
    assert_eq!(data["interval"], 10);
    let samples = data["times"].as_array().unwrap().len();
    for (name, list) in data.as_object().unwrap() {
        if name != "interval" {
            assert_eq!(list.as_array().unwrap().len(), samples, "{name}");
        }
    }
    assert!(data["memoryGateway"][0].as_u64().unwrap() > 1024 * 1024);
    assert_eq!(app.get("/api/v1/metrics/history?minutes=1440").await.1["data"]["interval"], 60);
    for bad in ["0", "1441", "x"] {
        let (status, _) = app.get(&format!("/api/v1/metrics/history?minutes={bad}")).await;
        assert_eq!(status, 400, "{bad}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_machine_is_examined_while_the_gateway_runs() {
    let app = TestApp::start().await;
    let (_, answer) = app.get("/api/v1/doctor").await;
    let checks = answer["data"].as_array().unwrap();
    let verdict = |name: &str| {
        checks.iter().find(|check| check["name"] == name).map(|check| check["verdict"].clone())
    };
    assert_eq!(verdict("data folder"), Some(json!("ok")));
    // It is taken by this gateway, which is no fault.
    assert_eq!(verdict("port"), None);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_without_a_browser_has_no_picture_of_it() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let (status, answer) = app.get("/api/v1/sessions/s/screenshot").await;
    assert_eq!((status.as_u16(), &answer["error"]["code"]), (501, &json!("NOT_SUPPORTED")));
    assert!(answer["error"]["message"].as_str().unwrap().contains("no browser"), "{answer}");
    assert_eq!(app.get("/api/v1/sessions/none/screenshot").await.0, 404);
    app.stop().await;
}
