//! How the workspace API says no, also where there is nothing, and how often it may be asked.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    workspace::{ask, get, owner, post},
};

fn assert_is_failure(body: &Value) {
    assert!(body["error"].as_str().is_some_and(|error| !error.is_empty()), "{body}");
    assert!(body["code"].is_string() && body["details"].is_object(), "{body}");
    assert!(body.get("success").is_none(), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_is_said_in_its_shape() {
    let app = TestApp::start().await;
    let (token, _) = owner(&app).await;
    for (method, path, expected, code) in [
        (Method::GET, "/api/v1/auth/nope", 404, "NOT_FOUND"),
        (Method::GET, "/api/v1/users/x/y", 404, "NOT_FOUND"),
        (Method::GET, "/api/v1/bots/x/nope", 404, "NOT_FOUND"),
        (Method::GET, "/api/v1/inbox/nope", 404, "NOT_FOUND"),
        (Method::GET, "/api/v1/chat/stream/nope", 404, "NOT_FOUND"),
        (Method::PUT, "/api/v1/auth/login", 405, "METHOD_NOT_ALLOWED"),
        (Method::DELETE, "/api/v1/users", 405, "METHOD_NOT_ALLOWED"),
        (Method::DELETE, "/api/v1/users/x", 404, "NOT_FOUND"),
    ] {
        let answer = ask(&app, method, path, None, Some(&token)).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (expected, Some(code)), "{path}");
        assert_is_failure(&answer.body);
    }
    // Others stay as they were.
    for path in ["/api/v1/nope", "/api/v1/sessions/nope", "/api/v1/authors"] {
        assert_eq!(get(&app, path, Some(&token)).await.body["success"], false, "{path}");
    }
    let sent = async |body: String| {
        let request = app.http.post(format!("{}/api/v1/auth/login", app.base));
        let request = request.header("content-type", "application/json").body(body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let of = |size: usize| format!("{{\"email\":\"{}\"}}", "x".repeat(size));
    for (body, expected, code) in [
        ("{bad".to_owned(), 400, "BAD_REQUEST"),
        (of(300 * 1024), 400, "VALIDATION_ERROR"),
        (of(10 * 1024 * 1024), 413, "PAYLOAD_TOO_LARGE"),
    ] {
        let (status, answer) = sent(body).await;
        assert_eq!((status, answer["code"].as_str()), (expected, Some(code)), "{answer}");
        assert_is_failure(&answer);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hundred_and_first_request_of_a_caller_and_the_sixth_sign_in_of_an_address_wait() {
    let settings = [("WAGATE_LIMITS__WORKSPACE", "100"), ("WAGATE_LIMITS__SIGN_IN", "5")];
    let app = TestApp::start_with(&settings).await;
    let (token, _) = owner(&app).await;
    let other = app.key().await.to_owned();
    for count in 0..100 {
        let answer = get(&app, "/api/v1/auth/me", Some(&token)).await;
        assert_eq!(answer.status, 200, "{count}");
        assert_eq!(answer.headers["x-ratelimit-limit"], "100");
        assert_eq!(answer.headers["x-ratelimit-remaining"], (99 - count).to_string());
    }
    let refused = get(&app, "/api/v1/auth/me", Some(&token)).await;
    assert_eq!((refused.status, &refused.body["code"]), (429, &json!("RATE_LIMITED")));
    assert!(refused.headers.contains_key("retry-after"));
    assert!(refused.body["details"]["retry_after"].is_u64(), "{}", refused.body);
    assert_eq!(get(&app, "/api/v1/users", Some(&other)).await.status, 200);

    // The registration was the first.
    let body = json!({ "email": "nobody@example.com" });
    for count in 1..5 {
        let answer = post(&app, "/api/v1/auth/forgot-password", body.clone(), None).await;
        assert_eq!(answer.status, 200, "{count}");
        assert_eq!(answer.headers["x-ratelimit-remaining"], (4 - count).to_string());
    }
    let answer = post(&app, "/api/v1/auth/totp/setup", json!({}), Some(&token)).await;
    assert_eq!((answer.status, &answer.body["code"]), (429, &json!("RATE_LIMITED")));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_is_given_must_be_good_where_none_is_needed() {
    let app = TestApp::start().await;
    let (token, _) = owner(&app).await;
    assert_eq!(post(&app, "/api/v1/auth/logout", json!({}), Some(&token)).await.status, 200);
    let body = json!({ "email": "nobody@example.com" });
    for credential in [token.as_str(), "wag_nonsense"] {
        let answer =
            post(&app, "/api/v1/auth/forgot-password", body.clone(), Some(credential)).await;
        assert_eq!(answer.status, 401, "{}", answer.body);
    }
    app.stop().await;
}
