//! Webhooks of bots over HTTP: what they get, in which envelope, who may make them, and what was delivered.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use wagate::domain::SessionId;

use crate::{
    app::{PHONE, TestApp},
    chat::write,
    receiver::{Answer, Got, Receiver},
    support::document::events::check_delivery,
    workspace::{
        ask,
        bots::{activate, bot},
        chat::say,
        get, member, owner, post, text,
    },
};

const ALL: &str = "/api/v1/webhooks";
/// Retries that nobody needs to wait for.
const QUICK: &[(&str, &str)] = &[
    ("WAGATE_WEBHOOKS__RETRY_SCHEDULE", "10ms,20ms,40ms,40ms"),
    ("WAGATE_WEBHOOKS__OVERLOAD_PAUSE_SECONDS", "0"),
];

async fn register(app: &TestApp, token: &str, body: Value) -> Value {
    let made = post(app, ALL, body, Some(token)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body
}

fn count(got: &[Got], event: &str) -> usize {
    got.iter().filter(|got| got.body["event"] == event).count()
}

/// All requests, once so many of each event were posted.
async fn all_of(app: &TestApp, receiver: &Receiver, wanted: &[(&str, usize)]) -> Vec<Got> {
    let got = async || {
        let got = receiver.got.lock().await.clone();
        wanted.iter().all(|(event, most)| *most <= count(&got, event)).then_some(got)
    };
    let got = app.wait_for(&format!("{wanted:?}"), got).await;
    got.iter().for_each(|got| check_delivery(&got.body));
    got
}

fn of<'g>(got: &'g [Got], event: &str) -> Vec<&'g Value> {
    got.iter().filter(|got| got.body["event"] == event).map(|got| &got.body["data"]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_posts_what_it_is_taught_and_who_is_mentioned() {
    let app = TestApp::start_with(QUICK).await;
    let (token, person) = owner(&app).await;
    let (_, grace) = member(&app, &token, "grace@example.com", "ADMIN").await;
    let one = bot(&app, &token, json!({ "name": "One" })).await;
    let receiver = Receiver::start(&[]).await;
    let events = json!(["kb_updated", "mention"]);
    let hook = json!({ "bot_id": one["id"], "url": receiver.url, "events": events });
    register(&app, &token, hook).await;
    let base = format!("/api/v1/kb/{}", text(&one["id"]));
    let draft = json!({ "title": "Tea", "content": "Tea is green." });
    let made = post(&app, &base, draft, Some(&token)).await.body;
    let path = format!("/api/v1/kb/documents/{}", text(&made["id"]));
    let title = Some(json!({ "title": "Green tea" }));
    assert_eq!(ask(&app, Method::PUT, &path, title, Some(&token)).await.status, 200);
    assert_eq!(ask(&app, Method::DELETE, &path, None, Some(&token)).await.status, 200);
    let said = say(&app, &token, json!({ "bot_id": one["id"], "message": "Hello!" })).await;
    let notes = format!("/api/v1/inbox/notes/{}", text(&said["session_id"]));
    let content = "@grace please look";
    let note = post(&app, &notes, json!({ "content": content }), Some(&token)).await;
    assert_eq!(note.status, 201, "{}", note.body);
    let got = all_of(&app, &receiver, &[("kb_updated", 3), ("mention", 1)]).await;
    assert_eq!(got.len(), 4);
    let taught = of(&got, "kb_updated");
    let expected = |title: &str, action: &str| {
        let document = json!({ "id": made["id"], "title": title, "type": "text" });
        json!({ "document_id": made["id"], "title": title, "action": action, "document": document })
    };
    assert_eq!(*taught[0], expected("Tea", "added"));
    assert_eq!(*taught[1], expected("Green tea", "updated"));
    assert_eq!(*taught[2], expected("Green tea", "deleted"));
    let mention = json!({
        "session_id": said["session_id"], "note_id": note.body["id"], "content": content,
        "user_id": grace, "author_id": person,
        "note": { "id": note.body["id"], "session_id": said["session_id"], "content": content },
        "mentioned_user": { "id": grace, "name": "Somebody" },
        "author": { "id": person, "name": "Ada Lovelace" },
    });
    assert_eq!(*of(&got, "mention")[0], mention);

    // The notes go with the conversation.
    let kept = async || {
        let channel = SessionId::of_web(text(&one["id"]).parse().unwrap());
        let conversation = text(&said["session_id"]).parse().unwrap();
        app.gateway.services().notes.list(&channel, conversation, (0, 9)).await.unwrap().total
    };
    assert_eq!(kept().await, 1);
    let path = format!("/api/v1/chat/sessions/{}", text(&said["session_id"]));
    assert_eq!(ask(&app, Method::DELETE, &path, None, Some(&token)).await.status, 200);
    assert_eq!(kept().await, 0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_posts_what_happens_in_its_conversations_and_no_other() {
    let app = TestApp::start_with(QUICK).await;
    let (token, person) = owner(&app).await;
    let draft = json!({ "name": "One", "handoff": { "keywords": ["boss"] } });
    let one = bot(&app, &token, draft).await;
    let two = bot(&app, &token, json!({ "name": "Two" })).await;
    let (receiver, other) = (Receiver::start(&[]).await, Receiver::start(&[]).await);
    let hook = register(&app, &token, json!({ "bot_id": one["id"], "url": receiver.url })).await;
    assert!(text(&hook["secret"]).starts_with("whsec_"), "{hook}");
    assert!(text(&hook["secret"]).ends_with(&text(&hook["secret_last4"])));
    assert_eq!((&hook["events"], &hook["is_active"]), (&json!(["*"]), &json!(true)));
    register(&app, &token, json!({ "bot_id": two["id"], "url": other.url })).await;

    let first = json!({
        "bot_id": one["id"], "message": "Hello!", "visitor": { "name": "Ada", "email": "ada@example.com" },
    });
    let answer = say(&app, &token, first).await;
    let session = answer["session_id"].clone();
    let again =
        json!({ "bot_id": one["id"], "session_id": session, "message": "Get me your boss" });
    let answer = say(&app, &token, again).await;
    assert_eq!(answer["handoff_requested"], true, "{answer}");
    let history = format!("/api/v1/chat/history/{}", text(&session));
    let messages = get(&app, &history, Some(&token)).await.body["messages"].clone();
    for feedback in [
        json!({ "session_id": session, "type": "thumbs_up", "message_id": messages[1]["id"] }),
        json!({ "session_id": session, "type": "csat", "rating": 5, "comment": "Quick" }),
    ] {
        let given = post(&app, "/api/v1/chat/feedback", feedback, Some(&token)).await;
        assert_eq!(given.status, 200, "{}", given.body);
    }
    let assign = format!("/api/v1/inbox/sessions/{}/assign", text(&session));
    let body = Some(json!({ "agent_id": "me" }));
    assert_eq!(ask(&app, Method::PUT, &assign, body, Some(&token)).await.status, 200);
    let wanted = [
        ("new_message", 4),
        ("new_session", 1),
        ("handoff_requested", 1),
        ("feedback_received", 2),
        ("session_assigned", 1),
    ];
    let got = all_of(&app, &receiver, &wanted).await;
    for got in &got {
        assert_eq!(
            (&got.body["bot_id"], got.body["data"]["session_id"].clone()),
            (&one["id"], session.clone())
        );
        assert_eq!(got.header("webhook-id"), text(&got.body["id"]));
        assert_eq!(got.header("x-webhook-event"), text(&got.body["event"]));
        assert!(got.header("webhook-signature").starts_with("v1,"));
        assert!(text(&got.body["timestamp"]).ends_with('Z'), "{}", got.body);
    }
    let said = of(&got, "new_message");
    let said: Vec<_> = said.iter().map(|data| data["message"].clone()).collect();
    assert_eq!((&said[0]["role"], &said[0]["content"]), (&json!("user"), &json!("Hello!")));
    let roles: Vec<_> = said.iter().map(|message| message["role"].clone()).collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant"]);
    assert_eq!(of(&got, "new_message")[0]["visitor"]["email"], "ada@example.com");
    let began = of(&got, "new_session")[0];
    assert_eq!(began["first_message"]["content"], "Hello!", "{began}");
    assert_eq!(began["session"]["bot_id"], one["id"]);
    let asked = of(&got, "handoff_requested")[0];
    assert_eq!(asked["reason"], "keyword");
    let last = asked["last_messages"].as_array().unwrap();
    assert!(last.iter().any(|message| message["content"] == "Get me your boss"), "{asked}");
    let feedback = of(&got, "feedback_received");
    assert_eq!(
        (&feedback[0]["type"], &feedback[0]["message_id"], &feedback[0]["rating"]),
        (&json!("thumbs_up"), &messages[1]["id"], &Value::Null)
    );
    let rating = json!({
        "session_id": session, "message_id": null, "type": "csat", "rating": 5, "comment": "Quick",
    });
    assert_eq!(*feedback[1], rating);
    let assigned = of(&got, "session_assigned")[0];
    assert_eq!(
        (&assigned["agent"]["id"], &assigned["agent"]["name"]),
        (&json!(person), &json!("Ada Lovelace"))
    );
    assert_eq!(assigned["assigned_by"]["id"], json!(person));

    // The other bot has had nothing of this.
    say(&app, &token, json!({ "bot_id": two["id"], "message": "Hello!" })).await;
    let got = all_of(&app, &other, &[("new_message", 2), ("new_session", 1)]).await;
    assert!(got.iter().all(|got| got.body["bot_id"] == two["id"]), "{:?}", got.len());
    assert_eq!(got.len(), 3);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_of_a_bot_is_posted_to_its_webhooks() {
    let app = TestApp::start_with(QUICK).await;
    app.ready("shop", PHONE).await;
    let (token, _) = owner(&app).await;
    let draft =
        json!({ "name": "Desk", "channels": [{ "type": "whatsapp", "session_id": "shop" }] });
    let desk = bot(&app, &token, draft).await;
    activate(&app, &token, &desk).await;
    let receiver = Receiver::start(&[]).await;
    let hook = json!({
        "bot_id": desk["id"], "url": receiver.url, "events": ["contact_updated", "new_session"],
    });
    register(&app, &token, hook).await;
    // Of somebody who has no conversation with the bot it hears nothing.
    let stranger = json!({ "phone": "+15550009998", "name": "Stranger" });
    assert_eq!(app.post("/api/whatsapp-api/contacts", stranger).await.0, 201);
    write(&app, "15550000031", "Hello").await;
    let got = all_of(&app, &receiver, &[("contact_updated", 1), ("new_session", 1)]).await;
    let made = of(&got, "contact_updated")[0];
    assert_eq!(
        (&made["action"], &made["contact"]["phone"]),
        (&json!("created"), &json!("+15550000031"))
    );
    assert_eq!(
        (&made["contact"]["company"], &made["contact"]["bot_ids"]),
        (&Value::Null, &json!([]))
    );
    let path = format!("/api/whatsapp-api/contacts/{}", text(&made["contact"]["id"]));
    let change = Some(json!({ "tags": ["vip"] }));
    assert_eq!(app.call(Method::PATCH, &path, change).await.0, 200);
    let tagged = async || {
        let got = receiver.got.lock().await.clone();
        let tagged = got.iter().find(|got| got.body["data"]["changes"] == json!(["tags"]));
        tagged.map(|got| got.body["data"].clone())
    };
    let changed = app.wait_for("the change of the contact", tagged).await;
    assert_eq!(
        (&changed["action"], &changed["contact"]["tags"]),
        (&json!("updated"), &json!(["vip"]))
    );
    let got = receiver.got.lock().await.clone();
    assert!(got.iter().all(|got| got.body["data"]["contact"]["name"] != "Stranger"));
    assert_eq!(count(&got, "new_message"), 0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_of_a_bot_are_made_changed_tested_and_removed() {
    let app = TestApp::start_with(QUICK).await;
    let (token, _) = owner(&app).await;
    let one = bot(&app, &token, json!({ "name": "One" })).await;
    let receiver = Receiver::start(&[Answer::status("500 Oops"), Answer::status("500 Oops")]).await;
    for (body, field) in [
        (json!({ "bot_id": one["id"] }), "url"),
        (json!({ "bot_id": one["id"], "url": "ftp://example.com" }), "url"),
        (json!({ "bot_id": one["id"], "url": receiver.url, "events": ["message"] }), "events"),
        (json!({ "bot_id": one["id"], "url": receiver.url, "events": [] }), "events"),
        (json!({ "bot_id": one["id"], "url": receiver.url, "secret": "short" }), "secret"),
    ] {
        let refused = post(&app, ALL, body.clone(), Some(&token)).await;
        let fields = &refused.body["details"]["fields"];
        assert!(refused.status == 400 && !fields[field].is_null(), "{body}: {}", refused.body);
    }
    let unknown = json!({ "bot_id": "00000000-0000-4000-8000-00000000000f", "url": receiver.url });
    assert_eq!(post(&app, ALL, unknown, Some(&token)).await.status, 404);
    let later = [
        "new_message",
        "kb_updated",
        "automation_triggered",
        "ticket_created",
        "task_created",
        "mention",
    ];
    let draft = json!({
        "bot_id": one["id"], "url": receiver.url, "events": later, "description": "CRM",
    });
    let hook = register(&app, &token, draft.clone()).await;
    let again = post(&app, ALL, draft, Some(&token)).await;
    assert_eq!(
        (again.status, &again.body["id"], &again.body["secret"]),
        (200, &hook["id"], &Value::Null)
    );
    let of_bot = format!("{ALL}/{}", text(&one["id"]));
    let listed = get(&app, &of_bot, Some(&token)).await.body;
    assert_eq!(listed["webhooks"].as_array().unwrap().len(), 1);
    assert_eq!(listed["webhooks"][0]["description"], "CRM");
    assert!(listed["webhooks"][0].get("secret").is_none(), "{listed}");

    // Two tries fail, and the third arrives.
    say(&app, &token, json!({ "bot_id": one["id"], "message": "Hello!" })).await;
    let path = format!("{of_bot}/deliveries?status=delivered&event=new_message&include=body");
    let delivered = async || {
        let answer = get(&app, &path, Some(&token)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let all = answer.body["deliveries"].as_array().unwrap().clone();
        (all.len() == 2).then_some(all)
    };
    let delivered = app.wait_for("two deliveries", delivered).await;
    let tries: BTreeMap<u64, &Value> =
        delivered.iter().map(|one| (one["attempt"].as_u64().unwrap(), one)).collect();
    let most = tries.values().next_back().unwrap();
    assert!(1 < most["attempts"].as_array().unwrap().len(), "{most}");
    assert_eq!((&most["status"], &most["status_code"]), (&json!("delivered"), &json!(200)));
    assert_eq!(most["attempts"][0]["status_code"], 500, "{most}");
    assert_eq!((&most["webhook_id"], &most["next_retry_at"]), (&hook["id"], &Value::Null));
    assert_eq!(most["request_body"]["event"], "new_message");
    assert_eq!(
        most["request_body"]["data"]["session_id"],
        delivered[0]["request_body"]["data"]["session_id"]
    );
    let plain = get(&app, &format!("{of_bot}/deliveries?limit=1"), Some(&token)).await.body;
    assert_eq!(plain["deliveries"].as_array().unwrap().len(), 1);
    assert!(plain["deliveries"][0]["request_body"].is_null(), "{plain}");
    for wrong in ["event=message", "webhook_id=none", "status=dead", "limit=201"] {
        let refused = get(&app, &format!("{of_bot}/deliveries?{wrong}"), Some(&token)).await;
        assert_eq!(refused.status, 400, "{wrong}: {}", refused.body);
    }

    let path = format!("{ALL}/{}", text(&hook["id"]));
    let test = post(&app, &format!("{path}/test"), json!({}), Some(&token)).await;
    assert_eq!(
        (test.status, &test.body["success"], &test.body["status_code"]),
        (200, &json!(true), &json!(200)),
        "{}",
        test.body
    );
    let got = receiver.got.lock().await.clone();
    let ping = got.iter().find(|got| got.body["event"] == "ping").unwrap();
    check_delivery(&ping.body);
    assert_eq!((ping.header("x-webhook-event"), &ping.body["bot_id"]), ("ping", &one["id"]));
    // Nobody listens there.
    let dead = json!({ "url": "http://127.0.0.1:9/hook", "events": ["*"], "description": null });
    let changed = ask(&app, Method::PUT, &path, Some(dead), Some(&token)).await;
    assert_eq!((changed.status, &changed.body["events"]), (200, &json!(["*"])), "{}", changed.body);
    let test = post(&app, &format!("{path}/test"), json!({}), Some(&token)).await;
    assert_eq!((test.status, &test.body["success"]), (200, &json!(false)));
    assert!(test.body["status_code"].is_null() && test.body["error"].is_string(), "{}", test.body);
    let off =
        ask(&app, Method::PUT, &path, Some(json!({ "is_active": false })), Some(&token)).await;
    assert_eq!(off.body["is_active"], false);
    let gone = ask(&app, Method::DELETE, &path, None, Some(&token)).await;
    assert_eq!((gone.status, &gone.body["id"]), (200, &hook["id"]));
    assert_eq!(ask(&app, Method::DELETE, &path, None, Some(&token)).await.status, 404);

    for number in 0..20 {
        let url = format!("{}/{number}", receiver.url);
        register(&app, &token, json!({ "bot_id": one["id"], "url": url })).await;
    }
    let more = json!({ "bot_id": one["id"], "url": format!("{}/more", receiver.url) });
    let refused = post(&app, ALL, more, Some(&token)).await;
    assert_eq!((refused.status, &refused.body["code"]), (400, &json!("VALIDATION_ERROR")));
    // The gateway's own list knows none of them, and they go with their bot.
    let (_, all) = app.get("/api/v1/gateway-webhooks?all=true").await;
    assert_eq!(all["data"], json!([]));
    let endpoints = &app.gateway.services().webhooks.endpoints;
    assert_eq!(endpoints.list_all().await.unwrap().len(), 20);
    let bot_path = format!("/api/v1/bots/{}", text(&one["id"]));
    assert_eq!(ask(&app, Method::DELETE, &bot_path, None, Some(&token)).await.status, 200);
    assert_eq!(endpoints.list_all().await.unwrap().len(), 0);
    assert_eq!(get(&app, &of_bot, Some(&token)).await.status, 404);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_for_those_who_see_its_bot_and_leads_where_they_may_post() {
    let app = TestApp::start_with(QUICK).await;
    let (token, _) = owner(&app).await;
    let (agent, _) = member(&app, &token, "agent@example.com", "AGENT").await;
    let (other, _) = member(&app, &token, "other@example.com", "AGENT").await;
    let (viewer, _) = member(&app, &token, "viewer@example.com", "VIEWER").await;
    let own = bot(&app, &agent, json!({ "name": "One" })).await;
    let receiver = Receiver::start(&[]).await;
    let draft = json!({ "bot_id": own["id"], "url": receiver.url });
    // An agent may not have the gateway call addresses of this machine; who administers it may.
    let refused = post(&app, ALL, draft.clone(), Some(&agent)).await;
    assert!(
        refused.status == 400 && refused.body["details"]["fields"]["url"].is_array(),
        "{}",
        refused.body
    );
    for events in [json!(["kb_updated", "kb_updated"]), json!(["sang"]), json!([])] {
        let draft = json!({ "bot_id": own["id"], "url": receiver.url, "events": events });
        let refused = post(&app, ALL, draft, Some(&token)).await;
        assert_eq!(refused.status, 400, "{}", refused.body);
        assert!(refused.body["details"]["fields"]["events"].is_array(), "{}", refused.body);
    }
    assert_eq!(post(&app, ALL, draft.clone(), Some(&other)).await.status, 404);
    assert_eq!(post(&app, ALL, draft.clone(), Some(&viewer)).await.status, 403);
    assert_eq!(post(&app, ALL, draft.clone(), None).await.status, 401);
    let hook = register(&app, &token, draft).await;
    let (of_bot, path) =
        (format!("{ALL}/{}", text(&own["id"])), format!("{ALL}/{}", text(&hook["id"])));
    for (who, expected) in [(&token, 200), (&agent, 200), (&other, 404), (&viewer, 403)] {
        assert_eq!(get(&app, &of_bot, Some(who)).await.status, expected);
        assert_eq!(get(&app, &format!("{of_bot}/deliveries"), Some(who)).await.status, expected);
        let test = post(&app, &format!("{path}/test"), json!({}), Some(who)).await;
        assert_eq!(test.status, expected, "{}", test.body);
        let same = Some(json!({ "is_active": true }));
        assert_eq!(ask(&app, Method::PUT, &path, same, Some(who)).await.status, expected);
    }
    for (who, expected) in [(&other, 404), (&viewer, 403), (&agent, 200)] {
        assert_eq!(ask(&app, Method::DELETE, &path, None, Some(who)).await.status, expected);
    }
    app.stop().await;

    let app =
        TestApp::start_with(&[("WAGATE_SERVER__PUBLIC_URL", "https://gateway.example.com")]).await;
    let token = app.key_of(&["*"], None).await;
    let own = bot(&app, &token, json!({ "name": "One" })).await;
    let draft = json!({ "bot_id": own["id"], "url": receiver.url });
    let refused = post(&app, ALL, draft, Some(&token)).await;
    assert!(
        refused.status == 400 && refused.body["details"]["fields"]["url"].is_array(),
        "{}",
        refused.body
    );
    app.stop().await;
}
