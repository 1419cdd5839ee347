//! Tickets and tasks: who sees which, how they go on, and whom they reach.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    app::TestApp,
    receiver::Receiver,
    workspace::{
        all_notified, answered, bot, conversation, delete, get, kinds, member, office, on_a_clock,
        owner, post, put, text,
    },
};

const TICKETS: &str = "/api/v1/tickets";
const TASKS: &str = "/api/v1/tasks";

async fn opened(app: &TestApp, credential: &str, body: Value) -> Value {
    answered(post(app, TICKETS, body, Some(credential)).await, 201)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_has_a_number_is_found_by_filters_and_goes_on() {
    let app = TestApp::start().await;
    let (ada, id) = owner(&app).await;
    let desk = bot(&app, &ada).await;
    let draft = |subject: &str| json!({ "bot_id": desk, "subject": subject });
    let one = opened(&app, &ada, draft("The cup broke")).await;
    let mut urgent = draft("No tea");
    urgent["priority"] = json!("urgent");
    urgent["assignee_id"] = json!("me");
    urgent["requester"] = json!("John Doe");
    let two = opened(&app, &ada, urgent).await;
    assert_eq!((&one["number"], &two["number"]), (&json!(1), &json!(2)));
    assert_eq!((&one["status"], &one["priority"]), (&json!("open"), &json!("normal")));
    assert_eq!((&two["assignee"]["id"], &two["created_by"]), (&json!(id), &json!(id)));
    let path = format!("{TICKETS}/{desk}");
    let found = async |query: &str| -> Vec<u64> {
        let list = answered(get(&app, &format!("{path}{query}"), Some(&ada)).await, 200);
        let numbers = list["tickets"].as_array().unwrap().iter();
        numbers.map(|one| one["number"].as_u64().unwrap()).collect()
    };
    assert_eq!(found("").await, [2, 1]);
    assert_eq!(found("?priority=urgent").await, [2]);
    assert_eq!(found("?assigned_to=me").await, [2]);
    assert_eq!(found("?assigned_to=unassigned").await, [1]);
    assert_eq!(found("?per_page=1&page=2").await, [1]);

    let path = format!("{TICKETS}/{}", text(&one["id"]));
    let change = json!({ "status": "resolved", "description": "A new one was sent" });
    let changed = answered(put(&app, &path, change, &ada).await, 200);
    assert_eq!((&changed["status"], &changed["subject"]), (&json!("resolved"), &one["subject"]));
    assert!(changed["closed_at"].is_string(), "{changed}");
    assert_eq!((found("?status=open").await, found("?status=resolved").await), (vec![2], vec![1]));
    let again = answered(put(&app, &path, json!({ "status": "pending" }), &ada).await, 200);
    assert_eq!(
        (&again["closed_at"], &again["description"]),
        (&Value::Null, &changed["description"])
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_have_bounds_and_are_of_bots_that_one_sees() {
    let (app, ada, _) = office().await;
    let (grace, _) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let (viewer, viewers) = member(&app, &ada, "viewer@example.com", "VIEWER").await;
    let (theirs, other) = (bot(&app, &ada).await, bot(&app, &ada).await);
    let about = conversation(&app, &ada, "15550000001").await;
    let draft = || json!({ "bot_id": theirs, "subject": "x" });
    for (field, value) in [
        ("subject", json!(" ")),
        ("subject", json!("x".repeat(201))),
        ("description", json!("x".repeat(5_001))),
        ("priority", json!("soon")),
        ("assignee_id", json!(viewers)),
        ("assignee_id", json!("Ada")),
        ("due_at", json!("tomorrow")),
        // It is of no bot.
        ("session_id", json!(about)),
    ] {
        let mut body = draft();
        body[field] = value;
        let refused = answered(post(&app, TICKETS, body, Some(&ada)).await, 400);
        assert!(refused["details"]["fields"].get(field).is_some(), "{field}: {refused}");
    }
    let one = opened(&app, &ada, draft()).await;
    let path = format!("{TICKETS}/{}", text(&one["id"]));
    let done = answered(put(&app, &path, json!({ "status": "done" }), &ada).await, 400);
    assert!(done["details"]["fields"].get("status").is_some(), "{done}");
    answered(post(&app, TICKETS, draft(), Some(&viewer)).await, 403);
    // To an agent who is in no team, the bots of others and their tickets do not exist.
    answered(get(&app, &format!("{TICKETS}/{theirs}"), Some(&grace)).await, 404);
    answered(post(&app, TICKETS, draft(), Some(&grace)).await, 404);
    answered(put(&app, &path, json!({ "subject": "y" }), &grace).await, 404);
    // A task is no ticket.
    let task = json!({ "title": "x", "assignee_id": "me" });
    let task = answered(post(&app, TASKS, task, Some(&ada)).await, 201);
    let path = format!("{TICKETS}/{}", text(&task["id"]));
    answered(put(&app, &path, json!({ "subject": "y" }), &ada).await, 404);
    // They go with their bot, and those of others stay.
    opened(&app, &ada, json!({ "bot_id": other, "subject": "stays" })).await;
    answered(delete(&app, &format!("/api/v1/bots/{theirs}"), &ada).await, 200);
    answered(put(&app, &format!("{TICKETS}/{}", text(&one["id"])), json!({}), &ada).await, 404);
    let left = answered(get(&app, &format!("{TICKETS}/{other}"), Some(&ada)).await, 200);
    assert_eq!(left["total"], 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_seen_by_whose_it_is_who_made_it_and_administrators() {
    let (app, ada, _) = office().await;
    let (grace, graces) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let (alan, _) = member(&app, &ada, "alan@example.com", "AGENT").await;
    let draft = json!({ "title": "Call John", "assignee_id": graces, "description": "At noon" });
    let task = answered(post(&app, TASKS, draft, Some(&ada)).await, 201);
    assert_eq!((&task["status"], &task["assignee"]["id"]), (&json!("open"), &json!(graces)));
    let count = async |who: &str, query: &str| {
        answered(get(&app, &format!("{TASKS}{query}"), Some(who)).await, 200)["total"].clone()
    };
    assert_eq!(count(&grace, "").await, 1);
    assert_eq!(count(&ada, "").await, 0);
    assert_eq!(count(&ada, "?scope=team").await, 1);
    assert_eq!((count(&alan, "").await, count(&alan, "?scope=team").await), (json!(0), json!(0)));
    let path = format!("{TASKS}/{}", text(&task["id"]));
    answered(put(&app, &path, json!({ "status": "done" }), &alan).await, 404);
    answered(delete(&app, &path, &alan).await, 404);
    let done = answered(put(&app, &path, json!({ "status": "done" }), &grace).await, 200);
    assert!(done["done_at"].is_string(), "{done}");
    assert_eq!(count(&grace, "?status=open").await, 0);
    assert_eq!(count(&grace, "?status=done").await, 1);
    // Of a conversation that one sees.
    let about = conversation(&app, &ada, "15550000001").await;
    let draft = json!({ "title": "Ask again", "assignee_id": "me", "session_id": about });
    answered(post(&app, TASKS, draft.clone(), Some(&ada)).await, 201);
    assert_eq!(count(&ada, &format!("?scope=session&session_id={about}")).await, 1);
    answered(post(&app, TASKS, draft, Some(&grace)).await, 404);
    let missing = get(&app, &format!("{TASKS}?scope=session"), Some(&ada)).await;
    answered(missing, 400);
    answered(delete(&app, &path, &ada).await, 200);
    answered(delete(&app, &path, &ada).await, 404);
    // Whose task it is learns of it, and who makes one for themselves does not.
    assert_eq!(kinds(&app, &grace).await, ["task_created"]);
    assert!(!kinds(&app, &ada).await.contains(&"task_created".to_owned()));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_task_is_due_gets_a_notification_once_and_not_for_one_that_is_done() {
    let (app, clock) = on_a_clock(&[]).await;
    let (ada, _) = owner(&app).await;
    let (grace, graces) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let at = |hours: u64| (clock.now() + Duration::from_secs(hours * 3_600)).to_string();
    let draft =
        |title: &str, due: String| json!({ "title": title, "assignee_id": graces, "due_at": due });
    let made = async |title: &str, due: String| {
        text(&answered(post(&app, TASKS, draft(title, due), Some(&ada)).await, 201)["id"])
    };
    let done = made("Done before", at(1)).await;
    let later = made("Put off", at(1)).await;
    made("Due", at(1)).await;
    let path = format!("{TASKS}/{done}");
    answered(put(&app, &path, json!({ "status": "done" }), &ada).await, 200);
    let path = format!("{TASKS}/{later}");
    answered(put(&app, &path, json!({ "due_at": at(10) }), &ada).await, 200);
    let due = async || {
        all_notified(&app).await;
        let list = get(&app, "/api/v1/notifications?per_page=100", Some(&grace)).await.body;
        let all = list["notifications"].as_array().unwrap().iter();
        let due = all.filter(|one| one["type"] == "task_due");
        due.map(|one| text(&one["title"])).collect::<Vec<_>>()
    };
    assert_eq!(due().await, Vec::<String>::new());
    clock.advance(Duration::from_secs(3_601));
    app.wait_for("the first", async || (due().await == ["Due: Due"]).then_some(())).await;
    clock.advance(Duration::from_secs(9 * 3_600));
    let both = ["Due: Put off", "Due: Due"];
    app.wait_for("the second", async || (due().await == both).then_some(())).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_of_the_bot_hears_of_tickets_and_tasks() {
    let (app, ada, _) = office().await;
    let receiver = Receiver::start(&[]).await;
    let draft = json!({
        "name": "Desk", "channels": [{ "type": "whatsapp", "session_id": "s" }],
    });
    let desk = text(&answered(post(&app, "/api/v1/bots", draft, Some(&ada)).await, 201)["id"]);
    let path = format!("/api/v1/bots/{desk}/activate");
    answered(post(&app, &path, json!({}), Some(&ada)).await, 200);
    let events = json!(["ticket_created", "task_created"]);
    let hook = json!({ "bot_id": desk, "url": receiver.url, "events": events });
    answered(post(&app, "/api/v1/webhooks", hook, Some(&ada)).await, 201);
    let about = conversation(&app, &ada, "15550000001").await;
    let draft = json!({ "bot_id": desk, "session_id": about, "subject": "Broken" });
    let ticket = opened(&app, &ada, draft).await;
    let draft = json!({ "title": "Call", "assignee_id": "me", "session_id": about });
    let task = answered(post(&app, TASKS, draft, Some(&ada)).await, 201);
    // A task beside no conversation is of no bot.
    let draft = json!({ "title": "Tidy up", "assignee_id": "me" });
    answered(post(&app, TASKS, draft, Some(&ada)).await, 201);
    let got = receiver.reach(2).await;
    let mut bodies: Vec<Value> = got.iter().map(|one| one.body.clone()).collect();
    bodies.sort_by_key(|body| text(&body["event"]));
    assert_eq!(
        (&bodies[0]["event"], &bodies[0]["data"]["task"]["id"]),
        (&json!("task_created"), &task["id"])
    );
    assert_eq!(bodies[1]["data"]["ticket"]["id"], ticket["id"]);
    assert_eq!(bodies[1]["data"]["ticket"]["session_id"], about);
    assert!(bodies.iter().all(|body| body["bot_id"] == desk.as_str()));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_assigned_to_an_account_that_is_removed_is_nobodys() {
    let (app, ada, _) = office().await;
    let (_, alans) = member(&app, &ada, "alan@example.com", "ADMIN").await;
    let desk = bot(&app, &ada).await;
    let mut chats = Vec::new();
    for person in ["15550000051", "15550000052"] {
        let chat = format!("/api/whatsapp-api/chats/{}", conversation(&app, &ada, person).await);
        let body = json!({ "userId": alans });
        answered(post(&app, &format!("{chat}/assign"), body, Some(&ada)).await, 200);
        chats.push(chat);
    }
    let resolve = format!("{}/resolve", chats[1]);
    answered(post(&app, &resolve, json!({ "sendCsat": false }), Some(&ada)).await, 200);
    let ticket = json!({ "bot_id": desk, "subject": "The cup broke", "assignee_id": alans });
    let ticket = opened(&app, &ada, ticket).await;
    opened(&app, &ada, json!({ "bot_id": desk, "subject": "x", "assignee_id": "me" })).await;
    answered(delete(&app, &format!("/api/v1/users/{alans}"), &ada).await, 200);
    for (chat, status) in chats.iter().zip(["OPEN", "RESOLVED"]) {
        let shown = answered(get(&app, chat, Some(&ada)).await, 200)["chat"].clone();
        assert_eq!((&shown["status"], &shown["assignedTo"]), (&json!(status), &Value::Null));
    }
    let path = format!("{TICKETS}/{desk}?assigned_to=unassigned");
    let left = answered(get(&app, &path, Some(&ada)).await, 200);
    assert_eq!((&left["total"], &left["tickets"][0]["id"]), (&json!(1), &ticket["id"]));
    app.stop().await;
}
