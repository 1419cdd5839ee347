//! Quick replies: saved, found by what was typed, changed, deleted.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    business::{
        call, created, get,
        sending::{png, upload},
    },
};

fn reply(shortcut: &str, content: &str) -> Value {
    json!({ "shortcut": shortcut, "content": content })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shortcut_is_saved_once_and_found_by_its_beginning() {
    let app = TestApp::start().await;
    let made = created(&app, "/quick-replies", reply("greeting", "Hi {{contact.name}}")).await;
    assert_eq!((&made["shortcut"], &made["usageCount"]), (&json!("/greeting"), &json!(0)));
    assert_eq!((&made["mediaId"], &made["content"]), (&Value::Null, &json!("Hi {{contact.name}}")));
    assert!(made["createdBy"].is_string(), "{made}");
    for same in ["/greeting", "greeting", "/Greeting"] {
        let body = reply(same, "x");
        let (status, answer) = call(&app, Method::POST, "/quick-replies", Some(body)).await;
        assert_eq!((status, &answer["code"]), (409, &json!("duplicate")), "{answer}");
    }
    created(&app, "/quick-replies", reply("/great", "x")).await;
    created(&app, "/quick-replies", reply("/bye", "x")).await;
    for (query, expected) in [
        ("", vec!["/bye", "/great", "/greeting"]),
        ("?q=/", vec!["/bye", "/great", "/greeting"]),
        ("?q=/gre", vec!["/great", "/greeting"]),
        ("?q=GREE", vec!["/greeting"]),
        ("?q=/x", vec![]),
        ("?q=%25", vec![]),
    ] {
        let found = get(&app, &format!("/quick-replies{query}")).await;
        let found = found["quickReplies"].as_array().unwrap().iter();
        let found: Vec<&str> = found.map(|one| one["shortcut"].as_str().unwrap()).collect();
        assert_eq!(found, expected, "{query}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_is_changed_and_what_is_deleted_is_gone() {
    let app = TestApp::start().await;
    let made = created(&app, "/quick-replies", reply("/one", "first")).await;
    created(&app, "/quick-replies", reply("/two", "second")).await;
    let path = format!("/quick-replies/{}", made["id"].as_str().unwrap());
    let change = async |body: Value| call(&app, Method::PATCH, &path, Some(body)).await;
    let (_, media) = upload(&app, png(), "menu.png").await;
    let media = media["mediaId"].clone();
    let (status, changed) = change(json!({ "content": "new", "mediaId": media })).await;
    assert_eq!((status, &changed["shortcut"]), (200, &json!("/one")), "{changed}");
    assert_eq!((&changed["content"], &changed["mediaId"]), (&json!("new"), &media));
    assert_eq!(change(json!({ "mediaId": null })).await.1["mediaId"], Value::Null);
    assert_eq!(change(json!({ "shortcut": "/two" })).await.0, 409);
    assert_eq!(change(json!({ "shortcut": "/ONE" })).await.1["shortcut"], "/ONE");
    assert_eq!(call(&app, Method::DELETE, &path, None).await.0, 200);
    for (method, body) in [(Method::DELETE, None), (Method::PATCH, Some(json!({})))] {
        let (status, answer) = call(&app, method, &path, body).await;
        assert_eq!((status, &answer["code"]), (404, &json!("not_found")), "{answer}");
    }
    created(&app, "/quick-replies", reply("/one", "again")).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_a_quick_reply_is_named() {
    let app = TestApp::start().await;
    let long = "x".repeat(4_097);
    for (body, field) in [
        (json!({}), "shortcut"),
        (json!({}), "content"),
        (reply("/", "x"), "shortcut"),
        (reply("/two words", "x"), "shortcut"),
        (reply("/ä", "x"), "shortcut"),
        (reply(&"x".repeat(33), "x"), "shortcut"),
        (reply("/a", " "), "content"),
        (reply("/a", &long), "content"),
        (json!({ "shortcut": "/a", "content": "x", "mediaId": "y" }), "mediaId"),
    ] {
        let (status, answer) = call(&app, Method::POST, "/quick-replies", Some(body.clone())).await;
        assert_eq!(status, 400, "{body}: {answer}");
        assert!(answer["fields"][field].is_array(), "{field}: {answer}");
    }
    let longest = reply(&"x".repeat(31), &long[..4_096]);
    created(&app, "/quick-replies", longest).await;
    app.stop().await;
}
