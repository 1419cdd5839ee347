//! Who may call the business API, how often, and how it says no.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{BUSINESS, TestApp},
    business::contact,
};

async fn asked(request: crate::support::http::Request) -> (u16, reqwest::header::HeaderMap, Value) {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    assert!(headers["content-type"].to_str().unwrap().starts_with("application/json"));
    (status, headers, response.json().await.unwrap())
}

fn assert_is_error(answer: &Value) {
    assert!(answer["error"].as_str().is_some_and(|error| !error.is_empty()), "{answer}");
    assert!(answer.get("success").is_none(), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_is_needed_on_this_machine_too() {
    let app = TestApp::start().await;
    let url = format!("{}{BUSINESS}/contacts", app.base);
    // Without one, the same caller may use the other APIs.
    assert_eq!(app.get("/api/v1/sessions").await.0, 200);
    let wrong = app.http.get(&url).bearer_auth("x");
    let made = app.key_of(&["contacts"], None).await;
    let keys = &app.gateway.services().api_keys;
    let id = keys.list().await.unwrap()[0].id;
    keys.revoke(id).await.unwrap();
    for request in [app.http.get(&url), wrong, app.http.get(&url).bearer_auth(made)] {
        let (status, headers, answer) = asked(request).await;
        assert_eq!(status, 401);
        assert!(headers.contains_key("www-authenticate"));
        assert_is_error(&answer);
        assert_eq!(answer["code"], "unauthorized");
    }
    let basic = app.http.get(&url).basic_auth("anybody", Some(app.key().await));
    assert_eq!(asked(basic).await.0, 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scope_contacts_alone_opens_contacts() {
    let app = TestApp::start().await;
    app.create("mine").await;
    let url = format!("{}{BUSINESS}/contacts", app.base);
    for (scopes, session, expected) in [
        (&["read"][..], None, 403),
        (&["conversations", "send"], None, 403),
        (&["contacts"], Some("mine"), 403),
        (&["contacts"], None, 200),
    ] {
        let key = app.key_of(scopes, session).await;
        let (status, _, answer) = asked(app.http.get(&url).bearer_auth(&key)).await;
        assert_eq!(status, expected, "{scopes:?} {answer}");
        let body = json!({ "phone": "+15550001111" });
        let (status, _, answer) = asked(app.http.post(&url).bearer_auth(&key).json(&body)).await;
        assert_eq!(status == 201, expected == 200, "{scopes:?} {answer}");
        if expected == 403 {
            assert_is_error(&answer);
        }
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_is_an_error_in_words() {
    let app = TestApp::start().await;
    let key = app.key().await;
    let url = |path: &str| format!("{}{BUSINESS}{path}", app.base);
    let json = |request: crate::support::http::Request, body: String| {
        request.header("content-type", "application/json").body(body)
    };
    let large = format!("{{\"name\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    let text = app.http.post(url("/contacts")).header("content-type", "text/plain").body("phone");
    for (request, expected) in [
        (app.http.get(url("/nope")), 404),
        (app.http.get(url("")), 404),
        (app.http.get(url("/contacts/x/nope")), 404),
        (app.http.get(url("/contacts/x")), 404),
        (app.http.put(url("/contacts")), 405),
        (json(app.http.post(url("/contacts")), "{bad".to_owned()), 400),
        (json(app.http.post(url("/contacts")), large), 400),
        (text, 400),
        (app.http.get(url("/contacts?limit=0")), 400),
        (app.http.get(url("/contacts?page=x")), 400),
        (app.http.get(url("/contacts?before=x")), 404),
    ] {
        let (status, headers, answer) = asked(request.bearer_auth(key)).await;
        assert_eq!(status, expected, "{answer}");
        assert_is_error(&answer);
        if status == 405 {
            let allow = headers["allow"].to_str().unwrap();
            assert!(allow.contains("GET") && allow.contains("POST"), "{allow}");
        }
    }
    // A path that only begins like the API is not of it.
    let (_, answer) = app.get("/api/whatsapp-apis").await;
    assert_eq!(answer["success"], false);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_count_by_address_for_all_keys_and_refused_ones_cost_nothing() {
    let settings =
        [("WAGATE_LIMITS__BUSINESS", "120"), ("WAGATE_SERVER__TRUSTED_PROXIES", "127.0.0.1")];
    let app = TestApp::start_with(&settings).await;
    let url = format!("{}{BUSINESS}/contacts", app.base);
    let keys = [app.key_of(&["contacts"], None).await, app.key_of(&["contacts"], None).await];
    let from = |address: &str| app.http.get(&url).header("x-forwarded-for", address);
    for _ in 0..200 {
        let (status, _, _) = asked(from("203.0.113.9")).await;
        assert_eq!(status, 401);
    }
    for count in 0..120 {
        let (status, headers, _) = asked(from("203.0.113.9").bearer_auth(&keys[count % 2])).await;
        assert_eq!(status, 200, "{count}");
        assert_eq!(headers["x-ratelimit-limit"], "120");
        assert_eq!(headers["x-ratelimit-remaining"], (119 - count).to_string());
    }
    for key in &keys {
        let (status, headers, answer) = asked(from("203.0.113.9").bearer_auth(key)).await;
        assert_eq!((status, &answer["code"]), (429, &json!("rate_limited")));
        assert_is_error(&answer);
        let wait: u64 = headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait));
    }
    assert_eq!(asked(from("203.0.113.10").bearer_auth(&keys[0])).await.0, 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_for_one_write_makes_one_contact() {
    let app = TestApp::start().await;
    let body = json!({ "phone": "+15550001111" });
    let ask = || {
        let request = app.http.request(Method::POST, format!("{}{BUSINESS}/contacts", app.base));
        request.header("idempotency-key", "one").json(&body)
    };
    let key = app.key().await;
    let (first, _, made) = asked(ask().bearer_auth(key)).await;
    let (again, _, same) = asked(ask().bearer_auth(key)).await;
    assert_eq!((first, again), (201, 201));
    assert_eq!(made, same);
    let other = app.http.post(format!("{}{BUSINESS}/contacts", app.base)).bearer_auth(key);
    let other = other.header("idempotency-key", "one").json(&json!({ "phone": "+15550002222" }));
    let (status, _, answer) = asked(other).await;
    assert_eq!((status, &answer["code"]), (409, &json!("idempotency_key_reused")));
    contact(&app, "+15550002222").await;
    app.stop().await;
}
