//! AI agents: made, listed, changed, deleted.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{BUSINESS, TestApp},
    business::{call, created, get},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_ai_agent_is_made_changed_and_deleted() {
    let app = TestApp::start().await;
    app.create("shop").await;
    let draft = json!({
        "name": "Order desk", "businessTask": "order_tracking", "triggerKeywords": ["order", "Order "],
        "systemPrompt": "Help with orders.", "sessions": ["shop"],
    });
    let made = created(&app, "/ai-agents", draft).await;
    let expected = json!({
        "id": made["id"], "name": "Order desk", "businessTask": "order_tracking", "status": "draft",
        "triggerKeywords": ["order"], "systemPrompt": "Help with orders.", "provider": "embedded",
        "model": null, "temperature": 0.3, "maxTurns": 10, "businessHoursOnly": false,
        "channels": [{ "type": "whatsapp", "sessionId": "shop" }], "conversationsHandled": 0,
        "createdAt": made["createdAt"], "updatedAt": made["createdAt"],
    });
    assert_eq!(made, expected);
    let path = format!("/ai-agents/{}", made["id"].as_str().unwrap());
    assert_eq!(get(&app, &path).await, made);
    let change = json!({
        "status": "active", "maxTurns": 5, "systemPrompt": null, "provider": "openai", "sessions": [],
    });
    let (status, changed) = call(&app, Method::PATCH, &path, Some(change)).await;
    assert_eq!(status, 200, "{changed}");
    for (field, value) in [
        ("status", json!("active")),
        ("maxTurns", json!(5)),
        ("systemPrompt", Value::Null),
        ("provider", json!("openai")),
        ("channels", json!([])),
        ("name", json!("Order desk")),
    ] {
        assert_eq!(changed[field], value, "{field}");
    }
    created(&app, "/ai-agents", json!({ "name": "Élan", "businessTask": "faq" })).await;
    for (query, names) in [
        ("", vec!["Order desk", "Élan"]),
        ("?status=active", vec!["Order desk"]),
        ("?search=elan", vec!["Élan"]),
        ("?search=none", vec![]),
    ] {
        let found = get(&app, &format!("/ai-agents{query}")).await;
        let found = found["agents"].as_array().unwrap().iter();
        let found: Vec<&str> = found.map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(found, names, "{query}");
    }
    assert_eq!(call(&app, Method::DELETE, &path, None).await.0, 200);
    for (method, body) in
        [(Method::GET, None), (Method::DELETE, None), (Method::PATCH, Some(json!({})))]
    {
        assert_eq!(call(&app, method, &path, body).await.0, 404);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_an_ai_agent_is_named_and_readers_only_read() {
    let app = TestApp::start().await;
    let with = |field: &str, value: Value| {
        let mut body = json!({ "name": "x", "businessTask": "faq" });
        body[field] = value;
        body
    };
    for (body, field) in [
        (json!({}), "name"),
        (json!({}), "businessTask"),
        (with("name", json!(" ")), "name"),
        (with("businessTask", json!("dance")), "businessTask"),
        (with("temperature", json!(1.5)), "temperature"),
        (with("maxTurns", json!(0)), "maxTurns"),
        (with("triggerKeywords", json!([""])), "triggerKeywords"),
        (with("sessions", json!(["none"])), "sessions"),
    ] {
        let (status, answer) = call(&app, Method::POST, "/ai-agents", Some(body)).await;
        assert_eq!(status, 400, "{field}: {answer}");
        let fields = answer["fields"].as_object().unwrap();
        assert!(fields.keys().any(|key| key.starts_with(field)), "{field}: {answer}");
    }
    let url = format!("{}{BUSINESS}/ai-agents", app.base);
    for (scopes, expected) in
        [(&["read"][..], [200, 403]), (&["read", "conversations"][..], [200, 403])]
    {
        let key = app.key_of(scopes, None).await;
        let read = app.http.get(&url).bearer_auth(&key).send().await.unwrap();
        let body = with("name", json!("x"));
        let made = app.http.post(&url).bearer_auth(&key).json(&body).send().await.unwrap();
        assert_eq!([read.status().as_u16(), made.status().as_u16()], expected, "{scopes:?}");
    }
    app.stop().await;
}
