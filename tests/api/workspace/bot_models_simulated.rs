//! Bots with the model of the simulated network: what it is planned to say, its status and its test.

use serde_json::{Value, json};

use crate::{
    app::TestApp,
    workspace::{
        answered,
        bots::{activate, bot},
        chat::say,
        get, member, owner, post, text,
    },
};

const MODEL: &str = "/_simulator/v1/model";
const SIMULATED: &[(&str, &str)] =
    &[("WAGATE_ASSISTANT__BASE_URL", "simulated"), ("WAGATE_ASSISTANT__MODEL", "small")];

async fn plan(app: &TestApp, answer: Value) {
    let (status, planned) = app.post(MODEL, answer).await;
    assert_eq!(status, 200, "{planned}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_answers_as_the_simulated_model_does_and_hands_over_when_it_asks() {
    let app = TestApp::start_with(SIMULATED).await;
    let (token, _) = owner(&app).await;
    let (viewer, _) = member(&app, &token, "viewer@example.com", "VIEWER").await;
    let shown = answered(get(&app, "/api/v1/assistant", Some(&token)).await, 200);
    assert_eq!(
        (&shown["configured"], &shown["model"], &shown["address"], &shown["last_answer_at"]),
        (&json!(true), &json!("small"), &json!("simulated"), &Value::Null)
    );
    assert_eq!(get(&app, "/api/v1/assistant", Some(&viewer)).await.status, 403);
    plan(&app, json!({ "text": "OK" })).await;
    let test = answered(post(&app, "/api/v1/assistant/test", json!({}), Some(&token)).await, 200);
    assert_eq!((&test["success"], &test["answer"]), (&json!(true), &json!("OK")));
    plan(&app, json!({ "fault": "refused" })).await;
    let test = answered(post(&app, "/api/v1/assistant/test", json!({}), Some(&token)).await, 200);
    assert_eq!((&test["success"], &test["answer"]), (&json!(false), &Value::Null));
    let shown = answered(get(&app, "/api/v1/assistant", Some(&token)).await, 200);
    assert!(shown["last_answer_at"].is_string(), "{shown}");
    assert!(text(&shown["last_error"]).contains("refused"), "{shown}");

    let draft = json!({
        "name": "Desk", "model": { "provider": "openai" }, "handoff_message": "Somebody comes",
    });
    let made = bot(&app, &token, draft).await;
    activate(&app, &token, &made).await;
    plan(&app, json!({ "text": "From nine to five.", "pause_ms": 1 })).await;
    plan(&app, json!({ "text": "One moment.", "handoff": true })).await;
    let said = say(&app, &token, json!({ "bot_id": made["id"], "message": "Are you open?" })).await;
    assert_eq!(said["response"], "From nine to five.");
    let more = json!({
        "bot_id": made["id"], "session_id": said["session_id"], "message": "I am angry",
    });
    let said = say(&app, &token, more).await;
    assert_eq!(
        (&said["response"], &said["handoff_requested"]),
        (&json!("One moment.\n\nSomebody comes"), &json!(true))
    );
    let (_, asked) = app.get(MODEL).await;
    let asked = &asked["data"];
    assert_eq!(
        (&asked["waiting"], &asked["requests"][0]["question"]),
        (&json!(0), &json!("I am angry"))
    );
    // Without an answer that waits, it says what it is.
    let said = say(&app, &token, json!({ "bot_id": made["id"], "message": "Hi" })).await;
    assert_eq!(said["response"], "This is the simulated model. You wrote: Hi");
    assert_eq!(app.post(MODEL, json!({})).await.0, 400);
    assert_eq!(app.post(MODEL, json!({ "fault": "x" })).await.0, 400);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_model_the_status_says_so_and_a_test_fails() {
    let app = TestApp::start().await;
    let (token, _) = owner(&app).await;
    let shown = answered(get(&app, "/api/v1/assistant", Some(&token)).await, 200);
    assert_eq!((&shown["configured"], &shown["model"]), (&json!(false), &Value::Null));
    let test = answered(post(&app, "/api/v1/assistant/test", json!({}), Some(&token)).await, 200);
    assert_eq!((&test["success"], &test["duration_ms"]), (&json!(false), &json!(0)));
    assert!(test["error"].is_string());
    assert_eq!(app.get(MODEL).await.0, 501);
    app.stop().await;
}
