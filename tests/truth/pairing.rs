//! Linking by a code that is typed has its own time, and the codes to scan come again where the page has
//! lost its command for them.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::Stage;

const SESSION: &str = "/api/v1/sessions/b";
const PHONE: &str = "15551230002";

async fn unlinked(stage: &Stage, qr_timeout: u32) -> String {
    let config = json!({ "engine": stage.engine, "qrTimeout": qr_timeout });
    stage.daemon.post("/api/v1/sessions", json!({ "sessionId": "b", "config": config })).await;
    let qr = stage.daemon.get(&format!("{SESSION}/qr?format=text&wait=true")).await;
    qr["qrText"].as_str().unwrap().to_owned()
}

async fn a_typed_code_outlives_the_time_of_the_scanned_ones(stage: Stage) {
    const QR_TIMEOUT: u64 = 15;
    let began = Instant::now();
    unlinked(&stage, 15).await;
    let asked = json!({ "phone": PHONE });
    let code = stage.daemon.post(&format!("{SESSION}/pairing-code"), asked).await;
    // The code to type takes the place of the one to scan.
    let no_code = stage.until("no code to scan", || async {
        let (status, answer) = stage.get(&format!("{SESSION}/qr")).await;
        (status == 404).then_some(answer)
    });
    let no_code = no_code.await;
    assert_eq!(no_code["error"]["details"]["pairingCodeExpiresAt"], code["expiresAt"], "{no_code}");
    let (_, shown) = stage.get("/api/v1/instances/b/qr").await;
    assert_eq!(shown["data"]["qr_code"], Value::Null, "{shown}");
    assert!(shown["data"]["message"].as_str().unwrap().contains("pairing code"), "{shown}");
    let is_over = || async {
        let status = stage.daemon.get(&format!("{SESSION}/status")).await;
        assert_eq!(status["status"], "qr_ready", "{status}");
        (Duration::from_secs(QR_TIMEOUT + 3) < began.elapsed()).then_some(())
    };
    stage.until("the time of the codes to scan to be over", is_over).await;
    stage.daemon.post("/_simulator/v1/accounts", json!({ "phone": PHONE })).await;
    let typed = json!({ "code": code["code"] });
    let path = format!("/_simulator/v1/accounts/{PHONE}/pairing-code");
    stage.daemon.post(&path, typed).await;
    stage.daemon.wait_until_ready("b").await;
    stage.end().await;
}

async fn codes_come_again_without_the_pages_own_command(stage: Stage) {
    stage.web_client(json!({ "refreshQr": false })).await;
    let first = unlinked(&stage, 0).await;
    let advance = || async {
        let by = json!({ "advanceBy": 20 });
        stage.daemon.call(Method::PUT, "/_simulator/v1/clock", Some(by)).await;
    };
    let shown = async || {
        let (status, answer) = stage.get(&format!("{SESSION}/qr?format=text")).await;
        (status == 200).then(|| answer["data"]["qrText"].as_str().unwrap().to_owned())
    };
    // 60 seconds for the first code and 20 for each of the five others.
    for _ in 0..8 {
        advance().await;
    }
    let released = json!({ "now": null });
    stage.daemon.call(Method::PUT, "/_simulator/v1/clock", Some(released)).await;
    let fresh = |code: &String| *code != first;
    let code = stage.until("new codes", || async { shown().await.filter(fresh) }).await;
    // The last of the codes that run out is a new one, too: one that can be scanned is meant.
    let scan = || async {
        let code = shown().await.unwrap_or_else(|| code.clone());
        let path = format!("/_simulator/v1/accounts/{PHONE}/scan");
        let (status, _) = stage.post(&path, json!({ "code": code })).await;
        (status == 200).then_some(())
    };
    stage.until("a code that can be scanned", scan).await;
    stage.daemon.wait_until_ready("b").await;
    stage.end().await;
}

on_both_engines! {
    a_typed_code_outlives_the_time_of_the_scanned_ones
    codes_come_again_without_the_pages_own_command
}
