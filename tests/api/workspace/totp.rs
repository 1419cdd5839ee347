//! Two-factor authentication.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha1::Sha1;
use wagate::domain::Clock;

use crate::{
    app::TestApp,
    workspace::{
        ADA, Answer, MINUTE, PASSWORD, another, ask, is_good, member, on_a_clock, owner, post,
        text, try_sign_in,
    },
};

/// What a phone shows at the moment.
fn shown(secret: &str, clock: &Clock) -> String {
    let step = u64::try_from(clock.now().as_second()).unwrap() / 30;
    let secret = BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let mut mac = Hmac::<Sha1>::new_from_slice(&secret).unwrap();
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash[19] & 0x0F);
    let number = u32::from_be_bytes(hash[offset..offset + 4].try_into().unwrap()) & 0x7FFF_FFFF;
    format!("{:06}", number % 1_000_000)
}

async fn verify(app: &TestApp, body: Value, token: Option<&str>) -> Answer {
    post(app, "/api/v1/auth/totp/verify", body, token).await
}

/// Sets a generator up; its secret and the recovery codes.
async fn enable(app: &TestApp, clock: &Clock, token: &str) -> (String, Vec<String>) {
    let setup = post(app, "/api/v1/auth/totp/setup", json!({}), Some(token)).await;
    assert_eq!(setup.status, 200, "{}", setup.body);
    let secret = text(&setup.body["secret"]);
    let done = verify(app, json!({ "code": shown(&secret, clock) }), Some(token)).await;
    assert_eq!((done.status, &done.body["enabled"]), (200, &json!(true)), "{}", done.body);
    let codes = done.body["recovery_codes"].as_array().unwrap();
    (secret, codes.iter().map(text).collect())
}

/// The first step of a sign-in: what the second is begun with.
async fn begin(app: &TestApp) -> String {
    let answer = try_sign_in(app, ADA, PASSWORD).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(
        (&answer.body["requires_totp"], &answer.body["expires_in"]),
        (&json!(true), &json!(300))
    );
    assert!(answer.body.get("token").is_none(), "{}", answer.body);
    text(&answer.body["temp_token"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generator_is_asked_for_once_a_code_of_it_was_shown() {
    let (app, clock) = on_a_clock(&[]).await;
    let (token, _) = owner(&app).await;
    let setup = post(&app, "/api/v1/auth/totp/setup", json!({}), Some(&token)).await;
    let secret = text(&setup.body["secret"]);
    let address = text(&setup.body["otpauth_url"]);
    assert!(address.starts_with(&format!("otpauth://totp/wagate:{ADA}?secret={secret}&")));
    assert!(text(&setup.body["qr_code"]).starts_with("data:image/png;base64,"));
    // Not yet.
    assert!(try_sign_in(&app, ADA, PASSWORD).await.body["token"].is_string());
    let wrong =
        verify(&app, json!({ "code": another(&shown(&secret, &clock)) }), Some(&token)).await;
    assert_eq!(wrong.status, 400, "{}", wrong.body);
    let nobody = verify(&app, json!({ "code": shown(&secret, &clock) }), None).await;
    assert_eq!(nobody.status, 403, "{}", nobody.body);
    let (_, codes) = enable(&app, &clock, &token).await;
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|code| code.len() == 9 && code.as_bytes()[4] == b'-'), "{codes:?}");
    let again = post(&app, "/api/v1/auth/totp/setup", json!({}), Some(&token)).await;
    assert_eq!((again.status, &again.body["code"]), (409, &json!("CONFLICT")));
    let key = app.key().await;
    let by_key = post(&app, "/api/v1/auth/totp/setup", json!({}), Some(key)).await;
    assert_eq!(by_key.status, 403);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_takes_each_code_once_in_one_step_or_two() {
    let (app, clock) = on_a_clock(&[]).await;
    let (token, _) = owner(&app).await;
    let (secret, _) = enable(&app, &clock, &token).await;
    let with_code = async |code: &str| {
        let body = json!({ "email": ADA, "password": PASSWORD, "totp_code": code });
        post(&app, "/api/v1/auth/login", body, None).await
    };
    // The code that enabled it was used by that.
    let used = with_code(&shown(&secret, &clock)).await;
    assert_eq!((used.status, &used.body["code"]), (401, &json!("TOTP_REQUIRED")));
    clock.advance(MINUTE);
    let code = shown(&secret, &clock);
    let done = with_code(&code).await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert!(is_good(&app, &text(&done.body["token"])).await);
    assert_eq!(done.body["user"]["totp_enabled"], true);
    assert_eq!(with_code(&code).await.status, 401);
    let temp = begin(&app).await;
    assert_eq!(verify(&app, json!({ "temp_token": temp, "code": code }), None).await.status, 401);

    clock.advance(MINUTE);
    let body = json!({ "temp_token": temp, "code": shown(&secret, &clock) });
    let done = verify(&app, body.clone(), None).await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert!(is_good(&app, &text(&done.body["token"])).await);
    assert_eq!(verify(&app, body, None).await.status, 401);
    // A code of the next step is taken too, and those before it no more.
    clock.advance(MINUTE);
    let now = shown(&secret, &clock);
    clock.advance(MINUTE / 2);
    let next = shown(&secret, &clock);
    clock.advance(MINUTE / 2);
    let temp = begin(&app).await;
    assert_eq!(verify(&app, json!({ "temp_token": temp, "code": now }), None).await.status, 401);
    assert_eq!(verify(&app, json!({ "temp_token": temp, "code": next }), None).await.status, 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_step_has_five_tries_and_five_minutes() {
    let (app, clock) = on_a_clock(&[]).await;
    let (token, _) = owner(&app).await;
    let (secret, _) = enable(&app, &clock, &token).await;
    clock.advance(MINUTE);
    let temp = begin(&app).await;
    let wrong = another(&shown(&secret, &clock));
    for _ in 0..5 {
        let body = json!({ "temp_token": temp, "code": wrong });
        assert_eq!(verify(&app, body, None).await.status, 401);
    }
    let right = json!({ "temp_token": temp, "code": shown(&secret, &clock) });
    assert_eq!(verify(&app, right, None).await.status, 401);
    let temp = begin(&app).await;
    clock.advance(5 * MINUTE);
    let late = json!({ "temp_token": temp, "code": shown(&secret, &clock) });
    assert_eq!(verify(&app, late, None).await.status, 401);
    // Wrong codes lock the account as wrong passwords do.
    let body = json!({ "email": ADA, "password": PASSWORD, "totp_code": "000000x" });
    for _ in 0..5 {
        assert_eq!(post(&app, "/api/v1/auth/login", body.clone(), None).await.status, 401);
    }
    assert_eq!(try_sign_in(&app, ADA, PASSWORD).await.status, 429);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_stands_in_once_and_both_factors_disable_it() {
    let (app, clock) = on_a_clock(&[]).await;
    let (token, _) = owner(&app).await;
    let (secret, codes) = enable(&app, &clock, &token).await;
    let temp = begin(&app).await;
    let body = json!({ "temp_token": temp, "code": codes[0].to_uppercase() });
    assert_eq!(verify(&app, body, None).await.status, 200);
    let temp = begin(&app).await;
    let body = json!({ "temp_token": temp, "code": codes[0] });
    assert_eq!(verify(&app, body, None).await.status, 401);
    let disable = async |password: &str, code: &str| {
        let body = json!({ "password": password, "code": code });
        ask(&app, Method::DELETE, "/api/v1/auth/totp", Some(body), Some(&token)).await.status
    };
    clock.advance(MINUTE);
    assert_eq!(disable("wrong horse 1", &shown(&secret, &clock)).await, 400);
    assert_eq!(disable(PASSWORD, &another(&shown(&secret, &clock))).await, 400);
    assert_eq!(disable(PASSWORD, &codes[1]).await, 200);
    assert_eq!(disable(PASSWORD, &codes[2]).await, 409);
    assert!(try_sign_in(&app, ADA, PASSWORD).await.body["token"].is_string());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_lost_their_phone_is_let_in_by_an_administrator_alone() {
    let (app, clock) = on_a_clock(&[]).await;
    let (ada, id) = owner(&app).await;
    let (admin, _) = member(&app, &ada, "grace@example.com", "ADMIN").await;
    enable(&app, &clock, &ada).await;
    let path = format!("/api/v1/users/{id}/totp");
    assert_eq!(ask(&app, Method::DELETE, &path, None, Some(&admin)).await.status, 403);
    assert_eq!(ask(&app, Method::DELETE, &path, None, Some(&ada)).await.status, 200);
    assert!(try_sign_in(&app, ADA, PASSWORD).await.body["token"].is_string());
    app.stop().await;
}
