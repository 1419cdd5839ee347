//! Stories come in flagged, are no chat to answer to, and can be left out.

use reqwest::Method;
use serde_json::json;

use crate::stage::{ADA, OWN, Stage, code};

const STATUS: &str = "status@broadcast";

async fn a_story_is_flagged_and_no_chat_to_answer_to(stage: Stage) {
    let mut events = stage.events().await;
    stage.phone(ADA, "messages", json!({ "chat": STATUS, "text": "at the sea" })).await;
    let story = events.next("message", |data| data["body"] == "at the sea").await;
    let story = &story["data"];
    let ada = format!("{ADA}@c.us");
    assert_eq!((&story["isStatus"], &story["isChannel"]), (&json!(true), &json!(false)), "{story}");
    assert_eq!((&story["chatId"], &story["author"]), (&json!(STATUS), &json!(ada)), "{story}");
    assert_eq!(story["isGroupMsg"], false, "{story}");
    stage.phone(ADA, "messages", json!({ "chat": format!("{OWN}@c.us"), "text": "to you" })).await;
    let plain = events.next("message", |data| data["body"] == "to you").await;
    assert_eq!(plain["data"]["isStatus"], false, "{plain}");

    let list = stage.ask(&format!("chats/{STATUS}/messages")).await;
    let all = list.as_array().unwrap();
    assert_eq!((all.len(), &all[0]["id"], &all[0]["isStatus"]), (1, &story["id"], &json!(true)));
    let chats = stage.ask("chats").await;
    let status = chats.as_array().unwrap().iter().find(|chat| chat["id"] == STATUS).unwrap();
    assert_eq!(
        (&status["isStatus"], &status["isGroup"]),
        (&json!(true), &json!(false)),
        "{status}"
    );
    assert_ne!(status["name"], "Ada Lovelace");

    let text = json!({ "chatId": STATUS, "content": "not me" });
    let (status, answer) = stage.post("/api/v1/sessions/a/send-text", text).await;
    assert_eq!((status, code(&answer)), (403, "FORBIDDEN"), "{answer}");
    for what in ["mark-read", "archive", "typing"] {
        let path = format!("/api/v1/sessions/a/chats/{STATUS}/{what}");
        let (status, answer) = stage.post(&path, json!({})).await;
        assert_eq!((status, code(&answer)), (403, "FORBIDDEN"), "{what}: {answer}");
    }
    stage.end().await;
}

async fn a_session_can_leave_stories_and_channels_out(stage: Stage) {
    let body = json!({
        "sessionId": "b", "waitForQR": true,
        "config": { "engine": stage.engine, "ignoreStatus": true, "ignoreChannels": true },
    });
    let made = stage.daemon.call(Method::POST, "/api/v1/sessions", Some(body)).await;
    assert_eq!(
        (&made["config"]["ignoreStatus"], &made["config"]["ignoreChannels"]),
        (&json!(true), &json!(true))
    );
    let phone = "15551230002";
    stage.daemon.scan("b", phone).await;
    stage.daemon.wait_until_ready("b").await;
    let followers = json!([format!("{phone}@c.us"), format!("{OWN}@c.us")]);
    let made =
        stage.phone(ADA, "channels", json!({ "name": "News", "followers": followers })).await;
    let channel = made["channel"]["id"].as_str().unwrap().to_owned();
    for chat in [STATUS, channel.as_str()] {
        stage.phone(ADA, "messages", json!({ "chat": chat, "text": "to all" })).await;
    }
    let last = json!({ "chat": format!("{phone}@c.us"), "text": "to one" });
    stage.phone(ADA, "messages", last).await;
    let chats = async |session: &str| {
        let chats = stage.daemon.get(&format!("/api/v1/sessions/{session}/chats")).await;
        let id = |chat: &serde_json::Value| chat["id"].as_str().unwrap().to_owned();
        chats.as_array().unwrap().iter().map(id).collect::<Vec<_>>()
    };
    stage
        .until("both in the other session", || async {
            let ids = chats("a").await;
            (ids.iter().any(|id| id == STATUS) && ids.contains(&channel)).then_some(())
        })
        .await;
    stage
        .until("the message to b", || async {
            let path = format!("/api/v1/sessions/b/chats/{ADA}@c.us/messages");
            let (status, list) = stage.get(&path).await;
            let is_there = list["data"].as_array().is_some_and(|all| !all.is_empty());
            (status == 200 && is_there).then_some(())
        })
        .await;
    let ids = chats("b").await;
    assert!(!ids.iter().any(|id| id == STATUS || *id == channel), "{ids:?}");
    stage.end().await;
}

on_both_engines! {
    a_story_is_flagged_and_no_chat_to_answer_to
    a_session_can_leave_stories_and_channels_out
}
