//! Flows: a conversation goes through their steps, and people, time and restarts meanwhile.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    workspace::{
        PASSWORD, answered, ask, bot_replies::Desk, delete, get, member, owner, post, sign_in, text,
    },
};

const ALL: &str = "/api/whatsapp-api/flows";
const ADA: &str = "15550000031";
const HELLO: &str = "Welcome to Acme";
const MENU: &str = "What is it about?\n\n1. My order\n2. Something else\n\nReply with a number";
const NUMBER: &str = "What is the number of your order?";

fn front_desk() -> Value {
    json!({
        "name": "Front desk", "trigger": { "type": "keyword", "keywords": ["desk"] },
        "steps": [
            { "id": "hello", "type": "message", "text": "Hello!" },
            {
                "id": "topic", "type": "menu", "text": "What is it about?", "retry": 1,
                "options": [
                    { "id": "order", "title": "My order" },
                    { "id": "other", "title": "Something else", "next": "person" },
                ],
            },
            {
                "id": "number", "type": "question", "text": NUMBER, "validate": "number",
                "saveTo": "attributes.order",
            },
            { "id": "tag", "type": "tag", "add": ["order"] },
            { "id": "pause", "type": "wait", "minutes": 10 },
            { "id": "thanks", "type": "message", "text": "Thank you." },
            { "id": "end", "type": "end" },
            { "id": "person", "type": "handoff", "message": "One moment" },
        ],
    })
}

impl Desk {
    async fn flow(&self, body: Value) -> Value {
        answered(post(&self.app, ALL, body, Some(&self.token)).await, 201)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_goes_through_a_flow_before_the_bot_answers_again() {
    let desk = Desk::new(json!({})).await;
    desk.flow(front_desk()).await;
    desk.says(ADA, "Hi", 2).await;
    let session = desk.says(ADA, "The desk, please", 5).await;
    assert_eq!(session["status"], "bot");
    let services = desk.app.gateway.services();
    let status = async || {
        let path = format!("/api/whatsapp-api/chats/{}", text(&session["id"]));
        get(&desk.app, &path, Some(&desk.token)).await.body["chat"]["status"].clone()
    };
    assert_eq!(status().await, "BOT_ACTIVE");
    // What is no answer is asked again.
    desk.says(ADA, "Tea", 7).await;
    desk.says(ADA, "1", 9).await;
    desk.says(ADA, "4711", 10).await;
    desk.until(ADA, |one| one["tags"] == json!(["order"])).await;
    let contact = async || {
        let path = "/api/whatsapp-api/contacts?search=15550000031";
        get(&desk.app, path, Some(&desk.token)).await.body["contacts"][0].clone()
    };
    assert_eq!(contact().await["attributes"]["order"], "4711");
    // During a pause nobody else answers.
    desk.says(ADA, "Hi", 11).await;
    desk.clock.advance(Duration::from_secs(601));
    desk.until(ADA, |one| one["message_count"] == 12).await;
    assert_eq!(status().await, "OPEN");
    desk.says(ADA, "Hi", 14).await;
    desk.has(ADA, &[HELLO, "Hello!", MENU, MENU, NUMBER, "Thank you.", HELLO]).await;
    services.inbox.caught_up().await.unwrap();
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_option_and_too_many_answers_that_are_none_lead_to_a_person() {
    let desk = Desk::new(json!({})).await;
    desk.flow(front_desk()).await;
    desk.says(ADA, "desk", 3).await;
    let one = desk.says(ADA, "Something ELSE", 5).await;
    assert_eq!((&one["status"], &one["handoff_reason"]), (&json!("open"), &json!("automation")));
    // The bot and flows are silent from then on.
    desk.says(ADA, "desk", 6).await;
    let bob = "15550000032";
    desk.says(bob, "desk", 3).await;
    desk.says(bob, "Tea", 5).await;
    let one = desk.says(bob, "Tea", 6).await;
    assert_eq!((&one["status"], &one["handoff_requested"]), (&json!("open"), &json!(true)));
    desk.has(ADA, &["Hello!", MENU, "One moment"]).await;
    desk.has(bob, &["Hello!", MENU, MENU]).await;
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_takes_over_stops_a_flow_and_nobody_who_answers_ends_it() {
    let desk = Desk::new(json!({})).await;
    desk.flow(front_desk()).await;
    let one = desk.says(ADA, "desk", 3).await;
    let path = format!("/api/v1/inbox/sessions/{}/messages", text(&one["id"]));
    let said = json!({ "content": "I take this" });
    answered(post(&desk.app, &path, said, Some(&desk.token)).await, 201);
    desk.until(ADA, |one| one["status"] == "assigned").await;
    desk.says(ADA, "1", 5).await;
    let bob = "15550000032";
    let one = desk.says(bob, "desk", 3).await;
    assert_eq!(one["status"], "bot");
    desk.clock.advance(Duration::from_secs(24 * 3_600 + 1));
    // The sign-in has ended, too.
    let token = sign_in(&desk.app, "ada@example.com", PASSWORD).await;
    let desk = Desk { token, ..desk };
    desk.until(bob, |one| one["status"] == "open").await;
    desk.has(ADA, &["Hello!", MENU, "I take this"]).await;
    desk.has(bob, &["Hello!", MENU]).await;
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_that_is_due_where_automation_is_paused_or_the_conversation_is_deleted_ends() {
    let desk = Desk::new(json!({})).await;
    desk.flow(front_desk()).await;
    let waits = async |person: &str| {
        desk.says(person, "desk", 3).await;
        desk.says(person, "1", 5).await;
        desk.says(person, "4711", 6).await
    };
    let of_ada = text(&waits(ADA).await["id"]);
    let bob = "15550000032";
    let of_bob = text(&waits(bob).await["id"]);
    let automation = async |what: &str| {
        let path = format!("/api/v1/chat/conversations/{of_ada}/{what}-automation");
        answered(post(&desk.app, &path, json!({}), Some(&desk.token)).await, 200)
    };
    automation("pause").await;
    let path = format!("/api/v1/chat/sessions/{of_bob}");
    answered(delete(&desk.app, &path, &desk.token).await, 200);
    desk.clock.advance(Duration::from_secs(601));
    desk.until(ADA, |one| one["status"] == "open").await;
    automation("resume").await;
    // The bot answers again, and nothing of the flow was said meanwhile.
    desk.says(ADA, "Hi", 8).await;
    desk.has(ADA, &["Hello!", MENU, NUMBER, HELLO]).await;
    let due = async || (desk.logged("flow.due").await.len() == 2).then_some(());
    desk.app.wait_for("the end of both pauses", due).await;
    desk.app.gateway.services().inbox.caught_up().await.unwrap();
    desk.has(bob, &["Hello!", MENU, NUMBER]).await;
    assert!(desk.app.gateway.services().outbox.stats().await.unwrap().is_empty());
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_that_is_deleted_or_loses_a_step_lets_its_conversations_go() {
    let desk = Desk::new(json!({})).await;
    let flow = desk.flow(front_desk()).await;
    desk.says(ADA, "desk", 3).await;
    let path = format!("{ALL}/{}", text(&flow["id"]));
    let steps = json!([{ "id": "other", "type": "message", "text": "x" }]);
    let body = Some(json!({ "steps": steps }));
    answered(ask(&desk.app, Method::PATCH, &path, body, Some(&desk.token)).await, 200);
    let one = desk.says(ADA, "1", 4).await;
    assert_eq!(one["status"], "open");
    let bob = "15550000032";
    let body = Some(json!({ "steps": front_desk()["steps"] }));
    answered(ask(&desk.app, Method::PATCH, &path, body, Some(&desk.token)).await, 200);
    desk.says(bob, "desk", 3).await;
    answered(delete(&desk.app, &path, &desk.token).await, 200);
    // The bot answers again.
    desk.says(bob, "Hi", 5).await;
    desk.has(bob, &["Hello!", MENU, HELLO]).await;
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_gone_through_is_refused_and_flows_are_for_administrators() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let (grace, _) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let with = |field: &str, value: Value| {
        let mut body = front_desk();
        body[field] = value;
        body
    };
    let end = json!({ "id": "e", "type": "end" });
    for (body, named) in [
        (with("name", json!("")), "name"),
        (with("trigger", json!({ "type": "keyword" })), "trigger.keywords"),
        (with("trigger", json!({ "type": "moon" })), "trigger.type"),
        (with("sessionId", json!("nowhere")), "sessionId"),
        (with("agentId", json!("00000000-0000-4000-8000-00000000000f")), "agentId"),
        (with("steps", json!([])), "steps"),
        (with("steps", json!([{ "id": "a", "type": "dance" }])), "steps[0].type"),
        (with("steps", json!([{ "id": "a", "type": "message" }])), "steps[0].text"),
        (with("steps", json!([{ "id": "a", "type": "end", "text": "x" }])), "steps[0].text"),
        (
            with("steps", json!([{ "id": "a", "type": "message", "text": "x", "next": "b" }])),
            "steps[0].next",
        ),
        (with("steps", json!([end, { "id": "b", "type": "message", "text": "x" }])), "steps[1]"),
        (
            with("steps", json!([{ "id": "a", "type": "message", "text": "x", "next": "a" }])),
            "steps[0]",
        ),
        (
            with("steps", json!([{ "id": "a", "type": "question", "text": "x", "saveTo": "y" }])),
            "steps[0].saveTo",
        ),
    ] {
        let refused = post(&app, ALL, body, Some(&ada)).await;
        assert_eq!(refused.status, 400, "{named}: {}", refused.body);
        assert!(refused.body.to_string().contains(named), "{named}: {}", refused.body);
    }
    answered(post(&app, ALL, front_desk(), Some(&grace)).await, 403);
    let made = answered(post(&app, ALL, front_desk(), Some(&ada)).await, 201);
    assert_eq!(made["steps"][0], json!({ "id": "hello", "type": "message", "text": "Hello!" }));
    // A flow without a bot is for administrators.
    for (who, count) in [(&ada, 1), (&grace, 0)] {
        let all = answered(get(&app, ALL, Some(who)).await, 200);
        assert_eq!(all["flows"].as_array().unwrap().len(), count);
    }
    app.stop().await;
}
