//! Who may make an account, and how accounts are administered.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    workspace::{
        ADA, MINUTE, PASSWORD, ask, get, is_good, mails, member, newcomer, on_a_clock, owner, post,
        sign_in, text, try_sign_in,
    },
};

const REGISTER: &str = "/api/v1/auth/register";

#[tokio::test(flavor = "multi_thread")]
async fn the_first_account_is_the_owners_and_others_need_an_invitation() {
    let app = TestApp::start().await;
    // Somebody from elsewhere, before there is anybody.
    let request = app.http.post(format!("{}{REGISTER}", app.base)).json(&newcomer(ADA));
    let stranger = request.header("x-forwarded-for", "203.0.113.9").send().await.unwrap();
    assert_eq!(stranger.status(), 403);
    let scoped = app.key_of(&["send", "contacts", "conversations"], None).await;
    assert_eq!(post(&app, REGISTER, newcomer(ADA), Some(&scoped)).await.status, 403);

    let first = post(&app, REGISTER, newcomer(ADA), None).await;
    assert_eq!(first.status, 201, "{}", first.body);
    assert!(text(&first.body["token"]).starts_with("eyJ"));
    let user = &first.body["user"];
    assert_eq!((&user["role"], &user["email"]), (&json!("OWNER"), &json!(ADA)));
    assert_eq!((&user["email_verified"], &user["totp_enabled"]), (&json!(false), &json!(false)));
    assert_eq!(first.body["verification_required"], true);
    assert_eq!(first.body["expires_in"], 86_400);

    let second = post(&app, REGISTER, newcomer("grace@example.com"), None).await;
    assert_eq!((second.status, &second.body["code"]), (403, &json!("FORBIDDEN")));
    for (field, weak) in [
        ("password", json!("short1")),
        ("password", json!("only letters")),
        ("password", json!("12345678")),
        ("email", json!("nobody")),
        ("name", json!(" ")),
    ] {
        let mut body = newcomer("grace@example.com");
        body[field] = weak;
        let answer = post(&app, REGISTER, body, None).await;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!("VALIDATION_ERROR")));
        assert!(answer.body["details"]["fields"].get(field).is_some(), "{}", answer.body);
    }
    let same = post(&app, REGISTER, newcomer("ADA@Example.com"), None).await;
    assert_eq!((same.status, &same.body["error"]), (409, &json!("Email already registered")));
    // A stranger does not learn who has an account.
    let request = app.http.post(format!("{}{REGISTER}", app.base)).json(&newcomer(ADA));
    let stranger = request.header("x-forwarded-for", "203.0.113.9").send().await.unwrap();
    assert_eq!(stranger.status(), 403);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_register_at_once_one_owns_the_workspace() {
    let app = TestApp::start().await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..8 {
        let request = app.http.post(format!("{}{REGISTER}", app.base));
        let request = request.json(&newcomer(&format!("user{number}@example.com")));
        tasks.spawn(async move { request.send().await.unwrap().status().as_u16() });
    }
    let mut statuses = tasks.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 403, 403, 403, 403, 403, 403, 403]);
    let accounts = &app.gateway.services().accounts;
    let users = accounts.users().await.unwrap();
    assert_eq!(users.len(), 1);
    // The same address in two cases at once is one account as well.
    let key = app.key().await.to_owned();
    let mut tasks = tokio::task::JoinSet::new();
    for email in ["grace@example.com", "Grace@example.com", "GRACE@example.com"] {
        let request = app.http.post(format!("{}/api/v1/users", app.base)).bearer_auth(&key);
        let request =
            request.json(&json!({ "email": email, "name": "Grace", "password": PASSWORD }));
        tasks.spawn(async move { request.send().await.unwrap().status().as_u16() });
    }
    let mut statuses = tasks.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn registration_may_be_open_to_everybody_or_to_nobody() {
    for (mode, expected) in [("open", 201), ("closed", 403)] {
        let app = TestApp::start_with(&[("WAGATE_ACCOUNTS__REGISTRATION", mode)]).await;
        owner(&app).await;
        let answer = post(&app, REGISTER, newcomer("grace@example.com"), None).await;
        assert_eq!(answer.status, expected, "{}", answer.body);
        if expected == 201 {
            assert_eq!(answer.body["user"]["role"], "AGENT");
        }
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_lets_one_address_in_once() {
    let (app, clock) = on_a_clock(&[("WAGATE_ACCOUNTS__INVITATION_DAYS", "1")]).await;
    let (ada, _) = owner(&app).await;
    let invite = async |email: &str, role: &str| {
        let body = json!({ "email": email, "role": role });
        post(&app, "/api/v1/users/invitations", body, Some(&ada)).await
    };
    let joined = async |email: &str, code: &str| {
        let mut body = newcomer(email);
        body["invite_code"] = code.into();
        post(&app, REGISTER, body, None).await
    };
    let made = invite("Grace@example.com", "ADMIN").await;
    assert_eq!(made.status, 201, "{}", made.body);
    let made = &made.body["invite"];
    let code = text(&made["code"]);
    assert!(text(&made["url"]).ends_with(&format!("/#/join?code={code}")), "{made}");
    let mail = mails(&app, "grace@example.com", "invitation", 1).await.remove(0);
    assert!(mail.contains(&code), "{mail}");
    let listed = get(&app, "/api/v1/users/invitations", Some(&ada)).await.body;
    assert_eq!(listed["invites"][0]["id"], made["id"]);
    assert!(!listed.to_string().contains(&code), "{listed}");

    assert_eq!(joined("joan@example.com", &code).await.status, 403);
    assert_eq!(joined("grace@example.com", "inv_nonsense").await.status, 403);
    let grace = joined("grace@example.com", &code).await;
    assert_eq!(grace.status, 201, "{}", grace.body);
    let user = &grace.body["user"];
    assert_eq!((&user["role"], &user["email_verified"]), (&json!("ADMIN"), &json!(true)));
    assert_eq!(grace.body["verification_required"], false);
    assert_eq!(joined("grace@example.com", &code).await.status, 409);
    assert_eq!(invite(ADA, "AGENT").await.status, 409);

    // The newest of an address is the one that is good, until it ends or is withdrawn.
    let old = text(&invite("joan@example.com", "VIEWER").await.body["invite"]["code"]);
    let new = invite("joan@example.com", "VIEWER").await.body["invite"].take();
    assert_eq!(joined("joan@example.com", &old).await.status, 403);
    let path = format!("/api/v1/users/invitations/{}", text(&new["id"]));
    let ask_away = async || ask(&app, Method::DELETE, &path, None, Some(&ada)).await.status;
    assert_eq!((ask_away().await, ask_away().await), (200, 404));
    assert_eq!(joined("joan@example.com", &text(&new["code"])).await.status, 403);
    let late = text(&invite("joan@example.com", "VIEWER").await.body["invite"]["code"]);
    clock.advance(1_440 * MINUTE);
    assert_eq!(joined("joan@example.com", &late).await.status, 403);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_change_those_below_them_and_an_owner_is_always_left() {
    let app = TestApp::start().await;
    let (ada, ada_id) = owner(&app).await;
    let (admin, _) = member(&app, &ada, "grace@example.com", "ADMIN").await;
    let (agent, agent_id) = member(&app, &ada, "joan@example.com", "AGENT").await;
    let change = async |id: &str, body: Value, by: &str| {
        let path = format!("/api/v1/users/{id}");
        ask(&app, Method::PATCH, &path, Some(body), Some(by)).await
    };
    // Nobody reaches above themselves, also not by a code for a new password.
    assert_eq!(change(&ada_id, json!({ "name": "X" }), &admin).await.status, 403);
    let path = format!("/api/v1/users/{ada_id}/reset-code");
    assert_eq!(post(&app, &path, json!({}), Some(&admin)).await.status, 403);
    let path = format!("/api/v1/users/{ada_id}");
    assert_eq!(ask(&app, Method::DELETE, &path, None, Some(&admin)).await.status, 403);
    assert_eq!(change(&agent_id, json!({ "role": "OWNER" }), &admin).await.status, 403);
    let draft = json!({ "email": "x@example.com", "name": "X", "role": "OWNER" });
    assert_eq!(post(&app, "/api/v1/users", draft.clone(), Some(&admin)).await.status, 403);
    let invitation = json!({ "email": "x@example.com", "role": "OWNER" });
    let path = "/api/v1/users/invitations";
    assert_eq!(post(&app, path, invitation, Some(&admin)).await.status, 403);
    assert_eq!(change(&agent_id, json!({ "name": "Joan" }), &agent).await.status, 403);

    let changed = change(&agent_id, json!({ "role": "VIEWER", "name": "Joan" }), &admin).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!((&changed.body["role"], &changed.body["name"]), (&json!("VIEWER"), &json!("Joan")));
    for change_of in [json!({ "role": "ADMIN" }), json!({ "disabled": true })] {
        let refused = change(&ada_id, change_of, &ada).await;
        assert_eq!((refused.status, &refused.body["code"]), (400, &json!("BAD_REQUEST")));
    }
    let path = format!("/api/v1/users/{ada_id}");
    assert_eq!(ask(&app, Method::DELETE, &path, None, Some(&ada)).await.status, 400);
    // With another one it may be.
    assert_eq!(post(&app, "/api/v1/users", draft, Some(&ada)).await.status, 201);
    assert_eq!(change(&ada_id, json!({ "role": "ADMIN" }), &ada).await.status, 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_owners_who_go_at_once_leave_one() {
    let app = TestApp::start().await;
    let (ada, ada_id) = owner(&app).await;
    let (grace, grace_id) = member(&app, &ada, "grace@example.com", "OWNER").await;
    let gone = async |id: &str, by: &str| {
        let path = format!("/api/v1/users/{id}");
        ask(&app, Method::PATCH, &path, Some(json!({ "disabled": true })), Some(by)).await.status
    };
    let (one, other) = tokio::join!(gone(&ada_id, &ada), gone(&grace_id, &grace));
    let mut both = [one, other];
    both.sort_unstable();
    assert_eq!(both, [200, 400]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_and_a_removed_account_open_nothing() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let (token, id) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let path = format!("/api/v1/users/{id}");
    let set = async |disabled: bool| {
        let body = json!({ "disabled": disabled });
        let answer = ask(&app, Method::PATCH, &path, Some(body), Some(&ada)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    };
    assert!(is_good(&app, &token).await);
    assert_eq!(set(true).await["status"], "disabled");
    assert!(!is_good(&app, &token).await);
    assert_eq!(try_sign_in(&app, "grace@example.com", PASSWORD).await.status, 403);
    // With a wrong password the answer says nothing.
    assert_eq!(try_sign_in(&app, "grace@example.com", "wrong horse 1").await.status, 401);
    set(false).await;
    assert!(!is_good(&app, &token).await, "a former sign-in is good again");
    let token = sign_in(&app, "grace@example.com", PASSWORD).await;
    assert_eq!(ask(&app, Method::DELETE, &path, None, Some(&ada)).await.status, 200);
    assert_eq!(ask(&app, Method::DELETE, &path, None, Some(&ada)).await.status, 404);
    assert!(!is_good(&app, &token).await);
    assert_eq!(try_sign_in(&app, "grace@example.com", PASSWORD).await.status, 401);
    let listed = get(&app, "/api/v1/users", Some(&ada)).await.body;
    assert_eq!((&listed["total"], &listed["users"][0]["email"]), (&json!(1), &json!(ADA)));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_made_for_somebody_has_a_password_shown_once() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let draft = json!({ "email": "grace@example.com", "name": "Grace" });
    let made = post(&app, "/api/v1/users", draft, Some(&ada)).await;
    assert_eq!((made.status, &made.body["user"]["role"]), (201, &json!("AGENT")));
    let password = text(&made.body["password"]);
    sign_in(&app, "grace@example.com", &password).await;
    let listed = get(&app, "/api/v1/users", Some(&ada)).await.body.to_string();
    assert!(!listed.contains(&password));
    app.stop().await;
}
