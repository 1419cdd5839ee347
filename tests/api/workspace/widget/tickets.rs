//! Tickets of visitors: whom they reach, who sees them, and how many there may be.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::workspace::guest::{Guest, active};
use crate::{
    app::TestApp,
    receiver::Receiver,
    workspace::{Answer, answered, get, kinds, member, owner, post, put, text},
};

async fn open(guest: &Guest<'_>, body: Value) -> Answer {
    guest.ask(Method::POST, "tickets", Some(body)).await
}

async fn seen(guest: &Guest<'_>) -> Vec<(u64, String)> {
    let list = answered(guest.ask(Method::GET, "tickets", None).await, 200);
    let all = list["tickets"].as_array().unwrap();
    assert_eq!(list["total"], all.len());
    all.iter().map(|one| (one["number"].as_u64().unwrap(), text(&one["status"]))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_opens_a_ticket_and_people_see_to_it() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let (agent, _) = member(&app, &ada, "agent@example.com", "AGENT").await;
    let (made, token) = active(&app, &ada, json!({ "name": "Support Bot" })).await;
    let id = text(&made["id"]);
    let receiver = Receiver::start(&[]).await;
    let hook = json!({ "bot_id": id, "url": receiver.url, "events": ["ticket_created"] });
    answered(post(&app, "/api/v1/webhooks", hook, Some(&ada)).await, 201);
    post(&app, "/api/v1/presence/heartbeat", json!({}), Some(&ada)).await;

    // Before anything is said, too.
    let guest = Guest::of(&app, &token).await;
    let body = json!({
        "subject": " The cup broke ", "description": "Order 4711", "email": "john@example.com",
    });
    let opened = answered(open(&guest, body).await, 201);
    assert_eq!(
        (&opened["number"], &opened["subject"], &opened["status"]),
        (&json!(1), &json!("The cup broke"), &json!("open"))
    );
    assert!(opened.get("requester").is_none() && opened.get("assignee").is_none(), "{opened}");
    let list = answered(get(&app, &format!("/api/v1/tickets/{id}"), Some(&ada)).await, 200);
    let ticket = &list["tickets"][0];
    assert_eq!(
        (&ticket["id"], &ticket["session_id"], &ticket["requester"], &ticket["created_by"]),
        (&opened["id"], &json!(guest.session), &json!("john@example.com"), &Value::Null)
    );
    assert_eq!(ticket["description"], "Order 4711");
    let got = receiver.reach(1).await;
    let shown = &got[0].body;
    assert_eq!(
        (&shown["event"], &shown["data"]["ticket"]["id"]),
        (&json!("ticket_created"), &opened["id"])
    );
    assert_eq!(kinds(&app, &ada).await, ["ticket_created"]);
    assert_eq!(kinds(&app, &agent).await, Vec::<String>::new(), "nobody else sees the bot");

    // The visitor sees how it goes on, and nothing that people open about the conversation.
    guest.say("Hello!").await;
    let own = json!({ "bot_id": id, "session_id": guest.session, "subject": "SECRET" });
    answered(post(&app, "/api/v1/tickets", own, Some(&ada)).await, 201);
    let path = format!("/api/v1/tickets/{}", text(&opened["id"]));
    answered(put(&app, &path, json!({ "status": "pending" }), &ada).await, 200);
    assert_eq!(seen(&guest).await, [(1, "pending".to_owned())]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_sees_the_own_tickets_alone_and_opens_five_at_most() {
    let app = TestApp::start_with(&[("WAGATE_LIMITS__ASSISTANT", "100")]).await;
    let (ada, _) = owner(&app).await;
    let (_, token) = active(&app, &ada, json!({ "name": "One" })).await;
    let (_, other) = active(&app, &ada, json!({ "name": "Other" })).await;
    let (one, two) = (Guest::of(&app, &token).await, Guest::of(&app, &token).await);
    let name = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7b";
    let named = json!({ "subject": "Mine", "client_ticket_id": name });
    let first = answered(open(&one, named.clone()).await, 201);
    assert_eq!(answered(open(&one, named.clone()).await, 201), first, "sent again, it is the same");
    // The name of another's ticket leads to no ticket of another.
    let theirs = answered(open(&two, named.clone()).await, 201);
    assert_ne!(theirs["id"], first["id"]);
    assert_eq!((seen(&one).await.len(), seen(&two).await.len()), (1, 1));
    let foreign = json!({ "subject": "x", "session_id": one.session });
    assert_eq!(open(&two, foreign).await.status, 404);
    let stranger = Guest {
        app: &app,
        token: other,
        visitor: one.visitor.clone(),
        session: one.session.clone(),
    };
    assert_eq!(open(&stranger, named).await.status, 401);
    assert_eq!(stranger.ask(Method::GET, "tickets", None).await.status, 401);

    // Many at once: no more than five are open, and one that is closed makes room.
    let many = (0..8).map(|count| open(&one, json!({ "subject": format!("{count}") })));
    let answers = join_all(many).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(201), count(409)), (4, 4));
    let full = open(&one, json!({ "subject": "one more" })).await;
    assert_eq!((full.status, &full.body["code"]), (409, &json!("CONFLICT")));
    let path = format!("/api/v1/tickets/{}", text(&first["id"]));
    answered(put(&app, &path, json!({ "status": "closed" }), &ada).await, 200);
    answered(open(&one, json!({ "subject": "one more" })).await, 201);
    assert_eq!(seen(&two).await.len(), 1);

    for (body, field) in [
        (json!({ "subject": "   " }), "subject"),
        (json!({ "subject": "x", "email": "nobody" }), "email"),
        (json!({ "subject": "x", "client_ticket_id": "7" }), "client_ticket_id"),
        (json!({ "subject": "x", "description": "x".repeat(5_001) }), "description"),
        (json!({ "subject": "x", "priority": "urgent" }), "priority"),
    ] {
        let refused = open(&two, body).await;
        assert_eq!(refused.status, 400, "{field}");
        assert!(refused.body.to_string().contains(field), "{}", refused.body);
    }
    app.stop().await;
}
