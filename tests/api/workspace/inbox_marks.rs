//! Marks of conversations over HTTP: stars, read and unread, snoozes; and how a stream of the inbox tells of each change.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use wagate::domain::Clock;

use crate::{
    app::{PATIENCE, PHONE, TestApp},
    chat::write,
    workspace::{
        Answer, added_member, answered, ask, bots::bot, chat::say, get, member, on_a_clock, owner,
        post, put, text,
    },
};

const HOUR: Duration = Duration::from_secs(3_600);

struct Desk {
    app: TestApp,
    clock: Clock,
    token: String,
    bot: Value,
}

impl Desk {
    async fn new() -> Self {
        let (app, clock) = on_a_clock(&[]).await;
        let (token, _) = owner(&app).await;
        let made = bot(&app, &token, json!({ "name": "Desk" })).await;
        Self { app, clock, token, bot: made }
    }

    async fn says(&self, session: Option<&str>, words: &str) -> String {
        let body = json!({ "bot_id": self.bot["id"], "session_id": session, "message": words });
        text(&say(&self.app, &self.token, body).await["session_id"])
    }

    async fn put(&self, session: &str, what: &str, body: Value) -> Answer {
        let path = format!("/api/v1/inbox/sessions/{session}/{what}");
        put(&self.app, &path, body, &self.token).await
    }

    async fn ids(&self, query: &str) -> Vec<String> {
        let path = format!("/api/v1/inbox/conversations/{}{query}", text(&self.bot["id"]));
        let list = answered(get(&self.app, &path, Some(&self.token)).await, 200);
        let ids = list["conversations"].as_array().unwrap().iter().map(|one| text(&one["id"]));
        let ids: Vec<String> = ids.collect();
        assert_eq!(list["total"], ids.len(), "{query}");
        ids
    }

    async fn stat(&self, name: &str) -> Value {
        let path = format!("/api/v1/inbox/stats/{}", text(&self.bot["id"]));
        answered(get(&self.app, &path, Some(&self.token)).await, 200)[name].clone()
    }

    fn in_an_hour(&self) -> String {
        format!("{:.3}", self.clock.now() + HOUR)
    }
}

/// The events of the inbox that a caller gets.
struct Line {
    response: reqwest::Response,
    text: String,
}

impl Line {
    async fn open(app: &TestApp, token: &str) -> Self {
        let request = app.http.get(format!("{}/api/v1/events?inbox=true", app.base));
        let response = request.bearer_auth(token).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let mut line = Self { response, text: String::new() };
        line.reach("connected").await;
        line
    }

    async fn reach(&mut self, wanted: &str) {
        let read = async {
            while !self.text.contains(wanted) {
                let chunk = self.response.chunk().await.unwrap().expect("the stream ended");
                self.text.push_str(&String::from_utf8_lossy(&chunk));
            }
        };
        let reached = tokio::time::timeout(PATIENCE, read).await.is_ok();
        assert!(reached, "no {wanted} in {}", self.text);
    }

    /// Reads until an event has this in its data; that event.
    async fn event(&mut self, name: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let read = async {
            loop {
                let events = self.text.lines().filter_map(|line| line.strip_prefix("data: "));
                let mut events = events.filter_map(|data| serde_json::from_str(data).ok());
                let found =
                    events.find(|event: &Value| event["event"] == name && is_it(&event["data"]));
                if let Some(found) = found {
                    return found;
                }
                let chunk = self.response.chunk().await.unwrap().expect("the stream ended");
                self.text.push_str(&String::from_utf8_lossy(&chunk));
            }
        };
        match tokio::time::timeout(PATIENCE, read).await {
            Ok(found) => found,
            Err(_) => panic!("no such {name} in {}", self.text),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snoozed_conversation_is_out_of_sight_until_its_time_or_a_message() {
    let desk = Desk::new().await;
    let (one, other) =
        (desk.says(None, "a human, please").await, desk.says(None, "a human, please").await);
    for until in
        [json!("yesterday"), json!(desk.clock.now().to_string()), json!("2099-01-01T00:00:00Z")]
    {
        let refused = answered(desk.put(&one, "snooze", json!({ "until": until })).await, 400);
        assert!(refused["details"]["fields"].get("until").is_some(), "{refused}");
    }
    answered(desk.put(&one, "snooze", json!({})).await, 400);
    let until = json!({ "until": desk.in_an_hour() });
    for session in [&one, &other] {
        let snoozed = answered(desk.put(session, "snooze", until.clone()).await, 200);
        assert_eq!(snoozed["snoozed_until"], desk.in_an_hour());
        assert_eq!(snoozed["status"], "open");
    }
    assert_eq!(desk.ids("").await, [""; 0]);
    assert_eq!(desk.ids("?status=open&handoff=true").await, [""; 0]);
    assert_eq!(desk.ids("?snoozed=true").await.len(), 2);
    assert_eq!(desk.ids("?snoozed=true&status=resolved").await, [""; 0]);
    assert_eq!((desk.stat("snoozed").await, desk.stat("open").await), (json!(2), json!(0)));
    // The visitor writes: it is back.
    desk.says(Some(&other), "Are you there?").await;
    desk.app
        .wait_for("the conversation", async || {
            (desk.ids("").await == [other.clone()]).then_some(())
        })
        .await;
    desk.clock.advance(HOUR);
    desk.app
        .wait_for("the end of the snooze", async || (desk.ids("").await.len() == 2).then_some(()))
        .await;
    assert_eq!(desk.stat("snoozed").await, json!(0));
    // Put off, ended early, and ended by being resolved.
    let later = json!({ "until": (desk.clock.now() + 3 * HOUR).to_string() });
    answered(desk.put(&one, "snooze", json!({ "until": desk.in_an_hour() })).await, 200);
    answered(desk.put(&one, "snooze", later.clone()).await, 200);
    answered(desk.put(&other, "snooze", later.clone()).await, 200);
    desk.clock.advance(2 * HOUR);
    let back = answered(desk.put(&other, "snooze", json!({ "until": null })).await, 200);
    assert_eq!(back["snoozed_until"], Value::Null);
    assert_eq!(
        (desk.ids("").await, desk.ids("?snoozed=true").await),
        (vec![other], vec![one.clone()])
    );
    let resolved = answered(desk.put(&one, "status", json!({ "status": "resolved" })).await, 200);
    assert_eq!(resolved["snoozed_until"], Value::Null);
    answered(desk.put(&one, "snooze", later).await, 409);
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stars_and_marks_of_unread_are_filters_and_views() {
    let desk = Desk::new().await;
    let (one, other) = (desk.says(None, "Hello").await, desk.says(None, "Hello").await);
    let starred = answered(desk.put(&one, "star", json!({ "starred": true })).await, 200);
    assert_eq!((&starred["starred"], &starred["unread"]), (&json!(true), &json!(false)));
    let unread = answered(desk.put(&other, "read", json!({ "read": false })).await, 200);
    assert_eq!((&unread["unread"], &unread["unread_count"]), (&json!(true), &json!(0)));
    for (query, expected) in [
        ("?starred=true", &one),
        ("?starred=false", &other),
        ("?unread=true", &other),
        ("?unread=false", &one),
    ] {
        assert_eq!(desk.ids(query).await, std::slice::from_ref(expected), "{query}");
    }
    assert_eq!(desk.stat("unread").await, json!(1));
    for filter in ["starred", "unread"] {
        let view = json!({ "name": filter, "filters": { filter: true } });
        let view =
            answered(post(&desk.app, "/api/v1/inbox/views", view, Some(&desk.token)).await, 201);
        let listed = desk.ids(&format!("?view_id={}", text(&view["id"]))).await;
        assert_eq!(listed, desk.ids(&format!("?{filter}=true")).await);
    }
    // Reading takes the mark away, and so does an answer.
    let read = answered(desk.put(&other, "read", json!({ "read": true })).await, 200);
    assert_eq!(read["unread"], json!(false));
    answered(desk.put(&other, "read", json!({ "read": false })).await, 200);
    let reply = json!({ "content": "Here I am" });
    let path = format!("/api/v1/inbox/sessions/{other}/messages");
    answered(post(&desk.app, &path, reply, Some(&desk.token)).await, 201);
    desk.app
        .wait_for("the mark to go", async || {
            desk.ids("?unread=true").await.is_empty().then_some(())
        })
        .await;
    let back = answered(desk.put(&one, "star", json!({ "starred": false })).await, 200);
    assert_eq!(back["starred"], json!(false));
    // Who may only look marks nothing.
    let (viewer, _) = member(&desk.app, &desk.token, "viewer@example.com", "VIEWER").await;
    for (what, body) in [("star", json!({ "starred": true })), ("read", json!({ "read": false }))] {
        let path = format!("/api/v1/inbox/sessions/{one}/{what}");
        answered(put(&desk.app, &path, body, &viewer).await, 403);
    }
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_business_api_marks_the_same_conversations() {
    let (app, clock) = on_a_clock(&[]).await;
    let (token, _) = owner(&app).await;
    app.ready("s", PHONE).await;
    write(&app, "15550000031", "Hello").await;
    let list = async |query: &str| {
        clock.advance(Duration::from_secs(1));
        answered(get(&app, &format!("/api/whatsapp-api/chats{query}"), Some(&token)).await, 200)
    };
    let chat =
        app.wait_for("the conversation", async || list("").await["chats"].get(0).cloned()).await;
    let path = format!("/api/whatsapp-api/chats/{}", text(&chat["id"]));
    let patch = async |body: Value| ask(&app, Method::PATCH, &path, Some(body), Some(&token)).await;
    let until = (clock.now() + HOUR).to_string();
    let change = json!({ "snoozedUntil": until, "starred": true, "read": true });
    let changed = answered(patch(change).await, 200);
    assert_eq!((&changed["starred"], &changed["unread"]), (&json!(true), &json!(false)));
    assert!(changed["snoozedUntil"].is_string(), "{changed}");
    assert_eq!(list("").await["pagination"]["total"], 0);
    assert_eq!(list("?snoozed=true&starred=true").await["pagination"]["total"], 1);
    assert_eq!(
        get(&app, "/api/whatsapp-api/chats?snoozed=true&archived=true", Some(&token)).await.status,
        400
    );
    assert_eq!(patch(json!({ "snoozedUntil": "soon" })).await.status, 400);
    let changed = answered(patch(json!({ "snoozedUntil": null, "read": false })).await, 200);
    assert_eq!((&changed["snoozedUntil"], &changed["unread"]), (&Value::Null, &json!(true)));
    assert_eq!(list("?unread=true").await["pagination"]["total"], 1);
    // Each API that marks a conversation as read takes the mark away.
    let unmark = format!("/api/v1/chat/conversations/{}/mark-read", text(&chat["id"]));
    assert_eq!(post(&app, &unmark, json!({}), Some(&token)).await.status, 200);
    assert_eq!(list("?unread=true").await["pagination"]["total"], 0);
    let bulk = json!({ "ids": [chat["id"]], "action": "mark_unread" });
    answered(post(&app, "/api/whatsapp-api/chats/bulk", bulk, Some(&token)).await, 200);
    assert_eq!(list("?unread=true").await["pagination"]["total"], 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_the_inbox_tells_of_each_change_to_those_who_see_the_conversation() {
    let desk = Desk::new().await;
    let (grace, _) = member(&desk.app, &desk.token, "grace@example.com", "AGENT").await;
    let mut own = Line::open(&desk.app, &desk.token).await;
    let mut foreign = Line::open(&desk.app, &grace).await;
    let session = desk.says(None, "a human, please").await;
    let is_of = |data: &Value| data["conversationId"] == session.as_str();
    let message = own.event("conversation.message", is_of).await;
    assert_eq!((&message["sessionId"], &message["data"]["fromMe"]), (&Value::Null, &json!(false)));
    own.event("conversation.changed", |data| is_of(data) && data["handoffRequested"] == true).await;
    for (what, body, field, value) in [
        ("star", json!({ "starred": true }), "starred", json!(true)),
        ("read", json!({ "read": false }), "unread", json!(true)),
        ("snooze", json!({ "until": desk.in_an_hour() }), "snoozedUntil", json!(desk.in_an_hour())),
        ("snooze", json!({ "until": null }), "snoozedUntil", Value::Null),
        ("assign", json!({ "agent_id": "me" }), "status", json!("ASSIGNED")),
        ("status", json!({ "status": "resolved" }), "status", json!("RESOLVED")),
    ] {
        answered(desk.put(&session, what, body).await, 200);
        own.event("conversation.changed", |data| is_of(data) && data[field] == value).await;
    }
    answered(desk.put(&session, "tags", json!({ "tags": ["vip"] })).await, 200);
    let is_tagged =
        |data: &Value| is_of(data) && data["tagIds"].as_array().is_some_and(|all| all.len() == 1);
    own.event("conversation.changed", is_tagged).await;
    let note = json!({ "content": "a secret" });
    let path = format!("/api/v1/inbox/notes/{session}");
    answered(post(&desk.app, &path, note, Some(&desk.token)).await, 201);
    own.event("note.added", is_of).await;
    assert!(!own.text.contains("a secret"), "{}", own.text);
    // Presence is everybody's; it comes after all of that.
    let busy = json!({ "status": "busy" });
    answered(put(&desk.app, "/api/v1/presence/status", busy, &desk.token).await, 200);
    foreign.event("presence.changed", |data| data["status"] == "busy").await;
    assert!(!foreign.text.contains(&session), "{}", foreign.text);
    // From now on the bot is shared.
    added_member(&desk.app, &desk.token, &desk.bot, "grace@example.com").await;
    answered(desk.put(&session, "star", json!({ "starred": false })).await, 200);
    foreign.event("conversation.changed", |data| is_of(data) && data["starred"] == false).await;
    let deleted = format!("/api/v1/chat/sessions/{session}");
    answered(ask(&desk.app, Method::DELETE, &deleted, None, Some(&desk.token)).await, 200);
    own.event("conversation.changed", |data| is_of(data) && data["deleted"] == true).await;
    // A key needs the scope for it.
    let key = desk.app.key_of(&["read"], None).await;
    let request = desk.app.http.get(format!("{}/api/v1/events?inbox=true", desk.app.base));
    assert_eq!(request.bearer_auth(key).send().await.unwrap().status(), 403);
    desk.app.stop().await;
}
