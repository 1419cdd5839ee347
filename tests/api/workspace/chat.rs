//! Chat with bots over HTTP: answers, streams, history, conversations, feedback.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    workspace::{Answer, ask, bots::bot, get, member, owner, post, text},
};

/// Says something to a bot; the answer.
pub async fn say(app: &TestApp, token: &str, body: Value) -> Value {
    let said = post(app, "/api/v1/chat", body, Some(token)).await;
    assert_eq!(said.status, 200, "{}", said.body);
    said.body
}

pub async fn history(app: &TestApp, token: &str, session: &str) -> Value {
    let answer = get(app, &format!("/api/v1/chat/history/{session}"), Some(token)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// Roles and words of the messages of a history.
pub fn words(history: &Value) -> Vec<(String, String)> {
    let all = history["messages"].as_array().unwrap().iter();
    all.map(|one| (text(&one["role"]), text(&one["content"]))).collect()
}

fn is_greeted(answer: &Value) {
    assert_eq!(answer["response"], "Hi! How can I help?");
    assert_eq!(answer["reply"], answer["response"]);
    assert_eq!((&answer["intent"], &answer["status"]), (&json!("greeting"), &json!("bot")));
    assert_eq!((&answer["sources"], &answer["handoff_requested"]), (&json!([]), &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quick_start_of_the_document_works_as_it_stands() {
    let app = TestApp::start().await;
    let (token, _) = owner(&app).await;
    let made = bot(&app, &token, json!({ "name": "Support Bot", "domain": "support" })).await;
    let first = say(&app, &token, json!({ "bot_id": made["id"], "message": "Hello!" })).await;
    is_greeted(&first);
    let session = text(&first["session_id"]);
    let again = json!({
        "bot_id": made["id"], "session_id": session, "message": "Where is my order?",
        "visitor": { "name": "Ada", "email": "ada@example.com", "metadata": { "plan": "gold" } },
    });
    let second = say(&app, &token, again).await;
    assert_eq!(
        (&second["session_id"], &second["intent"]),
        (&first["session_id"], &json!("fallback"))
    );

    let shown = history(&app, &token, &session).await;
    let answered = text(&second["response"]);
    let expected = [
        ("user", "Hello!"),
        ("assistant", "Hi! How can I help?"),
        ("user", "Where is my order?"),
        ("assistant", answered.as_str()),
    ];
    let expected = expected.map(|(role, words)| (role.to_owned(), words.to_owned()));
    assert_eq!(words(&shown), expected);
    assert_eq!(shown["messages"][1]["id"], first["message_id"]);
    assert_eq!(shown["has_more"], false);
    let counted = async || {
        let shown = history(&app, &token, &session).await;
        (shown["session"]["message_count"] == 4).then_some(shown)
    };
    let shown = app.wait_for("the count of the last answer", counted).await;
    let one = &shown["session"];
    assert_eq!((&one["channel"], &one["status"]), (&json!("web"), &json!("bot")));
    assert_eq!(one["bot_id"], made["id"]);
    assert_eq!(
        (&one["visitor"]["name"], &one["visitor"]["email"]),
        (&json!("Ada"), &json!("ada@example.com"))
    );
    let path =
        format!("/api/v1/chat/history/{session}?limit=1&before={}", text(&second["message_id"]));
    let page = get(&app, &path, Some(&token)).await.body;
    assert_eq!(
        (words(&page)[0].1.as_str(), &page["has_more"]),
        ("Where is my order?", &json!(true))
    );

    let id = text(&made["id"]);
    let seen = get(&app, &format!("/api/v1/bots/{id}"), Some(&token)).await.body;
    assert_eq!(seen["stats"], json!({ "sessions": 1, "messages": 4 }));
    // It is no session of WhatsApp, and no conversation of the other APIs.
    let (_, sessions) = app.get("/api/v1/sessions").await;
    assert_eq!(sessions["data"], json!([]), "{sessions}");
    let (status, _) = app.get(&format!("/api/whatsapp-api/chats/{session}")).await;
    assert_eq!(status, 404);
    let (status, _) = app.get(&format!("/api/v1/chat/conversations/{session}")).await;
    assert_eq!(status, 404);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_said_is_refused() {
    let app = TestApp::start().await;
    let (token, _) = owner(&app).await;
    let (agent, _) = member(&app, &token, "agent@example.com", "AGENT").await;
    let (viewer, _) = member(&app, &token, "viewer@example.com", "VIEWER").await;
    let made = bot(&app, &token, json!({ "name": "One" })).await;
    let other = bot(&app, &token, json!({ "name": "Other" })).await;
    let first = say(&app, &token, json!({ "bot_id": made["id"], "message": "Hello!" })).await;
    let (id, nowhere) = (&made["id"], "00000000-0000-4000-8000-00000000000f");
    let tries: [(Value, &str, u16); 9] = [
        (json!({ "bot_id": id, "message": "" }), &token, 400),
        (json!({ "bot_id": id, "message": "  " }), &token, 400),
        (json!({ "bot_id": id, "message": "x".repeat(4_001) }), &token, 400),
        (json!({ "bot_id": nowhere, "message": "Hello!" }), &token, 404),
        (json!({ "bot_id": id, "message": "Hello!", "session_id": nowhere }), &token, 404),
        (
            json!({ "bot_id": other["id"], "message": "Hello!", "session_id": first["session_id"] }),
            &token,
            400,
        ),
        (json!({ "bot_id": id, "message": "Hello!" }), &agent, 404),
        (json!({ "bot_id": id, "message": "Hello!" }), &viewer, 403),
        (
            json!({ "bot_id": id, "message": "Hello!", "visitor": { "name": "x".repeat(101) } }),
            &token,
            400,
        ),
    ];
    for (body, who, expected) in tries {
        for path in ["/api/v1/chat", "/api/v1/chat/stream"] {
            let answer = post(&app, path, body.clone(), Some(who)).await;
            assert_eq!(answer.status, expected, "{path} {body} {}", answer.body);
            assert!(answer.body["code"].is_string(), "{}", answer.body);
        }
    }
    let large = format!("{{\"bot_id\":{id},\"message\":\"{}\"}}", "x".repeat(10 * 1024 * 1024));
    let request = app.http.post(format!("{}/api/v1/chat", app.base)).bearer_auth(&token);
    let request = request.header("content-type", "application/json").body(large);
    assert_eq!(request.send().await.unwrap().status().as_u16(), 413);
    for path in ["/api/v1/chat/history/", "/api/v1/chat/sessions/"] {
        assert_eq!(get(&app, &format!("{path}{nowhere}"), Some(&token)).await.status, 404);
    }
    let session = text(&first["session_id"]);
    let path = format!("/api/v1/chat/history/{session}");
    assert_eq!(get(&app, &path, Some(&agent)).await.status, 404);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_thirty_first_question_in_a_minute_waits() {
    let app = TestApp::start_with(&[("WAGATE_LIMITS__ASSISTANT", "30")]).await;
    let (token, _) = owner(&app).await;
    let made = bot(&app, &token, json!({ "name": "One" })).await;
    for count in 0..30 {
        let body = json!({ "bot_id": made["id"], "message": "" });
        let answer = post(&app, "/api/v1/chat", body, Some(&token)).await;
        assert_eq!(
            (answer.status, answer.headers["x-ratelimit-limit"].to_str().unwrap()),
            (400, "30"),
            "{count}"
        );
    }
    let body = json!({ "bot_id": made["id"], "message": "Hello!" });
    let refused = post(&app, "/api/v1/chat/stream", body, Some(&token)).await;
    assert_eq!((refused.status, &refused.body["code"]), (429, &json!("RATE_LIMITED")));
    assert_eq!(get(&app, "/api/v1/bots", Some(&token)).await.status, 200);
    app.stop().await;
}

/// Names and data of the events of a stream.
pub fn events(stream: &str) -> Vec<(String, Value)> {
    let frames = stream.split("\n\n").filter(|frame| frame.starts_with("event: "));
    let read = |frame: &str| {
        let (name, data) = frame.split_once('\n').unwrap();
        let data = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        (name.strip_prefix("event: ").unwrap().to_owned(), data)
    };
    frames.map(read).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_has_the_same_answer_word_by_word() {
    let app = TestApp::start().await;
    let (token, _) = owner(&app).await;
    let made = bot(&app, &token, json!({ "name": "One" })).await;
    let request = app.http.post(format!("{}/api/v1/chat/stream", app.base)).bearer_auth(&token);
    let body = json!({ "bot_id": made["id"], "message": "Hello!" });
    let response = request.json(&body).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    for (header, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-cache"),
        ("x-accel-buffering", "no"),
    ] {
        assert_eq!(response.headers()[header], value);
    }
    let shown = events(&response.text().await.unwrap());
    let (start, done) = (&shown[0], shown.last().unwrap());
    assert_eq!((start.0.as_str(), done.0.as_str()), ("start", "done"));
    is_greeted(&done.1);
    assert_eq!(start.1["session_id"], done.1["session_id"]);
    let deltas = shown.iter().filter(|(name, _)| name == "token");
    let deltas: Vec<String> = deltas.map(|(_, data)| text(&data["delta"])).collect();
    assert_eq!((deltas.len(), deltas.concat()), (5, text(&done.1["response"])));
    let shown = history(&app, &token, &text(&done.1["session_id"])).await;
    assert_eq!(shown["messages"][0]["id"], start.1["message_id"]);
    assert_eq!(shown["messages"][1]["id"], done.1["message_id"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_are_listed_rated_and_deleted() {
    let app = TestApp::start().await;
    let (token, _) = owner(&app).await;
    let (agent, _) = member(&app, &token, "agent@example.com", "AGENT").await;
    let made = bot(&app, &token, json!({ "name": "One" })).await;
    let mut sessions = Vec::new();
    for name in ["Ada", "Bob", "Cleo"] {
        let body =
            json!({ "bot_id": made["id"], "message": "Hello!", "visitor": { "name": name } });
        sessions.push(say(&app, &token, body).await);
    }
    let list = async |query: &str| {
        let path = format!("/api/v1/chat/sessions/{}{query}", text(&made["id"]));
        get(&app, &path, Some(&token)).await
    };
    let names = |answer: &Answer| -> Vec<String> {
        assert_eq!(answer.status, 200, "{}", answer.body);
        let all = answer.body["sessions"].as_array().unwrap().iter();
        all.map(|one| text(&one["visitor"]["name"])).collect()
    };
    for (query, expected, total) in [
        ("", vec!["Cleo", "Bob", "Ada"], 3),
        ("?page=2&per_page=2", vec!["Ada"], 3),
        ("?status=bot,open", vec!["Cleo", "Bob", "Ada"], 3),
        ("?status=resolved", vec![], 0),
        ("?search=BOB", vec!["Bob"], 1),
        ("?channel=whatsapp", vec![], 0),
        ("?channel=web&from=2020-01-01T00:00:00Z", vec!["Cleo", "Bob", "Ada"], 3),
        ("?to=2020-01-01T00:00:00Z", vec![], 0),
    ] {
        let answer = list(query).await;
        assert_eq!(names(&answer), expected, "{query}");
        assert_eq!(answer.body["total"], total, "{query}");
    }
    for query in ["?status=nonsense", "?channel=fax", "?from=yesterday", "?page=0", "?per_page=101"]
    {
        assert_eq!(list(query).await.status, 400, "{query}");
    }

    let give =
        async |body: Value| post(&app, "/api/v1/chat/feedback", body, Some(&token)).await.status;
    let (session, answer) = (&sessions[0]["session_id"], &sessions[0]["message_id"]);
    let id = text(session);
    let asked = history(&app, &token, &id).await["messages"][0]["id"].clone();
    for (body, expected) in [
        (json!({ "session_id": session, "message_id": answer, "type": "thumbs_down" }), 200),
        (json!({ "session_id": session, "message_id": answer, "type": "thumbs_up" }), 200),
        (json!({ "session_id": session, "type": "csat", "rating": 4, "comment": "Quick" }), 200),
        (json!({ "session_id": session, "type": "csat" }), 400),
        (json!({ "session_id": session, "type": "csat", "rating": 6 }), 400),
        (json!({ "session_id": session, "type": "thumbs_up" }), 400),
        (json!({ "session_id": session, "message_id": asked, "type": "thumbs_up" }), 400),
        (
            json!({ "session_id": session, "message_id": sessions[1]["message_id"], "type": "thumbs_up" }),
            404,
        ),
        (json!({ "session_id": sessions[0]["bot_id"], "type": "csat", "rating": 4 }), 404),
    ] {
        assert_eq!(give(body.clone()).await, expected, "{body}");
    }
    let shown = history(&app, &token, &id).await;
    assert_eq!(
        (&shown["messages"][1]["feedback"], &shown["session"]["rating"]),
        (&json!("up"), &json!(4))
    );

    let path = format!("/api/v1/chat/sessions/{id}");
    assert_eq!(ask(&app, Method::DELETE, &path, None, Some(&agent)).await.status, 404);
    let gone = ask(&app, Method::DELETE, &path, None, Some(&token)).await;
    assert_eq!((gone.status, &gone.body["id"]), (200, session));
    assert_eq!(ask(&app, Method::DELETE, &path, None, Some(&token)).await.status, 404);
    assert_eq!(list("").await.body["total"], 2);
    let again = json!({ "bot_id": made["id"], "session_id": session, "message": "Hello!" });
    assert_eq!(post(&app, "/api/v1/chat", again, Some(&token)).await.status, 404);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_goes_on_after_a_restart_and_a_repeated_request_says_nothing_twice() {
    let app = TestApp::start().await;
    let (token, _) = owner(&app).await;
    let made = bot(&app, &token, json!({ "name": "One" })).await;
    let first = say(&app, &token, json!({ "bot_id": made["id"], "message": "Hello!" })).await;
    let app = TestApp::start_in(app.stop().await, &[]).await;
    let session = text(&first["session_id"]);
    let body = json!({ "bot_id": made["id"], "session_id": session, "message": "Hi" });
    let mut answers = Vec::new();
    for _ in 0..2 {
        let request = app.http.post(format!("{}/api/v1/chat", app.base)).bearer_auth(&token);
        let request = request.header("idempotency-key", "one").json(&body);
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        answers.push(response.json::<Value>().await.unwrap());
    }
    is_greeted(&answers[0]);
    assert_eq!(answers[0], answers[1]);
    let shown = history(&app, &token, &session).await;
    let roles: Vec<String> = words(&shown).into_iter().map(|(role, _)| role).collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant"]);
    app.stop().await;
}
