//! What callers do here without the engine stands in the log, in the same commit, and open-wa's listeners get none
//! of it.

use reqwest::Method;
use serde_json::json;
use wagate::{
    domain::{Body, Event},
    messaging::ChatEvent,
};

use crate::{
    app::{PHONE, SILENT, TestApp},
    chat::{conversation, send, write},
};

const ADA: &str = "15550000011";

/// The events of the family that the log holds above a number.
async fn own(app: &TestApp, after: u64) -> Vec<ChatEvent> {
    let events = app.gateway.services().events.read(None, after, 1_000).await.unwrap();
    events.iter().filter_map(|event| event.body.read::<ChatEvent>()).collect()
}

async fn kinds(app: &TestApp, after: u64) -> Vec<String> {
    let events = app.gateway.services().events.read(None, after, 1_000).await.unwrap();
    let is_own = |event: &&std::sync::Arc<Event>| matches!(&event.body, Body::Module(module) if module.family == "chats");
    events.iter().filter(is_own).map(|event| event.body.name().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_made_here_is_an_event_of_the_log_and_of_no_listener() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let sent = send(&app, SILENT, "hello").await;
    let id = sent["conversation"]["id"].as_str().unwrap().to_owned();
    let newest = || app.gateway.services().events.newest();
    let begun = newest();

    let (_, made) = app.post("/api/v1/tags", json!({ "name": "VIP" })).await;
    let tag = made["data"]["tag"]["id"].as_str().unwrap().to_owned();
    let tags = format!("/api/v1/conversations/{id}/tags");
    let path = format!("/api/v1/tags/{tag}");
    for list in [json!([tag]), json!([tag]), json!([]), json!([tag])] {
        let body = json!({ "tag_ids": list });
        assert_eq!(app.call(Method::PUT, &tags, Some(body)).await.0, 200);
    }
    app.call(Method::PATCH, &path, Some(json!({ "name": "Gold" }))).await;
    assert_eq!(app.call(Method::DELETE, &path, None).await.0, 200);
    let chat = format!("/api/v1/chat/conversations/{id}");
    app.post(&format!("{chat}/pause-automation"), json!({ "reason": "lunch" })).await;
    for _ in 0..2 {
        app.post(&format!("{chat}/resume-automation"), json!({})).await;
    }
    let expected = [
        "tag_created",
        // The same tags again, and automation that was not paused, change nothing.
        "conversation_tagged",
        "conversation_tagged",
        "conversation_tagged",
        "tag_changed",
        "conversation_tagged",
        "tag_deleted",
        "automation_paused",
        "automation_resumed",
    ];
    assert_eq!(kinds(&app, begun).await, expected);
    let events = own(&app, begun).await;
    assert!(
        events.iter().any(|event| matches!(event, ChatEvent::TagChanged { tag, former_name, .. }
        if tag.name == "Gold" && former_name == "VIP"))
    );
    assert!(events.iter().any(|event| matches!(event, ChatEvent::AutomationPaused { pause, .. }
        if pause.reason.as_deref() == Some("lunch"))));

    write(&app, ADA, "unread").await;
    let ada = conversation(&app, ADA).await;
    let ada = format!("/api/v1/conversations/{}", ada["id"].as_str().unwrap());
    let before = newest();
    for action in ["mark-read", "mark-read", "archive", "unarchive"] {
        assert_eq!(app.post(&format!("{ada}/{action}"), json!({})).await.0, 200, "{action}");
    }
    let events = app.gateway.services().events.read(None, before, 1_000).await.unwrap();
    // The engine may tell of it first; then it is no news.
    let archived: Vec<bool> = events
        .iter()
        .filter_map(|event| match (event.body.whatsapp(), event.body.read()) {
            (Some(wagate::domain::WaEvent::ChatUpdated { chat }), _) => Some(chat.archived),
            (_, Some(ChatEvent::ChatArchived { archived, .. })) => Some(archived),
            _ => None,
        })
        .collect();
    assert!(archived.contains(&true) && archived.last() == Some(&false), "{events:?}");

    let before = newest();
    let message = sent["message"]["uuid"].as_str().unwrap();
    let path = format!("/api/v1/chat/messages/{message}?for=me");
    let (status, answer) = app.call(Method::DELETE, &path, None).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(app.call(Method::DELETE, &format!("/api/v1/conversations/{id}"), None).await.0, 200);
    assert_eq!(kinds(&app, before).await, ["message_deleted", "conversation_deleted"]);

    // A listener of everything gets what it got before there were such events, and no other.
    let url = format!("/api/v1/events?since=0&until={}", newest());
    let (_, stream) = app.text(&url).await;
    let words = ["tag", "pause", "resume", "chat_read", "deleted", "archived", "fetched"];
    for name in stream.lines().filter_map(|line| line.strip_prefix("event: ")) {
        assert!(words.iter().all(|word| !name.contains(word)), "{name}");
    }
    assert!(stream.contains("event: message_sent"), "{stream}");
    app.stop().await;
}
