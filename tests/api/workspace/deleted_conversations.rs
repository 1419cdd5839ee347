//! Conversations that are deleted: by every API with all that is kept beside their messages. The next message begins
//! them again.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{PHONE, TestApp},
    chat::write,
    workspace::{answered, ask, conversation, delete, get, office, post, put, text},
};

/// What each API deletes a conversation by.
const WAYS: [&str; 4] = [
    "/api/whatsapp-api/chats/{id}",
    "/api/whatsapp-api/chats/bulk",
    "/api/v1/conversations/{id}",
    "/api/v1/chat/sessions/{id}",
];

async fn delete_by(app: &TestApp, way: &str, id: &str, token: &str) {
    let gone = if way.ends_with("bulk") {
        post(app, way, json!({ "ids": [id], "action": "delete" }), Some(token)).await
    } else {
        delete(app, &way.replace("{id}", id), token).await
    };
    answered(gone, 200);
}

/// The conversation with a person, once it has a message with these words.
async fn with_words(app: &TestApp, token: &str, person: &str, words: &str) -> Value {
    let path = format!("/api/whatsapp-api/chats?search={person}");
    app.wait_for("the message in the inbox", async || {
        let list = get(app, &path, Some(token)).await.body;
        list["chats"].as_array()?.iter().find(|chat| chat["lastMessage"]["text"] == words).cloned()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_deleted_conversation_comes_back_with_its_next_message() {
    let (app, ada, ada_id) = office().await;
    for (at, way) in WAYS.into_iter().enumerate() {
        let person = format!("1555000004{at}");
        let id = conversation(&app, &ada, &person).await;
        let chat = format!("/api/whatsapp-api/chats/{id}");
        let notes = format!("/api/v1/inbox/notes/{id}");
        answered(post(&app, &notes, json!({ "content": "Owes us" }), Some(&ada)).await, 201);
        let summary = get(&app, &format!("/api/v1/inbox/summary/{id}"), Some(&ada)).await;
        assert_eq!(answered(summary, 200)["message_count"], 1, "{way}");
        let assignment = json!({ "agent_id": ada_id });
        let assign = format!("/api/v1/inbox/sessions/{id}/assign");
        answered(put(&app, &assign, assignment, &ada).await, 200);
        let change = json!({ "starred": true, "tags": ["hot"] });
        answered(ask(&app, Method::PATCH, &chat, Some(change), Some(&ada)).await, 200);

        delete_by(&app, way, &id, &ada).await;
        assert_eq!(get(&app, &chat, Some(&ada)).await.status, 404, "{way}");
        let mine = get(&app, "/api/whatsapp-api/chats?assignedTo=me", Some(&ada)).await.body;
        assert_eq!(mine["pagination"]["total"], 0, "{way}: {mine}");

        write(&app, &person, "Good morning").await;
        let again = with_words(&app, &ada, &person, "Good morning").await;
        let state = json!([
            again["id"],
            again["status"],
            again["assignedTo"],
            again["starred"],
            again["tags"]
        ]);
        assert_eq!(state, json!([id, "OPEN", null, false, []]), "{way}");
        let kept = answered(get(&app, &notes, Some(&ada)).await, 200);
        assert_eq!(kept["total"], 0, "{way}: {kept}");
        let opened = format!(
            "/api/whatsapp-api/contacts/{}/timeline?type=conversation_opened",
            text(&again["contact"]["id"]),
        );
        let opened = answered(get(&app, &opened, Some(&ada)).await, 200);
        let reopened: Vec<&Value> = opened["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["data"]["reopened"])
            .collect();
        assert_eq!(reopened, [false, false], "{way}: {opened}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resolved_conversation_that_was_deleted_begins_as_an_open_one() {
    let (app, ada, _) = office().await;
    let person = "15550000049";
    let id = conversation(&app, &ada, person).await;
    let chat = format!("/api/whatsapp-api/chats/{id}");
    answered(post(&app, &format!("{chat}/resolve"), json!({}), Some(&ada)).await, 200);
    delete_by(&app, WAYS[0], &id, &ada).await;
    // An answer to the survey of what was deleted rates nothing.
    write(&app, person, "5").await;
    let again = with_words(&app, &ada, person, "5").await;
    assert_eq!((&again["status"], &again["csat"]), (&json!("OPEN"), &Value::Null), "{again}");
    let phone = format!("/_simulator/v1/accounts/{person}/chats/{PHONE}@c.us/messages");
    let shown = app.get(&phone).await.1.to_string();
    assert!(!shown.contains("anything you would like to add"), "{shown}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_goes_on_behind_a_conversation_that_was_deleted_meanwhile() {
    let (app, ada, _) = office().await;
    let mut ids = Vec::new();
    for at in 0..4 {
        ids.push(conversation(&app, &ada, &format!("1555000005{at}")).await);
    }
    let listed = async |query: String| {
        let list = get(&app, &format!("/api/whatsapp-api/chats?{query}"), Some(&ada)).await;
        let list = answered(list, 200);
        let all = list["chats"].as_array().unwrap().iter();
        all.map(|chat| text(&chat["id"])).collect::<Vec<_>>()
    };
    let all = listed("limit=4".to_owned()).await;
    assert_eq!(all.len(), ids.len());
    delete_by(&app, WAYS[1], &all[1], &ada).await;
    assert_eq!(listed(format!("limit=2&before={}", all[1])).await, all[2..]);
    let unknown = format!("/api/whatsapp-api/chats?before={}", uuid::Uuid::nil());
    assert_eq!(get(&app, &unknown, Some(&ada)).await.status, 404);
    app.stop().await;
}
