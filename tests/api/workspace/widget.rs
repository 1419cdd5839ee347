//! The chat widget over HTTP, as pages of visitors ask: tokens, origins, messages, streams, limits.

mod tickets;

use std::time::Duration;

use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    workspace::{
        ADA, PASSWORD, answered, ask,
        chat::words,
        get,
        guest::{Guest, active, ask_as},
        member, on_a_clock, owner, put, sign_in, text,
    },
};

const SHOP: &str = "https://shop.example";

fn allowed(headers: &HeaderMap) -> Option<&str> {
    headers.get("access-control-allow-origin").map(|value| value.to_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_talks_to_the_bot_then_to_a_person_and_sees_both() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let draft = json!({
        "name": "Support Bot", "welcome_message": "Welcome!",
        "widget": { "color": "#1f6feb", "suggestions": ["Where is my order?", " "] },
    });
    let (made, token) = active(&app, &ada, draft).await;
    let path = format!("/api/v1/widget/{token}/config");
    let config = answered(ask_as(&app, Method::GET, &path, &[], None).await, 200);
    let bot = &config["bot"];
    assert_eq!(
        (&bot["name"], &bot["welcome_message"], &bot["handoff"]),
        (&json!("Support Bot"), &json!("Welcome!"), &json!(true))
    );
    assert_eq!(bot["widget"]["suggestions"], json!(["Where is my order?"]));
    assert!(bot.get("system_prompt").is_none() && bot.get("allowed_origins").is_none());

    let guest = Guest::of(&app, &token).await;
    let none = guest.history().await;
    assert_eq!((&none["messages"], &none["session"]["status"]), (&json!([]), &json!("bot")));
    let early = guest.ask(Method::POST, "handoff", Some(json!({}))).await;
    assert_eq!(early.status, 409, "{}", early.body);
    let mut events = guest.follow(Some(0)).await;
    let said = guest.say("Hello!").await;
    assert_eq!((&said["response"], &said["status"]), (&json!("Welcome!"), &json!("bot")));
    assert_eq!(said["session_id"], guest.session.as_str());
    let followed = events.messages(2).await;
    assert_eq!(
        followed.iter().map(|(_, words)| words.as_str()).collect::<Vec<_>>(),
        ["Hello!", "Welcome!"]
    );

    // The same conversation that the inbox has.
    let session = &guest.session;
    let path = format!("/api/v1/inbox/conversations/{}", text(&made["id"]));
    let list = answered(get(&app, &path, Some(&ada)).await, 200);
    assert_eq!((&list["total"], &list["conversations"][0]["id"]), (&json!(1), &json!(session)));
    let thumb = json!({ "type": "thumbs_up", "message_id": said["message_id"] });
    answered(guest.ask(Method::POST, "feedback", Some(thumb)).await, 200);

    let asked = answered(guest.ask(Method::POST, "handoff", Some(json!({}))).await, 200);
    assert_eq!((&asked["status"], &asked["handoff_requested"]), (&json!("open"), &json!(true)));
    let mut state = events.event("status").await.1;
    while state["status"] == "bot" {
        state = events.event("status").await.1;
    }
    assert_eq!((&state["status"], &state["handoff_requested"]), (&json!("open"), &json!(true)));
    let seen = get(&app, &format!("/api/v1/chat/history/{session}"), Some(&ada)).await.body;
    assert_eq!(seen["session"]["handoff_reason"], "visitor");
    let silent = guest.say("Is somebody there?").await;
    assert_eq!((&silent["response"], &silent["status"]), (&Value::Null, &json!("open")));

    let path = format!("/api/v1/inbox/sessions/{session}/assign");
    answered(put(&app, &path, json!({ "agent_id": "me" }), &ada).await, 200);
    let path = format!("/api/v1/inbox/sessions/{session}/messages");
    let reply = json!({ "content": "Grace here. <b>How</b> can I help?" });
    answered(ask(&app, Method::POST, &path, Some(reply), Some(&ada)).await, 201);
    let (_, assigned) = events.event("assigned").await;
    assert_eq!(
        (&assigned["status"], &assigned["agent"]),
        (&json!("assigned"), &json!("Ada Lovelace"))
    );
    let shown = guest.history().await;
    let roles: Vec<String> = words(&shown).into_iter().map(|(role, _)| role).collect();
    assert_eq!(roles, ["user", "assistant", "user", "agent"]);
    assert_eq!(shown["messages"][3]["agent"], "Ada Lovelace");
    assert_eq!(shown["messages"][1]["feedback"], "up");

    let path = format!("/api/v1/inbox/notes/{session}");
    let note = json!({ "content": "SECRET of the team" });
    answered(ask(&app, Method::POST, &path, Some(note), Some(&ada)).await, 201);
    let closed = answered(guest.ask(Method::POST, "close", Some(json!({}))).await, 200);
    assert_eq!(closed["status"], "resolved");
    let (_, resolved) = events.event("resolved").await;
    assert_eq!(resolved["status"], "resolved");
    let rating = json!({ "type": "csat", "rating": 4 });
    answered(guest.ask(Method::POST, "feedback", Some(rating)).await, 200);
    let shown = guest.history().await;
    assert_eq!(shown["session"]["rating"], 4);
    assert!(!shown.to_string().contains("SECRET"), "{shown}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_reaches_the_own_conversation_and_no_other() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let (_, token) = active(&app, &ada, json!({ "name": "One" })).await;
    let (_, other_token) = active(&app, &ada, json!({ "name": "Other" })).await;
    let (one, two) = (Guest::of(&app, &token).await, Guest::of(&app, &token).await);
    assert_ne!(one.session, two.session);
    one.say("PRIVATE of the first").await;
    let theirs = one.history().await;
    two.say("Hello!").await;
    assert!(!two.history().await.to_string().contains("PRIVATE"));
    let message = theirs["messages"][0]["id"].clone();
    let answer = theirs["messages"][1]["id"].clone();
    let session = &one.session;
    for (method, path, body) in [
        (Method::GET, format!("history/{session}"), None),
        (Method::GET, format!("history/{}?before={}", two.session, text(&message)), None),
        (Method::GET, format!("events?session_id={session}"), None),
        (Method::POST, "chat".to_owned(), Some(json!({ "message": "x", "session_id": session }))),
        (Method::POST, "stream".to_owned(), Some(json!({ "message": "x", "session_id": session }))),
        (Method::POST, "close".to_owned(), Some(json!({ "session_id": session }))),
        (Method::POST, "handoff".to_owned(), Some(json!({ "session_id": session }))),
        (
            Method::POST,
            "feedback".to_owned(),
            Some(json!({ "type": "thumbs_down", "message_id": answer })),
        ),
    ] {
        let answer = two.ask(method, &path, body).await;
        assert_eq!((answer.status, &answer.body["code"]), (404, &json!("NOT_FOUND")), "{path}");
    }
    // A visitor's token is good for its bot alone, and opens nothing else.
    let strangers = [
        Guest {
            app: &app,
            token: other_token,
            visitor: one.visitor.clone(),
            session: one.session.clone(),
        },
        Guest {
            app: &app,
            token: token.clone(),
            visitor: String::new(),
            session: one.session.clone(),
        },
        Guest {
            app: &app,
            token: token.clone(),
            visitor: ada.clone(),
            session: one.session.clone(),
        },
        Guest {
            app: &app,
            token: token.clone(),
            visitor: format!("{}x", one.visitor),
            session: one.session.clone(),
        },
    ];
    for stranger in &strangers {
        let path = format!("history/{session}");
        for (method, path, body) in [
            (Method::GET, path.as_str(), None),
            (Method::GET, "events", None),
            (Method::POST, "chat", Some(json!({ "message": "x" }))),
        ] {
            let answer = stranger.ask(method, path, body).await;
            assert_eq!(answer.status, 401, "{path} {}", answer.body);
        }
    }
    for path in ["/api/v1/auth/me", "/api/v1/bots", "/api/v1/sessions"] {
        assert_eq!(get(&app, path, Some(&one.visitor)).await.status, 401, "{path}");
    }
    let (status, _) =
        app.get(&format!("/api/v1/widget/pk_0123456789abcdefghijkl/history/{session}")).await;
    assert_eq!(status, 404);
    assert_eq!(words(&one.history().await).len(), 2, "nobody else wrote there");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_after_thirty_days_and_a_bot_that_rests_takes_nothing() {
    let (app, clock) = on_a_clock(&[]).await;
    let (ada, _) = owner(&app).await;
    let (made, token) = active(&app, &ada, json!({ "name": "One" })).await;
    let guest = Guest::of(&app, &token).await;
    guest.say("Hello!").await;
    let day = Duration::from_secs(24 * 3_600);
    clock.advance(30 * day - Duration::from_secs(1));
    guest.history().await;
    clock.advance(Duration::from_secs(1));
    let path = format!("history/{}", guest.session);
    assert_eq!(guest.ask(Method::GET, &path, None).await.status, 401);

    let fresh = Guest::of(&app, &token).await;
    let ada = sign_in(&app, ADA, PASSWORD).await;
    let id = text(&made["id"]);
    let rest = json!({ "active": false });
    let path = format!("/api/v1/bots/{id}/activate");
    answered(ask(&app, Method::POST, &path, Some(rest), Some(&ada)).await, 200);
    for (method, path, body) in [
        (Method::GET, "config", None),
        (Method::POST, "sessions", Some(json!({}))),
        (Method::POST, "chat", Some(json!({ "message": "x" }))),
        (Method::GET, "events", None),
    ] {
        let answer = fresh.ask(method, path, body).await;
        assert_eq!(answer.status, 403, "{path} {}", answer.body);
    }
    answered(
        ask(&app, Method::POST, &format!("/api/v1/bots/{id}/activate"), None, Some(&ada)).await,
        200,
    );
    fresh.say("Hello!").await;
    // Not on the web any more.
    answered(put(&app, &format!("/api/v1/bots/{id}"), json!({ "channels": [] }), &ada).await, 200);
    assert_eq!(fresh.ask(Method::GET, "config", None).await.status, 403);
    // Another token: pages with the former one are strangers, visitors go on with the new one.
    let change = json!({ "channels": [{ "type": "web" }], "regenerate_public_token": true });
    let changed = answered(put(&app, &format!("/api/v1/bots/{id}"), change, &ada).await, 200);
    assert_eq!(fresh.ask(Method::GET, "config", None).await.status, 404);
    let renewed = Guest { token: text(&changed["public_token"]), ..fresh };
    assert_eq!(words(&renewed.history().await).len(), 2);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_origins_than_the_listed_ones_get_nothing() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let draft = json!({ "name": "One", "allowed_origins": [SHOP, "http://localhost:5173"] });
    let (_, token) = active(&app, &ada, draft).await;
    let (_, open) = active(&app, &ada, json!({ "name": "For all" })).await;
    let config = format!("/api/v1/widget/{token}/config");
    let sessions = format!("/api/v1/widget/{token}/sessions");
    for (origin, is_fine) in [
        (SHOP, true),
        ("http://localhost:5173", true),
        (app.base.as_str(), true),
        ("https://evil.example", false),
        ("https://shop.example.evil", false),
        ("http://shop.example", false),
        ("https://shop.example:8443", false),
        ("null", false),
    ] {
        let headers = [("origin", origin)];
        let answer = ask_as(&app, Method::GET, &config, &headers, None).await;
        assert_eq!(answer.status, if is_fine { 200 } else { 403 }, "{origin} {}", answer.body);
        let is_own = origin == app.base;
        let expected = (is_fine && !is_own).then_some(origin);
        assert_eq!(allowed(&answer.headers), expected, "{origin}");
        assert!(!answer.headers.contains_key("access-control-allow-credentials"));
        let varies = answer.headers.get_all("vary").iter();
        assert!(varies.into_iter().any(|value| value == "origin"), "{origin}");
        let begun = ask_as(&app, Method::POST, &sessions, &headers, Some(json!({}))).await;
        assert_eq!(begun.status, if is_fine { 201 } else { 403 }, "{origin}");

        let asks = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "content-type,x-visitor-token"),
        ];
        let url = format!("{}/api/v1/widget/{token}/stream", app.base);
        let mut preflight = app.http.request(Method::OPTIONS, url);
        for (name, value) in asks {
            preflight = preflight.header(name, value);
        }
        let preflight = preflight.send().await.unwrap();
        let headers = preflight.headers();
        assert_eq!(allowed(headers), expected, "{origin}");
        if expected.is_some() {
            assert_eq!(preflight.status().as_u16(), 204);
            let sent = headers["access-control-allow-headers"].to_str().unwrap();
            assert!(sent.contains("x-visitor-token") && sent.contains("last-event-id"), "{sent}");
        }
    }
    let path = format!("/api/v1/widget/{open}/config");
    let headers = [("origin", "https://anybody.example")];
    let anybody = ask_as(&app, Method::GET, &path, &headers, None).await;
    assert_eq!((anybody.status, allowed(&anybody.headers)), (200, Some("https://anybody.example")));

    // Which pages may frame the chat.
    for (token, around) in [
        (&token, "frame-ancestors 'self' https://shop.example http://localhost:5173"),
        (&open, "frame-ancestors *"),
    ] {
        let page = app.http.get(format!("{}/widget/{token}", app.base)).send().await.unwrap();
        assert_eq!(page.status().as_u16(), 200);
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.ends_with(around) && policy.contains("script-src 'sha256-"), "{policy}");
        assert!(!page.headers().contains_key("x-frame-options"));
    }
    let script = app.http.get(format!("{}/widget.js", app.base)).send().await.unwrap();
    assert_eq!(script.status().as_u16(), 200);
    assert_eq!(script.headers()["cross-origin-resource-policy"], "cross-origin");
    assert_eq!(script.headers()["content-type"], "text/javascript; charset=utf-8");
    let tag = script.headers()["etag"].to_str().unwrap().to_owned();
    let again =
        app.http.get(format!("{}/widget.js", app.base)).header("if-none-match", tag.as_str());
    assert_eq!(again.send().await.unwrap().status().as_u16(), 304);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_comes_back_gets_each_message_once() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let (_, token) = active(&app, &ada, json!({ "name": "One" })).await;
    let guest = Guest::of(&app, &token).await;
    let stranger = Guest::of(&app, &token).await;
    let mut events = guest.follow(Some(0)).await;
    assert_eq!(events.next().await.1, "status");
    let mut seen = Vec::new();
    let mut expected = Vec::new();
    for round in 0..4 {
        let words = format!("Message {round}");
        let said = guest.say(&words).await;
        stranger.say("Of somebody else").await;
        expected.push(words);
        expected.extend(said["response"].as_str().map(str::to_owned));
        // What is said while nobody listens is there later.
        if round % 2 == 1 {
            drop(events);
            let words = format!("Away {round}");
            let said = guest.say(&words).await;
            expected.push(words);
            expected.extend(said["response"].as_str().map(str::to_owned));
            events = guest.follow(Some(seen.last().map_or(0, |(number, _)| *number))).await;
        }
        seen.extend(events.messages(expected.len() - seen.len()).await);
    }
    let found: Vec<&String> = seen.iter().map(|(_, words)| words).collect();
    assert_eq!(found, expected.iter().collect::<Vec<_>>());
    assert!(seen.windows(2).all(|pair| pair[0].0 < pair[1].0), "{seen:?}");
    // From the beginning, it is the same; without a number, it begins now.
    let all = guest.follow(Some(0)).await.messages(expected.len()).await;
    assert_eq!(all, seen);
    let mut now = guest.follow(None).await;
    assert_ne!(now.next().await.1, "message");
    guest.say("One more").await;
    assert_eq!(now.messages(1).await[0].1, "One more");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_sent_again_is_taken_in_once() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let (made, token) = active(&app, &ada, json!({ "name": "One" })).await;
    let guest = Guest::of(&app, &token).await;
    let name = "0192C9D0-7a6b-7c1e-9b1a-2f6f3c1d5e7a";
    let body = json!({ "message": "Hello!", "client_message_id": name });
    let once = answered(guest.ask(Method::POST, "chat", Some(body.clone())).await, 200);
    let again = answered(guest.ask(Method::POST, "chat", Some(body.clone())).await, 200);
    assert_eq!(
        (&once["message_id"], &once["response"]),
        (&again["message_id"], &again["response"])
    );
    let shown = guest.history().await;
    assert_eq!(words(&shown).len(), 2, "{shown}");
    assert_eq!(shown["messages"][0]["client_message_id"], name.to_lowercase());
    assert_eq!(shown["messages"][1]["client_message_id"], Value::Null);
    // The name is the visitor's own: of somebody else it is another message.
    let other = Guest::of(&app, &token).await;
    let theirs = answered(other.ask(Method::POST, "chat", Some(body.clone())).await, 200);
    assert_ne!(theirs["message_id"], once["message_id"]);
    // And what became of theirs is none of the visitor's business.
    let again = answered(guest.ask(Method::POST, "chat", Some(body)).await, 200);
    assert_eq!(again["message_id"], once["message_id"]);
    let stats = get(&app, &format!("/api/v1/bots/{}", text(&made["id"])), Some(&ada)).await.body;
    assert_eq!(stats["stats"], json!({ "sessions": 2, "messages": 4 }));
    for body in [
        json!({ "message": "" }),
        json!({ "message": "x".repeat(4_001) }),
        json!({ "message": "x", "client_message_id": "no UUID" }),
        json!({ "message": "x", "visitor": { "name": "x".repeat(101) } }),
        json!({}),
    ] {
        let answer = guest.ask(Method::POST, "chat", Some(body.clone())).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (400, &json!("VALIDATION_ERROR")),
            "{body}"
        );
    }
    let stream = format!("{}/api/v1/widget/{token}/stream", app.base);
    let stream = app.http.post(stream).header("x-visitor-token", guest.visitor.as_str());
    let stream = stream.json(&json!({ "message": "Hello!" })).send().await.unwrap();
    let shown = stream.text().await.unwrap();
    assert!(shown.starts_with("event: start\n") && shown.contains("event: done\n"), "{shown}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_and_an_address_may_ask_so_often() {
    let limits = [("WAGATE_LIMITS__ASSISTANT", "6"), ("WAGATE_LIMITS__STREAMS_PER_ADDRESS", "2")];
    let app = TestApp::start_with(&limits).await;
    let (ada, _) = owner(&app).await;
    let (_, token) = active(&app, &ada, json!({ "name": "One" })).await;
    let guest = Guest::of(&app, &token).await;
    for count in 1..6 {
        let answer = guest.ask(Method::POST, "chat", Some(json!({ "message": "Hello!" }))).await;
        assert_eq!(answer.status, 200, "{count} {}", answer.body);
    }
    // The address began a session and asked five times; another visitor there has to wait, too.
    let refused = guest.ask(Method::POST, "chat", Some(json!({ "message": "Hello!" }))).await;
    assert_eq!((refused.status, &refused.body["code"]), (429, &json!("RATE_LIMITED")));
    assert!(refused.headers.contains_key("retry-after"));
    let path = format!("/api/v1/widget/{token}/sessions");
    assert_eq!(ask_as(&app, Method::POST, &path, &[], Some(json!({}))).await.status, 429);
    // What only looks is counted apart, and members are.
    guest.history().await;
    let _held = [guest.follow(None).await, guest.follow(None).await];
    assert_eq!(guest.ask(Method::GET, "events", None).await.status, 429);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_words_of_visitors_and_of_bots_stay_words() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let (agent, _) = member(&app, &ada, "agent@example.com", "AGENT").await;
    let draft = json!({ "name": "</script><img src=x onerror=alert(1)>" });
    let (made, token) = active(&app, &ada, draft).await;
    let page = app.text(&format!("/widget/{token}")).await.1;
    assert!(!page.contains("onerror=alert(1)"), "the page holds nothing of the bot");
    let guest = Guest::of(&app, &token).await;
    guest.say("\u{202e}<script>alert(1)</script>\n\nevent: message\ndata: {}").await;
    let mut events = guest.follow(Some(0)).await;
    let first = &events.messages(1).await[0].1;
    assert!(first.contains("event: message\ndata: {}"), "one event, whatever it says: {first}");
    // A reason for a person is what the visitor says, also before anything else.
    let second = Guest::of(&app, &token).await;
    let reason = Some(json!({ "reason": "My order" }));
    let asked = answered(second.ask(Method::POST, "handoff", reason).await, 200);
    assert_eq!((&asked["status"], &asked["handoff_requested"]), (&json!("open"), &json!(true)));
    assert_eq!(words(&second.history().await)[0], ("user".to_owned(), "My order".to_owned()));
    // Who does not see the bot does not see its visitors.
    let path = format!("/api/v1/chat/history/{}", guest.session);
    assert_eq!(get(&app, &path, Some(&agent)).await.status, 404);
    for (draft, field) in [
        (json!({ "suggestions": vec!["x"; 7] }), "widget.suggestions"),
        (json!({ "suggestions": ["x".repeat(101)] }), "widget.suggestions"),
    ] {
        let path = format!("/api/v1/bots/{}", text(&made["id"]));
        let answer = put(&app, &path, json!({ "widget": draft }), &ada).await;
        assert_eq!(answer.status, 400, "{field} {}", answer.body);
    }
    let path = format!("/api/v1/bots/{}", text(&made["id"]));
    answered(ask(&app, Method::DELETE, &path, None, Some(&ada)).await, 200);
    assert_eq!(guest.ask(Method::GET, "config", None).await.status, 404);
    app.stop().await;
}
