//! API keys: revocation, expiry, scopes and open streams.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use wagate::domain::{Clock, Timestamp};

use crate::{
    callers::{Caller, REQUIRED},
    support::{PHONE, SILENT, daemon::Daemon},
};

/// A gateway where everybody needs a key, and its owner.
async fn start(settings: &[(&str, &str)]) -> (TempDir, Daemon, Caller) {
    let folder = tempfile::tempdir().unwrap();
    let settings: Vec<_> = settings.iter().copied().chain([REQUIRED]).collect();
    let daemon = Daemon::start_with(folder.path(), 0, &settings).await;
    let owner = Caller::owner(&daemon, folder.path());
    (folder, daemon, owner)
}

fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or_default()
}

async fn create(owner: &Caller, id: &str) {
    let body = json!({ "sessionId": id, "config": { "engine": "simulated" } });
    owner.done(Method::POST, "/api/v1/sessions", Some(body)).await;
}

async fn ticket(caller: &Caller) -> String {
    let made = caller.done(Method::POST, "/api/v1/stream-tickets", None).await;
    made["ticket"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_loses_its_open_streams_at_once() {
    let (_folder, daemon, owner) = start(&[]).await;
    owner.link("s", PHONE).await;
    let (id, secret) = owner.make_key(json!({ "name": "r", "scopes": ["read"] })).await;
    let (_, other) = owner.make_key(json!({ "name": "o", "scopes": ["read"] })).await;
    let (reader, other) = (Caller::with_key(&daemon, &secret), Caller::with_key(&daemon, &other));
    let nobody = Caller::without_key(&daemon);
    let by_ticket = format!("/ws/s?ticket={}", ticket(&reader).await);
    let by_address = format!("/ws/s?api_key={secret}");
    let mut sockets = [
        reader.socket("/ws/s").await.ok().unwrap(),
        nobody.socket(&by_address).await.ok().unwrap(),
        nobody.socket(&by_ticket).await.ok().unwrap(),
    ];
    for socket in &mut sockets {
        socket.event("ready").await;
    }
    let mut streams = Vec::new();
    for path in ["/api/v1/events?since=0", "/api/v1/sessions/s/events?since=0"] {
        let mut stream = reader.stream(path).await;
        stream.reach("event: ready").await;
        streams.push(stream);
    }
    let mut kept = other.socket("/ws/s").await.ok().unwrap();
    kept.event("ready").await;
    let unused = ticket(&reader).await;

    owner.revoke(&id).await;
    let body = json!({ "chatId": SILENT, "content": "after the end" });
    owner.done(Method::POST, "/api/v1/sessions/s/send-text", Some(body)).await;
    for socket in &mut sockets {
        assert_eq!(socket.next().await, Err((1008, "the API key was revoked".to_owned())));
    }
    for stream in streams {
        let text = stream.end().await;
        let last = "event: closed\ndata: {\"reason\":\"the API key was revoked\"}\n\n";
        assert!(text.ends_with(last) && !text.contains("after the end"), "{text}");
    }
    let refused = nobody.socket(&format!("/ws/s?ticket={unused}")).await.err().unwrap();
    assert_eq!((refused.0, code(&refused.1)), (401, "UNAUTHORIZED"));
    assert_eq!(reader.get("/api/v1/sessions").await.0, 401);
    assert_eq!(kept.event("message_sent").await["data"]["body"], "after the end");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_key_loses_its_open_streams() {
    let (_folder, daemon, owner) = start(&[]).await;
    owner.link("s", PHONE).await;
    let end = Clock::system().now() + Duration::from_secs(3);
    let draft = json!({ "name": "r", "scopes": ["read"], "expiresAt": end.to_string() });
    let reader = Caller::with_key(&daemon, &owner.make_key(draft).await.1);
    let mut socket = reader.socket("/ws/s").await.ok().unwrap();
    let stream = reader.stream("/api/v1/events").await;
    assert_eq!(socket.closed().await, (1008, "the API key has expired".to_owned()));
    assert!(stream.end().await.contains("event: closed"));
    assert!(end <= Clock::system().now());
    assert_eq!(reader.get("/api/v1/sessions").await.0, 401);
    daemon.stop().await;
}

/// The unit test of the same rule goes 600 rounds.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_use_of_a_key_undoes_its_revocation() {
    let (_folder, daemon, owner) = start(&[]).await;
    let mut revoked = Vec::new();
    for round in 0..60 {
        let (id, secret) = owner.make_key(json!({ "name": "k", "scopes": ["read"] })).await;
        let caller = Caller::with_key(&daemon, &secret);
        // The first use of a key is noted.
        let uses = (0..6).map(|_| {
            let caller = caller.clone();
            tokio::spawn(async move { caller.get("/api/v1/sessions").await.0 })
        });
        let uses: Vec<_> = uses.collect();
        owner.revoke(&id).await;
        assert_eq!(caller.get("/api/v1/sessions").await.0, 401, "round {round}");
        for one in uses {
            assert!([200, 401].contains(&one.await.unwrap()));
        }
        assert_eq!(caller.get("/api/v1/sessions").await.0, 401, "round {round}");
        revoked.push(id);
    }
    let (_, keys) = owner.get("/api/v1/api-keys").await;
    let keys = keys["data"].as_array().unwrap();
    let is_revoked =
        |id: &String| keys.iter().any(|key| key["id"] == **id && !key["revokedAt"].is_null());
    assert!(revoked.iter().all(is_revoked));
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_linking_code_reaches_those_alone_who_may_administer() {
    let (_folder, daemon, owner) = start(&[]).await;
    create(&owner, "s").await;
    let secret_code = owner.code("s").await;
    let draft = json!({ "name": "r", "scopes": ["read", "send", "conversations", "mcp"] });
    let reader = Caller::with_key(&daemon, &owner.make_key(draft).await.1);
    let draft = json!({ "name": "a", "scopes": ["read", "admin"], "sessionId": "s" });
    let admin = Caller::with_key(&daemon, &owner.make_key(draft).await.1);
    let uuid = owner.done(Method::GET, "/api/v1/sessions/s", None).await["uuid"].clone();
    let uuid = uuid.as_str().unwrap();
    let withheld = |what: &str, text: &str| {
        let shows = text.contains(&secret_code) || text.contains("data:image");
        assert!(!shows, "{what} shows the code: {text}");
    };

    for (path, status) in [
        ("/api/v1/sessions", 200),
        ("/api/v1/sessions/s", 200),
        ("/api/v1/sessions/s/status", 200),
        ("/api/v1/sessions/s/logs?limit=1000", 200),
        ("/api/v1/instances", 200),
        ("/api/v1/sessions/s/qr?format=text", 403),
        ("/api/v1/sessions/s/qr/image", 403),
        ("/api/v1/sessions/s/qr.png", 403),
        (&format!("/api/v1/instances/{uuid}"), 200),
        (&format!("/api/v1/instances/{uuid}/status"), 200),
        (&format!("/api/v1/instances/{uuid}/qr"), 403),
    ] {
        let (found, answer) = reader.get(path).await;
        assert_eq!(found, status, "{path}");
        withheld(path, &answer.to_string());
    }
    for (method, path) in [
        (Method::POST, "/api/v1/sessions/s/pairing-code"),
        (Method::POST, "/api/v1/sessions/s/restart"),
        (Method::POST, "/api/v1/sessions/s/webhooks"),
        (Method::POST, "/api/v1/gateway-webhooks"),
    ] {
        let body = json!({ "phone": PHONE, "url": "http://127.0.0.1:9", "events": ["qr"] });
        assert_eq!(reader.ask(method, path, Some(body)).await.0, 403, "{path}");
    }
    for path in ["/ws/s", "/ws/s?since=0", "/ws/s?events=qr"] {
        let mut socket = reader.socket(path).await.ok().unwrap();
        let frame = socket.event("qr").await;
        withheld(path, &frame.to_string());
        assert!(frame["data"].get("qrText").is_none() && frame["data"]["attempt"].is_u64());
        let mut socket = admin.socket(path).await.ok().unwrap();
        assert_eq!(socket.event("qr").await["data"]["qrText"], *secret_code, "{path}");
    }
    for path in ["/api/v1/events?since=0", "/api/v1/sessions/s/events?since=0&events=qr"] {
        let mut stream = reader.stream(path).await;
        withheld(path, stream.reach("\"event\":\"qr\"").await);
        let mut stream = admin.stream(path).await;
        stream.reach(&secret_code).await;
    }
    // By a ticket as with the key.
    let path = format!("/ws/s?ticket={}", ticket(&reader).await);
    let mut socket = Caller::without_key(&daemon).socket(&path).await.ok().unwrap();
    withheld(&path, &socket.event("qr").await.to_string());
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_made_with_what_makes_sense_alone() {
    let (_folder, daemon, owner) = start(&[]).await;
    create(&owner, "s").await;
    let path = "/api/v1/api-keys";
    for (draft, status, field) in [
        (json!({ "name": "k" }), 400, "scopes"),
        (json!({ "name": "k", "scopes": null }), 400, "scopes"),
        (json!({ "name": "k", "scopes": [] }), 400, "scopes"),
        (json!({ "name": "k", "scopes": ["fly"] }), 400, "scopes"),
        (json!({ "name": "k", "scopes": ["read", ""] }), 400, "scopes"),
        (json!({ "name": "k", "scopes": vec!["read"; 500] }), 400, "scopes"),
        (json!({ "scopes": ["read"] }), 400, "name"),
        (json!({ "name": " ", "scopes": ["read"] }), 400, "name"),
        (json!({ "name": "x".repeat(101), "scopes": ["read"] }), 400, "name"),
        (json!({ "name": "a\r\nb", "scopes": ["read"] }), 400, "name"),
        (
            json!({ "name": "k", "scopes": ["read"], "expiresAt": "2020-01-01T00:00:00Z" }),
            400,
            "expiresAt",
        ),
        (json!({ "name": "k", "scopes": ["read"], "expiresAt": "soon" }), 400, "expiresAt"),
        (json!({ "name": "k", "scopes": ["read"], "sessionId": "../s" }), 400, "sessionId"),
        (json!({ "name": "k", "scopes": ["read"], "sessionId": "other" }), 404, ""),
    ] {
        let (found, answer) = owner.post(path, draft.clone()).await;
        assert_eq!(found, status, "{draft}: {answer}");
        let fields = &answer["error"]["details"]["fields"];
        assert!(field.is_empty() || fields.get(field).is_some(), "{draft}: {answer}");
    }
    let draft = json!({ "name": "k", "scopes": ["send", "read", "send"], "sessionId": "s" });
    let made = owner.done(Method::POST, path, Some(draft)).await;
    assert_eq!(made["scopes"], json!(["send", "read"]));
    let (_, keys) = owner.get(path).await;
    assert_eq!(keys["data"].as_array().unwrap().len(), 2, "the first key and this one: {keys}");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_caller_does_not_take_all_streams() {
    let most = [("WAGATE_LIMITS__STREAMS_PER_KEY", "4")];
    let (_folder, daemon, owner) = start(&most).await;
    owner.link("s", PHONE).await;
    let (_, greedy) = owner.make_key(json!({ "name": "g", "scopes": ["read"] })).await;
    let (greedy, path) = (Caller::with_key(&daemon, &greedy), "/api/v1/events");
    let sockets = [greedy.socket("/ws/s").await, greedy.socket("/ws/s").await];
    let streams = [greedy.stream(path).await, greedy.stream("/api/v1/sessions/s/events").await];
    for refused in [greedy.get(path).await, greedy.socket("/ws/s").await.err().unwrap()] {
        assert_eq!((refused.0, code(&refused.1)), (429, "RATE_LIMIT_EXCEEDED"), "{}", refused.1);
        let details = &refused.1["error"]["details"];
        assert_eq!((&details["bucket"], &details["limit"]), (&json!("streams"), &json!(4)));
    }
    // Others are let in, and its other requests are served.
    owner.stream(path).await;
    owner.socket("/ws/s").await.ok().unwrap();
    assert_eq!(greedy.get("/api/v1/sessions").await.0, 200);
    drop((sockets, streams));
    let free = async {
        while greedy.socket("/ws/s").await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, free).await.expect("no place is free again");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ticket_opens_one_stream_and_nothing_else() {
    let (_folder, daemon, owner) = start(&[]).await;
    owner.link("mine", PHONE).await;
    create(&owner, "foreign").await;
    let draft = json!({ "name": "b", "scopes": ["read"], "sessionId": "mine" });
    let bound = Caller::with_key(&daemon, &owner.make_key(draft).await.1);
    let (_, sender) = owner.make_key(json!({ "name": "s", "scopes": ["send"] })).await;
    let nobody = Caller::without_key(&daemon);
    let made = bound.done(Method::POST, "/api/v1/stream-tickets", None).await;
    let end: Timestamp = made["expiresAt"].as_str().unwrap().parse().unwrap();
    assert!(end <= Clock::system().now() + Duration::from_secs(60));

    let ticket = ticket(&bound).await;
    // Nowhere but at a stream, where it is used up.
    for path in ["/api/v1/sessions", "/api/v1/sessions/mine", "/metrics"] {
        assert_eq!(nobody.get(&format!("{path}?ticket={ticket}")).await.0, 401, "{path}");
    }
    assert_eq!(Caller::with_key(&daemon, &ticket).get("/api/v1/sessions").await.0, 401);
    let path = format!("/api/v1/events?since=0&ticket={ticket}");
    let mut stream = nobody.stream(&path).await;
    let text = stream.reach("event: ready").await;
    assert!(!text.contains("foreign") && !text.contains("qrText"), "{text}");
    assert_eq!(nobody.get(&path).await.0, 401, "a second time");
    // It reaches as far as its caller.
    let path = format!("/ws/foreign?ticket={}", self::ticket(&bound).await);
    assert_eq!(nobody.socket(&path).await.err().unwrap().0, 404);
    let (status, _) =
        Caller::with_key(&daemon, &sender).post("/api/v1/stream-tickets", json!({})).await;
    assert_eq!(status, 403);
    let path = "/ws/mine?ticket=wst_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(nobody.socket(path).await.err().unwrap().0, 401);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_sees_no_secret_of_a_webhook() {
    let (_folder, daemon, owner) = start(&[]).await;
    owner.link("s", PHONE).await;
    let (_, reader) = owner.make_key(json!({ "name": "r", "scopes": ["read"] })).await;
    let reader = Caller::with_key(&daemon, &reader);
    let body = json!({
        "url": "http://127.0.0.1:9/services/T0SECRET/hook?token=SECRET", "events": ["call"],
        "headers": { "Authorization": "Bearer SECRET" }, "secret": "SECRET-SECRET-SECRET-SECRET-SECRET",
    });
    let hook = owner.done(Method::POST, "/api/v1/sessions/s/webhooks", Some(body.clone())).await;
    owner.done(Method::POST, "/api/v1/gateway-webhooks", Some(body)).await;
    let one = format!("/api/v1/sessions/s/webhooks/{}", hook["id"].as_str().unwrap());
    for path in [
        "/api/v1/gateway-webhooks?all=true",
        "/api/v1/gateway-webhooks",
        "/api/v1/sessions/s/webhooks",
        &one,
    ] {
        let (status, answer) = reader.get(path).await;
        let text = answer.to_string();
        assert!(status == 200 && text.contains("http://127.0.0.1:9/****"), "{path}: {text}");
        assert!(!text.contains("SECRET"), "{path}: {text}");
        let (_, answer) = owner.get(path).await;
        assert!(answer.to_string().contains("?token=SECRET"), "{path}: {answer}");
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_body_ends_after_its_key_has_no_effect() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let (_folder, daemon, owner) = start(&[]).await;
    let address = daemon.base.trim_start_matches("http://").to_owned();
    let body = json!({ "name": "late", "scopes": ["*"] }).to_string();
    let (begun, end) = body.split_at(body.len() - 1);
    for more in ["", "Connection: upgrade\r\n", "Idempotency-Key: late\r\n"] {
        let draft = json!({ "name": "ends", "scopes": ["admin"] });
        let (id, secret) = owner.make_key(draft).await;
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        let head = format!(
            "POST /api/v1/api-keys HTTP/1.1\r\nHost: {address}\r\nX-API-Key: {secret}\r\n{more}\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{begun}",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // Another request of the key is answered meanwhile: the first one was let in.
        let reader = Caller::with_key(&daemon, &secret);
        reader.done(Method::GET, "/api/v1/api-keys", None).await;
        owner.revoke(&id).await;
        stream.write_all(end.as_bytes()).await.unwrap();
        let mut answer = [0; 4_096];
        let read = stream.read(&mut answer);
        let read = tokio::time::timeout(crate::support::PATIENCE, read).await.unwrap().unwrap();
        let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
        assert!(answer.starts_with("HTTP/1.1 401 "), "{more}: {answer}");
    }
    let keys = owner.done(Method::GET, "/api/v1/api-keys", None).await;
    assert!(!keys.to_string().contains("\"late\""), "{keys}");
    daemon.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_opens_nothing_but_streams_whatever_a_session_is_called() {
    let (_folder, daemon, owner) = start(&[]).await;
    create(&owner, "events").await;
    let nobody = Caller::without_key(&daemon);
    for (method, path) in [
        (Method::GET, "/api/v1/sessions/events"),
        (Method::DELETE, "/api/v1/sessions/events"),
        (Method::POST, "/api/v1/sessions/events/events"),
    ] {
        let path = format!("{path}?ticket={}", ticket(&owner).await);
        let (status, answer) = nobody.ask(method, &path, None).await;
        assert!([401, 405].contains(&status), "{path}: {status} {answer}");
    }
    owner.done(Method::GET, "/api/v1/sessions/events", None).await;
    daemon.kill().await;
}
