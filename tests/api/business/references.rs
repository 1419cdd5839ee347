//! References of the business API: a message by any of its ids, names that contradict each other, and errors of paths
//! that it shares.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    business::{
        call,
        chats::chat_with,
        get,
        sending::{ADA, on_phone, png, send, shop, upload},
    },
    chat::write,
    workspace,
};

const GRACE: &str = "15550000012";

/// That a request is refused, and for which field.
fn assert_refused((status, answer): (u16, Value), field: &str) {
    assert_eq!(status, 400, "{answer}");
    assert!(answer["fields"].get(field).is_some(), "{field}: {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_for_one_person_goes_into_no_conversation_with_another() {
    let app = shop().await;
    write(&app, GRACE, "Hi").await;
    let (ada, grace) = (chat_with(&app, ADA).await, chat_with(&app, GRACE).await);
    let (conversation, to) = (&ada["id"], format!("+{GRACE}"));
    let body = json!({ "conversationId": conversation, "to": to, "text": "For Grace" });
    assert_refused(send(&app, body).await, "to");
    let body = json!({ "conversationId": conversation, "to": grace["contact"]["id"], "text": "x" });
    assert_refused(send(&app, body).await, "to");
    let within = format!("/chats/{}/messages", conversation.as_str().unwrap());
    let sent = async |body: Value| call(&app, Method::POST, &within, Some(body)).await;
    assert_refused(sent(json!({ "to": to, "text": "For Grace" })).await, "to");
    let body = json!({ "conversationId": grace["id"], "text": "For Grace" });
    assert_refused(sent(body).await, "conversationId");
    assert_eq!(on_phone(&app, ADA).await.len(), 1);
    // The same person, however they are named.
    for to in ["+1 (555) 000-0011", "15550000011@c.us", ada["contact"]["id"].as_str().unwrap()] {
        let (status, answer) = sent(json!({ "to": to, "text": "For Ada" })).await;
        assert_eq!(status, 200, "{to}: {answer}");
        let body = json!({ "conversationId": conversation, "to": to, "text": "For Ada" });
        let (status, answer) = send(&app, body).await;
        assert_eq!(status, 200, "{to}: {answer}");
    }
    let message = get(&app, "/messages?limit=1").await["messages"][0]["messageId"].clone();
    let body = json!({ "type": "reaction", "messageId": message, "emoji": "👍", "to": to });
    assert_refused(send(&app, body).await, "to");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_on_behind_a_message_by_each_of_its_ids() {
    let app = shop().await;
    let chat = chat_with(&app, ADA).await["id"].as_str().unwrap().to_owned();
    let (status, sent) = send(&app, json!({ "conversationId": chat, "text": "Hello" })).await;
    assert_eq!(status, 200, "{sent}");
    let newest = get(&app, "/messages?limit=1").await["messages"][0].clone();
    assert_eq!(newest["messageId"], sent["messageId"]);
    for id in ["messageId", "id", "number"] {
        let id = newest[id].as_str().map_or(newest[id].to_string(), str::to_owned);
        let page = get(&app, &format!("/messages?before={id}")).await;
        assert_eq!(page["messages"].as_array().unwrap().len(), 1, "{id}");
        let page = get(&app, &format!("/chats/{chat}?before={id}")).await;
        assert_eq!(page["messages"][0]["text"], "Hi", "{id}");
    }
    let unknown = format!("/messages?before=true_{ADA}@c.us_3EB000000000000000");
    assert_eq!(call(&app, Method::GET, &unknown, None).await.0, 404);
    assert_refused(call(&app, Method::GET, "/messages?type=letter", None).await, "type");
    assert_eq!(get(&app, "/messages?type=text").await["pagination"]["total"], 2);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_assigned_what_the_same_request_gives_to_nobody() {
    let app = shop().await;
    let path = format!("/chats/{}", chat_with(&app, ADA).await["id"].as_str().unwrap());
    let body = json!({ "assignedTo": "me", "status": "OPEN" });
    assert_refused(call(&app, Method::PATCH, &path, Some(body)).await, "status");
    assert_eq!(get(&app, &path).await["chat"]["assignedTo"], Value::Null);
    let body = json!({ "assignedTo": "me", "status": "RESOLVED" });
    let (status, chat) = call(&app, Method::PATCH, &path, Some(body)).await;
    assert_eq!(
        (status, &chat["status"], chat["assignedTo"].is_object()),
        (200, &json!("RESOLVED"), true)
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_for_who_is_signed_in_too_and_errors_of_shared_paths_have_one_shape() {
    let app = shop().await;
    let (_, file) = upload(&app, png(), "dot.png").await;
    let path = format!("/api/media/{}", file["mediaId"].as_str().unwrap());
    let (token, _) = workspace::owner(&app).await;
    let ask = async |path: &str, credential: Option<&str>| {
        let mut request = app.http.get(format!("{}{path}", app.base));
        if let Some(credential) = credential {
            request = request.bearer_auth(credential);
        }
        request.send().await.unwrap()
    };
    let answer = ask(&path, Some(&token)).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.bytes().await.unwrap(), png());
    let key = app.key().await;
    for (path, credential, expected) in [
        (path.as_str(), None, 401),
        (path.as_str(), Some("nonsense"), 401),
        ("/api/media/nonsense", Some(key), 404),
        ("/api/media/nonsense/more", Some(key), 404),
        ("/api/conversations/nonsense", Some(key), 404),
        ("/api/whatsapp-api/nonsense", Some(key), 404),
    ] {
        let answer = ask(path, credential).await;
        assert_eq!(answer.status(), expected, "{path}");
        let answer: Value = answer.json().await.unwrap();
        assert!(answer["error"].is_string() && answer.get("success").is_none(), "{path}: {answer}");
    }
    // What is no id is named by what it should be the id of.
    let (_, answer) = call(&app, Method::GET, "/contacts/nonsense", None).await;
    assert_eq!(answer["error"], "there is no contact 'nonsense'");
    app.stop().await;
}
