//! What events and lists show can be sent back as it is, and a body that an operation would ignore is refused.

use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{ADA, Events, OWN, SESSION, Stage, code};

fn ada() -> String {
    format!("{ADA}@c.us")
}

/// Ada writes something; the event of it.
async fn reported(stage: &Stage, events: &mut Events, kind: &str, content: Value) -> Value {
    let mut body = json!({ "chat": format!("{OWN}@c.us") });
    body.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
    stage.phone(ADA, "messages", body).await;
    events.next("message", |data| data["type"] == kind).await["data"].clone()
}

/// What the next message that Ada gets holds beside words. `count`: how many she has got until then.
async fn next_on_phone(stage: &Stage, count: usize) -> Value {
    let what = format!("message {count} on the phone");
    let all = stage.until(&what, || async {
        let all = stage.on_phone(ADA, &format!("{OWN}@c.us")).await;
        let all: Vec<Value> = all.into_iter().filter(|one| one["author"] != ada()).collect();
        (count < all.len()).then_some(all)
    });
    all.await[count]["details"].clone()
}

fn with_chat(content: &Value) -> Value {
    let mut body = content.clone();
    body["chatId"] = json!(ada());
    body
}

async fn what_an_event_shows_can_be_sent(stage: Stage) {
    let mut events = stage.events().await;
    let mut count = 0;
    let place =
        json!({ "latitude": 51.5, "longitude": -0.25, "name": "London", "address": "1 Street" });
    let message = reported(&stage, &mut events, "location", json!({ "location": place })).await;
    let mut location = message["location"].clone();
    assert!(location.get("live").is_some(), "{message}");
    location["live"] = json!(true);
    for body in [with_chat(&location), json!({ "chatId": ada(), "location": location })] {
        stage.send("send-location", body).await;
        let sent = next_on_phone(&stage, count).await["location"].clone();
        count += 1;
        for field in ["latitude", "longitude", "name", "address"] {
            assert_eq!(sent[field], place[field], "{sent}");
        }
    }

    let poll =
        json!({ "question": "Tea?", "options": ["yes", "no", "later"], "selectableCount": 2 });
    let message = reported(&stage, &mut events, "poll_creation", json!({ "poll": poll })).await;
    let shown = &message["poll"];
    assert!(shown["results"].is_array() && shown["selectable"] == 2, "{message}");
    for body in [with_chat(shown), json!({ "chatId": ada(), "poll": shown })] {
        stage.send("send-poll", body).await;
        let sent = next_on_phone(&stage, count).await["poll"].clone();
        count += 1;
        assert_eq!((&sent["question"], &sent["options"]), (&poll["question"], &poll["options"]));
        assert_eq!(sent["selectable"], 2, "{sent}");
    }

    let contacts = json!([
        { "name": "Grace Hopper", "phone": "15550000012", "organization": "Navy" },
        { "name": "Alan Turing", "phone": "15550000013" },
    ]);
    let message =
        reported(&stage, &mut events, "multi_vcard", json!({ "contacts": contacts })).await;
    let vcards: Vec<&Value> =
        message["contacts"].as_array().unwrap().iter().map(|card| &card["vcard"]).collect();
    for contacts in [message["contacts"].clone(), json!(vcards)] {
        stage.send("send-contact", json!({ "chatId": ada(), "contacts": contacts })).await;
        let sent = next_on_phone(&stage, count).await["contacts"].clone();
        count += 1;
        assert_eq!(sent[0]["phones"], json!(["+15550000012"]), "{sent}");
        assert_eq!(sent[0]["organization"], "Navy", "{sent}");
        assert_eq!(sent[1]["phones"], json!(["+15550000013"]), "{sent}");
    }
    // A number beside a vCard that has none goes along with it.
    let bare = "BEGIN:VCARD\nVERSION:3.0\nFN:Ada\nEND:VCARD";
    let contacts = json!([{ "phone": "+1 555 000 0012", "vcard": bare }]);
    stage.send("send-contact", json!({ "chatId": ada(), "contacts": contacts })).await;
    let sent = next_on_phone(&stage, count).await["contacts"][0].clone();
    assert_eq!((&sent["phones"], &sent["name"]), (&json!(["+15550000012"]), &json!("Ada")));

    for (send, body, field) in [
        ("send-location", json!({ "location": { "latitude": 91, "zoom": 5 } }), "location.zoom"),
        ("send-location", json!({ "location": { "latitude": 91 } }), "longitude"),
        ("send-location", json!({ "location": 5 }), "location"),
        ("send-poll", json!({ "poll": { "question": "?", "chatId": "x" } }), "poll.chatId"),
        ("send-text", json!({ "content": "x", "location": {} }), "location"),
        (
            "send-contact",
            json!({ "contacts": [{ "phone": "15550000011", "vcard": vcards[0] }] }),
            "contacts[0].phone",
        ),
    ] {
        let (status, answer) = stage.post(&format!("{SESSION}/{send}"), with_chat(&body)).await;
        assert_eq!((status, code(&answer)), (400, "VALIDATION_ERROR"), "{send} {body}: {answer}");
        assert!(!answer["error"]["details"]["fields"][field].is_null(), "{send} {body}: {answer}");
    }
    stage.end().await;
}

async fn a_body_where_none_is_read_is_refused(stage: Stage) {
    let mut events = stage.events().await;
    let sent = stage.send("send-text", json!({ "chatId": ada(), "content": "stays" })).await;
    let id = sent["messageId"].as_str().unwrap();
    let path = format!("{SESSION}/messages/{id}");
    for (body, said) in [
        (json!({ "forEveryone": false }), "?forEveryone=false"),
        (json!({ "for": "me" }), "is a query parameter here"),
        (json!({ "foreveryone": false }), "the nearest query parameter is forEveryone"),
        (json!({ "delete": "media" }), "takes no body"),
        (json!(["x"]), "must be left out"),
    ] {
        let (status, answer) = stage.call(Method::DELETE, &path, Some(body.clone())).await;
        assert_eq!((status, code(&answer)), (400, "VALIDATION_ERROR"), "{body}: {answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(said), "{body}: {answer}");
    }
    let (_, found) = stage.get("/api/v1/chat/conversations").await;
    let conversation = found["data"]["data"][0]["id"].as_str().unwrap();
    let archive = format!("/api/v1/chat/conversations/{conversation}/archive");
    let (status, answer) = stage.post(&archive, json!({ "archived": false })).await;
    assert_eq!((status, code(&answer)), (422, "VALIDATION_ERROR"), "{answer}");
    assert!(!answer["error"]["details"]["fields"]["archived"].is_null(), "{answer}");
    // What says nothing is no body.
    for body in [json!({}), Value::Null] {
        let (status, answer) = stage.post(&archive, body).await;
        assert_eq!(status, 200, "{answer}");
    }
    // Nothing was deleted; without a body it is.
    let listed = stage.ask(&format!("chats/{}/messages?limit=5", ada())).await;
    assert_eq!(listed[0]["body"], "stays", "{listed}");
    let (status, answer) = stage.call(Method::DELETE, &path, Some(json!({}))).await;
    assert_eq!(status, 200, "{answer}");
    events.next("message_revoked", |data| data["id"] == *id).await;
    stage.end().await;
}

on_both_engines! {
    what_an_event_shows_can_be_sent
    a_body_where_none_is_read_is_refused
}
