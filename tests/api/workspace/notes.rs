//! Notes: written beside a conversation, with mentions, and never shown to the contact.

use serde_json::{Value, json};

use crate::{
    app::PHONE,
    workspace::{answered, conversation, get, kinds, member, office, post, text},
};

const PERSON: &str = "15550000031";

#[tokio::test(flavor = "multi_thread")]
async fn a_note_mentions_colleagues_and_never_reaches_the_contact() {
    let (app, ada, ada_id) = office().await;
    let (grace, grace_id) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let id = conversation(&app, &ada, PERSON).await;
    let path = format!("/api/v1/inbox/notes/{id}");
    let content = "@grace please call back. Not me, @ada, nor @nobody";
    let made = answered(post(&app, &path, json!({ "content": content }), Some(&ada)).await, 201);
    assert_eq!(made["author"], json!({ "id": ada_id, "name": "Ada Lovelace" }));
    assert_eq!(made["mentions"], json!([{ "id": grace_id, "name": "Somebody" }]));
    assert_eq!((&made["content"], &made["session_id"]), (&json!(content), &json!(id)));
    answered(post(&app, &path, json!({ "content": "Second" }), Some(&grace)).await, 201);
    let page = get(&app, &format!("{path}?per_page=1&page=2"), Some(&grace)).await.body;
    assert_eq!(page, json!({ "notes": [made], "total": 2, "page": 2, "per_page": 1 }));

    assert_eq!(kinds(&app, &grace).await.first().map(String::as_str), Some("mention"));
    assert!(!kinds(&app, &ada).await.contains(&"mention".to_owned()));
    let shown = get(&app, "/api/v1/notifications?type=mention", Some(&grace)).await.body;
    let shown = &shown["notifications"][0];
    assert_eq!(shown["data"], json!({ "session_id": id, "note_id": made["id"] }));
    assert_eq!(shown["title"], "Ada Lovelace mentioned you in a note");

    let chat = format!("/api/whatsapp-api/chats/{id}");
    let contact = text(&get(&app, &chat, Some(&ada)).await.body["chat"]["contact"]["id"]);
    let timeline = format!("/api/whatsapp-api/contacts/{contact}/timeline?type=note_added");
    let timeline = get(&app, &timeline, Some(&ada)).await.body;
    assert!(timeline.to_string().contains("note_added"), "{timeline}");
    assert!(!timeline.to_string().contains("call back"), "{timeline}");
    let phone = format!("/_simulator/v1/accounts/{PERSON}/chats/{PHONE}@c.us/messages");
    let shown = app.get(&phone).await.1.to_string();
    assert!(shown.contains("Hello") && !shown.contains("call back"), "{shown}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_have_bounds_and_are_for_those_who_see_the_conversation() {
    let (app, ada, _) = office().await;
    let (viewer, _) = member(&app, &ada, "viewer@example.com", "VIEWER").await;
    let id = conversation(&app, &ada, PERSON).await;
    let path = format!("/api/v1/inbox/notes/{id}");
    for (body, field) in [
        (json!({}), "content"),
        (json!({ "content": "  " }), "content"),
        (json!({ "content": "x".repeat(5_001) }), "content"),
        (json!({ "content": "x", "nonsense": 1 }), "nonsense"),
    ] {
        let refused = answered(post(&app, &path, body, Some(&ada)).await, 400);
        assert!(refused["details"]["fields"].get(field).is_some(), "{refused}");
    }
    let longest = json!({ "content": "x".repeat(5_000) });
    answered(post(&app, &path, longest, Some(&ada)).await, 201);
    answered(post(&app, &path, json!({ "content": "x" }), Some(&viewer)).await, 403);
    assert_eq!(get(&app, &path, Some(&viewer)).await.body["total"], 1);
    answered(get(&app, &path, None).await, 401);
    let unknown = "/api/v1/inbox/notes/00000000-0000-4000-8000-00000000000f";
    answered(get(&app, unknown, Some(&ada)).await, 404);
    let body = json!({ "content": "x" });
    answered(post(&app, unknown, body.clone(), Some(&ada)).await, 404);
    app.create("other").await;
    let bound = app.key_of(&["conversations"], Some("other")).await;
    answered(get(&app, &path, Some(&bound)).await, 404);
    answered(post(&app, &path, body, Some(&bound)).await, 404);
    let keyed = app.key_of(&["conversations"], None).await;
    let made = answered(post(&app, &path, json!({ "content": "By key" }), Some(&keyed)).await, 201);
    assert_eq!(made["author"]["name"], Value::from("test"));
    app.stop().await;
}
