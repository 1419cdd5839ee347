//! Presence: heartbeats, chosen states, and who can be given a conversation.

use std::time::Duration;

use serde_json::{Value, json};
use wagate::store::disk::Disk;

use crate::{
    app::TestApp,
    workspace::{answered, bot, delete, get, member, on_a_clock, owner, post, put, text},
};

const BEAT: &str = "/api/v1/presence/heartbeat";

/// What others see of each person.
async fn statuses(app: &TestApp, credential: &str) -> Vec<(String, String)> {
    let list = answered(get(app, "/api/v1/presence/team", Some(credential)).await, 200);
    let of = |one: &Value| (text(&one["user_id"]), text(&one["status"]));
    list["members"].as_array().unwrap().iter().map(of).collect()
}

/// How often a change was logged.
async fn shown(app: &TestApp) -> usize {
    let log = &app.gateway.services().events;
    let events = log.read(None, 0, 10_000).await.unwrap();
    events.iter().filter(|event| event.body.name() == "presence.changed").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_counts_for_ninety_seconds_and_a_chosen_status_stays() {
    let (app, clock) = on_a_clock(&[]).await;
    let (ada, ada_id) = owner(&app).await;
    let (grace, grace_id) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let seen = |ada: &str, grace: &str| {
        vec![(ada_id.clone(), ada.to_owned()), (grace_id.clone(), grace.to_owned())]
    };
    assert_eq!(statuses(&app, &ada).await, seen("offline", "offline"));
    let beat = answered(post(&app, BEAT, json!({}), Some(&grace)).await, 200);
    assert_eq!((&beat["status"], &beat["expires_in"]), (&json!("online"), &json!(90)));
    for _ in 0..3 {
        clock.advance(Duration::from_secs(30));
        answered(post(&app, BEAT, json!({}), Some(&grace)).await, 200);
    }
    assert_eq!(statuses(&app, &ada).await, seen("offline", "online"));
    app.wait_for("the change", async || (shown(&app).await == 1).then_some(())).await;
    clock.advance(Duration::from_secs(91));
    assert_eq!(statuses(&app, &ada).await, seen("offline", "offline"));
    app.wait_for("the change", async || (shown(&app).await == 2).then_some(())).await;

    let busy = json!({ "status": "busy", "message": "In a call" });
    let chosen = answered(put(&app, "/api/v1/presence/status", busy, &grace).await, 200);
    assert_eq!(
        (&chosen["status"], &chosen["status_message"]),
        (&json!("busy"), &json!("In a call"))
    );
    answered(post(&app, BEAT, json!({}), Some(&grace)).await, 200);
    clock.advance(Duration::from_secs(600));
    assert_eq!(statuses(&app, &ada).await, seen("offline", "busy"));
    let back = answered(post(&app, BEAT, json!({ "status": "online" }), Some(&grace)).await, 200);
    assert_eq!(back["status"], "online");
    app.wait_for("the changes", async || (shown(&app).await == 4).then_some(())).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_online_and_may_write_and_sees_the_bot_is_available() {
    let app = TestApp::start().await;
    let (ada, ada_id) = owner(&app).await;
    let (grace, grace_id) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let (viewer, _) = member(&app, &ada, "viewer@example.com", "VIEWER").await;
    let available = async |query: &str, token: &str| {
        let path = format!("/api/v1/presence/available{query}");
        let list = answered(get(&app, &path, Some(token)).await, 200);
        let ids = list["agents"].as_array().unwrap().iter().map(|one| text(&one["user_id"]));
        ids.collect::<Vec<_>>()
    };
    assert_eq!(available("", &ada).await, [""; 0]);
    for token in [&ada, &grace, &viewer] {
        answered(post(&app, BEAT, json!({}), Some(token)).await, 200);
    }
    assert_eq!(available("", &viewer).await, [ada_id.clone(), grace_id.clone()]);
    let list = get(&app, "/api/v1/presence/available", Some(&ada)).await.body;
    assert_eq!((&list["agents"][0]["capacity"], &list["total"]), (&json!(20), &json!(2)));
    let bot = bot(&app, &ada).await;
    assert_eq!(available(&format!("?bot_id={bot}"), &ada).await, [ada_id]);
    let hidden = format!("/api/v1/presence/available?bot_id={bot}");
    answered(get(&app, &hidden, Some(&grace)).await, 404);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_status_outlives_a_restart_and_ends_with_its_account() {
    let (app, clock) = on_a_clock(&[]).await;
    let (ada, ada_id) = owner(&app).await;
    let (grace, grace_id) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let path = "/api/v1/presence/status";
    let lunch = json!({ "status": "away", "message": "Lunch" });
    // One after the other: what follows at once on a change may be one event with it.
    let chosen = [
        (&grace, lunch),
        (&ada, json!({ "status": "busy" })),
        (&ada, json!({ "status": "online" })),
    ];
    for (count, (who, status)) in chosen.into_iter().enumerate() {
        answered(put(&app, path, status, who).await, 200);
        app.wait_for("the change", async || (count < shown(&app).await).then_some(())).await;
    }
    let before = shown(&app).await;
    let app = TestApp::start_on(app.stop().await, &[], clock.clone(), Disk::manual(0)).await;
    let list = answered(get(&app, "/api/v1/presence/team", Some(&ada)).await, 200);
    let seen = |one: &Value| (one["status"].clone(), one["status_message"].clone());
    assert_eq!(seen(&list["members"][0]), (json!("offline"), Value::Null));
    assert_eq!(seen(&list["members"][1]), (json!("away"), json!("Lunch")));
    answered(post(&app, BEAT, json!({}), Some(&grace)).await, 200);
    assert_eq!(
        statuses(&app, &ada).await,
        [(ada_id, "offline".to_owned()), (grace_id.clone(), "away".to_owned())]
    );
    assert_eq!(shown(&app).await, before, "what was shown before is shown again");
    answered(delete(&app, &format!("/api/v1/users/{grace_id}"), &ada).await, 200);
    let app = TestApp::start_on(app.stop().await, &[], clock, Disk::manual(0)).await;
    assert_eq!(statuses(&app, &ada).await.len(), 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_is_of_people_and_has_bounds() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let ownerless = app.key_of(&["*"], None).await;
    answered(post(&app, BEAT, json!({}), Some(&ownerless)).await, 403);
    answered(get(&app, "/api/v1/presence/team", Some(&ownerless)).await, 403);
    let path = "/api/v1/presence/status";
    for wrong in [
        json!({}),
        json!({ "status": "asleep" }),
        json!({ "status": "busy", "message": "x".repeat(141) }),
        json!({ "status": "busy", "message": "one\ntwo" }),
    ] {
        answered(put(&app, path, wrong, &ada).await, 400);
    }
    let unknown = "?team_id=00000000-0000-4000-8000-00000000000f";
    answered(get(&app, &format!("/api/v1/presence/team{unknown}"), Some(&ada)).await, 404);
    // An open stream is a heartbeat.
    let stream = app.http.get(format!("{}/api/v1/events?token={ada}", app.base));
    let stream = stream.send().await.unwrap();
    assert_eq!(stream.status(), 200);
    assert_eq!(statuses(&app, &ada).await[0].1, "online");
    app.stop().await;
}
