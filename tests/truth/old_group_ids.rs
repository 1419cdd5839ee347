//! Groups whose ids have the old form work as others do, and promotions and demotions are events.

use serde_json::json;

use crate::stage::{ADA, GRACE, OWN, Stage};

async fn a_group_with_an_id_of_the_old_form_works_as_any(stage: Stage) {
    let mut events = stage.events().await;
    let (own, grace) = (format!("{OWN}@c.us"), format!("{GRACE}@c.us"));
    let body = json!({ "name": "Since 2014", "participants": [own, grace], "oldId": true });
    let made = stage.phone(ADA, "groups", body).await;
    let group = made["group"]["id"].as_str().unwrap().to_owned();
    let (founder, time) = group.strip_suffix("@g.us").unwrap().split_once('-').unwrap();
    assert!(founder == ADA && time.len() == 10, "{group}");
    events.next("group_join", |data| data["chatId"] == group.as_str()).await;

    stage.phone(ADA, "messages", json!({ "chat": group, "text": "old friends" })).await;
    let came = events.next("message", |data| data["body"] == "old friends").await;
    let came = &came["data"];
    assert_eq!((&came["chatId"], &came["isGroupMsg"]), (&json!(group), &json!(true)), "{came}");
    let body = json!({ "chatId": group, "content": "hello", "quotedMessageId": came["id"] });
    let sent = stage.send("send-text", body).await;
    let message = sent["messageId"].as_str().unwrap().to_owned();
    events.next("ack", |data| data["id"] == message.as_str() && data["ack"] == 3).await;
    let list = stage.ask(&format!("chats/{group}/messages")).await;
    let bodies: Vec<_> = list.as_array().unwrap().iter().map(|one| &one["body"]).collect();
    assert_eq!(bodies, ["old friends", "hello"], "{list}");
    let receipts = stage.ask(&format!("messages/{message}/receipts")).await;
    assert_eq!(receipts.as_array().unwrap().len(), 2, "{receipts}");
    let seen = stage.ask(&format!("groups/{group}")).await;
    assert_eq!((&seen["gid"], &seen["name"]), (&json!(group), &json!("Since 2014")), "{seen}");
    let body = json!({ "instance_id": "a", "recipient": group, "message": "the other API" });
    let (status, answer) = stage.post("/api/v1/chat/send", body).await;
    assert!(status < 300, "{answer}");
    let arrived = stage.on_phone(GRACE, &group).await;
    assert!(arrived.iter().any(|one| one["body"] == "hello"), "{arrived:#?}");

    // Who becomes an admin, and who is one no more.
    let body = json!({ "group": group, "participants": [own] });
    for (what, change, is_admin) in
        [("promotions", "promote", true), ("demotions", "demote", false)]
    {
        stage.phone(ADA, what, body.clone()).await;
        let event = events.next("group_update", |data| data["change"] == change).await;
        let data = &event["data"];
        assert_eq!((&data["chatId"], &data["participants"]), (&json!(group), &json!([own])));
        assert_eq!(data["by"], format!("{ADA}@c.us"), "{data}");
        stage
            .until("the admins", || async {
                let seen = stage.ask(&format!("groups/{group}")).await;
                let members = seen["participants"].as_array().unwrap().clone();
                let me = members.iter().find(|one| one["id"] == own.as_str()).cloned().unwrap();
                (me["isAdmin"] == is_admin).then_some(())
            })
            .await;
    }
    let (status, answer) =
        stage.post(&format!("/_simulator/v1/accounts/{ADA}/demotions"), body).await;
    assert_eq!(status, 400, "{answer}");
    stage.phone(GRACE, "removals", json!({ "group": group, "participants": [grace] })).await;
    let left = events.next("group_leave", |data| data["chatId"] == group.as_str()).await;
    assert_eq!(left["data"]["participants"], json!([grace]), "{left}");
    assert_eq!(left["data"]["action"], "leave", "{left}");
    stage.end().await;
}

on_both_engines! {
    a_group_with_an_id_of_the_old_form_works_as_any
}
