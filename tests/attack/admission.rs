//! Rate limits: who is counted, and whom a refused caller can slow down.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    SILENT,
    daemon::Daemon,
    proxies,
    raw::{self, request, send},
};

const SESSIONS: &str = "/api/v1/sessions";

struct World {
    daemon: Daemon,
    owner: String,
    _folder: tempfile::TempDir,
}

impl World {
    /// A gateway that wants a key of everybody, with the sessions `a` and `b`.
    async fn start(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut all = vec![("OPENWA_AUTH", "required")];
        all.extend(settings);
        let daemon = Daemon::start_with(folder.path(), 0, &all).await;
        let owner = std::fs::read_to_string(folder.path().join("data/bootstrap.key")).unwrap();
        let world = Self { daemon, owner: owner.trim().to_owned(), _folder: folder };
        for id in ["a", "b"] {
            let body = json!({ "sessionId": id });
            assert_eq!(world.ask(&world.owner, Method::POST, SESSIONS, body).await.0, 201);
        }
        world
    }

    async fn key(&self, body: Value) -> String {
        let (_, answer) = self.ask(&self.owner, Method::POST, "/api/v1/api-keys", body).await;
        answer["data"]["key"].as_str().unwrap().to_owned()
    }

    async fn ask(&self, key: &str, method: Method, path: &str, body: Value) -> (u16, Value) {
        let request = self.daemon.http.request(method, format!("{}{path}", self.daemon.base));
        let answer = request.bearer_auth(key).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    async fn send_text(&self, key: &str, session: &str) -> (u16, Value) {
        let body = json!({ "chatId": SILENT, "content": "x" });
        self.ask(key, Method::POST, &format!("{SESSIONS}/{session}/send-text"), body).await
    }

    /// A request without the help of a client, which would keep its connection.
    fn plain(&self, method: &str, path: &str, lines: &[&str]) -> raw::Answer {
        send(&self.daemon.base, &request(method, &self.daemon.base, path, lines))
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Authorization: Basic {}", BASE64.encode(format!("{user}:{password}")))
}

fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_without_a_key_silences_a_session() {
    let world =
        World::start(&[("WAGATE_LIMITS__MESSAGING", "3"), ("WAGATE_LIMITS__GENERAL", "20")]);
    let world = world.await;
    let path = format!("{SESSIONS}/a/send-text");
    for _ in 0..10 {
        assert_eq!(world.plain("POST", &path, &[]).status, 401);
    }
    // Keys that may not: one for another session, one that only reads.
    let (scopes, session) = (["send"], "b");
    let bound = world.key(json!({ "name": "b", "scopes": scopes, "sessionId": session })).await;
    let reader = world.key(json!({ "name": "r", "scopes": ["read"] })).await;
    for _ in 0..10 {
        assert_eq!(world.send_text(&bound, "a").await.0, 404);
        assert_eq!(world.send_text(&reader, "a").await.0, 403);
    }
    // The session has all of its quota, and so has each caller.
    for _ in 0..3 {
        let (status, answer) = world.send_text(&world.owner, "a").await;
        assert_ne!(status, 429, "{answer}");
    }
    let (status, answer) = world.send_text(&world.owner, "a").await;
    assert_eq!((status, &answer["error"]["details"]["bucket"]), (429, &json!("messaging")));
    assert_ne!(world.send_text(&bound, "b").await.0, 429);
    assert_eq!(world.ask(&reader, Method::GET, SESSIONS, json!({})).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_use_up_nothing_of_a_caller_at_the_same_address() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("WAGATE_LIMITS__GENERAL", "10"), ("WAGATE_LIMITS__REFUSED", "20")];
    let daemon = Daemon::start_with(folder.path(), 0, &settings).await;
    let statuses: Vec<u16> = (0..60)
        .map(|_| {
            let lines = ["X-Forwarded-For: 203.0.113.9"];
            send(&daemon.base, &request("GET", &daemon.base, SESSIONS, &lines)).status
        })
        .collect();
    assert!(statuses[..20].iter().all(|status| *status == 401), "{statuses:?}");
    assert!(statuses[40..].contains(&429), "{statuses:?}");
    for _ in 0..10 {
        assert_eq!(daemon.get(SESSIONS).await, json!([]));
    }
    let text = request("GET", &daemon.base, SESSIONS, &[]);
    assert_eq!(send(&daemon.base, &text).status, 429, "the eleventh of the minute");
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_are_limited_on_every_route_and_a_key_passes_all_the_same() {
    let user = [("OPENWA_BASIC_USER", "me"), ("OPENWA_BASIC_PASSWORD", "x7")];
    let world = World::start(&[user[0], user[1], ("WAGATE_LIMITS__REFUSED", "10")]).await;
    let right = basic("me", "x7");
    assert_eq!(world.plain("GET", SESSIONS, &[&right]).status, 200);
    let routes =
        [("GET", "/metrics"), ("GET", "/_simulator/v1/accounts"), ("POST", "/api/v1/backup")];
    let mut statuses = Vec::new();
    for number in 0..60 {
        let (method, path) = routes[number % routes.len()];
        let wrong = basic("me", &format!("guess-{number}"));
        statuses.push(world.plain(method, path, &[&wrong]).status);
    }
    assert_eq!(statuses[..10], [401; 10]);
    assert!(statuses[10..].iter().all(|status| *status == 429), "{statuses:?}");
    // The right one is not found by trying on.
    let late = world.plain("GET", "/metrics", &[&right]);
    assert_eq!(late.status, 429);
    assert!(late.header("retry-after").is_some(), "{}", late.head);
    // Nobody is locked out who has a key, by whatever header.
    assert_eq!(world.ask(&world.owner, Method::GET, SESSIONS, json!({})).await.0, 200);
    let by_password = basic("anybody", &world.owner);
    assert_eq!(world.plain("GET", SESSIONS, &[&by_password]).status, 200);
    let metrics = world.daemon.http.get(format!("{}/metrics", world.daemon.base));
    let metrics = metrics.bearer_auth(&world.owner).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("wagate_sign_ins_failed_total 6"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_asked_for_only_where_there_is_one() {
    let world = World::start(&[]).await;
    let challenge = world.plain("GET", SESSIONS, &[]).header("www-authenticate").unwrap();
    assert_eq!(challenge, "bearer");
    let user = [("OPENWA_BASIC_USER", "me"), ("OPENWA_BASIC_PASSWORD", "x7")];
    let world = World::start(&user).await;
    let challenge = world.plain("GET", SESSIONS, &[]).header("www-authenticate").unwrap();
    assert!(challenge.contains("basic"), "{challenge}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_path_is_refused_at_once_and_remembered_nowhere() {
    let world = World::start(&[]).await;
    for path in [
        format!("{SESSIONS}/{}/send-text", "a".repeat(60_000)),
        format!("/{}", "a".repeat(4_097)),
        format!("/api/v1/chat/{}", "%41".repeat(2_000)),
    ] {
        let answer = world.plain("POST", &path, &[]);
        assert_eq!(answer.status, 414, "{}", answer.body);
        assert!(answer.body.contains("\"success\":false"), "{}", answer.body);
    }
    assert_eq!(world.plain("GET", &format!("/{}", "a".repeat(4_000)), &[]).status, 404);
    // What is no session's name makes no window of its own, and gets the same answer as one that is none.
    for id in ["a%2Fb", "%00", "nobody"] {
        let (status, answer) = world.send_text(&world.owner, id).await;
        assert!([400, 404].contains(&status), "{id}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_for_everybody_is_limited_for_all_but_those_who_may_call() {
    let world = World::start(&[("WAGATE_LIMITS__PUBLIC", "10")]).await;
    let paths = ["/openapi.json", "/nothing", "/health", "/api-docs/index.html"];
    let statuses: Vec<u16> =
        (0..40).map(|number| world.plain("GET", paths[number % 4], &[]).status).collect();
    assert!(!statuses[..10].contains(&429) && statuses[20..].contains(&429), "{statuses:?}");
    assert_eq!(world.ask(&world.owner, Method::GET, "/health", json!({})).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_takes_nothing_from_a_program() {
    let settings = [("WAGATE_LIMITS__GENERAL", "5"), ("WAGATE_LIMITS__DASHBOARD", "7")];
    let world = World::start(&settings).await;
    let key = world.key(json!({ "name": "bot", "scopes": ["read"] })).await;
    let header = format!("X-API-Key: {key}");
    let marked = |lines: &[&str]| world.plain("GET", SESSIONS, lines);
    let both = [header.as_str(), "X-Wagate-Dashboard: 1"];
    let passed = (0..20).filter(|_| marked(&both).status == 200).count();
    assert_eq!(passed, 7);
    let passed = (0..20).filter(|_| marked(&[&header]).status == 200).count();
    assert_eq!(passed, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn reset_says_when_the_oldest_leaves() {
    let world = World::start(&[("WAGATE_LIMITS__GENERAL", "3")]).await;
    let key = world.key(json!({ "name": "bot", "scopes": ["read"] })).await;
    let header = format!("X-API-Key: {key}");
    let reset = |answer: &raw::Answer| -> i64 {
        answer.header("x-ratelimit-reset").unwrap().parse().unwrap()
    };
    let first = world.plain("GET", SESSIONS, &[&header]);
    let now = wagate::domain::Clock::system().now().as_second();
    assert!((now + 58..=now + 62).contains(&reset(&first)), "{}", first.head);
    for left in ["1", "0"] {
        let next = world.plain("GET", SESSIONS, &[&header]);
        assert_eq!(next.header("x-ratelimit-remaining").unwrap(), left);
        assert!((reset(&next) - reset(&first)).abs() <= 1, "it is the first that leaves next");
    }
    let refused = world.plain("GET", SESSIONS, &[&header]);
    assert_eq!(refused.status, 429);
    let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((50..=61).contains(&wait), "{wait}");
    let body: Value = serde_json::from_str(&refused.body).unwrap();
    assert_eq!(code(&body), "RATE_LIMIT_EXCEEDED");
}

/// Callers behind a trusted proxy are distinguished by what the proxy says, never by what they claim.
#[tokio::test(flavor = "multi_thread")]
async fn no_claim_makes_another_caller_of_somebody() {
    let settings =
        [("WAGATE_SERVER__TRUSTED_PROXIES", "127.0.0.1"), ("WAGATE_LIMITS__REFUSED", "10")];
    for claims in [
        &["X-Forwarded-For: 198.51.100.{}", "X-Forwarded-For: 203.0.113.9"][..],
        &["X-Forwarded-For: 198.51.100.{}, 203.0.113.9"],
        &["X-Forwarded-For: 198.51.100.{}, 203.0.113.9:471{}"],
        &["X-Forwarded-For: 198.51.100.{}, [2001:db8::{}]:80"],
        &["X-Forwarded-For: 198.51.100.{}, unknown"],
        &["X-Forwarded-For: 198.51.100.{}, ::ffff:203.0.113.9"],
        &["Forwarded: for=198.51.100.{}"],
    ] {
        let world = World::start(&settings).await;
        let statuses: Vec<u16> = (0..30)
            .map(|number| {
                let lines: Vec<String> =
                    claims.iter().map(|line| line.replace("{}", &number.to_string())).collect();
                let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
                world.plain("GET", SESSIONS, &lines).status
            })
            .collect();
        assert!(statuses.contains(&429), "{claims:?}: {statuses:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_haproxy_a_forged_address_does_not_help() {
    if !proxies::other_users() {
        return;
    }
    let settings =
        [("WAGATE_SERVER__TRUSTED_PROXIES", "127.0.0.1"), ("WAGATE_LIMITS__REFUSED", "20")];
    let world = World::start(&settings).await;
    let port = raw::address(&world.daemon.base).rsplit_once(':').unwrap().1.parse().unwrap();
    let lines = "mode http\n  option forwardfor";
    let Some(proxy) = proxies::haproxy(lines, port).await else { return };
    let statuses: Vec<u16> = (0..60)
        .map(|number| {
            let claim = format!("X-Forwarded-For: 198.51.100.{number}");
            send(&proxy.base, &request("GET", &proxy.base, SESSIONS, &[&claim])).status
        })
        .collect();
    assert!(statuses[30..].contains(&429), "{statuses:?}");
}
