//! Who may call, and how often.

use reqwest::Method;
use serde_json::json;

use crate::app::{PATIENCE, PHONE, SILENT, TestApp, code};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_reaches_as_far_as_its_scopes_and_its_session() {
    let app = TestApp::start_with(&[("OPENWA_AUTH", "required")]).await;
    let (status, answer) = app.get("/api/v1/sessions").await;
    assert_eq!((status.as_u16(), code(&answer)), (401, "UNAUTHORIZED"));
    assert_eq!(app.get("/api/v1/health").await.0, 200);
    let keys = &app.gateway.services().api_keys;
    let (_, admin) = keys.create("admin", vec!["*".to_owned()], None, None).await.unwrap();
    let (_, reader) = keys.create("reader", vec!["read".to_owned()], None, None).await.unwrap();
    let ask = async |key: &str, method: Method, path: &str| {
        let request = app.http.request(method, format!("{}{path}", app.base)).bearer_auth(key);
        request.json(&json!({ "sessionId": "mine" })).send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask(&admin, Method::POST, "/api/v1/sessions").await, 201);
    let only = "mine".parse().unwrap();
    let (_, bound) = keys.create("bound", vec!["*".to_owned()], Some(only), None).await.unwrap();
    assert_eq!(ask(&reader, Method::GET, "/api/v1/sessions").await, 200);
    assert_eq!(ask(&reader, Method::DELETE, "/api/v1/sessions/mine").await, 403);
    assert_eq!(ask(&bound, Method::GET, "/api/v1/sessions/mine").await, 200);
    assert_eq!(ask(&bound, Method::GET, "/api/v1/sessions/other").await, 404);
    assert_eq!(ask("wag_wrong", Method::GET, "/api/v1/sessions").await, 401);
    let header = app.http.get(format!("{}/api/v1/sessions", app.base)).header("x-api-key", &admin);
    assert_eq!(header.send().await.unwrap().status(), 200);
    let basic =
        app.http.get(format!("{}/api/v1/sessions", app.base)).basic_auth("anybody", Some(&admin));
    assert_eq!(basic.send().await.unwrap().status(), 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_one_session_does_not_reach_another_that_exists() {
    let app = TestApp::start_with(&[("OPENWA_AUTH", "required")]).await;
    let keys = &app.gateway.services().api_keys;
    let (_, admin) = keys.create("admin", vec!["*".to_owned()], None, None).await.unwrap();
    let ask = async |key: &str, method: Method, path: &str, body: serde_json::Value| {
        let request = app.http.request(method, format!("{}{path}", app.base)).bearer_auth(key);
        request.json(&body).send().await.unwrap().status().as_u16()
    };
    for id in ["mine", "other"] {
        let body = json!({ "sessionId": id });
        assert_eq!(ask(&admin, Method::POST, "/api/v1/sessions", body).await, 201);
    }
    let only = "mine".parse().unwrap();
    let (_, bound) = keys.create("bound", vec!["*".to_owned()], Some(only), None).await.unwrap();
    for (path, status) in [
        ("/api/v1/sessions/mine", 200),
        ("/api/v1/sessions/m%69ne", 200),
        ("/api/v1/sessions/other", 404),
        ("/api/v1/sessions/%6fther", 404),
        ("/api/v1/sessions/other/status", 404),
        ("/api/v1/%73essions/other/status", 404),
    ] {
        assert_eq!(ask(&bound, Method::GET, path, json!({})).await, status, "{path}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_in_another_spelling_needs_the_same_credential() {
    let app = TestApp::start_with(&[("OPENWA_AUTH", "required")]).await;
    for path in [
        "/api/v1/%73essions",
        "/%61pi/v1/sessions",
        "/api/v1/api%2Dkeys",
        "/api/v1/sessions/",
        "//api/v1/sessions",
        "/_simulator/v1/%61ccounts",
    ] {
        let (status, answer) = app.get(path).await;
        assert!([401, 404].contains(&status.as_u16()), "{path}: {status} {answer}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_page_and_a_proxy_are_not_local_callers() {
    let app = TestApp::start().await;
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("x-forwarded-for", "203.0.113.9"),
        ("host", "evil.example"),
    ] {
        let request = app.http.get(format!("{}/api/v1/sessions", app.base)).header(name, value);
        assert_eq!(request.send().await.unwrap().status(), 401, "{name}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_thirty_first_send_of_a_minute_is_refused() {
    let app = TestApp::start_with(&[("WAGATE_LIMITS__MESSAGING", "30")]).await;
    app.ready("s", PHONE).await;
    let url = format!("{}/api/v1/sessions/s/send-text", app.base);
    let body = json!({ "chatId": SILENT, "content": "x" });
    for left in (0..30).rev() {
        let response = app.http.post(&url).json(&body).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["x-ratelimit-limit"], "30");
        assert_eq!(response.headers()["x-ratelimit-remaining"], left.to_string());
    }
    let response = app.http.post(&url).json(&body).send().await.unwrap();
    assert_eq!(response.status(), 429);
    let wait: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
    let answer: serde_json::Value = response.json().await.unwrap();
    assert_eq!(code(&answer), "RATE_LIMIT_EXCEEDED");
    assert_eq!(answer["error"]["details"]["bucket"], "messaging");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_made_listed_and_revoked_through_the_api() {
    let app = TestApp::start().await;
    let (status, made) =
        app.post("/api/v1/api-keys", json!({ "name": "bot", "scopes": ["send"] })).await;
    assert_eq!(status, 201, "{made}");
    let secret = made["data"]["key"].as_str().unwrap().to_owned();
    let (_, listed) = app.get("/api/v1/api-keys").await;
    assert!(!listed.to_string().contains(&secret));
    let id = made["data"]["id"].as_str().unwrap();
    assert_eq!(app.call(Method::DELETE, &format!("/api/v1/api-keys/{id}"), None).await.0, 200);
    let request = app.http.get(format!("{}/api/v1/sessions", app.base)).bearer_auth(secret);
    assert_eq!(request.send().await.unwrap().status(), 401);
    let (status, answer) =
        app.post("/api/v1/api-keys", json!({ "name": "bot", "scopes": ["fly"] })).await;
    assert_eq!((status.as_u16(), code(&answer)), (400, "VALIDATION_ERROR"));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_one_session_does_not_reach_the_gateway_itself() {
    let app = TestApp::start_with(&[("OPENWA_AUTH", "required")]).await;
    let keys = &app.gateway.services().api_keys;
    let (_, admin) = keys.create("admin", vec!["*".to_owned()], None, None).await.unwrap();
    let ask = async |key: &str, method: Method, path: &str, body: serde_json::Value| {
        let request = app.http.request(method, format!("{}{path}", app.base)).bearer_auth(key);
        let answer = request.json(&body).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json::<serde_json::Value>().await.unwrap_or_default())
    };
    for id in ["mine", "other"] {
        let body = json!({ "sessionId": id });
        assert_eq!(ask(&admin, Method::POST, "/api/v1/sessions", body).await.0, 201);
    }
    let only = "mine".parse().unwrap();
    let (_, bound) = keys.create("bound", vec!["*".to_owned()], Some(only), None).await.unwrap();
    // With one of these it could give itself a key for everything, or hear what others get.
    for (method, path, body) in [
        (Method::POST, "/api/v1/api-keys", json!({ "name": "mine too" })),
        (Method::GET, "/api/v1/api-keys", json!({})),
        (Method::POST, "/api/v1/sessions", json!({ "sessionId": "third" })),
        (Method::POST, "/api/v1/gateway-webhooks", json!({ "url": "http://127.0.0.1:9" })),
        (Method::GET, "/api/v1/gateway-webhooks", json!({})),
        (Method::GET, "/api/v1/metrics/history", json!({})),
        (Method::GET, "/api/v1/doctor", json!({})),
        (Method::GET, "/_simulator/v1/accounts", json!({})),
    ] {
        let (status, answer) = ask(&bound, method.clone(), path, body).await;
        assert_eq!((status, code(&answer)), (403, "FORBIDDEN"), "{method} {path}");
    }
    let (_, list) = ask(&bound, Method::GET, "/api/v1/sessions", json!({})).await;
    let ids: Vec<_> =
        list["data"].as_array().unwrap().iter().map(|one| &one["sessionId"]).collect();
    assert_eq!(ids, ["mine"]);
    assert_eq!(ask(&bound, Method::GET, "/api/v1/info", json!({})).await.0, 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_one_session_hears_of_no_other() {
    let app = TestApp::start_with(&[("OPENWA_AUTH", "required")]).await;
    let keys = &app.gateway.services().api_keys;
    let (_, admin) = keys.create("admin", vec!["*".to_owned()], None, None).await.unwrap();
    for id in ["other", "mine"] {
        let request = app.http.post(format!("{}/api/v1/sessions", app.base)).bearer_auth(&admin);
        let answer = request.json(&json!({ "sessionId": id })).send().await.unwrap();
        assert_eq!(answer.status(), 201);
    }
    let only = "mine".parse().unwrap();
    let (_, bound) = keys.create("bound", vec!["*".to_owned()], Some(only), None).await.unwrap();
    let path = format!("{}/api/v1/events?since=0", app.base);
    let mut stream = app.http.get(path).bearer_auth(&bound).send().await.unwrap();
    let mut received = String::new();
    // Those of the other session come first in the log: they would have been received by now.
    while !received.contains("\"mine\"") {
        let chunk = tokio::time::timeout(PATIENCE, stream.chunk()).await.unwrap().unwrap().unwrap();
        received.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert!(!received.contains("\"other\""), "{received}");
    drop(stream);
    app.stop().await;
}
