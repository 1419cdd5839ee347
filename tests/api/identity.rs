//! People under both ids: who is who is learned, kept, reported once, and shown wherever a person is named.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{PHONE, TestApp, code};

const ADA: &str = "15550000011";
const ADA_PHONE: &str = "15550000011@c.us";
const ADA_LID: &str = "100015550000011@lid";
const GRACE_PHONE: &str = "15550000012@c.us";
const GRACE_LID: &str = "100015550000012@lid";

async fn show(app: &TestApp, body: Value) {
    let path = format!("/_simulator/v1/accounts/{ADA}/identity");
    let (status, answer) = app.call(Method::PUT, &path, Some(body)).await;
    assert_eq!(status, 200, "{answer}");
}

async fn write(app: &TestApp, chat: &str, words: &str) {
    let body = json!({ "chat": chat, "text": words });
    let (status, answer) = app.post(&format!("/_simulator/v1/accounts/{ADA}/messages"), body).await;
    assert_eq!(status, 200, "{answer}");
}

/// A linked session on an engine.
async fn linked(app: &TestApp, engine: &str) {
    let body = json!({ "sessionId": "s", "waitForQR": true, "config": { "engine": engine } });
    let (status, answer) = app.post("/api/v1/sessions", body).await;
    assert_eq!(status, 201, "{answer}");
    app.link("s", PHONE).await;
}

async fn data(app: &TestApp, path: &str) -> Value {
    let (status, answer) = app.get(&format!("/api/v1/sessions/s/{path}")).await;
    assert_eq!(status, 200, "{path}: {answer}");
    answer["data"].clone()
}

async fn bodies(app: &TestApp, chat: &str) -> Vec<String> {
    let messages = data(app, &format!("chats/{chat}/messages")).await;
    let bodies = messages.as_array().unwrap().iter().map(|message| message["body"].as_str());
    bodies.map(|body| body.unwrap().to_owned()).collect()
}

/// Every time that it was reported who Ada is, up to a message with these words.
async fn lessons_of_ada(app: &TestApp, until: &str) -> Vec<Value> {
    let mut replay = app.listen("/ws/s?since=0").await;
    let mut lessons = Vec::new();
    loop {
        let frame = replay.next().await;
        let data = &frame["data"];
        if frame["event"] == "identity_learned" && data["phone"] == ADA_PHONE {
            lessons.push(frame.clone());
        }
        if data["body"] == until {
            return lessons;
        }
    }
}

async fn a_member_known_by_lid_alone_is_shown_with_the_number_once_it_is_learned(engine: &str) {
    let app = TestApp::start().await;
    show(&app, json!({ "shown": "lidAlone" })).await;
    linked(&app, engine).await;
    // Grace's ids come with the contacts, which are read after the session is linked.
    let of_grace = format!("/api/v1/sessions/s/identities?phone={GRACE_PHONE}");
    let known = async || (app.get(&of_grace).await.0 == 200).then_some(());
    app.wait_for("the contacts", known).await;
    let body = json!({ "name": "Masks", "participants": [ADA_LID, GRACE_PHONE] });
    let (status, created) = app.post("/api/v1/sessions/s/groups", body).await;
    assert_eq!(status, 201, "{created}");
    let (alone, both) =
        (json!({ "phone": null, "lid": ADA_LID }), json!({ "phone": ADA_PHONE, "lid": ADA_LID }));
    let of_grace = json!({ "phone": GRACE_PHONE, "lid": GRACE_LID });
    assert_eq!(created["data"]["participants"][0]["identity"], alone);
    assert_eq!(created["data"]["participants"][1]["identity"], of_grace);
    let group = created["data"]["gid"].as_str().unwrap().to_owned();
    let mut listener = app.listen("/ws/s").await;
    write(&app, &group, "who am I?").await;
    let masked = listener.event("message").await["data"].clone();
    assert_eq!((&masked["author"], &masked["authorIdentity"]), (&json!(ADA_LID), &alone));
    assert_eq!(masked["chatIdentity"], Value::Null);
    let look_up = format!("/api/v1/sessions/s/identities?lid={ADA_LID}");
    let (status, answer) = app.get(&look_up).await;
    assert_eq!((status.as_u16(), code(&answer)), (404, "CONTACT_NOT_FOUND"));

    show(&app, json!({ "shown": "lid" })).await;
    write(&app, &group, "it is me").await;
    let learned = listener.event("identity_learned").await["data"].clone();
    assert_eq!(
        (&learned["lid"], &learned["phone"], &learned["formerPhone"]),
        (&json!(ADA_LID), &json!(ADA_PHONE), &Value::Null)
    );
    let unmasked = listener.event("message").await["data"].clone();
    assert_eq!((&unmasked["author"], &unmasked["authorIdentity"]), (&json!(ADA_PHONE), &both));
    // What came before it was learned is as it was, and shows both.
    let history = data(&app, &format!("chats/{group}/messages")).await;
    let first = history.as_array().unwrap().iter().find(|message| message["id"] == masked["id"]);
    let first = first.unwrap();
    assert_eq!((&first["author"], &first["authorIdentity"]), (&json!(ADA_LID), &both));
    let members = data(&app, &format!("groups/{group}")).await["participants"].clone();
    assert!(members.as_array().unwrap().iter().any(|member| member["identity"] == both));
    for query in [format!("lid={ADA_LID}"), "phone=%2B1 555 0000011".replace(' ', "%20")] {
        let found = data(&app, &format!("identities?{query}")).await;
        assert_eq!((&found["phone"], &found["lid"]), (&json!(ADA_PHONE), &json!(ADA_LID)));
    }
    let body = json!({ "chatId": group, "content": "@you", "mentions": [ADA_LID] });
    assert_eq!(app.post("/api/v1/sessions/s/send-text", body).await.0, 200);
    let mentioning = listener.event("message_sent").await["data"].clone();
    assert_eq!(mentioning["mentionedIdentities"], json!([both]));

    // The engine tells it all again, and nobody hears of it again.
    assert_eq!(app.post("/api/v1/sessions/s/restart", json!({})).await.0, 200);
    app.wait_for_status("s", "ready").await;
    write(&app, &group, "again").await;
    assert_eq!(lessons_of_ada(&app, "again").await.len(), 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_masked_member_in_process() {
    a_member_known_by_lid_alone_is_shown_with_the_number_once_it_is_learned("simulated").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_masked_member_in_chromium() {
    a_member_known_by_lid_alone_is_shown_with_the_number_once_it_is_learned("browser").await;
}

async fn a_person_has_one_chat_under_both_ids(engine: &str) {
    let app = TestApp::start().await;
    linked(&app, engine).await;
    // The chat is there by number when the network begins to name it by the other id.
    let mut listener = app.listen("/ws/s?events=message").await;
    write(&app, &format!("{PHONE}@c.us"), "one").await;
    assert_eq!(listener.event("message").await["data"]["chatId"], ADA_PHONE);
    show(&app, json!({ "shown": "lid" })).await;
    write(&app, &format!("{PHONE}@c.us"), "two").await;
    let second = listener.event("message").await["data"].clone();
    assert_eq!(second["chatId"], ADA_PHONE, "{second}");
    assert_eq!(second["chatIdentity"], json!({ "phone": ADA_PHONE, "lid": ADA_LID }));
    for (to, words) in [(ADA_LID, "three"), (ADA_PHONE, "four")] {
        let body = json!({ "chatId": to, "content": words, "quotedMessageId": second["id"] });
        let (status, sent) = app.post("/api/v1/sessions/s/send-text", body).await;
        assert_eq!((status.as_u16(), &sent["data"]["chatId"]), (200, &json!(ADA_PHONE)), "{sent}");
        let id = sent["data"]["messageId"].as_str().unwrap().replace(ADA_PHONE, to);
        let path = format!("/api/v1/sessions/s/messages/{id}");
        let body = json!({ "content": format!("{words}!") });
        let (status, answer) = app.call(Method::PATCH, &path, Some(body)).await;
        assert_eq!(status, 200, "{answer}");
    }
    for id in [ADA_PHONE, ADA_LID] {
        assert_eq!(bodies(&app, id).await, ["one", "two", "three!", "four!"], "{id}");
        let path = format!("/api/v1/sessions/s/chats/{id}/archive");
        assert_eq!(app.post(&path, json!({})).await.0, 200);
    }
    assert_eq!(app.post("/api/v1/sessions/s/restart", json!({})).await.0, 200);
    app.wait_for_status("s", "ready").await;
    write(&app, &format!("{PHONE}@c.us"), "five").await;
    assert_eq!(listener.event("message").await["data"]["body"], "five");
    let chats = data(&app, "chats").await;
    let ids: Vec<&Value> = chats.as_array().unwrap().iter().map(|chat| &chat["id"]).collect();
    assert_eq!(ids, [ADA_PHONE]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_chat_in_process() {
    a_person_has_one_chat_under_both_ids("simulated").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_chat_in_chromium() {
    a_person_has_one_chat_under_both_ids("browser").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_began_under_the_lid_is_found_by_the_number_once_it_is_learned() {
    let app = TestApp::start().await;
    show(&app, json!({ "shown": "lidAlone" })).await;
    linked(&app, "simulated").await;
    let mut listener = app.listen("/ws/s").await;
    write(&app, &format!("{PHONE}@c.us"), "one").await;
    assert_eq!(listener.event("message").await["data"]["from"], ADA_LID);
    show(&app, json!({ "shown": "number" })).await;
    listener.event("identity_learned").await;
    let body = json!({ "chatId": ADA_PHONE, "content": "two" });
    let (_, sent) = app.post("/api/v1/sessions/s/send-text", body).await;
    assert_eq!(sent["data"]["chatId"], ADA_LID, "{sent}");
    assert_eq!(bodies(&app, ADA_PHONE).await, ["one", "two"]);
    let chats = data(&app, "chats").await;
    assert_eq!(chats.as_array().map(Vec::len), Some(1), "{chats}");
    assert_eq!(chats[0]["identity"], json!({ "phone": ADA_PHONE, "lid": ADA_LID }));
    let contacts = data(&app, "contacts").await;
    let of_ada = contacts.as_array().unwrap().iter();
    let of_ada: Vec<&Value> = of_ada.filter(|each| each["lid"] == ADA_LID).collect();
    assert_eq!(of_ada.len(), 1, "{contacts}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_in_one_of_the_two_chats_that_began_before_they_were_known_as_one() {
    let app = TestApp::start().await;
    linked(&app, "simulated").await;
    let mut listener = app.listen("/ws/s?events=message").await;
    let own = format!("{PHONE}@c.us");
    write(&app, &own, "by number").await;
    assert_eq!(listener.event("message").await["data"]["from"], ADA_PHONE);
    show(&app, json!({ "lid": "777000111222333@lid", "shown": "lidAlone" })).await;
    write(&app, &own, "by hidden id").await;
    let hidden = listener.event("message").await["data"]["from"].as_str().unwrap().to_owned();
    assert!(hidden.ends_with("@lid"), "{hidden}");
    show(&app, json!({ "shown": "lid" })).await;
    write(&app, &own, "by both").await;
    assert_eq!(listener.event("message").await["data"]["body"], "by both");
    // The phone shows one chat, of which some messages are in the other one here. Reading it fetches them all.
    for chat in [&hidden, ADA_PHONE] {
        assert_eq!(bodies(&app, chat).await.len(), 3, "{chat}");
    }
    assert_eq!(app.post("/api/v1/sessions/s/restart", json!({})).await.0, 200);
    app.wait_for_status("s", "ready").await;
    let (_, list) = app.get("/api/v1/messages?per_page=50").await;
    let mut stored: Vec<&str> = list["data"]["messages"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|message| message["message_body"].as_str())
        .collect();
    stored.sort_unstable();
    assert_eq!(stored, ["by both", "by hidden id", "by number"], "{list}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_map_outlives_the_gateway_and_a_number_that_moves_replaces_the_old_pair() {
    let app = TestApp::start().await;
    linked(&app, "simulated").await;
    write(&app, &format!("{PHONE}@c.us"), "before").await;
    assert_eq!(lessons_of_ada(&app, "before").await.len(), 1);
    let app = TestApp::start_in(app.stop().await, &[]).await;
    assert_eq!(data(&app, &format!("identities?phone={ADA}")).await["lid"], ADA_LID);
    app.wait_for_status("s", "ready").await;
    let moved = "777000111222333@lid";
    let mut listener = app.listen("/ws/s?events=identity_learned").await;
    show(&app, json!({ "lid": moved })).await;
    let learned = listener.event("identity_learned").await["data"].clone();
    assert_eq!(
        (&learned["lid"], &learned["phone"], &learned["formerLid"]),
        (&json!(moved), &json!(ADA_PHONE), &json!(ADA_LID))
    );
    assert_eq!(data(&app, &format!("identities?phone={ADA}")).await["lid"], moved);
    let (status, _) = app.get(&format!("/api/v1/sessions/s/identities?lid={ADA_LID}")).await;
    assert_eq!(status, 404);
    write(&app, &format!("{PHONE}@c.us"), "after").await;
    let lessons = lessons_of_ada(&app, "after").await;
    let lids: Vec<&Value> = lessons.iter().map(|lesson| &lesson["data"]["lid"]).collect();
    assert_eq!(lids, [ADA_LID, moved]);
    for query in ["", "?lid=1", "?phone=x", "?lid=15550000011@c.us", "?lid=1@lid&phone=1"] {
        let (status, answer) = app.get(&format!("/api/v1/sessions/s/identities{query}")).await;
        assert_eq!((status.as_u16(), code(&answer)), (400, "VALIDATION_ERROR"), "{query}");
    }
    // What one account knew is not for the next of that name.
    assert_eq!(app.call(Method::DELETE, "/api/v1/sessions/s", None).await.0, 200);
    app.create("s").await;
    let (status, _) = app.get(&format!("/api/v1/sessions/s/identities?phone={ADA}")).await;
    assert_eq!(status, 404);
    app.stop().await;
}
