//! Surveys over HTTP: who is asked after a conversation was resolved, what counts as an answer, and what is reported of it.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use wagate::{
    domain::{Body, Clock},
    store::disk::Disk,
};

use crate::{
    app::{PHONE, TestApp},
    business::{call, chats::chat_on, created, get, settings::got},
    chat::write,
    receiver::Receiver,
    support::document::events::check_delivery,
};

const ADA: &str = "15550000031";
const HOUR: Duration = Duration::from_secs(3_600);
const MINUTE: Duration = Duration::from_secs(60);
const QUESTION: &str =
    "How was our service? Please answer with a number from 1 (bad) to 5 (very good).";
const PROMPT: &str = "Thank you! What could be better, or was good? Send SKIP to leave it at that.";
const THANKS: &str = "Thank you, that helps us.";

/// A gateway on a clock of its own, whose session has a conversation with Ada.
struct Desk {
    app: TestApp,
    clock: Clock,
    chat: String,
}

impl Desk {
    async fn new(settings: &[(&str, &str)]) -> Self {
        let clock = Clock::manual(Clock::system().now());
        let folder = tempfile::tempdir().unwrap();
        let app = TestApp::start_on(folder, settings, clock.clone(), Disk::manual(0)).await;
        app.ready("shop", PHONE).await;
        write(&app, ADA, "Hi").await;
        let chat = chat_on(&app, &clock, ADA).await["id"].as_str().unwrap().to_owned();
        Self { app, clock, chat }
    }

    async fn resolve(&self, body: Value) {
        let path = format!("/chats/{}/resolve", self.chat);
        let (status, answer) = call(&self.app, Method::POST, &path, Some(body)).await;
        assert_eq!((status, &answer["status"]), (200, &json!("RESOLVED")), "{answer}");
        self.app.gateway.services().inbox.caught_up().await.unwrap();
    }

    /// The conversation, once the inbox has seen everything.
    async fn chat(&self) -> Value {
        self.app.gateway.services().inbox.caught_up().await.unwrap();
        get(&self.app, &format!("/chats/{}", self.chat)).await["chat"].clone()
    }

    /// Ada writes. The conversation, once it is as this wants it.
    async fn says(&self, text: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        write(&self.app, ADA, text).await;
        let mut last = Value::Null;
        for _ in 0..2_000 {
            self.clock.advance(Duration::from_millis(5));
            last = self.chat().await;
            if is_so(&last) {
                return last;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("after {text}: {last}")
    }

    /// What Ada got, once it is this.
    async fn got(&self, expected: &[&str]) {
        let mut last = Vec::new();
        for _ in 0..2_000 {
            self.clock.advance(Duration::from_millis(5));
            last = got(&self.app, ADA).await;
            if last == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{last:?} is not {expected:?}")
    }

    async fn logged(&self, kind: &str) -> Vec<Value> {
        let events = self.app.gateway.services().events.read(None, 0, 10_000).await.unwrap();
        let of_kind = events.iter().filter_map(|event| match &event.body {
            Body::Module(module) if module.kind == kind => Some(module.value.clone()),
            _ => None,
        });
        of_kind.collect()
    }
}

fn is_open(chat: &Value) -> bool {
    chat["status"] == "OPEN"
}

fn is_rated(rating: u8) -> impl Fn(&Value) -> bool {
    move |chat| chat["csat"]["rating"] == rating
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resolved_conversation_is_rated_and_commented_and_stays_resolved() {
    let desk = Desk::new(&[]).await;
    assert_eq!(desk.chat().await["csat"], Value::Null);
    desk.resolve(json!({})).await;
    desk.got(&[QUESTION]).await;
    let csat = desk.chat().await["csat"].clone();
    assert!(csat["sentAt"].is_string(), "{csat}");
    for field in ["rating", "comment", "ratedAt"] {
        assert_eq!(csat[field], Value::Null, "{csat}");
    }
    assert_eq!(desk.says("2", is_rated(2)).await["status"], "RESOLVED");
    desk.got(&[QUESTION, PROMPT]).await;
    // Misread: the other number counts.
    desk.clock.advance(5 * MINUTE);
    assert_eq!(desk.says("5 / 5", is_rated(5)).await["status"], "RESOLVED");
    let has_comment = |chat: &Value| chat["csat"]["comment"] == "Quick and kind";
    let chat = desk.says("Quick and kind", has_comment).await;
    assert_eq!(chat["status"], "RESOLVED");
    assert!(chat["csat"]["ratedAt"].is_string(), "{chat}");
    desk.got(&[QUESTION, PROMPT, THANKS]).await;

    let reported = desk.logged("csat.received").await;
    let survey = reported[0]["survey"].clone();
    assert!(
        survey.is_string() && reported.iter().all(|event| event["survey"] == survey),
        "{reported:?}"
    );
    let reported: Vec<_> =
        reported.iter().map(|event| (&event["rating"], &event["comment"])).collect();
    let (none, comment) = (json!(null), json!("Quick and kind"));
    let (two, five) = (json!(2), json!(5));
    assert_eq!(reported, [(&two, &none), (&five, &none), (&five, &comment)]);
    assert_eq!(desk.logged("csat.sent").await.len(), 1);
    let contact = chat["contact"]["id"].as_str().unwrap();
    let path = format!("/contacts/{contact}/timeline?type=csat");
    let entries = get(&desk.app, &path).await["events"].clone();
    assert_eq!((&entries[0]["data"]["rating"], &entries[0]["data"]["comment"]), (&five, &comment));
    assert_eq!(entries.as_array().unwrap().len(), 3);

    // What comes after the comment is for a person again, who is not asked to ask once more within a day.
    desk.says("Where is my order?", is_open).await;
    desk.resolve(json!({})).await;
    assert_eq!(desk.logged("csat.sent").await.len(), 1);
    assert_eq!(desk.says("1", is_open).await["csat"]["rating"], 5);
    desk.resolve(json!({})).await;
    desk.clock.advance(24 * HOUR + MINUTE);
    desk.says("Me again", is_open).await;
    desk.resolve(json!({})).await;
    desk.got(&[QUESTION, PROMPT, THANKS, QUESTION]).await;
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_names_the_survey_whose_rating_came() {
    let desk = Desk::new(&[]).await;
    let receiver = Receiver::start(&[]).await;
    let draft = json!({ "url": receiver.url, "events": ["csat.received"] });
    created(&desk.app, "/webhooks", draft).await;
    desk.resolve(json!({ "sendCsat": true })).await;
    desk.got(&[QUESTION]).await;
    desk.says("2", is_rated(2)).await;
    desk.says("5", is_rated(5)).await;
    let reported = async || {
        // Deliveries that are due in a moment are due.
        desk.clock.advance(Duration::from_millis(5));
        let got = receiver.got.lock().await.clone();
        let reported = got.into_iter().map(|got| got.body);
        let reported: Vec<Value> =
            reported.filter(|body| body["event"] == "csat.received").collect();
        (reported.len() == 2).then_some(reported)
    };
    let reported = desk.app.wait_for("both ratings", reported).await;
    reported.iter().for_each(check_delivery);
    let logged = desk.logged("csat.received").await;
    for (reported, logged) in reported.iter().zip(&logged) {
        assert_eq!(reported["data"]["surveyId"], logged["survey"], "{reported}");
        assert_eq!(reported["data"]["rating"], logged["rating"], "{reported}");
    }
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_ends_the_survey_and_reopens_the_conversation() {
    let desk = Desk::new(&[("WAGATE_SURVEYS__MIN_GAP_HOURS", "0")]).await;
    desk.resolve(json!({})).await;
    desk.got(&[QUESTION]).await;
    assert_eq!(desk.says("Where is my order?", is_open).await["csat"]["rating"], Value::Null);
    desk.resolve(json!({ "sendCsat": false })).await;
    // That survey is over.
    assert_eq!(desk.says("5", is_open).await["csat"]["rating"], Value::Null);

    desk.resolve(json!({})).await;
    desk.got(&[QUESTION, QUESTION]).await;
    let chat = desk.says("4 stars. Thank you!", is_rated(4)).await;
    let expected = (&json!("RESOLVED"), &json!("Thank you!"));
    assert_eq!((&chat["status"], &chat["csat"]["comment"]), expected);
    desk.got(&[QUESTION, QUESTION, THANKS]).await;

    // Too late.
    desk.says("And now?", is_open).await;
    desk.resolve(json!({})).await;
    desk.got(&[QUESTION, QUESTION, THANKS, QUESTION]).await;
    desk.clock.advance(24 * HOUR + MINUTE);
    assert_eq!(desk.says("3", is_open).await["csat"]["rating"], Value::Null);
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_whom_the_rules_leave_in_peace() {
    let desk = Desk::new(&[("WAGATE_SURVEYS__MIN_GAP_HOURS", "0")]).await;
    // The caller wants none.
    desk.resolve(json!({ "sendCsat": false })).await;
    assert_eq!(desk.chat().await["csat"], Value::Null);
    // They are switched off, and a caller may wish for one all the same.
    let off = json!({ "csat": { "enabled": false, "message": "Well?" } });
    assert_eq!(call(&desk.app, Method::PATCH, "/settings", Some(off)).await.0, 200);
    desk.says("More", is_open).await;
    desk.resolve(json!({})).await;
    assert_eq!(desk.chat().await["csat"], Value::Null);
    desk.says("More of it", is_open).await;
    desk.resolve(json!({ "sendCsat": true })).await;
    desk.got(&["Well?"]).await;
    // STOP goes before the answer that is awaited, and nothing is asked after it.
    write(&desk.app, ADA, "STOP").await;
    let out = "You get no more messages from us. Send START to get them again.";
    desk.got(&["Well?", out]).await;
    assert_eq!(desk.says("5", is_open).await["csat"]["rating"], Value::Null);
    desk.resolve(json!({ "sendCsat": true })).await;
    assert_eq!(desk.logged("csat.sent").await.len(), 1);
    // Outside of the window, unless that does not count.
    desk.says("START", |chat| chat["contact"]["optedIn"] == true).await;
    desk.says("Back", is_open).await;
    desk.clock.advance(24 * HOUR + MINUTE);
    desk.resolve(json!({ "sendCsat": true })).await;
    assert_eq!(desk.logged("csat.sent").await.len(), 1);
    let path = format!("/chats/{}/reopen", desk.chat);
    assert_eq!(call(&desk.app, Method::POST, &path, Some(json!({}))).await.0, 200);
    let window = json!({ "windowPolicy": "warn" });
    assert_eq!(call(&desk.app, Method::PATCH, "/settings", Some(window)).await.0, 200);
    desk.resolve(json!({ "sendCsat": true })).await;
    desk.got(&["Well?", out, "Well?"]).await;
    assert_eq!(desk.logged("csat.sent").await.len(), 2);
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_person_resolved_it_contacts_are_asked_only_if_the_settings_say_so() {
    for after_bot in [false, true] {
        let setting = ("WAGATE_SURVEYS__AFTER_BOT", if after_bot { "true" } else { "false" });
        let desk = Desk::new(&[setting]).await;
        let (session, chat) = ("shop".parse().unwrap(), format!("{ADA}@c.us").parse().unwrap());
        let actions = &desk.app.gateway.services().inbox_actions;
        actions.resolve((&session, &chat), None, None).await.unwrap();
        let shown = desk.chat().await;
        assert_eq!((&shown["status"], shown["csat"].is_null()), (&json!("RESOLVED"), !after_bot));
        desk.got(if after_bot { &[QUESTION] } else { &[] }).await;
        desk.app.stop().await;
    }
}
