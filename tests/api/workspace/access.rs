//! Who may read, write and manage what belongs to a bot: by the role in the workspace, by the role in a team, and where the
//! bot is gone.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    workspace::{
        added_member, answered, ask,
        bots::{activate, bot},
        chat::say,
        conversation, delete, member, office, owner, post, put, text,
    },
};

/// A request with its body.
type Request = (Method, String, Option<Value>);

async fn status_of(app: &TestApp, (method, path, body): Request, token: &str) -> (u16, String) {
    let shown = format!("{method} {path}");
    let answer = ask(app, method, &path, body, Some(token)).await;
    (answer.status, format!("{shown}: {} {}", answer.status, answer.body))
}

/// A conversation on the web with a bot.
async fn web_chat(app: &TestApp, token: &str, bot: &Value) -> String {
    let said = say(app, token, json!({ "bot_id": bot["id"], "message": "Hello!" })).await;
    text(&said["session_id"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_deleted_by_administrators_and_by_the_owner_of_its_bot() {
    let (app, ada, _) = office().await;
    let (admin, _) = member(&app, &ada, "admin@example.com", "ADMIN").await;
    let (maker, _) = member(&app, &ada, "maker@example.com", "AGENT").await;
    let (worker, _) = member(&app, &ada, "worker@example.com", "AGENT").await;
    let (stranger, _) = member(&app, &ada, "stranger@example.com", "AGENT").await;
    let (viewer, _) = member(&app, &ada, "viewer@example.com", "VIEWER").await;
    let made = bot(&app, &maker, json!({ "name": "Desk" })).await;
    activate(&app, &maker, &made).await;
    added_member(&app, &ada, &made, "worker@example.com").await;
    let all_scopes = app.key_of(&["*"], None).await;
    let some_scopes = app.key_of(&["read", "conversations", "send", "bots"], None).await;
    let remove = async |id: &str, token: &str| {
        delete(&app, &format!("/api/v1/chat/sessions/{id}"), token).await.status
    };

    let others = [(&stranger, 404), (&some_scopes, 404), (&worker, 403), (&viewer, 403)];
    for deleting in [&ada, &admin, &maker, &all_scopes] {
        let id = web_chat(&app, &maker, &made).await;
        for (token, status) in others {
            assert_eq!(remove(&id, token).await, status, "while the bot is there");
        }
        assert_eq!(remove(&id, deleting).await, 200);
    }

    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(web_chat(&app, &maker, &made).await);
    }
    answered(delete(&app, &format!("/api/v1/bots/{}", text(&made["id"])), &maker).await, 200);
    // And one that never had a bot.
    ids.push(conversation(&app, &ada, "15550000099").await);
    for (id, deleting) in ids.iter().zip([&ada, &admin, &all_scopes, &admin]) {
        for token in [&stranger, &some_scopes, &worker, &maker] {
            assert_eq!(remove(id, token).await, 404, "without a bot");
        }
        assert_eq!(remove(id, &viewer).await, 403);
        assert_eq!(remove(id, deleting).await, 200, "without a bot");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belonged_to_a_bot_that_is_gone_is_for_administrators_alone() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let (maker, maker_id) = member(&app, &ada, "maker@example.com", "AGENT").await;
    let (worker, _) = member(&app, &ada, "worker@example.com", "AGENT").await;
    let made = bot(&app, &maker, json!({ "name": "Desk" })).await;
    activate(&app, &maker, &made).await;
    added_member(&app, &ada, &made, "worker@example.com").await;
    let (id, of) = (text(&made["id"]), web_chat(&app, &maker, &made).await);
    let ticket = json!({ "bot_id": id, "session_id": of, "subject": "Broken" });
    let ticket =
        text(&answered(post(&app, "/api/v1/tickets", ticket, Some(&maker)).await, 201)["id"]);
    let task = json!({ "title": "Call", "assignee_id": "me", "session_id": of });
    let task = text(&answered(post(&app, "/api/v1/tasks", task, Some(&ada)).await, 201)["id"]);
    let hook = json!({ "bot_id": id, "url": "http://127.0.0.1:9/hook", "events": ["new_message"] });
    let hook = text(&answered(post(&app, "/api/v1/webhooks", hook, Some(&ada)).await, 201)["id"]);
    let document = json!({ "title": "Returns", "content": "Returns are free." });
    let path = format!("/api/v1/kb/{id}");
    let document = text(&answered(post(&app, &path, document, Some(&maker)).await, 201)["id"]);
    answered(delete(&app, &format!("/api/v1/bots/{id}"), &maker).await, 200);

    let session = |what: &str| format!("/api/v1/inbox/sessions/{of}/{what}");
    let of_conversation: Vec<Request> = vec![
        (Method::GET, format!("/api/v1/chat/history/{of}"), None),
        (Method::GET, format!("/api/v1/inbox/notes/{of}"), None),
        (Method::GET, format!("/api/v1/inbox/summary/{of}"), None),
        (Method::GET, format!("/api/v1/tasks?scope=session&session_id={of}"), None),
        (Method::POST, format!("/api/v1/inbox/notes/{of}"), Some(json!({ "content": "x" }))),
        (Method::PUT, session("assign"), Some(json!({ "agent_id": "me" }))),
        (Method::PUT, session("status"), Some(json!({ "status": "open" }))),
        (Method::PUT, session("tags"), Some(json!({ "tags": ["x"] }))),
        (Method::PUT, session("star"), Some(json!({ "starred": true }))),
        (Method::PUT, session("read"), Some(json!({ "read": true }))),
        (Method::PUT, session("snooze"), Some(json!({ "until": null }))),
        (Method::POST, session("messages"), Some(json!({ "content": "x" }))),
        (
            Method::POST,
            "/api/v1/chat/feedback".to_owned(),
            Some(json!({ "session_id": of, "type": "csat", "rating": 1 })),
        ),
        (
            Method::POST,
            "/api/v1/tasks".to_owned(),
            Some(json!({ "title": "x", "assignee_id": "me", "session_id": of })),
        ),
        (Method::PUT, format!("/api/v1/tasks/{task}"), Some(json!({ "status": "done" }))),
        (Method::DELETE, format!("/api/v1/tasks/{task}"), None),
    ];
    for request in &of_conversation {
        for token in [&maker, &worker] {
            let (status, answer) = status_of(&app, request.clone(), token).await;
            assert_eq!(status, 404, "{answer}");
        }
    }
    let (status, answer) = status_of(&app, of_conversation[0].clone(), &ada).await;
    assert_eq!(status, 200, "{answer}");
    // Nobody who does not see it is given it, or reads what is noted there.
    let assignment = json!({ "agent_id": maker_id });
    answered(put(&app, &session("assign"), assignment, &ada).await, 400);
    let note = json!({ "content": "@maker look" });
    let path = format!("/api/v1/inbox/notes/{of}");
    let note = answered(post(&app, &path, note, Some(&ada)).await, 201);
    assert_eq!(note["mentions"], json!([]));

    // What went with the bot is there for nobody.
    let gone: Vec<Request> = vec![
        (Method::GET, format!("/api/v1/tickets/{id}"), None),
        (Method::PUT, format!("/api/v1/tickets/{ticket}"), Some(json!({ "status": "closed" }))),
        (Method::GET, format!("/api/v1/webhooks/{id}"), None),
        (Method::PUT, format!("/api/v1/webhooks/{hook}"), Some(json!({ "is_active": false }))),
        (Method::DELETE, format!("/api/v1/webhooks/{hook}"), None),
        (Method::GET, format!("/api/v1/kb/{id}"), None),
        (Method::GET, format!("/api/v1/kb/documents/{document}"), None),
        (Method::DELETE, format!("/api/v1/kb/documents/{document}"), None),
    ];
    for request in gone {
        for token in [&ada, &maker, &worker] {
            let (status, answer) = status_of(&app, request.clone(), token).await;
            assert_eq!(status, 404, "{answer}");
        }
    }
    app.stop().await;
}

/// What there is of a bot for people to read and to write.
struct Shared {
    bot: String,
    session: String,
    ticket: String,
    task: String,
    response: String,
}

impl Shared {
    async fn new(app: &TestApp, ada: &str) -> Self {
        let made = bot(app, ada, json!({ "name": "Desk" })).await;
        activate(app, ada, &made).await;
        let (bot, session) = (text(&made["id"]), web_chat(app, ada, &made).await);
        let made = async |path: &str, body: Value| {
            text(&answered(post(app, path, body, Some(ada)).await, 201)["id"])
        };
        let ticket = json!({ "bot_id": bot, "session_id": session, "subject": "Broken" });
        let task = json!({ "title": "Call", "assignee_id": "me", "session_id": session });
        let response = json!({ "bot_id": bot, "title": "Hello", "content": "Hello" });
        Self {
            ticket: made("/api/v1/tickets", ticket).await,
            task: made("/api/v1/tasks", task).await,
            response: made("/api/v1/inbox/canned-responses", response).await,
            bot,
            session,
        }
    }

    fn reads(&self) -> Vec<Request> {
        let Self { bot, session, .. } = self;
        let paths = [
            format!("bots/{bot}"),
            format!("chat/history/{session}"),
            format!("chat/sessions/{bot}"),
            format!("inbox/conversations/{bot}"),
            format!("inbox/notes/{session}"),
            format!("inbox/summary/{session}"),
            format!("inbox/canned-responses/{bot}"),
            format!("tickets/{bot}"),
            format!("tasks?scope=session&session_id={session}"),
            format!("kb/{bot}"),
            format!("automations/{bot}"),
        ];
        paths.map(|path| (Method::GET, format!("/api/v1/{path}"), None)).to_vec()
    }

    fn writes(&self) -> Vec<Request> {
        let Self { bot, session, ticket, task, response } = self;
        let of = |what: &str| format!("inbox/sessions/{session}/{what}");
        let csat = json!({ "session_id": session, "type": "csat", "rating": 5 });
        let all = [
            (Method::POST, format!("inbox/notes/{session}"), json!({ "content": "A note" })),
            (Method::PUT, of("star"), json!({ "starred": true })),
            (Method::PUT, of("read"), json!({ "read": false })),
            (Method::PUT, of("snooze"), json!({ "until": null })),
            (Method::PUT, of("tags"), json!({ "tags": ["hot"] })),
            (Method::PUT, of("status"), json!({ "status": "open" })),
            (Method::PUT, of("assign"), json!({ "agent_id": null })),
            (Method::POST, of("messages"), json!({ "content": "I look into it" })),
            (Method::POST, format!("inbox/auto-assign/{bot}"), json!({})),
            (
                Method::POST,
                "inbox/canned-responses".to_owned(),
                json!({ "bot_id": bot, "title": "Bye", "content": "Bye" }),
            ),
            (Method::PUT, format!("inbox/canned-responses/{response}"), json!({ "title": "Hi" })),
            (Method::POST, "tickets".to_owned(), json!({ "bot_id": bot, "subject": "Late" })),
            (Method::PUT, format!("tickets/{ticket}"), json!({ "status": "pending" })),
            (
                Method::POST,
                "tasks".to_owned(),
                json!({ "title": "Write", "assignee_id": null, "session_id": session }),
            ),
            (Method::PUT, format!("tasks/{task}"), json!({ "status": "open" })),
            (Method::POST, "chat/feedback".to_owned(), csat),
            (Method::POST, "chat".to_owned(), json!({ "bot_id": bot, "message": "Hello" })),
            (
                Method::POST,
                "chat/stream".to_owned(),
                json!({ "bot_id": bot, "message": "Hello", "session_id": session }),
            ),
            (Method::POST, "contacts".to_owned(), json!({ "name": "Jane", "bot_id": bot })),
        ];
        all.map(|(method, path, body)| (method, format!("/api/v1/{path}"), Some(body))).to_vec()
    }

    fn changes(&self) -> Vec<Request> {
        let Self { bot, .. } = self;
        let all = [
            (Method::PUT, format!("bots/{bot}"), json!({ "name": "Front desk" })),
            (Method::POST, format!("kb/{bot}"), json!({ "title": "Returns", "content": "Free." })),
            (
                Method::POST,
                "automations".to_owned(),
                json!({
                    "bot_id": bot, "name": "Tags", "trigger": { "type": "message_received" },
                    "actions": [{ "type": "add_tag", "tag": "new" }],
                }),
            ),
        ];
        all.map(|(method, path, body)| (method, format!("/api/v1/{path}"), Some(body))).to_vec()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_in_the_workspace_and_the_role_in_the_team_limit_each_other() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let shared = Shared::new(&app, &ada).await;
    let team =
        answered(post(&app, "/api/v1/teams", json!({ "name": "Desk" }), Some(&ada)).await, 201);
    let team = format!("/api/v1/teams/{}", text(&team["id"]));
    let mut people = Vec::new();
    for (role, of_team) in [
        ("VIEWER", "viewer"),
        ("VIEWER", "admin"),
        ("AGENT", "viewer"),
        ("AGENT", "agent"),
        ("AGENT", "admin"),
        ("ADMIN", "viewer"),
    ] {
        let email = format!("{role}.{of_team}@example.com");
        let (token, id) = member(&app, &ada, &email, role).await;
        let invitation = json!({ "email": email, "role": of_team });
        answered(post(&app, &format!("{team}/invite"), invitation, Some(&ada)).await, 201);
        people.push((role, of_team, token, id));
    }
    for permission in ["view", "manage"] {
        let body = json!({ "bot_id": shared.bot, "permission": permission });
        answered(post(&app, &format!("{team}/share-bot"), body, Some(&ada)).await, 200);
        for (role, of_team, token, id) in &people {
            let works = *role == "ADMIN" || (*role == "AGENT" && *of_team != "viewer");
            let manages = *role == "ADMIN" || (works && permission == "manage");
            let cases =
                [(shared.reads(), true), (shared.writes(), works), (shared.changes(), manages)];
            for (requests, may) in cases {
                for (method, path, mut body) in requests {
                    if let Some(assignee) =
                        body.as_mut().and_then(|body| body.get_mut("assignee_id"))
                    {
                        *assignee = json!(id);
                    }
                    let (status, answer) = status_of(&app, (method, path, body), token).await;
                    let place = format!("{role}, {of_team} of a team with {permission}: {answer}");
                    assert_eq!(matches!(status, 200 | 201), may, "{place}");
                    assert_eq!(status == 403, !may, "{place}");
                }
            }
            let assign = format!("/api/v1/inbox/sessions/{}/assign", shared.session);
            let given = put(&app, &assign, json!({ "agent_id": id }), &ada).await;
            assert_eq!(
                given.status,
                if works { 200 } else { 400 },
                "{role} {of_team}: {}",
                given.body
            );
        }
    }
    // A task of one's own is written by whom it was given to, whatever their role in the team.
    let (_, _, viewer, id) = &people[2];
    let task = json!({ "title": "Read", "assignee_id": id });
    let task = answered(post(&app, "/api/v1/tasks", task, Some(&ada)).await, 201);
    let path = format!("/api/v1/tasks/{}", text(&task["id"]));
    answered(put(&app, &path, json!({ "status": "done" }), viewer).await, 200);
    app.stop().await;
}
