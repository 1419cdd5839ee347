//! Canned responses: texts of a bot.

use serde_json::{Value, json};

use crate::{
    app::TestApp,
    workspace::{answered, bot, delete, get, member, owner, post, put, text},
};

const ALL: &str = "/api/v1/inbox/canned-responses";

async fn made(app: &TestApp, credential: &str, body: Value) -> Value {
    answered(post(app, ALL, body, Some(credential)).await, 201)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_is_saved_found_changed_and_deleted() {
    let app = TestApp::start().await;
    let (ada, id) = owner(&app).await;
    let (bot, other) = (bot(&app, &ada).await, bot(&app, &ada).await);
    let hello = json!({
        "bot_id": bot, "title": "Good morning", "shortcut": "hello", "category": "Greetings",
        "content": "Hello {{contact.firstName}}",
    });
    let one = made(&app, &ada, hello.clone()).await;
    assert_eq!((&one["shortcut"], &one["created_by"]), (&json!("/hello"), &json!(id)));
    assert_eq!((&one["usage_count"], &one["bot_id"]), (&json!(0), &json!(bot)));
    let taken = json!({ "bot_id": bot, "title": "x", "shortcut": "/HELLO", "content": "x" });
    answered(post(&app, ALL, taken, Some(&ada)).await, 409);
    let of_other = json!({ "bot_id": other, "title": "x", "shortcut": "/hello", "content": "x" });
    made(&app, &ada, of_other).await;
    let bye = json!({ "bot_id": bot, "title": "Goodbye", "content": "Bye" });
    let two = made(&app, &ada, bye).await;
    let path = format!("{ALL}/{bot}");
    let found = async |query: &str| {
        let list = answered(get(&app, &format!("{path}{query}"), Some(&ada)).await, 200);
        let titles = list["canned_responses"].as_array().unwrap().iter();
        (titles.map(|one| text(&one["title"])).collect::<Vec<_>>(), list["total"].clone())
    };
    assert_eq!(found("").await, (vec!["Good morning".to_owned(), "Goodbye".to_owned()], json!(2)));
    assert_eq!(found("?q=/hel").await.0, ["Good morning"]);
    assert_eq!(found("?q=BYE").await.0, ["Goodbye"]);
    assert_eq!(found("?per_page=1&page=2").await, (vec!["Goodbye".to_owned()], json!(2)));

    let (one, two) = (format!("{ALL}/{}", text(&one["id"])), format!("{ALL}/{}", text(&two["id"])));
    answered(put(&app, &two, json!({ "shortcut": "/hello" }), &ada).await, 409);
    let change = json!({ "shortcut": null, "content": "Good day" });
    let changed = answered(put(&app, &one, change, &ada).await, 200);
    assert_eq!((&changed["shortcut"], &changed["content"]), (&Value::Null, &json!("Good day")));
    assert_eq!(changed["category"], "Greetings");
    answered(put(&app, &two, json!({ "shortcut": "/hello" }), &ada).await, 200);
    answered(delete(&app, &one, &ada).await, 200);
    answered(delete(&app, &one, &ada).await, 404);
    assert_eq!(found("").await.1, 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_have_bounds_and_are_of_bots_that_one_sees() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let (grace, _) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let (viewer, _) = member(&app, &ada, "viewer@example.com", "VIEWER").await;
    let (theirs, own) = (bot(&app, &ada).await, bot(&app, &ada).await);
    let draft = |bot: &str| json!({ "bot_id": bot, "title": "x", "content": "x" });
    for (field, value) in [
        ("title", json!("")),
        ("title", json!("x".repeat(101))),
        ("content", json!("x".repeat(4_097))),
        ("shortcut", json!("a b")),
        ("category", json!("x".repeat(51))),
    ] {
        let mut body = draft(&own);
        body[field] = value;
        let refused = answered(post(&app, ALL, body, Some(&ada)).await, 400);
        assert!(refused["details"]["fields"].get(field).is_some(), "{field}: {refused}");
    }
    let unknown = "00000000-0000-4000-8000-00000000000f";
    answered(post(&app, ALL, draft(unknown), Some(&ada)).await, 404);
    answered(get(&app, &format!("{ALL}/{unknown}"), Some(&ada)).await, 404);
    answered(post(&app, ALL, draft(&own), Some(&viewer)).await, 403);
    // To an agent who is in no team, the bots of others do not exist.
    let one = made(&app, &ada, draft(&theirs)).await;
    let path = format!("{ALL}/{}", text(&one["id"]));
    answered(get(&app, &format!("{ALL}/{theirs}"), Some(&grace)).await, 404);
    answered(post(&app, ALL, draft(&theirs), Some(&grace)).await, 404);
    answered(put(&app, &path, json!({ "title": "y" }), &grace).await, 404);
    answered(delete(&app, &path, &grace).await, 404);
    app.stop().await;
}
