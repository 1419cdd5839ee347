//! A login that is lost is noticed, and a start that stands still comes to an end that says why.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{OWN, SESSION, Stage};

async fn a_page_that_hangs_on_its_way_out_is_noticed(stage: Stage) {
    stage.web_client(json!({ "leavesWhenUnlinked": false, "logoutEvent": false })).await;
    stage.restart().await;
    let devices = format!("/_simulator/v1/accounts/{OWN}/devices");
    let device = stage.daemon.get(&devices).await;
    let device = device["devices"][0]["id"].as_str().or(device[0]["id"].as_str()).unwrap();
    let began = Instant::now();
    stage.daemon.call(Method::DELETE, &format!("{devices}/{device}"), None).await;
    let status = format!("{SESSION}/status");
    stage.daemon.wait_until(&status, "the end", |status| status["status"] == "terminated").await;
    // Ten seconds, and what a busy machine adds.
    assert!(began.elapsed() < Duration::from_secs(25), "after {:?}", began.elapsed());
    stage.end().await;
}

async fn a_start_that_stands_still_says_where_and_goes_on(stage: Stage) {
    const UNLINKED: &str = "/api/v1/sessions/b";
    stage.web_client(json!({ "endlessSyncing": true })).await;
    let body = json!({
        "sessionId": "b", "waitForQR": false, "config": { "engine": stage.engine }
    });
    stage.daemon.post("/api/v1/sessions", body).await;
    let error = || async {
        let session = stage.daemon.get(UNLINKED).await;
        let error = session["lastError"].as_str().unwrap_or_default().to_owned();
        error.contains("mode SYNCING").then_some(session)
    };
    let session = stage.until("the error", error).await;
    assert_ne!(session["status"], "qr_ready", "{session}");
    // The page that is loaded next is a usual one.
    stage.web_client(json!({})).await;
    let shows_code = |session: &Value| session["status"] == "qr_ready";
    stage.daemon.wait_until(UNLINKED, "a code", shows_code).await;
    let session = stage.daemon.get(UNLINKED).await;
    assert!(session["lastError"].is_null(), "{session}");
    stage.end().await;
}

on_both_engines! {
    a_page_that_hangs_on_its_way_out_is_noticed
}

mod start {
    #[tokio::test(flavor = "multi_thread")]
    async fn one_that_stands_still_is_loaded_again_and_says_where_it_stood() {
        let settings = [("WAGATE_SESSIONS__START_DEADLINE_SECONDS", "8")];
        let stage = crate::stage::Stage::start_with("browser", &settings).await;
        super::a_start_that_stands_still_says_where_and_goes_on(stage).await;
    }
}
