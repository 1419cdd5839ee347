//! Contact cards keep who stands on them, on the way in and on the way out.

use serde_json::{Value, json};

use crate::stage::{ADA, OWN, SESSION, Stage, code};

fn own() -> String {
    format!("{OWN}@c.us")
}

/// The one message of a list that is of a type.
async fn listed(stage: &Stage, chat: &str, kind: &str) -> Value {
    let messages = stage.ask(&format!("chats/{chat}@c.us/messages?limit=50")).await;
    let messages = messages.as_array().unwrap().clone();
    messages.into_iter().find(|message| message["type"] == kind).expect("it is not in the list")
}

async fn cards_that_come_in_say_name_and_number(stage: Stage) {
    let mut events = stage.events().await;
    let one = json!({ "chat": own(), "contacts": [
        { "name": "Grace Hopper", "phone": "15550000012", "organization": "Navy" },
    ] });
    stage.phone(ADA, "messages", one).await;
    let two = json!({ "chat": own(), "contacts": [
        { "name": "Alan Turing", "phone": "+1 555 000 0013" },
        { "phone": "15550000012", "vcard":
            "BEGIN:VCARD\nVERSION:3.0\nFN:Amazing Grace\nTEL;type=HOME:+44 20 7946 0018\nEND:VCARD" },
    ] });
    stage.phone(ADA, "messages", two).await;

    let reported = events.next("message", |data| data["type"] == "vcard").await["data"].clone();
    let in_list = listed(&stage, ADA, "vcard").await;
    for message in [&reported, &in_list] {
        assert_eq!(message["body"], "Grace Hopper", "{message}");
        let card = &message["contacts"][0];
        assert_eq!(
            (&card["name"], &card["phone"]),
            (&json!("Grace Hopper"), &json!("+15550000012"))
        );
        assert_eq!(
            (&card["id"], &card["organization"]),
            (&json!("15550000012@c.us"), &json!("Navy"))
        );
        assert!(card["vcard"].as_str().unwrap().starts_with("BEGIN:VCARD"), "{card}");
    }
    let reported =
        events.next("message", |data| data["type"] == "multi_vcard").await["data"].clone();
    for message in [&reported, &listed(&stage, ADA, "multi_vcard").await] {
        assert_eq!(message["body"], "Alan Turing, Amazing Grace", "{message}");
        let phones: Vec<&Value> =
            message["contacts"].as_array().unwrap().iter().map(|card| &card["phones"]).collect();
        assert_eq!(phones, [&json!(["+15550000013"]), &json!(["+442079460018"])]);
    }
    let chat = chat_messages(&stage).await;
    assert_eq!(
        (&chat[0]["message_type"], &chat[0]["message_body"]),
        (&json!("contact"), &json!("Grace Hopper"))
    );
    assert_eq!(chat[0]["contacts"], in_list["contacts"]);
    stage.end().await;
}

/// The newest conversation in the Chat API's form.
async fn chat_messages(stage: &Stage) -> Vec<Value> {
    let (status, answer) = stage.get("/api/v1/chat/conversations").await;
    assert_eq!(status, 200, "{answer}");
    let id = answer["data"]["data"][0]["id"].as_str().unwrap_or_else(|| panic!("{answer}"));
    let (_, answer) = stage.get(&format!("/api/v1/chat/conversations/{id}/messages")).await;
    answer["data"]["messages"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
}

async fn cards_that_go_out_are_named(stage: Stage) {
    let chat = format!("{ADA}@c.us");
    let send = async |contacts: Value| {
        stage.send("send-contact", json!({ "chatId": chat, "contacts": contacts })).await
    };
    send(json!(["15550000012@c.us"])).await;
    send(json!([{ "name": "A Shop", "phone": "+1 (555) 000-9999", "organization": "Shops" }]))
        .await;
    send(json!(["15550000013@c.us", { "vcard": "BEGIN:VCARD\nFN:Bob\nTEL:+15550008888\nEND:VCARD" }]))
        .await;
    let on_phone = stage
        .until("the cards", || async {
            let messages = stage.on_phone(ADA, &own()).await;
            (messages.len() == 3).then_some(messages)
        })
        .await;
    let bodies: Vec<&str> =
        on_phone.iter().map(|message| message["body"].as_str().unwrap()).collect();
    assert_eq!(bodies, ["Grace Hopper", "A Shop", "Alan Turing, Bob"]);
    let card = &on_phone[1]["details"]["contacts"][0];
    assert_eq!(
        (&card["phones"], &card["organization"]),
        (&json!(["+15550009999"]), &json!("Shops"))
    );
    let own_copy = listed(&stage, ADA, "multi_vcard").await;
    assert_eq!(own_copy["body"], "Alan Turing, Bob", "{own_copy}");

    for (contacts, field) in [
        (json!([{ "name": "nobody" }]), "contacts[0].phone"),
        (json!([{ "phone": "0555" }]), "contacts[0].phone"),
        (json!([{ "phone": "15550000012", "vcard": "no card" }]), "contacts[0].vcard"),
        (json!([]), "contacts"),
    ] {
        let body = json!({ "chatId": chat, "contacts": contacts });
        let (status, answer) = stage.post(&format!("{SESSION}/send-contact"), body).await;
        assert_eq!((status, code(&answer)), (400, "VALIDATION_ERROR"), "{answer}");
        assert!(answer.to_string().contains(&format!("\"{field}\"")), "{answer}");
    }
    stage.end().await;
}

on_both_engines! {
    cards_that_come_in_say_name_and_number
    cards_that_go_out_are_named
}
