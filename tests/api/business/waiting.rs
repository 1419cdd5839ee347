//! Messages that were accepted and are not sent yet, as the lists of the business API show them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{PHONE, TestApp},
    business::{
        chats::chat_with,
        created, get,
        sending::{ADA, on_phone, send, shop},
    },
};

/// Cuts or restores the connection of the session.
async fn connect(app: &TestApp, connected: bool) {
    let path = format!("/_simulator/v1/accounts/{PHONE}/line");
    let (status, answer) = app.post(&path, json!({ "connected": connected })).await;
    assert_eq!(status, 200, "{answer}");
    app.wait_for("the connection", async || {
        let (_, session) = app.get("/api/v1/sessions/shop").await;
        (session["data"]["connected"] == connected).then_some(())
    })
    .await;
}

/// The messages of a list with an id, each as its status.
fn statuses(list: &Value, id: &Value) -> Vec<String> {
    let all = list["messages"].as_array().unwrap().iter();
    let those = all.filter(|message| message["id"] == *id);
    those.map(|message| message["status"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_waits_is_in_every_list_and_later_the_same_one_is_sent() {
    let app = shop().await;
    let chat = chat_with(&app, ADA).await;
    let of_chat = format!("/chats/{}", chat["id"].as_str().unwrap());
    connect(&app, false).await;
    let mut sent = Vec::new();
    for (text, queue) in [("first", true), ("second", true), ("direct", false)] {
        let body = json!({ "to": ADA, "text": text, "queue": queue, "clientRef": text });
        let (status, answer) = send(&app, body).await;
        assert_eq!((status, &answer["status"]), (200, &json!("PENDING")), "{answer}");
        sent.push(answer);
    }
    let texts = |list: &Value| -> Vec<Value> {
        list["messages"].as_array().unwrap().iter().map(|one| one["text"].clone()).collect()
    };
    let shown = get(&app, &of_chat).await;
    assert_eq!(texts(&shown), ["Hi", "first", "second", "direct"]);
    let message = &shown["messages"][1];
    for (field, value) in [
        ("id", &sent[0]["id"]),
        ("messageId", &sent[0]["messageId"]),
        ("conversationId", &chat["id"]),
        ("contactId", &chat["contact"]["id"]),
        ("direction", &json!("OUTBOUND")),
        ("status", &json!("PENDING")),
        ("error", &Value::Null),
        ("number", &json!(0)),
        ("clientRef", &json!("first")),
    ] {
        assert_eq!(message[field], *value, "{field}: {message}");
    }
    let all = get(&app, "/messages").await;
    assert_eq!(texts(&all), ["direct", "second", "first", "Hi"]);
    assert_eq!(all["pagination"]["total"], 4);
    let id = chat["id"].as_str().unwrap();
    for (query, expected) in [
        ("status=PENDING".to_owned(), vec!["direct", "second", "first"]),
        ("status=SENT".to_owned(), vec![]),
        ("direction=INBOUND".to_owned(), vec!["Hi"]),
        ("type=image".to_owned(), vec![]),
        ("channel=sms".to_owned(), vec![]),
        (format!("conversationId={id}&limit=2"), vec!["direct", "second"]),
        (format!("conversationId={id}&limit=2&page=2"), vec!["first", "Hi"]),
        (format!("before={}", sent[0]["id"].as_str().unwrap()), vec!["Hi"]),
    ] {
        let list = get(&app, &format!("/messages?{query}")).await;
        assert_eq!(texts(&list), expected, "{query}: {list}");
    }
    // Earlier pages hold none of them.
    let earlier = format!("{of_chat}?before={}", sent[1]["id"].as_str().unwrap());
    assert_eq!(texts(&get(&app, &earlier).await), ["Hi"]);

    connect(&app, true).await;
    app.wait_for("all to be sent", async || {
        let (of_chat, all) = (get(&app, &of_chat).await, get(&app, "/messages").await);
        let mut is_over = true;
        for one in &sent {
            for list in [&of_chat, &all] {
                let found = statuses(list, &one["id"]);
                assert_eq!(found.len(), 1, "{}: {list}", one["id"]);
                is_over &= found[0] != "PENDING";
            }
        }
        is_over.then_some(())
    })
    .await;
    let shown = get(&app, &of_chat).await;
    assert_eq!(texts(&shown), ["Hi", "first", "second", "direct"]);
    assert!(shown["messages"].as_array().unwrap().iter().all(|one| one["number"] != 0), "{shown}");
    assert_eq!(get(&app, "/messages?status=PENDING").await["pagination"]["total"], 0);
    assert_eq!(on_phone(&app, ADA).await.len(), 4);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_message_to_somebody_is_listed_while_it_waits() {
    let app = shop().await;
    connect(&app, false).await;
    let other = json!({ "phone": "+15550000018", "optedIn": true });
    let other = created(&app, "/contacts", other).await;
    let template = json!({
        "name": "hello", "language": "en_US", "category": "UTILITY",
        "components": [{ "type": "BODY", "text": "Hello" }],
    });
    created(&app, "/templates", template).await;
    let body = json!({
        "to": "+15550000018", "type": "template", "templateName": "hello", "language": "en_US", "queue": true,
    });
    let (status, answer) = send(&app, body).await;
    assert_eq!((status, &answer["status"]), (200, &json!("PENDING")), "{answer}");
    let id = other["id"].as_str().unwrap();
    let list = get(&app, &format!("/messages?contactId={id}&type=template")).await;
    assert_eq!(statuses(&list, &answer["id"]), ["PENDING"], "{list}");
    connect(&app, true).await;
    chat_with(&app, "15550000018").await;
    app.wait_for("it to be sent", async || {
        let list = get(&app, &format!("/messages?contactId={id}")).await;
        let found = statuses(&list, &answer["id"]);
        assert_eq!(found.len(), 1, "{list}");
        (found[0] != "PENDING").then_some(())
    })
    .await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_taken_back_is_in_no_list() {
    let app = shop().await;
    connect(&app, false).await;
    let (_, answer) = send(&app, json!({ "to": ADA, "text": "no", "queue": true })).await;
    let list = get(&app, "/messages?status=PENDING").await;
    assert_eq!(statuses(&list, &answer["id"]), ["PENDING"]);
    let (_, outbox) = app.get("/api/v1/sessions/shop/outbox").await;
    let entry = outbox["data"]["outbox"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/sessions/shop/outbox/{entry}");
    assert_eq!(app.call(Method::DELETE, &path, None).await.0, 200);
    assert_eq!(statuses(&get(&app, "/messages").await, &answer["id"]), Vec::<String>::new());
    app.stop().await;
}
