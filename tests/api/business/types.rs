//! Types of messages: each is sent with its fields and shown on the contact's phone, and names the field that it lacks.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{PHONE, TestApp},
    business::{call, chats::chat_with, created, get},
    chat::write,
    chat_messages::{PRIVATE, answer, pixel, serve},
};

const ADA: &str = "15550000011";
const PDF: &[u8] = b"%PDF-1.4\n1 0 obj << >> endobj\ntrailer << >>\n%%EOF";
const MP3: &[u8] = b"ID3\x04\x00\x00\x00\x00\x00\x00\xff\xfb\x90\x64\x00\x00\x00\x00\x00\x00";
const MP4: &[u8] = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom\x00\x00\x00\x08free";

/// A session, and a contact who has written.
async fn shop() -> TestApp {
    let app = TestApp::start_with(&[PRIVATE]).await;
    app.ready("shop", PHONE).await;
    write(&app, ADA, "Hi").await;
    chat_with(&app, ADA).await;
    app
}

/// Sends a body to Ada.
async fn send(app: &TestApp, body: &Value) -> (u16, Value) {
    let mut body = body.clone();
    body["to"] = format!("+{ADA}").into();
    call(app, Method::POST, "/send", Some(body)).await
}

/// A message as the contact's phone shows it, once it is there.
async fn on_phone(app: &TestApp, sent: &Value) -> Value {
    let key = sent["messageId"].as_str().unwrap().rsplit('_').next().unwrap();
    let path = format!("/_simulator/v1/accounts/{ADA}/chats/{PHONE}@c.us/messages");
    let shown = async || {
        let (_, answer) = app.get(&path).await;
        let mut all = answer["data"]["messages"].as_array()?.iter();
        all.find(|one| one["id"].as_str().is_some_and(|id| id.contains(key))).cloned()
    };
    app.wait_for("the message on the phone", shown).await
}

/// Sends it without a field, which the answer names.
async fn lacks(app: &TestApp, body: &Value, field: &str, named: &str) {
    let mut body = body.clone();
    body.as_object_mut().unwrap().remove(field);
    let (status, answer) = send(app, &body).await;
    assert_eq!(status, 400, "{body}: {answer}");
    assert!(answer["fields"][named].is_array(), "{body}: {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_by_their_address_arrive_byte_for_byte() {
    let app = shop().await;
    let dot = pixel();
    for (kind, path, mime, bytes) in [
        ("image", "/dot.png", "image/png", &dot[..]),
        ("document", "/list.pdf", "application/pdf", PDF),
        ("audio", "/song.mp3", "audio/mpeg", MP3),
        ("video", "/film.mp4", "video/mp4", MP4),
    ] {
        let url = serve(vec![answer(&format!("200 OK\r\ncontent-type: {mime}"), bytes)]).await;
        let mut body = json!({ "type": kind, "mediaUrl": format!("{url}{path}") });
        if kind == "document" {
            body["filename"] = "prices.pdf".into();
            lacks(&app, &body, "filename", "filename").await;
        }
        if kind != "audio" {
            body["caption"] = format!("a {kind}").into();
        }
        lacks(&app, &body, "mediaUrl", "mediaUrl").await;
        let (status, sent) = send(&app, &body).await;
        assert_eq!(status, 200, "{kind}: {sent}");
        let shown = on_phone(&app, &sent).await;
        let media = &shown["media"];
        assert_eq!((&shown["kind"], &media["mime"]), (&json!(kind), &json!(mime)), "{shown}");
        assert_eq!(media["size"], bytes.len(), "{shown}");
        assert_eq!(shown["body"], body.get("caption").cloned().unwrap_or_else(|| json!("")));
        if kind == "document" {
            assert_eq!(media["filename"], "prices.pdf");
        }
        let path = format!("{}/api/media/{}", app.base, sent["id"].as_str().unwrap());
        let file = app.http.get(path).bearer_auth(app.key().await).send().await.unwrap();
        assert_eq!(file.bytes().await.unwrap(), bytes, "{kind}");
        // The list has a link that needs no key.
        let page = get(&app, "/messages?direction=OUTBOUND").await;
        let newest = &page["messages"][0];
        assert_eq!((&newest["type"], &newest["mimeType"]), (&json!(kind), &json!(mime)));
        let link = format!("{}{}", app.base, newest["mediaUrl"].as_str().unwrap());
        assert_eq!(app.http.get(link).send().await.unwrap().status(), 200);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_of_another_type_is_refused_by_its_name_and_nothing_is_sent() {
    let app = shop().await;
    let chat = chat_with(&app, ADA).await["id"].as_str().unwrap().to_owned();
    for (body, field) in [
        (json!({ "text": "Hi", "mediaUrl": "https://example.com/a.png" }), "mediaUrl"),
        (json!({ "text": "Hi", "templateName": "order" }), "templateName"),
        (json!({ "text": "Hi", "latitude": 1 }), "latitude"),
        (json!({ "text": "Hi", "content": "Ho" }), "content"),
        (json!({ "type": "image", "mediaUrl": "https://example.com/a", "text": "Hi" }), "text"),
        (
            json!({ "type": "audio", "mediaUrl": "https://example.com/a", "caption": "A" }),
            "caption",
        ),
        (
            json!({ "type": "location", "latitude": 1, "longitude": 1, "name": "A", "emoji": "👍" }),
            "emoji",
        ),
        (json!({ "type": "reaction", "messageId": "1", "emoji": "👍", "queue": true }), "queue"),
    ] {
        let path = format!("/chats/{chat}/messages");
        for (status, answer) in
            [send(&app, &body).await, call(&app, Method::POST, &path, Some(body.clone())).await]
        {
            assert_eq!(status, 400, "{body}: {answer}");
            assert!(answer["fields"][field].is_array(), "{body}: {answer}");
        }
    }
    // A session that does not serve the conversation is refused, too.
    app.ready("other", "15550000002").await;
    let elsewhere = json!({ "text": "Hi", "conversationId": chat, "sessionId": "other" });
    let (status, answer) = send(&app, &elsewhere).await;
    assert_eq!(status, 400, "{answer}");
    assert!(answer["fields"]["sessionId"].is_array(), "{answer}");
    assert_eq!(get(&app, "/messages?direction=OUTBOUND").await["pagination"]["total"], 0);
    let (status, answer) = send(&app, &json!({ "text": "Hi", "emoji": "", "caption": null })).await;
    assert_eq!(status, 200, "{answer}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_file_arrives_with_its_data() {
    let app = shop().await;
    let text = json!({ "type": "text", "text": "Hello" });
    lacks(&app, &text, "text", "text").await;
    let (_, sent) = send(&app, &text).await;
    assert_eq!(on_phone(&app, &sent).await["body"], "Hello");

    let place = json!({
        "type": "location", "latitude": 12.9716, "longitude": 77.5946, "name": "Office", "address": "MG Road",
    });
    for field in ["latitude", "longitude", "name"] {
        lacks(&app, &place, field, field).await;
    }
    let (status, sent) = send(&app, &place).await;
    assert_eq!(status, 200, "{sent}");
    let shown = on_phone(&app, &sent).await["details"]["location"].clone();
    for field in ["latitude", "longitude", "name", "address"] {
        assert_eq!(shown[field], place[field], "{field}");
    }

    let cards = json!({
        "type": "contact",
        "contacts": [
            { "name": { "formatted_name": "Grace Hopper" }, "phones": [{ "phone": "+15550000012" }] },
            { "name": "Alan Turing", "phone": "+15550000013" },
        ],
    });
    lacks(&app, &cards, "contacts", "contacts").await;
    let (status, sent) = send(&app, &cards).await;
    assert_eq!(status, 200, "{sent}");
    let shown = on_phone(&app, &sent).await["details"]["contacts"].clone();
    for (place, name, digits) in
        [(0, "Grace Hopper", "15550000012"), (1, "Alan Turing", "15550000013")]
    {
        assert_eq!(shown[place]["name"], name, "{shown}");
        let phone: String = shown[place]["phones"][0]
            .as_str()
            .unwrap()
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        assert_eq!(phone, digits);
    }

    let reaction = json!({ "type": "reaction", "messageId": sent["messageId"], "emoji": "👍" });
    for field in ["messageId", "emoji"] {
        lacks(&app, &reaction, field, field).await;
    }
    let (status, answer) = send(&app, &reaction).await;
    assert_eq!(status, 200, "{answer}");
    app.wait_for("the reaction on the phone", || async {
        (on_phone(&app, &sent).await["reactions"][0]["emoji"] == "👍").then_some(())
    })
    .await;
    let back = json!({ "type": "reaction", "messageId": sent["messageId"], "emoji": "" });
    let (status, answer) = send(&app, &back).await;
    assert_eq!(status, 200, "{answer}");
    app.wait_for("the reaction to be gone from the phone", || async {
        on_phone(&app, &sent).await["reactions"].as_array()?.is_empty().then_some(())
    })
    .await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_menu_is_shown_and_has_bounds() {
    let app = shop().await;
    let rows = |count: usize| -> Vec<Value> {
        (1..=count).map(|n| json!({ "id": n.to_string(), "title": format!("Row {n}") })).collect()
    };
    let list = |count: usize| {
        json!({
            "type": "interactive",
            "interactive": {
                "type": "list", "body": { "text": "Choose one" },
                "action": { "button": "Rows", "sections": [{ "title": "All", "rows": rows(count) }] },
            },
        })
    };
    let (status, answer) = send(&app, &list(11)).await;
    assert_eq!(status, 400, "{answer}");
    assert!(answer["fields"]["interactive.action.sections"].is_array(), "{answer}");
    lacks(&app, &list(2), "interactive", "interactive").await;
    let (status, sent) = send(&app, &list(10)).await;
    assert_eq!((status, &sent["rendered"]), (200, &json!("text")), "{sent}");
    let body = on_phone(&app, &sent).await["body"].as_str().unwrap().to_owned();
    for part in ["Choose one", "1. Row 1", "10. Row 10"] {
        assert!(body.contains(part), "{body}");
    }
    let button = |n: usize| json!({ "type": "reply", "reply": { "id": n.to_string(), "title": format!("B{n}") } });
    let buttons = |count: usize| {
        let buttons: Vec<Value> = (1..=count).map(button).collect();
        json!({
            "type": "interactive",
            "interactive": {
                "type": "button", "body": { "text": "Tea?" }, "action": { "buttons": buttons },
            },
        })
    };
    assert_eq!(send(&app, &buttons(4)).await.0, 400);
    assert_eq!(send(&app, &buttons(3)).await.0, 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_find_menus_and_templates_by_the_type_that_they_show_until_they_are_deleted() {
    let app = shop().await;
    let template = json!({
        "name": "hello", "category": "UTILITY", "language": "en_US",
        "components": [{ "type": "BODY", "text": "Hello from us" }],
    });
    created(&app, "/templates", template).await;
    let button = json!({ "type": "reply", "reply": { "id": "t", "title": "Tea" } });
    let menu = json!({
        "type": "button", "body": { "text": "Tea?" }, "action": { "buttons": [button] },
    });
    let mut sent = Vec::new();
    for body in [
        json!({ "text": "A text" }),
        json!({ "type": "interactive", "interactive": menu }),
        json!({ "type": "template", "templateName": "hello", "language": "en_US" }),
    ] {
        let (status, answer) = send(&app, &body).await;
        assert_eq!(status, 200, "{answer}");
        sent.push(answer["messageId"].as_str().unwrap().to_owned());
    }
    let listed = async |kind: &str| {
        let page = get(&app, &format!("/messages?direction=OUTBOUND&type={kind}")).await;
        let all = page["messages"].as_array().unwrap().clone();
        assert_eq!(page["pagination"]["total"], all.len(), "{page}");
        assert!(all.iter().all(|one| one["type"] == kind), "{page}");
        all.iter().map(|one| one["messageId"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (kind, message) in ["text", "interactive", "template"].into_iter().zip(&sent) {
        assert_eq!(listed(kind).await, std::slice::from_ref(message), "{kind}");
    }
    for message in &sent[1..] {
        let path = format!("/api/v1/sessions/shop/messages/{message}?forEveryone=true");
        let (status, gone) = app.call(Method::DELETE, &path, None).await;
        assert_eq!(status, 200, "{gone}");
    }
    app.wait_for("the deletions", || async { (listed("deleted").await.len() == 2).then_some(()) })
        .await;
    let page = get(&app, "/messages?type=deleted").await;
    for one in page["messages"].as_array().unwrap() {
        let content = [&one["text"], &one["interactive"], &one["template"]];
        assert!(content.iter().all(|part| part.is_null()), "{one}");
    }
    assert_eq!(listed("interactive").await.len() + listed("template").await.len(), 0);
    app.stop().await;
}
