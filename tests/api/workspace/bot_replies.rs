//! Replies of bots on WhatsApp: who is answered, when a person takes over, and what bots never answer.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use wagate::{
    domain::{Body, Clock},
    store::disk::Disk,
};

use crate::{
    app::{PHONE, TestApp},
    chat::write,
    workspace::{
        ask,
        bots::{activate, bot},
        get, owner, post, text,
    },
};

const ADA: &str = "15550000031";
const BOB: &str = "15550000032";
const HELLO: &str = "Welcome to Acme";
const UNKNOWN: &str = "I do not know that";
const TAKEN_OVER: &str = "Somebody comes";

/// A session that a bot answers, on a clock that the test moves.
pub struct Desk {
    pub app: TestApp,
    pub clock: Clock,
    pub token: String,
    pub bot: Value,
}

impl Desk {
    /// A session that a bot answers.
    pub async fn new(fields: Value) -> Self {
        let clock = Clock::manual(Clock::system().now());
        let folder = tempfile::tempdir().unwrap();
        let app = TestApp::start_on(folder, &[], clock.clone(), Disk::manual(0)).await;
        app.ready("shop", PHONE).await;
        let (token, _) = owner(&app).await;
        let mut draft = json!({
            "name": "Desk", "channels": [{ "type": "whatsapp", "session_id": "shop" }],
            "welcome_message": HELLO, "fallback_message": UNKNOWN, "handoff_message": TAKEN_OVER,
        });
        draft.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let made = bot(&app, &token, draft).await;
        activate(&app, &token, &made).await;
        Self { app, clock, token, bot: made }
    }

    /// What a person got.
    pub async fn got(&self, person: &str) -> Vec<String> {
        let path = format!("/_simulator/v1/accounts/{person}/chats/{PHONE}@c.us/messages");
        let (_, answer) = self.app.get(&path).await;
        let all = answer["data"]["messages"].as_array().cloned().unwrap_or_default();
        let of_session = all.iter().filter(|one| !text(&one["id"]).starts_with("true_"));
        of_session.map(|one| text(&one["body"])).collect()
    }

    /// Waits until the conversation of a person is as this wants it; time goes on meanwhile.
    pub async fn until(&self, person: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let phone = format!("+{person}");
        let mut last = Value::Null;
        for _ in 0..2_000 {
            self.clock.advance(Duration::from_millis(5));
            let all = self.inbox("").await;
            let all = all["conversations"].as_array().unwrap();
            if let Some(one) = all.iter().find(|one| one["visitor"]["phone"] == phone.as_str()) {
                last = one.clone();
                if is_so(one) {
                    return last;
                }
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{person}: {last}")
    }

    pub async fn inbox(&self, query: &str) -> Value {
        let path = format!("/api/v1/inbox/conversations/{}{query}", text(&self.bot["id"]));
        let answer = get(&self.app, &path, Some(&self.token)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// A person writes. The conversation, once the inbox knows so many messages of it.
    pub async fn says(&self, person: &str, words: &str, messages: u64) -> Value {
        write(&self.app, person, words).await;
        self.until(person, |one| one["message_count"] == messages).await
    }

    /// Waits until a person got this and nothing else.
    pub async fn has(&self, person: &str, expected: &[&str]) {
        let mut last = Vec::new();
        for _ in 0..2_000 {
            self.clock.advance(Duration::from_millis(5));
            last = self.got(person).await;
            if last == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{last:?} is not {expected:?}")
    }

    pub async fn put(&self, session: &Value, what: &str, body: Value) -> Value {
        let path = format!("/api/v1/inbox/sessions/{}/{what}", text(&session["id"]));
        let answer = ask(&self.app, Method::PUT, &path, Some(body), Some(&self.token)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    pub async fn logged(&self, kind: &str) -> Vec<Value> {
        let events = self.app.gateway.services().events.read(None, 0, 10_000).await.unwrap();
        let of_kind = events.iter().filter_map(|event| match &event.body {
            Body::Module(module) if module.kind == kind => Some(module.value.clone()),
            _ => None,
        });
        of_kind.collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_answers_and_two_fallbacks_in_a_row_call_a_person() {
    let desk = Desk::new(json!({})).await;
    let one = desk.says(ADA, "Hi!", 2).await;
    assert_eq!((&one["status"], &one["handoff_requested"]), (&json!("bot"), &json!(false)));
    desk.has(ADA, &[HELLO]).await;
    desk.says(ADA, "Do you sell tea?", 4).await;
    // A greeting between them begins the count again.
    desk.says(ADA, "Hello", 6).await;
    desk.says(ADA, "And coffee?", 8).await;
    let one = desk.says(ADA, "Anything?", 10).await;
    assert_eq!((&one["status"], &one["handoff_requested"]), (&json!("open"), &json!(true)));
    assert_eq!(one["handoff_reason"], "fallbacks");
    desk.has(ADA, &[HELLO, UNKNOWN, HELLO, UNKNOWN, TAKEN_OVER]).await;
    // It is silent from then on.
    desk.says(ADA, "Hello?", 11).await;
    let shown = desk.logged("handoff.requested").await;
    assert_eq!((shown.len(), &shown[0]["reason"]), (1, &json!("fallbacks")), "{shown:?}");
    assert_eq!(desk.inbox("?handoff=true&sort=waiting").await["total"], 1);
    // Until it is resumed.
    let one = desk.put(&one, "status", json!({ "status": "bot" })).await;
    assert_eq!((&one["status"], &one["handoff_requested"]), (&json!("bot"), &json!(false)));
    desk.says(ADA, "Hello?", 13).await;
    desk.has(ADA, &[HELLO, UNKNOWN, HELLO, UNKNOWN, TAKEN_OVER, HELLO]).await;
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_a_person_gets_one_and_a_resolved_conversation_is_the_bots_again() {
    let desk = Desk::new(json!({ "max_turns": 2 })).await;
    let one = desk.says(ADA, "I want a human", 2).await;
    assert_eq!((&one["status"], &one["handoff_reason"]), (&json!("open"), &json!("keyword")));
    let path = format!("/api/v1/inbox/sessions/{}/messages", text(&one["id"]));
    let said = json!({ "content": "Here I am" });
    let sent = post(&desk.app, &path, said, Some(&desk.token)).await;
    assert_eq!(sent.status, 201, "{}", sent.body);
    assert_eq!((&sent.body["role"], &sent.body["content"]), (&json!("agent"), &json!("Here I am")));
    assert!(sent.body["agent"]["name"].is_string(), "{}", sent.body);
    desk.has(ADA, &[TAKEN_OVER, "Here I am"]).await;
    let one = desk.until(ADA, |one| one["handoff_requested"] == false).await;
    desk.says(ADA, "Hi", 4).await;
    let business = format!("/api/whatsapp-api/chats/{}/resolve", text(&one["id"]));
    let (status, _) = desk.app.post(&business, json!({ "sendCsat": false })).await;
    assert_eq!(status, 200);
    desk.says(ADA, "Hi", 6).await;
    desk.says(ADA, "Hi", 8).await;
    // So many replies are the most.
    let one = desk.says(ADA, "Hi", 10).await;
    assert_eq!((&one["status"], &one["handoff_reason"]), (&json!("open"), &json!("max_turns")));
    desk.has(ADA, &[TAKEN_OVER, "Here I am", HELLO, HELLO, TAKEN_OVER]).await;
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_writes_takes_over_from_a_bot() {
    let desk = Desk::new(json!({})).await;
    let one = desk.says(ADA, "Hi", 2).await;
    let path = format!("/api/v1/inbox/sessions/{}/messages", text(&one["id"]));
    let said = json!({ "content": "I take this" });
    assert_eq!(post(&desk.app, &path, said, Some(&desk.token)).await.status, 201);
    let one = desk.until(ADA, |one| one["status"] == "assigned").await;
    assert_eq!(one["assigned_to"]["name"], "Ada Lovelace");
    desk.says(ADA, "Hi", 4).await;
    // What a program sends through the API of sessions leaves the bot at work.
    desk.says(BOB, "Hi", 2).await;
    let body = json!({ "chatId": format!("{BOB}@c.us"), "content": "Your parcel left" });
    let (status, _) = desk.app.post("/api/v1/sessions/shop/send-text", body).await;
    assert_eq!(status, 200);
    let one = desk.until(BOB, |one| one["message_count"] == 3).await;
    assert_eq!(one["status"], "bot");
    desk.says(BOB, "Hi", 5).await;
    desk.has(BOB, &[HELLO, "Your parcel left", HELLO]).await;
    desk.has(ADA, &[HELLO, "I take this"]).await;
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyword_calls_a_bot_and_without_one_nobody_answers() {
    let desk = Desk::new(json!({ "trigger_keywords": ["order status"] })).await;
    write(&desk.app, ADA, "Hi").await;
    write(&desk.app, BOB, "My ORDER-STATUS?").await;
    desk.until(BOB, |one| one["message_count"] == 2).await;
    desk.has(BOB, &[UNKNOWN]).await;
    let all = desk.inbox("").await;
    assert_eq!(all["total"], 1, "{all}");
    assert_eq!(desk.got(ADA).await, Vec::<String>::new());
    // It goes on with whom it answers.
    desk.says(BOB, "Hi", 4).await;
    desk.has(BOB, &[UNKNOWN, HELLO]).await;
    // One that rests answers nobody.
    let path = format!("/api/v1/bots/{}/activate", text(&desk.bot["id"]));
    let rest = post(&desk.app, &path, json!({ "active": false }), Some(&desk.token)).await;
    assert_eq!(rest.status, 200);
    desk.says(BOB, "Hi", 5).await;
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_replies_a_minute_are_the_most_and_accounts_of_the_gateway_get_none() {
    let desk = Desk::new(json!({ "max_turns": 100 })).await;
    for count in 1..=10 {
        write(&desk.app, ADA, "Hi").await;
        desk.until(ADA, |one| one["message_count"] == 2 * count).await;
    }
    desk.says(ADA, "Hi", 21).await;
    desk.clock.advance(Duration::from_secs(60));
    desk.says(ADA, "Hi", 23).await;
    // Another session of the gateway could have a bot, too.
    desk.app.create("second").await;
    desk.app.link("second", BOB).await;
    let body = json!({ "chatId": format!("{PHONE}@c.us"), "content": "Hi" });
    let (status, answer) = desk.app.post("/api/v1/sessions/second/send-text", body).await;
    assert_eq!(status, 200, "{answer}");
    let one = desk.until(BOB, |one| one["message_count"] == 1).await;
    assert_eq!(one["status"], "open");
    desk.app.gateway.services().inbox.caught_up().await.unwrap();
    assert_eq!(desk.got(BOB).await, Vec::<String>::new());
    desk.app.stop().await;
}
