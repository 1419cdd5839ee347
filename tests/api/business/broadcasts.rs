//! Broadcasts from their draft to their end: who gets one, once, and what is reported of it.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use wagate::{campaigns::CampaignEvent, domain::Clock, store::disk::Disk};

use crate::{
    app::{BUSINESS, PHONE, TestApp},
    business::{call, created, get},
};

/// Without a pause between two messages.
pub const FAST: (&str, &str) = ("WAGATE_BUSINESS__BROADCAST_GAP_MILLISECONDS", "[0, 0]");
/// A minute between two messages: with a clock that stands still, the first goes alone.
pub const PACED: (&str, &str) = ("WAGATE_BUSINESS__BROADCAST_GAP_MILLISECONDS", "[60000, 60000]");
pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(3_600);

/// A linked session, and a template of a category.
pub async fn shop(settings: &[(&str, &str)], clock: &Clock) -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::start_on(folder, settings, clock.clone(), Disk::manual(0)).await;
    app.ready("shop", PHONE).await;
    template(&app, "news", "UTILITY").await;
    app
}

pub async fn template(app: &TestApp, name: &str, category: &str) -> Value {
    let body = json!({
        "name": name, "category": category, "language": "en_US",
        "components": [{ "type": "BODY", "text": format!("Hello from {name}") }],
    });
    created(app, "/templates", body).await
}

pub fn phone(number: usize) -> String {
    format!("1555200{number:04}")
}

/// Contacts with a tag who have opted in. Their ids.
pub async fn audience(app: &TestApp, tag: &str, numbers: std::ops::Range<usize>) -> Vec<String> {
    let mut ids = Vec::new();
    for number in numbers {
        let body = json!({
            "phone": format!("+{}", phone(number)), "name": format!("Person {number}"), "tags": [tag],
            "optedIn": true,
        });
        let contact = created(app, "/contacts", body).await;
        ids.push(contact["id"].as_str().unwrap().to_owned());
    }
    ids
}

pub fn draft(tag: &str) -> Value {
    json!({ "name": "News", "templateName": "news", "language": "en_US", "tags": [tag] })
}

pub fn now(mut draft: Value) -> Value {
    draft["sendNow"] = true.into();
    draft
}

/// A broadcast that is sent at once; its path.
pub async fn started(app: &TestApp, draft: Value) -> String {
    let made = created(app, "/broadcasts", now(draft)).await;
    assert_eq!(made["status"], "SENDING", "{made}");
    path(&made)
}

pub fn path(broadcast: &Value) -> String {
    format!("/broadcasts/{}", broadcast["id"].as_str().unwrap())
}

/// Waits until a broadcast is as it should be.
pub async fn until(app: &TestApp, path: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    app.wait_for(what, || async {
        let broadcast = get(app, path).await;
        is_so(&broadcast).then_some(broadcast)
    })
    .await
}

pub async fn completed(app: &TestApp, path: &str) -> Value {
    until(app, path, "the broadcast to be completed", |one| one["status"] == "COMPLETED").await
}

/// The same on a clock that moves on at each look: without a pause, too, there is a moment between two messages.
pub async fn completed_by(app: &TestApp, clock: &Clock, path: &str) -> Value {
    until(app, path, "the broadcast to be completed", |one| {
        clock.advance(Duration::from_millis(100));
        one["status"] == "COMPLETED"
    })
    .await
}

/// The texts that a person has from the session.
pub async fn on_phone(app: &TestApp, phone: &str) -> Vec<String> {
    let path = format!("/_simulator/v1/accounts/{phone}/chats/{PHONE}@c.us/messages");
    let (_, answer) = app.get(&path).await;
    let messages = answer["data"]["messages"].as_array().cloned().unwrap_or_default();
    messages.iter().map(|message| message["body"].as_str().unwrap().to_owned()).collect()
}

/// The same once the clock of the network, which stands still, has moved on: so many texts.
pub async fn arrived(app: &TestApp, clock: &Clock, phone: &str, count: usize) {
    clock.advance(Duration::from_secs(1));
    let has_all = async || (on_phone(app, phone).await.len() == count).then_some(());
    app.wait_for(&format!("{count} messages to {phone}"), has_all).await;
}

pub async fn recipients(app: &TestApp, path: &str, query: &str) -> Value {
    get(app, &format!("{path}/recipients?{query}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_who_agreed_gets_it_once_and_its_numbers_follow_the_ticks() {
    let app = shop(&[FAST], &Clock::system()).await;
    audience(&app, "vip", 0..3).await;
    audience(&app, "Retail", 3..5).await;
    audience(&app, "other", 5..6).await;
    let silent = json!({ "phone": format!("+{}", phone(9)), "tags": ["vip"] });
    created(&app, "/contacts", silent).await;
    let tags = json!({ "tags": ["VIP", "retail"] });
    let (status, preview) =
        call(&app, Method::POST, "/broadcasts/preview", Some(tags.clone())).await;
    assert_eq!((status, &preview["total"]), (200, &json!(5)), "{preview}");
    assert_eq!(preview["excluded"]["notOptedIn"], 1);
    assert_eq!((&preview["limit"], &preview["exceedsLimit"]), (&Value::Null, &json!(false)));
    assert_eq!(preview["recipients"].as_array().unwrap().len(), 5);
    assert_eq!(preview["recipients"][0]["phone"], format!("+{}", phone(0)));

    let mut body = draft("vip");
    body["tags"] = tags["tags"].clone();
    let made = created(&app, "/broadcasts", body).await;
    assert_eq!((&made["status"], &made["startedAt"]), (&json!("DRAFT"), &Value::Null));
    let path = path(&made);
    assert_eq!(recipients(&app, &path, "").await["pagination"]["total"], 0);
    let (status, sending) = call(&app, Method::POST, &format!("{path}/send"), None).await;
    assert_eq!((status, &sending["status"]), (200, &json!("SENDING")), "{sending}");
    assert_eq!(sending["stats"]["total"], 5);
    let done = completed(&app, &path).await;
    assert_eq!((&done["stats"]["sent"], &done["stats"]["skipped"]), (&json!(5), &json!(0)));
    assert!(done["completedAt"].is_string() && done["waitingFor"].is_null(), "{done}");
    until(&app, &path, "all to be delivered", |one| one["stats"]["delivered"] == 5).await;
    for number in 0..5 {
        assert_eq!(on_phone(&app, &phone(number)).await, ["Hello from news"], "{number}");
    }
    for number in [5, 9] {
        assert!(on_phone(&app, &phone(number)).await.is_empty(), "{number}");
    }
    let page = recipients(&app, &path, "limit=2&page=2").await;
    assert_eq!(page["pagination"]["total"], 5);
    assert_eq!(page["recipients"][0]["phone"], format!("+{}", phone(2)));
    let contact = page["recipients"][0]["contactId"].as_str().unwrap();
    let events = get(&app, &format!("/contacts/{contact}/timeline?type=broadcast")).await;
    assert_eq!(events["events"].as_array().unwrap().len(), 1, "{events}");
    assert_eq!(events["events"][0]["data"]["broadcast"], done["id"]);
    let messages = get(&app, &format!("/messages?contactId={contact}")).await;
    let message = &messages["messages"][0];
    assert_eq!(message["sentBy"]["type"], "broadcast", "{message}");
    assert_eq!(message["messageId"], page["recipients"][0]["messageId"]);
    let reported = async || {
        let log = &app.gateway.services().events;
        let events = log.read(None, 0, 10_000).await.unwrap();
        let reported: Vec<CampaignEvent> =
            events.iter().filter_map(|one| one.body.read()).collect();
        (!reported.is_empty()).then_some(reported)
    };
    let reported = app.wait_for("the event", reported).await;
    let [CampaignEvent::BroadcastCompleted { broadcast, stats, .. }] = &reported[..] else {
        panic!("{reported:?}")
    };
    assert_eq!(json!(broadcast), done["id"]);
    assert_eq!((stats.total, stats.sent, stats.skipped), (5, 5, 0));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_names_all_its_faults_and_a_state_what_it_does_not_allow() {
    let clock = Clock::manual(Clock::system().now());
    let app = shop(&[FAST], &clock).await;
    audience(&app, "vip", 0..1).await;
    let past = (clock.now() - HOUR).to_string();
    let body = json!({
        "name": " ", "templateName": "news", "language": "en_US", "tags": [" "], "scheduledAt": past,
    });
    let (status, answer) = call(&app, Method::POST, "/broadcasts", Some(body)).await;
    assert_eq!(status, 400, "{answer}");
    let mut fields: Vec<&String> = answer["fields"].as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(fields, ["name", "scheduledAt", "tags"]);
    let (status, answer) = call(&app, Method::POST, "/broadcasts", Some(json!({}))).await;
    assert_eq!((status, answer["fields"].as_object().unwrap().len()), (400, 4), "{answer}");
    let refused = async |field: &str, value: Value, expected: u16| {
        let mut body = draft("vip");
        body[field] = value;
        let (status, answer) = call(&app, Method::POST, "/broadcasts", Some(body)).await;
        assert_eq!(status, expected, "{field}: {answer}");
    };
    refused("templateName", json!("nowhere"), 404).await;
    refused("language", json!("de"), 404).await;
    refused("sessionId", json!("nobody"), 404).await;
    refused(
        "components",
        json!([{ "type": "body", "parameters": [{ "type": "text", "text": "x" }] }]),
        400,
    )
    .await;
    refused("tags", json!([]), 400).await;
    let unfinished = json!({
        "name": "later", "category": "UTILITY", "language": "en_US", "draft": true,
        "components": [{ "type": "BODY", "text": "Later" }],
    });
    created(&app, "/templates", unfinished).await;
    refused("templateName", json!("later"), 400).await;
    let (status, _) = call(&app, Method::GET, "/broadcasts/no", None).await;
    assert_eq!(status, 404);
    let reader = app.key_of(&["read", "contacts"], None).await;
    let url = format!("{}{BUSINESS}/broadcasts", app.base);
    assert_eq!(app.http.get(url).bearer_auth(reader).send().await.unwrap().status(), 403);

    let path = started(&app, draft("vip")).await;
    completed(&app, &path).await;
    for (method, action) in
        [(Method::POST, "/send"), (Method::POST, "/cancel"), (Method::PATCH, "")]
    {
        let body = (method == Method::PATCH).then(|| json!({ "name": "Other" }));
        let (status, answer) = call(&app, method, &format!("{path}{action}"), body).await;
        assert_eq!((status, &answer["code"]), (409, &json!("invalid_state")), "{action}: {answer}");
        assert!(answer["error"].as_str().unwrap().contains("COMPLETED"), "{answer}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_starts_at_its_time_and_one_that_was_missed_as_soon_as_the_gateway_runs() {
    let clock = Clock::manual(Clock::system().now());
    let app = shop(&[FAST], &clock).await;
    audience(&app, "vip", 0..2).await;
    let at = |hours: u32| json!((clock.now() + HOUR * hours).to_string());
    let mut body = draft("vip");
    body["scheduledAt"] = at(1);
    let first = created(&app, "/broadcasts", body.clone()).await;
    assert_eq!(first["status"], "SCHEDULED");
    let other = created(&app, "/broadcasts", draft("vip")).await;
    let change = json!({ "name": "Second", "scheduledAt": at(2) });
    let (status, second) = call(&app, Method::PATCH, &path(&other), Some(change)).await;
    assert_eq!((status, &second["status"]), (200, &json!("SCHEDULED")), "{second}");
    let third = created(&app, "/broadcasts", body).await;
    let unscheduled = Some(json!({ "scheduledAt": null }));
    let (status, third) = call(&app, Method::PATCH, &path(&third), unscheduled).await;
    assert_eq!((status, &third["status"]), (200, &json!("DRAFT")), "{third}");
    let page = get(&app, "/broadcasts?status=SCHEDULED&limit=1").await;
    assert_eq!(
        (&page["pagination"]["total"], &page["broadcasts"][0]["name"]),
        (&json!(2), &json!("Second"))
    );
    clock.advance(HOUR);
    completed(&app, &path(&first)).await;
    assert_eq!(get(&app, &path(&second)).await["status"], "SCHEDULED");
    let folder = app.stop().await;
    clock.advance(HOUR * 3);
    let app = TestApp::start_on(folder, &[FAST], clock.clone(), Disk::manual(0)).await;
    completed(&app, &path(&second)).await;
    arrived(&app, &clock, &phone(1), 2).await;
    assert_eq!(get(&app, &path(&third)).await["status"], "DRAFT");
    assert_eq!(get(&app, "/broadcasts").await["pagination"]["total"], 3);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_that_is_cancelled_reaches_nobody_else() {
    let clock = Clock::manual(Clock::system().now());
    let app = shop(&[PACED], &clock).await;
    audience(&app, "vip", 0..3).await;
    let path = started(&app, draft("vip")).await;
    let waits = |one: &Value| one["stats"]["sent"] == 1 && one["waitingFor"] == "pause";
    until(&app, &path, "the first message", waits).await;
    let next = started(&app, draft("vip")).await;
    until(&app, &next, "its turn", |one| one["waitingFor"] == "turn").await;
    for _ in 0..2 {
        let (status, answer) = call(&app, Method::POST, &format!("{path}/cancel"), None).await;
        assert_eq!((status, &answer["status"]), (200, &json!("CANCELLED")), "{answer}");
    }
    // The one behind it comes to its turn and keeps the pause.
    until(&app, &next, "the pause", |one| one["waitingFor"] == "pause").await;
    for sent in 1..3 {
        clock.advance(MINUTE);
        until(&app, &next, "the next broadcast", |one| one["stats"]["sent"] == sent).await;
    }
    assert_eq!(get(&app, &path).await["stats"]["sent"], 1);
    assert_eq!(recipients(&app, &path, "status=PENDING").await["pagination"]["total"], 2);
    arrived(&app, &clock, &phone(0), 2).await;
    arrived(&app, &clock, &phone(1), 1).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_with_the_next_recipient() {
    let clock = Clock::manual(Clock::system().now());
    let mut app = shop(&[PACED], &clock).await;
    audience(&app, "vip", 0..3).await;
    let path = started(&app, draft("vip")).await;
    for sent in 1..3 {
        until(&app, &path, "a message", |one| one["stats"]["sent"] == sent).await;
        let folder = app.stop().await;
        app = TestApp::start_on(folder, &[PACED], clock.clone(), Disk::manual(0)).await;
        app.wait_for_status("shop", "ready").await;
    }
    completed(&app, &path).await;
    for number in 0..3 {
        arrived(&app, &clock, &phone(number), 1).await;
    }
    app.stop().await;
}
