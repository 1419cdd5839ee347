//! The Chat API as its document prints it: every example request, and at least the printed fields
//! with the printed types.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{ECHO, PHONE, SILENT, TestApp, code};

const JOHN: &str = "5521999999999";

/// Whether an answer has every field of what the document prints, each of the same type. One item
/// of a printed list stands for all.
pub fn fits(printed: &Value, answer: &Value, place: &str) {
    match (printed, answer) {
        (Value::Object(printed), Value::Object(answer)) => {
            for (name, value) in printed {
                let found = answer.get(name).unwrap_or_else(|| panic!("no {place}.{name}"));
                fits(value, found, &format!("{place}.{name}"));
            }
        }
        (Value::Array(printed), Value::Array(answer)) => {
            for (index, item) in answer.iter().enumerate() {
                fits(&printed[0], item, &format!("{place}[{index}]"));
            }
        }
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_)) => (),
        _ => panic!("{place}: {printed} is printed, {answer} was answered"),
    }
}

/// The conversation with somebody, as the list shows it.
pub async fn conversation(app: &TestApp, number: &str) -> Value {
    app.wait_for(&format!("a conversation with {number}"), || async {
        let (status, answer) = app.get("/api/v1/chat/conversations?per_page=100").await;
        assert_eq!(status, 200, "{answer}");
        let all = answer["data"]["data"].as_array().unwrap().clone();
        all.into_iter().find(|one| one["contact_number"] == number)
    })
    .await
}

pub async fn messages(app: &TestApp, conversation: &Value, query: &str) -> Vec<Value> {
    let id = conversation["id"].as_str().unwrap();
    let (status, answer) =
        app.get(&format!("/api/v1/chat/conversations/{id}/messages{query}")).await;
    assert_eq!(status, 200, "{answer}");
    answer["data"]["messages"].as_array().unwrap().clone()
}

pub async fn send(app: &TestApp, recipient: &str, text: &str) -> Value {
    let body = json!({ "instance_id": "s", "recipient": recipient, "message": text });
    let (status, answer) = app.post("/api/v1/chat/send", body).await;
    assert_eq!(status, 200, "{answer}");
    answer["data"].clone()
}

/// Somebody new, with a name.
async fn john(app: &TestApp) {
    let body = json!({ "phone": JOHN, "name": "John Doe" });
    let (status, answer) = app.post("/_simulator/v1/accounts", body).await;
    assert!(status.is_success(), "{answer}");
}

/// Writes to the session from somebody's phone.
pub async fn write(app: &TestApp, from: &str, text: &str) -> Value {
    let body = json!({ "chat": format!("{PHONE}@c.us"), "text": text });
    let (status, answer) =
        app.post(&format!("/_simulator/v1/accounts/{from}/messages"), body).await;
    assert_eq!(status, 200, "{answer}");
    answer["data"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_are_listed_as_printed() {
    let app = TestApp::start().await;
    john(&app).await;
    app.ready("s", PHONE).await;
    write(&app, JOHN, "Hello!").await;
    let one = conversation(&app, JOHN).await;
    let (_, tag) = app.post("/api/v1/tags", json!({ "name": "VIP", "color": "#f59e0b" })).await;
    let id = one["id"].as_str().unwrap();
    let body = json!({ "tag_ids": [tag["data"]["tag"]["id"]] });
    let path = format!("/api/v1/conversations/{id}/tags");
    let (status, answer) = app.call(Method::PUT, &path, Some(body)).await;
    assert_eq!(status, 200, "{answer}");

    let (_, instances) = app.get("/api/v1/instances").await;
    let uuid = instances["data"]["instances"][0]["uuid"].as_str().unwrap().to_owned();
    let query = format!("instance_id={uuid}&search=john&unread=true&per_page=5");
    let (status, answer) = app.get(&format!("/api/v1/chat/conversations?{query}")).await;
    assert_eq!(status, 200, "{answer}");
    let printed = json!({ "success": true, "data": { "data": [{
        "id": "550e8400-e29b-41d4-a716-446655440045", "contact_number": "5521999999999",
        "display_name": "John Doe", "last_message": "Hello!", "unread_count": 3,
        "tags": [{ "id": "550e8400-e29b-41d4-a716-446655440001", "name": "VIP", "color": "#f59e0b" }],
        "instance": { "uuid": "abc-123", "status": "connected" },
    }] } });
    fits(&printed, &answer, "answer");
    let shown = &answer["data"]["data"][0];
    assert_eq!(shown["display_name"], "John Doe");
    assert_eq!((&shown["last_message"], &shown["unread_count"]), (&json!("Hello!"), &json!(1)));
    assert_eq!(
        shown["tags"],
        json!([{ "id": tag["data"]["tag"]["id"], "name": "VIP", "color": "#f59e0b" }])
    );
    assert_eq!(shown["instance"], json!({ "uuid": uuid, "status": "connected" }));
    assert!(shown["profile_picture_url"].is_null() || shown["profile_picture_url"].is_string());
    assert_eq!(answer["data"]["total"], 1);
    for (query, total) in [
        ("search=5521", 1),
        ("search=nobody", 0),
        ("tag=vip", 1),
        ("tag=other", 0),
        ("is_group=true", 0),
        ("unread=false&archived=true", 0),
    ] {
        let (_, answer) = app.get(&format!("/api/v1/chat/conversations?{query}")).await;
        assert_eq!(answer["data"]["total"], total, "{query}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_shown_as_printed() {
    let app = TestApp::start().await;
    john(&app).await;
    app.ready("s", PHONE).await;
    write(&app, JOHN, "hi").await;
    conversation(&app, JOHN).await;
    let sent = send(&app, SILENT, &format!("Hello @{JOHN}!")).await;
    let uuid = sent["message"]["uuid"].as_str().unwrap();
    let body = json!({ "emoji": "👍" });
    let (status, answer) =
        app.post(&format!("/api/v1/chat/messages/{uuid}/reaction"), body.clone()).await;
    assert_eq!(status, 200, "{answer}");
    let theirs = sent["message"]["whatsapp_id"].as_str().unwrap().replacen("true", "false", 1);
    let theirs = theirs.replace(SILENT, &format!("{PHONE}@c.us"));
    let react = json!({ "message": theirs, "emoji": "👍" });
    app.wait_for("the message to arrive", || async {
        let path = "/_simulator/v1/accounts/15550000003/reactions";
        (app.post(path, react.clone()).await.0 == 200).then_some(())
    })
    .await;

    let one = conversation(&app, "15550000003").await;
    let message = app
        .wait_for("both reactions", || async {
            let message = messages(&app, &one, "").await.pop().unwrap();
            (message["grouped_reactions"][0]["count"] == 2).then_some(message)
        })
        .await;
    let printed = json!({
        "id": 456, "direction": "incoming", "is_from_me": false,
        "message_body": "Hello @5521999999999!",
        "formatted_body": "Hello <span class=\"mention\">@John</span>!",
        "mentioned_jids": ["5521999999999@s.whatsapp.net"],
        "grouped_reactions": [{ "emoji": "👍", "count": 2, "has_my_reaction": true }],
    });
    fits(&printed, &message, "message");
    assert_eq!(message["formatted_body"], printed["formatted_body"]);
    assert_eq!(message["message_body"], printed["message_body"]);
    assert_eq!(message["mentioned_jids"], printed["mentioned_jids"]);
    assert_eq!(message["grouped_reactions"], printed["grouped_reactions"]);
    assert_eq!(message["direction"], "outgoing");
    let (_, answer) = app
        .get(&format!("/api/v1/chat/conversations/{}/messages", one["id"].as_str().unwrap()))
        .await;
    fits(&json!({ "success": true, "data": { "has_more": true } }), &answer, "answer");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_sent_and_answered_with_what_became_of_it() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let first = send(&app, "+1 (555) 000-0001", "Hi").await;
    let printed = json!({
        "message": {
            "id": 457, "uuid": "660e8400-", "direction": "outgoing", "is_from_me": true,
            "message_body": "Hi", "formatted_body": "Hi", "mentioned_jids": [],
            "grouped_reactions": [], "message_type": "text", "status": "sent",
            "is_edited": false, "is_deleted": false, "created_at": "2026-03-24T10:31:00.000Z",
        },
        "conversation": {
            "id": "550e8400", "contact_number": "5521999999999", "display_name": "John Doe",
            "unread_count": 0, "tags": [], "instance": { "uuid": "…", "status": "connected" },
        },
    });
    fits(&printed, &first, "data");
    assert_eq!(first["message"]["media"], Value::Null);
    assert_eq!(first["message"]["reply_to"], Value::Null);
    assert_eq!(first["conversation"]["display_name"], "Echo");
    let body = json!({
        "instance_id": first["conversation"]["instance"]["uuid"], "recipient": ECHO,
        "message": "and more", "reply_to": first["message"]["uuid"],
    });
    let (status, answer) = app.post("/api/v1/chat/send", body.clone()).await;
    assert_eq!((status.as_u16(), &answer["message"]), (200, &json!("Message sent")), "{answer}");
    let reply = &answer["data"]["message"]["reply_to"];
    assert_eq!(
        (&reply["id"], &reply["uuid"]),
        (&first["message"]["id"], &first["message"]["uuid"])
    );
    assert_eq!((&reply["message_body"], &reply["message_type"]), (&json!("Hi"), &json!("text")));
    assert_eq!(first["conversation"]["chat_id"], "15550000001@c.us");

    for (change, field) in [
        (json!({ "recipient": "" }), "recipient"),
        (json!({ "recipient": "nobody" }), "recipient"),
        (json!({ "message": " " }), "message"),
        (json!({ "message": "x".repeat(4_097) }), "message"),
        (json!({ "reply_to": "660e8400-e29b-41d4-a716-446655440045" }), "reply_to"),
        (json!({ "recipient": SILENT }), "reply_to"),
        (json!({ "instance_id": null }), "instance_id"),
        (json!({ "message": 5 }), "message"),
    ] {
        let mut wrong = body.clone();
        wrong.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let (status, answer) = app.post("/api/v1/chat/send", wrong).await;
        assert_eq!((status.as_u16(), code(&answer)), (422, "VALIDATION_ERROR"), "{change}");
        assert!(answer["error"]["details"]["fields"][field][0].is_string(), "{answer}");
    }
    let missing = json!({ "instance_id": "s", "message": "x" });
    let (_, answer) = app.post("/api/v1/chat/send", missing).await;
    let expected = json!({ "success": false, "error": {
        "code": "VALIDATION_ERROR", "message": "The given data was invalid.",
        "details": { "fields": { "recipient": ["The recipient field is required."] } },
    } });
    assert_eq!(answer, expected);
    let nowhere = json!({ "instance_id": "other", "recipient": ECHO, "message": "x" });
    let (status, answer) = app.post("/api/v1/chat/send", nowhere).await;
    assert_eq!((status.as_u16(), code(&answer)), (404, "INSTANCE_NOT_FOUND"));
    let stranger = json!({ "instance_id": "s", "recipient": "99912345678", "message": "x" });
    let (status, answer) = app.post("/api/v1/chat/send", stranger).await;
    assert_eq!((status.as_u16(), code(&answer)), (422, "RECIPIENT_INVALID"), "{answer}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_read_archived_and_comes_back_by_itself() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    write(&app, "15550000011", "one").await;
    let one = conversation(&app, "15550000011").await;
    assert_eq!(one["unread_count"], 1);
    let id = one["id"].as_str().unwrap();
    let path = format!("/api/v1/chat/conversations/{id}");
    let (status, answer) = app.post(&format!("{path}/mark-read"), json!({})).await;
    assert_eq!((status.as_u16(), &answer["data"]), (200, &json!({ "id": id, "unread_count": 0 })));
    assert_eq!(conversation(&app, "15550000011").await["unread_count"], 0);
    let response = app.http.post(format!("{}{path}/archive", app.base)).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["data"], json!({ "id": id, "is_archived": true }));
    let (_, listed) = app.get("/api/v1/chat/conversations").await;
    assert_eq!(listed["data"]["total"], 0, "{listed}");
    let (_, archived) = app.get("/api/v1/conversations/archived").await;
    assert_eq!(archived["data"]["data"][0]["uuid"], id);
    write(&app, "15550000011", "two").await;
    let back = conversation(&app, "15550000011").await;
    assert_eq!((&back["id"], &back["is_archived"]), (&json!(id), &json!(false)));
    let (status, answer) = app.get("/api/v1/chat/conversations/not-one/messages").await;
    assert_eq!((status.as_u16(), code(&answer)), (404, "CONVERSATION_NOT_FOUND"));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_standard_form_and_the_chat_form_are_both_there() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let sent = send(&app, SILENT, "Hello!").await;
    let id = sent["conversation"]["id"].as_str().unwrap();
    // The last receipt that comes: both answers are of the same moment.
    app.wait_for("the message to be delivered", || async {
        let (_, list) = app.get("/api/v1/chat/conversations").await;
        (list["data"]["data"][0]["last_message_status"] == "delivered").then_some(())
    })
    .await;
    let (status, chat) = app.get("/api/v1/conversations?format=chat").await;
    assert_eq!(status, 200);
    let (_, same) = app.get("/api/v1/chat/conversations").await;
    assert_eq!(chat["data"]["data"], same["data"]["data"]);
    let (_, plain) = app.get("/api/v1/conversations").await;
    let printed = json!({ "data": [{
        "id": 1, "uuid": "", "instance_id": "", "contact_number": "", "contact_name": "",
        "is_group": false, "unread_count": 0, "is_archived": false, "last_message_at": "",
        "last_message": "", "created_at": "", "updated_at": "",
    }], "current_page": 1, "per_page": 20, "total": 1, "last_page": 1, "from": 1, "to": 1 });
    fits(&printed, &plain["data"], "data");
    let number = &plain["data"]["data"][0]["id"];
    let (status, by_number) = app.get(&format!("/api/v1/conversations/{number}")).await;
    assert_eq!((status.as_u16(), &by_number["data"]["uuid"]), (200, &json!(id)));
    let path = format!("/api/v1/conversations/{id}/messages");
    let (_, chat) = app.get(&format!("{path}?format=chat")).await;
    assert_eq!(chat["data"]["messages"][0]["formatted_body"], "Hello!");
    let (_, plain) = app.get(&path).await;
    let printed = json!({ "messages": [{
        "id": 1, "uuid": "", "conversation_id": "", "instance_id": "", "direction": "outgoing",
        "message_type": "text", "message_body": "Hello!", "status": "sent", "created_at": "",
    }], "has_more": false });
    fits(&printed, &plain["data"], "data");
    assert!(plain["data"]["messages"][0].get("formatted_body").is_none());
    for path in ["/api/v1/conversations?format=xml", &format!("{path}?format=xml")] {
        let (status, answer) = app.get(path).await;
        assert_eq!(status, 422, "{answer}");
        assert!(answer["error"]["details"]["fields"]["format"].is_array());
    }
    for (query, shown) in
        [("from=2000-01-01", 1), ("to=2000-01-01", 0), ("from=2000-01-01&to=2100-01-01", 1)]
    {
        let (_, found) = app.get(&format!("{path}?{query}")).await;
        assert_eq!(found["data"]["messages"].as_array().map(Vec::len), Some(shown), "{query}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_written_to_first_has_a_name_once_they_answer() {
    let app = TestApp::start().await;
    john(&app).await;
    app.ready("s", PHONE).await;
    let sent = send(&app, JOHN, "Hello?").await;
    let begun = &sent["conversation"];
    assert_eq!(begun["display_name"], format!("+{JOHN}"));
    write(&app, JOHN, "Who is there?").await;
    let answered = app
        .wait_for("the answer", || async {
            let one = conversation(&app, JOHN).await;
            // The list of chats that a new link reads may have the message before its event has the name.
            let is_there = one["last_message"] == "Who is there?";
            (is_there && one["display_name"] == "John Doe").then_some(one)
        })
        .await;
    assert_eq!(answered["id"], begun["id"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_writes_under_the_hidden_id_is_shown_by_the_number_once_it_is_known() {
    let app = TestApp::start().await;
    let show = async |shown: &str| {
        let path = "/_simulator/v1/accounts/15550000011/identity";
        let body = json!({ "shown": shown });
        assert_eq!(app.call(Method::PUT, path, Some(body)).await.0, 200);
    };
    show("lidAlone").await;
    app.ready("s", PHONE).await;
    write(&app, "15550000011", "who am I?").await;
    let masked = conversation(&app, "100015550000011").await;
    show("lid").await;
    write(&app, "15550000011", "it is me").await;
    let known = app
        .wait_for("the number", || async {
            let (_, answer) = app.get("/api/v1/chat/conversations").await;
            let one = answer["data"]["data"][0].clone();
            (one["contact_number"] == "15550000011").then_some(one)
        })
        .await;
    assert_eq!((&known["id"], &known["display_name"]), (&masked["id"], &json!("Ada Lovelace")));
    let shown = app
        .wait_for("both messages", || async {
            let shown = messages(&app, &known, "").await;
            (shown.len() == 2).then_some(shown)
        })
        .await;
    assert_eq!(shown[0]["sender"]["jid"], "15550000011@s.whatsapp.net");
    let body = json!({
        "instance_id": "s", "recipient": "15550000011", "message": "I know you",
        "reply_to": shown[1]["uuid"],
    });
    let (status, sent) = app.post("/api/v1/chat/send", body).await;
    assert_eq!(status, 200, "{sent}");
    assert_eq!(sent["data"]["conversation"]["id"], masked["id"]);
    assert_eq!(sent["data"]["message"]["reply_to"]["message_body"], "it is me");
    app.stop().await;
}
