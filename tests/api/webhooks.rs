//! Webhooks through HTTP: receivers that fail in every way, order, isolation, rotation, recovery
//! and restarts.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use wagate::domain::Clock;

use crate::{
    app::{PHONE, TestApp},
    receiver::{Answer, Got, Receiver},
};

/// Retries that nobody needs to wait for.
const QUICK: &[(&str, &str)] = &[
    ("WAGATE_WEBHOOKS__RETRY_SCHEDULE", "10ms,20ms,40ms,40ms,40ms"),
    ("WAGATE_WEBHOOKS__SHORT_RETRY_SCHEDULE", "10ms"),
    ("WAGATE_WEBHOOKS__OVERLOAD_PAUSE_SECONDS", "0"),
    ("WAGATE_WEBHOOKS__TIMEOUT_SECONDS", "1"),
];

fn quick_and(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    QUICK.iter().chain(more).copied().collect()
}

async fn ready(settings: &[(&str, &str)]) -> TestApp {
    let app = TestApp::start_with(settings).await;
    app.ready("s", PHONE).await;
    app
}

/// Registers an endpoint of the session. Its path.
async fn register(app: &TestApp, url: &str, more: Value) -> String {
    let mut body = json!({ "url": url, "events": ["message_sent"] });
    body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    let (status, hook) = app.post("/api/v1/sessions/s/webhooks", body).await;
    assert_eq!(status, 201, "{hook}");
    format!("/api/v1/sessions/s/webhooks/{}", hook["data"]["id"].as_str().unwrap())
}

async fn send(app: &TestApp, chat: u32, text: &str) {
    let chat = format!("1555000{chat:04}@c.us");
    let body = json!({ "chatId": chat, "content": text });
    let (status, answer) = app.post("/api/v1/sessions/s/send-text", body).await;
    assert_eq!(status, 200, "{answer}");
}

/// The endpoint, once it is as wanted.
async fn hook_when(app: &TestApp, path: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    app.wait_for(what, || async {
        let (_, hook) = app.get(path).await;
        is(&hook["data"]).then(|| hook["data"].clone())
    })
    .await
}

async fn deliveries_when(app: &TestApp, path: &str, status: &str, count: usize) -> Vec<Value> {
    let path = format!("{path}/deliveries?status={status}");
    app.wait_for(&format!("{count} in {path}"), || async {
        let (_, list) = app.get(&path).await;
        let list = list["data"].as_array().cloned().unwrap_or_default();
        (list.len() == count).then_some(list)
    })
    .await
}

fn ids(got: &[Got]) -> Vec<&str> {
    got.iter().map(|got| got.header("webhook-id")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_is_tried_again_with_the_same_id_and_written_down() {
    let app = ready(QUICK).await;
    let wrong = [
        Answer::status("500 Oops"),
        Answer::status("302 Found\r\nlocation: http://127.0.0.1:1/elsewhere"),
        Answer::Close,
        Answer::Nonsense,
        Answer::Hang,
    ];
    let receiver = Receiver::start(&wrong).await;
    let path = register(&app, &receiver.url, json!({})).await;
    send(&app, 3, "hello").await;
    let got = receiver.reach(6).await;
    assert!(ids(&got).iter().all(|id| *id == ids(&got)[0]));
    assert!(got.iter().all(|each| each.text == got[0].text));
    let numbers: Vec<_> = got.iter().map(|each| each.header("x-webhook-attempt")).collect();
    assert_eq!(numbers, ["1", "2", "3", "4", "5", "6"]);
    let delivered = deliveries_when(&app, &path, "delivered", 1).await;
    let attempts = delivered[0]["attempts"].as_array().unwrap();
    let statuses: Vec<_> = attempts.iter().map(|attempt| attempt["status"].as_u64()).collect();
    assert_eq!(statuses, [Some(500), Some(302), None, None, None, Some(200)]);
    assert!(attempts[2]["error"].is_string() && attempts[3]["error"].is_string());
    assert_eq!(attempts[4]["error"], "no answer within 1 s");
    assert!(1_000 <= attempts[4]["duration"].as_u64().unwrap());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_counts_before_its_body_and_a_lie_about_the_body_changes_nothing() {
    let app = ready(QUICK).await;
    let receiver = Receiver::start(&[Answer::SlowBody, Answer::BrokenBody]).await;
    let path = register(&app, &receiver.url, json!({})).await;
    send(&app, 3, "one").await;
    send(&app, 3, "two").await;
    let delivered = deliveries_when(&app, &path, "delivered", 2).await;
    assert_eq!(receiver.got.lock().await.len(), 2);
    let response = |index: usize| delivered[index]["attempts"][0]["response"].as_str().unwrap();
    assert_eq!(response(0), "only this");
    assert!(response(1).starts_with("..") && response(1).len() <= 1_024, "{}", response(1));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_receiver_wishes_is_kept_in_both_forms_for_all_chats() {
    let app = ready(QUICK).await;
    let receiver =
        Receiver::choosing(|got, _| match (got.said(), got.header("x-webhook-attempt")) {
            ("one", "1") => Answer::status("429 Slow\r\nretry-after: 1"),
            ("one", "2") => {
                let date = Clock::system().now() + Duration::from_secs(2);
                let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT");
                Answer::Status(format!("503 Slower\r\nretry-after: {date}"))
            }
            ("one", "3") => Answer::status("429 Liar\r\nretry-after: soon"),
            _ => Answer::status("200 OK\r\nretry-after: 1000"),
        })
        .await;
    let path = register(&app, &receiver.url, json!({})).await;
    send(&app, 3, "one").await;
    hook_when(&app, &path, "the pause", |hook| hook["pausedUntil"].is_string()).await;
    send(&app, 4, "another chat waits too").await;
    let got = receiver.reach(5).await;
    let (first, others): (Vec<&Got>, Vec<&Got>) = got.iter().partition(|got| got.said() == "one");
    let gap = |later: &Got, earlier: &Got| later.at.duration_since(earlier.at);
    assert!(Duration::from_millis(990) <= gap(first[1], first[0]));
    assert!(Duration::from_millis(990) <= gap(others[0], first[0]));
    // The date has whole seconds: two from now may be little more than one.
    assert!(Duration::from_millis(900) <= gap(first[2], first[1]));
    assert_eq!(deliveries_when(&app, &path, "delivered", 2).await.len(), 2);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_keeps_its_order_while_it_fails_and_other_chats_go_on() {
    let app = ready(QUICK).await;
    let receiver = Receiver::choosing(|got, _| {
        let attempt: u32 = got.header("x-webhook-attempt").parse().unwrap();
        let fails = got.said().starts_with("stuck") && attempt < 4;
        Answer::status(if fails { "500 Oops" } else { "200 OK" })
    })
    .await;
    let path = register(&app, &receiver.url, json!({})).await;
    for n in 0..5 {
        send(&app, 3, &format!("stuck {n}")).await;
        send(&app, 4, &format!("free {n}")).await;
    }
    deliveries_when(&app, &path, "delivered", 10).await;
    let got = receiver.got.lock().await.clone();
    let said = |beginning: &str| {
        let mut said: Vec<&str> =
            got.iter().map(Got::said).filter(|said| said.starts_with(beginning)).collect();
        said.dedup();
        said
    };
    let expected = |word: &str| (0..5).map(|n| format!("{word} {n}")).collect::<Vec<_>>();
    assert_eq!(said("stuck"), expected("stuck"));
    assert_eq!(said("free"), expected("free"));
    assert_eq!(got.len(), 25, "four attempts for each that is stuck, one for each that is free");
    let hook = hook_when(&app, &path, "the count", |hook| hook["stats"]["waiting"] == 0).await;
    assert_eq!((&hook["stats"]["accepted"], &hook["stats"]["delivered"]), (&json!(10), &json!(10)));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_hangs_for_ever_leaves_the_others_alone() {
    let settings = quick_and(&[
        ("WAGATE_WEBHOOKS__TIMEOUT_SECONDS", "15"),
        ("WAGATE_WEBHOOKS__PER_HOST", "8"),
    ]);
    let app = ready(&settings).await;
    // Both live on one host, which makes it hard.
    let receiver = Receiver::choosing(|got, _| {
        let hangs = got.head.starts_with("POST /hook/hangs");
        if hangs { Answer::Hang } else { Answer::status("200 OK") }
    })
    .await;
    register(&app, &format!("{}/hangs", receiver.url), json!({})).await;
    let path = register(&app, &format!("{}/well", receiver.url), json!({})).await;
    let begun = Instant::now();
    for n in 0..30 {
        send(&app, 10 + n % 6, &format!("message {n}")).await;
    }
    deliveries_when(&app, &path, "delivered", 30).await;
    assert!(begun.elapsed() < Duration::from_secs(15), "they waited for the one that hangs");
    assert!(*receiver.hanging.borrow() <= 2);
    let connections = receiver.connections.load(std::sync::atomic::Ordering::SeqCst);
    assert!(connections <= 20, "connections are kept: {connections}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_comes_back_by_hand_and_by_recovery_once_beside_live_traffic() {
    let app = ready(QUICK).await;
    let receiver = Receiver::choosing(|got, before| {
        let fails = before < 6 && got.said().starts_with("old");
        Answer::status(if fails { "500 Oops" } else { "200 OK" })
    })
    .await;
    let path = register(&app, &receiver.url, json!({ "retries": "short" })).await;
    let since = Clock::system().now().to_string();
    for n in 0..3 {
        send(&app, 3, &format!("old {n}")).await;
    }
    let dead = deliveries_when(&app, &path, "dead", 3).await;
    assert_eq!(dead[0]["attempts"].as_array().unwrap().len(), 2, "the short schedule");

    let one = dead[2]["id"].as_str().unwrap();
    let again = format!("{path}/deliveries/{one}/redeliver");
    assert_eq!(app.post(&again, json!({})).await.0, 200);
    deliveries_when(&app, &path, "dead", 2).await;
    deliveries_when(&app, &path, "delivered", 1).await;

    let recover = async |since: &str| {
        let body = json!({ "since": since });
        app.post(&format!("{path}/recover"), body).await.1["data"]["recovered"].clone()
    };
    assert_eq!(recover("2100-01-01T00:00:00Z").await, 0);
    assert_eq!(recover(&since).await, 2);
    assert_eq!(recover(&since).await, 0, "what is in line already is left there");
    send(&app, 3, "live").await;
    let delivered = deliveries_when(&app, &path, "delivered", 4).await;
    let got = receiver.got.lock().await.clone();
    let late: Vec<&str> =
        got[6..].iter().map(Got::said).filter(|said| said.starts_with("old")).collect();
    assert_eq!(late, ["old 0", "old 1", "old 2"]);
    for delivery in &delivered {
        let id = delivery["eventId"].as_str().unwrap();
        assert!(got.iter().filter(|got| got.header("webhook-id") == id).count() <= 3);
    }
    let hook = hook_when(&app, &path, "the count", |hook| hook["stats"]["waiting"] == 0).await;
    assert_eq!(hook["stats"]["redelivered"], 3);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_pending_when_the_gateway_stopped_is_delivered_after_it_starts_again() {
    let settings = quick_and(&[("WAGATE_WEBHOOKS__RETRY_SCHEDULE", "200ms,200ms,200ms")]);
    let app = ready(&settings).await;
    let receiver = Receiver::choosing(|_, before| {
        Answer::status(if before < 2 { "500 Oops" } else { "200 OK" })
    })
    .await;
    let path = register(&app, &receiver.url, json!({})).await;
    for n in 0..4 {
        send(&app, 3 + n % 2, &format!("message {n}")).await;
    }
    receiver.reach(2).await;
    let folder = app.stop().await;
    let before = receiver.got.lock().await.clone();

    let app = TestApp::start_in(folder, &settings).await;
    let delivered = deliveries_when(&app, &path, "delivered", 4).await;
    let got = receiver.got.lock().await.clone();
    let first_try = |got: &[Got], id: &str| got.iter().any(|each| each.header("webhook-id") == id);
    for delivery in &delivered {
        assert!(first_try(&got, delivery["eventId"].as_str().unwrap()));
    }
    let mut seen = ids(&got);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 4, "an id for each event, the same before and after");
    assert!(before.iter().all(|each| seen.contains(&each.header("webhook-id"))));
    assert_eq!(got.len(), 6, "nothing is sent more often than it failed");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_switched_off_after_enough_failures_and_goes_on_when_switched_on() {
    let settings = quick_and(&[
        ("WAGATE_WEBHOOKS__RETRY_SCHEDULE", "30ms,30ms,24h"),
        ("WAGATE_WEBHOOKS__DISABLE_AFTER_HOURS", "0"),
        ("WAGATE_WEBHOOKS__DISABLE_AFTER_FAILURES", "3"),
    ]);
    let app = ready(&settings).await;
    let receiver = Receiver::choosing(|_, before| {
        Answer::status(if before < 3 { "500 Oops" } else { "200 OK" })
    })
    .await;
    let path = register(&app, &receiver.url, json!({})).await;
    send(&app, 3, "one").await;
    let hook = hook_when(&app, &path, "the end", |hook| hook["enabled"] == false).await;
    assert!(hook["disabledReason"].is_string() && hook["failingSince"].is_string(), "{hook}");
    send(&app, 3, "two").await;
    let (status, hook) =
        app.call(reqwest::Method::PATCH, &path, Some(json!({ "enabled": true }))).await;
    assert_eq!((status.as_u16(), &hook["data"]["enabled"]), (200, &json!(true)));
    // The first waits for a day no more, and what came meanwhile follows it.
    let got = receiver.reach(5).await;
    assert_eq!(got[3..].iter().map(Got::said).collect::<Vec<_>>(), ["one", "two"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_too_large_dies_alone_and_its_chat_goes_on() {
    let app = ready(&quick_and(&[("WAGATE_WEBHOOKS__MAX_EVENT_KIB", "4")])).await;
    let receiver = Receiver::choosing(|got, _| {
        let refused = got.said() == "you refuse this";
        Answer::status(if refused { "413 Too Large" } else { "200 OK" })
    })
    .await;
    let path = register(&app, &receiver.url, json!({})).await;
    let odd = "\u{202e}\u{0}\u{feff}e\u{301}\u{1F469}\u{200d}\u{1F52C}\u{2028}\"\\";
    for text in ["before", &"x".repeat(5_000), "you refuse this", odd, "after"] {
        send(&app, 3, text).await;
    }
    let dead = deliveries_when(&app, &path, "dead", 2).await;
    assert_eq!(dead[0]["attempts"][0]["status"], 413);
    assert!(dead[1]["attempts"][0]["error"].as_str().unwrap().contains("more than 4096"));
    let got = receiver.reach(4).await;
    let said: Vec<&str> = got.iter().map(Got::said).collect();
    assert_eq!(said, ["before", "you refuse this", odd, "after"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_for_all_sessions_choose_events_and_headers_of_their_own() {
    let app = ready(QUICK).await;
    app.ready("t", "15557654322").await;
    let (all, one) = (Receiver::start(&[]).await, Receiver::start(&[]).await);
    let body = json!({ "url": all.url, "events": ["message_sent"], "headers": { "x-team": "a" } });
    let (status, hook) = app.post("/api/v1/gateway-webhooks", body).await;
    assert_eq!(status, 201, "{hook}");
    register(&app, &one.url, json!({ "events": ["*"] })).await;
    send(&app, 3, "from s").await;
    let body = json!({ "chatId": "15550000003@c.us", "content": "from t" });
    app.post("/api/v1/sessions/t/send-text", body).await;
    let got = all.reach(2).await;
    let mut sessions: Vec<_> = got.iter().map(|each| each.body["sessionId"].clone()).collect();
    sessions.sort_by_key(ToString::to_string);
    assert_eq!(sessions, ["s", "t"]);
    assert!(got.iter().all(|each| each.header("x-team") == "a"));
    let got = one.reach(1).await;
    assert!(got.iter().all(|each| each.body["sessionId"] == "s"));
    let id = hook["data"]["id"].as_str().unwrap();
    let (status, attempt) =
        app.post(&format!("/api/v1/gateway-webhooks/{id}/test"), json!({})).await;
    assert_eq!((status.as_u16(), &attempt["data"]["status"]), (200, &json!(200)));
    let got = all.reach(3).await;
    assert_eq!(got[2].body["event"], "webhook.test");

    let (_, text) = app.text("/metrics").await;
    for name in [
        "wagate_events_received_total",
        "wagate_events_stored_total",
        "wagate_webhook_deliveries_total{state=\"accepted\"}",
        "wagate_webhook_deliveries_total{state=\"delivered\"}",
        "wagate_webhook_attempts_total{outcome=\"delivered\"}",
        &format!("wagate_webhook_lag_seconds{{webhook=\"{id}\"}}"),
    ] {
        assert!(text.contains(name), "no {name} in {text}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_are_the_gateways_own_are_refused() {
    let app = ready(QUICK).await;
    for name in ["webhook-signature", "X-Webhook-Id", "Host", "Content-Length", "User-Agent"] {
        let body = json!({ "url": "http://127.0.0.1:1/", "headers": { name: "x" } });
        let (status, answer) = app.post("/api/v1/sessions/s/webhooks", body).await;
        assert_eq!(status, 400, "{name}: {answer}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_is_shown_masked_keeps_its_value_when_another_changes() {
    let app = ready(QUICK).await;
    let receiver = Receiver::start(&[]).await;
    let headers = json!({ "Authorization": "Bearer old", "x-team": "a" });
    let path = register(&app, &receiver.url, json!({ "headers": headers })).await;
    let headers = json!({ "authorization": "****", "x-team": "b" });
    let (status, changed) =
        app.call(Method::PATCH, &path, Some(json!({ "headers": headers }))).await;
    assert_eq!(status, 200, "{changed}");
    assert_eq!(app.post(&format!("{path}/test"), json!({})).await.0, 200);
    let got = receiver.reach(1).await;
    assert_eq!(got[0].header("authorization"), "Bearer old");
    assert_eq!(got[0].header("x-team"), "b");
    let headers = json!({ "x-other": "****" });
    let (status, answer) =
        app.call(Method::PATCH, &path, Some(json!({ "headers": headers }))).await;
    assert_eq!(status, 400, "there is none to keep: {answer}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_webhooks_are_listed_at_once_with_their_session() {
    let app = ready(QUICK).await;
    let receiver = Receiver::start(&[]).await;
    let path = register(&app, &receiver.url, json!({})).await;
    let body = json!({ "url": receiver.url, "events": ["*"] });
    assert_eq!(app.post("/api/v1/gateway-webhooks", body).await.0, 201);
    let (_, all) = app.get("/api/v1/gateway-webhooks?all=true").await;
    let mut sessions: Vec<_> =
        all["data"].as_array().unwrap().iter().map(|hook| hook["sessionId"].clone()).collect();
    sessions.sort_by_key(ToString::to_string);
    assert_eq!(sessions, [json!("s"), json!(null)]);
    let (keys, only) = (&app.gateway.services().api_keys, "s".parse().unwrap());
    let (_, bound) = keys.create("bound", vec!["*".to_owned()], Some(only), None).await.unwrap();
    let request =
        app.http.get(format!("{}/api/v1/gateway-webhooks?all=true", app.base)).bearer_auth(bound);
    let seen: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(seen["data"].as_array().unwrap().len(), 1, "{seen}");
    assert_eq!(seen["data"][0]["sessionId"], "s");
    let (_, one) = app.get(&path).await;
    assert!(one["data"]["oldSecretsSignUntil"].is_null());
    app.post(&format!("{path}/rotate-secret"), json!({ "overlapSeconds": 3600 })).await;
    let (_, one) = app.get(&path).await;
    assert!(one["data"]["oldSecretsSignUntil"].is_string(), "{one}");
    app.stop().await;
}
