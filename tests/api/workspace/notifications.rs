//! Notifications: made from the log once each, counted exactly, mailed to who is away.

use reqwest::Method;
use serde_json::{Value, json};
use wagate::{
    campaigns::{CampaignEvent, Stats},
    inbox::{About, InboxEvent},
};

use crate::{
    app::{PHONE, TestApp},
    chat::write,
    workspace::{
        ADA, Answer, PASSWORD, added_to_a_team, added_to_teams, all_notified, answered, ask,
        conversation, get, kinds, logged, mails, member, office, on_a_clock, owner, post, put,
        sign_in,
    },
};

const COUNT: &str = "/api/v1/notifications/unread-count";

async fn unread(app: &TestApp, credential: &str) -> Value {
    let count = get(app, COUNT, Some(credential)).await.body;
    assert_eq!(count["count"], count["unread_count"], "{count}");
    count["count"].clone()
}

async fn assign(app: &TestApp, credential: &str, chat: &str, to: &str) -> Answer {
    let path = format!("/api/whatsapp-api/chats/{chat}/assign");
    ask(app, Method::POST, &path, Some(json!({ "userId": to })), Some(credential)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assignee_gets_a_notification_and_reads_it_once() {
    let (app, ada, _) = office().await;
    let (grace, id) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let chat = conversation(&app, &ada, "15550000041").await;
    answered(assign(&app, &ada, &chat, &id).await, 200);
    assert_eq!(kinds(&app, &grace).await, ["session_assigned"]);
    assert_eq!(kinds(&app, &ada).await, [""; 0]);
    // Who takes a conversation themselves knows of it.
    let other = conversation(&app, &ada, "15550000042").await;
    answered(assign(&app, &grace, &other, "me").await, 200);
    added_to_a_team(&app, &json!(id)).await;
    assert_eq!(kinds(&app, &grace).await, ["team_invite", "session_assigned"]);

    assert_eq!(unread(&app, &grace).await, 2);
    let list = get(&app, "/api/v1/notifications?type=session_assigned", Some(&grace)).await.body;
    assert_eq!((&list["total"], &list["unread_count"]), (&json!(1), &json!(2)));
    let one = &list["notifications"][0];
    assert_eq!(one["data"], json!({ "session_id": chat }));
    let path = format!("/api/v1/notifications/read/{}", one["id"].as_str().unwrap());
    for _ in 0..2 {
        let read = answered(put(&app, &path, json!({}), &grace).await, 200);
        assert_eq!((&read["read"], read["read_at"].is_string()), (&json!(true), true));
        assert_eq!(unread(&app, &grace).await, 1);
    }
    // To somebody else there is no such notification.
    answered(put(&app, &path, json!({}), &ada).await, 404);
    let rest = get(&app, "/api/v1/notifications?unread=true&per_page=1", Some(&grace)).await.body;
    assert_eq!(
        (&rest["total"], &rest["notifications"][0]["type"]),
        (&json!(1), &json!("team_invite"))
    );
    let all = "/api/v1/notifications/read-all";
    assert_eq!(put(&app, all, json!({}), &grace).await.body, json!({ "updated": 1 }));
    assert_eq!(put(&app, all, json!({}), &grace).await.body, json!({ "updated": 0 }));
    assert_eq!(unread(&app, &grace).await, 0);
    answered(get(&app, "/api/v1/notifications?type=nonsense", Some(&grace)).await, 400);
    answered(get(&app, "/api/v1/notifications?per_page=101", Some(&grace)).await, 400);
    let ownerless = app.key_of(&["*"], None).await;
    answered(get(&app, "/api/v1/notifications", Some(&ownerless)).await, 403);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_are_kept_and_the_count_stays_exact() {
    let app = TestApp::start().await;
    let (ada, id) = owner(&app).await;
    added_to_teams(&app, &json!(id), 1_001).await;
    all_notified(&app).await;
    assert_eq!(unread(&app, &ada).await, 1_000);
    let list = get(&app, "/api/v1/notifications?per_page=100&page=10", Some(&ada)).await.body;
    assert_eq!(list["total"], 1_000);
    assert_eq!(list["notifications"].as_array().unwrap().len(), 100);
    let read = put(&app, "/api/v1/notifications/read-all", json!({}), &ada).await.body;
    assert_eq!(read, json!({ "updated": 1_000 }));
    added_to_a_team(&app, &json!(id)).await;
    all_notified(&app).await;
    assert_eq!(unread(&app, &ada).await, 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_comes_to_who_is_away_and_not_in_their_quiet_hours() {
    // It is eight in the morning.
    let (app, clock) = on_a_clock(&[]).await;
    let (ada, _) = owner(&app).await;
    let preferences = "/api/v1/notifications/preferences";
    let mut people = Vec::new();
    for name in ["away", "quiet", "here", "unwilling", "hidden"] {
        people.push(member(&app, &ada, &format!("{name}@example.com"), "AGENT").await);
    }
    let [_, (quiet, _), (here, _), (unwilling, _), (hidden, _)] = &people[..] else { panic!() };
    let night = json!({ "quiet_hours": { "enabled": true, "start": "07:00", "end": "09:00" } });
    let chosen = answered(put(&app, preferences, night, quiet).await, 200);
    let expected = json!({ "enabled": true, "start": "07:00", "end": "09:00", "timezone": "UTC" });
    assert_eq!(chosen["quiet_hours"], expected);
    answered(post(&app, "/api/v1/presence/heartbeat", json!({}), Some(here)).await, 200);
    let no_mail = json!({ "email": { "team_invite": false } });
    answered(put(&app, preferences, no_mail, unwilling).await, 200);
    let only_mail = json!({ "in_app": { "team_invite": false } });
    answered(put(&app, preferences, only_mail, hidden).await, 200);
    for (_, id) in &people {
        added_to_a_team(&app, &json!(id)).await;
    }
    mails(&app, "away@example.com", "team", 1).await;
    mails(&app, "hidden@example.com", "team", 1).await;
    for (token, _) in &people {
        let is_hidden = token == hidden;
        assert_eq!(kinds(&app, token).await.len(), usize::from(!is_hidden));
    }
    for name in ["quiet", "here", "unwilling"] {
        let to = format!("{name}@example.com");
        assert_eq!(mails(&app, &to, "team", 0).await, [""; 0], "{name}");
    }
    // Half an hour after the quiet hours, and after the heartbeat.
    clock.advance(std::time::Duration::from_secs(5_400));
    for (_, id) in &people[1..3] {
        added_to_a_team(&app, &json!(id)).await;
    }
    mails(&app, "quiet@example.com", "team", 1).await;
    mails(&app, "here@example.com", "team", 1).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn preferences_are_merged_and_checked() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let path = "/api/v1/notifications/preferences";
    let usual = get(&app, path, Some(&ada)).await.body;
    assert_eq!(usual["in_app"].as_object().unwrap().len(), 12);
    assert_eq!(
        (&usual["email"]["mention"], &usual["email"]["new_message"]),
        (&json!(true), &json!(false))
    );
    let change = json!({ "email": { "new_message": true }, "sound": false });
    let changed = answered(put(&app, path, change, &ada).await, 200);
    assert_eq!(changed["email"]["new_message"], true);
    assert_eq!((&changed["sound"], &changed["in_app"]), (&json!(false), &usual["in_app"]));
    assert_eq!(get(&app, path, Some(&ada)).await.body, changed);
    for wrong in [
        json!({ "email": { "nonsense": true } }),
        json!({ "in_app": { "mention": "yes" } }),
        json!({ "quiet_hours": { "timezone": "Nowhere" } }),
        json!({ "quiet_hours": { "start": "25:00" } }),
    ] {
        answered(put(&app, path, wrong, &ada).await, 400);
    }
    assert_eq!(get(&app, path, Some(&ada)).await.body, changed);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_notifies_those_online_once_in_a_while() {
    let (app, ada, _) = office().await;
    let (grace, _) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let (viewer, _) = member(&app, &ada, "viewer@example.com", "VIEWER").await;
    for token in [&grace, &viewer] {
        answered(post(&app, "/api/v1/presence/heartbeat", json!({}), Some(token)).await, 200);
    }
    let chat = conversation(&app, &ada, "15550000043").await;
    write(&app, "15550000043", "Are you there?").await;
    app.gateway.services().inbox.caught_up().await.unwrap();
    assert_eq!(kinds(&app, &grace).await, ["new_message"]);
    for token in [&ada, &viewer] {
        assert_eq!(kinds(&app, token).await, [""; 0]);
    }
    let shown = get(&app, "/api/v1/notifications", Some(&grace)).await.body;
    assert_eq!(shown["notifications"][0]["data"], json!({ "session_id": chat }));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_hear_of_a_lost_line() {
    let (app, ada, _) = office().await;
    let (grace, _) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let line = format!("/_simulator/v1/accounts/{PHONE}/line");
    assert_eq!(app.post(&line, json!({ "connected": false })).await.0, 200);
    let shown = async || {
        let kinds = kinds(&app, &ada).await;
        kinds.contains(&"session_disconnected".to_owned()).then_some(())
    };
    app.wait_for("the notification", shown).await;
    assert_eq!(kinds(&app, &grace).await, [""; 0]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ratings_windows_and_broadcasts_notify_those_concerned() {
    let (app, ada, _) = office().await;
    let (grace, id) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let chat = conversation(&app, &ada, "15550000044").await;
    answered(assign(&app, &ada, &chat, &id).await, 200);
    let of = About {
        chat: "15550000044@c.us".parse().unwrap(),
        conversation: chat.parse().unwrap(),
        contact: None,
        automatic: false,
    };
    let survey = uuid::Uuid::nil();
    let rated = |comment: Option<&str>| InboxEvent::Rated {
        of: of.clone(),
        survey,
        rating: 5,
        comment: comment.map(str::to_owned),
    };
    let expires_at = app.gateway.services().clock.now();
    let window = InboxEvent::WindowExpiring { of: of.clone(), expires_at };
    // A comment belongs to the rating before it.
    logged(&app, Some("s"), &[rated(None), rated(Some("Great")), window]).await;
    let broadcast = CampaignEvent::BroadcastCompleted {
        broadcast: uuid::Uuid::nil(),
        name: "Sale".to_owned(),
        stats: Stats { sent: 3, ..Stats::default() },
    };
    logged(&app, None, &[broadcast]).await;
    let mut shown = kinds(&app, &grace).await;
    shown.sort();
    assert_eq!(shown, ["feedback_received", "session_assigned", "window_expiring"]);
    assert_eq!(unread(&app, &grace).await, 3);
    let list = "/api/v1/notifications?type=feedback_received";
    let rating = get(&app, list, Some(&grace)).await.body["notifications"][0].clone();
    assert_eq!((&rating["body"], &rating["data"]["session_id"]), (&json!("Great"), &json!(chat)));
    assert_eq!(kinds(&app, &ada).await, ["broadcast_completed"]);
    let list = get(&app, "/api/v1/notifications", Some(&ada)).await.body;
    assert_eq!(list["notifications"][0]["body"], "3 sent, 0 failed, 0 skipped");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_ninety_days_they_are_gone() {
    let (app, clock) = on_a_clock(&[]).await;
    let (ada, id) = owner(&app).await;
    added_to_a_team(&app, &json!(id)).await;
    all_notified(&app).await;
    assert_eq!(unread(&app, &ada).await, 1);
    clock.advance(std::time::Duration::from_secs(91 * 86_400));
    let ada = sign_in(&app, ADA, PASSWORD).await;
    assert_eq!(unread(&app, &ada).await, 0);
    assert_eq!(get(&app, "/api/v1/notifications", Some(&ada)).await.body["total"], 0);
    app.stop().await;
}
