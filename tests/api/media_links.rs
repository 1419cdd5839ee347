//! Links to files in answers of the Chat API: what an `<img>` loads, which sends no credential.

use reqwest::{Response, header::HeaderMap};
use serde_json::{Value, json};

use crate::{
    app::{PHONE, TestApp},
    chat::{conversation, messages, write},
    chat_messages::pixel,
};

const ADA: &str = "15550000011";
const SETTINGS: &[(&str, &str)] = &[("WAGATE_OPENWA__AUTH", "required")];

/// A gateway that asks everybody for a key, and a key for one session.
async fn guarded(settings: &[(&str, &str)]) -> (TestApp, String) {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let body = json!({
        "chat": format!("{PHONE}@c.us"), "text": "a dot", "mime": "image/png", "filename": "dot.png",
        "mediaBase64": crate::app::PNG.split_once(',').unwrap().1,
    });
    let path = format!("/_simulator/v1/accounts/{ADA}/messages");
    assert_eq!(app.post(&path, body).await.0, 200);
    write(&app, ADA, "words").await;
    let one = conversation(&app, ADA).await;
    let all = app
        .wait_for("both messages", || async {
            let all = messages(&app, &one, "").await;
            (all.len() == 2).then_some(all)
        })
        .await;
    // Fetched once from the engine, it is kept.
    assert_eq!(ask(&app, all[0]["media"]["url"].as_str().unwrap(), &[]).await.status(), 200);
    app.ready("t", "15551112222").await;
    let keys = &app.gateway.services().api_keys;
    let only = Some("s".parse().unwrap());
    let scopes = vec!["conversations".to_owned()];
    let (_, key) = keys.create("page", scopes, only, None).await.unwrap();
    let all = SETTINGS.iter().chain(settings).copied().collect::<Vec<_>>();
    (TestApp::start_in(app.stop().await, &all).await, key)
}

async fn ask(app: &TestApp, path: &str, headers: &[(&'static str, &str)]) -> Response {
    let mut request = app.http.get(format!("{}{path}", app.base));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

/// The messages with Ada as a page with this key reads them.
async fn read(app: &TestApp, key: &str) -> Vec<Value> {
    let authorization = format!("Bearer {key}");
    let headers = [("authorization", authorization.as_str())];
    let listed = ask(app, "/api/v1/chat/conversations", &headers).await.json::<Value>().await;
    let listed = listed.unwrap();
    let id = listed["data"]["data"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/chat/conversations/{id}/messages");
    let page = ask(app, &path, &headers).await.json::<Value>().await.unwrap();
    page["data"]["messages"].as_array().unwrap().clone()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_shows_its_file_without_a_credential_whole_and_in_part() {
    let (app, key) = guarded(&[]).await;
    let all = read(&app, &key).await;
    let link = all[0]["media"]["url"].as_str().unwrap();
    assert_eq!(ask(&app, link, &[]).await.status(), 200);
    let whole = ask(&app, link, &[]).await;
    let headers = whole.headers().clone();
    for (name, value) in [
        ("content-type", "image/png"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; frame-ancestors 'none'"),
        ("accept-ranges", "bytes"),
        ("content-disposition", "inline; filename*=UTF-8''dot%2Epng"),
        ("content-length", &pixel().len().to_string()),
    ] {
        assert_eq!(header(&headers, name), value, "{name}");
    }
    assert_eq!(whole.bytes().await.unwrap().as_ref(), pixel());
    let part = ask(&app, link, &[("range", "bytes=1-3")]).await;
    assert_eq!(part.status(), 206);
    let range = format!("bytes 1-3/{}", pixel().len());
    assert_eq!(header(part.headers(), "content-range"), range);
    assert_eq!(part.bytes().await.unwrap().as_ref(), b"PNG");
    let beyond = ask(&app, link, &[("range", "bytes=5000-")]).await;
    assert_eq!(beyond.status(), 416);
    assert_eq!(header(beyond.headers(), "content-range"), format!("bytes */{}", pixel().len()));
    let known = ask(&app, link, &[("if-none-match", header(&headers, "etag"))]).await;
    assert_eq!((known.status().as_u16(), known.bytes().await.unwrap().len()), (304, 0));
    // By the credential it is there as well, and without either it is not.
    let by_key = format!("/api/v1/chat/messages/{}/media", all[0]["uuid"].as_str().unwrap());
    let authorization = format!("Bearer {key}");
    let answer = ask(&app, &by_key, &[("authorization", &authorization)]).await;
    assert_eq!(answer.bytes().await.unwrap().as_ref(), pixel());
    assert_eq!(ask(&app, &by_key, &[]).await.status(), 401);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_old_altered_or_of_another_file_or_gateway_opens_nothing() {
    let (app, key) = guarded(&[]).await;
    let (elsewhere, _) = guarded(&[]).await;
    let all = read(&app, &key).await;
    let link = all[0]["media"]["url"].as_str().unwrap().to_owned();
    let (path, query) = link.split_once('?').unwrap();
    let (expires, signature) = query.split_once('&').unwrap();
    let expires: i64 = expires.strip_prefix("exp=").unwrap().parse().unwrap();
    let other = format!("/api/media/{}", all[1]["uuid"].as_str().unwrap());
    // Without anything it needs a key.
    assert_eq!(ask(&app, path, &[]).await.status(), 401);
    for wrong in [
        format!("{path}?{signature}"),
        format!("{path}?exp={}&{signature}", expires + 60),
        format!("{path}?exp={expires}&{signature}A"),
        format!("{path}?exp={expires}&sig=AAAA"),
        format!("{path}?exp=never&{signature}"),
        format!("{other}?{query}"),
        format!("/api/media/nothing?{query}"),
    ] {
        let answer = ask(&app, &wrong, &[]).await;
        assert_eq!(answer.status(), 403, "{wrong}");
        let answer: Value = answer.json().await.unwrap();
        assert_eq!((&answer["code"], answer["error"].is_string()), (&json!("forbidden"), true));
    }
    assert_eq!(ask(&elsewhere, &link, &[]).await.status(), 403);
    elsewhere.stop().await;
    // One that signs opens nothing but what the one who asked may read.
    let headers = [("authorization", format!("Bearer {key}"))];
    let of_t =
        ask(&app, "/api/v1/messages?instance_id=t", &[("authorization", &headers[0].1)]).await;
    assert_eq!(of_t.status(), 404);
    // A message that is deleted is gone for those who have a link too.
    let id = all[0]["whatsapp_id"].as_str().unwrap().parse().unwrap();
    let actions = &app.gateway.services().message_actions;
    actions.delete_locally(&"s".parse().unwrap(), &id).await.unwrap();
    assert_eq!(ask(&app, &link, &[]).await.status(), 404);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_can_be_switched_off() {
    let (app, key) = guarded(&[("WAGATE_MEDIA__LINK_MINUTES", "0")]).await;
    let link = read(&app, &key).await[0]["media"]["url"].as_str().unwrap().to_owned();
    assert!(link.ends_with("/media") && !link.contains('?'), "{link}");
    assert_eq!(ask(&app, &link, &[]).await.status(), 401);
    let authorization = format!("Bearer {key}");
    assert_eq!(ask(&app, &link, &[("authorization", &authorization)]).await.status(), 200);
    app.stop().await;
}
