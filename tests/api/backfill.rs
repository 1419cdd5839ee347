//! What a session missed is found out when it is back.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use wagate::domain::Timestamp;

use crate::app::{Listener, PHONE, TestApp};

const ADA: &str = "15550000011";
const GRACE: &str = "15550000012";

async fn write(app: &TestApp, from: &str, words: &str) {
    let body = json!({ "chat": format!("{PHONE}@c.us"), "text": words });
    let path = format!("/_simulator/v1/accounts/{from}/messages");
    let (status, answer) = app.post(&path, body).await;
    assert!(status.is_success(), "{answer}");
}

/// Ends the fault, once all that it is to swallow has happened.
async fn stop_dropping(app: &TestApp) {
    app.wait_for("the network to be at rest", || async {
        let (_, clock) = app.get("/_simulator/v1/clock").await;
        let time = |name: &str| clock["data"][name].as_str()?.parse::<Timestamp>().ok();
        // A code that is to be replaced in a while does not count.
        let soon = time("now").unwrap() + Duration::from_secs(5);
        time("next").is_none_or(|next| soon < next).then_some(())
    })
    .await;
    assert_eq!(app.call(Method::PUT, "/_simulator/v1/faults", Some(json!({}))).await.0, 200);
}

async fn messages_missed_while_away_come_once_and_in_order(engine: &str) {
    let app = TestApp::start().await;
    let body = json!({ "sessionId": "s", "waitForQR": true, "config": { "engine": engine } });
    assert_eq!(app.post("/api/v1/sessions", body).await.0, 201);
    app.link("s", PHONE).await;
    let mut listener = app.listen("/ws/s").await;
    write(&app, ADA, "before").await;
    assert_eq!(listener.event("message").await["data"]["body"], "before");
    let sent = json!({ "chatId": format!("{ADA}@c.us"), "content": "mine" });
    let plan = json!({ "dropEvents": 1_000 });
    assert_eq!(app.call(Method::PUT, "/_simulator/v1/faults", Some(plan)).await.0, 200);
    let (status, sent) = app.post("/api/v1/sessions/s/send-text", sent).await;
    assert_eq!(status, 200, "{sent}");
    for (from, words) in [(ADA, "one"), (ADA, "two"), (GRACE, "from somebody new"), (ADA, "three")]
    {
        write(&app, from, words).await;
    }
    // Read on the other phone: the receipts are lost as well.
    app.wait_for("it to be read", || async {
        let path = format!("/_simulator/v1/accounts/{PHONE}/chats/{ADA}@c.us/messages");
        let (_, answer) = app.get(&path).await;
        let messages = answer["data"]["messages"].as_array().unwrap().clone();
        let is_read =
            |message: &serde_json::Value| message["body"] == "mine" && message["ack"] == "read";
        messages.iter().any(is_read).then_some(())
    })
    .await;
    stop_dropping(&app).await;
    assert_eq!(app.post("/api/v1/sessions/s/restart", json!({})).await.0, 200);
    let (mut of_ada, mut of_grace, mut acks) = (Vec::new(), Vec::new(), Vec::new());
    while of_ada.len() < 3 || of_grace.is_empty() || acks.is_empty() {
        let frame = listener.next().await;
        let data = &frame["data"];
        match frame["event"].as_str() {
            Some("message") if data["from"] == format!("{ADA}@c.us") => {
                of_ada.push(data["body"].as_str().unwrap().to_owned());
            }
            Some("message") => of_grace.push(data["body"].as_str().unwrap().to_owned()),
            // That the server has it, the page said before.
            Some("ack") if data["ack"] != 1 => acks.push(data["ack"].as_i64().unwrap()),
            _ => (),
        }
    }
    assert_eq!(of_ada, ["one", "two", "three"]);
    assert_eq!((of_grace, acks), (vec!["from somebody new".to_owned()], vec![3]));
    // Again, and nothing comes again.
    assert_eq!(app.post("/api/v1/sessions/s/restart", json!({})).await.0, 200);
    app.wait_for_status("s", "ready").await;
    write(&app, ADA, "after").await;
    assert_eq!(listener.event("message").await["data"]["body"], "after");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_process() {
    messages_missed_while_away_come_once_and_in_order("simulated").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_chromium() {
    messages_missed_while_away_come_once_and_in_order("browser").await;
}

/// What the listener hears of messages until one says `last`.
async fn reported_until(listener: &mut Listener, last: &str) -> Vec<String> {
    let mut reported = Vec::new();
    while reported.last().map(String::as_str) != Some(last) {
        let frame = listener.event("message").await;
        reported.push(frame["data"]["body"].as_str().unwrap().to_owned());
    }
    reported
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_never_had_a_message_learns_of_the_first_it_missed() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let mut listener = app.listen("/ws/s").await;
    let plan = json!({ "dropEvents": 1_000 });
    assert_eq!(app.call(Method::PUT, "/_simulator/v1/faults", Some(plan)).await.0, 200);
    write(&app, ADA, "the first").await;
    stop_dropping(&app).await;
    assert_eq!(app.post("/api/v1/sessions/s/restart", json!({})).await.0, 200);
    assert_eq!(reported_until(&mut listener, "the first").await, ["the first"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_before_the_link_is_no_event_and_what_was_missed_in_that_chat_is() {
    let app = TestApp::start().await;
    let clock = async |body| app.call(Method::PUT, "/_simulator/v1/clock", Some(body)).await.0;
    assert_eq!(clock(json!({ "now": "2020-01-01T00:00:00Z" })).await, 200);
    write(&app, ADA, "long ago").await;
    assert_eq!(clock(json!({ "now": null })).await, 200);
    app.ready("s", PHONE).await;
    let mut listener = app.listen("/ws/s?since=0").await;
    let with_events_dropped = async |words: &str| {
        let plan = json!({ "dropEvents": 1_000 });
        assert_eq!(app.call(Method::PUT, "/_simulator/v1/faults", Some(plan)).await.0, 200);
        write(&app, ADA, words).await;
        stop_dropping(&app).await;
        assert_eq!(app.post("/api/v1/sessions/s/restart", json!({})).await.0, 200);
    };
    with_events_dropped("missed").await;
    assert_eq!(reported_until(&mut listener, "missed").await, ["missed"]);
    with_events_dropped("missed again").await;
    assert_eq!(reported_until(&mut listener, "missed again").await, ["missed again"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_more_was_missed_than_is_fetched_a_gap_says_from_when_to_when() {
    const MANY: usize = 1_100;
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    write(&app, ADA, "known").await;
    let mut listener = app.listen("/ws/s?since=0&events=message,history_gap").await;
    assert_eq!(listener.event("message").await["data"]["body"], "known");
    let plan = json!({ "dropEvents": 100_000 });
    assert_eq!(app.call(Method::PUT, "/_simulator/v1/faults", Some(plan)).await.0, 200);
    for number in 0..MANY {
        write(&app, GRACE, &format!("{number}")).await;
    }
    stop_dropping(&app).await;
    assert_eq!(app.post("/api/v1/sessions/s/restart", json!({})).await.0, 200);
    let gap = listener.next().await;
    assert_eq!(gap["event"], "history_gap", "{gap}");
    assert_eq!(gap["data"]["chatId"], format!("{GRACE}@c.us"));
    let time = |name: &str| gap["data"][name].as_str().unwrap().parse::<Timestamp>().unwrap();
    assert!(time("after") <= time("before"), "{gap}");
    // The newest are there, one after the other.
    let reported = reported_until(&mut listener, &format!("{}", MANY - 1)).await;
    let expected: Vec<String> = (MANY - reported.len()..MANY).map(|n| n.to_string()).collect();
    assert_eq!(reported, expected);
    assert!((1_000..MANY).contains(&reported.len()), "{}", reported.len());
    app.stop().await;
}
