//! `Idempotency-Key`: done once however often it is asked for, over hang-ups, restarts and kills.

use futures_util::future::join_all;
use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream};
use wagate::{
    domain::{Content, outbox::SendOptions},
    messaging::{SendOutcome, SendRequest},
};

use crate::{
    app::{PHONE, SILENT, TestApp, code},
    daemon::Daemon,
    support::{http, kept::Kept},
};

const TEXT: &str = "/api/v1/sessions/s/send-text";
const SILENT_PHONE: &str = "15550000003";

/// A caller of one gateway.
#[derive(Clone)]
struct Caller {
    http: http::Client,
    base: String,
    secret: Option<String>,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn is_replayed(&self) -> bool {
        self.headers.get("idempotent-replayed").is_some_and(|value| value == "true")
    }

    /// Its status and code.
    fn failure(&self) -> (u16, &str) {
        (self.status, code(&self.body))
    }
}

impl Caller {
    fn of(app: &TestApp) -> Self {
        Self { http: app.http.clone(), base: app.base.clone(), secret: None }
    }

    fn request(&self, method: Method, path: &str, key: &str) -> http::Request {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let request = request.header("idempotency-key", key);
        match &self.secret {
            Some(secret) => request.bearer_auth(secret),
            None => request,
        }
    }

    async fn post(&self, path: &str, key: &str, body: Value) -> Answer {
        answer(self.request(Method::POST, path, key).json(&body)).await
    }
}

async fn answer(request: http::Request) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: response.json().await.unwrap_or(Value::Null) }
}

fn text(words: &str) -> Value {
    json!({ "chatId": SILENT, "content": words })
}

/// What the silent contact has got, once the last of it is there.
async fn arrived(app: &TestApp, last: &str) -> Vec<String> {
    let (status, answer) = app.post(TEXT, text(last)).await;
    assert_eq!(status, 200, "{answer}");
    let path = format!("/_simulator/v1/accounts/{SILENT_PHONE}/chats/{PHONE}@c.us/messages");
    app.wait_for(last, || async {
        let (_, answer) = app.get(&path).await;
        let bodies = bodies(&answer["data"]);
        bodies.iter().any(|body| body == last).then_some(bodies)
    })
    .await
}

fn bodies(messages: &Value) -> Vec<String> {
    let messages = messages["messages"].as_array().into_iter().flatten();
    messages.map(|message| message["body"].as_str().unwrap().to_owned()).collect()
}

async fn plan(app: &TestApp, faults: Value) {
    assert_eq!(app.call(Method::PUT, "/_simulator/v1/faults", Some(faults)).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_answer_is_given_again_and_another_request_is_refused() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let caller = Caller::of(&app);
    let first = caller.post(TEXT, "k", text("once")).await;
    assert_eq!((first.status, first.is_replayed()), (200, false), "{}", first.body);
    let again = caller.post(TEXT, "k", text("once")).await;
    assert_eq!((again.status, again.is_replayed()), (200, true), "{}", again.body);
    assert_eq!(again.body, first.body);
    assert_eq!(again.headers["content-type"], first.headers["content-type"]);
    assert_ne!(again.headers["x-request-id"], first.headers["x-request-id"]);

    let other = caller.post(TEXT, "k", text("twice")).await;
    assert_eq!(other.failure(), (409, "IDEMPOTENCY_KEY_REUSED"));
    assert_eq!(other.body["success"], false);
    // In another place it is another key, and a refusal is an answer like any other.
    let place = "/api/v1/sessions/s/send-message";
    let bad = json!({ "to": SILENT_PHONE, "message": "" });
    assert_eq!(caller.post(place, "k", bad.clone()).await.failure(), (400, "VALIDATION_ERROR"));
    assert!(caller.post(place, "k", bad).await.is_replayed());
    let delete = |query: &str| {
        let path = format!("/api/v1/sessions/s/messages/true_{SILENT}_3EB0{query}");
        caller.request(Method::DELETE, &path, "k")
    };
    assert_eq!(answer(delete("?for=me")).await.status, answer(delete("?for=me")).await.status);
    let other_query = answer(delete("?for=everyone")).await;
    assert_eq!(other_query.failure(), (409, "IDEMPOTENCY_KEY_REUSED"));
    // Reads take no key.
    let read = answer(caller.request(Method::GET, "/api/v1/sessions", &"x".repeat(300))).await;
    assert_eq!((read.status, read.is_replayed()), (200, false));
    assert_eq!(arrived(&app, "end").await, ["once", "end"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_none_is_refused() {
    let app = TestApp::start().await;
    let caller = Caller::of(&app);
    for key in ["", "x".repeat(256).as_str(), "schlüssel", "a\tb"] {
        let refused = caller.post("/api/v1/sessions", key, json!({ "sessionId": "s" })).await;
        assert_eq!(refused.failure(), (400, "VALIDATION_ERROR"), "{key:?}");
        let fields = &refused.body["error"]["details"]["fields"];
        assert!(fields.get("Idempotency-Key").is_some(), "{}", refused.body);
    }
    let twice = caller.request(Method::DELETE, "/api/v1/sessions/s", "a");
    assert_eq!(answer(twice.header("idempotency-key", "a")).await.status, 400);
    assert_eq!(app.get("/api/v1/sessions").await.1["data"], json!([]));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_at_once_send_once() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    plan(&app, json!({ "delayRequests": 300 })).await;
    let caller = Caller::of(&app);
    let calls = (0..100).map(|_| caller.post(TEXT, "k", text("once")));
    let answers = join_all(calls).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    let first = answers.iter().filter(|answer| !answer.is_replayed());
    assert_eq!(first.count(), 1);
    plan(&app, json!({})).await;
    assert_eq!(arrived(&app, "end").await, ["once", "end"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_outlives_a_restart() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let first = Caller::of(&app).post(TEXT, "k", text("once")).await;
    assert_eq!(first.status, 200, "{}", first.body);
    let app = TestApp::start_in(app.stop().await, &[]).await;
    let again = Caller::of(&app).post(TEXT, "k", text("once")).await;
    assert_eq!((again.status, again.is_replayed()), (200, true), "{}", again.body);
    assert_eq!(again.body, first.body);
    let other = Caller::of(&app).post(TEXT, "k", text("twice")).await;
    assert_eq!(other.failure(), (409, "IDEMPOTENCY_KEY_REUSED"));
    app.wait_for_status("s", "ready").await;
    assert_eq!(arrived(&app, "end").await, ["once", "end"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_under_way_when_the_process_was_killed_is_not_guessed() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path()).await;
    daemon.link("s", PHONE).await;
    let done = Caller { http: http::Client::new(), base: daemon.base().to_owned(), secret: None };
    let answered = done.post(TEXT, "answered", text("answered")).await;
    assert_eq!(answered.status, 200, "{}", answered.body);
    let archive = format!("/api/v1/sessions/s/chats/{SILENT}/archive");
    let groups = "/api/v1/sessions/s/groups";
    let group = |name: &str| json!({ "name": name, "participants": [SILENT] });
    for (path, key, body) in [
        (TEXT, "held", text("held")),
        (archive.as_str(), "held", json!({})),
        // The last one: no later flush brings its claim to the disk.
        (groups, "held", group("held")),
    ] {
        let faults = json!({ "ignoreRequests": 1 });
        daemon.call(Method::PUT, "/_simulator/v1/faults", Some(faults)).await;
        let request = done.request(Method::POST, path, key).json(&body);
        tokio::spawn(request.send());
        // Once the network has the request, the work has begun.
        let struck = |faults: &Value| faults["ignoreRequests"] == 0;
        daemon.wait_until("/_simulator/v1/faults", "the request", struck).await;
    }
    daemon.kill().await;

    let daemon = Daemon::start(folder.path()).await;
    daemon.wait_until_ready("s").await;
    let caller = Caller { base: daemon.base().to_owned(), ..done };
    let unknown = caller.post(groups, "held", group("held")).await;
    assert_eq!(unknown.failure(), (409, "IDEMPOTENCY_OUTCOME_UNKNOWN"), "{}", unknown.body);
    let other = caller.post(groups, "held", group("other")).await;
    assert_eq!(other.failure(), (409, "IDEMPOTENCY_KEY_REUSED"));
    let again = caller.post(TEXT, "answered", text("answered")).await;
    assert_eq!((again.status, again.is_replayed()), (200, true), "{}", again.body);
    assert_eq!(again.body, answered.body);
    // The outbox knows that the message did not go out, and archiving twice is archiving once.
    let held = text("held");
    for (path, body) in [(TEXT, held.clone()), (archive.as_str(), json!({}))] {
        let done = caller.post(path, "held", body.clone()).await;
        assert_eq!((done.status, done.is_replayed()), (200, false), "{}", done.body);
        assert!(caller.post(path, "held", body).await.is_replayed());
    }
    assert_eq!(caller.post(TEXT, "held", text("other")).await.status, 409);
    assert_eq!(daemon.on_phone(PHONE, SILENT).await, ["answered", "held"]);
    daemon.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_hangs_up_finds_the_answer_later() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    plan(&app, json!({ "delayRequests": 500 })).await;
    let caller = Caller::of(&app);
    let body = text("once").to_string();
    let request = format!(
        "POST {TEXT} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Idempotency-Key: k\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut hasty = TcpStream::connect(app.gateway.address()).await.unwrap();
    hasty.write_all(request.as_bytes()).await.unwrap();
    app.wait_for("the send to begin", || async {
        let (_, page) = app.get("/api/v1/sessions/s/outbox").await;
        (!page["data"]["outbox"].as_array()?.is_empty()).then_some(())
    })
    .await;
    // A reset, which the server cannot take for the end of a request.
    hasty.set_zero_linger().unwrap();
    drop(hasty);
    let later = caller.post(TEXT, "k", text("once")).await;
    assert_eq!((later.status, later.is_replayed()), (200, true), "{}", later.body);
    plan(&app, json!({})).await;
    assert_eq!(arrived(&app, "end").await, ["once", "end"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_do_not_share_their_keys() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let mut callers = vec![Caller::of(&app)];
    for name in ["one", "two"] {
        let all = vec!["*".to_owned()];
        let keys = &app.gateway.services().api_keys;
        let (_, secret) = keys.create(name, all, None, None).await.unwrap();
        callers.push(Caller { secret: Some(secret), ..Caller::of(&app) });
    }
    for (number, caller) in callers.iter().enumerate() {
        let words = format!("from {number}");
        let sent = caller.post(TEXT, "k", text(&words)).await;
        assert_eq!((sent.status, sent.is_replayed()), (200, false), "{}", sent.body);
        assert!(caller.post(TEXT, "k", text(&words)).await.is_replayed());
    }
    assert_eq!(arrived(&app, "end").await, ["from 0", "from 1", "from 2", "end"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_done_now_is_tried_anew() {
    let app = TestApp::start().await;
    app.create("s").await;
    let caller = Caller::of(&app);
    let not_ready = caller.post(TEXT, "k", text("once")).await;
    assert_eq!(not_ready.failure(), (409, "SESSION_NOT_READY"));
    app.link("s", PHONE).await;
    plan(&app, json!({ "refuseSends": 1 })).await;
    assert_eq!(caller.post(TEXT, "k", text("once")).await.failure(), (502, "SEND_FAILED"));
    let (_, outbox) = app.get("/api/v1/sessions/s/outbox").await;
    let attempted = outbox["data"]["outbox"][0]["messageId"].clone();
    // It may have been sent: another message cannot take its place.
    let other = caller.post(TEXT, "k", text("other")).await;
    assert_eq!(other.failure(), (409, "IDEMPOTENCY_KEY_REUSED"));
    let sent = caller.post(TEXT, "k", text("once")).await;
    assert_eq!((sent.status, sent.is_replayed()), (200, false), "{}", sent.body);
    assert_eq!(sent.body["data"]["messageId"], attempted, "{outbox}");
    assert!(caller.post(TEXT, "k", text("once")).await.is_replayed());
    assert_eq!(arrived(&app, "end").await, ["once", "end"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_key_was_sent_before_is_found_and_not_sent_twice() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let (sends, session) = (&app.gateway.services().sends, "s".parse().unwrap());
    let send = || SendRequest {
        key: Some("3EB00123456789ABCDEF01".to_owned()),
        chat: SILENT.parse().unwrap(),
        content: Content::Text { body: "once".to_owned() },
        quoted: None,
        mentions: Vec::new(),
        link_preview: false,
    };
    plan(&app, json!({ "refuseSends": 1 })).await;
    assert!(sends.send(&session, send(), SendOptions::default()).await.is_err());
    let first = sends.send(&session, send(), SendOptions::default()).await.unwrap();
    let again = sends.send(&session, send(), SendOptions::default()).await.unwrap();
    let (SendOutcome::Sent(first), SendOutcome::Sent(again)) = (first, again) else {
        panic!("it is not sent");
    };
    assert_eq!(first.id, again.id);
    assert_eq!(&*first.id.key, "3EB00123456789ABCDEF01");
    assert_eq!(arrived(&app, "end").await, ["once", "end"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_is_no_answer() {
    let app = TestApp::start_with(&[("WAGATE_LIMITS__MESSAGING", "1")]).await;
    app.ready("s", PHONE).await;
    let caller = Caller::of(&app);
    assert_eq!(caller.post(TEXT, "first", text("first")).await.status, 200);
    for _ in 0..2 {
        let refused = caller.post(TEXT, "k", text("second")).await;
        assert_eq!(refused.failure(), (429, "RATE_LIMIT_EXCEEDED"));
        assert!(!refused.is_replayed());
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_is_compared_as_a_small_text_is() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let caller = Caller::of(&app);
    let path = "/api/v1/sessions/s/send-file";
    let file = |last: &str| {
        let data = format!("data:text/plain;base64,{}{last}", "AAAA".repeat(250_000));
        json!({ "chatId": SILENT, "data": data, "filename": "large.txt" })
    };
    let first = caller.post(path, "k", file("AAAA")).await;
    assert_eq!((first.status, first.is_replayed()), (200, false), "{}", first.body);
    let again = caller.post(path, "k", file("AAAA")).await;
    assert_eq!((again.status, again.is_replayed()), (200, true), "{}", again.body);
    assert_eq!(again.body, first.body);
    let other = caller.post(path, "k", file("BBBB")).await;
    assert_eq!(other.failure(), (409, "IDEMPOTENCY_KEY_REUSED"));
    // A failed attempt binds its key too, although the next one is compared only at its end.
    plan(&app, json!({ "refuseSends": 1 })).await;
    assert_eq!(caller.post(path, "failed", file("AAAA")).await.status, 502);
    let other = caller.post(path, "failed", file("BBBB")).await;
    assert_eq!(other.failure(), (409, "IDEMPOTENCY_KEY_REUSED"));
    let sent = caller.post(path, "failed", file("AAAA")).await;
    assert_eq!((sent.status, sent.is_replayed()), (200, false), "{}", sent.body);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_secret_is_shown_once_and_its_key_made_once() {
    let app = TestApp::start().await;
    let caller = Caller::of(&app);
    let body = json!({ "name": "bot", "scopes": ["send"] });
    let made = caller.post("/api/v1/api-keys", "k", body.clone()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let again = caller.post("/api/v1/api-keys", "k", body).await;
    assert_eq!(again.failure(), (409, "IDEMPOTENCY_ANSWER_NOT_KEPT"));
    assert_eq!(again.body["error"]["details"]["status"], 201);
    let (_, keys) = app.get("/api/v1/api-keys").await;
    assert_eq!(keys["data"].as_array().map(Vec::len), Some(1), "{keys}");
    let secret = made.body["data"]["key"].as_str().unwrap();
    let folder = app.stop().await;
    for entry in Kept::open(folder.path()).await.opened() {
        assert!(!entry.holds(secret), "the secret lies in tree {}", entry.tree);
    }
}
