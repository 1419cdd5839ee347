//! The workspace API: accounts, sign-ins, codes, roles, bots, chat, inbox, and what people work with together.

mod access;
mod accounts;
mod audit;
mod automation_calls;
mod automations;
mod canned;
mod bot_analytics;
mod bot_models;
mod bot_models_simulated;
mod bot_replies;
mod bot_webhooks;
mod bots;
mod chat;
mod codes;
mod command;
mod contacts;
mod deleted_conversations;
mod desk;
mod inbox_views;
mod flow_files;
mod flows;
mod guest;
mod inbox;
mod inbox_marks;
mod inbox_send;
mod keys;
mod left_behind;
mod lists;
mod notes;
mod notifications;
mod own_account;
mod presence;
mod knowledge;
mod provider_tests;
mod roles;
mod sign_in;
mod surface;
mod teams;
mod totp;
mod work_items;
mod widget;

use std::time::Duration;

use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};
use wagate::{
    domain::{ChannelId, Clock, LogEvent, SessionId, clock::from_seconds},
    store::disk::Disk,
};

use wagate::{events::NewEvent, teams::TeamEvent};

use crate::{
    app::{PHONE, TestApp},
    chat::write,
};

const PASSWORD: &str = "correct horse 7";
const ADA: &str = "ada@example.com";

/// An answer.
pub struct Answer {
    pub status: u16,
    headers: HeaderMap,
    pub body: Value,
}

/// Asks with a token or a key, or with nothing.
async fn ask(
    app: &TestApp,
    method: Method,
    path: &str,
    body: Option<Value>,
    credential: Option<&str>,
) -> Answer {
    let mut request = app.http.request(method, format!("{}{path}", app.base));
    if let Some(credential) = credential {
        request = request.bearer_auth(credential);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: response.json().await.unwrap_or_default() }
}

async fn get(app: &TestApp, path: &str, credential: Option<&str>) -> Answer {
    ask(app, Method::GET, path, None, credential).await
}

pub async fn post(app: &TestApp, path: &str, body: Value, credential: Option<&str>) -> Answer {
    ask(app, Method::POST, path, Some(body), credential).await
}

fn newcomer(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD, "name": "Ada Lovelace" })
}

/// Makes the first account, which owns the workspace; its token and its id.
pub async fn owner(app: &TestApp) -> (String, String) {
    let made = post(app, "/api/v1/auth/register", newcomer(ADA), None).await;
    assert_eq!(made.status, 201, "{}", made.body);
    (text(&made.body["token"]), text(&made.body["user"]["id"]))
}

/// Somebody in a role, made by an owner; their token and id.
pub async fn member(app: &TestApp, owner: &str, email: &str, role: &str) -> (String, String) {
    let draft = json!({ "email": email, "name": "Somebody", "role": role, "password": PASSWORD });
    let made = post(app, "/api/v1/users", draft, Some(owner)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    (sign_in(app, email, PASSWORD).await, text(&made.body["user"]["id"]))
}

async fn sign_in(app: &TestApp, email: &str, password: &str) -> String {
    let answer = try_sign_in(app, email, password).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    text(&answer.body["token"])
}

async fn try_sign_in(app: &TestApp, email: &str, password: &str) -> Answer {
    post(app, "/api/v1/auth/login", json!({ "email": email, "password": password }), None).await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// Whether a token opens what it should.
async fn is_good(app: &TestApp, token: &str) -> bool {
    let answer = get(app, "/api/v1/auth/me", Some(token)).await;
    assert!(matches!(answer.status, 200 | 401), "{} {}", answer.status, answer.body);
    answer.status == 200
}

/// The mails to an address whose subject holds a word, newest first, once there are so many.
async fn mails(app: &TestApp, to: &str, word: &str, count: usize) -> Vec<String> {
    let path = format!("/_simulator/v1/mail?to={to}");
    app.wait_for(&format!("{count} mails to {to} about {word}"), async || {
        let (_, answer) = app.get(&path).await;
        let all = answer["data"]["mails"].as_array().unwrap().iter();
        let all = all.filter(|mail| mail["subject"].as_str().unwrap().contains(word));
        let texts: Vec<String> = all.map(|mail| text(&mail["text"])).collect();
        (count <= texts.len()).then_some(texts)
    })
    .await
}

/// The six digits of a mail.
fn code_of(mail: &str) -> String {
    let digits = |word: &&str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
    let mut words = mail.split(|ch: char| !ch.is_alphanumeric()).filter(digits);
    words.next().unwrap_or_else(|| panic!("no code: {mail}")).to_owned()
}

/// Another code of six digits.
fn another(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

/// A gateway on a clock that the test moves.
async fn on_a_clock(settings: &[(&str, &str)]) -> (TestApp, Clock) {
    let clock = Clock::manual(from_seconds(1_800_000_000));
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::start_on(folder, settings, clock.clone(), Disk::manual(0)).await;
    (app, clock)
}

const MINUTE: Duration = Duration::from_secs(60);

async fn put(app: &TestApp, path: &str, body: Value, credential: &str) -> Answer {
    ask(app, Method::PUT, path, Some(body), Some(credential)).await
}

async fn delete(app: &TestApp, path: &str, credential: &str) -> Answer {
    ask(app, Method::DELETE, path, None, Some(credential)).await
}

/// Shares a bot with somebody through a team of the owner's.
async fn added_member(app: &TestApp, owner: &str, bot: &Value, email: &str) {
    let team = json!({ "name": "Support" });
    let team = answered(post(app, "/api/v1/teams", team, Some(owner)).await, 201);
    let path = format!("/api/v1/teams/{}", text(&team["id"]));
    let invitation = json!({ "email": email, "role": "agent" });
    answered(post(app, &format!("{path}/invite"), invitation, Some(owner)).await, 201);
    let share = json!({ "bot_id": bot["id"], "permission": "view" });
    answered(post(app, &format!("{path}/share-bot"), share, Some(owner)).await, 200);
}

/// A body that was answered with a status.
fn answered(answer: Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.body);
    answer.body
}

/// A person writes to the session; the UUID of the conversation, once the inbox has it.
async fn conversation(app: &TestApp, credential: &str, person: &str) -> String {
    write(app, person, "Hello").await;
    let phone = format!("+{person}");
    let found = async || {
        let list = get(app, "/api/whatsapp-api/chats?limit=100", Some(credential)).await.body;
        let mut all = list["chats"].as_array()?.iter();
        let chat = all.find(|chat| chat["contact"]["phone"] == phone.as_str())?;
        Some(text(&chat["id"]))
    };
    let found = app.wait_for("the conversation", found).await;
    // So that what happens next is delivered to nobody together with the message.
    all_notified(app).await;
    found
}

/// A gateway with a linked session, and the owner of the workspace.
async fn office() -> (TestApp, String, String) {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let (ada, id) = owner(&app).await;
    (app, ada, id)
}

/// A bot that somebody makes.
async fn bot(app: &TestApp, credential: &str) -> String {
    let draft = json!({ "name": "Support", "businessTask": "faq" });
    let made = post(app, "/api/whatsapp-api/ai-agents", draft, Some(credential)).await;
    text(&answered(made, 201)["id"])
}

/// Somebody was taken into a team, as the log tells it.
pub async fn added_to_a_team(app: &TestApp, user: &Value) {
    added_to_teams(app, user, 1).await;
}

async fn added_to_teams(app: &TestApp, user: &Value, count: usize) {
    let user = text(user).parse().unwrap();
    let name = "Support".to_owned();
    let event = TeamEvent::MemberAdded { team: uuid::Uuid::nil(), name, user, by: None };
    logged(app, None, &vec![event; count]).await;
}

/// Logs events as their module does.
async fn logged(app: &TestApp, session: Option<&str>, events: &[impl LogEvent]) {
    let log = &app.gateway.services().events;
    let channel = session.map(|id| ChannelId::from(id.parse::<SessionId>().unwrap()));
    let mut work = log.work();
    let last = loop {
        for event in events {
            work.append(NewEvent::of_module(channel.clone(), event).unwrap());
        }
        // Somebody else may have changed the same meanwhile.
        if let Some(events) = work.commit().await.unwrap() {
            break events.last().unwrap().seq;
        }
    };
    log.publish(last).await.unwrap();
}

/// Waits until all notifications of what was logged before are made.
async fn all_notified(app: &TestApp) {
    let services = app.gateway.services();
    assert!(services.consumers.caught_up("notifications", crate::app::PATIENCE).await);
}

/// The notifications of somebody: their types, newest first.
async fn kinds(app: &TestApp, credential: &str) -> Vec<String> {
    all_notified(app).await;
    let list = get(app, "/api/v1/notifications?per_page=100", Some(credential)).await.body;
    list["notifications"].as_array().unwrap().iter().map(|one| text(&one["type"])).collect()
}
