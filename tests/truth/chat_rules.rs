//! The rules for messages are the same on both surfaces: what waits or failed says so by a reason, what was
//! deleted takes no reaction, and a message keeps the time at which it was accepted.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use wagate::domain::conversation::message_uuid;

use crate::stage::{ADA, SESSION, Stage, code};

fn reason(answer: &Value) -> &str {
    answer["error"]["details"]["reason"].as_str().unwrap_or_default()
}

fn uuid(id: &str) -> String {
    message_uuid(&"a".parse().unwrap(), &id.parse().unwrap()).to_string()
}

/// Everything that needs a message which WhatsApp has, on both surfaces, is refused for this reason.
async fn nothing_is_done_to(stage: &Stage, id: &str, why: &str) {
    let open_wa = format!("{SESSION}/messages/{id}");
    let chat = format!("/api/v1/chat/messages/{}", uuid(id));
    let answered =
        json!({ "chatId": format!("{ADA}@c.us"), "content": "x", "quotedMessageId": id });
    let reply =
        json!({ "instance_id": "a", "recipient": ADA, "message": "x", "reply_to": uuid(id) });
    for (method, path, body) in [
        (Method::PATCH, open_wa.clone(), json!({ "content": "x" })),
        (Method::POST, format!("{open_wa}/reaction"), json!({ "emoji": "👍" })),
        (Method::POST, format!("{SESSION}/send-text"), answered),
        (Method::PATCH, chat.clone(), json!({ "message": "x" })),
        (Method::POST, format!("{chat}/reaction"), json!({ "emoji": "👍" })),
        (Method::DELETE, format!("{chat}/reaction"), Value::Null),
        (Method::POST, "/api/v1/chat/send".to_owned(), reply.clone()),
        (Method::POST, "/api/v1/messages/send".to_owned(), reply),
    ] {
        let body = Some(body).filter(|body| !body.is_null());
        let (status, answer) = stage.call(method.clone(), &path, body).await;
        let found = (status, code(&answer), reason(&answer));
        assert_eq!(found, (409, "CONFLICT", why), "{method} {path}: {answer}");
    }
}

async fn what_waits_or_failed_says_so_by_a_reason(stage: Stage) {
    let mut events = stage.events().await;
    let chat = format!("{ADA}@c.us");
    let soon = wagate::domain::Clock::system().now() + Duration::from_secs(86_400);
    let later = json!({
        "chatId": chat, "content": "later", "queue": true, "sendAt": soon.to_string(),
    });
    let (status, answer) = stage.post(&format!("{SESSION}/send-text"), later).await;
    assert_eq!(status, 202, "{answer}");
    let waiting = answer["data"]["messageId"].as_str().unwrap();
    nothing_is_done_to(&stage, waiting, "not_sent_yet").await;

    // Of a chat that nothing was said in, and of one that is there.
    for is_there in [false, true] {
        if is_there {
            stage.send("send-text", json!({ "chatId": chat, "content": "hello" })).await;
        }
        stage.plan_faults(json!({ "refuseSends": 5 })).await;
        let body = json!({ "instance_id": "a", "recipient": ADA, "message": "fails" });
        let (_, answer) = stage.post("/api/v1/messages/send", body).await;
        let path = format!("/api/v1/chat/messages/{}", answer["data"]["uuid"].as_str().unwrap());
        let created = async || stage.daemon.get(&path).await["message"]["created_at"].clone();
        let accepted = created().await;
        let end = events.next("ack", |data| data["ack"] == -1).await;
        assert_eq!(created().await, accepted, "it is the time at which it was accepted");
        nothing_is_done_to(&stage, end["data"]["id"].as_str().unwrap(), "not_sent").await;
    }
    stage.end().await;
}

async fn a_deleted_message_takes_no_reaction_and_gives_none_back(stage: Stage) {
    let chat = format!("{ADA}@c.us");
    let sent = stage.send("send-text", json!({ "chatId": chat, "content": "gone" })).await;
    let id = sent["messageId"].as_str().unwrap();
    let open_wa = format!("{SESSION}/messages/{id}");
    let chat_api = format!("/api/v1/chat/messages/{}", uuid(id));
    // Of one that is there, nothing to take back is no error.
    for path in [&open_wa, &chat_api] {
        let path = format!("{path}/reaction");
        let (status, answer) = stage.call(Method::DELETE, &path, None).await;
        assert_eq!(status, 200, "{path}: {answer}");
    }
    let (status, answer) = stage.call(Method::DELETE, &open_wa, None).await;
    assert_eq!(status, 200, "{answer}");
    for path in [&open_wa, &chat_api] {
        let path = format!("{path}/reaction");
        for body in [Some(json!({ "emoji": "👍" })), None] {
            let method = if body.is_some() { Method::POST } else { Method::DELETE };
            let (status, answer) = stage.call(method, &path, body).await;
            let found = (status, code(&answer), reason(&answer));
            assert_eq!(found, (409, "CONFLICT", "deleted"), "{path}: {answer}");
        }
    }
    stage.end().await;
}

on_both_engines! {
    what_waits_or_failed_says_so_by_a_reason
    a_deleted_message_takes_no_reaction_and_gives_none_back
}
