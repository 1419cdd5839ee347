//! Business hours and automatic assignment: who learns that nobody is there, and who gets conversations that wait.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use wagate::{
    domain::{Clock, EventBody},
    inbox::InboxEvent,
    store::disk::Disk,
};

use crate::{
    app::{PHONE, TestApp},
    business::{
        call,
        chats::{chat_on, chat_with},
        get,
        settings::got,
    },
    chat::write,
    workspace::{member, owner, post},
};

const ADA: &str = "15550000041";
const BOB: &str = "15550000042";
const AWAY: &str = "We are back at 9.";
const HOUR: Duration = Duration::from_secs(3_600);

async fn patch(app: &TestApp, body: Value) -> (u16, Value) {
    call(app, Method::PATCH, "/settings", Some(body)).await
}

/// Returns once the inbox has seen so many messages of all people, nothing waits to be sent, and a person was answered so
/// often with the away message.
async fn answered(app: &TestApp, clock: &Clock, (person, times): (&str, usize), written: usize) {
    let services = app.gateway.services();
    app.wait_for("the messages", || async {
        clock.advance(Duration::from_millis(5));
        let events = services.events.read(None, 0, 10_000).await.unwrap();
        let of_people = events.iter().filter(|event| {
            matches!(event.body.whatsapp(), Some(EventBody::Message { message }) if !message.from_me())
        });
        (of_people.count() == written).then_some(())
    })
    .await;
    services.inbox.caught_up().await.unwrap();
    app.wait_for("an empty outbox", || async {
        clock.advance(Duration::from_millis(50));
        services.outbox.stats().await.unwrap().is_empty().then_some(())
    })
    .await;
    // What left the outbox is a moment on its way to the phone.
    app.wait_for("the answers", || async {
        clock.advance(Duration::from_millis(50));
        let answers = got(app, person).await.iter().filter(|text| *text == AWAY).count();
        (answers == times).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_of_the_business_hours_a_contact_learns_it_once_until_it_was_open_again() {
    // A Monday evening.
    let clock = Clock::manual("2026-01-05T19:00:00Z".parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::start_on(folder, &[], clock.clone(), Disk::manual(0)).await;
    app.ready("shop", PHONE).await;
    assert_eq!(get(&app, "/settings").await["businessHours"], Value::Null);
    let weekday = json!([["09:00", "12:00"], ["13:00", "18:00"]]);
    let body = json!({ "businessHours": { "mon": weekday, "tue": weekday }, "awayMessage": AWAY });
    let (status, changed) = patch(&app, body).await;
    assert_eq!(status, 200, "{changed}");
    let hours = &changed["businessHours"];
    assert_eq!((&hours["tue"], &hours["wed"]), (&weekday, &json!([])), "{changed}");

    write(&app, ADA, "Are you there?").await;
    chat_on(&app, &clock, ADA).await;
    answered(&app, &clock, (ADA, 1), 1).await;
    write(&app, ADA, "Hello?").await;
    answered(&app, &clock, (ADA, 1), 2).await;
    // The next morning somebody is there.
    clock.advance(HOUR * 15);
    write(&app, ADA, "Good morning").await;
    write(&app, BOB, "Good morning").await;
    chat_on(&app, &clock, BOB).await;
    answered(&app, &clock, (ADA, 1), 4).await;
    answered(&app, &clock, (BOB, 0), 4).await;
    // At noon nobody is.
    clock.advance(HOUR * 2 + HOUR / 4);
    write(&app, ADA, "Lunch?").await;
    answered(&app, &clock, (ADA, 2), 5).await;
    // Who has opted out hears nothing.
    write(&app, BOB, "STOP").await;
    write(&app, BOB, "Really").await;
    answered(&app, &clock, (BOB, 0), 7).await;
    let (status, cleared) = patch(&app, json!({ "businessHours": {}, "awayMessage": null })).await;
    assert_eq!((status, &cleared["businessHours"]), (200, &Value::Null), "{cleared}");
    for (field, wrong) in [
        ("businessHours", json!({ "mon": [["18:00", "09:00"]] })),
        ("businessHours", json!({ "mon": [["9", "18"]] })),
        ("businessHours", json!({ "monday": [] })),
        ("awayMessage", json!("x".repeat(1_001))),
        ("assignmentStrategy", json!("somebody")),
        ("agentCapacity", json!(0)),
    ] {
        let (status, answer) = patch(&app, json!({ field: wrong })).await;
        assert_eq!(status, 400, "{field}: {answer}");
    }
    app.stop().await;
}

/// Returns once so many conversations were opened, and it is decided who gets them.
async fn decided(app: &TestApp, opened: usize) {
    app.wait_for("the decisions", || async {
        let events = app.gateway.services().events.read(None, 0, 10_000).await.unwrap();
        let is_opened =
            |one: &InboxEvent| matches!(one, InboxEvent::Opened { reopened: false, .. });
        let found = events.iter().filter_map(|event| event.body.read()).filter(is_opened).count();
        let (_, all) = app.get("/api/v1/info/consumers").await;
        let is_done = |one: &Value| one["name"] == "assignment" && one["lag"] == 0;
        let is_done = all["data"].as_array().unwrap().iter().any(is_done);
        (found == opened && is_done).then_some(())
    })
    .await;
}

/// A person's conversation, once somebody has it.
async fn assignee(app: &TestApp, person: &str) -> String {
    app.wait_for("an assignee", || async {
        let chat = chat_with(app, person).await;
        chat["assignedTo"]["id"].as_str().map(str::to_owned)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_that_wait_go_to_people_who_are_there_in_turn_while_they_have_room() {
    let settings =
        [("WAGATE_BUSINESS__ASSIGNMENT", "round_robin"), ("WAGATE_BUSINESS__AGENT_CAPACITY", "2")];
    let app = TestApp::start_with(&settings).await;
    app.ready("shop", PHONE).await;
    let (token, first) = owner(&app).await;
    let (agent_token, second) = member(&app, &token, "agent@example.com", "AGENT").await;
    let (viewer_token, viewer) = member(&app, &token, "viewer@example.com", "VIEWER").await;
    // Nobody is there: it stays open for everybody.
    write(&app, "15550000050", "Hello").await;
    assert_eq!(chat_with(&app, "15550000050").await["status"], "OPEN");
    decided(&app, 1).await;
    for token in [&token, &agent_token, &viewer_token] {
        let beat = post(&app, "/api/v1/presence/heartbeat", json!({}), Some(token)).await;
        assert_eq!(beat.status, 200, "{}", beat.body);
    }
    let mut people = [first, second];
    people.sort();
    for round in 0..4 {
        let who = format!("1555000006{round}");
        write(&app, &who, "Hello").await;
        assert_eq!(assignee(&app, &who).await, people[round % 2], "{round}");
    }
    // Both have as many as they may have.
    write(&app, "15550000070", "Hello").await;
    chat_with(&app, "15550000070").await;
    decided(&app, 6).await;
    let waiting = chat_with(&app, "15550000070").await;
    assert_eq!((&waiting["status"], &waiting["assignedTo"]), (&json!("OPEN"), &Value::Null));
    // Who may only read is given nothing by hand either.
    let path = format!("/chats/{}", waiting["id"].as_str().unwrap());
    let body = json!({ "assignedTo": viewer });
    let (status, refused) = call(&app, Method::PATCH, &path, Some(body)).await;
    assert_eq!((status, refused["fields"]["assignedTo"].is_array()), (400, true), "{refused}");
    // One who has room again is next, out of turn.
    let done = chat_with(&app, "15550000063").await;
    let path = format!("/chats/{}/resolve", done["id"].as_str().unwrap());
    let body = json!({ "sendCsat": false });
    assert_eq!(call(&app, Method::POST, &path, Some(body)).await.0, 200);
    write(&app, "15550000071", "Hello").await;
    assert_eq!(assignee(&app, "15550000071").await, people[1]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_least_loaded_gets_the_next_one_and_what_somebody_has_stays_with_them() {
    let app = TestApp::start_with(&[("WAGATE_BUSINESS__ASSIGNMENT", "least_loaded")]).await;
    app.ready("shop", PHONE).await;
    let (token, first) = owner(&app).await;
    let (agent_token, second) = member(&app, &token, "agent@example.com", "AGENT").await;
    let beat = async |token: &str| {
        post(&app, "/api/v1/presence/heartbeat", json!({}), Some(token)).await.status
    };
    assert_eq!(beat(&token).await, 200);
    for person in ["15550000080", "15550000081"] {
        write(&app, person, "Hello").await;
        assert_eq!(assignee(&app, person).await, first);
    }
    assert_eq!(beat(&agent_token).await, 200);
    for person in ["15550000082", "15550000083"] {
        write(&app, person, "Hello").await;
        assert_eq!(assignee(&app, person).await, second);
    }
    // As much work for both: who was given one longer ago.
    write(&app, "15550000084", "Hello").await;
    assert_eq!(assignee(&app, "15550000084").await, first);
    // One that was resolved goes on with whom it was assigned to.
    let chat = chat_with(&app, "15550000082").await;
    let path = format!("/chats/{}/resolve", chat["id"].as_str().unwrap());
    let body = json!({ "sendCsat": false });
    assert_eq!(call(&app, Method::POST, &path, Some(body)).await.0, 200);
    write(&app, "15550000082", "Again").await;
    app.wait_for("the conversation", || async {
        (chat_with(&app, "15550000082").await["status"] == "ASSIGNED").then_some(())
    })
    .await;
    assert_eq!(assignee(&app, "15550000082").await, second);
    app.stop().await;
}
