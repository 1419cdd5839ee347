//! Codes by mail: for a new password, and for an address.

use serde_json::{Value, json};

use crate::{
    app::TestApp,
    workspace::{
        ADA, Answer, MINUTE, PASSWORD, another, code_of, is_good, mails, member, on_a_clock, owner,
        post, sign_in, text, try_sign_in,
    },
};

const NEW: &str = "another horse 8";

async fn forgot(app: &TestApp, email: &str) -> Value {
    let answer = post(app, "/api/v1/auth/forgot-password", json!({ "email": email }), None).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

async fn reset(app: &TestApp, email: &str, code: &str) -> Answer {
    let body = json!({ "email": email, "code": code, "new_password": NEW });
    post(app, "/api/v1/auth/reset-password", body, None).await
}

async fn verify(app: &TestApp, body: Value, token: Option<&str>) -> Answer {
    post(app, "/api/v1/auth/verify-email", body, token).await
}

fn assert_refused(answer: &Answer) {
    assert_eq!((answer.status, &answer.body["code"]), (400, &json!("BAD_REQUEST")));
    assert_eq!(answer.body["error"], "Invalid or expired code");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_from_a_mail_chooses_a_new_password_and_ends_all_sign_ins() {
    let app = TestApp::start().await;
    let (token, _) = owner(&app).await;
    assert_eq!(forgot(&app, "ADA@example.com").await, forgot(&app, "nobody@example.com").await);
    let code = code_of(&mails(&app, ADA, "new password", 1).await[0]);
    let weak = json!({ "email": ADA, "code": code, "new_password": "short" });
    let weak = post(&app, "/api/v1/auth/reset-password", weak, None).await;
    assert!(weak.body["details"]["fields"].get("new_password").is_some(), "{}", weak.body);
    let two = json!({ "email": ADA, "code": code, "new_password": NEW, "password": "a third 9" });
    let two = post(&app, "/api/v1/auth/reset-password", two, None).await;
    assert_eq!(two.status, 400, "{}", two.body);
    assert!(two.body["details"]["fields"].get("password").is_some(), "{}", two.body);
    assert_refused(&reset(&app, "nobody@example.com", &code).await);
    let done = reset(&app, ADA, &code).await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert!(!is_good(&app, &token).await);
    assert_eq!(try_sign_in(&app, ADA, PASSWORD).await.status, 401);
    sign_in(&app, ADA, NEW).await;
    mails(&app, ADA, "was changed", 1).await;
    assert_refused(&reset(&app, ADA, &code).await);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_has_five_tries_a_quarter_of_an_hour_and_one_life() {
    let (app, clock) = on_a_clock(&[]).await;
    owner(&app).await;
    forgot(&app, ADA).await;
    let first = code_of(&mails(&app, ADA, "new password", 1).await[0]);
    for _ in 0..5 {
        assert_refused(&reset(&app, ADA, &another(&first)).await);
    }
    assert_refused(&reset(&app, ADA, &first).await);

    clock.advance(MINUTE);
    forgot(&app, ADA).await;
    let second = code_of(&mails(&app, ADA, "new password", 2).await[0]);
    clock.advance(15 * MINUTE);
    assert_refused(&reset(&app, ADA, &second).await);

    // Another within a minute is not made: the first stays good. The newest is the only one.
    forgot(&app, ADA).await;
    let third = code_of(&mails(&app, ADA, "new password", 3).await[0]);
    forgot(&app, ADA).await;
    clock.advance(MINUTE);
    forgot(&app, ADA).await;
    let all = mails(&app, ADA, "new password", 4).await;
    assert_eq!(all.len(), 4);
    let fourth = code_of(&all[0]);
    if third != fourth {
        assert_refused(&reset(&app, ADA, &third).await);
    }
    assert_eq!(reset(&app, ADA, &fourth).await.status, 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_codes_lock_the_account_by_themselves() {
    let (app, clock) = on_a_clock(&[]).await;
    owner(&app).await;
    for _ in 0..10 {
        assert_refused(&reset(&app, ADA, "000000").await);
    }
    assert_eq!(reset(&app, ADA, "000000").await.status, 429);
    // Its sign-ins go on.
    sign_in(&app, ADA, PASSWORD).await;
    clock.advance(15 * MINUTE);
    assert_refused(&reset(&app, ADA, "000000").await);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_shows_a_code_where_there_is_no_mail() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let (grace, id) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let path = format!("/api/v1/users/{id}/reset-code");
    let made = post(&app, &path, json!({}), Some(&ada)).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let code = text(&made.body["code"]);
    assert_refused(&reset(&app, ADA, &code).await);
    assert_eq!(reset(&app, "grace@example.com", &code).await.status, 200);
    assert!(!is_good(&app, &grace).await && is_good(&app, &ada).await);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_shows_that_an_address_is_ones_own() {
    let (app, clock) = on_a_clock(&[("WAGATE_ACCOUNTS__REGISTRATION", "open")]).await;
    let (token, _) = owner(&app).await;
    let first = code_of(&mails(&app, ADA, "verification", 1).await[0]);
    let resend =
        async || post(&app, "/api/v1/auth/resend-verification", json!({}), Some(&token)).await;
    let soon = resend().await;
    assert_eq!((soon.status, &soon.body["code"]), (429, &json!("RATE_LIMITED")));
    assert!(soon.headers.contains_key("retry-after"));
    clock.advance(MINUTE);
    assert_eq!(resend().await.status, 200);
    let second = code_of(&mails(&app, ADA, "verification", 2).await[0]);
    if first != second {
        assert_refused(&verify(&app, json!({ "code": first }), Some(&token)).await);
    }
    let nobody = verify(&app, json!({ "code": second }), None).await;
    assert!(nobody.body["details"]["fields"].get("email").is_some(), "{}", nobody.body);
    let done = verify(&app, json!({ "code": second }), Some(&token)).await;
    assert_eq!((done.status, &done.body["user"]["email_verified"]), (200, &json!(true)));
    assert_refused(&verify(&app, json!({ "code": second }), Some(&token)).await);
    assert!(text(&resend().await.body["message"]).contains("already"));

    // Without a sign-in, by the address; a day is too late.
    for (email, wait, expected) in
        [("grace@example.com", 1_439, 200), ("joan@example.com", 1_440, 400)]
    {
        let body = crate::workspace::newcomer(email);
        assert_eq!(post(&app, "/api/v1/auth/register", body, None).await.status, 201);
        let code = code_of(&mails(&app, email, "verification", 1).await[0]);
        clock.advance(wait * MINUTE);
        let body = json!({ "code": code, "email": email });
        assert_eq!(verify(&app, body, None).await.status, expected, "{email}");
    }
    app.stop().await;
}
