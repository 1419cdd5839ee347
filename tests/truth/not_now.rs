//! WhatsApp says "not now": the queue of the session waits, everybody sees why and until when, and nothing
//! is tried blindly.

use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{OWN, SESSION, Stage, code};

const ADA: &str = "15550000011@c.us";

fn text(words: &str) -> Value {
    json!({ "chatId": ADA, "content": words })
}

fn queued(words: &str) -> Value {
    json!({ "chatId": ADA, "content": words, "queue": true })
}

async fn arrived(stage: &Stage) -> Vec<String> {
    let messages = stage.on_phone("15550000011", &format!("{OWN}@c.us")).await;
    messages.iter().map(|message| message["body"].as_str().unwrap().to_owned()).collect()
}

async fn wait_for_arrivals(stage: &Stage, words: &[&str]) {
    stage.until("the messages", || async { (arrived(stage).await == words).then_some(()) }).await;
}

async fn a_restricted_account_holds_its_queue_until_somebody_resumes_it(stage: Stage) {
    let mut events = stage.events().await;
    stage.plan_faults(json!({ "refuseSends": 1, "refusalCode": 463 })).await;
    let (status, first) = stage.post(&format!("{SESSION}/send-text"), queued("first")).await;
    assert_eq!(status, 202, "{first}");
    let held = events.next("sending_held", |_| true).await;
    assert_eq!(held["data"]["reason"], "ACCOUNT_RESTRICTED", "{held}");
    assert_eq!(held["data"]["whatsappCode"], 463, "{held}");

    // Everybody sees it.
    let session = stage.daemon.get(SESSION).await;
    assert_eq!(session["sendHold"]["reason"], "ACCOUNT_RESTRICTED", "{session}");
    assert_eq!(session["sendHold"]["until"], held["data"]["until"], "{session}");
    let path = format!("{SESSION}/outbox");
    let is_over = |outbox: &Value| outbox["outbox"][0]["state"] != "sending";
    stage.daemon.wait_until(&path, "the end of the attempt", is_over).await;
    let (_, outbox) = stage.get(&path).await;
    assert_eq!(outbox["data"]["hold"]["whatsappCode"], 463, "{outbox}");
    let entry = &outbox["data"]["outbox"][0];
    assert_eq!(
        (&entry["state"], &entry["waitingFor"]),
        (&json!("queued"), &json!("hold")),
        "{entry}"
    );
    assert_eq!(entry["attempts"], 1);
    let (_, health) = stage.get("/health").await;
    assert_eq!(health["data"]["checks"]["sessions"], "warn", "{health}");
    assert!(health.to_string().contains("takes no messages"), "{health}");

    // Who wants to send now learns why and when again; who queues is accepted.
    let url = format!("{}{SESSION}/send-text", stage.daemon.base);
    let response = stage.daemon.http.post(url).json(&text("direct")).send().await.unwrap();
    let retry_after: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=3_601).contains(&retry_after), "{retry_after}");
    assert_eq!(response.status(), 503);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(code(&answer), "SENDING_ON_HOLD", "{answer}");
    assert_eq!(answer["error"]["details"]["reason"], "ACCOUNT_RESTRICTED", "{answer}");
    let body = json!({ "instance_id": "a", "recipient": ADA, "message": "direct" });
    let (status, answer) = stage.post("/api/v1/chat/send", body).await;
    assert_eq!((status, code(&answer)), (503, "SENDING_ON_HOLD"), "{answer}");
    let (status, _) = stage.post(&format!("{SESSION}/send-text"), queued("second")).await;
    assert_eq!(status, 202);
    assert_eq!(arrived(&stage).await, Vec::<String>::new());

    let (status, answer) =
        stage.call(Method::POST, &format!("{SESSION}/outbox/resume"), None).await;
    assert_eq!((status, &answer["data"]["resumed"]), (200, &json!(true)), "{answer}");
    let resumed = events.next("sending_resumed", |_| true).await;
    assert_eq!(resumed["data"]["byHand"], true, "{resumed}");
    wait_for_arrivals(&stage, &["first", "second"]).await;
    let session = stage.daemon.get(SESSION).await;
    assert_eq!(session["sendHold"], Value::Null, "{session}");
    let (status, answer) = stage.post(&format!("{SESSION}/send-text"), text("third")).await;
    assert_eq!(status, 200, "{answer}");
    stage.end().await;
}

async fn a_direct_send_that_is_refused_so_begins_a_hold_and_other_codes_do_not(stage: Stage) {
    for (code_given, expected) in [(400, (502, "SEND_FAILED")), (429, (503, "SENDING_ON_HOLD"))] {
        stage.plan_faults(json!({ "refuseSends": 1, "refusalCode": code_given })).await;
        let (status, answer) = stage.post(&format!("{SESSION}/send-text"), text("refused")).await;
        assert_eq!((status, code(&answer)), expected, "{answer}");
        assert_eq!(answer["error"]["details"]["whatsappCode"], code_given, "{answer}");
    }
    let session = stage.daemon.get(SESSION).await;
    assert_eq!(session["sendHold"]["reason"], "RATE_LIMITED", "{session}");
    assert_eq!(arrived(&stage).await, Vec::<String>::new());
    stage.end().await;
}

on_both_engines! {
    a_restricted_account_holds_its_queue_until_somebody_resumes_it
    a_direct_send_that_is_refused_so_begins_a_hold_and_other_codes_do_not
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_ends_by_itself() {
    let settings = [("WAGATE_OUTBOX__RATE_LIMITED_HOLD_SECONDS", "1")];
    let stage = Stage::start_with("simulated", &settings).await;
    let mut events = stage.events().await;
    stage.plan_faults(json!({ "refuseSends": 2, "refusalCode": 429 })).await;
    stage.post(&format!("{SESSION}/send-text"), queued("patient")).await;
    for _ in 0..2 {
        events.next("sending_held", |data| data["reason"] == "RATE_LIMITED").await;
        events.next("sending_resumed", |data| data["byHand"] == false).await;
    }
    wait_for_arrivals(&stage, &["patient"]).await;
    assert_eq!(events.count("sending_held", |_| true), 2);
    stage.end().await;
}
