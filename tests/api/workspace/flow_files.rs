//! Flows that send files, and flows of people who have two chats.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use wagate::{domain::Clock, store::disk::Disk};

use crate::{
    app::{PHONE, TestApp},
    business::sending::{png, upload},
    chat::write,
    workspace::{PASSWORD, answered, bot_replies::Desk, delete, get, owner, post, sign_in, text},
};

const FLOWS: &str = "/api/whatsapp-api/flows";
const ADA: &str = "15550000031";
const PUBLIC: &str = "https://gateway.example.com";

fn flow(steps: Value) -> Value {
    json!({ "name": "Menu", "trigger": { "type": "keyword", "keywords": ["menu"] }, "steps": steps })
}

/// What became of the steps of the newest run, once there is one.
async fn newest_run(app: &TestApp, clock: &Clock, token: &str, id: &str) -> Value {
    let run = async || {
        clock.advance(Duration::from_millis(50));
        let path = format!("{FLOWS}/{id}/runs");
        let runs = answered(get(app, &path, Some(token)).await, 200);
        runs["runs"].get(0).map(|run| run["actions"].clone())
    };
    app.wait_for("a run of the flow", run).await
}

/// Whether a file of the library can be read.
async fn is_there(app: &TestApp, token: &str, file: &Value) -> bool {
    get(app, &format!("/api/media/{}", text(file)), Some(token)).await.status == 200
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_sends_a_file_which_stays_as_long_as_a_step_names_it() {
    let desk = Desk::new(json!({})).await;
    let app = &desk.app;
    let (_, file) = upload(app, png(), "menu.png").await;
    let file = file["mediaId"].clone();
    for (media, fault) in [
        (json!("x"), "must be the id of an uploaded file"),
        (json!("0194f3a0-0000-7000-8000-00000000000f"), "names no uploaded file"),
    ] {
        let steps = json!([{ "id": "menu", "type": "message", "mediaId": media }]);
        let refused = post(app, FLOWS, flow(steps), Some(&desk.token)).await;
        let refused = answered(refused, 400);
        assert_eq!(refused["fields"]["steps[0].mediaId"], json!([fault]), "{refused}");
    }
    let steps = json!([
        { "id": "menu", "type": "message", "text": "Our menu", "mediaId": file },
        { "id": "end", "type": "end" },
    ]);
    let made = answered(post(app, FLOWS, flow(steps), Some(&desk.token)).await, 201);
    assert_eq!(made["steps"][0]["mediaId"], file);
    write(app, ADA, "The menu, please").await;
    let path = format!("/_simulator/v1/accounts/{ADA}/chats/{PHONE}@c.us/messages");
    let shown = async || {
        desk.clock.advance(Duration::from_millis(50));
        let (_, answer) = app.get(&path).await;
        let all = answer["data"]["messages"].as_array().cloned().unwrap_or_default();
        all.into_iter().find(|one| !one["media"].is_null())
    };
    let picture = app.wait_for("the picture", shown).await;
    assert!(picture.to_string().contains("Our menu"), "{picture}");
    let id = text(&made["id"]);
    let expected = json!([{ "type": "message", "done": true, "error": null, "note": null }]);
    assert_eq!(newest_run(app, &desk.clock, &desk.token, &id).await, expected);

    // A month later it is there, and once the flow is gone it is not.
    let (_, other) = upload(app, [png(), vec![0]].concat(), "other.png").await;
    let other = other["mediaId"].clone();
    let month = Duration::from_secs(32 * 86_400);
    desk.clock.advance(month);
    let token = sign_in(app, "ada@example.com", PASSWORD).await;
    let dropped = async |file: &Value| {
        desk.clock.advance(Duration::from_secs(60));
        (!is_there(app, &token, file).await).then_some(())
    };
    app.wait_for("the file that nobody holds to go", || dropped(&other)).await;
    assert!(is_there(app, &token, &file).await);
    let path = format!("{FLOWS}/{id}");
    answered(delete(app, &path, &token).await, 200);
    desk.clock.advance(month);
    let token = sign_in(app, "ada@example.com", PASSWORD).await;
    let dropped = async || {
        desk.clock.advance(Duration::from_secs(60));
        (!is_there(app, &token, &file).await).then_some(())
    };
    app.wait_for("the file of the flow to go", dropped).await;
    desk.app.stop().await;
}

/// What a flow with a file says by SMS, and what its run says of it.
async fn by_sms(settings: &[(&str, &str)], words: &str) -> (Vec<String>, Value) {
    let clock = Clock::manual(Clock::system().now());
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::start_on(folder, settings, clock.clone(), Disk::manual(0)).await;
    let (token, _) = owner(&app).await;
    let (_, file) = upload(&app, png(), "menu.png").await;
    let mut step = json!({ "id": "menu", "type": "message", "mediaId": file["mediaId"] });
    if !words.is_empty() {
        step["text"] = json!(words);
    }
    let body = flow(json!([step, { "id": "end", "type": "end" }]));
    let made = answered(post(&app, FLOWS, body, Some(&token)).await, 201);
    let asked = json!({ "from": "+15550000011", "text": "menu" });
    let (status, answer) = app.post("/_simulator/v1/sms", asked).await;
    assert_eq!(status, 200, "{answer}");
    let run = newest_run(&app, &clock, &token, &text(&made["id"])).await;
    let is_due = run[0]["done"] == true;
    let said = async || {
        clock.advance(Duration::from_millis(50));
        let (_, answer) = app.get("/_simulator/v1/sms").await;
        let all = answer["data"]["messages"].as_array().unwrap();
        let texts: Vec<String> = all.iter().map(|one| text(&one["text"])).collect();
        (!is_due || !texts.is_empty()).then_some(texts)
    };
    let said = app.wait_for("the text message", said).await;
    if let Some(link) =
        said.iter().flat_map(|text| text.lines()).find(|line| line.contains("/api/media/"))
    {
        let path = link.strip_prefix(PUBLIC).expect("it leads elsewhere");
        let opened = app.http.get(format!("{}{path}", app.base)).send().await.unwrap();
        assert_eq!(opened.status().as_u16(), 200);
        assert_eq!(opened.bytes().await.unwrap(), png());
        let wrong = path.replace("sig=", "sig=x");
        let refused = app.http.get(format!("{}{wrong}", app.base)).send().await.unwrap();
        assert_eq!(refused.status().as_u16(), 403);
        clock.advance(Duration::from_secs(8 * 86_400));
        let refused = app.http.get(format!("{}{path}", app.base)).send().await.unwrap();
        assert_eq!(refused.status().as_u16(), 403, "it opens the file for ever");
    }
    app.stop().await;
    (said, run)
}

#[tokio::test(flavor = "multi_thread")]
async fn by_sms_a_link_or_the_text_alone_goes_in_place_of_a_file() {
    let public = [("PUBLIC_URL", PUBLIC), ("OPENWA_AUTH", "open")];
    let (said, run) = by_sms(&public, "Our menu").await;
    assert!(said[0].starts_with(&format!("Our menu\n{PUBLIC}/api/media/")), "{said:?}");
    let note = "SMS carries no file: a link was sent in its place";
    assert_eq!((&run[0]["done"], &run[0]["note"]), (&json!(true), &json!(note)));
    let (said, run) = by_sms(&[], "Our menu").await;
    assert_eq!(said, ["Our menu"]);
    let note = "SMS carries no file: its text was sent alone";
    assert_eq!((&run[0]["done"], &run[0]["note"]), (&json!(true), &json!(note)));
    let (said, run) = by_sms(&[], "").await;
    assert_eq!(said, Vec::<String>::new());
    assert_eq!((&run[0]["done"], &run[0]["error"]), (&json!(false), &json!("SMS carries no file")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_goes_on_in_the_other_chat_of_the_same_person() {
    let desk = Desk::new(json!({})).await;
    let app = &desk.app;
    let shown = async |how: &str| {
        let path = format!("/_simulator/v1/accounts/{ADA}/identity");
        let (status, answer) = app.call(Method::PUT, &path, Some(json!({ "shown": how }))).await;
        assert_eq!(status, 200, "{answer}");
    };
    write(app, ADA, "Hi").await;
    desk.has(ADA, &["Welcome to Acme"]).await;
    let steps = json!([
        {
            "id": "size", "type": "question", "text": "Which size?", "saveTo": "attributes.size",
            "validate": "number",
        },
        { "id": "thanks", "type": "message", "text": "Thank you." },
    ]);
    let made = answered(post(app, FLOWS, flow(steps), Some(&desk.token)).await, 201);
    // The id is not known to be the same person's: this begins another chat.
    shown("lidAlone").await;
    write(app, ADA, "menu").await;
    desk.has(ADA, &["Welcome to Acme", "Which size?"]).await;
    shown("number").await;
    let ids = format!("/api/v1/sessions/shop/identities?phone={ADA}");
    let learned = async || {
        desk.clock.advance(Duration::from_millis(50));
        (app.get(&ids).await.0 == 200).then_some(())
    };
    app.wait_for("the pair of ids", learned).await;
    write(app, ADA, "42").await;
    desk.has(ADA, &["Welcome to Acme", "Which size?", "Thank you."]).await;
    let run = newest_run(app, &desk.clock, &desk.token, &text(&made["id"])).await;
    assert_eq!(run[0]["type"], "save", "{run}");
    // Neither chat is the flow's any more.
    let all = desk.inbox("").await;
    let all = all["conversations"].as_array().unwrap();
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all.iter().all(|one| one["status"] == "open"), "{all:?}");
    desk.app.stop().await;
}
