//! The examples of the OpenAPI document work as they stand: each is sent as a person sends it from the document's
//! page, to a gateway with a linked session. Only ids in paths, which nobody can foresee, are filled in.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{ECHO, TestApp},
    support::document::DOCUMENT,
};

const PHONE: &str = "15551234567";
const SESSION: &str = "my-session";

/// An operation whose body has an example.
struct Example {
    method: Method,
    path: &'static str,
    body: &'static Value,
}

fn examples() -> Vec<Example> {
    let paths = DOCUMENT["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(move |(method, operation)| (path, method, operation))
    });
    let example = |(path, method, operation): (&'static String, &String, &Value)| {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let body = &DOCUMENT.pointer(&schema["$ref"].as_str()?[1..])?["example"];
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        (!body.is_null()).then_some(Example { method, path, body })
    };
    let mut all: Vec<Example> = operations.filter_map(example).collect();
    all.sort_by_key(|example| {
        let ends = ["/sessions", "/participants", "/clock", "/restart", "/page-fault"];
        let place = ends.iter().position(|end| example.path.ends_with(end));
        let place = match place {
            // The session comes first, and what disturbs it last.
            Some(0) => 0,
            None => 1,
            Some(late) => 1 + late,
        };
        // What was added can be removed, what was made can be changed.
        (place, example.method == Method::DELETE, example.method == Method::PATCH)
    });
    all
}

/// A linked session with a chat, a group, a tag and a session that shows a code.
async fn prepare(app: &TestApp) -> BTreeMap<String, String> {
    app.link(SESSION, PHONE).await;
    app.create("unlinked").await;
    let text = async |words: &str| {
        let body = json!({ "instance_id": SESSION, "recipient": ECHO, "message": words });
        let (status, answer) = app.post("/api/v1/chat/send", body).await;
        assert_eq!(status, 200, "{answer}");
        answer["data"].clone()
    };
    let sent = text("Hello").await;
    let group = json!({ "name": "Friends", "participants": [ECHO] });
    let (_, group) = app.post(&format!("/api/v1/sessions/{SESSION}/groups"), group).await;
    let (_, tag) = app.post("/api/v1/tags", json!({ "name": "Made before" })).await;
    let contact = json!({ "phone": "+15550001111", "tags": ["vip"] });
    let (_, contact) = app.post("/api/whatsapp-api/contacts", contact).await;
    let rule = json!({ "type": "exact", "keyword": "made before", "tag": "x" });
    let (_, rule) = app.post("/api/whatsapp-api/auto-tagging/rules", rule).await;
    let name = |value: &Value| value.as_str().unwrap().to_owned();
    [
        ("whatsapp-api/contacts/{id}", format!("whatsapp-api/contacts/{}", name(&contact["id"]))),
        ("rules/{id}", format!("rules/{}", name(&rule["id"]))),
        ("{chatId}", ECHO.to_owned()),
        ("{phone}", PHONE.to_owned()),
        ("{groupId}", name(&group["data"]["gid"])),
        ("{messageId}", name(&sent["message"]["whatsapp_id"])),
        ("messages/{uuid}", format!("messages/{}", name(&sent["message"]["uuid"]))),
        ("conversations/{uuid}", format!("conversations/{}", name(&sent["conversation"]["id"]))),
        ("tags/{uuid}", format!("tags/{}", name(&tag["data"]["tag"]["id"]))),
        ("{sessionId}/pairing-code", "unlinked/pairing-code".to_owned()),
        ("{sessionId}", SESSION.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_of_a_body_works_as_it_stands() {
    let app = TestApp::start().await;
    let mut all = examples();
    assert!(30 < all.len(), "{} examples", all.len());
    let create = all.remove(0);
    let (status, answer) = app.post(create.path, create.body.clone()).await;
    assert_eq!((create.path, status.as_u16()), ("/api/v1/sessions", 201), "{answer}");
    let mut names = prepare(&app).await;
    for Example { method, path, body } in all {
        let mut filled = path.to_owned();
        // The longer ones first: `unlinked` before the usual session.
        for (name, value) in names.iter().rev() {
            filled = filled.replace(name.as_str(), value);
        }
        assert!(!filled.contains('{'), "{filled}");
        let (status, answer) = app.call(method.clone(), &filled, Some(body.clone())).await;
        assert!(status.is_success(), "{method} {path} with {body}: {status} {answer}");
        if method == Method::POST && path.ends_with("webhooks") {
            let list = &path[path.rfind('/').unwrap()..];
            let one = format!("{list}/{}", answer["data"]["id"].as_str().unwrap());
            names.insert(format!("{list}/{{webhookId}}"), one);
        }
    }
    app.stop().await;
}
