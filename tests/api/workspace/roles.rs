//! What each role may do on the surfaces that were there before it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{PHONE, SILENT, TestApp},
    workspace::{ask, get, member, owner},
};

/// Whether each role comes through: OWNER, ADMIN, AGENT, VIEWER.
type Allowed = [bool; 4];
const ALL: Allowed = [true; 4];
const WRITERS: Allowed = [true, true, true, false];
const ADMINS: Allowed = [true, true, false, false];

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_writes_nothing_and_an_agent_administers_nothing() {
    let app = TestApp::start_with(&[("OPENWA_AUTH", "required")]).await;
    let key = app.key().await.to_owned();
    let made = crate::workspace::post(
        &app,
        "/api/v1/auth/register",
        crate::workspace::newcomer("ada@example.com"),
        Some(&key),
    );
    let owner = crate::workspace::text(&made.await.body["token"]);
    let mut people = vec![owner.clone()];
    for role in ["ADMIN", "AGENT", "VIEWER"] {
        let email = format!("{}@example.com", role.to_lowercase());
        people.push(member(&app, &owner, &email, role).await.0);
    }
    let text = || Some(json!({ "chatId": SILENT, "content": "Hello" }));
    let chat = || Some(json!({ "instance_id": "s", "recipient": SILENT, "message": "Hello" }));
    let contact = || Some(json!({ "phone": "+15550001111" }));
    let cases: Vec<(Method, &str, Option<Value>, Allowed)> = vec![
        (Method::GET, "/api/v1/sessions", None, ALL),
        (Method::GET, "/api/v1/chat/conversations", None, ALL),
        (Method::GET, "/api/whatsapp-api/contacts", None, ALL),
        (Method::GET, "/api/v1/users", None, ALL),
        (Method::GET, "/api/v1/auth/me", None, ALL),
        (Method::POST, "/api/v1/sessions/s/send-text", text(), WRITERS),
        (Method::POST, "/api/v1/chat/send", chat(), WRITERS),
        (Method::POST, "/api/whatsapp-api/contacts", contact(), WRITERS),
        (Method::POST, "/api/v1/stream-tickets", None, WRITERS),
        (Method::POST, "/api/v1/sessions", Some(json!({})), ADMINS),
        (Method::DELETE, "/api/v1/sessions/nowhere", None, ADMINS),
        (Method::GET, "/api/v1/api-keys", None, ADMINS),
        (Method::POST, "/api/v1/api-keys", Some(json!({})), ADMINS),
        (Method::GET, "/api/v1/gateway-webhooks", None, ALL),
        (Method::POST, "/api/v1/users", Some(json!({})), ADMINS),
        (Method::GET, "/api/v1/users/invitations", None, ADMINS),
        (Method::GET, "/api/v1/vault", None, ADMINS),
        (Method::GET, "/api/v1/kb/nobody", None, ALL),
        (Method::POST, "/api/v1/kb/nobody", Some(json!({})), WRITERS),
    ];
    for (method, path, body, allowed) in cases {
        for (token, may) in people.iter().zip(allowed) {
            let answer = ask(&app, method.clone(), path, body.clone(), Some(token)).await;
            let place = format!("{method} {path}: {} {}", answer.status, answer.body);
            assert_eq!(answer.status == 403, !may, "{place}");
            assert_ne!(answer.status, 401, "{place}");
        }
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_role_counts_at_once_and_in_open_streams() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let (ada, _) = owner(&app).await;
    let (grace, id) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let stream = app.http.get(format!("{}/api/v1/events?token={grace}", app.base));
    let mut stream = stream.send().await.unwrap();
    assert_eq!(stream.status(), 200);
    assert_eq!(get(&app, "/api/v1/api-keys", Some(&grace)).await.status, 403);
    let path = format!("/api/v1/users/{id}");
    let change = Some(json!({ "role": "ADMIN" }));
    assert_eq!(ask(&app, Method::PATCH, &path, change, Some(&ada)).await.status, 200);
    let ended = async { while let Ok(Some(_)) = stream.chunk().await {} };
    let ended = tokio::time::timeout(crate::app::PATIENCE, ended).await;
    ended.expect("a stream of the former role goes on");
    assert_eq!(get(&app, "/api/v1/api-keys", Some(&grace)).await.status, 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_assigned_a_conversation_and_named_with_what_they_send() {
    let app = TestApp::start_with(&[("WAGATE_BUSINESS__OPT_IN", "off")]).await;
    app.ready("s", PHONE).await;
    let (ada, _) = owner(&app).await;
    let (grace, id) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let body = json!({ "chat": format!("{PHONE}@c.us"), "text": "Hello" });
    let (status, answer) = app.post("/_simulator/v1/accounts/15550000003/messages", body).await;
    assert_eq!(status, 200, "{answer}");
    let chat = app
        .wait_for("the conversation", async || {
            let found = get(&app, "/api/whatsapp-api/chats", Some(&grace)).await.body;
            found["chats"].get(0).cloned()
        })
        .await;
    let path = format!("/api/whatsapp-api/chats/{}", chat["id"].as_str().unwrap());
    for assignee in ["me", id.as_str()] {
        let body = Some(json!({ "userId": assignee }));
        let answer = ask(&app, Method::POST, &format!("{path}/assign"), body, Some(&grace)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.body["assignedTo"], json!({ "id": id, "name": "Somebody" }));
    }
    let mine = get(&app, "/api/whatsapp-api/chats?assignedTo=me", Some(&grace)).await.body;
    assert_eq!(mine["pagination"]["total"], 1);
    let mine = get(&app, "/api/whatsapp-api/chats?assignedTo=me", Some(&ada)).await.body;
    assert_eq!(mine["pagination"]["total"], 0);
    app.stop().await;
}
