//! Mentions and quotes work on every send that has words or a caption, and name people by number.

use serde_json::{Value, json};

use crate::stage::{ADA, GRACE, OWN, PNG, SESSION, Stage, code};

const ADA_ID: &str = "15550000011@c.us";
const ADA_LID: &str = "100015550000011@lid";
const NOBODYS_LID: &str = "777000111222333@lid";

async fn group(stage: &Stage) -> String {
    let people = json!([format!("{ADA}@c.us"), format!("{GRACE}@c.us")]);
    let made = stage.send("groups", json!({ "name": "Kitchen", "participants": people })).await;
    made["gid"].as_str().unwrap().to_owned()
}

/// The message with these words as it came to Grace's phone.
async fn on_graces_phone(stage: &Stage, chat: &str, words: &str) -> Value {
    let found = || async {
        let messages = stage.on_phone(GRACE, chat).await;
        messages.into_iter().find(|message| message["body"] == words)
    };
    stage.until(words, found).await
}

async fn a_mentioned_person_is_notified(stage: Stage) {
    let mut events = stage.events().await;
    let chat = group(&stage).await;
    stage.phone(ADA, "messages", json!({ "chat": chat, "text": "asked" })).await;
    let asked = events.next("message", |message| message["body"] == "asked").await;
    let asked = asked["data"]["id"].clone();
    let words = |kind: &str| format!("@{ADA} see {kind}");
    let pdf = "data:application/pdf;base64,JVBERi0xLjQK";
    let sends = [
        ("send-text", json!({ "chatId": chat, "content": words("text") }), words("text")),
        ("send-message", json!({ "to": chat, "message": words("to") }), words("to")),
        (
            "send-image",
            json!({ "chatId": chat, "data": PNG, "caption": words("image") }),
            words("image"),
        ),
        (
            "send-file",
            json!({ "chatId": chat, "data": pdf, "filename": "a.pdf", "caption": words("file") }),
            words("file"),
        ),
        (
            "send-image",
            json!({ "chatId": chat, "data": PNG, "caption": words("queue"), "queue": true }),
            words("queue"),
        ),
        (
            "send-poll",
            json!({ "chatId": chat, "question": words("poll"), "options": ["a", "b"] }),
            words("poll"),
        ),
    ];
    for (send, mut body, words) in sends {
        body["mentions"] = json!([format!("+{ADA}")]);
        body["quotedMessageId"] = asked.clone();
        let (status, answer) = stage.post(&format!("{SESSION}/{send}"), body).await;
        assert!(status == 200 || status == 202, "{send}: {answer}");
        let message = on_graces_phone(&stage, &chat, &words).await;
        assert_eq!(message["mentions"], json!([ADA_ID]), "{send}: {message}");
        assert!(message["quoted"].is_string(), "{send}: {message}");
    }

    // The Chat API names them too, and finds them in the words of a caption.
    for (caption, people) in [("see this", json!([ADA_ID])), (&*format!("@{ADA} look"), json!([]))]
    {
        let body = json!({
            "instance_id": "a", "recipient": chat, "media_type": "image", "media_data": PNG,
            "caption": caption, "mentioned_jids": people,
        });
        let (status, answer) = stage.post("/api/v1/chat/send-media", body).await;
        assert_eq!(status, 200, "{answer}");
        let message = on_graces_phone(&stage, &chat, caption).await;
        assert_eq!(message["mentions"], json!([ADA_ID]), "{message}");
    }
    // What has no words mentions nobody, and says so.
    let body = json!({
        "chatId": chat, "latitude": 1, "longitude": 2, "mentions": [ADA_ID],
    });
    let (status, answer) = stage.post(&format!("{SESSION}/send-location"), body).await;
    assert_eq!((status, code(&answer)), (400, "VALIDATION_ERROR"), "{answer}");
    stage.end().await;
}

async fn a_hidden_identity_becomes_a_number_or_is_refused(stage: Stage) {
    let chat = group(&stage).await;
    // By looking at her the session learns who she is.
    stage.ask(&format!("contacts/{ADA_ID}")).await;
    stage
        .until("the pair", || async {
            let (status, _) = stage.get(&format!("{SESSION}/identities?lid={ADA_LID}")).await;
            (status == 200).then_some(())
        })
        .await;
    let lid = ADA_LID.split('@').next().unwrap();
    let body = json!({
        "chatId": chat, "data": PNG, "caption": format!("@{lid} here"), "mentions": [ADA_LID],
    });
    stage.send("send-image", body).await;
    let message = on_graces_phone(&stage, &chat, &format!("@{ADA} here")).await;
    assert_eq!(message["mentions"], json!([ADA_ID]), "{message}");

    let body = json!({ "chatId": format!("{GRACE}@c.us"), "contacts": [ADA_LID] });
    stage.send("send-contact", body).await;
    let card = stage
        .until("the card", || async { stage.on_phone(GRACE, &format!("{OWN}@c.us")).await.pop() })
        .await;
    let shown = card.to_string();
    assert!(!shown.contains(lid), "{shown}");
    assert!(shown.contains(ADA) || shown.contains("Ada Lovelace"), "{shown}");

    for (send, body) in [
        ("send-contact", json!({ "chatId": chat, "contacts": [NOBODYS_LID] })),
        ("send-text", json!({ "chatId": chat, "content": "@you", "mentions": [NOBODYS_LID] })),
        (
            "send-image",
            json!({ "chatId": chat, "data": PNG, "caption": "@you", "mentions": [NOBODYS_LID] }),
        ),
    ] {
        let (status, answer) = stage.post(&format!("{SESSION}/{send}"), body).await;
        assert_eq!((status, code(&answer)), (409, "CONFLICT"), "{send}: {answer}");
        assert_eq!(answer["error"]["details"]["reason"], "number_unknown", "{answer}");
    }
    stage.end().await;
}

on_both_engines! {
    a_mentioned_person_is_notified
    a_hidden_identity_becomes_a_number_or_is_refused
}
