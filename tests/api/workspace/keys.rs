//! API keys of people: they reach as far as their owner, and end with them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    workspace::{ask, conversation, get, member, office, owner, post, text},
};

const CONTACTS: &str = "/api/whatsapp-api/contacts";

/// A key for everything, made with a credential; its secret and its record.
async fn key(app: &TestApp, with: &str) -> (String, Value) {
    let draft = json!({ "name": "a key", "scopes": ["*"] });
    let made = post(app, "/api/v1/api-keys", draft, Some(with)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    (text(&made.body["data"]["key"]), made.body["data"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_its_makers_and_ends_with_their_account() {
    let app = TestApp::start().await;
    let (ada, ada_id) = owner(&app).await;
    let (grace, id) = member(&app, &ada, "grace@example.com", "ADMIN").await;
    let (secret, made) = key(&app, &grace).await;
    assert_eq!(made["ownerId"], id.as_str());
    // A key of a key is the same person's: else it would outlive them.
    let (second, made) = key(&app, &secret).await;
    assert_eq!(made["ownerId"], id.as_str());
    let nobodys = app.key_of(&["*"], None).await;
    let (third, made) = key(&app, &nobodys).await;
    assert_eq!(made["ownerId"], Value::Null);

    let me = async |key: &str| {
        let request = app.http.get(format!("{}/api/v1/auth/me", app.base));
        request.header("x-api-key", key).send().await.unwrap()
    };
    let answer: Value = me(&secret).await.json().await.unwrap();
    assert_eq!(answer["user"]["id"], id.as_str());
    assert_eq!(me(&nobodys).await.status(), 403);
    assert_eq!(get(&app, "/api/v1/users", Some(&nobodys)).await.status, 200);
    // What concerns the sign-in itself needs a sign-in.
    for path in ["/api/v1/auth/logout", "/api/v1/auth/totp/setup"] {
        assert_eq!(post(&app, path, json!({}), Some(&secret)).await.status, 403, "{path}");
    }
    // A key of an administrator is no owner's either.
    let path = format!("/api/v1/users/{ada_id}/reset-code");
    assert_eq!(post(&app, &path, json!({}), Some(&secret)).await.status, 403);
    assert_eq!(post(&app, &path, json!({}), Some(&nobodys)).await.status, 200);

    let path = format!("/api/v1/users/{id}");
    assert_eq!(ask(&app, Method::DELETE, &path, None, Some(&ada)).await.status, 200);
    for (key, expected) in [(&secret, 401), (&second, 401), (&third, 200), (&nobodys, 200)] {
        assert_eq!(get(&app, CONTACTS, Some(key)).await.status, expected);
    }
    let listed = get(&app, "/api/v1/api-keys", Some(&ada)).await.body;
    let of_grace: Vec<&Value> = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|key| key["ownerId"] == id.as_str())
        .collect();
    assert_eq!(of_grace.len(), 2);
    assert!(of_grace.iter().all(|key| key["revokedAt"].is_string()));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_capped_by_the_role_of_its_owner_at_any_time() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let (grace, id) = member(&app, &ada, "grace@example.com", "ADMIN").await;
    let (secret, _) = key(&app, &grace).await;
    let change = async |body: Value| {
        let path = format!("/api/v1/users/{id}");
        assert_eq!(ask(&app, Method::PATCH, &path, Some(body), Some(&ada)).await.status, 200);
    };
    let statuses = async || {
        let contact = json!({ "phone": "+15550001111" });
        [
            get(&app, CONTACTS, Some(&secret)).await.status,
            post(&app, CONTACTS, contact, Some(&secret)).await.status,
            get(&app, "/api/v1/api-keys", Some(&secret)).await.status,
        ]
    };
    assert_eq!(statuses().await, [200, 201, 200]);
    change(json!({ "role": "AGENT" })).await;
    assert_eq!(statuses().await, [200, 409, 403]);
    change(json!({ "role": "VIEWER" })).await;
    assert_eq!(statuses().await, [200, 403, 403]);
    change(json!({ "disabled": true })).await;
    assert_eq!(statuses().await, [401, 401, 401]);
    change(json!({ "disabled": false, "role": "ADMIN" })).await;
    assert_eq!(statuses().await, [200, 409, 200]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_key_of_a_person_takes_is_that_persons_on_both_surfaces() {
    let (app, ada, ada_id) = office().await;
    let (secret, _) = key(&app, &ada).await;
    let chat = format!("/api/whatsapp-api/chats/{}", conversation(&app, &ada, "15550000081").await);
    let take = json!({ "userId": "me" });
    let taken = post(&app, &format!("{chat}/assign"), take, Some(&secret)).await;
    let expected = json!({ "id": ada_id, "name": "Ada Lovelace" });
    assert_eq!((taken.status, &taken.body["assignedTo"]), (200, &expected), "{}", taken.body);
    for credential in [&ada, &secret] {
        let path = "/api/whatsapp-api/chats?assignedTo=me";
        let mine = get(&app, path, Some(credential)).await.body;
        assert_eq!(mine["pagination"]["total"], 1, "{mine}");
    }
    app.stop().await;
}
