//! The business API: a file for each group of its endpoints.

mod ai_agents;
mod analytics;
mod assignment;
mod auto_tagging;
mod broadcast_rules;
mod broadcasts;
mod callers;
mod chats;
mod contacts;
mod import;
mod quick_replies;
mod references;
mod template_sends;
mod templates;
pub mod sending;
mod payments;
mod mms;
mod sms;
mod sms_provider;
mod stripe;
mod settings;
mod surveys;
mod timeline;
mod types;
mod waiting;
mod webhooks;

use reqwest::Method;
use serde_json::{Value, json};
use wagate::{
    contacts::{ContactIntake, Inbound, Medium, Received},
    domain::{Jid, details::AdContext},
};

use crate::app::{BUSINESS, TestApp};

/// A call below the base of the business API.
async fn call(app: &TestApp, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
    let (status, answer) = app.call(method, &format!("{BUSINESS}{path}"), body).await;
    (status.as_u16(), answer)
}

async fn get(app: &TestApp, path: &str) -> Value {
    let (status, answer) = call(app, Method::GET, path, None).await;
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

/// A contact without its conversations, as a list shows it.
async fn contact_of(app: &TestApp, id: &Value) -> Value {
    let mut contact = get(app, &format!("/contacts/{}", id.as_str().unwrap())).await;
    contact.as_object_mut().unwrap().remove("conversations");
    contact
}

async fn created(app: &TestApp, path: &str, body: Value) -> Value {
    let (status, answer) = call(app, Method::POST, path, Some(body)).await;
    assert_eq!(status, 201, "{path}: {answer}");
    answer
}

async fn contact(app: &TestApp, phone: &str) -> Value {
    created(app, "/contacts", json!({ "phone": phone })).await
}

/// A message of a person, as the consumer of the log takes it in.
async fn writes(app: &TestApp, phone: &str, text: &str) -> Received {
    writes_after(app, phone, text, None).await
}

async fn writes_after(app: &TestApp, phone: &str, text: &str, ad: Option<&AdContext>) -> Received {
    let services = app.gateway.services();
    let person: Jid = format!("{phone}@c.us").parse().unwrap();
    let message = format!("false_{person}_3EB0{:08}", services.events.newest());
    let inbound = Inbound {
        medium: Medium::WhatsApp,
        phone: Some(&person),
        lid: None,
        name: Some("Ada Lovelace"),
        message: &message,
        text,
        ad,
        conversation: None,
        session: None,
        at: services.clock.now(),
    };
    let intake = ContactIntake::new(&services.contacts, services.settings.clone());
    let mut work = services.events.work();
    loop {
        let received = intake.receive(&mut work, &inbound).await.unwrap();
        if let Some(events) = work.commit().await.unwrap() {
            if let Some(last) = events.last() {
                services.events.publish(last.seq).await.unwrap();
            }
            return received;
        }
    }
}
