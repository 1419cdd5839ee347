//! Conversations of the business API: status, lists, windows, assignment, and changes of many at once.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use wagate::{
    domain::{Clock, Timestamp},
    store::disk::Disk,
};

use crate::{
    app::{BUSINESS, PHONE, TestApp},
    business::{call, get},
    chat::write,
};

const HOUR: Duration = Duration::from_secs(3_600);

/// The conversation with a person, once the inbox has it.
pub async fn chat_with(app: &TestApp, phone: &str) -> Value {
    let phone = format!("+{phone}");
    app.wait_for("the conversation", || async {
        let page = get(app, "/chats?limit=100").await;
        let all = page["chats"].as_array().unwrap();
        all.iter().find(|chat| chat["contact"]["phone"] == phone.as_str()).cloned()
    })
    .await
}

/// The same on a clock that the test moves: what is due in a moment is due.
pub async fn chat_on(app: &TestApp, clock: &Clock, phone: &str) -> Value {
    let phone = format!("+{phone}");
    app.wait_for("the conversation", || async {
        clock.advance(Duration::from_millis(5));
        let page = get(app, "/chats?limit=100").await;
        let all = page["chats"].as_array().unwrap();
        all.iter().find(|chat| chat["contact"]["phone"] == phone.as_str()).cloned()
    })
    .await
}

async fn ids(app: &TestApp, query: &str) -> (Vec<String>, u64) {
    let page = get(app, &format!("/chats?{query}")).await;
    let all = page["chats"].as_array().unwrap().iter();
    let ids = all.map(|chat| chat["contact"]["phone"].as_str().unwrap().to_owned()).collect();
    (ids, page["pagination"]["total"].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_names_the_session_that_is_meant() {
    let app = TestApp::start_with(&[("WAGATE_BUSINESS__NAME", "Acme Corp")]).await;
    let status = get(&app, "/status").await;
    assert_eq!(status["connected"], false);
    for field in ["phoneNumber", "connectionType", "sessionId"] {
        assert_eq!(status[field], Value::Null, "{status}");
    }
    app.create("other").await;
    app.ready("shop", PHONE).await;
    let status = get(&app, "/status").await;
    let expected = json!({
        "connected": true, "phoneNumber": format!("+{PHONE}"), "connectionType": "web",
        "businessName": "Acme Corp", "sessionId": "shop",
        "sms": { "enabled": true, "phoneNumber": "+15559990000" }, "slack": { "enabled": false },
    });
    assert_eq!(status, expected);
    let other = get(&app, "/status?sessionId=other").await;
    assert_eq!((&other["connected"], &other["phoneNumber"]), (&json!(false), &Value::Null));
    assert_eq!(call(&app, Method::GET, "/status?sessionId=none", None).await.0, 404);
    let line = format!("/_simulator/v1/accounts/{PHONE}/line");
    assert_eq!(app.post(&line, json!({ "connected": false })).await.0, 200);
    app.wait_for("the end of the connection", || async {
        let status = get(&app, "/status?sessionId=shop").await;
        (status["connected"] == false).then_some(())
    })
    .await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_are_listed_by_activity_with_filters_and_exact_totals() {
    let app = TestApp::start().await;
    app.ready("shop", PHONE).await;
    for person in ["15551000001", "15551000002", "15551000003"] {
        write(&app, person, "Hi").await;
        let chat = chat_with(&app, person).await;
        // Messages have whole seconds: the next one comes in another.
        let at: Timestamp = chat["lastActivityAt"].as_str().unwrap().parse().unwrap();
        app.wait_for("the next second", || async {
            (at.as_second() < Clock::system().now().as_second()).then_some(())
        })
        .await;
    }
    let all = ["+15551000003", "+15551000002", "+15551000001"].map(str::to_owned).to_vec();
    assert_eq!(ids(&app, "").await, (all.clone(), 3));
    assert_eq!(ids(&app, "limit=1&page=2").await, (vec![all[1].clone()], 3));
    let first = chat_with(&app, "15551000003").await["id"].as_str().unwrap().to_owned();
    let before = format!("before={first}&limit=1");
    assert_eq!(ids(&app, &before).await, (vec![all[1].clone()], 3));

    let one = chat_with(&app, "15551000001").await["id"].as_str().unwrap().to_owned();
    let (status, assigned) =
        call(&app, Method::POST, &format!("/chats/{one}/assign"), Some(json!({ "userId": "me" })))
            .await;
    assert_eq!(status, 200, "{assigned}");
    assert_eq!(
        (&assigned["status"], &assigned["assignedTo"]["name"]),
        (&json!("ASSIGNED"), &json!("test"))
    );
    let two = chat_with(&app, "15551000002").await["id"].as_str().unwrap().to_owned();
    let (status, resolved) = call(
        &app,
        Method::POST,
        &format!("/chats/{two}/resolve"),
        Some(json!({ "sendCsat": false })),
    )
    .await;
    assert_eq!((status, &resolved["status"]), (200, &json!("RESOLVED")));
    assert_eq!(ids(&app, "status=OPEN").await, (vec![all[0].clone()], 1));
    assert_eq!(ids(&app, "status=open,resolved").await, (all[..2].to_vec(), 2));
    assert_eq!(ids(&app, "assignedTo=me").await, (vec![all[2].clone()], 1));
    assert_eq!(ids(&app, "assignedTo=unassigned").await.1, 2);
    assert_eq!(ids(&app, "assignedTo=me&status=OPEN").await.1, 0);
    assert_eq!(ids(&app, "channel=sms").await.1, 0);
    assert_eq!(ids(&app, "channel=whatsapp&unread=true").await.1, 3);
    assert_eq!(ids(&app, "search=1000002").await, (vec![all[1].clone()], 1));
    write(&app, "15550000011", "Hi").await;
    chat_with(&app, "15550000011").await;
    for search in ["ada", "%2B1%20555%20000%200011", "15550000011%40c.us"] {
        let found = ids(&app, &format!("search={search}")).await;
        assert_eq!(found, (vec!["+15550000011".to_owned()], 1), "{search}");
    }
    for wrong in ["status=x", "channel=fax", "limit=0", "page=1001&limit=10", "assignedTo=nobody"] {
        let (status, answer) = call(&app, Method::GET, &format!("/chats?{wrong}"), None).await;
        assert_eq!(status, 400, "{wrong}: {answer}");
    }
    // A message of the contact reopens it.
    write(&app, "15551000002", "One more thing").await;
    app.wait_for("the conversation to be open again", || async {
        let chat = get(&app, &format!("/chats/{two}")).await;
        (chat["chat"]["status"] == "OPEN").then_some(())
    })
    .await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_changed_and_its_lists_follow() {
    let app = TestApp::start().await;
    app.ready("shop", PHONE).await;
    write(&app, "15551000001", "Hi").await;
    let id = chat_with(&app, "15551000001").await["id"].as_str().unwrap().to_owned();
    let path = format!("/chats/{id}");
    let body = json!({ "starred": true, "tags": ["VIP"], "read": true, "archived": true });
    let (status, chat) = call(&app, Method::PATCH, &path, Some(body)).await;
    assert_eq!(status, 200, "{chat}");
    assert_eq!((&chat["starred"], &chat["tags"]), (&json!(true), &json!(["VIP"])));
    assert_eq!((&chat["unreadCount"], &chat["archived"]), (&json!(0), &json!(true)));
    assert_eq!(ids(&app, "tag=vip&archived=true").await.1, 1);
    assert_eq!(ids(&app, "archived=true&starred=true").await.1, 1);
    assert_eq!((ids(&app, "").await.1, ids(&app, "tag=none").await.1), (0, 0));
    let soon = (Clock::system().now() + HOUR).to_string();
    let both = json!({ "status": "RESOLVED", "snoozedUntil": soon });
    let (status, answer) = call(&app, Method::PATCH, &path, Some(both)).await;
    assert_eq!((status, &answer["code"]), (409, &json!("invalid_state")), "{answer}");
    for (body, expected) in [
        (json!({ "status": "ASSIGNED" }), 400),
        (json!({ "status": "AI_ACTIVE" }), 400),
        (json!({ "status": "nonsense" }), 400),
        (json!({ "assignedTo": "0194f3a0-0000-7000-8000-000000000001" }), 400),
        (json!({ "assignedTo": "me", "status": "ASSIGNED" }), 200),
        (json!({ "assignedTo": null }), 200),
    ] {
        let (status, answer) = call(&app, Method::PATCH, &path, Some(body.clone())).await;
        assert_eq!(status, expected, "{body}: {answer}");
    }
    let channel = |channel: &str| Some(json!({ "channel": channel }));
    let to = format!("{path}/channel");
    assert_eq!(call(&app, Method::PUT, &to, channel("whatsapp")).await.0, 200);
    let (status, answer) = call(&app, Method::PUT, &to, channel("sms")).await;
    assert_eq!((status, &answer["selectedChannel"]), (200, &json!("sms")), "{answer}");
    assert_eq!(call(&app, Method::DELETE, &path, None).await.0, 200);
    assert_eq!(call(&app, Method::GET, &path, None).await.0, 404);
    assert_eq!(ids(&app, "archived=true").await.1, 0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_refused_in_part_changes_nothing() {
    let app = TestApp::start().await;
    app.ready("shop", PHONE).await;
    write(&app, "15551000001", "Hi").await;
    let id = chat_with(&app, "15551000001").await["id"].as_str().unwrap().to_owned();
    let path = format!("/chats/{id}");
    // As it is shown, but for the seconds that its window has left.
    let shown = async || {
        let mut chat = get(&app, &path).await["chat"].clone();
        chat["window"].as_object_mut().unwrap().remove("secondsRemaining");
        chat
    };
    let before = shown().await;
    let events = app.gateway.services().events.newest();
    let all = json!({
        "assignedTo": "me", "status": "ASSIGNED", "starred": true, "archived": true, "read": true,
        "tags": ["VIP"],
    });
    let many: Vec<String> = (0..51).map(|number| number.to_string()).collect();
    for (field, wrong, expected) in [
        ("tags", json!(["fine", " "]), 400),
        ("tags", json!(["fine", "x".repeat(51)]), 400),
        ("tags", json!(many), 400),
        ("status", json!("AI_ACTIVE"), 400),
        ("assignedTo", json!("nobody"), 400),
    ] {
        let mut body = all.clone();
        body[field] = wrong;
        let (status, answer) = call(&app, Method::PATCH, &path, Some(body.clone())).await;
        let named =
            answer["fields"].as_object().unwrap().keys().any(|name| name.starts_with(field));
        assert_eq!((status, named), (expected, true), "{answer}");
        assert_eq!(shown().await, before, "{body}");
    }
    // Without its connection the account cannot archive it.
    let line = format!("/_simulator/v1/accounts/{PHONE}/line");
    assert_eq!(app.post(&line, json!({ "connected": false })).await.0, 200);
    app.wait_for("the end of the connection", || async {
        (get(&app, "/status?sessionId=shop").await["connected"] == false).then_some(())
    })
    .await;
    let events_by_then = app.gateway.services().events.newest();
    let (status, answer) = call(&app, Method::PATCH, &path, Some(all.clone())).await;
    assert_ne!(status, 200, "{answer}");
    assert_eq!(shown().await, before);
    let (_, tags) = app.get("/api/v1/tags").await;
    assert_eq!(tags["data"]["tags"], json!([]), "{tags}");
    let logged = app.gateway.services().events.read(None, events, 1_000).await.unwrap();
    let logged: Vec<&str> = logged
        .iter()
        .filter(|event| event.body.whatsapp().is_none() || event.seq > events_by_then)
        .map(|event| event.body.name())
        .collect();
    assert!(logged.iter().all(|name| !name.starts_with("conversation.")), "{logged:?}");
    assert_eq!(app.post(&line, json!({ "connected": true })).await.0, 200);
    app.wait_for_status("shop", "ready").await;
    let (status, chat) = call(&app, Method::PATCH, &path, Some(all)).await;
    assert_eq!(
        (status, &chat["tags"], &chat["status"]),
        (200, &json!(["VIP"]), &json!("ASSIGNED"))
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_changed_at_once_and_those_that_cannot_be_are_named() {
    let app = TestApp::start().await;
    app.ready("shop", PHONE).await;
    let mut all = Vec::new();
    for person in ["15551000001", "15551000002"] {
        write(&app, person, "Hi").await;
        all.push(chat_with(&app, person).await["id"].clone());
    }
    all.push(json!("0194f3a0-0000-7000-8000-000000000001"));
    for (action, list) in [
        ("mark_read", "unread=false"),
        ("star", "starred=true"),
        ("archive", "archived=true"),
        ("delete", ""),
    ] {
        let body = json!({ "ids": all, "action": action });
        let (status, answer) = call(&app, Method::POST, "/chats/bulk", Some(body)).await;
        assert_eq!((status, &answer["updated"]), (200, &json!(2)), "{action}: {answer}");
        assert_eq!(answer["failed"][0]["id"], all[2], "{answer}");
        let expected = if action == "delete" { 0 } else { 2 };
        assert_eq!(ids(&app, list).await.1, expected, "{action}");
    }
    for body in [json!({ "ids": [], "action": "star" }), json!({ "ids": all, "action": "burn" })] {
        assert_eq!(call(&app, Method::POST, "/chats/bulk", Some(body)).await.0, 400);
    }
    let reader = app.key_of(&["read"], None).await;
    let url = format!("{}{BUSINESS}/chats", app.base);
    let answer = app.http.get(&url).bearer_auth(&reader).send().await.unwrap();
    assert_eq!(answer.status(), 403);
    let body = json!({ "ids": all, "action": "star" });
    let request = app.http.post(format!("{url}/bulk")).bearer_auth(&reader).json(&body);
    assert_eq!(request.send().await.unwrap().status(), 403);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_is_counted_down_announced_once_and_closes() {
    let clock = Clock::manual(Clock::system().now());
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::start_on(folder, &[], clock.clone(), Disk::manual(0)).await;
    app.ready("shop", PHONE).await;
    write(&app, "15551000001", "Hi").await;
    let chat = chat_on(&app, &clock, "15551000001").await;
    assert_eq!(
        (&chat["window"]["open"], &chat["window"]["approachingExpiry"]),
        (&json!(true), &json!(false))
    );
    let text = || Some(json!({ "to": "+15551000001", "text": "Hello" }));
    clock.advance(23 * HOUR);
    let id = chat["id"].as_str().unwrap();
    let window = async || get(&app, &format!("/chats/{id}")).await["chat"]["window"].clone();
    assert_eq!(window().await["approachingExpiry"], true);
    let announced = async || {
        let events = app.gateway.services().events.read(None, 0, 10_000).await.unwrap();
        events.iter().filter(|event| event.body.name() == "conversation.window_expiring").count()
    };
    app.wait_for("the announcement", || async { (announced().await == 1).then_some(()) }).await;
    assert_eq!(call(&app, Method::POST, "/send", text()).await.0, 200);
    clock.advance(HOUR + Duration::from_secs(1));
    assert_eq!(window().await["open"], false);
    let (status, answer) = call(&app, Method::POST, "/send", text()).await;
    assert_eq!((status, &answer["code"]), (403, &json!("outside_24h_window")), "{answer}");
    assert_eq!(announced().await, 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_of_a_deleted_contact_still_says_whom_it_is_with() {
    let app = TestApp::start().await;
    app.ready("shop", PHONE).await;
    write(&app, "15550000011", "Hi").await;
    let chat = chat_with(&app, "15550000011").await;
    let (id, contact) = (chat["id"].as_str().unwrap(), chat["contact"]["id"].as_str().unwrap());
    assert_eq!(call(&app, Method::DELETE, &format!("/contacts/{contact}"), None).await.0, 200);
    let person = json!({
        "id": null, "phone": "+15550000011", "name": chat["contact"]["name"], "tags": [], "optedIn": false,
    });
    assert_eq!(get(&app, "/chats").await["chats"][0]["contact"], person);
    assert_eq!(get(&app, &format!("/chats/{id}")).await["chat"]["contact"], person);
    app.stop().await;
}
