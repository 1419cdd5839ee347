//! Tests of the providers of mail, text messages and payments: one real request, to the caller's own address.

use serde_json::{Value, json};

use crate::{
    app::TestApp,
    workspace::{ADA, Answer, answered, get, mails, member, owner, post},
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
