//! Sends of the business API: consent, types, menus, files, and the limit of each recipient.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use wagate::{
    domain::{Ack, Clock, EventBody},
    store::disk::Disk,
};

use crate::{
    app::{BUSINESS, PHONE, PNG, TestApp},
    business::{
        call,
        chats::{chat_on, chat_with},
        contact, get,
    },
    chat::write,
};

pub const ADA: &str = "15550000011";

/// What a phone shows of its chat with the session.
pub async fn on_phone(app: &TestApp, phone: &str) -> Vec<Value> {
    let path = format!("/_simulator/v1/accounts/{phone}/chats/{PHONE}@c.us/messages");
    let (_, answer) = app.get(&path).await;
    answer["data"]["messages"].as_array().cloned().unwrap_or_default()
}

pub async fn send(app: &TestApp, body: Value) -> (u16, Value) {
    call(app, Method::POST, "/send", Some(body)).await
}

/// A session, and a contact who has written.
pub async fn shop() -> TestApp {
    let app = TestApp::start().await;
    app.ready("shop", PHONE).await;
    write(&app, ADA, "Hi").await;
    chat_with(&app, ADA).await;
    app
}

/// A form with one part, as a client sends it.
async fn upload_part(app: &TestApp, part: &str, bytes: Vec<u8>, name: &str) -> (u16, Value) {
    const BOUNDARY: &str = "a-boundary-of-a-test";
    let disposition = format!("form-data; name=\"{part}\"; filename=\"{name}\"");
    let head = format!("--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n");
    let mut body = head.into_bytes();
    body.extend(bytes);
    body.extend(format!("\r\n--{BOUNDARY}--\r\n").into_bytes());
    let request = app.http.post(format!("{}{BUSINESS}/media", app.base));
    let request = request.bearer_auth(app.key().await);
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let answer = request.header("content-type", content_type).body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
}

pub async fn upload(app: &TestApp, bytes: Vec<u8>, name: &str) -> (u16, Value) {
    upload_part(app, "file", bytes, name).await
}

pub fn png() -> Vec<u8> {
    use base64::Engine;
    let (_, data) = PNG.split_once(',').unwrap();
    base64::engine::general_purpose::STANDARD.decode(data).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_agreed_gets_nothing_and_becomes_no_contact() {
    let app = TestApp::start().await;
    app.ready("shop", PHONE).await;
    let (status, answer) =
        send(&app, json!({ "to": "+15551000009", "type": "text", "text": "Hello!" })).await;
    assert_eq!((status, &answer["code"]), (403, &json!("not_opted_in")), "{answer}");
    assert_eq!(get(&app, "/contacts?search=15551000009").await["pagination"]["total"], 0);
    assert!(on_phone(&app, "15551000009").await.is_empty());
    contact(&app, "+15551000009").await;
    let (status, answer) = send(&app, json!({ "to": "+15551000009", "text": "Hello!" })).await;
    assert_eq!((status, &answer["error"]), (403, &json!("Contact has not opted in")));
    // What is refused counts in no limit: as many as there may be in an hour, and one more, are sent afterwards.
    for _ in 0..20 {
        assert_eq!(send(&app, json!({ "to": "+15551000009", "text": "Hello!" })).await.0, 403);
    }
    write(&app, "15551000009", "Hi").await;
    chat_with(&app, "15551000009").await;
    let (status, answer) = send(&app, json!({ "to": "+15551000009", "text": "Hello!" })).await;
    assert_eq!(status, 200, "{answer}");
    for (body, field) in
        [(json!({ "text": "x" }), "to"), (json!({ "to": "12", "text": "x" }), "to")]
    {
        let (status, answer) = send(&app, body).await;
        assert_eq!(status, 400);
        assert!(answer["fields"].get(field).is_some(), "{answer}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wrote_first_is_opted_in_and_answered_and_the_ticks_are_shown() {
    let app = shop().await;
    let chat = chat_with(&app, ADA).await;
    let contact = chat["contact"]["id"].as_str().unwrap();
    let contact = get(&app, &format!("/contacts/{contact}")).await;
    assert_eq!(
        (&contact["optedIn"], &contact["optInSource"]),
        (&json!(true), &json!("inbound_message"))
    );
    assert!(contact["optInProof"].as_str().unwrap().starts_with("message:false_"));
    let (status, sent) =
        send(&app, json!({ "to": format!("+{ADA}"), "text": "Hello", "clientRef": "a-1" })).await;
    assert_eq!(status, 200, "{sent}");
    assert_eq!((&sent["conversationId"], &sent["contactId"]), (&chat["id"], &contact["id"]));
    let message = app
        .wait_for("the message to be read", || async {
            let page = get(&app, "/messages?direction=OUTBOUND&status=READ").await;
            page["messages"].get(0).cloned()
        })
        .await;
    let acks = async || {
        let events = app.gateway.services().events.read(None, 0, 10_000).await.unwrap();
        let ack = |event: &EventBody| match event {
            EventBody::Ack { ack, .. } => Some(*ack),
            _ => None,
        };
        let acks: Vec<Ack> =
            events.iter().filter_map(|event| event.body.whatsapp().and_then(ack)).collect();
        (2 <= acks.len()).then_some(acks)
    };
    assert_eq!(app.wait_for("the ticks", acks).await, [Ack::Delivered, Ack::Read]);
    assert_eq!((&message["id"], &message["text"]), (&sent["id"], &json!("Hello")));
    assert_eq!(
        (&message["sentBy"]["name"], &message["clientRef"]),
        (&json!("test"), &json!("a-1"))
    );
    assert_eq!(message["contactId"], contact["id"]);
    let one = get(&app, &format!("/chats/{}", chat["id"].as_str().unwrap())).await;
    let texts: Vec<&str> =
        one["messages"].as_array().unwrap().iter().filter_map(|one| one["text"].as_str()).collect();
    assert_eq!(&texts[..2], ["Hi", "Hello"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_stop_is_confirmed_once_and_gets_nothing_more_until_start() {
    let app = shop().await;
    write(&app, ADA, "STOP").await;
    let has = async |text: &str| {
        on_phone(&app, ADA).await.iter().any(|message| {
            message["text"]
                .as_str()
                .or(message["body"].as_str())
                .is_some_and(|body| body.contains(text))
        })
    };
    app.wait_for("the confirmation", || async { has("no more messages").await.then_some(()) })
        .await;
    let (status, answer) = send(&app, json!({ "to": ADA, "text": "Hello" })).await;
    assert_eq!((status, &answer["code"]), (403, &json!("not_opted_in")), "{answer}");
    write(&app, ADA, "start").await;
    app.wait_for("the contact to be opted in", || async {
        (send(&app, json!({ "to": ADA, "text": "Welcome" })).await.0 == 200).then_some(())
    })
    .await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_is_sent_and_names_what_it_lacks() {
    let app = shop().await;
    let (status, file) = upload(&app, png(), "pixel.png").await;
    assert_eq!(status, 201, "{file}");
    let media = file["mediaId"].clone();
    let page = get(&app, "/messages").await;
    let message = page["messages"][0]["messageId"].clone();
    let card =
        json!([{ "name": { "formatted_name": "Grace" }, "phones": [{ "phone": "+15550000012" }] }]);
    for (body, field) in [
        (json!({ "type": "text", "text": "Hello" }), "text"),
        (json!({ "type": "image", "mediaId": media, "caption": "Look" }), "mediaId"),
        (json!({ "type": "document", "mediaId": media, "filename": "a.png" }), "filename"),
        (json!({ "type": "location", "latitude": 1.5, "longitude": 2.5, "name": "Here" }), "name"),
        (json!({ "type": "contact", "contacts": card }), "contacts"),
        (
            json!({
                "type": "interactive",
                "interactive": {
                    "type": "button", "body": { "text": "Tea?" },
                    "action": { "buttons": [{ "type": "reply", "reply": { "id": "y", "title": "Yes" } }] },
                },
            }),
            "interactive",
        ),
        (json!({ "type": "reaction", "messageId": message, "emoji": "👍" }), "emoji"),
    ] {
        let mut whole = body.clone();
        whole["to"] = json!(format!("+{ADA}"));
        let (status, answer) = send(&app, whole.clone()).await;
        assert_eq!(status, 200, "{body}: {answer}");
        whole.as_object_mut().unwrap().remove(field);
        let (status, answer) = send(&app, whole).await;
        assert_eq!(status, 400, "{body} without {field}: {answer}");
        let named = if field == "mediaId" { "mediaUrl" } else { field };
        assert!(answer["fields"].get(named).is_some(), "{answer}");
    }
    let template = json!({ "to": ADA, "type": "template", "templateName": "hello", "language": "en_US", "components": [] });
    let (status, answer) = send(&app, template).await;
    assert_eq!((status, &answer["code"]), (404, &json!("not_found")), "{answer}");
    assert!(answer["error"].as_str().unwrap().contains("'hello'"));
    let shown = on_phone(&app, ADA).await;
    assert!(6 < shown.len(), "{shown:?}");
    // Who writes on WhatsApp has not agreed to text messages.
    let (status, answer) = send(&app, json!({ "to": ADA, "channel": "sms", "text": "x" })).await;
    assert_eq!((status, &answer["code"]), (403, &json!("not_opted_in")), "{answer}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_menu_is_numbered_text_and_its_reply_is_mapped_back() {
    let app = shop().await;
    let button =
        |id: &str, title: &str| json!({ "type": "reply", "reply": { "id": id, "title": title } });
    let menu = json!({
        "type": "button", "body": { "text": "Tea or coffee?" },
        "action": { "buttons": [button("t", "Tea"), button("c", "Coffee")] },
    });
    let body = json!({ "to": ADA, "type": "interactive", "interactive": menu });
    let (status, sent) = send(&app, body).await;
    assert_eq!((status, &sent["rendered"]), (200, &json!("text")), "{sent}");
    write(&app, ADA, "2").await;
    let id = chat_with(&app, ADA).await["id"].as_str().unwrap().to_owned();
    let last = app
        .wait_for("the reply", || async {
            let chat = get(&app, &format!("/chats/{id}")).await;
            let last = chat["messages"].as_array()?.last()?.clone();
            (last["direction"] == "INBOUND" && last["type"] == "interactive").then_some(last)
        })
        .await;
    let expected =
        json!({ "type": "button_reply", "button_reply": { "id": "c", "title": "Coffee" } });
    assert_eq!((&last["interactive"], &last["text"]), (&expected, &json!("2")));
    let page = get(&app, "/messages?direction=OUTBOUND").await;
    assert_eq!(
        (&page["messages"][0]["type"], &page["messages"][0]["interactive"]),
        (&json!("interactive"), &menu)
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_taken_by_their_content_and_read_with_a_key() {
    let app = shop().await;
    let mut large = png();
    large.resize(16 << 20, 0);
    let (status, file) = upload(&app, large.clone(), "large.png").await;
    assert_eq!(status, 201, "{file}");
    assert_eq!((&file["mimeType"], &file["size"]), (&json!("image/png"), &json!(16 << 20)));
    large.push(0);
    assert_eq!(upload(&app, large, "larger.png").await.0, 400);
    let mut program = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00".to_vec();
    program.resize(512, 0);
    assert_eq!(upload(&app, program, "picture.png").await.0, 400);
    assert_eq!(upload_part(&app, "other", png(), "pixel.png").await.0, 400);
    let (_, small) = upload(&app, png(), "pixel.png").await;
    let url = format!("{}{}", app.base, small["url"].as_str().unwrap());
    let whole = app.http.get(&url).bearer_auth(app.key().await).send().await.unwrap();
    assert_eq!(whole.status(), 200);
    assert_eq!(whole.bytes().await.unwrap(), png());
    let part = app.http.get(&url).bearer_auth(app.key().await).header("Range", "bytes=0-3");
    let part = part.send().await.unwrap();
    assert_eq!(
        (part.status().as_u16(), part.bytes().await.unwrap().to_vec()),
        (206, png()[..4].to_vec())
    );
    assert_eq!(app.http.get(&url).send().await.unwrap().status(), 401);
    // A message with the file has a link, which needs no key.
    let body = json!({ "to": ADA, "type": "image", "mediaId": small["mediaId"] });
    assert_eq!(send(&app, body).await.0, 200);
    let page = get(&app, "/messages?type=image").await;
    let link = page["messages"][0]["mediaUrl"].as_str().unwrap();
    let linked = app.http.get(format!("{}{link}", app.base)).send().await.unwrap();
    assert_eq!(linked.bytes().await.unwrap(), png());
    let reader = app.key_of(&["read"], None).await;
    assert_eq!(app.http.get(&url).bearer_auth(reader).send().await.unwrap().status(), 403);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_gets_twenty_messages_an_hour_also_over_a_restart() {
    let clock = Clock::manual(Clock::system().now());
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::start_on(folder, &[], clock.clone(), Disk::manual(0)).await;
    app.ready("shop", PHONE).await;
    for person in [ADA, "15550000012"] {
        write(&app, person, "Hi").await;
        chat_on(&app, &clock, person).await;
    }
    let text = |to: &str| json!({ "to": to, "text": "Hello" });
    for number in 1..=20 {
        let (status, answer) = send(&app, text(ADA)).await;
        assert_eq!(status, 200, "{number}: {answer}");
    }
    let limited = async |app: &TestApp| {
        let (status, answer) = send(app, text(ADA)).await;
        assert_eq!((status, &answer["code"]), (429, &json!("rate_limited")), "{answer}");
        assert!(answer["error"].as_str().unwrap().contains(ADA), "{answer}");
        assert!(0 < answer["retryAfter"].as_u64().unwrap());
    };
    limited(&app).await;
    let folder = app.stop().await;
    let app = TestApp::start_on(folder, &[], clock.clone(), Disk::manual(0)).await;
    app.wait_for_status("shop", "ready").await;
    limited(&app).await;
    assert_eq!(send(&app, text("15550000012")).await.0, 200);
    clock.advance(Duration::from_secs(3_600));
    let (status, answer) = send(&app, text(ADA)).await;
    assert_eq!(status, 200, "{answer}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_of_a_text_are_filled_in_where_that_is_asked_for() {
    let app = shop().await;
    let text = "Hi {{contact.firstName}}, is {{ contact.phone }} right?";
    let to = format!("+{ADA}");
    let (status, sent) = send(&app, json!({ "to": to, "text": text })).await;
    assert_eq!(status, 200, "{sent}");
    let filled = json!({ "to": to, "text": text, "renderVariables": true });
    let (status, sent) = send(&app, filled).await;
    assert_eq!(status, 200, "{sent}");
    for (fault, body) in [
        (
            "contact.email",
            json!({ "to": to, "text": "{{contact.email}}", "renderVariables": true }),
        ),
        ("nonsense", json!({ "to": to, "text": "{{nonsense}}", "renderVariables": true })),
        (
            "not a field of type location",
            json!({
                "to": to, "type": "location", "latitude": 1, "longitude": 1, "name": "{{date}}",
                "renderVariables": true,
            }),
        ),
    ] {
        let (status, refused) = send(&app, body).await;
        assert_eq!(status, 400, "{refused}");
        assert!(refused["error"].as_str().unwrap().contains(fault), "{refused}");
    }
    let shown = on_phone(&app, ADA).await;
    let bodies: Vec<&str> = shown.iter().map(|one| one["body"].as_str().unwrap()).collect();
    assert_eq!(bodies, ["Hi", text, &format!("Hi Ada, is +{ADA} right?")]);
    app.stop().await;
}
