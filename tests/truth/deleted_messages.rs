//! What can still be done to a message that was deleted, edited too late or never sent: the same on every
//! engine and surface, and worded as what it is.

use reqwest::Method;
use serde_json::{Value, json};
use wagate::domain::conversation::message_uuid;

use crate::stage::{ADA, GRACE, OWN, PNG, SESSION, Stage, code};

/// Waits until the session has a message of this text, or of this kind. Its id.
async fn message(stage: &Stage, chat: &str, is_it: impl Fn(&Value) -> bool) -> String {
    let path = format!("{SESSION}/chats/{chat}/messages?limit=50");
    let find = || async {
        let (_, answer) = stage.get(&path).await;
        let all = answer["data"].as_array().cloned().unwrap_or_default();
        all.into_iter().find(&is_it).map(|found| found["id"].as_str().unwrap().to_owned())
    };
    stage.until("the message", find).await
}

async fn change(stage: &Stage, method: Method, id: &str, body: Option<Value>) -> (u16, Value) {
    let end = if method == Method::POST { "/reaction" } else { "" };
    stage.call(method, &format!("{SESSION}/messages/{id}{end}"), body).await
}

fn reason(answer: &Value) -> &str {
    answer["error"]["details"]["reason"].as_str().unwrap_or_default()
}

async fn nothing_is_done_to_a_deleted_message(stage: Stage) {
    let ada = format!("{ADA}@c.us");
    // One of our own, and one that its writer deleted.
    let sent = stage.send("send-text", json!({ "chatId": ada, "content": "mine" })).await;
    let mine = sent["messageId"].as_str().unwrap().to_owned();
    assert_eq!(change(&stage, Method::DELETE, &mine, None).await.0, 200);
    let body = json!({ "chat": format!("{OWN}@c.us"), "text": "theirs" });
    let written = stage.phone(ADA, "messages", body).await;
    let theirs = message(&stage, &ada, |message| message["body"] == "theirs").await;
    let on_phone = written["message"]["id"].clone();
    stage.phone(ADA, "revocations", json!({ "message": on_phone })).await;
    let gone = |message: &Value| message["id"] == theirs.as_str() && message["type"] == "revoked";
    message(&stage, &ada, gone).await;

    for id in [&mine, &theirs] {
        let body = json!({ "chatId": ada, "content": "an answer", "quotedMessageId": id });
        for is_queued in [false, true] {
            let mut body = body.clone();
            body["queue"] = json!(is_queued);
            let (status, answer) = stage.post(&format!("{SESSION}/send-text"), body).await;
            assert_eq!((status, reason(&answer)), (409, "deleted"), "{answer}");
            assert_eq!(code(&answer), "CONFLICT");
        }
        let body = Some(json!({ "emoji": "👍" }));
        let (status, answer) = change(&stage, Method::POST, id, body).await;
        assert_eq!((status, reason(&answer)), (409, "deleted"), "{answer}");
        let body = Some(json!({ "content": "other words" }));
        let (status, answer) = change(&stage, Method::PATCH, id, body).await;
        assert_eq!((status, reason(&answer)), (409, "deleted"), "{answer}");
        // Once more comes to the same.
        let (status, answer) = change(&stage, Method::DELETE, id, None).await;
        assert_eq!(status, 200, "{answer}");

        let uuid = message_uuid(&"a".parse().unwrap(), &id.parse().unwrap()).to_string();
        let body = json!({
            "instance_id": "a", "recipient": ada, "message": "an answer", "reply_to": uuid,
        });
        let (status, answer) = stage.post("/api/v1/chat/send", body).await;
        assert_eq!((status, reason(&answer)), (409, "deleted"), "{answer}");
        let path = format!("/api/v1/chat/messages/{uuid}");
        let body = json!({ "emoji": "👍" });
        let (status, answer) = stage.post(&format!("{path}/reaction"), body).await;
        assert_eq!((status, reason(&answer)), (409, "deleted"), "{answer}");
        let body = Some(json!({ "message": "other words" }));
        let (status, answer) = stage.call(Method::PATCH, &path, body).await;
        assert_eq!((status, code(&answer)), (422, "EDIT_NOT_ALLOWED"), "{answer}");
        assert_eq!(reason(&answer), "deleted");
    }
    // Nothing of it reached the other phone.
    let on_phone = stage.on_phone(ADA, &format!("{OWN}@c.us")).await;
    assert_eq!(on_phone.len(), 2, "{on_phone:?}");
    assert!(on_phone.iter().all(|one| one["kind"] == "revoked" && one["reactions"] == json!([])));
    stage.end().await;
}

async fn an_admin_deletes_what_others_wrote_in_the_group(stage: Stage) {
    let people = json!([format!("{ADA}@c.us"), format!("{GRACE}@c.us")]);
    let group = stage.send("groups", json!({ "name": "Kitchen", "participants": people })).await;
    let group = group["gid"].as_str().unwrap().to_owned();
    let written = stage.phone(ADA, "messages", json!({ "chat": group, "text": "rude" })).await;
    let id = message(&stage, &group, |message| message["body"] == "rude").await;
    let (status, answer) = change(&stage, Method::DELETE, &id, None).await;
    assert_eq!(status, 200, "{answer}");
    let mut events = stage.events().await;
    let own = format!("{OWN}@c.us");
    let revoked = events.next("message_revoked", |data| data["id"] == id.as_str()).await;
    assert_eq!(revoked["data"]["by"], own.as_str());
    for phone in [ADA, GRACE] {
        let kinds: Vec<Value> =
            stage.on_phone(phone, &group).await.iter().map(|one| one["kind"].clone()).collect();
        assert_eq!(kinds, ["revoked"], "{phone}");
    }
    assert!(written["message"]["id"].is_string());

    // Nobody else may, nor anybody in a chat of two.
    stage.phone(ADA, "messages", json!({ "chat": own, "text": "to you alone" })).await;
    let ada = format!("{ADA}@c.us");
    let id = message(&stage, &ada, |message| message["body"] == "to you alone").await;
    let (status, answer) = change(&stage, Method::DELETE, &id, None).await;
    assert_eq!((status, code(&answer), reason(&answer)), (403, "FORBIDDEN", "not_own"), "{answer}");
    // An admin may not edit what others wrote.
    stage.phone(GRACE, "messages", json!({ "chat": group, "text": "kind" })).await;
    let id = message(&stage, &group, |message| message["body"] == "kind").await;
    let body = Some(json!({ "content": "other words" }));
    let (status, answer) = change(&stage, Method::PATCH, &id, body).await;
    assert_eq!((status, code(&answer), reason(&answer)), (403, "FORBIDDEN", "not_own"), "{answer}");
    stage.end().await;
}

async fn texts_and_captions_are_edited_and_nothing_else_is(stage: Stage) {
    let ada = format!("{ADA}@c.us");
    let sent = |answer: Value| answer["messageId"].as_str().unwrap().to_owned();
    let image = json!({ "chatId": ada, "data": PNG, "caption": "a dto" });
    let captioned = sent(stage.send("send-image", image).await);
    let bare = sent(stage.send("send-image", json!({ "chatId": ada, "data": PNG })).await);
    let poll = json!({ "chatId": ada, "question": "Tea?", "options": ["Yes", "No"] });
    let poll = sent(stage.send("send-poll", poll).await);
    let body = || Some(json!({ "content": "a dot" }));
    let (status, answer) = change(&stage, Method::PATCH, &captioned, body()).await;
    assert_eq!(status, 200, "{answer}");
    let changed = || async {
        let got = stage.on_phone(ADA, &format!("{OWN}@c.us")).await;
        got.into_iter().find(|one| one["body"] == "a dot" && one["edited"] == true)
    };
    let message = stage.until("the caption", changed).await;
    assert_eq!(message["kind"], "image");
    let long = Some(json!({ "content": "x".repeat(1_025) }));
    let (status, answer) = change(&stage, Method::PATCH, &captioned, long).await;
    assert_eq!((status, code(&answer)), (400, "VALIDATION_ERROR"), "{answer}");
    for id in [&bare, &poll] {
        let (status, answer) = change(&stage, Method::PATCH, id, body()).await;
        assert_eq!((status, reason(&answer)), (409, "not_text"), "{answer}");
    }

    // One that was never sent is neither edited nor reacted to.
    stage.plan_faults(json!({ "refuseSends": 1 })).await;
    let refused = json!({ "chatId": ada, "content": "refused" });
    assert_eq!(stage.post(&format!("{SESSION}/send-text"), refused).await.0, 502);
    let outbox = stage.ask("outbox").await;
    let failed = outbox["outbox"][0]["messageId"].as_str().unwrap().to_owned();
    let (status, answer) = change(&stage, Method::PATCH, &failed, body()).await;
    assert_eq!((status, reason(&answer)), (409, "not_sent"), "{answer}");
    let emoji = Some(json!({ "emoji": "👍" }));
    let (status, answer) = change(&stage, Method::POST, &failed, emoji).await;
    assert_eq!((status, reason(&answer)), (409, "not_sent"), "{answer}");
    stage.end().await;
}

/// The engine alone knows what was written before the session was linked.
async fn what_the_mirror_lacks_is_refused_for_the_same_reasons(stage: Stage) {
    let ada = format!("{ADA}@c.us");
    let sent = stage.send("send-image", json!({ "chatId": ada, "data": PNG })).await;
    let bare = sent["messageId"].as_str().unwrap().to_owned();
    let write = |text: &str| json!({ "chat": format!("{OWN}@c.us"), "text": text });
    stage.phone(ADA, "messages", write("theirs")).await;
    let theirs = message(&stage, &ada, |message| message["body"] == "theirs").await;
    let written = stage.phone(ADA, "messages", write("gone")).await;
    let gone = message(&stage, &ada, |message| message["body"] == "gone").await;
    let on_phone = written["message"]["id"].clone();
    stage.phone(ADA, "revocations", json!({ "message": on_phone })).await;
    let (status, answer) = stage.call(Method::DELETE, SESSION, None).await;
    assert_eq!(status, 200, "{answer}");
    stage.daemon.link_on(stage.engine, "a", OWN).await;

    let words = || Some(json!({ "content": "other words" }));
    let emoji = || Some(json!({ "emoji": "👍" }));
    for (method, id, body, expected) in [
        (Method::PATCH, &theirs, words(), (403, "not_own")),
        (Method::DELETE, &theirs, None, (403, "not_own")),
        (Method::PATCH, &bare, words(), (409, "not_text")),
        (Method::POST, &gone, emoji(), (409, "deleted")),
    ] {
        let (status, answer) = change(&stage, method.clone(), id, body).await;
        assert_eq!((status, reason(&answer)), expected, "{method} {id}: {answer}");
    }
    stage.end().await;
}

on_both_engines! {
    what_the_mirror_lacks_is_refused_for_the_same_reasons
    nothing_is_done_to_a_deleted_message
    an_admin_deletes_what_others_wrote_in_the_group
    texts_and_captions_are_edited_and_nothing_else_is
}
