//! Views: saved filters of the inbox.

use serde_json::{Value, json};
use wagate::inbox::{ViewAssignee, ViewStatus};

use crate::{
    app::TestApp,
    workspace::{answered, delete, get, member, owner, post, text},
};

const VIEWS: &str = "/api/v1/inbox/views";

async fn names(app: &TestApp, credential: &str) -> Vec<String> {
    let list = answered(get(app, VIEWS, Some(credential)).await, 200);
    list["views"].as_array().unwrap().iter().map(|one| text(&one["name"])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_has_five_views_their_own_and_what_others_share() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let (grace, grace_id) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let list = answered(get(&app, VIEWS, Some(&grace)).await, 200);
    let ids: Vec<&str> =
        list["views"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["all", "mine", "unassigned", "handoff", "resolved"]);
    assert_eq!((&list["views"][0]["is_default"], &list["total"]), (&json!(true), &json!(5)));
    assert_eq!(list["views"][1]["filters"]["assigned_to"], "me");

    let filters = json!({
        "status": ["open", "assigned"], "assigned_to": "unassigned", "tags": ["vip"], "unread": true,
        "channel": "whatsapp", "search": "ada", "date_from": "2026-01-01T00:00:00Z", "handoff": false,
    });
    let draft = json!({ "name": "Unread", "filters": filters });
    let own = answered(post(&app, VIEWS, draft, Some(&grace)).await, 201);
    for (name, value) in filters.as_object().unwrap() {
        assert_eq!(&own["filters"][name], value, "{name}");
    }
    assert_eq!((&own["filters"]["date_to"], &own["shared"]), (&Value::Null, &json!(false)));
    let shared = json!({ "name": "Of all", "shared": true });
    let shared = answered(post(&app, VIEWS, shared, Some(&ada)).await, 201);
    assert_eq!(names(&app, &grace).await[5..], ["Unread", "Of all"]);
    assert_eq!(names(&app, &ada).await[5..], ["Of all"]);
    let page = get(&app, &format!("{VIEWS}?per_page=2&page=3"), Some(&grace)).await.body;
    assert_eq!((page["views"].as_array().unwrap().len(), &page["total"]), (2, &json!(7)));

    // What a list applies.
    let (services, id) = (app.gateway.services(), text(&own["id"]));
    let grace_id = Some(grace_id.parse().unwrap());
    let kept = services.views.filters(&id, grace_id).await.unwrap();
    assert_eq!(kept.statuses, [ViewStatus::Open, ViewStatus::Assigned]);
    assert_eq!((kept.assignee, kept.unread), (Some(ViewAssignee::Nobody), Some(true)));
    let mine = services.views.filters("mine", None).await.unwrap();
    assert_eq!(mine.assignee, Some(ViewAssignee::Me));
    assert!(services.views.filters(&id, None).await.is_err());

    let (own, shared) = (format!("{VIEWS}/{id}"), format!("{VIEWS}/{}", text(&shared["id"])));
    answered(delete(&app, &shared, &grace).await, 403);
    answered(delete(&app, &own, &grace).await, 200);
    answered(delete(&app, &own, &grace).await, 404);
    answered(delete(&app, &shared, &ada).await, 200);
    assert_eq!(names(&app, &grace).await.len(), 5);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn views_have_bounds_and_owners() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let (grace, _) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let (viewer, _) = member(&app, &ada, "viewer@example.com", "VIEWER").await;
    for wrong in [
        json!({}),
        json!({ "name": " " }),
        json!({ "name": "x".repeat(81) }),
        json!({ "name": "x", "filters": { "status": ["closed"] } }),
        json!({ "name": "x", "filters": { "assigned_to": "somebody" } }),
        json!({ "name": "x", "filters": { "channel": "pigeon" } }),
        json!({ "name": "x", "filters": { "tags": ["x".repeat(51)] } }),
        json!({ "name": "x", "filters": { "date_from": "yesterday" } }),
        json!({ "name": "x", "filters": {
            "date_from": "2026-01-02T00:00:00Z", "date_to": "2026-01-01T00:00:00Z",
        } }),
        json!({ "name": "x", "filters": { "nonsense": 1 } }),
    ] {
        answered(post(&app, VIEWS, wrong, Some(&ada)).await, 400);
    }
    answered(post(&app, VIEWS, json!({ "name": "x" }), Some(&viewer)).await, 403);
    assert_eq!(names(&app, &viewer).await.len(), 5);
    let ownerless = app.key_of(&["conversations"], None).await;
    answered(post(&app, VIEWS, json!({ "name": "x" }), Some(&ownerless)).await, 403);
    // Somebody else's own view does not exist.
    let own = answered(post(&app, VIEWS, json!({ "name": "x" }), Some(&ada)).await, 201);
    let path = format!("{VIEWS}/{}", text(&own["id"]));
    answered(delete(&app, &path, &grace).await, 404);
    for _ in 1..100 {
        answered(post(&app, VIEWS, json!({ "name": "x" }), Some(&ada)).await, 201);
    }
    answered(post(&app, VIEWS, json!({ "name": "x" }), Some(&ada)).await, 409);
    answered(post(&app, VIEWS, json!({ "name": "x" }), Some(&grace)).await, 201);
    app.stop().await;
}
