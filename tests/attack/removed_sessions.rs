//! Removed sessions: what a later session of the same name sees and sends, and creations that are refused.

use std::{path::Path, time::Duration};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use wagate::breakpoint::{Breakpoint, VARIABLE};

use crate::support::{
    PATIENCE, SILENT,
    daemon::Daemon,
    kept::Kept,
    receiver::{Got, Receiver},
};

const NAME: &str = "first-bearer";
const FIRST: &str = "15551234567";
const SECOND: &str = "16667778888";
/// A contact who never answers.
const SILENT_PHONE: &str = "15550000003";
const WRITTEN: &str = "WRITTEN FOR THE FIRST ACCOUNT";
const HEARD: &str = "heard by the first account";
const LOOK: Duration = Duration::from_millis(20);
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
/// What of the store may name a removed session: the log of events, its keys, which are revoked, and the audit log, which
/// says who removed it.
const EVENTS: u8 = 8;
const KEYS: u8 = 11;
const AUDIT: u8 = 223;
/// The trees of contacts. Whom a business knows, it knows without the session too.
const CONTACTS: std::ops::RangeInclusive<u8> = 120..=132;

fn of(rest: &str) -> String {
    format!("/api/v1/sessions/{NAME}{rest}")
}

/// Accepted now, to be sent so many seconds later.
async fn send_later(daemon: &Daemon, text: &str, seconds: i64) -> Value {
    let at = wagate::domain::Clock::system().now() + Duration::from_secs(seconds.unsigned_abs());
    let body = json!({ "chatId": SILENT, "content": text, "sendAt": at.to_string() });
    daemon.post(&of("/send-text"), body).await
}

/// The session hears a message, keeps a picture, and has one more message to send.
async fn fill(daemon: &Daemon) -> Value {
    daemon.link(NAME, FIRST).await;
    daemon.send(NAME, SILENT, "sent by the first account").await;
    let written = json!({ "chat": format!("{FIRST}@c.us"), "text": HEARD });
    daemon.post(&format!("/_simulator/v1/accounts/{SILENT_PHONE}/messages"), written).await;
    daemon.wait_for_newest(NAME, HEARD).await;
    let picture = json!({ "chatId": SILENT, "data": format!("data:image/png;base64,{PNG}"), "filename": "p.png" });
    daemon.post(&of("/send-file"), picture).await;
    send_later(daemon, WRITTEN, 6).await
}

async fn remove(daemon: &Daemon) {
    let (status, answer) = daemon.try_call(Method::DELETE, &of(""), None).await.unwrap();
    assert_eq!(status, 200, "{answer}");
}

/// A stream of server-sent events to its end. On return it is connected.
async fn follow(daemon: &Daemon, path: &str) -> tokio::task::JoinHandle<String> {
    let response = daemon.http.get(format!("{}{path}", daemon.base)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    tokio::spawn(async move { response.text().await.unwrap_or_default() })
}

/// What a stream has sent once it has sent this.
async fn reported_until(daemon: &Daemon, path: &str, what: &str) -> String {
    let mut response = daemon.http.get(format!("{}{path}", daemon.base)).send().await.unwrap();
    let mut text = String::new();
    let read = async {
        while !text.contains(what) {
            let chunk = response.chunk().await.unwrap().expect("the stream ended");
            text.push_str(&String::from_utf8_lossy(&chunk));
        }
    };
    tokio::time::timeout(PATIENCE, read).await.unwrap_or_else(|_| panic!("{what} is not reported"));
    text
}

fn all(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_creation_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("WAGATE_SESSIONS__MAX", "1")];
    let daemon = Daemon::start_with(folder.path(), 0, &settings).await;
    let hook = json!({ "url": "http://127.0.0.1:9/hook", "events": ["*"] });
    let create = async |id: &str, config: Value, webhook: &Value| {
        let body =
            json!({ "sessionId": id, "config": config, "webhook": webhook, "waitForQR": false });
        daemon.try_call(Method::POST, "/api/v1/sessions", Some(body)).await.unwrap()
    };
    // Without what was delivered, which goes on meanwhile.
    let webhooks = async || {
        let mut found = daemon.get("/api/v1/gateway-webhooks?all=true").await;
        for webhook in found.as_array_mut().unwrap() {
            let webhook = webhook.as_object_mut().unwrap();
            webhook.retain(|name, _| ["id", "sessionId", "url", "events"].contains(&name.as_str()));
        }
        found
    };

    // Whatever is wrong with the request: no session, no webhook.
    let no_engine = json!({ "engine": "steam" });
    let bad_hook = json!({ "url": "nowhere", "events": ["*"] });
    let bad_events = json!({ "url": "http://127.0.0.1:9/hook", "events": ["nothing"] });
    let bad_secret = json!({ "url": "http://127.0.0.1:9/hook", "secret": "" });
    let refused = [
        (json!({}), &bad_hook),
        (json!({}), &bad_events),
        (json!({}), &bad_secret),
        (no_engine, &hook),
        (json!({ "qrTimeout": -1 }), &hook),
    ];
    for (config, webhook) in refused {
        let (status, answer) = create("fresh", config, webhook).await;
        assert_eq!(status, 400, "{answer}");
        assert_eq!(daemon.get("/api/v1/sessions").await, json!([]), "{answer}");
        assert_eq!(webhooks().await, json!([]), "{answer}");
    }

    let (status, answer) = create("one", json!({}), &hook).await;
    assert_eq!(status, 201, "{answer}");
    let known = webhooks().await;
    assert_eq!((all(&known).len(), &known[0]["sessionId"]), (1, &json!("one")));

    // The session exists, and there is no room for another.
    let other = json!({ "url": "http://127.0.0.1:9/other", "events": ["*"] });
    let changed = json!({ "url": "http://127.0.0.1:9/hook", "events": ["ack"] });
    for (id, webhook) in [("one", &other), ("one", &changed), ("two", &other), ("three", &hook)] {
        let (status, answer) = create(id, json!({}), webhook).await;
        assert!([409, 503].contains(&status), "{status} {answer}");
        assert_eq!(webhooks().await, known, "{answer}");
    }
    // A session that comes later gets none of them.
    let (status, _) = daemon.try_call(Method::DELETE, "/api/v1/sessions/one", None).await.unwrap();
    assert_eq!(status, 200);
    let body = json!({ "sessionId": "two", "waitForQR": false });
    daemon.post("/api/v1/sessions", body).await;
    assert_eq!(webhooks().await, json!([]));
    daemon.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_session_of_the_name_sees_and_sends_nothing_of_the_earlier_one() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path()).await;
    let (own, whole) = (Receiver::start(&[]).await, Receiver::start(&[]).await);
    let queued = fill(&daemon).await;
    let hook = |receiver: &Receiver| json!({ "url": receiver.url, "events": ["*"] });
    daemon.post(&of("/webhooks"), hook(&own)).await;
    daemon.post("/api/v1/gateway-webhooks", hook(&whole)).await;
    let draft = json!({ "name": "bound", "scopes": ["*"], "sessionId": NAME });
    let key = daemon.post("/api/v1/api-keys", draft).await["key"].as_str().unwrap().to_owned();
    let keyed = async |text: &str| {
        let body = json!({ "chatId": SILENT, "content": text });
        let request = daemon.http.post(format!("{}{}", daemon.base, of("/send-text")));
        let response = request.header("Idempotency-Key", "once").json(&body).send().await.unwrap();
        let is_replay = response.headers().contains_key("idempotent-replayed");
        (response.status(), is_replay, response.json::<Value>().await.unwrap())
    };
    let (_, _, first_answer) = keyed("keyed").await;
    let session = daemon.get(&of("")).await;
    let conversations = daemon.get("/api/v1/conversations").await;
    let listeners = [of("/events"), of(&format!("/events?api_key={key}"))];
    let [owner, bound] = listeners;
    let listeners = [follow(&daemon, &owner).await, follow(&daemon, &bound).await];
    let before = reported_until(&daemon, &of("/events?since=0"), HEARD).await;
    assert!(before.contains("\"sessionUuid\""));

    remove(&daemon).await;
    // Who listened got the end of what was accepted, then that of the session; then the stream ended.
    for listener in listeners {
        let reported = tokio::time::timeout(PATIENCE, listener).await.expect("it goes on").unwrap();
        let cancelled = reported.find("\"message_cancelled\"").expect("no end of the message");
        let removed = reported.find("SESSION_REMOVED\",\"willReconnect").expect("no end");
        assert!(cancelled < removed && reported.contains("\"outcome\":\"not_sent\""), "{reported}");
        assert!(reported.contains(queued["outboxId"].as_str().unwrap()), "{reported}");
    }
    let is_told = |got: &[Got]| got.iter().any(|one| one.body["event"] == "message_cancelled");
    assert!(is_told(&own.got.lock().await), "the session's own webhook has it before it goes");
    let reported = async {
        while !is_told(&whole.got.lock().await) {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(PATIENCE, reported).await.expect("the gateway's webhook has it");
    assert!(!folder.path().join("data/media").join(NAME).exists(), "its files are gone");

    // Another account takes the name.
    daemon.link(NAME, SECOND).await;
    let later = daemon.get(&of("")).await;
    assert_ne!(session["uuid"], later["uuid"]);
    assert_eq!(daemon.get(&of("/outbox")).await["outbox"], json!([]));
    assert_eq!(daemon.get(&of("/webhooks")).await, json!([]));
    for path in ["", "/status", "/chats", "/outbox", "/webhooks", "/events?until=0", "/qr"] {
        let request = daemon.http.get(format!("{}{}", daemon.base, of(path)));
        let status = request.bearer_auth(&key).send().await.unwrap().status();
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let request = daemon.http.get(format!("{}/ws/{NAME}?api_key={key}", daemon.base));
    assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);

    // The replay begins with the later session, whatever number it is asked from.
    let replay = reported_until(&daemon, &of("/events?since=0"), SECOND).await;
    for gone in [FIRST, WRITTEN, HEARD, "SESSION_REMOVED"] {
        assert!(!replay.contains(gone), "{gone} in {replay}");
    }
    let messages = format!("/chats/{SILENT}/messages?limit=200");
    let lists = ["", "/chats", "/contacts", &messages, "/logs?limit=1000"].map(of);
    let whole = ["/api/v1/messages", "/api/v1/conversations", "/api/v1/messages?search=heard"];
    for path in lists.into_iter().chain(whole.map(str::to_owned)) {
        let (_, answer) = daemon.try_call(Method::GET, &path, None).await.unwrap();
        let text = answer.to_string();
        assert!(
            !text.contains(HEARD) && !text.contains(WRITTEN) && !text.contains(FIRST),
            "{text}"
        );
    }
    let former = all(&conversations["data"]);
    assert!(!former.is_empty());
    for conversation in former {
        let path = format!("/api/v1/conversations/{}", conversation["id"]);
        let (status, answer) = daemon.try_call(Method::GET, &path, None).await.unwrap();
        assert_eq!(status, 404, "{answer}");
    }
    // An answer of before is no answer of the session that is there now.
    let (status, is_replay, answer) = keyed("keyed").await;
    assert_eq!((status, is_replay), (StatusCode::OK, false), "{answer}");
    assert_ne!(answer["data"]["messageId"], first_answer["data"]["messageId"]);

    // What is accepted now for a later time arrives; what was accepted before for an earlier one does not.
    send_later(&daemon, "of the second account", 7).await;
    let arrived = async {
        loop {
            let texts = daemon.on_phone(SILENT_PHONE, &format!("{SECOND}@c.us")).await;
            if texts.iter().any(|text| text == "of the second account") {
                return texts;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    let texts = tokio::time::timeout(PATIENCE, arrived).await.expect("it did not arrive");
    assert!(!texts.iter().any(|text| text == WRITTEN), "{texts:?}");
    let texts = daemon.on_phone(SILENT_PHONE, &format!("{FIRST}@c.us")).await;
    assert!(!texts.iter().any(|text| text == WRITTEN), "{texts:?}");
    daemon.kill().await;
}

/// Looks for a name and texts in everything that is kept.
async fn assert_nothing_is_left(folder: &Path) {
    let data = folder.join("data");
    for entry in Kept::open(&data).await.opened() {
        let tree = entry.tree;
        for text in [FIRST, WRITTEN, HEARD] {
            assert!(tree == EVENTS || !entry.holds(text), "{text} in tree {tree}");
        }
        let may_know = tree == EVENTS || CONTACTS.contains(&tree);
        assert!(may_know || !entry.holds(SILENT_PHONE), "{SILENT_PHONE} in tree {tree}");
        let may_name = [EVENTS, KEYS, AUDIT].contains(&tree);
        assert!(may_name || !entry.holds(NAME), "{NAME} in tree {tree}");
    }
    let mut folders = vec![data];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            assert!(!path.to_string_lossy().contains(NAME), "{}", path.display());
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_kept_names_a_removed_session() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path()).await;
    fill(&daemon).await;
    let hook = json!({ "url": "http://127.0.0.1:9/hook", "events": ["*"] });
    daemon.post(&of("/webhooks"), hook).await;
    let body = json!({ "chatId": SILENT, "content": "keyed" });
    let request = daemon.http.post(format!("{}{}", daemon.base, of("/send-text")));
    let sent = request.header("Idempotency-Key", "once").json(&body).send().await.unwrap();
    assert!(sent.status().is_success());
    remove(&daemon).await;
    daemon.stop().await;
    assert_nothing_is_left(folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_that_is_cut_off_anywhere_goes_on_at_the_next_start() {
    for point in Breakpoint::ALL.into_iter().filter(|point| point.is_of_removal()) {
        let folder = tempfile::tempdir().unwrap();
        let plan = [(VARIABLE, point.name())];
        let daemon = Daemon::start_with(folder.path(), 0, &plan).await;
        let queued = fill(&daemon).await;
        let draft = json!({ "name": "bound", "scopes": ["*"], "sessionId": NAME });
        let key = daemon.post("/api/v1/api-keys", draft).await["key"].as_str().unwrap().to_owned();
        assert!(daemon.try_call(Method::DELETE, &of(""), None).await.is_none(), "it answered");
        daemon.died().await;

        let daemon = Daemon::start(folder.path()).await;
        let gone = async {
            while daemon.try_call(Method::GET, &of(""), None).await.unwrap().0 != 404 {
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::time::timeout(PATIENCE, gone).await.expect("the removal does not go on");
        let reported =
            reported_until(&daemon, "/api/v1/events?since=0", "SESSION_REMOVED\",\"will").await;
        let cancelled: Vec<&str> = reported
            .lines()
            .filter(|line| line.contains("\"event\":\"message_cancelled\""))
            .collect();
        assert_eq!(cancelled.len(), 1, "{}: {cancelled:?}", point.name());
        assert!(cancelled[0].contains(queued["outboxId"].as_str().unwrap()));
        let request = daemon.http.get(format!("{}/api/v1/sessions", daemon.base)).bearer_auth(&key);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
        daemon.stop().await;
        assert_nothing_is_left(folder.path()).await;
        println!("{}: removed whole at the next start", point.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_not_sent_from_another_account_that_the_session_is_linked_to() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path()).await;
    daemon.link(NAME, FIRST).await;
    let queued = send_later(&daemon, WRITTEN, 3).await;
    daemon.post(&of("/logout"), json!({})).await;
    daemon.scan(NAME, SECOND).await;
    let reported = reported_until(&daemon, &of("/events?since=0"), "ACCOUNT_CHANGED").await;
    assert!(reported.contains(queued["outboxId"].as_str().unwrap()), "{reported}");
    let entry = daemon.get(&of(&format!("/outbox/{}", queued["outboxId"].as_str().unwrap()))).await;
    assert_eq!(entry["state"], "cancelled", "{entry}");
    // What is written from now on is the new account's.
    daemon.send(NAME, SILENT, "from the second account").await;
    let chat_of =
        |account| format!("/_simulator/v1/accounts/{SILENT_PHONE}/chats/{account}@c.us/messages");
    let count = |answer: &Value| answer["messages"].as_array().map_or(0, Vec::len);
    daemon.wait_until(&chat_of(SECOND), "the message", |answer| count(answer) == 1).await;
    assert_eq!(count(&daemon.get(&chat_of(FIRST)).await), 0);
    daemon.kill().await;
}
