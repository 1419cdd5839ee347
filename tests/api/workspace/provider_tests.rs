//! Tests of the providers of mail, text messages and payments: one real request, to the caller's own address.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    app::TestApp,
    workspace::{ADA, Answer, answered, get, mails, member, on_a_clock, owner, post},
};

const MAIL: &str = "/api/v1/providers/mail/test";
const SMS: &str = "/api/v1/providers/sms/test";
const PAYMENTS: &str = "/api/v1/providers/payments/test";

fn outcome(answer: Answer) -> Value {
    answered(answer, 200)["data"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_of_each_provider_sends_one_thing_to_the_caller() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let listed = answered(get(&app, "/api/v1/providers", Some(&ada)).await, 200);
    let service = |name| json!({ "service": name, "provider": "simulated" });
    assert_eq!(listed["data"], json!([service("mail"), service("sms"), service("payments")]));
    let test = outcome(post(&app, MAIL, json!({}), Some(&ada)).await);
    let known = (&test["success"], &test["provider"], &test["to"], &test["error"]);
    assert_eq!(known, (&json!(true), &json!("simulated"), &json!(ADA), &Value::Null));
    let mail = mails(&app, ADA, "test", 1).await;
    assert_eq!(mail.len(), 1, "{mail:?}");

    let test = outcome(post(&app, SMS, json!({ "to": "+1 555 000 0077" }), Some(&ada)).await);
    assert_eq!((&test["success"], &test["to"]), (&json!(true), &json!("+15550000077")), "{test}");
    let (_, sent) = app.get("/_simulator/v1/sms").await;
    let sent = sent["data"]["messages"].as_array().unwrap().clone();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(sent[0].to_string().contains("15550000077"), "{sent:?}");
    let wrong = post(&app, SMS, json!({ "to": "nobody" }), Some(&ada)).await;
    assert!(answered(wrong, 400)["error"]["details"]["fields"]["to"].is_array());

    let test = outcome(post(&app, PAYMENTS, json!({}), Some(&ada)).await);
    assert_eq!(
        (&test["success"], &test["provider"]),
        (&json!(true), &json!("simulated")),
        "{test}"
    );
    let links = answered(get(&app, "/api/whatsapp-api/payment-links", Some(&ada)).await, 200);
    assert!(!links.to_string().contains("A test of the settings"), "listed: {links}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_text_message_in_a_minute_is_a_test_and_each_is_in_the_audit_log() {
    let (app, clock) = on_a_clock(&[]).await;
    let (ada, _) = owner(&app).await;
    let (grace, _) = member(&app, &ada, "grace@example.com", "ADMIN").await;
    let to = |number: &str| json!({ "to": number });
    // What is refused counts for nothing.
    answered(post(&app, SMS, to("nobody"), Some(&ada)).await, 400);
    assert_eq!(outcome(post(&app, SMS, to("+15550000077"), Some(&ada)).await)["success"], true);
    for token in [&ada, &grace] {
        let refused = post(&app, SMS, to("+15550000078"), Some(token)).await;
        assert!(refused.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() <= 61);
        answered(refused, 429);
    }
    clock.advance(Duration::from_secs(61));
    assert_eq!(outcome(post(&app, SMS, to("+15550000078"), Some(&grace)).await)["success"], true);
    let (_, sent) = app.get("/_simulator/v1/sms").await;
    assert_eq!(sent["data"]["messages"].as_array().unwrap().len(), 2, "{sent}");
    let log = answered(get(&app, "/api/v1/audit?action=testSmsProvider", Some(&ada)).await, 200);
    let statuses: Vec<u64> = log["data"]["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["status"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [200, 429, 429, 200, 400], "{log}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_is_for_administrators_and_one_of_mail_for_people() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let (grace, _) = member(&app, &ada, "grace@example.com", "AGENT").await;
    for (path, body) in
        [(MAIL, json!({})), (SMS, json!({ "to": "+15550000077" })), (PAYMENTS, json!({}))]
    {
        answered(post(&app, path, body, Some(&grace)).await, 403);
    }
    let key = app.key().await.to_owned();
    let refused = answered(post(&app, MAIL, json!({}), Some(&key)).await, 409);
    assert!(refused["error"]["message"].as_str().unwrap().contains("person"), "{refused}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tests_are_limited() {
    let app = TestApp::start_with(&[("WAGATE_LIMITS__ASSISTANT", "2")]).await;
    let (ada, _) = owner(&app).await;
    for _ in 0..2 {
        answered(post(&app, PAYMENTS, json!({}), Some(&ada)).await, 200);
    }
    answered(post(&app, PAYMENTS, json!({}), Some(&ada)).await, 429);
    app.stop().await;
}
