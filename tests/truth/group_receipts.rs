//! Each member's receipt is kept and is an event, and a group's message is read when all have read it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{ADA, GRACE, OWN, Stage, code};

const ALAN: &str = "15550000013";

fn person(phone: &str) -> String {
    format!("{phone}@c.us")
}

/// A group of the session with three people who read nothing by themselves.
async fn group(stage: &Stage) -> String {
    group_of(stage, &[ADA, GRACE, ALAN].map(person)).await
}

async fn group_of(stage: &Stage, people: &[String]) -> String {
    for phone in [ADA, GRACE, ALAN] {
        let path = format!("/_simulator/v1/accounts/{phone}/behaviour");
        stage.daemon.call(Method::PUT, &path, Some(json!({ "behaviour": "manual" }))).await;
    }
    let body = json!({ "name": "Team", "participants": people });
    let group = stage.send("groups", body).await["gid"].as_str().unwrap().to_owned();
    stage
        .until("the group among the chats", || async {
            let chats = stage.ask("chats").await;
            chats.as_array().unwrap().iter().any(|chat| chat["id"] == group.as_str()).then_some(())
        })
        .await;
    group
}

async fn say(stage: &Stage, chat: &str, words: &str) -> String {
    let sent = stage.send("send-text", json!({ "chatId": chat, "content": words })).await;
    sent["messageId"].as_str().unwrap().to_owned()
}

async fn read(stage: &Stage, phone: &str, chat: &str) {
    stage.phone(phone, "read", json!({ "chat": chat })).await;
}

/// Each person's ack, as the receipts of a message list it.
async fn receipts(stage: &Stage, message: &str) -> Vec<(String, i64)> {
    let answer = stage.ask(&format!("messages/{message}/receipts")).await;
    let all = answer.as_array().unwrap();
    let mut all: Vec<(String, i64)> = all
        .iter()
        .map(|one| (one["participant"].as_str().unwrap().to_owned(), one["ack"].as_i64().unwrap()))
        .collect();
    all.sort();
    all
}

fn all_at(levels: [i64; 3]) -> Vec<(String, i64)> {
    [ADA, GRACE, ALAN].map(person).into_iter().zip(levels).collect()
}

/// The ack of a message in its chat's list, and its state in the outbox.
async fn shown(stage: &Stage, chat: &str, message: &str) -> (i64, String) {
    let list = stage.ask(&format!("chats/{chat}/messages")).await;
    let found = list.as_array().unwrap().iter().find(|one| one["id"] == message);
    let outbox = stage.ask("outbox").await;
    let entries = outbox["outbox"].as_array().unwrap();
    let entry = entries.iter().find(|entry| entry["messageId"] == message).unwrap();
    let ack = found.unwrap_or_else(|| panic!("{list}"))["ack"].as_i64().unwrap();
    (ack, entry["state"].as_str().unwrap().to_owned())
}

/// The status of a message in the Chat API.
async fn chat_status(stage: &Stage, words: &str) -> Value {
    let answer = stage.daemon.get("/api/v1/messages").await;
    let all = answer["messages"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let found = all.iter().find(|one| one["message_body"] == words);
    found.unwrap_or_else(|| panic!("{answer}"))["status"].clone()
}

async fn becomes(stage: &Stage, chat: &str, message: &str, ack: i64, state: &str) {
    let wanted = (ack, state.to_owned());
    stage
        .until("the message's own ack", || async {
            (shown(stage, chat, message).await == wanted).then_some(())
        })
        .await;
}

fn is_of<'a>(message: &'a str, who: Option<&'a str>, ack: i64) -> impl Fn(&Value) -> bool + 'a {
    move |data| data["id"] == message && data["ack"] == ack && data["participant"] == json!(who)
}

async fn a_message_is_read_when_all_have_read_it(stage: Stage) {
    let group = group(&stage).await;
    let mut events = stage.events().await;
    let message = say(&stage, &group, "who reads?").await;
    becomes(&stage, &group, &message, 2, "delivered").await;
    assert_eq!(receipts(&stage, &message).await, all_at([2, 2, 2]));
    read(&stage, ADA, &group).await;
    let ada = person(ADA);
    events.next("ack", is_of(&message, Some(&ada), 3)).await;
    assert_eq!(shown(&stage, &group, &message).await, (2, "delivered".to_owned()));
    assert_eq!(receipts(&stage, &message).await, all_at([3, 2, 2]));
    let answer = stage.ask(&format!("messages/{message}/receipts")).await;
    let one = answer.as_array().unwrap().iter().find(|one| one["participant"] == ada);
    let one = one.unwrap();
    assert_eq!((&one["status"], &one["playedAt"]), (&json!("read"), &json!(null)), "{one}");
    assert!(one["deliveredAt"].is_string() && one["readAt"].is_string(), "{one}");
    assert_eq!(one["participantIdentity"]["phone"], ada, "{one}");
    // The Chat API says the same.
    assert_eq!(chat_status(&stage, "who reads?").await, "delivered");
    // Twice, late and in any order: it changes nothing.
    stage.plan_faults(json!({ "duplicateEvents": 1 })).await;
    read(&stage, GRACE, &group).await;
    read(&stage, GRACE, &group).await;
    events.next("ack", is_of(&message, Some(&person(GRACE)), 3)).await;
    assert_eq!(shown(&stage, &group, &message).await, (2, "delivered".to_owned()));
    read(&stage, ALAN, &group).await;
    events.next("ack", is_of(&message, None, 3)).await;
    becomes(&stage, &group, &message, 3, "read").await;
    assert_eq!(chat_status(&stage, "who reads?").await, "read");
    assert_eq!(receipts(&stage, &message).await, all_at([3, 3, 3]));
    for phone in [ADA, GRACE, ALAN] {
        assert_eq!(events.count("ack", is_of(&message, Some(&person(phone)), 3)), 1);
    }
    assert_eq!(events.count("ack", is_of(&message, None, 3)), 1);

    // Of a single chat there is one receipt; of what came in there is none.
    let alone = say(&stage, &ada, "only you").await;
    events.next("ack", is_of(&alone, None, 2)).await;
    assert_eq!(receipts(&stage, &alone).await, [(ada.clone(), 2)]);
    stage.phone(ADA, "messages", json!({ "chat": person(OWN), "text": "hello" })).await;
    let came = events.next("message", |data| data["body"] == "hello").await;
    let path =
        format!("/api/v1/sessions/a/messages/{}/receipts", came["data"]["id"].as_str().unwrap());
    let (status, answer) = stage.get(&path).await;
    assert_eq!((status, code(&answer)), (409, "CONFLICT"), "{answer}");
    let (status, answer) =
        stage.get(&format!("/api/v1/sessions/a/messages/true_{ada}_NONE/receipts")).await;
    assert_eq!((status, code(&answer)), (404, "MESSAGE_NOT_FOUND"), "{answer}");
    stage.end().await;
}

async fn who_leaves_holds_nothing_back_and_what_was_missed_is_found(stage: Stage) {
    let group = group(&stage).await;
    let mut events = stage.events().await;
    let first = say(&stage, &group, "first").await;
    becomes(&stage, &group, &first, 2, "delivered").await;
    read(&stage, ADA, &group).await;
    read(&stage, GRACE, &group).await;
    events.next("ack", is_of(&first, Some(&person(GRACE)), 3)).await;
    assert_eq!(shown(&stage, &group, &first).await, (2, "delivered".to_owned()));
    let path = format!("/api/v1/sessions/a/groups/{group}/participants");
    let body = json!({ "participants": [person(ALAN)] });
    stage.daemon.call(Method::DELETE, &path, Some(body)).await;
    events.next("ack", is_of(&first, None, 3)).await;
    becomes(&stage, &group, &first, 3, "read").await;

    // What is lost on the way is known to the engine.
    let second = say(&stage, &group, "second").await;
    becomes(&stage, &group, &second, 2, "delivered").await;
    assert_eq!(receipts(&stage, &second).await, all_at([2, 2, 2])[..2]);
    stage.plan_faults(json!({ "dropEvents": 2 })).await;
    read(&stage, ADA, &group).await;
    stage.plan_faults(json!({})).await;
    assert_eq!(receipts(&stage, &second).await, [(person(ADA), 3), (person(GRACE), 2)]);
    events.next("ack", is_of(&second, Some(&person(ADA)), 3)).await;
    stage.end().await;
}

async fn a_person_whose_number_is_learned_late_stands_once(stage: Stage) {
    let stranger = "15550000777";
    let (lid, number) = (format!("1000{stranger}@lid"), person(stranger));
    stage.daemon.post("/_simulator/v1/accounts", json!({ "phone": stranger, "name": "X" })).await;
    let show = async |shown: &str| {
        let path = format!("/_simulator/v1/accounts/{stranger}/identity");
        stage.daemon.call(Method::PUT, &path, Some(json!({ "shown": shown }))).await;
        let path = format!("/_simulator/v1/accounts/{stranger}/behaviour");
        stage.daemon.call(Method::PUT, &path, Some(json!({ "behaviour": "manual" }))).await;
    };
    show("lidAlone").await;
    let group = group_of(&stage, &[lid.clone(), person(GRACE)]).await;
    let mut events = stage.events().await;
    let message = say(&stage, &group, "who is that?").await;
    becomes(&stage, &group, &message, 2, "delivered").await;
    let mut expected = vec![(lid, 2), (person(GRACE), 2)];
    expected.sort();
    assert_eq!(receipts(&stage, &message).await, expected);
    show("number").await;
    read(&stage, stranger, &group).await;
    events.next("ack", is_of(&message, Some(&number), 3)).await;
    assert_eq!(receipts(&stage, &message).await, [(person(GRACE), 2), (number, 3)]);
    read(&stage, GRACE, &group).await;
    events.next("ack", is_of(&message, None, 3)).await;
    becomes(&stage, &group, &message, 3, "read").await;
    stage.end().await;
}

on_both_engines! {
    a_person_whose_number_is_learned_late_stands_once
    a_message_is_read_when_all_have_read_it
    who_leaves_holds_nothing_back_and_what_was_missed_is_found
}
