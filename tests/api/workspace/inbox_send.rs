//! What people send from the inbox: a text, a canned response or a file, and one of these alone.

use serde_json::{Value, json};

use crate::{
    business::sending::{png, upload},
    workspace::{answered, bot, bot_replies::Desk, post, text},
};

const ADA: &str = "15550000031";
const UNKNOWN: &str = "00000000-0000-4000-8000-00000000000f";

#[tokio::test(flavor = "multi_thread")]
async fn a_canned_response_of_the_bot_is_sent_with_its_values() {
    let desk = Desk::new(json!({})).await;
    let (app, token) = (&desk.app, Some(desk.token.as_str()));
    let one = desk.says(ADA, "Hi", 2).await;
    let path = format!("/api/v1/inbox/sessions/{}/messages", text(&one["id"]));
    let canned = async |bot: &Value, content: &str| {
        let draft = json!({ "bot_id": bot, "title": "x", "content": content });
        let made = post(app, "/api/v1/inbox/canned-responses", draft, token).await;
        answered(made, 201)["id"].clone()
    };
    let hello = canned(&desk.bot["id"], "Hello, this is {{agent.name}}").await;
    let lacking = canned(&desk.bot["id"], "Hello {{contact.email}}").await;
    let of_other = canned(&json!(bot(app, &desk.token).await), "Not here").await;
    let sent = answered(post(app, &path, json!({ "canned_response_id": hello }), token).await, 201);
    assert_eq!(sent["content"], "Hello, this is Ada Lovelace");
    for (body, field) in [
        (json!({}), "content"),
        (json!({ "content": " " }), "content"),
        (json!({ "content": "x", "canned_response_id": hello }), "content"),
        (json!({ "content": "x", "media_id": UNKNOWN }), "content"),
        (json!({ "canned_response_id": hello, "media_id": UNKNOWN }), "media_id"),
        (json!({ "content": "x", "caption": "y" }), "caption"),
        (json!({ "canned_response_id": of_other }), "canned_response_id"),
        (json!({ "canned_response_id": lacking }), "canned_response_id"),
        (json!({ "canned_response_id": UNKNOWN }), "canned_response_id"),
        (json!({ "canned_response_id": "x" }), "canned_response_id"),
        (json!({ "media_id": UNKNOWN }), "media_id"),
    ] {
        let refused = answered(post(app, &path, body.clone(), token).await, 400);
        assert!(refused["details"]["fields"].get(field).is_some(), "{body}: {refused}");
    }
    // A person's key speaks for the person.
    let draft = json!({ "name": "a script", "scopes": ["*"] });
    let key = answered(post(app, "/api/v1/api-keys", draft, token).await, 201);
    let key = text(&key["data"]["key"]);
    let body = json!({ "canned_response_id": hello });
    let sent = answered(post(app, &path, body, Some(&key)).await, 201);
    assert_eq!(sent["content"], "Hello, this is Ada Lovelace");
    let said = "Hello, this is Ada Lovelace";
    desk.has(ADA, &["Welcome to Acme", said, said]).await;
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_the_library_is_sent_as_what_it_is() {
    let desk = Desk::new(json!({})).await;
    let app = &desk.app;
    let one = desk.says(ADA, "Hi", 2).await;
    let (status, answer) = upload(app, png(), "cup.png").await;
    assert_eq!(status, 201, "{answer}");
    let path = format!("/api/v1/inbox/sessions/{}/messages", text(&one["id"]));
    let body = json!({ "media_id": answer["mediaId"], "caption": "The new cup" });
    let sent = answered(post(app, &path, body, Some(&desk.token)).await, 201);
    assert_eq!((&sent["type"], &sent["content"]), (&json!("image"), &json!("The new cup")));
    assert!(sent["media_url"].is_string(), "{sent}");
    let path = format!("/_simulator/v1/accounts/{ADA}/chats/{}@c.us/messages", crate::app::PHONE);
    let shown = async || {
        // What is typed takes its time.
        desk.clock.advance(std::time::Duration::from_millis(50));
        let (_, answer) = app.get(&path).await;
        let all = answer["data"]["messages"].as_array().cloned().unwrap_or_default();
        all.into_iter().find(|one| !one["media"].is_null())
    };
    app.wait_for("the picture", shown).await;
    desk.app.stop().await;
}
