//! Polls keep their options, votes are events, and what was chosen can be read.

use serde_json::{Value, json};

use crate::stage::{ADA, GRACE, OWN, SESSION, Stage, code};

fn own() -> String {
    format!("{OWN}@c.us")
}

async fn vote(stage: &Stage, phone: &str, poll: &str, options: Value) {
    stage.phone(phone, "votes", json!({ "message": poll, "options": options })).await;
}

async fn tally(stage: &Stage, poll: &str) -> Value {
    stage.ask(&format!("messages/{poll}/poll")).await
}

async fn votes_are_reported_and_counted(stage: Stage) {
    let mut events = stage.events().await;
    let (ada, grace) = (format!("{ADA}@c.us"), format!("{GRACE}@c.us"));
    let group = stage.send("groups", json!({ "name": "Tea", "participants": [ada, grace] })).await;
    let group = group["gid"].as_str();
    let group = group.expect("a group without an id").to_owned();
    let question = json!({ "chatId": group, "question": "Tea?", "options": ["yes", "no", "later"],
        "selectableCount": 2 });
    let sent = stage.send("send-poll", question).await;
    let poll = sent["messageId"].as_str().unwrap().to_owned();
    let reported = events.next("message_sent", |data| data["type"] == "poll_creation").await;
    let shown = &reported["data"]["poll"];
    assert_eq!(
        (&shown["question"], &shown["options"]),
        (&json!("Tea?"), &json!(["yes", "no", "later"]))
    );
    assert_eq!((&shown["selectable"], &reported["data"]["body"]), (&json!(2), &json!("Tea?")));

    stage
        .until("the poll on both phones", || async {
            let ada = stage.on_phone(ADA, &group).await;
            let grace = stage.on_phone(GRACE, &group).await;
            (!ada.is_empty() && !grace.is_empty()).then_some(())
        })
        .await;
    vote(&stage, ADA, &poll, json!(["yes", "later"])).await;
    let reported = events.next("poll_vote", |data| data["sender"] == ada).await["data"].clone();
    assert_eq!(
        (&reported["messageId"], &reported["chatId"]),
        (&json!(poll), &json!(group)),
        "{reported}"
    );
    assert_eq!(reported["options"], json!(["yes", "later"]));
    vote(&stage, GRACE, &poll, json!(["yes"])).await;
    events.next("poll_vote", |data| data["sender"] == grace).await;
    vote(&stage, ADA, &poll, json!(["no"])).await;
    events.next("poll_vote", |data| data["options"] == json!(["no"])).await;

    let counted = tally(&stage, &poll).await;
    let votes: Vec<&Value> =
        counted["results"].as_array().unwrap().iter().map(|option| &option["votes"]).collect();
    assert_eq!((votes, &counted["voters"]), (vec![&json!(1), &json!(1), &json!(0)], &json!(2)));
    assert_eq!(counted["results"][1]["voters"][0]["sender"], ada, "{counted}");
    let listed = stage.ask(&format!("chats/{group}/messages?limit=50")).await;
    let listed = listed.as_array().unwrap().iter().find(|one| one["id"] == poll).unwrap();
    assert_eq!(listed["poll"]["results"][0], json!({ "option": "yes", "votes": 1 }));

    vote(&stage, GRACE, &poll, json!([])).await;
    let reported =
        events.next("poll_vote", |data| data["options"] == json!([])).await["data"].clone();
    assert_eq!(reported["sender"], grace, "{reported}");
    assert_eq!(tally(&stage, &poll).await["results"][0]["votes"], 0);
    stage.end().await;
}

async fn a_poll_of_somebody_else_is_read_and_what_is_none_is_refused(stage: Stage) {
    let mut events = stage.events().await;
    let asked =
        json!({ "chat": own(), "poll": { "question": "When?", "options": ["now", "then"] } });
    stage.phone(ADA, "messages", asked).await;
    let reported =
        events.next("message", |data| data["type"] == "poll_creation").await["data"].clone();
    assert_eq!(
        (&reported["body"], &reported["poll"]["options"]),
        (&json!("When?"), &json!(["now", "then"]))
    );
    assert_eq!(reported["poll"]["selectable"], 1, "{reported}");
    let poll = reported["id"].as_str().unwrap();
    // The one who asks may vote as well.
    vote(&stage, ADA, poll, json!(["then"])).await;
    let reported = events.next("poll_vote", |_| true).await["data"].clone();
    assert_eq!((&reported["messageId"], &reported["options"]), (&json!(poll), &json!(["then"])));
    assert_eq!(tally(&stage, poll).await["results"][1]["votes"], 1);

    let no_option = json!({ "message": poll, "options": ["never"] });
    let path = format!("/_simulator/v1/accounts/{ADA}/votes");
    assert_eq!(stage.post(&path, no_option).await.0, 400);
    let sent = stage
        .send("send-text", json!({ "chatId": format!("{ADA}@c.us"), "content": "no poll" }))
        .await;
    let text = sent["messageId"].as_str().unwrap();
    for id in [text, "true_15550000011@c.us_3EB0AAAAAAAAAAAAAAAAAA"] {
        let (status, answer) = stage.get(&format!("{SESSION}/messages/{id}/poll")).await;
        assert_eq!((status, code(&answer)), (404, "MESSAGE_NOT_FOUND"), "{answer}");
    }
    stage.end().await;
}

async fn votes_reach_webhooks(stage: Stage) {
    let hook = json!({ "url": "http://127.0.0.1:9/hook", "events": ["poll_vote", "unknown"] });
    let (status, answer) = stage.post(&format!("{SESSION}/webhooks"), hook).await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(answer["data"]["events"], json!(["poll_vote", "unknown"]), "{answer}");
    stage.end().await;
}

on_both_engines! {
    votes_are_reported_and_counted
    a_poll_of_somebody_else_is_read_and_what_is_none_is_refused
    votes_reach_webhooks
}
