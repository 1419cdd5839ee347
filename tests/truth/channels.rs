//! Posts of channels come in flagged, and nothing is sent to a channel.

use serde_json::json;

use crate::stage::{ADA, GRACE, OWN, PNG, Stage, code};

async fn a_post_of_a_channel_is_flagged_and_cannot_be_answered(stage: Stage) {
    let mut events = stage.events().await;
    let body =
        json!({ "name": "News", "followers": [format!("{OWN}@c.us"), format!("{GRACE}@c.us")] });
    let made = stage.phone(ADA, "channels", body).await;
    let channel = made["channel"]["id"].as_str().unwrap().to_owned();
    assert!(channel.ends_with("@newsletter"), "{channel}");
    stage.phone(ADA, "messages", json!({ "chat": channel, "text": "it rains" })).await;
    let post = events.next("message", |data| data["body"] == "it rains").await;
    let post = &post["data"];
    assert_eq!((&post["isChannel"], &post["isStatus"]), (&json!(true), &json!(false)), "{post}");
    assert_eq!((&post["chatId"], &post["from"]), (&json!(channel), &json!(channel)), "{post}");
    assert_eq!((&post["groupName"], &post["isGroupMsg"]), (&json!("News"), &json!(false)));
    // A channel does not say who posts to it.
    assert!(!post.to_string().contains(ADA), "{post}");
    let file = PNG.split_once(',').unwrap().1;
    let body =
        json!({ "chat": channel, "text": "a dot", "mime": "image/png", "mediaBase64": file });
    stage.phone(ADA, "messages", body).await;
    let post = events.next("message", |data| data["body"] == "a dot").await;
    assert_eq!(
        (&post["data"]["type"], &post["data"]["isChannel"]),
        (&json!("image"), &json!(true))
    );

    let list = stage.ask(&format!("chats/{channel}/messages")).await;
    let bodies: Vec<_> = list.as_array().unwrap().iter().map(|one| &one["body"]).collect();
    assert_eq!(bodies, ["it rains", "a dot"], "{list}");
    let chats = stage.ask("chats").await;
    let chat =
        chats.as_array().unwrap().iter().find(|chat| chat["id"] == channel.as_str()).unwrap();
    assert_eq!((&chat["isChannel"], &chat["isGroup"]), (&json!(true), &json!(false)), "{chat}");
    assert_eq!(chat["name"], "News", "{chat}");
    for format in ["", "&format=chat"] {
        let list = stage.daemon.get(&format!("/api/v1/conversations?instance_id=a{format}")).await;
        let all = list["data"].as_array().unwrap();
        let found = all.iter().find(|one| one["contact_number"] == channel.as_str()).unwrap();
        let name = if format.is_empty() { "contact_name" } else { "display_name" };
        assert_eq!((&found[name], &found["is_channel"]), (&json!("News"), &json!(true)), "{found}");
        assert_eq!((&found["is_group"], &found["is_status"]), (&json!(false), &json!(false)));
    }
    for message in stage.daemon.get("/api/v1/messages").await["messages"].as_array().unwrap() {
        assert_eq!((&message["is_channel"], &message["is_status"]), (&json!(true), &json!(false)));
    }
    let text = json!({ "chatId": channel, "content": "not me" });
    let (status, answer) = stage.post("/api/v1/sessions/a/send-text", text).await;
    assert_eq!((status, code(&answer)), (403, "FORBIDDEN"), "{answer}");
    // Nobody but its owner posts there.
    let path = format!("/_simulator/v1/accounts/{GRACE}/messages");
    let (status, answer) = stage.post(&path, json!({ "chat": channel, "text": "nor me" })).await;
    assert_eq!(status, 403, "{answer}");
    stage.end().await;
}

on_both_engines! {
    a_post_of_a_channel_is_flagged_and_cannot_be_answered
}
