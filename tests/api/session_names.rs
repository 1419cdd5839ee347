//! Sessions that are not there: the near name that is suggested, and creations that count against no limit.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{BUSINESS, TestApp};

/// Asks with a key: the status, the message and the headers of the limit.
async fn ask(
    app: &TestApp,
    method: Method,
    path: &str,
    body: Option<Value>,
    key: &str,
) -> (u16, String, Option<u64>) {
    let mut request = app.http.request(method, format!("{}{path}", app.base)).bearer_auth(key);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap();
    let left = answer.headers().get("x-ratelimit-remaining");
    let left = left.and_then(|left| left.to_str().ok()?.parse().ok());
    let status = answer.status().as_u16();
    (status, answer.json::<Value>().await.unwrap_or_default().to_string(), left)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_near_name_is_suggested_where_the_caller_sees_that_session() {
    let app = TestApp::start().await;
    for id in ["my-shop", "office"] {
        app.create(id).await;
    }
    let all = app.key_of(&["*"], None).await;
    let own = app.key_of(&["read", "send", "conversations"], Some("office")).await;
    let text = json!({ "chatId": "15550000001@c.us", "content": "x" });
    let send = json!({ "to": "+15550000001", "text": "x", "sessionId": "my-shp" });
    let chat = json!({ "instance_id": "my-shp", "recipient": "15550000001", "message": "x" });
    for (method, path, body) in [
        (Method::GET, "/api/v1/sessions/my-shp".to_owned(), None),
        (Method::GET, "/api/v1/sessions/MyShop/status".to_owned(), None),
        (Method::GET, "/api/v1/sessions/my.shop/chats".to_owned(), None),
        (Method::POST, "/api/v1/sessions/myshop/send-text".to_owned(), Some(text.clone())),
        (Method::DELETE, "/api/v1/sessions/my-shpo".to_owned(), None),
        (Method::POST, format!("{BUSINESS}/send"), Some(send)),
        (Method::POST, "/api/v1/chat/send".to_owned(), Some(chat)),
    ] {
        let (status, answer, _) = ask(&app, method.clone(), &path, body.clone(), &all).await;
        assert_eq!(status, 404, "{path}: {answer}");
        assert!(answer.contains("did you mean 'my-shop'?"), "{path}: {answer}");
        // To a key for another session it is not there.
        let (status, answer, _) = ask(&app, method, &path, body, &own).await;
        assert!(matches!(status, 403 | 404), "{path}: {answer}");
        assert!(!answer.contains("my-shop"), "{path}: {answer}");
    }
    for path in ["/api/v1/sessions/nothing-of-the-kind", "/api/v1/sessions/%20"] {
        let (status, answer, _) = ask(&app, Method::GET, path, None, &all).await;
        assert_eq!((status, answer.contains("did you mean")), (404, false), "{path}: {answer}");
    }
    let (status, answer, _) = ask(&app, Method::GET, "/api/v1/sessions/ofice", None, &own).await;
    assert_eq!(status, 404);
    assert!(answer.contains("did you mean 'office'?"), "{answer}");
    // One that is there and not the caller's is not named, however it is asked for.
    let (status, answer, _) = ask(&app, Method::GET, "/api/v1/sessions/my-shop", None, &own).await;
    assert_eq!((status, answer.contains("did you mean")), (404, false), "{answer}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_sessions_that_were_made_count_against_the_limit_of_creations() {
    let limits = [("WAGATE_LIMITS__SESSION_CREATION", "3"), ("WAGATE_SESSIONS__MAX", "2")];
    let app = TestApp::start_with(&limits).await;
    let key = app.key().await.to_owned();
    let make = async |id: &str| {
        let body = json!({ "sessionId": id, "waitForQR": false });
        ask(&app, Method::POST, "/api/v1/sessions", Some(body), &key).await
    };
    assert_eq!(make("a").await.0, 201);
    for _ in 0..5 {
        for (id, status) in [("a", 409), ("bad name!", 400), ("", 400)] {
            let (answered, answer, left) = make(id).await;
            assert_eq!((answered, left), (status, Some(2)), "{id}: {answer}");
        }
        let path = "/api/v1/sessions/nobody/restart";
        let (status, answer, left) = ask(&app, Method::POST, path, None, &key).await;
        assert_eq!((status, left), (404, Some(2)), "{answer}");
    }
    let (status, answer, left) = make("b").await;
    assert_eq!((status, left), (201, Some(1)), "{answer}");
    for _ in 0..5 {
        let (status, answer, left) = make("c").await;
        assert_eq!((status, left), (409, Some(1)), "{answer}");
        assert!(answer.contains("max_sessions"), "{answer}");
    }
    assert_eq!(app.call(Method::DELETE, "/api/v1/sessions/a", None).await.0, 200);
    assert_eq!(make("c").await.0, 201);
    assert_eq!(app.call(Method::DELETE, "/api/v1/sessions/b", None).await.0, 200);
    assert_eq!(make("d").await.0, 429, "three were made");
    app.stop().await;
}
