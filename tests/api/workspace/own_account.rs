//! One's own account over HTTP: name, password, and whether there is an account at all.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    workspace::{
        ADA, Answer, PASSWORD, answered, ask, get, is_good, mails, member, owner, put, sign_in,
        text, try_sign_in,
    },
};

const NEW: &str = "another horse 8";

async fn change(app: &TestApp, token: &str, present: &str, new: &str) -> Answer {
    let body = json!({ "current_password": present, "new_password": new });
    put(app, "/api/v1/auth/password", body, token).await
}

fn faults(answer: &Answer) -> &Value {
    &answer.body["details"]["fields"]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_with_the_present_one_and_the_other_sign_ins_end() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let other = sign_in(&app, ADA, PASSWORD).await;
    let (grace, _) = member(&app, &ada, "grace@example.com", "AGENT").await;
    for (present, new, field) in [
        ("wrong horse 7", NEW, "current_password"),
        (PASSWORD, "short", "new_password"),
        (PASSWORD, PASSWORD, "new_password"),
    ] {
        let refused = change(&app, &ada, present, new).await;
        assert_eq!(refused.status, 400, "{}", refused.body);
        assert!(faults(&refused).get(field).is_some(), "{}", refused.body);
    }
    let stream = app.http.get(format!("{}/api/v1/events", app.base)).bearer_auth(&other);
    let mut stream = stream.send().await.unwrap();
    answered(change(&app, &ada, PASSWORD, NEW).await, 200);
    assert!(is_good(&app, &ada).await && is_good(&app, &grace).await);
    assert!(!is_good(&app, &other).await);
    let ended = async { while let Ok(Some(_)) = stream.chunk().await {} };
    tokio::time::timeout(crate::app::PATIENCE, ended).await.expect("its stream goes on");
    assert_eq!(try_sign_in(&app, ADA, PASSWORD).await.status, 401);
    sign_in(&app, ADA, NEW).await;
    mails(&app, ADA, "was changed", 1).await;
    // A key is no sign-in, and nobody is nobody.
    let key = app.key().await.to_owned();
    assert_eq!(change(&app, &key, NEW, PASSWORD).await.status, 403);
    let body = json!({ "current_password": NEW, "new_password": PASSWORD });
    let nobody = ask(&app, Method::PUT, "/api/v1/auth/password", Some(body), None).await;
    assert_eq!(nobody.status, 401);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_the_present_password_lock_the_account_as_sign_ins_do() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    for _ in 0..10 {
        assert_eq!(change(&app, &ada, "wrong horse 7", NEW).await.status, 400);
    }
    assert_eq!(change(&app, &ada, PASSWORD, NEW).await.status, 429);
    assert_eq!(try_sign_in(&app, ADA, PASSWORD).await.status, 429);
    app.stop().await;
    let app = TestApp::start_with(&[("WAGATE_LIMITS__SIGN_IN", "3")]).await;
    let (ada, _) = owner(&app).await;
    let mut last = 0;
    for _ in 0..4 {
        last = change(&app, &ada, "wrong horse 7", NEW).await.status;
    }
    assert_eq!(last, 429);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_changes_at_once_one_is_made() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let (one, other) = tokio::join!(
        change(&app, &ada, PASSWORD, NEW),
        change(&app, &ada, PASSWORD, "third horse 9")
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400], "{} {}", one.body, other.body);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_changes_their_own_name_and_anybody_learns_whether_there_is_an_account() {
    let app = TestApp::start_with(&[("OPENWA_AUTH", "required")]).await;
    let status = async || answered(get(&app, "/api/v1/auth/status", None).await, 200);
    assert_eq!(status().await, json!({ "has_accounts": false }));
    let key = app.key().await.to_owned();
    let first = crate::workspace::newcomer(ADA);
    let made = crate::workspace::post(&app, "/api/v1/auth/register", first, Some(&key)).await;
    let ada = text(&answered(made, 201)["token"]);
    assert_eq!(status().await, json!({ "has_accounts": true }));
    // A credential that ended is none of its business.
    assert_eq!(get(&app, "/api/v1/auth/status", Some("nonsense")).await.status, 200);

    let (grace, _) = member(&app, &ada, "grace@example.com", "VIEWER").await;
    let rename = async |token: &str, body: Value| {
        ask(&app, Method::PATCH, "/api/v1/auth/me", Some(body), Some(token)).await
    };
    let renamed = answered(rename(&grace, json!({ "name": " Grace Hopper " })).await, 200);
    assert_eq!(renamed["user"]["name"], "Grace Hopper");
    let me = answered(get(&app, "/api/v1/auth/me", Some(&grace)).await, 200);
    assert_eq!(
        (&me["user"]["name"], &me["user"]["role"]),
        (&json!("Grace Hopper"), &json!("VIEWER"))
    );
    for body in [json!({ "name": " " }), json!({}), json!({ "name": "x", "role": "OWNER" })] {
        assert_eq!(rename(&grace, body).await.status, 400);
    }
    assert_eq!(rename(&key, json!({ "name": "Nobody" })).await.status, 403);
    app.stop().await;
}
