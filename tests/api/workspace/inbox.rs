//! Inbox of a bot over HTTP: lists and figures that agree, assignment, status, tags.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    workspace::{
        Answer, answered, ask,
        bots::bot,
        chat::{history, say, words},
        get, member, owner, post, text,
    },
};

struct Desk {
    app: TestApp,
    token: String,
    person: String,
    bot: Value,
}

impl Desk {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let (token, person) = owner(&app).await;
        let made = bot(&app, &token, json!({ "name": "Desk" })).await;
        Self { app, token, person, bot: made }
    }

    /// A conversation that a visitor begins with these words.
    async fn visitor(&self, words: &str) -> String {
        let body = json!({ "bot_id": self.bot["id"], "message": words });
        text(&say(&self.app, &self.token, body).await["session_id"])
    }

    async fn says(&self, session: &str, words: &str) -> Value {
        let body = json!({ "bot_id": self.bot["id"], "session_id": session, "message": words });
        say(&self.app, &self.token, body).await
    }

    async fn list(&self, query: &str) -> Answer {
        let path = format!("/api/v1/inbox/conversations/{}{query}", text(&self.bot["id"]));
        get(&self.app, &path, Some(&self.token)).await
    }

    async fn ids(&self, query: &str) -> Vec<String> {
        let answer = self.list(query).await;
        assert_eq!(answer.status, 200, "{query} {}", answer.body);
        let all = answer.body["conversations"].as_array().unwrap();
        assert_eq!(answer.body["total"], all.len(), "{query}");
        all.iter().map(|one| text(&one["id"])).collect()
    }

    async fn put(&self, session: &str, what: &str, body: Value) -> Answer {
        let path = format!("/api/v1/inbox/sessions/{session}/{what}");
        ask(&self.app, Method::PUT, &path, Some(body), Some(&self.token)).await
    }

    async fn done(&self, session: &str, what: &str, body: Value) -> Value {
        let answer = self.put(session, what, body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    async fn stats(&self) -> Value {
        let path = format!("/api/v1/inbox/stats/{}", text(&self.bot["id"]));
        let answer = get(&self.app, &path, Some(&self.token)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_the_lengths_of_lists() {
    let desk = Desk::new().await;
    let (talking, waiting) = (desk.visitor("Hello").await, desk.visitor("a human, please").await);
    let (mine, done) = (desk.visitor("Hello").await, desk.visitor("Hello").await);
    desk.done(&mine, "assign", json!({ "agent_id": "me" })).await;
    desk.done(&mine, "tags", json!({ "tags": ["vip", "late"] })).await;
    desk.done(&done, "status", json!({ "status": "closed" })).await;
    // Where the bot answered, nothing is unread.
    assert_eq!(desk.says(&mine, "Are you there?").await["response"], Value::Null);
    for (query, expected) in [
        ("?status=bot", vec![&talking]),
        ("?status=open", vec![&waiting]),
        ("?status=pending", vec![&waiting]),
        ("?status=assigned", vec![&mine]),
        ("?status=resolved", vec![&done]),
        ("?status=open,assigned", vec![&mine, &waiting]),
        ("?unread=true", vec![&mine]),
        ("?unread=false", vec![&done, &waiting, &talking]),
        ("?assigned_to=me", vec![&mine]),
        ("?assigned_to=unassigned&status=bot,open", vec![&waiting, &talking]),
        ("?tag=VIP", vec![&mine]),
        ("?tag=none", vec![]),
        ("?handoff=true", vec![&waiting]),
        ("?sort=oldest", vec![&talking, &waiting, &done, &mine]),
        ("?sort=waiting", vec![&waiting, &mine, &done, &talking]),
        ("", vec![&mine, &done, &waiting, &talking]),
    ] {
        let expected: Vec<String> = expected.into_iter().cloned().collect();
        assert_eq!(desk.ids(query).await, expected, "{query}");
    }
    // A view holds what its filters do, and what else is given goes before it.
    for (filters, query) in [
        (json!({ "status": ["open", "assigned"] }), "?status=open,assigned"),
        (json!({ "assigned_to": "me", "tags": ["vip", "late"] }), "?tag=vip"),
        (json!({ "tags": ["vip", "none"] }), "?tag=none"),
        (json!({ "unread": true, "channel": "web" }), "?unread=true"),
    ] {
        let view = json!({ "name": "Mine", "filters": filters });
        let view = post(&desk.app, "/api/v1/inbox/views", view, Some(&desk.token)).await;
        let id = text(&view.body["id"]);
        let listed = desk.ids(&format!("?view_id={id}")).await;
        assert_eq!(listed, desk.ids(query).await, "{filters}");
        assert_eq!(desk.ids(&format!("?view_id={id}&status=resolved&tag=none")).await, [""; 0]);
    }
    assert_eq!(desk.ids("?view_id=handoff").await, desk.ids("?handoff=true").await);
    assert_eq!(desk.list("?view_id=nothing").await.status, 404);
    let stats = desk.stats().await;
    for (field, query) in [
        ("total", ""),
        ("open", "?status=open"),
        ("assigned", "?status=assigned"),
        ("resolved", "?status=resolved"),
        ("bot", "?status=bot"),
        ("unassigned", "?assigned_to=unassigned"),
        ("unread", "?unread=true"),
        ("handoff_waiting", "?handoff=true"),
    ] {
        assert_eq!(stats[field], desk.ids(query).await.len(), "{field}: {stats}");
    }
    let sum: u64 = ["open", "assigned", "resolved", "bot"]
        .iter()
        .map(|one| stats[one].as_u64().unwrap())
        .sum();
    assert_eq!(stats["total"], sum);
    assert_eq!(stats["resolved_today"], 1);
    let load = json!([{ "user_id": desk.person, "name": "Ada Lovelace", "open": 1 }]);
    assert_eq!(stats["by_agent"], load);
    let page = desk.list("?sort=oldest&page=2&per_page=3").await.body;
    assert_eq!((&page["total"], &page["conversations"][0]["id"]), (&json!(4), &json!(mine)));
    // Another bot has none of these.
    let other = bot(&desk.app, &desk.token, json!({ "name": "Other" })).await;
    let path = format!("/api/v1/inbox/stats/{}", text(&other["id"]));
    assert_eq!(get(&desk.app, &path, Some(&desk.token)).await.body["total"], 0);
    for query in ["?status=nonsense", "?sort=loud", "?assigned_to=nobody"] {
        assert_eq!(desk.list(query).await.status, 400, "{query}");
    }
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_are_given_to_people_who_see_the_bot() {
    let desk = Desk::new().await;
    let (admin_token, admin) = member(&desk.app, &desk.token, "admin@example.com", "ADMIN").await;
    let (_, stranger) = member(&desk.app, &desk.token, "agent@example.com", "AGENT").await;
    let (viewer, viewer_id) = member(&desk.app, &desk.token, "viewer@example.com", "VIEWER").await;
    let session = desk.visitor("Hello").await;
    let one = desk.done(&session, "assign", json!({ "agent_id": admin })).await;
    assert_eq!((&one["status"], &one["assigned_to"]["id"]), (&json!("assigned"), &json!(admin)));
    // The bot is silent then, and people hear of what is said.
    let said = desk.says(&session, "Hello").await;
    assert_eq!((&said["response"], &said["status"]), (&Value::Null, &json!("assigned")));
    for agent in
        [stranger.as_str(), viewer_id.as_str(), "nobody", "00000000-0000-4000-8000-00000000000f"]
    {
        let refused = desk.put(&session, "assign", json!({ "user_id": agent })).await;
        assert_eq!(refused.status, 400, "{agent}: {}", refused.body);
    }
    assert_eq!(desk.put(&session, "assign", json!({})).await.status, 400);
    let two = json!({ "agent_id": "me", "user_id": admin });
    let two = answered(desk.put(&session, "assign", two).await, 400);
    assert!(two["details"]["fields"].get("user_id").is_some(), "{two}");
    let same = json!({ "agent_id": admin, "user_id": admin });
    answered(desk.put(&session, "assign", same).await, 200);
    let path = format!("/api/v1/inbox/sessions/{session}/assign");
    let body = json!({ "agent_id": "me" });
    assert_eq!(ask(&desk.app, Method::PUT, &path, Some(body), Some(&viewer)).await.status, 403);
    let one = desk.done(&session, "assign", json!({ "agent_id": null })).await;
    assert_eq!((&one["status"], &one["assigned_to"]), (&json!("open"), &Value::Null));
    assert_eq!(desk.says(&session, "Hello").await["response"], Value::Null);

    // In turn, who has waited longest first.
    let second = desk.visitor("a human, please").await;
    let third = desk.visitor("a human, please").await;
    let path = format!("/api/v1/inbox/auto-assign/{}", text(&desk.bot["id"]));
    // Nobody is there yet.
    let none = post(&desk.app, &path, json!({}), Some(&desk.token)).await.body;
    assert_eq!((&none["assigned"], &none["unassigned"]), (&json!([]), &json!(3)));
    for token in [&desk.token, &admin_token] {
        let beat = post(&desk.app, "/api/v1/presence/heartbeat", json!({}), Some(token)).await;
        assert_eq!(beat.status, 200, "{}", beat.body);
    }
    let first = post(&desk.app, &path, json!({ "limit": 1 }), Some(&desk.token)).await;
    assert_eq!((first.status, &first.body["unassigned"]), (200, &json!(2)), "{}", first.body);
    assert_eq!(first.body["assigned"][0]["session_id"], json!(session));
    let rest = post(&desk.app, &path, json!({}), Some(&desk.token)).await.body;
    let ids = |body: &Value, field: &str| -> Vec<String> {
        body["assigned"].as_array().unwrap().iter().map(|one| text(&one[field])).collect()
    };
    assert_eq!((ids(&rest, "session_id"), &rest["unassigned"]), (vec![second, third], &json!(0)));
    let mut turns = ids(&first.body, "agent_id");
    turns.extend(ids(&rest, "agent_id"));
    let mut people = [admin, desk.person.clone()];
    people.sort();
    assert_eq!(turns, [people[0].clone(), people[1].clone(), people[0].clone()]);
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn status_and_tags_are_changed_and_people_write_where_the_visitor_reads() {
    let desk = Desk::new().await;
    let session = desk.visitor("Hello").await;
    let status = async |name: &str| desk.put(&session, "status", json!({ "status": name })).await;
    for (name, expected) in [
        ("assigned", "assigned"),
        ("pending", "open"),
        ("resolved", "resolved"),
        ("bot", "bot"),
        ("closed", "resolved"),
        ("open", "open"),
    ] {
        let answer = status(name).await;
        assert_eq!((answer.status, &answer.body["status"]), (200, &json!(expected)), "{name}");
        let is_resolved = answer.body["resolved_at"].is_string();
        assert_eq!(is_resolved, expected == "resolved", "{name}");
    }
    assert_eq!(status("nonsense").await.status, 400);
    assert_eq!(desk.says(&session, "Hello").await["response"], Value::Null);
    status("bot").await;
    assert!(desk.says(&session, "Hello").await["response"].is_string());

    let path = format!("/api/v1/inbox/sessions/{session}/messages");
    let sent = post(&desk.app, &path, json!({ "content": "I am here" }), Some(&desk.token)).await;
    assert_eq!(sent.status, 201, "{}", sent.body);
    let shown = history(&desk.app, &desk.token, &session).await;
    let last = words(&shown).pop().unwrap();
    assert_eq!(last, ("agent".to_owned(), "I am here".to_owned()));
    let message = shown["messages"].as_array().unwrap().last().unwrap();
    assert_eq!((&message["id"], &message["agent"]["id"]), (&sent.body["id"], &json!(desk.person)));
    let assigned = async || {
        let shown = history(&desk.app, &desk.token, &session).await;
        (shown["session"]["assigned_to"]["id"] == json!(desk.person)).then_some(())
    };
    desk.app.wait_for("the one who wrote to be the assignee", assigned).await;
    for content in [String::new(), " ".to_owned(), "x".repeat(4_097)] {
        let refused =
            post(&desk.app, &path, json!({ "content": content }), Some(&desk.token)).await;
        assert_eq!(refused.status, 400);
    }

    let tagged = desk.done(&session, "tags", json!({ "tags": ["a", "b"] })).await;
    assert_eq!(tagged["tags"], json!(["a", "b"]));
    assert_eq!(desk.done(&session, "tags", json!({ "tags": ["B"] })).await["tags"], json!(["b"]));
    let many: Vec<String> = (0..21).map(|one| one.to_string()).collect();
    for tags in [json!(many), json!(["x".repeat(51)]), json!([""])] {
        assert_eq!(desk.put(&session, "tags", json!({ "tags": tags })).await.status, 400);
    }
    for (what, body) in [
        ("status", json!({ "status": "open" })),
        ("tags", json!({ "tags": [] })),
        ("assign", json!({ "agent_id": "me" })),
    ] {
        let nowhere = "00000000-0000-4000-8000-00000000000f";
        assert_eq!(desk.put(nowhere, what, body).await.status, 404, "{what}");
    }
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn web_chats_count_as_work_and_are_given_back_by_who_goes() {
    let desk = Desk::new().await;
    let (grace, grace_id) = member(&desk.app, &desk.token, "grace@example.com", "AGENT").await;
    let (_, joan) = member(&desk.app, &desk.token, "joan@example.com", "ADMIN").await;
    let (_, mary) = member(&desk.app, &desk.token, "mary@example.com", "ADMIN").await;
    let (_, dorothy) = member(&desk.app, &desk.token, "dorothy@example.com", "ADMIN").await;
    let send = async |path: &str, body: Value| {
        let answer = post(&desk.app, path, body, Some(&desk.token)).await;
        assert!(answer.status < 300, "{path}: {}", answer.body);
        answer.body
    };
    let made = send("/api/v1/teams", json!({ "name": "Support" })).await;
    let team = format!("/api/v1/teams/{}", text(&made["id"]));
    send(&format!("{team}/invite"), json!({ "email": "grace@example.com" })).await;
    send(&format!("{team}/share-bot"), json!({ "bot_id": desk.bot["id"] })).await;
    let mut sessions = Vec::new();
    let people = [&grace_id, &joan, &mary, &dorothy];
    for person in people {
        let session = desk.visitor("Hello").await;
        desk.done(&session, "assign", json!({ "agent_id": person })).await;
        sessions.push(session);
    }
    let seen = get(&desk.app, "/api/v1/presence/team", Some(&desk.token)).await.body;
    for person in people {
        let mut all = seen["members"].as_array().unwrap().iter();
        let one = all.find(|one| one["user_id"] == person.as_str()).unwrap();
        assert_eq!(one["active_conversations"], 1, "{one}");
    }
    // Who leaves the team, and whose account is removed.
    for path in [format!("{team}/members/{grace_id}"), format!("/api/v1/users/{joan}")] {
        let gone = ask(&desk.app, Method::DELETE, &path, None, Some(&desk.token)).await;
        assert_eq!(gone.status, 200, "{path}: {}", gone.body);
    }
    // Who may only read from now on, and whose account is disabled.
    for (person, change) in
        [(&mary, json!({ "role": "VIEWER" })), (&dorothy, json!({ "disabled": true }))]
    {
        let path = format!("/api/v1/users/{person}");
        let body = Some(change);
        let changed = ask(&desk.app, Method::PATCH, &path, body, Some(&desk.token)).await;
        assert_eq!(changed.status, 200, "{path}: {}", changed.body);
    }
    for session in sessions {
        let path = format!("/api/v1/chat/history/{session}");
        let one = get(&desk.app, &path, Some(&desk.token)).await.body["session"].clone();
        assert_eq!((&one["status"], &one["assigned_to"]), (&json!("open"), &Value::Null));
    }
    assert_eq!(get(&desk.app, "/api/v1/auth/me", Some(&grace)).await.status, 200);
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_that_are_new_are_made_once_by_requests_at_the_same_time() {
    let desk = Desk::new().await;
    let session = desk.visitor("Hello").await;
    // A comma too many asks for no more than the names beside it.
    assert_eq!(desk.ids("?status=open,").await, [""; 0]);
    let body = || json!({ "tags": ["urgent", "Late", "late "] });
    let ask = || desk.put(&session, "tags", body());
    let (one, two, three, four) = tokio::join!(ask(), ask(), ask(), ask());
    for answer in [one, two, three, four] {
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.body["tags"].as_array().unwrap().len(), 2, "{}", answer.body);
    }
    let (_, tags) = desk.app.get("/api/v1/tags").await;
    assert_eq!(tags["data"]["tags"].as_array().unwrap().len(), 2, "{tags}");
    desk.app.stop().await;
}
