//! Analytics of bots over HTTP: figures, series, ratings, topics, and who sees them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    workspace::{ask, bots::bot, chat::say, get, member, owner, post, text},
};

/// Figures of a bot, once they are as this wants them.
async fn until(app: &TestApp, token: &str, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let figures = async || {
        let answer = get(app, path, Some(token)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        is_so(&answer.body).then_some(answer.body)
    };
    app.wait_for(path, figures).await
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_a_bot_count_what_happened_in_its_conversations() {
    let app = TestApp::start().await;
    let (token, _) = owner(&app).await;
    let draft = json!({ "name": "One", "handoff": { "keywords": ["boss"], "after_fallbacks": 5 } });
    let one = bot(&app, &token, draft).await;
    let two = bot(&app, &token, json!({ "name": "Two" })).await;
    let talk = async |words: &[&str]| {
        let mut session = Value::Null;
        for message in words {
            let body = json!({ "bot_id": one["id"], "session_id": session, "message": message });
            session = say(&app, &token, body).await["session_id"].clone();
        }
        text(&session)
    };
    let first = talk(&["Hello!", "Where is my tracking number?", "Get me your boss"]).await;
    let second = talk(&["Hello!", "The tracking number please"]).await;
    say(&app, &token, json!({ "bot_id": two["id"], "message": "Hello!" })).await;
    let history = get(&app, &format!("/api/v1/chat/history/{first}"), Some(&token)).await.body;
    let answer = history["messages"][1]["id"].clone();
    for feedback in [
        json!({ "session_id": first, "type": "thumbs_down", "message_id": answer }),
        json!({ "session_id": first, "type": "thumbs_up", "message_id": answer }),
        json!({ "session_id": first, "type": "csat", "rating": 1 }),
        json!({ "session_id": first, "type": "csat", "rating": 5, "comment": "Quick" }),
    ] {
        let given = post(&app, "/api/v1/chat/feedback", feedback, Some(&token)).await;
        assert_eq!(given.status, 200, "{}", given.body);
    }
    let status = format!("/api/v1/inbox/sessions/{second}/status");
    let resolved =
        ask(&app, Method::PUT, &status, Some(json!({ "status": "resolved" })), Some(&token)).await;
    assert_eq!(resolved.status, 200, "{}", resolved.body);

    let path = format!("/api/v1/analytics/{}", text(&one["id"]));
    let is_counted = |figures: &Value| {
        figures["total_messages"] == 10
            && figures["csat"]["average"] == 5.0
            && figures["resolution_rate"] == 50.0
    };
    let figures = until(&app, &token, &path, is_counted).await;
    for (field, value) in [
        ("bot_id", one["id"].clone()),
        ("total_sessions", json!(2)),
        ("active_sessions", json!(1)),
        ("visitor_messages", json!(5)),
        ("bot_messages", json!(5)),
        ("agent_messages", json!(0)),
        ("unique_visitors", json!(2)),
        ("avg_messages_per_session", json!(5.0)),
        ("handoff_rate", json!(50.0)),
        ("fallback_rate", json!(40.0)),
        ("csat", json!({ "average": 5.0, "score": 100.0, "responses": 1 })),
    ] {
        assert_eq!(figures[field], value, "{field}: {figures}");
    }
    assert!(figures["avg_response_ms"].is_u64(), "{figures}");
    let elsewhere = get(&app, &format!("{path}?channel=sms"), Some(&token)).await.body;
    assert_eq!(
        (&elsewhere["total_messages"], &elsewhere["handoff_rate"]),
        (&json!(0), &Value::Null)
    );
    let other = format!("/api/v1/analytics/{}", text(&two["id"]));
    until(&app, &token, &other, |figures| figures["total_messages"] == 2).await;

    let series =
        get(&app, &format!("{path}/conversations?interval=month"), Some(&token)).await.body;
    let sum = |list: &Value, field: &str| -> u64 {
        list.as_array().unwrap().iter().map(|part| part[field].as_u64().unwrap()).sum()
    };
    assert!(series["series"].as_array().unwrap().len() <= 2, "{series}");
    for (field, count) in [("started", 2), ("resolved", 1), ("handoffs", 1)] {
        assert_eq!(sum(&series["series"], field), count, "{field}");
    }
    assert_eq!(series["by_channel"], json!({ "sms": 0, "web": 2, "whatsapp": 0 }));
    assert_eq!(series["by_status"], json!({ "assigned": 0, "bot": 0, "open": 1, "resolved": 1 }));
    assert!(
        series["avg_first_response_seconds"].is_f64() && series["avg_duration_seconds"].is_f64()
    );

    for (query, parts) in [("", 30), ("?interval=hour", 30 * 24)] {
        let volume = get(&app, &format!("{path}/messages{query}"), Some(&token)).await.body;
        assert_eq!(volume["series"].as_array().unwrap().len(), parts, "{query}");
        for (field, count) in [("visitor", 5), ("bot", 5), ("agent", 0), ("total", 10)] {
            assert_eq!(sum(&volume["series"], field), count, "{query} {field}");
        }
        assert!(volume["busiest_hour"].is_u64(), "{query}");
    }

    let csat = get(&app, &format!("{path}/csat"), Some(&token)).await.body;
    assert_eq!(csat["distribution"], json!({ "1": 0, "2": 0, "3": 0, "4": 0, "5": 1 }));
    assert_eq!(
        (&csat["thumbs"], &csat["response_rate"]),
        (&json!({ "up": 1, "down": 0 }), &Value::Null)
    );
    assert_eq!(csat["recent"].as_array().unwrap().len(), 1, "{csat}");
    assert_eq!(
        (&csat["recent"][0]["comment"], &csat["recent"][0]["session_id"]),
        (&json!("Quick"), &json!(first))
    );

    let topics = get(&app, &format!("{path}/topics?limit=1"), Some(&token)).await.body;
    assert_eq!((&topics["method"], &topics["messages"]), (&json!("embedded"), &json!(5)));
    assert_eq!(
        (&topics["topics"][0]["count"], &topics["topics"][0]["share"]),
        (&json!(2), &json!(40.0))
    );
    assert_eq!(topics["topics"].as_array().unwrap().len(), 1);
    let greeted =
        topics["intents"].as_array().unwrap().iter().find(|one| one["intent"] == "greeting");
    assert_eq!(greeted.unwrap()["count"], 2, "{topics}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_for_those_who_see_the_bot_and_of_a_period() {
    let app = TestApp::start().await;
    let (token, _) = owner(&app).await;
    let (agent, _) = member(&app, &token, "agent@example.com", "AGENT").await;
    let one = bot(&app, &token, json!({ "name": "One" })).await;
    let path = format!("/api/v1/analytics/{}", text(&one["id"]));
    for part in ["", "/conversations", "/messages", "/csat", "/topics"] {
        let path = format!("{path}{part}");
        let empty = get(&app, &path, Some(&token)).await;
        assert_eq!(empty.status, 200, "{path}: {}", empty.body);
        assert_eq!(get(&app, &path, Some(&agent)).await.status, 404, "{path}");
        assert_eq!(get(&app, &path, None).await.status, 401, "{path}");
        for wrong in ["from=yesterday", "from=2025-01-01&to=2026-01-02", "channel=fax"] {
            let refused = get(&app, &format!("{path}?{wrong}"), Some(&token)).await;
            assert_eq!(refused.status, 400, "{path} {wrong}: {}", refused.body);
        }
    }
    for wrong in [
        "/conversations?interval=hour",
        "/messages?interval=hour&from=2026-01-01&to=2026-03-01",
        "/topics?limit=51",
    ] {
        assert_eq!(get(&app, &format!("{path}{wrong}"), Some(&token)).await.status, 400, "{wrong}");
    }
    let weeks = format!("{path}/messages?interval=week&from=2026-03-01&to=2026-03-16");
    let weeks = get(&app, &weeks, Some(&token)).await.body;
    let dates: Vec<_> =
        weeks["series"].as_array().unwrap().iter().map(|part| text(&part["date"])).collect();
    assert_eq!(dates, ["2026-02-23", "2026-03-02", "2026-03-09", "2026-03-16"]);
    app.stop().await;
}
