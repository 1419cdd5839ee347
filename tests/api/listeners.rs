//! WebSocket, server-sent events and webhooks: order, replay, signatures, retries.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Mutex,
};
use wagate::egress;

use crate::app::{ECHO, PATIENCE, PHONE, SILENT, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_hears_everything_in_order_and_a_late_one_catches_up() {
    let app = TestApp::start().await;
    app.create("s").await;
    let mut listener = app.listen("/ws/s").await;
    assert_eq!(listener.next().await["event"], "qr");
    app.link("s", PHONE).await;
    let body = json!({ "chatId": ECHO, "content": "hello" });
    app.post("/api/v1/sessions/s/send-text", body).await;
    let mut names = Vec::new();
    let mut last_seq = 0;
    loop {
        let frame = listener.next().await;
        assert_eq!(frame["sessionId"], "s");
        let seq = frame["seq"].as_u64().unwrap();
        assert!(last_seq < seq, "{frame}");
        last_seq = seq;
        let name = frame["event"].as_str().unwrap().to_owned();
        names.push(name.clone());
        if name == "message" {
            break;
        }
    }
    let place = |name: &str| {
        names.iter().position(|found| found == name).unwrap_or_else(|| panic!("{name}: {names:?}"))
    };
    assert!(place("authenticated") < place("ready") && place("ready") < place("message_sent"));
    assert!(place("message_sent") < place("message"));

    let mut late = app.listen("/ws/s?since=0&events=authenticated,ready,message").await;
    for expected in ["authenticated", "ready", "message"] {
        assert_eq!(late.next().await["event"], expected);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_stream_goes_on_where_it_was_left() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let read = async |last: u64, wanted: &str| {
        let request =
            app.http.get(format!("{}/api/v1/events", app.base)).header("last-event-id", last);
        let mut stream = request.send().await.unwrap().bytes_stream();
        let mut text = String::new();
        let found = tokio::time::timeout(PATIENCE, async {
            while !text.contains(wanted) {
                text.push_str(&String::from_utf8_lossy(&stream.next().await.unwrap().unwrap()));
            }
        });
        found.await.unwrap_or_else(|_| panic!("no {wanted} in {text}"));
        text
    };
    let first = read(0, "event: ready").await;
    let last = first.lines().filter_map(|line| line.strip_prefix("id: ")).next_back().unwrap();
    let body = json!({ "chatId": SILENT, "content": "later" });
    app.post("/api/v1/sessions/s/send-text", body).await;
    let second = read(last.parse().unwrap(), "event: message_sent").await;
    assert!(!second.contains("event: ready"), "{second}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_stream_that_breaks_before_its_first_event_knows_where_it_began() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let request = app.http.get(format!("{}/api/v1/events", app.base));
    let mut stream = request.send().await.unwrap().bytes_stream();
    let opening = stream.next().await.unwrap().unwrap();
    let opening = String::from_utf8_lossy(&opening);
    let number = opening.lines().find_map(|line| line.strip_prefix("id: ")).unwrap();
    assert!(0 < number.parse::<u64>().unwrap() && !opening.contains("data:"), "{opening}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_with_an_end_tells_what_lies_before_it_and_closes() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let body = json!({ "chatId": SILENT, "content": "later" });
    app.post("/api/v1/sessions/s/send-text", body).await;
    let read = async |query: &str| {
        let url = format!("{}/api/v1/events?{query}", app.base);
        let answer = tokio::time::timeout(PATIENCE, app.http.get(url).send()).await;
        let text = tokio::time::timeout(PATIENCE, answer.unwrap().unwrap().text()).await;
        let text = text.expect("a stream that ends").unwrap();
        let numbers = text.lines().filter_map(|line| line.strip_prefix("id: "));
        numbers.map(|number| number.parse().unwrap()).collect::<Vec<u64>>()
    };
    assert_eq!(read("since=0&until=3").await, [1, 2, 3]);
    assert_eq!(read("since=1&until=2").await, [2]);
    assert_eq!(read("since=2&until=2").await, [0; 0]);
    assert_eq!(read("since=0&until=3&events=call").await, [0; 0], "nothing is of interest");
    let (status, answer) = app.get("/api/v1/events?until=soon").await;
    assert_eq!(status, 400, "{answer}");
    app.stop().await;
}

/// A receiver on loopback that answers as planned, and keeps what it got.
struct Receiver {
    url: String,
    got: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Receiver {
    /// The first answers are as given; the rest are 200.
    async fn start(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let got = Arc::new(Mutex::new(Vec::new()));
        let mut answers: Vec<String> =
            answers.iter().rev().map(|answer| (*answer).to_owned()).collect();
        let kept = got.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let answer = answers.pop().unwrap_or_else(|| "200 OK".to_owned());
                let mut bytes = Vec::new();
                let mut chunk = [0; 65_536];
                let (head, body) = loop {
                    let count = stream.read(&mut chunk).await.unwrap_or(0);
                    bytes.extend_from_slice(&chunk[..count]);
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    let Some((head, body)) = text.split_once("\r\n\r\n") else {
                        assert_ne!(count, 0, "a request broke off");
                        continue;
                    };
                    let length = head
                        .lines()
                        .find_map(|line| {
                            line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned)
                        })
                        .and_then(|length| length.parse::<usize>().ok())
                        .unwrap_or(0);
                    if length <= body.len() {
                        break (head.to_owned(), body.to_owned());
                    }
                };
                kept.lock().await.push((head, serde_json::from_str(&body).unwrap()));
                let response =
                    format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                let _ = stream.write_all(response.as_bytes()).await;
            }
        });
        Self { url, got }
    }

    async fn wait_for(&self, app: &TestApp, count: usize) -> Vec<(String, Value)> {
        app.wait_for(&format!("{count} deliveries"), || async {
            let got = self.got.lock().await;
            (count <= got.len()).then(|| got.clone())
        })
        .await
    }
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let value = head.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then_some(value)
    });
    value.unwrap_or_else(|| panic!("no {name} in {head}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_gets_the_frame_signed_with_the_callers_headers() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let receiver = Receiver::start(&[]).await;
    let body = json!({ "url": receiver.url, "events": ["message"], "headers": { "Authorization": "Bearer theirs" } });
    let (status, hook) = app.post("/api/v1/sessions/s/webhooks", body.clone()).await;
    assert_eq!(status, 201, "{hook}");
    assert!(hook["data"]["secret"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!(hook["data"]["headers"]["Authorization"], "****");
    assert_eq!(
        app.post("/api/v1/sessions/s/webhooks", body).await.0,
        200,
        "the same address again"
    );

    app.post("/api/v1/sessions/s/send-text", json!({ "chatId": ECHO, "content": "ping" })).await;
    let (head, frame) = receiver.wait_for(&app, 1).await.remove(0);
    assert_eq!((&frame["event"], &frame["data"]["body"]), (&json!("message"), &json!("ping")));
    assert_eq!(header(&head, "authorization"), "Bearer theirs");
    assert_eq!(header(&head, "webhook-id"), frame["id"].as_str().unwrap());
    assert!(header(&head, "webhook-signature").starts_with("v1,"));
    let id = hook["data"]["id"].as_str().unwrap();
    let deliveries = app
        .wait_for("the delivery to be recorded", || async {
            let (_, list) = app
                .get(&format!("/api/v1/sessions/s/webhooks/{id}/deliveries?status=delivered"))
                .await;
            (list["data"].as_array().map(Vec::len) == Some(1)).then_some(list)
        })
        .await;
    assert_eq!(deliveries["data"][0]["attempts"][0]["status"], 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_is_switched_off_and_one_that_fails_is_waited_for() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let (gone, failing) =
        (Receiver::start(&["410 Gone"]).await, Receiver::start(&["500 Oops"]).await);
    let mut ids = Vec::new();
    for receiver in [&gone, &failing] {
        let body = json!({ "url": receiver.url, "events": ["message_sent"] });
        let (_, hook) = app.post("/api/v1/gateway-webhooks", body).await;
        ids.push(hook["data"]["id"].as_str().unwrap().to_owned());
    }
    app.post("/api/v1/sessions/s/send-text", json!({ "chatId": SILENT, "content": "x" })).await;
    app.wait_for("the first to be switched off", || async {
        let (_, hook) = app.get(&format!("/api/v1/gateway-webhooks/{}", ids[0])).await;
        (hook["data"]["enabled"] == false).then_some(())
    })
    .await;
    let path = format!("/api/v1/gateway-webhooks/{}/deliveries?status=waiting", ids[1]);
    let waiting = app
        .wait_for("the second to be tried", || async {
            let (_, list) = app.get(&path).await;
            (list["data"][0]["attempts"][0]["status"] == 500).then_some(list)
        })
        .await;
    // Nobody waits for the schedule here: the delivery is asked for by hand.
    let delivery = waiting["data"][0]["id"].as_str().unwrap();
    let path = format!("/api/v1/gateway-webhooks/{}/deliveries/{delivery}/redeliver", ids[1]);
    assert_eq!(app.post(&path, json!({})).await.0, 200);
    let got = failing.wait_for(&app, 2).await;
    assert_eq!(header(&got[0].0, "webhook-id"), header(&got[1].0, "webhook-id"));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_learn_that_an_endpoint_was_switched_off() {
    let at_the_second = [
        ("WAGATE_WEBHOOKS__DISABLE_AFTER_HOURS", "0"),
        ("WAGATE_WEBHOOKS__DISABLE_AFTER_FAILURES", "2"),
    ];
    let app = TestApp::start_with(&at_the_second).await;
    app.ready("s", PHONE).await;
    let failing = Receiver::start(&["500 Oops", "500 Oops"]).await;
    let witness = Receiver::start(&[]).await;
    let body = json!({ "url": failing.url, "events": ["message_sent", "webhook.disabled"] });
    let (status, hook) = app.post("/api/v1/sessions/s/webhooks", body).await;
    assert_eq!(status, 201, "{hook}");
    let body = json!({ "url": witness.url, "events": ["webhook.disabled"] });
    assert_eq!(app.post("/api/v1/gateway-webhooks", body).await.0, 201);
    let mut listener = app.listen("/ws/s?events=webhook.disabled").await;

    app.post("/api/v1/sessions/s/send-text", json!({ "chatId": SILENT, "content": "x" })).await;
    let path = format!("/api/v1/sessions/s/webhooks/{}", hook["data"]["id"].as_str().unwrap());
    let failed = app
        .wait_for("the first failure", || async {
            let (_, list) = app.get(&format!("{path}/deliveries?status=waiting")).await;
            (list["data"][0]["attempts"][0]["status"] == 500).then_some(list)
        })
        .await;
    let delivery = failed["data"][0]["id"].as_str().unwrap();
    app.post(&format!("{path}/deliveries/{delivery}/redeliver"), json!({})).await;

    let frame = listener.next().await;
    assert_eq!((&frame["event"], &frame["sessionId"]), (&json!("webhook.disabled"), &json!("s")));
    let data = &frame["data"];
    assert_eq!((&data["webhookId"], &data["allSessions"]), (&hook["data"]["id"], &json!(false)));
    assert_eq!(data["reason"], "nothing could be delivered for too long");
    assert!(data["failingSince"].is_i64() && !frame.to_string().contains(&failing.url), "{frame}");
    assert_eq!(witness.wait_for(&app, 1).await[0].1, frame);
    let (_, shown) = app.get(&path).await;
    assert_eq!(shown["data"]["enabled"], false);

    assert_eq!(data["origin"], failing.url.strip_suffix("/hook").unwrap());

    // Switched on again, it gets what it missed, the news of its own end among it.
    let on = json!({ "enabled": true });
    assert_eq!(app.call(reqwest::Method::PATCH, &path, Some(on)).await.0, 200);
    let got = failing.wait_for(&app, 4).await;
    assert!(got.iter().any(|(_, got)| *got == frame), "{got:?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_an_endpoint_for_all_sessions_is_an_event_of_none() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let gone = Receiver::start(&["410 Gone"]).await;
    let witness = Receiver::start(&[]).await;
    let body = json!({ "url": gone.url, "events": ["message_sent"] });
    let (status, hook) = app.post("/api/v1/gateway-webhooks", body).await;
    assert_eq!(status, 201, "{hook}");
    let events = json!(["webhook.disabled", "message_edit"]);
    let body = json!({ "url": witness.url, "events": events });
    assert_eq!(app.post("/api/v1/gateway-webhooks", body.clone()).await.0, 201);
    let of_the_session = Receiver::start(&[]).await;
    let body = json!({ "url": of_the_session.url, "events": events });
    assert_eq!(app.post("/api/v1/sessions/s/webhooks", body).await.0, 201);
    let mut listener = app.listen("/ws/s?events=webhook.disabled,message_edit").await;

    let (_, sent) =
        app.post("/api/v1/sessions/s/send-text", json!({ "chatId": SILENT, "content": "x" })).await;
    let reported = witness.wait_for(&app, 1).await[0].1.clone();
    assert_eq!(
        (&reported["event"], &reported["sessionId"]),
        (&json!("webhook.disabled"), &Value::Null)
    );
    assert!(reported.get("sessionUuid").is_none(), "{reported}");
    let data = &reported["data"];
    assert_eq!((&data["webhookId"], &data["allSessions"]), (&hook["data"]["id"], &json!(true)));
    assert_eq!(data["origin"], gone.url.strip_suffix("/hook").unwrap());

    // The next event of the session comes to its listeners, and this one never did.
    let id = sent["data"]["messageId"].as_str().unwrap();
    let path = format!("/api/v1/sessions/s/messages/{id}");
    let body = json!({ "content": "y" });
    let (status, answer) = app.call(reqwest::Method::PATCH, &path, Some(body)).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(listener.next().await["event"], "message_edit");
    assert_eq!(of_the_session.wait_for(&app, 1).await[0].1["event"], "message_edit");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_every_stream_in_order_and_does_not_wait_for_clients() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let key = app.key().await.to_owned();
    // This client never answers the close of its WebSocket.
    let _silent = app.listen("/ws/s").await;
    let mut polite = app.listen("/ws/s").await;
    let (client, mut streams) = (egress::local_client().unwrap(), Vec::new());
    for path in ["/api/v1/events", "/api/v1/sessions/s/events", "/api/mcp/sse"] {
        let request = client.get(format!("{}{path}", app.base)).bearer_auth(&key);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        streams.push((path, tokio::spawn(answer.text())));
    }
    let begun = Instant::now();
    let (_, code) = tokio::join!(app.stop(), polite.close_code());
    // A request that is under way is waited for five seconds.
    assert!(begun.elapsed() < Duration::from_secs(4), "it took {:?}", begun.elapsed());
    assert_eq!(code, 1001);
    for (path, stream) in streams {
        assert!(stream.await.unwrap().is_ok(), "{path} was cut off");
    }
}
