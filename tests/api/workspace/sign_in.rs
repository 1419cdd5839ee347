//! Sign-ins: passwords, tokens, limits, and what ends them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{PATIENCE, TestApp},
    workspace::{
        ADA, MINUTE, PASSWORD, ask, get, is_good, newcomer, on_a_clock, owner, post, sign_in, text,
        try_sign_in,
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn a_password_gives_a_token_and_a_wrong_one_tells_nothing() {
    let app = TestApp::start().await;
    owner(&app).await;
    let done = try_sign_in(&app, "Ada@Example.COM", PASSWORD).await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert!(text(&done.body["token"]).starts_with("eyJ"));
    assert_eq!(
        (&done.body["user"]["email"], &done.body["expires_in"]),
        (&json!(ADA), &json!(86_400))
    );
    let wrong = try_sign_in(&app, ADA, "wrong horse 1").await;
    let unknown = try_sign_in(&app, "nobody@example.com", PASSWORD).await;
    assert_eq!((wrong.status, unknown.status), (401, 401));
    assert_eq!(wrong.body, unknown.body);
    assert_eq!(wrong.body["error"], "Invalid email or password");
    assert_eq!(wrong.body["code"], "UNAUTHORIZED");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_until_it_ends_and_no_other_is() {
    let (app, clock) = on_a_clock(&[]).await;
    let (token, _) = owner(&app).await;
    let me = get(&app, "/api/v1/auth/me", Some(&token)).await;
    assert_eq!(me.status, 200, "{}", me.body);
    assert_eq!((&me.body["user"]["email"], &me.body["org"]["plan"]), (&json!(ADA), &json!("pro")));
    assert_eq!(me.body["teams"], json!([]));
    let nothing = get(&app, "/api/v1/auth/me", None).await;
    assert_eq!((nothing.status, &nothing.body["code"]), (401, &json!("UNAUTHORIZED")));
    assert!(nothing.headers.contains_key("www-authenticate"));

    let parts: Vec<&str> = token.split('.').collect();
    let claims: Value = serde_json::from_slice(&BASE64.decode(parts[1]).unwrap()).unwrap();
    assert_eq!(claims["aud"], "wagate");
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 86_400);
    let encoded = |value: &Value| BASE64.encode(value.to_string());
    let mut longer = claims.clone();
    longer["exp"] = json!(4_000_000_000_i64);
    let mut another = claims.clone();
    another["sub"] = json!("00000000-0000-4000-8000-000000000001");
    let none = encoded(&json!({ "alg": "none", "typ": "JWT" }));
    for wrong in [
        format!("{}.{}.{}", parts[0], encoded(&longer), parts[2]),
        format!("{}.{}.{}", parts[0], encoded(&another), parts[2]),
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        "eyJ.eyJ.x".to_owned(),
    ] {
        assert!(!is_good(&app, &wrong).await, "{wrong}");
    }
    clock.advance(1_439 * MINUTE);
    assert!(is_good(&app, &token).await);
    clock.advance(MINUTE);
    assert!(!is_good(&app, &token).await);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_outlive_a_restart_and_their_key_lies_sealed() {
    let app = TestApp::start().await;
    let (token, _) = owner(&app).await;
    let folder = app.stop().await;
    let app = TestApp::start_in(folder, &[]).await;
    assert!(is_good(&app, &token).await);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_ends_the_token_and_its_streams_alone() {
    let app = TestApp::start_with(&[("OPENWA_AUTH", "required")]).await;
    let key = app.key().await.to_owned();
    let made = post(&app, "/api/v1/auth/register", newcomer(ADA), Some(&key)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let (first, second) = (text(&made.body["token"]), sign_in(&app, ADA, PASSWORD).await);
    let listed = get(&app, "/api/v1/auth/logins", Some(&first)).await.body;
    let logins = listed["logins"].as_array().unwrap();
    assert_eq!(logins.len(), 2, "{listed}");
    assert_eq!((&logins[0]["current"], &logins[1]["current"]), (&json!(false), &json!(true)));
    assert_eq!(logins[0]["address"], "127.0.0.1");

    let stream = app.http.get(format!("{}/api/v1/events?token={second}", app.base));
    let mut stream = stream.send().await.unwrap();
    assert_eq!(stream.status(), 200);
    let path = format!("/api/v1/auth/logins/{}", text(&logins[0]["id"]));
    assert_eq!(ask(&app, Method::DELETE, &path, None, Some(&first)).await.status, 200);
    assert_eq!(ask(&app, Method::DELETE, &path, None, Some(&first)).await.status, 404);
    assert!(!is_good(&app, &second).await && is_good(&app, &first).await);
    let ended = async { while let Ok(Some(_)) = stream.chunk().await {} };
    tokio::time::timeout(PATIENCE, ended).await.expect("its stream goes on");

    assert_eq!(
        ask(&app, Method::POST, "/api/v1/auth/logout", None, Some(&first)).await.status,
        200
    );
    assert!(!is_good(&app, &first).await);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_ends_the_sign_in_of_another() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let (grace, _) = crate::workspace::member(&app, &ada, "grace@example.com", "OWNER").await;
    let listed = get(&app, "/api/v1/auth/logins", Some(&ada)).await.body;
    let path = format!("/api/v1/auth/logins/{}", text(&listed["logins"][0]["id"]));
    assert_eq!(ask(&app, Method::DELETE, &path, None, Some(&grace)).await.status, 404);
    assert!(is_good(&app, &ada).await);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sixth_attempt_of_a_minute_and_the_eleventh_failure_of_an_account_wait() {
    let settings =
        [("WAGATE_LIMITS__SIGN_IN", "5"), ("WAGATE_SERVER__TRUSTED_PROXIES", "127.0.0.1")];
    let app = TestApp::start_with(&settings).await;
    let key = app.key().await.to_owned();
    assert_eq!(post(&app, "/api/v1/auth/register", newcomer(ADA), Some(&key)).await.status, 201);
    let from = async |address: &str, email: &str, password: &str| {
        let request = app.http.post(format!("{}/api/v1/auth/login", app.base));
        let request = request.header("x-forwarded-for", address);
        let body = json!({ "email": email, "password": password });
        let response = request.json(&body).send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        (status, headers, response.json::<Value>().await.unwrap())
    };
    for count in 0..5 {
        let (status, headers, _) = from("203.0.113.1", "nobody@example.com", "x").await;
        assert_eq!(status, 401, "{count}");
        assert_eq!(headers["x-ratelimit-limit"], "5");
        assert_eq!(headers["x-ratelimit-remaining"], (4 - count).to_string());
    }
    let (status, headers, answer) = from("203.0.113.1", ADA, PASSWORD).await;
    assert_eq!((status, &answer["code"]), (429, &json!("RATE_LIMITED")));
    let wait: u64 = headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
    assert_eq!(answer["details"]["retry_after"], wait);

    for count in 0..10 {
        let address = format!("203.0.113.{}", 10 + count);
        assert_eq!(from(&address, ADA, "wrong horse 1").await.0, 401, "{count}");
    }
    // Neither the right password nor another case opens it now, and an unknown account locks as well.
    let (status, headers, _) = from("203.0.113.30", "ADA@example.com", PASSWORD).await;
    assert_eq!(status, 429);
    assert!(headers.contains_key("retry-after"));
    for count in 0..11 {
        let address = format!("203.0.113.{}", 40 + count);
        let expected = if count < 5 { 401 } else { 429 };
        // Five of its failures were counted above.
        assert_eq!(from(&address, "nobody@example.com", "x").await.0, expected, "{count}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_ends_after_a_quarter_of_an_hour_and_a_success_forgets_failures() {
    let (app, clock) = on_a_clock(&[]).await;
    owner(&app).await;
    let wrong = async || try_sign_in(&app, ADA, "wrong horse 1").await.status;
    for _ in 0..9 {
        assert_eq!(wrong().await, 401);
    }
    sign_in(&app, ADA, PASSWORD).await;
    for _ in 0..10 {
        assert_eq!(wrong().await, 401);
    }
    assert_eq!(try_sign_in(&app, ADA, PASSWORD).await.status, 429);
    clock.advance(15 * MINUTE);
    sign_in(&app, ADA, PASSWORD).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_attempts_at_once_are_looked_at_no_more_often() {
    let app = TestApp::start().await;
    owner(&app).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let request = app.http.post(format!("{}/api/v1/auth/login", app.base));
        let request = request.json(&json!({ "email": ADA, "password": "wrong horse 1" }));
        tasks.spawn(async move { request.send().await.unwrap().status().as_u16() });
    }
    let statuses = tasks.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 10, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 20, "{statuses:?}");
    app.stop().await;
}
