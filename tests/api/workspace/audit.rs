//! The audit log: what administrators change is in it, with who did it and what became of it, and no more.

use serde_json::{Value, json};

use crate::{
    app::TestApp,
    workspace::{PASSWORD, answered, delete, get, member, on_a_clock, owner, post, put, text},
};

const AUDIT: &str = "/api/v1/audit";
const KEYS: &str = "/api/v1/api-keys";

async fn entries(app: &TestApp, owner: &str, query: &str) -> Vec<Value> {
    let page = answered(get(app, &format!("{AUDIT}?limit=100{query}"), Some(owner)).await, 200);
    page["data"]["entries"].as_array().unwrap().clone()
}

fn actions(entries: &[Value]) -> Vec<String> {
    entries.iter().map(|entry| text(&entry["action"])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_listed_with_who_made_them_and_what_became_of_them() {
    let (app, clock) = on_a_clock(&[]).await;
    let (ada, ada_id) = owner(&app).await;
    let draft = json!({ "name": "reports", "scopes": ["read"] });
    let key = answered(post(&app, KEYS, draft, Some(&ada)).await, 201)["data"].clone();
    let (id, secret) = (text(&key["id"]), text(&key["key"]));
    let refused = json!({ "name": "reports", "scopes": ["nothing"] });
    answered(post(&app, KEYS, refused, Some(&ada)).await, 400);
    clock.advance(std::time::Duration::from_secs(60));
    let later = clock.now();
    answered(delete(&app, &format!("{KEYS}/{id}"), &ada).await, 200);

    let all = entries(&app, &ada, "").await;
    assert_eq!(actions(&all), ["revokeApiKey", "createApiKey", "createApiKey"]);
    let outcome = |entry: &Value| (text(&entry["outcome"]), entry["status"].clone());
    let expected = [("done", 200), ("refused", 400), ("done", 201)];
    let expected = expected.map(|(outcome, status)| (outcome.to_owned(), json!(status)));
    assert_eq!(all.iter().map(outcome).collect::<Vec<_>>(), expected);
    let who = json!({ "type": "person", "id": ada_id, "name": "Ada Lovelace" });
    assert!(all.iter().all(|entry| entry["actor"] == who), "{all:?}");
    assert_eq!(all[0]["path"], format!("{KEYS}/{id}"));
    assert_eq!(all[0]["address"], "127.0.0.1");
    let written = json!(all).to_string();
    assert!(!written.contains(&secret) && !written.contains("nothing"), "{written}");

    assert_eq!(actions(&entries(&app, &ada, "&action=revokeApiKey").await), ["revokeApiKey"]);
    assert_eq!(entries(&app, &ada, &format!("&from={later}")).await.len(), 1);
    assert_eq!(entries(&app, &ada, &format!("&to={later}")).await.len(), 2);
    assert_eq!(entries(&app, &ada, &format!("&actor={ada_id}")).await.len(), 3);
    assert_eq!(entries(&app, &ada, &format!("&actor={id}")).await.len(), 0);
    let page = answered(get(&app, &format!("{AUDIT}?limit=2&page=2"), Some(&ada)).await, 200);
    assert_eq!(page["data"]["entries"][0]["number"], 1);
    assert_eq!(page["data"]["pagination"]["total"], 3);
    for wrong in ["actor=ada", "from=yesterday", "to=never"] {
        let answer = answered(get(&app, &format!("{AUDIT}?{wrong}"), Some(&ada)).await, 400);
        let field = wrong.split_once('=').unwrap().0;
        assert!(answer["error"]["details"]["fields"][field].is_array(), "{answer}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keys_and_people_do_to_their_sign_in_is_noted_and_daily_work_is_not() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let key = app.key().await.to_owned();
    let (grace, grace_id) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let change = json!({ "current_password": PASSWORD, "new_password": "another horse 8" });
    answered(put(&app, "/api/v1/auth/password", change, &grace).await, 200);
    answered(post(&app, "/api/v1/presence/heartbeat", json!({}), Some(&grace)).await, 200);
    answered(post(&app, KEYS, json!({ "name": "a", "scopes": ["read"] }), Some(&key)).await, 201);
    let all = entries(&app, &ada, "").await;
    let own = entries(&app, &ada, &format!("&actor={grace_id}")).await;
    assert_eq!(actions(&own), ["changePassword"]);
    let of_key = all.iter().find(|entry| entry["actor"]["type"] == "key").unwrap();
    assert_eq!(of_key["action"], "createApiKey");
    assert!(!json!(all).to_string().contains("horse"), "{all:?}");
    assert!(!actions(&all).iter().any(|action| action.contains("eartbeat")), "{all:?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_for_owners_alone() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    for role in ["ADMIN", "AGENT", "VIEWER"] {
        let (other, _) = member(&app, &ada, &format!("{role}@example.com"), role).await;
        assert_eq!(get(&app, AUDIT, Some(&other)).await.status, 403, "{role}");
    }
    app.stop().await;
}
