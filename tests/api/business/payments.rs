//! Payment links: made, listed, sent, cancelled, expired, and paid once, on the simulated provider, by hand and by
//! the page.

use std::{sync::Arc, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use wagate::{
    config::{Config, Flags},
    domain::{Clock, Event},
    gateway::Gateway,
    payments::PaymentEvent,
    store::disk::Disk,
};

use crate::{
    app::{BUSINESS, PHONE, TestApp},
    business::{call, contact, created, get},
    chat::write,
    support::http,
};

const ADA: &str = "15550000011";

pub async fn link(app: &TestApp, more: Value) -> Value {
    let mut body = json!({ "amount": "12.50", "description": "Invoice 4711" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    created(app, "/payment-links", body).await
}

pub fn id(link: &Value) -> &str {
    link["id"].as_str().unwrap()
}

/// The links that the log says were paid, and how often each.
pub async fn completed(app: &TestApp) -> Vec<String> {
    let all: Vec<Arc<Event>> =
        app.gateway.services().events.read(None, 0, 1_000).await.unwrap().into_iter().collect();
    let paid = all.iter().filter_map(|event| event.body.read::<PaymentEvent>());
    paid.map(|event| event.link().id.to_string()).collect()
}

async fn pay(app: &TestApp, link: &str, event: &str) -> (u16, Value) {
    let path = format!("/_simulator/v1/payments/{link}/pay");
    let (status, answer) = app.post(&path, json!({ "event": event })).await;
    (status.as_u16(), answer["data"].clone())
}

async fn on_phone(app: &TestApp, phone: &str) -> Vec<String> {
    let path = format!("/_simulator/v1/accounts/{phone}/chats/{PHONE}@c.us/messages");
    let (_, answer) = app.get(&path).await;
    let all = answer["data"]["messages"].as_array().cloned().unwrap_or_default();
    all.iter().map(|one| one["body"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_paid_once_however_often_that_is_reported() {
    let app = TestApp::start().await;
    let ada = contact(&app, "+15550000011").await;
    let made = link(&app, json!({ "contactId": ada["id"], "currency": "eur" })).await;
    assert_eq!(made["status"], "ACTIVE");
    assert_eq!((&made["amount"], &made["currency"]), (&json!("12.50"), &json!("EUR")));
    assert_eq!((&made["provider"], &made["message"]), (&json!("simulated"), &Value::Null));
    let path = format!("/payment-links/{}", id(&made));
    let mut shown = made.clone();
    shown.as_object_mut().unwrap().remove("message");
    assert_eq!(get(&app, &path).await, shown);
    let (_, listed) = app.get("/_simulator/v1/payments").await;
    assert_eq!(listed["data"]["payments"][0]["reference"], made["reference"]);
    // The same report at once from many, and then another of the same payment.
    let reports = (0..8).map(|_| pay(&app, id(&made), "evt_1"));
    let paid = futures_util::future::join_all(reports).await;
    assert!(paid.iter().all(|(status, _)| *status == 200));
    assert_eq!(paid.iter().filter(|(_, report)| report["paid"] == true).count(), 1);
    assert_eq!(pay(&app, id(&made), "evt_2").await.1["paid"], false);
    assert_eq!(completed(&app).await, [id(&made)]);
    let paid = get(&app, &path).await;
    assert_eq!((&paid["status"], paid["paidAt"].is_string()), (&json!("PAID"), true));
    for time in ["createdAt", "paidAt"] {
        // Milliseconds, as everywhere.
        assert_eq!(paid[time].as_str().unwrap().len(), "2026-01-31T12:00:00.000Z".len(), "{paid}");
    }
    let timeline = format!("/contacts/{}/timeline?type=payment", id(&ada));
    let entries = get(&app, &timeline).await["events"].clone();
    assert_eq!(entries.as_array().unwrap().len(), 1, "{entries}");
    assert_eq!(entries[0]["data"]["amount"], "12.50");
    assert_eq!(entries[0]["data"]["reference"], made["reference"]);
    for unknown in ["01980a3e-7c1e-7f6a-b3d8-5e901c47aa12", "nonsense"] {
        assert_eq!(pay(&app, unknown, "evt_3").await.0, 404);
    }
    let (status, answer) = call(&app, Method::POST, &format!("{path}/cancel"), None).await;
    assert_eq!((status, &answer["code"]), (409, &json!("invalid_state")));
    let (status, answer) = call(&app, Method::POST, &format!("{path}/mark-paid"), None).await;
    assert_eq!((status, &answer["code"]), (409, &json!("invalid_state")));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_listed_by_status_and_contact_in_pages_with_exact_totals() {
    let app = TestApp::start().await;
    let ada = contact(&app, "+15550000011").await;
    let mut all = Vec::new();
    for number in 0..25 {
        let of_ada = json!({ "to": "+1 555 000 0011" });
        let more = if number % 5 == 0 { of_ada } else { json!({}) };
        all.push(link(&app, more).await);
    }
    pay(&app, id(&all[0]), "evt_1").await;
    pay(&app, id(&all[1]), "evt_2").await;
    let cancelled = format!("/payment-links/{}/cancel", id(&all[5]));
    for _ in 0..2 {
        let (status, answer) = call(&app, Method::POST, &cancelled, None).await;
        assert_eq!((status, &answer["status"]), (200, &json!("CANCELLED")));
    }
    let list = async |query: String| {
        let page = get(&app, &format!("/payment-links?{query}")).await;
        let ids: Vec<String> =
            page["paymentLinks"].as_array().unwrap().iter().map(|one| id(one).to_owned()).collect();
        (page["pagination"]["total"].as_u64().unwrap(), ids)
    };
    let ids = |places: &[usize]| -> Vec<String> {
        places.iter().map(|place| id(&all[*place]).to_owned()).collect()
    };
    let ada = id(&ada);
    assert_eq!(list("limit=2".to_owned()).await, (25, ids(&[24, 23])));
    assert_eq!(list("page=4&limit=7".to_owned()).await, (25, ids(&[3, 2, 1, 0])));
    assert_eq!(list("page=5&limit=7".to_owned()).await, (25, Vec::new()));
    assert_eq!(list("status=PAID".to_owned()).await, (2, ids(&[1, 0])));
    assert_eq!(list(format!("contactId={ada}")).await, (5, ids(&[20, 15, 10, 5, 0])));
    let of_ada = list(format!("contactId={ada}&status=ACTIVE&limit=2&page=2")).await;
    assert_eq!(of_ada, (3, ids(&[10])));
    assert_eq!(list(format!("contactId={ada}&status=CANCELLED")).await, (1, ids(&[5])));
    assert_eq!(list("status=EXPIRED".to_owned()).await, (0, Vec::new()));
    for query in ["contactId=nobody", "status=active"] {
        let (status, answer) =
            call(&app, Method::GET, &format!("/payment-links?{query}"), None).await;
        assert_eq!(status, 400, "{answer}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_keeps_its_digits_and_what_is_wrong_is_named() {
    let app = TestApp::start_with(&[("WAGATE_PAYMENTS__CURRENCY", "KWD")]).await;
    let made = link(&app, json!({ "amount": "0.5" })).await;
    assert_eq!((&made["amount"], &made["currency"]), (&json!("0.500"), &json!("KWD")));
    let text = r#"{"amount":999999999999.99,"currency":"USD","description":"All of it"}"#;
    let request = app.http.post(format!("{}{BUSINESS}/payment-links", app.base));
    let request = request.bearer_auth(app.key().await).header("content-type", "application/json");
    let answer = request.body(text).send().await.unwrap().json::<Value>().await.unwrap();
    assert_eq!(answer["amount"], "999999999999.99", "{answer}");
    let tomorrow = (app.gateway.services().clock.now() - Duration::from_secs(60)).to_string();
    for (more, fields) in [
        (json!({ "amount": "1.2345" }), vec!["amount"]),
        (json!({ "amount": 1.5, "currency": "JPY" }), vec!["amount"]),
        (json!({ "amount": 0 }), vec!["amount"]),
        (json!({ "amount": -1 }), vec!["amount"]),
        (json!({ "amount": "1e3" }), vec!["amount"]),
        (json!({ "amount": "1,50" }), vec!["amount"]),
        (json!({ "amount": true }), vec!["amount"]),
        (json!({ "currency": "XXX" }), vec!["currency"]),
        (json!({ "description": " " }), vec!["description"]),
        (json!({ "description": "x".repeat(501) }), vec!["description"]),
        (json!({ "expiresAt": tomorrow }), vec!["expiresAt"]),
        (json!({ "contactId": "01980a3e-7c1e-7f6a-b3d8-5e901c47aa12" }), vec!["contactId"]),
        (
            json!({ "conversationId": "01980a3e-7c1e-7f6a-b3d8-5e901c47aa12" }),
            vec!["conversationId"],
        ),
        (
            json!({ "amount": "x", "to": "12", "expiresAt": tomorrow }),
            vec!["amount", "to", "expiresAt"],
        ),
        (json!({ "send": true }), vec!["contactId"]),
    ] {
        let mut body = json!({ "amount": "1", "description": "Tea" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (status, answer) = call(&app, Method::POST, "/payment-links", Some(body.clone())).await;
        assert_eq!(status, 400, "{body}: {answer}");
        for field in fields {
            assert!(answer["fields"][field].is_array(), "{body}: {answer}");
        }
    }
    assert_eq!(get(&app, "/payment-links").await["pagination"]["total"], 2);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_goes_to_a_contact_by_the_rules_of_every_message() {
    let clock = Clock::manual(Clock::system().now());
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::start_on(folder, &[], clock.clone(), Disk::manual(0)).await;
    app.ready("shop", PHONE).await;
    // What is said in the second of the link counts as said before it.
    clock.advance(Duration::from_secs(60));
    contact(&app, "+15551000009").await;
    let refused = async |to: &str, code: &str| {
        let body = json!({ "amount": 5, "description": "Tea", "to": to, "send": true });
        let (status, answer) = call(&app, Method::POST, "/payment-links", Some(body)).await;
        assert_eq!((status, &answer["code"]), (403, &json!(code)), "{answer}");
    };
    refused("+15551000009", "not_opted_in").await;
    write(&app, ADA, "Hi").await;
    // What the network does in a moment is due when its clock says so.
    let found = async || {
        clock.advance(Duration::from_millis(5));
        let page = get(&app, &format!("/contacts?search={ADA}&optedIn=true")).await;
        page["contacts"][0]["id"].as_str().map(str::to_owned)
    };
    let ada = app.wait_for("the contact", found).await;
    let made = link(&app, json!({ "contactId": ada, "send": true })).await;
    let text = format!("Invoice 4711: 12.50 USD – {}", made["url"].as_str().unwrap());
    let arrived = async || {
        clock.advance(Duration::from_millis(5));
        on_phone(&app, ADA).await.contains(&text).then_some(())
    };
    app.wait_for("the link on the phone", arrived).await;
    assert_eq!(made["message"]["error"], Value::Null);
    assert!(made["message"]["messageId"].as_str().unwrap().starts_with("true_15550000011@c.us_"));
    assert_eq!(made["conversationId"], made["message"]["conversationId"]);
    // Into the same conversation by its id.
    let again = json!({ "conversationId": made["conversationId"], "send": true });
    let again = link(&app, again).await;
    assert_eq!((&again["contactId"], &again["message"]["error"]), (&json!(ada), &Value::Null));
    clock.advance(Duration::from_secs(25 * 3_600));
    refused(&format!("+{ADA}"), "outside_24h_window").await;
    assert_eq!(get(&app, "/payment-links").await["pagination"]["total"], 2);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_expires_at_its_time_and_a_payment_that_comes_later_is_noted() {
    let clock = Clock::manual(Clock::system().now());
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::start_on(folder, &[], clock.clone(), Disk::manual(0)).await;
    let end = clock.now() + Duration::from_secs(3_600);
    let end = end.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let made = link(&app, json!({ "expiresAt": end })).await;
    assert_eq!(made["expiresAt"], json!(end));
    let paid_before = link(&app, json!({ "expiresAt": end })).await;
    pay(&app, id(&paid_before), "evt_1").await;
    clock.advance(Duration::from_secs(3_599));
    let path = format!("/payment-links/{}", id(&made));
    assert_eq!(get(&app, &path).await["status"], "ACTIVE");
    clock.advance(Duration::from_secs(1));
    let expired = async || (get(&app, &path).await["status"] == "EXPIRED").then_some(());
    app.wait_for("the link to expire", expired).await;
    let (status, _) = call(&app, Method::POST, &format!("{path}/cancel"), None).await;
    assert_eq!(status, 409);
    assert_eq!(pay(&app, id(&made), "evt_2").await.1["paid"], true);
    assert_eq!(get(&app, &path).await["status"], "PAID");
    let kept = format!("/payment-links/{}", id(&paid_before));
    assert_eq!(get(&app, &kept).await["status"], "PAID");
    assert_eq!(completed(&app).await.len(), 2);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_how_to_pay_and_somebody_notes_that_it_was_paid() {
    let app = TestApp::start_with(&[
        ("WAGATE_PAYMENTS__PROVIDER", "page"),
        ("WAGATE_PAYMENTS__INSTRUCTIONS", "IBAN <DE89>\nThank you"),
        ("WAGATE_BUSINESS__NAME", "Ada's shop"),
    ])
    .await;
    let description = "<script>alert(1)</script> & tea";
    let made = link(&app, json!({ "description": description })).await;
    assert!(made["url"].as_str().unwrap().ends_with(&format!("/pay/{}", id(&made))));
    let page = format!("/pay/{}", id(&made));
    let answer = app.http.get(format!("{}{page}", app.base)).send().await.unwrap();
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((answer.status().as_u16(), header("cache-control")), (200, "no-store".to_owned()));
    let policy = header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("script"), "{policy}");
    assert!(header("x-robots-tag").contains("noindex"));
    let text = answer.text().await.unwrap();
    for part in [
        "&lt;script&gt;alert(1)&lt;/script&gt; &amp; tea",
        "12.50 USD",
        "IBAN &lt;DE89&gt;\nThank you",
        "Ada&#39;s shop",
        made["reference"].as_str().unwrap(),
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("<script"));
    for nothing in ["01980a3e-7c1e-7f6a-b3d8-5e901c47aa12", "nonsense", "..%2f"] {
        let (status, text) = app.text(&format!("/pay/{nothing}")).await;
        assert_eq!(status, 404);
        assert!(text.contains("There is no such payment link"), "{text}");
    }
    let reader = app.key_of(&["send", "read"], None).await;
    let marked = format!("/payment-links/{}/mark-paid", id(&made));
    let by_reader = app.http.post(format!("{}{BUSINESS}{marked}", app.base)).bearer_auth(reader);
    assert_eq!(by_reader.send().await.unwrap().status(), 403);
    let (status, paid) = call(&app, Method::POST, &marked, None).await;
    assert_eq!((status, &paid["status"]), (200, &json!("PAID")));
    assert_eq!(call(&app, Method::POST, &marked, None).await.0, 409);
    assert_eq!(completed(&app).await, [id(&made)]);
    let (_, text) = app.text(&page).await;
    assert!(text.contains("Paid") && !text.contains("IBAN"), "{text}");
    // The simulated network pays its own links alone.
    assert_eq!(pay(&app, id(&made), "evt_1").await.0, 404);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_from_a_template_has_its_values_and_no_page() {
    let template =
        "https://pay.example/{reference}?a={amount}&m={amount_minor}&c={currency}&n={description}";
    let app = TestApp::start_with(&[
        ("WAGATE_PAYMENTS__PROVIDER", "url"),
        ("WAGATE_PAYMENTS__URL_TEMPLATE", template),
    ])
    .await;
    let made = link(&app, json!({ "description": "Tea & {amount}" })).await;
    let reference = made["reference"].as_str().unwrap();
    assert_eq!(
        made["url"],
        format!("https://pay.example/{reference}?a=12.50&m=1250&c=USD&n=Tea%20%26%20%7Bamount%7D")
    );
    assert_eq!(app.text(&format!("/pay/{}", id(&made))).await.0, 404);
    let cancelled = format!("/payment-links/{}/cancel", id(&made));
    assert_eq!(call(&app, Method::POST, &cancelled, None).await.0, 200);
    let marked = format!("/payment-links/{}/mark-paid", id(&made));
    assert_eq!(call(&app, Method::POST, &marked, None).await.0, 409);
    assert_eq!(completed(&app).await, Vec::<String>::new());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_provider_there_are_no_links() {
    let folder = tempfile::tempdir().unwrap();
    let flags = Flags { port: Some(0), data: Some(folder.path().to_owned()), ..Flags::default() };
    let config = Config::load(&flags, &std::collections::BTreeMap::new()).unwrap();
    let gateway = Gateway::start(config, Clock::system()).await.unwrap();
    let keys = &gateway.services().api_keys;
    let (_, key) = keys.create("test", vec!["*".to_owned()], None, None).await.unwrap();
    let url = format!("http://{}{BUSINESS}/payment-links", gateway.address());
    let body = json!({ "amount": "12.50", "description": "Invoice 4711" });
    let answer = http::Client::new().post(url).bearer_auth(key).json(&body).send().await.unwrap();
    let (status, answer) = (answer.status(), answer.json::<Value>().await.unwrap());
    let expected = "Payment links are not configured";
    assert_eq!((status.as_u16(), &answer["error"]), (400, &json!(expected)));
    assert_eq!(gateway.stop().await, Vec::<String>::new());
}
