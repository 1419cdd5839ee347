//! Payment links by Stripe, which a fake plays: it looks at every field that it gets.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use wagate::domain::Clock;

use crate::{
    app::TestApp,
    business::{
        call, get,
        payments::{completed, id, link},
    },
    receiver::{Answer, Got, Receiver},
};

const KEY: &str = "sk_test_4719_secret_key";
const SECRET: &str = "whsec_4719_signing_secret";

/// What one request asks Stripe for.
fn form(got: &Got) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(got.text.as_bytes()).into_owned().collect()
}

fn path(got: &Got) -> &str {
    got.head.split(' ').nth(1).unwrap()
}

fn says(status: &str, body: Value) -> Answer {
    Answer::Says(format!("{status}\r\ncontent-type: application/json"), body.to_string())
}

/// Answers as Stripe does.
fn stripe(got: &Got) -> Answer {
    match path(got) {
        "/v1/prices" => says("200 OK", json!({ "id": "price_1", "object": "price" })),
        "/v1/payment_links" => {
            let url = "https://buy.stripe.com/test_1";
            says("200 OK", json!({ "id": "plink_1", "object": "payment_link", "url": url }))
        }
        "/v1/payment_links/plink_1" => says("200 OK", json!({ "id": "plink_1", "active": false })),
        _ => says("404 Not Found", json!({ "error": { "type": "invalid_request_error" } })),
    }
}

async fn app_with(receiver: &Receiver) -> TestApp {
    TestApp::start_with(&[
        ("WAGATE_PAYMENTS__PROVIDER", "stripe"),
        ("WAGATE_PAYMENTS__STRIPE_SECRET_KEY", KEY),
        ("WAGATE_PAYMENTS__STRIPE_WEBHOOK_SECRET", SECRET),
        ("WAGATE_PAYMENTS__BASE_URL", receiver.url.trim_end_matches("/hook")),
    ])
    .await
}

fn signed(body: &str, time: i64, secret: &str) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{time}.{body}").as_bytes());
    let signature = data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes());
    format!("t={time},v1={},v1={signature},v0=00", "0".repeat(64))
}

fn event(event: &str, kind: &str, status: &str, link: &str) -> String {
    let session = json!({
        "id": "cs_1", "object": "checkout.session", "payment_status": status,
        "metadata": { "link_id": link },
    });
    json!({ "id": event, "object": "event", "type": kind, "data": { "object": session } })
        .to_string()
}

async fn report(app: &TestApp, body: &str, signature: &str) -> (u16, Value) {
    let request = app.http.post(format!("{}/api/webhooks/stripe", app.base));
    let request = request.header("content-type", "application/json; charset=utf-8");
    let request = request.header("stripe-signature", signature).body(body.to_owned());
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn stripe_gets_a_price_and_a_link_and_says_that_it_was_paid() {
    let receiver = Receiver::choosing(|got, _| stripe(got)).await;
    let app = app_with(&receiver).await;
    let more = json!({ "currency": "EUR", "description": "Tea & biscuits #5" });
    let made = link(&app, more).await;
    assert_eq!(made["url"], "https://buy.stripe.com/test_1");
    assert_eq!(made["provider"], "stripe");
    let got = receiver.got.lock().await.clone();
    let bearer = format!("Bearer {KEY}");
    for (request, key) in got.iter().zip([format!("{}-price", id(&made)), id(&made).to_owned()]) {
        assert_eq!(request.header("authorization"), bearer);
        assert_eq!(request.header("idempotency-key"), key);
        assert_eq!(request.header("content-type"), "application/x-www-form-urlencoded");
        assert!(request.head.starts_with("POST "), "{}", request.head);
    }
    let fields = |all: &[(&str, &str)]| -> BTreeMap<String, String> {
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    assert_eq!(got.len(), 2);
    assert_eq!(path(&got[0]), "/v1/prices");
    assert_eq!(
        form(&got[0]),
        fields(&[
            ("currency", "eur"),
            ("unit_amount", "1250"),
            ("product_data[name]", "Tea & biscuits #5"),
        ])
    );
    assert_eq!(path(&got[1]), "/v1/payment_links");
    assert_eq!(
        form(&got[1]),
        fields(&[
            ("line_items[0][price]", "price_1"),
            ("line_items[0][quantity]", "1"),
            ("metadata[link_id]", id(&made)),
            ("metadata[reference]", made["reference"].as_str().unwrap()),
            ("restrictions[completed_sessions][limit]", "1"),
        ])
    );

    let now = app.gateway.services().clock.now().as_second();
    let path = format!("/payment-links/{}", id(&made));
    let waits = event("evt_0", "checkout.session.completed", "unpaid", id(&made));
    let paid = event("evt_1", "checkout.session.completed", "paid", id(&made));
    let late = event("evt_2", "checkout.session.async_payment_succeeded", "paid", id(&made));
    for (body, signature) in [
        (&paid, signed(&paid, now, "whsec_other")),
        (&paid, signed(&paid, now - 310, SECRET)),
        (&paid, signed(&paid, now + 310, SECRET)),
        (&paid, signed(&late, now, SECRET)),
        (&paid, "nonsense".to_owned()),
        (&"{}".to_owned(), "t=1".to_owned()),
    ] {
        let (status, answer) = report(&app, body, &signature).await;
        assert_eq!((status, &answer["code"]), (403, &json!("forbidden")), "{signature}: {answer}");
    }
    assert_eq!(report(&app, &waits, &signed(&waits, now, SECRET)).await.0, 200);
    assert_eq!(get(&app, &path).await["status"], "ACTIVE");
    for body in [&paid, &paid, &late] {
        let (status, answer) = report(&app, body, &signed(body, now, SECRET)).await;
        assert_eq!((status, answer), (200, json!({ "received": true })));
    }
    let unknown =
        event("evt_3", "checkout.session.completed", "paid", &uuid::Uuid::nil().to_string());
    assert_eq!(report(&app, &unknown, &signed(&unknown, now, SECRET)).await.0, 200);
    assert_eq!(get(&app, &path).await["status"], "PAID");
    assert_eq!(completed(&app).await, [id(&made)]);
    let (status, answer) = call(&app, Method::POST, &format!("{path}/mark-paid"), None).await;
    assert_eq!(status, 409, "{answer}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_link_ends_at_stripe_too_even_if_that_takes_several_tries() {
    let receiver = Receiver::choosing(|got, before| match path(got) {
        // Two failures: one at the price, and one at the end.
        "/v1/prices" if before == 0 => says("500 Internal", json!({})),
        "/v1/payment_links/plink_1" if before == 3 => Answer::Close,
        _ => stripe(got),
    })
    .await;
    let app = app_with(&receiver).await;
    let made = link(&app, json!({})).await;
    let got = receiver.got.lock().await.clone();
    assert_eq!(got.len(), 3);
    // The same key, so that Stripe does it once.
    assert_eq!(got[0].header("idempotency-key"), got[1].header("idempotency-key"));
    assert_eq!((&got[0].text, path(&got[0])), (&got[1].text, path(&got[1])));
    let cancelled = format!("/payment-links/{}/cancel", id(&made));
    assert_eq!(call(&app, Method::POST, &cancelled, None).await.1["status"], "CANCELLED");
    receiver.count_to(5).await;
    let got = receiver.got.lock().await.clone();
    assert_eq!(path(&got[4]), "/v1/payment_links/plink_1");
    assert_eq!(got[4].text, "active=false");
    // Money that was under way is noted.
    let paid = event("evt_1", "checkout.session.completed", "paid", id(&made));
    let now = app.gateway.services().clock.now().as_second();
    assert_eq!(report(&app, &paid, &signed(&paid, now, SECRET)).await.0, 200);
    assert_eq!(get(&app, &format!("/payment-links/{}", id(&made))).await["status"], "PAID");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_stripe_is_reported_without_secrets() {
    let refusal = |status: &str, error: Value| says(status, json!({ "error": error }));
    let (small, key) = (
        json!({ "type": "invalid_request_error", "param": "unit_amount", "message": "Amount must be at least 50 cents" }),
        json!({ "type": "invalid_request_error", "message": format!("Invalid API Key provided: {KEY}") }),
    );
    let receiver = Receiver::start(&[
        refusal("400 Bad Request", small),
        refusal("401 Unauthorized", key),
        Answer::Nonsense,
        Answer::Nonsense,
        Answer::Nonsense,
    ])
    .await;
    let app = app_with(&receiver).await;
    let body = json!({ "amount": "0.10", "description": "Tea" });
    let make = async || call(&app, Method::POST, "/payment-links", Some(body.clone())).await;
    let (status, answer) = make().await;
    assert_eq!(status, 400);
    assert_eq!(answer["fields"]["amount"], json!(["Amount must be at least 50 cents"]));
    for _ in 0..2 {
        let (status, answer) = make().await;
        assert_eq!((status, &answer["code"]), (500, &json!("provider_error")), "{answer}");
        assert!(!answer.to_string().contains("4719"), "{answer}");
    }
    // Thousandths are no amount of Stripe's, and so nothing is asked.
    let asked = receiver.counted();
    let body = json!({ "amount": "1.255", "currency": "KWD", "description": "Tea" });
    let (status, answer) = call(&app, Method::POST, "/payment-links", Some(body)).await;
    assert_eq!((status, answer["fields"]["amount"].is_array()), (400, true), "{answer}");
    assert_eq!(receiver.counted(), asked);
    assert_eq!(get(&app, "/payment-links").await["pagination"]["total"], 0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_stripe_its_webhook_is_refused() {
    let app = TestApp::start().await;
    let body = event("evt_1", "checkout.session.completed", "paid", "x");
    let now = Clock::system().now().as_second();
    let (status, answer) = report(&app, &body, &signed(&body, now, SECRET)).await;
    assert_eq!((status, &answer["code"]), (403, &json!("forbidden")));
    let long = "x".repeat(300 * 1024);
    let (status, _) = report(&app, &long, "").await;
    assert_eq!(status, 400);
    app.stop().await;
}
