//! Messages by their words, through the Chat API.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{PHONE, SILENT, TestApp, code},
    chat::{conversation, messages, send, write},
};

const SILENT_PHONE: &str = "15550000003";
const ADA: &str = "15550000011";

/// The texts that a search finds, newest first.
async fn found(app: &TestApp, words: &str, further: &str) -> Vec<String> {
    let words: String = url::form_urlencoded::byte_serialize(words.as_bytes()).collect();
    let (status, answer) = app.get(&format!("/api/v1/messages?search={words}{further}")).await;
    assert_eq!(status, 200, "{answer}");
    let texts = |all: &Vec<Value>| {
        all.iter().map(|one| one["message_body"].as_str().unwrap().to_owned()).collect()
    };
    answer["data"]["messages"].as_array().map(texts).unwrap()
}

async fn wait(app: &TestApp, words: &str, wanted: &[&str]) {
    app.wait_for(&format!("{words} to find {wanted:?}"), || async {
        (found(app, words, "").await == wanted).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_found_by_its_words_in_any_script_and_follows_its_changes() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    for text in ["Un café, s'il vous plaît", "مَرْحَبًا بك", "我在北京工作", "สวัสดีครับ", "well 🎉 done"]
    {
        write(&app, SILENT_PHONE, text).await;
    }
    wait(&app, "CAFE", &["Un café, s'il vous plaît"]).await;
    wait(&app, "cafe plai", &["Un café, s'il vous plaît"]).await;
    wait(&app, "مرحبا", &["مَرْحَبًا بك"]).await;
    wait(&app, "北京", &["我在北京工作"]).await;
    wait(&app, "สวัสดี", &["สวัสดีครับ"]).await;
    wait(&app, "🎉", &["well 🎉 done"]).await;

    let sent = send(&app, SILENT, "an own apple").await;
    wait(&app, "apple", &["an own apple"]).await;
    let path = format!("/api/v1/chat/messages/{}", sent["message"]["uuid"].as_str().unwrap());
    let body = json!({ "message": "an own pear" });
    assert_eq!(app.call(Method::PATCH, &path, Some(body)).await.0, 200);
    wait(&app, "pear", &["an own pear"]).await;
    assert_eq!(found(&app, "apple", "").await, Vec::<String>::new());
    assert_eq!(app.call(Method::DELETE, &path, None).await.0, 200);
    wait(&app, "pear", &[]).await;
    let hidden = send(&app, SILENT, "an own plum").await;
    wait(&app, "plum", &["an own plum"]).await;
    let path = format!("/api/v1/chat/messages/{}", hidden["message"]["uuid"].as_str().unwrap());
    assert_eq!(app.call(Method::DELETE, &format!("{path}?for=me"), None).await.0, 200);
    wait(&app, "plum", &[]).await;

    // A restart, and one without the index, find the same.
    let folder = app.stop().await;
    let app = TestApp::start_in(folder, &[]).await;
    wait(&app, "北京", &["我在北京工作"]).await;
    let folder = app.stop().await;
    std::fs::remove_dir_all(folder.path().join("search")).unwrap();
    let app = TestApp::start_in(folder, &[]).await;
    wait(&app, "北京", &["我在北京工作"]).await;
    assert_eq!(found(&app, "plum", "").await, Vec::<String>::new());

    assert!(app.call(Method::DELETE, "/api/v1/sessions/s", None).await.0.is_success());
    wait(&app, "北京", &[]).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn history_that_is_fetched_later_is_found_too() {
    let app = TestApp::start().await;
    let body = json!({ "phone": PHONE, "name": "Owner" });
    assert!(app.post("/_simulator/v1/accounts", body).await.0.is_success());
    for number in 0..30 {
        write(&app, ADA, &format!("old{number} story")).await;
    }
    app.ready("s", PHONE).await;
    let one = conversation(&app, ADA).await;
    messages(&app, &one, "?limit=200").await;
    wait(&app, "old7", &["old7 story"]).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn results_come_newest_first_in_pages_and_narrowed_down() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let mut sent = Vec::new();
    for number in 0..7 {
        sent.push(send(&app, SILENT, &format!("fruit {number}")).await);
    }
    write(&app, ADA, "fruit of Ada").await;
    app.wait_for("all of them", || async {
        (found(&app, "fruit", "").await.len() == 8).then_some(())
    })
    .await;
    let (mut before, mut all) = (String::new(), Vec::new());
    loop {
        let path = format!("/api/v1/messages?search=fruit&per_page=3{before}");
        let (_, answer) = app.get(&path).await;
        let page = answer["data"]["messages"].as_array().unwrap().clone();
        all.extend(page.iter().map(|one| one["id"].as_u64().unwrap()));
        if answer["data"]["has_more"] == false {
            break;
        }
        before = format!("&before_id={}", answer["data"]["next_before_id"]);
    }
    assert_eq!(all.len(), 8);
    assert!(all.is_sorted_by(|one, next| one > next), "{all:?}");
    assert_eq!(found(&app, "fruit", "&direction=incoming").await, ["fruit of Ada"]);
    let with = format!("&conversation_id={}", sent[0]["conversation"]["id"].as_str().unwrap());
    assert_eq!(found(&app, "fruit", &with).await.len(), 7);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_for_one_session_finds_nothing_of_another() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    app.create("other").await;
    write(&app, ADA, "secret plan").await;
    wait(&app, "secret", &["secret plan"]).await;
    let read = async |session: &str| {
        let only = session.parse().unwrap();
        let keys = &app.gateway.services().api_keys;
        let (_, key) = keys.create("k", vec!["*".to_owned()], Some(only), None).await.unwrap();
        let path = format!("{}/api/v1/messages?search=secret", app.base);
        let answer = app.http.get(path).bearer_auth(key).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        answer["data"]["messages"].as_array().unwrap_or_else(|| panic!("{answer}")).len()
    };
    assert_eq!((read("s").await, read("other").await), (1, 0));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_queries_find_nothing_or_are_refused_in_words() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    send(&app, SILENT, "something").await;
    wait(&app, "something", &["something"]).await;
    for odd in ["?!…", "\u{0}\u{1}\u{7f}", "\"", "* OR *", "\u{202e}\u{200d}", "text:x AND"] {
        assert_eq!(found(&app, odd, "").await, Vec::<String>::new(), "{odd:?}");
    }
    // A search for nothing is none: all messages are listed.
    for empty in ["", "  "] {
        assert_eq!(found(&app, empty, "").await, ["something"], "{empty:?}");
    }
    let long = "x".repeat(4_096);
    let (status, answer) = app.get(&format!("/api/v1/messages?search={long}")).await;
    assert_eq!((status.as_u16(), code(&answer)), (422, "VALIDATION_ERROR"));
    assert!(answer["error"]["details"]["fields"]["search"].is_array(), "{answer}");
    assert_eq!(app.get("/api/v1/messages?search=%ff%fe").await.0, 200);
    app.stop().await;

    let app = TestApp::start_with(&[("WAGATE_SEARCH__ENABLED", "false")]).await;
    app.ready("s", PHONE).await;
    let (status, answer) = app.get("/api/v1/messages?search=x").await;
    assert_eq!((status.as_u16(), code(&answer)), (501, "NOT_SUPPORTED"));
    app.stop().await;
}
