//! WhatsApp's rules are the gateway's: what WhatsApp would drop without a word is refused by its field.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{ADA, OWN, SESSION, Stage, code};

async fn polls_that_whatsapp_drops_are_refused_by_their_field(stage: Stage) {
    let chat = format!("{ADA}@c.us");
    let many: Vec<String> = (0..13).map(|n| format!("option {n}")).collect();
    let cases = [
        (json!({ "question": "Dup?", "options": ["Yes", "Yes"] }), "options"),
        (json!({ "question": "Dup?", "options": ["Yes", " Yes "] }), "options"),
        (json!({ "question": "Dup?", "options": ["caf\u{e9}", "cafe\u{301}"] }), "options"),
        (json!({ "question": "One?", "options": ["Yes"] }), "options"),
        (json!({ "question": "None?", "options": [] }), "options"),
        (json!({ "question": "Blank?", "options": ["Yes", " "] }), "options"),
        (json!({ "question": "Many?", "options": many }), "options"),
        (json!({ "question": "Long?", "options": ["Yes", "x".repeat(101)] }), "options"),
        (json!({ "question": " ", "options": ["Yes", "No"] }), "question"),
        (json!({ "question": "x".repeat(256), "options": ["Yes", "No"] }), "question"),
        (
            json!({ "question": "?", "options": ["Yes", "No"], "selectableCount": 3 }),
            "selectableCount",
        ),
    ];
    for (mut body, field) in cases {
        body["chatId"] = json!(chat);
        for is_queued in [false, true] {
            body["queue"] = json!(is_queued);
            let (status, answer) = stage.post(&format!("{SESSION}/send-poll"), body.clone()).await;
            assert_eq!((status, code(&answer)), (400, "VALIDATION_ERROR"), "{body}: {answer}");
            assert!(answer["error"]["details"]["fields"][field].is_array(), "{field}: {answer}");
        }
    }
    let good = json!({
        "chatId": chat, "question": "Tea?", "options": ["Yes", "yes", "No"], "selectableCount": 3,
    });
    stage.send("send-poll", good).await;
    assert_eq!(stage.ask("outbox").await["outbox"].as_array().map(Vec::len), Some(1));
    stage.end().await;
}

async fn a_reaction_is_one_emoji(stage: Stage) {
    let chat = format!("{ADA}@c.us");
    let sent = stage.send("send-text", json!({ "chatId": chat, "content": "hello" })).await;
    let id = sent["messageId"].as_str().unwrap();
    let path = format!("{SESSION}/messages/{id}/reaction");
    for emoji in ["👍👍", "👍 ", "a", "ok", "5", "!", "👍!", "a🏽", " ", ""] {
        let (status, answer) = stage.post(&path, json!({ "emoji": emoji })).await;
        assert_eq!((status, code(&answer)), (400, "VALIDATION_ERROR"), "{emoji:?}: {answer}");
        assert!(answer["error"]["details"]["fields"]["emoji"].is_array(), "{answer}");
    }
    let reactions = || async {
        let got = stage.on_phone(ADA, &format!("{OWN}@c.us")).await;
        got.first().map(|message| message["reactions"].clone()).filter(|all| *all != json!([]))
    };
    for emoji in ["👨‍👩‍👧‍👦", "🇧🇷", "5️⃣", "👍🏽"] {
        let (status, answer) = stage.post(&path, json!({ "emoji": emoji })).await;
        assert_eq!(status, 200, "{emoji}: {answer}");
    }
    let kept: Value = stage.until("the reaction", reactions).await;
    assert_eq!(kept[0]["emoji"], "👍🏽", "{kept}");
    stage.end().await;
}

async fn what_is_too_old_is_neither_edited_nor_deleted_for_everyone(stage: Stage) {
    let send = async |text: &str| {
        let body = json!({ "chatId": format!("{ADA}@c.us"), "content": text });
        let sent = stage.send("send-text", body).await;
        format!("{SESSION}/messages/{}", sent["messageId"].as_str().unwrap())
    };
    let clock = async |body: Value| {
        let (status, answer) = stage.call(Method::PUT, "/_simulator/v1/clock", Some(body)).await;
        assert_eq!(status, 200, "{answer}");
        // A page hears of it on its own connection, where this message's answer comes after it.
        send("tick").await;
    };
    let is_refused = async |method: Method, path: &str| {
        let body = (method == Method::PATCH).then(|| json!({ "content": "other words" }));
        let (status, answer) = stage.call(method, path, body).await;
        assert_eq!((status, code(&answer)), (409, "CONFLICT"), "{path}: {answer}");
        assert_eq!(answer["error"]["details"]["reason"], "too_old", "{answer}");
    };
    // By WhatsApp's clock alone.
    let first = send("first").await;
    clock(json!({ "advanceBy": 1_200 })).await;
    is_refused(Method::PATCH, &first).await;
    clock(json!({ "advanceBy": 220_000 })).await;
    is_refused(Method::DELETE, &first).await;
    // And by the gateway's.
    let now = wagate::domain::Clock::system().now();
    clock(json!({ "now": (now - Duration::from_secs(1_200)).to_string() })).await;
    let second = send("second").await;
    is_refused(Method::PATCH, &second).await;
    clock(json!({ "now": (now - Duration::from_secs(220_000)).to_string() })).await;
    let third = send("third").await;
    is_refused(Method::DELETE, &third).await;
    let bodies: Vec<Value> = stage
        .on_phone(ADA, &format!("{OWN}@c.us"))
        .await
        .iter()
        .map(|message| message["body"].clone())
        .collect();
    assert!(!bodies.contains(&json!("other words")) && !bodies.contains(&json!("")), "{bodies:?}");
    stage.end().await;
}

on_both_engines! {
    what_is_too_old_is_neither_edited_nor_deleted_for_everyone
    polls_that_whatsapp_drops_are_refused_by_their_field
    a_reaction_is_one_emoji
}
