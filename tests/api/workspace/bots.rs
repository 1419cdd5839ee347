//! Bots over HTTP: made, changed, activated, copied, deleted, and who sees them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    workspace::{ask, get, member, owner, post, text},
};

pub async fn bot(app: &TestApp, token: &str, draft: Value) -> Value {
    let made = post(app, "/api/v1/bots", draft, Some(token)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body
}

pub async fn activate(app: &TestApp, token: &str, bot: &Value) {
    let path = format!("/api/v1/bots/{}/activate", text(&bot["id"]));
    let answer = post(app, &path, json!({}), Some(token)).await;
    assert_eq!((answer.status, &answer.body["status"]), (200, &json!("active")), "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_is_made_changed_activated_copied_and_deleted() {
    let app = TestApp::start().await;
    app.create("shop").await;
    let (token, person) = owner(&app).await;
    let made = bot(&app, &token, json!({ "name": "Support Bot", "domain": "support" })).await;
    for (field, value) in [
        ("name", json!("Support Bot")),
        ("domain", json!("support")),
        ("status", json!("draft")),
        ("is_active", json!(false)),
        ("language", json!("auto")),
        ("business_task", json!("customer_support")),
        ("welcome_message", Value::Null),
        ("channels", json!([{ "type": "web" }])),
        ("trigger_keywords", json!([])),
        ("owner_id", json!(person)),
        ("stats", json!({ "sessions": 0, "messages": 0 })),
        (
            "model",
            json!({ "provider": "embedded", "name": null, "temperature": 0.3, "max_tokens": null }),
        ),
        (
            "handoff",
            json!({ "enabled": true, "keywords": [], "max_turns": 10, "after_fallbacks": 2 }),
        ),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    let token_of_page = text(&made["public_token"]);
    assert!(token_of_page.starts_with("pk_") && token_of_page.len() == 25, "{token_of_page}");
    assert!(text(&made["system_prompt"]).contains("customers"));
    let path = format!("/api/v1/bots/{}", text(&made["id"]));
    assert_eq!(get(&app, &path, Some(&token)).await.body, made);

    let put = async |body: Value| ask(&app, Method::PUT, &path, Some(body), Some(&token)).await;
    let named = put(json!({ "name": "Help desk" })).await;
    assert_eq!(named.status, 200, "{}", named.body);
    let mut expected = made.clone();
    (expected["name"], expected["updated_at"]) =
        (json!("Help desk"), named.body["updated_at"].clone());
    assert_eq!(named.body, expected);
    let changed = put(json!({
        "welcome_message": "Welcome!", "system_prompt": null, "max_turns": 3, "language": "pt-BR",
        "handoff": { "keywords": ["boss"], "after_fallbacks": 1 }, "model": { "max_tokens": 200 },
        "channels": [{ "type": "whatsapp", "session_id": "shop" }], "regenerate_public_token": true,
        "allowed_origins": ["https://Example.com/"], "widget": { "color": "#1f6feb", "position": "bottom-left" },
    }))
    .await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let changed = changed.body;
    for (field, value) in [
        ("welcome_message", json!("Welcome!")),
        ("system_prompt", Value::Null),
        ("language", json!("pt-BR")),
        ("channels", json!([{ "type": "whatsapp", "session_id": "shop" }])),
        ("allowed_origins", json!(["https://example.com"])),
        (
            "handoff",
            json!({ "enabled": true, "keywords": ["boss"], "max_turns": 3, "after_fallbacks": 1 }),
        ),
        (
            "widget",
            json!({
                "color": "#1f6feb", "position": "bottom-left", "title": null, "avatar_url": null,
                "suggestions": [],
            }),
        ),
    ] {
        assert_eq!(changed[field], value, "{field}");
    }
    assert_ne!(text(&changed["public_token"]), token_of_page);

    activate(&app, &token, &made).await;
    let rival =
        json!({ "name": "Rival", "channels": [{ "type": "whatsapp", "session_id": "shop" }] });
    let rival = bot(&app, &token, rival).await;
    let rival_path = format!("/api/v1/bots/{}", text(&rival["id"]));
    let activation = format!("{rival_path}/activate");
    let refused = post(&app, &activation, json!({}), Some(&token)).await;
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("CONFLICT")));
    let called = json!({ "trigger_keywords": ["rival"] });
    assert_eq!(ask(&app, Method::PUT, &rival_path, Some(called), Some(&token)).await.status, 200);
    assert_eq!(post(&app, &activation, json!({}), Some(&token)).await.status, 200);
    // The same bots are the AI agents of the business API.
    let (_, agents) = app.get("/api/whatsapp-api/ai-agents?status=active").await;
    assert_eq!(agents["agents"].as_array().unwrap().len(), 2, "{agents}");
    let rest = post(&app, &activation, json!({ "active": false }), Some(&token)).await;
    assert_eq!((rest.status, &rest.body["status"]), (200, &json!("inactive")));

    let copy = post(&app, &format!("{path}/duplicate"), json!({}), Some(&token)).await;
    assert_eq!(copy.status, 201, "{}", copy.body);
    let copy = copy.body;
    assert_eq!((&copy["name"], &copy["status"]), (&json!("Help desk (copy)"), &json!("draft")));
    assert_eq!((&copy["channels"], &copy["welcome_message"]), (&json!([]), &json!("Welcome!")));
    assert_ne!(copy["public_token"], changed["public_token"]);
    let listed = get(&app, "/api/v1/bots?status=draft&search=COPY", Some(&token)).await.body;
    assert_eq!((listed["total"].as_u64(), &listed["bots"][0]["id"]), (Some(1), &copy["id"]));
    let gone = ask(&app, Method::DELETE, &path, None, Some(&token)).await;
    assert_eq!((gone.status, &gone.body["id"]), (200, &made["id"]));
    assert_eq!(get(&app, &path, Some(&token)).await.status, 404);
    assert_eq!(get(&app, "/api/v1/bots", Some(&token)).await.body["total"], 2);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_is_its_owners_and_of_those_who_administer() {
    let app = TestApp::start().await;
    let (token, _) = owner(&app).await;
    let (admin, _) = member(&app, &token, "admin@example.com", "ADMIN").await;
    let (agent, agent_id) = member(&app, &token, "agent@example.com", "AGENT").await;
    let (other, _) = member(&app, &token, "other@example.com", "AGENT").await;
    let (viewer, _) = member(&app, &token, "viewer@example.com", "VIEWER").await;
    let draft = json!({ "name": "Support Bot", "domain": "support" });
    let refused = post(&app, "/api/v1/bots", draft.clone(), Some(&viewer)).await;
    assert_eq!((refused.status, &refused.body["code"]), (403, &json!("FORBIDDEN")));
    assert_eq!(post(&app, "/api/v1/bots", draft.clone(), None).await.status, 401);
    let own = bot(&app, &agent, draft.clone()).await;
    assert_eq!(own["owner_id"], json!(agent_id));
    bot(&app, &token, draft).await;
    let path = format!("/api/v1/bots/{}", text(&own["id"]));
    for (who, expected, count) in
        [(&token, 200, 2), (&admin, 200, 2), (&agent, 200, 1), (&other, 404, 0), (&viewer, 404, 0)]
    {
        assert_eq!(get(&app, &path, Some(who)).await.status, expected);
        assert_eq!(get(&app, "/api/v1/bots", Some(who)).await.body["total"], count);
    }
    for (method, path) in [
        (Method::PUT, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::POST, format!("{path}/activate")),
        (Method::POST, format!("{path}/duplicate")),
    ] {
        let body = (method != Method::DELETE).then(|| json!({}));
        let answer = ask(&app, method.clone(), &path, body.clone(), Some(&other)).await;
        assert_eq!(answer.status, 404, "{method} {path} {}", answer.body);
        assert_eq!(ask(&app, method, &path, body, Some(&viewer)).await.status, 403);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_bot_is_named_as_it_was_written() {
    let app = TestApp::start().await;
    let (token, _) = owner(&app).await;
    let long = |length: usize| "x".repeat(length);
    for (body, field) in [
        (json!({}), "name"),
        (json!({ "name": " " }), "name"),
        (json!({ "name": long(101) }), "name"),
        (json!({ "name": "x", "domain": long(51) }), "domain"),
        (json!({ "name": "x", "language": "klingon!" }), "language"),
        (json!({ "name": "x", "temperature": 1.1 }), "temperature"),
        (json!({ "name": "x", "max_turns": 0 }), "max_turns"),
        (json!({ "name": "x", "max_turns": 3, "handoff": { "max_turns": 4 } }), "max_turns"),
        (json!({ "name": "x", "temperature": 1, "model": { "temperature": 0 } }), "temperature"),
        (json!({ "name": "x", "welcome_message": long(1_601) }), "welcome_message"),
        (json!({ "name": "x", "handoff": { "after_fallbacks": 21 } }), "handoff"),
        (json!({ "name": "x", "business_task": "dance" }), "business_task"),
        (json!({ "name": "x", "channels": [{ "type": "whatsapp" }] }), "channels"),
        (json!({ "name": "x", "channels": [{ "type": "fax" }] }), "channels"),
        (
            json!({ "name": "x", "channels": [{ "type": "whatsapp", "session_id": "none" }] }),
            "channels",
        ),
        (json!({ "name": "x", "allowed_origins": ["example.com"] }), "allowed_origins"),
        (json!({ "name": "x", "widget": { "color": "red" } }), "widget"),
        (json!({ "name": "x", "widget": { "avatar_url": "http://x" } }), "widget"),
    ] {
        let answer = post(&app, "/api/v1/bots", body.clone(), Some(&token)).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (400, &json!("VALIDATION_ERROR")),
            "{body}"
        );
        let fields = answer.body["details"]["fields"].as_object().unwrap().clone();
        assert!(fields.keys().any(|key| key.starts_with(field)), "{field}: {}", answer.body);
    }
    let unknown = get(&app, "/api/v1/bots/none", Some(&token)).await;
    assert_eq!((unknown.status, &unknown.body["code"]), (404, &json!("NOT_FOUND")));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_bots_and_people_have_pages() {
    let app = TestApp::start().await;
    let (token, _) = owner(&app).await;
    for name in ["one", "two", "three"] {
        bot(&app, &token, json!({ "name": name })).await;
        member(&app, &token, &format!("{name}@example.com"), "AGENT").await;
    }
    for (path, list, field, all) in [
        ("/api/v1/bots", "bots", "name", &["one", "two", "three"][..]),
        (
            "/api/v1/users",
            "users",
            "email",
            &["ada@example.com", "one@example.com", "two@example.com", "three@example.com"],
        ),
    ] {
        let page = async |query: &str| {
            let answer = get(&app, &format!("{path}{query}"), Some(&token)).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            assert_eq!(answer.body["total"], all.len());
            let entries = answer.body[list].as_array().unwrap().iter();
            entries.map(|one| text(&one[field])).collect::<Vec<_>>()
        };
        assert_eq!(page("").await, all);
        assert_eq!(page("?per_page=2").await, &all[..2]);
        assert_eq!(page("?page=2&per_page=2").await, &all[2..]);
        assert_eq!(page("?page=2").await, [""; 0]);
        for wrong in ["?page=0", "?per_page=0", "?per_page=101", "?page=x"] {
            let refused = get(&app, &format!("{path}{wrong}"), Some(&token)).await;
            assert_eq!(refused.status, 400, "{wrong}: {}", refused.body);
        }
    }
    app.stop().await;
}
