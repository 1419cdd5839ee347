//! Steps of the business API: a customer writes and is opted in, gets a template, and rates the service.

use std::io::Write;

use reqwest::Method;
use serde_json::{Value, json};

use crate::demo::{
    client::Listener,
    story::{DemoError, PHONE, Story, text},
};

/// A person of the simulated network, whose phone the demonstration steers.
const CUSTOMER: &str = "15550000011";
const API: &str = "/api/whatsapp-api";
const TEMPLATE: &str = "order_shipped";

pub async fn play<W: Write>(
    story: &mut Story<'_, W>,
    listener: &mut Listener,
) -> Result<(), DemoError> {
    hear_a_customer(story).await?;
    send_a_template(story, listener).await?;
    ask_for_a_rating(story).await
}

async fn hear_a_customer<W: Write>(story: &mut Story<'_, W>) -> Result<(), DemoError> {
    let since = story.open("Serve a customer: anyone who writes is a contact and is opted in");
    let body = json!({ "name": "demo", "scopes": ["*"] });
    let step = "create an API key";
    let answer = story.request(step, Method::POST, "/api/v1/api-keys", Some(&body)).await?;
    story.client.use_key(text(&answer, "/data/key").to_owned());
    write_as_customer(story, "Hi, where is my order?").await?;
    let path = format!("{API}/contacts?search={CUSTOMER}");
    let is_opted_in = |answer: &Value| answer["contacts"][0]["optedIn"] == true;
    let answer = story.until("find the contact", &path, is_opted_in).await?;
    let proof = text(&answer, "/contacts/0/optInProof").to_owned();
    story.narrator.done(since, &format!("+{CUSTOMER} is a contact, opted in by {proof}"));
    Ok(())
}

async fn send_a_template<W: Write>(
    story: &mut Story<'_, W>,
    listener: &mut Listener,
) -> Result<(), DemoError> {
    let since = story.open("Answer with a template");
    let body = json!({
        "name": TEMPLATE, "category": "UTILITY", "language": "en_US",
        "components": [{ "type": "BODY", "text": "Hi {{1}}, your order comes {{2}}." }],
    });
    let path = format!("{API}/templates");
    story.request("create a template", Method::POST, &path, Some(&body)).await?;
    let values = ["there", "tomorrow"].map(|text| json!({ "type": "text", "text": text }));
    let body = json!({
        "to": format!("+{CUSTOMER}"), "type": "template", "templateName": TEMPLATE, "language": "en_US",
        "components": [{ "type": "body", "parameters": values }],
    });
    let path = format!("{API}/send");
    let answer = story.request("send the template", Method::POST, &path, Some(&body)).await?;
    let id = text(&answer, "/messageId").to_owned();
    let is_there =
        |frame: &Value| frame["event"] == "ack" && text(frame, "/data/id") == id && 2 <= ack(frame);
    story.event(listener, "see it delivered", is_there).await?;
    story.narrator.done(since, "delivered: \"Hi there, your order comes tomorrow.\"");
    Ok(())
}

async fn ask_for_a_rating<W: Write>(story: &mut Story<'_, W>) -> Result<(), DemoError> {
    let since = story.open("Resolve the conversation and ask how it was");
    let path = format!("{API}/chats?search={CUSTOMER}");
    let answer = story.request("find the conversation", Method::GET, &path, None).await?;
    let chat = format!("{API}/chats/{}", text(&answer, "/chats/0/id"));
    let path = format!("{chat}/resolve");
    let body = json!({ "sendCsat": true });
    story.request("resolve the conversation", Method::POST, &path, Some(&body)).await?;
    let phone = format!("/_simulator/v1/accounts/{CUSTOMER}/chats/{PHONE}@c.us/messages");
    let is_asked = |answer: &Value| answer.to_string().contains("from 1");
    story.until("see the question on the customer's phone", &phone, is_asked).await?;
    write_as_customer(story, "5 very quick").await?;
    let is_rated = |answer: &Value| answer["chat"]["csat"]["rating"] == 5;
    story.until("read the rating", &chat, is_rated).await?;
    story.narrator.done(since, "the customer gave 5 of 5");
    Ok(())
}

async fn write_as_customer<W: Write>(
    story: &mut Story<'_, W>,
    words: &str,
) -> Result<(), DemoError> {
    let path = format!("/_simulator/v1/accounts/{CUSTOMER}/messages");
    let body = json!({ "chat": format!("{PHONE}@c.us"), "text": words });
    story.request("write as the customer", Method::POST, &path, Some(&body)).await.map(drop)
}

fn ack(frame: &Value) -> i64 {
    frame["data"]["ack"].as_i64().unwrap_or_default()
}
