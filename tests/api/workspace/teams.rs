//! Teams: made, joined, left, and the bots that they share.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    workspace::{
        PASSWORD, answered, ask, bot, conversation, delete, get, is_good, kinds, member, office,
        owner, post, text,
    },
};

const TEAMS: &str = "/api/v1/teams";

async fn team(app: &TestApp, credential: &str, name: &str) -> String {
    let made = answered(post(app, TEAMS, json!({ "name": name }), Some(credential)).await, 201);
    assert_eq!((&made["name"], &made["role"]), (&json!(name), &json!("owner")));
    text(&made["id"])
}

async fn invite(app: &TestApp, credential: &str, team: &str, email: &str, role: &str) -> Value {
    let body = json!({ "email": email, "role": role });
    let path = format!("{TEAMS}/{team}/invite");
    let made = answered(post(app, &path, body, Some(credential)).await, 201);
    made["invite"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_with_an_account_is_a_member_at_once_and_others_by_their_link() {
    let app = TestApp::start().await;
    let (ada, ada_id) = owner(&app).await;
    let (grace, grace_id) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let id = team(&app, &ada, "Support").await;
    let added = invite(&app, &ada, &id, "GRACE@example.com", "admin").await;
    assert_eq!((&added["status"], &added["role"]), (&json!("accepted"), &json!("admin")));
    assert!(added.get("url").is_none(), "{added}");
    let again = json!({ "email": "grace@example.com" });
    let path = format!("{TEAMS}/{id}/invite");
    answered(post(&app, &path, again, Some(&ada)).await, 409);
    assert_eq!(kinds(&app, &grace).await, ["team_invite"]);

    let pending = invite(&app, &ada, &id, "joan@example.com", "viewer").await;
    assert_eq!(pending["status"], "pending");
    let link = text(&pending["url"]);
    let members = format!("{TEAMS}/{id}/members");
    let listed = answered(get(&app, &members, Some(&grace)).await, 200);
    assert_eq!((&listed["total"], &listed["invites"][0]["id"]), (&json!(2), &pending["id"]));
    assert!(!listed.to_string().contains("inv_"), "the link is shown once: {listed}");
    let code = link.split_once("code=").unwrap().1;
    let joan = json!({
        "email": "joan@example.com", "password": PASSWORD, "name": "Joan Clarke", "invite_code": code,
    });
    let joan = answered(post(&app, "/api/v1/auth/register", joan, None).await, 201);
    assert_eq!(joan["user"]["role"], "VIEWER");
    let me = get(&app, "/api/v1/auth/me", joan["token"].as_str()).await.body;
    assert_eq!(me["teams"], json!([{ "id": id, "name": "Support", "role": "viewer" }]));
    let listed = get(&app, &members, Some(&ada)).await.body;
    assert_eq!((&listed["total"], &listed["invites"]), (&json!(3), &json!([])));
    let of = |one: &Value| (text(&one["user_id"]), text(&one["role"]));
    let people: Vec<_> = listed["members"].as_array().unwrap().iter().map(of).collect();
    let role = |id: &str, role: &str| (id.to_owned(), role.to_owned());
    assert_eq!(people[..2], [role(&ada_id, "owner"), role(&grace_id, "admin")]);
    let page = get(&app, &format!("{members}?per_page=2&page=2"), Some(&ada)).await.body;
    assert_eq!(page["members"].as_array().unwrap().len(), 1);

    // An invitation that is withdrawn is none to the team either.
    let gone = invite(&app, &ada, &id, "mary@example.com", "agent").await;
    let path = format!("/api/v1/users/invitations/{}", text(&gone["id"]));
    answered(delete(&app, &path, &ada).await, 200);
    assert_eq!(get(&app, &members, Some(&ada)).await.body["invites"], json!([]));
    // With the account, the membership goes.
    answered(delete(&app, &format!("/api/v1/users/{grace_id}"), &ada).await, 200);
    assert_eq!(get(&app, &members, Some(&ada)).await.body["total"], 2);
    assert!(!is_good(&app, &grace).await);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_gives_back_what_is_assigned_to_them() {
    let (app, ada, ada_id) = office().await;
    let (grace, grace_id) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let id = team(&app, &ada, "Support").await;
    invite(&app, &ada, &id, "grace@example.com", "agent").await;
    let mut chats = Vec::new();
    for person in ["15550000051", "15550000052", "15550000053"] {
        let chat = format!("/api/whatsapp-api/chats/{}", conversation(&app, &ada, person).await);
        let body = Some(json!({ "userId": grace_id }));
        let assigned = ask(&app, Method::POST, &format!("{chat}/assign"), body, Some(&ada)).await;
        assert_eq!(answered(assigned, 200)["status"], "ASSIGNED");
        chats.push(chat);
    }
    let resolve = format!("{}/resolve", chats[2]);
    answered(post(&app, &resolve, json!({ "sendCsat": false }), Some(&ada)).await, 200);
    let presence = get(&app, "/api/v1/presence/team", Some(&ada)).await.body;
    let members = presence["members"].as_array().unwrap();
    let active = members.iter().find(|one| one["user_id"] == grace_id.as_str()).unwrap();
    assert_eq!(active["active_conversations"], 2);

    let member_path = |user: &str| format!("{TEAMS}/{id}/members/{user}");
    answered(delete(&app, &member_path(&ada_id), &grace).await, 403);
    answered(delete(&app, &member_path(&grace_id), &ada).await, 200);
    for chat in &chats[..2] {
        let shown = get(&app, chat, Some(&ada)).await.body["chat"].clone();
        assert_eq!((&shown["status"], &shown["assignedTo"]), (&json!("OPEN"), &Value::Null));
    }
    assert_eq!(get(&app, &chats[2], Some(&ada)).await.body["chat"]["status"], "RESOLVED");
    answered(delete(&app, &member_path(&grace_id), &ada).await, 404);
    let last = answered(delete(&app, &member_path(&ada_id), &ada).await, 400);
    assert_eq!(last["error"], "The team needs an owner: this is the last one");
    // Anybody may leave.
    invite(&app, &ada, &id, "grace@example.com", "viewer").await;
    answered(delete(&app, &member_path(&grace_id), &grace).await, 200);
    answered(get(&app, &format!("{TEAMS}/{id}/members"), Some(&grace)).await, 404);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_bot_is_seen_by_the_members() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let (grace, _) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let id = team(&app, &grace, "Support").await;
    let bot = bot(&app, &ada).await;
    let path = format!("{TEAMS}/{id}/share-bot");
    let responses = format!("/api/v1/inbox/canned-responses/{bot}");
    // Who does not see a bot shares none.
    let body = json!({ "bot_id": bot });
    answered(post(&app, &path, body.clone(), Some(&grace)).await, 404);
    answered(get(&app, &responses, Some(&grace)).await, 404);
    let view = json!({ "bot_id": bot, "permission": "view" });
    let shared = answered(post(&app, &path, view, Some(&ada)).await, 200);
    assert_eq!(shared, json!({ "shared": true, "permission": "view" }));
    answered(get(&app, &responses, Some(&grace)).await, 200);
    let (bots, one) = ("/api/v1/bots", format!("/api/v1/bots/{bot}"));
    let name = || Some(json!({ "name": "Shared" }));
    let listed = answered(get(&app, bots, Some(&grace)).await, 200);
    assert_eq!((&listed["total"], &listed["bots"][0]["id"]), (&json!(1), &json!(bot)));
    answered(get(&app, &one, Some(&grace)).await, 200);
    answered(ask(&app, Method::PUT, &one, name(), Some(&grace)).await, 403);
    answered(post(&app, &path, body.clone(), Some(&grace)).await, 403);
    answered(post(&app, &path, body.clone(), Some(&ada)).await, 200);
    answered(ask(&app, Method::PUT, &one, name(), Some(&grace)).await, 200);
    // A viewer of the team only looks, whatever their role in the workspace.
    let (joan, _) = member(&app, &ada, "joan@example.com", "AGENT").await;
    let invitation = json!({ "email": "joan@example.com", "role": "viewer" });
    let invite = format!("{TEAMS}/{id}/invite");
    answered(post(&app, &invite, invitation, Some(&ada)).await, 201);
    answered(get(&app, &one, Some(&joan)).await, 200);
    answered(ask(&app, Method::PUT, &one, name(), Some(&joan)).await, 403);
    answered(delete(&app, &one, &joan).await, 403);
    answered(post(&app, &path, body, Some(&grace)).await, 200);
    let teams = get(&app, TEAMS, Some(&grace)).await.body;
    assert_eq!((&teams["total"], &teams["teams"][0]["bot_count"]), (&json!(1), &json!(1)));
    answered(delete(&app, &format!("/api/whatsapp-api/ai-agents/{bot}"), &ada).await, 200);
    let teams = get(&app, TEAMS, Some(&grace)).await.body;
    assert_eq!(teams["teams"][0]["bot_count"], 0);
    answered(get(&app, &responses, Some(&grace)).await, 404);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn teams_are_seen_by_their_members_and_managed_by_few() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let (grace, _) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let (joan, _) = member(&app, &ada, "joan@example.com", "AGENT").await;
    let (viewer, _) = member(&app, &ada, "viewer@example.com", "VIEWER").await;
    let id = team(&app, &grace, "Sales").await;
    // An administrator sees all, and is in none.
    let all = get(&app, TEAMS, Some(&ada)).await.body;
    assert_eq!((&all["total"], &all["teams"][0]["role"]), (&json!(1), &Value::Null));
    assert_eq!(get(&app, TEAMS, Some(&joan)).await.body["total"], 0);
    let (members, path) = (format!("{TEAMS}/{id}/members"), format!("{TEAMS}/{id}/invite"));
    let body = json!({ "email": "viewer@example.com", "role": "viewer" });
    answered(get(&app, &members, Some(&joan)).await, 404);
    answered(post(&app, &path, body.clone(), Some(&joan)).await, 404);
    answered(post(&app, &path, body.clone(), Some(&viewer)).await, 403);
    answered(post(&app, &path, body, Some(&grace)).await, 201);
    answered(get(&app, &members, Some(&viewer)).await, 200);
    answered(post(&app, TEAMS, json!({ "name": "x" }), Some(&viewer)).await, 403);
    // A member who manages nothing; and an agent brings nobody into the workspace.
    invite(&app, &grace, &id, "joan@example.com", "agent").await;
    let stranger = json!({ "email": "stranger@example.com" });
    answered(post(&app, &path, stranger.clone(), Some(&joan)).await, 403);
    answered(post(&app, &path, stranger, Some(&grace)).await, 403);
    for wrong in [json!({}), json!({ "name": " " }), json!({ "name": "x".repeat(81) })] {
        answered(post(&app, TEAMS, wrong, Some(&ada)).await, 400);
    }
    for wrong in [json!({ "email": "x" }), json!({ "email": "a@example.com", "role": "owner" })] {
        answered(post(&app, &path, wrong, Some(&ada)).await, 400);
    }
    let ownerless = app.key_of(&["*"], None).await;
    answered(post(&app, TEAMS, json!({ "name": "x" }), Some(&ownerless)).await, 403);
    assert_eq!(get(&app, TEAMS, Some(&ownerless)).await.body["total"], 1);
    app.stop().await;
}
