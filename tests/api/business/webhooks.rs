//! Webhooks of the business: every event in its envelope, signatures, order, retries, and the log of attempts.

use std::collections::BTreeSet;

use base64::Engine as _;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    app::{PHONE, TestApp},
    business::{call, chats::chat_with, created, get},
    chat::write,
    receiver::{Answer, Got, Receiver},
    support::document::events::check_delivery,
};

const ADA: &str = "15550000011";
/// Retries that nobody needs to wait for.
const QUICK: &[(&str, &str)] = &[
    ("WAGATE_WEBHOOKS__RETRY_SCHEDULE", "10ms,20ms,40ms,40ms"),
    ("WAGATE_WEBHOOKS__OVERLOAD_PAUSE_SECONDS", "0"),
];
const EVENTS: [&str; 12] = [
    "webhook.test",
    "contact.created",
    "conversation.opened",
    "message.received",
    "message.sent",
    "message.delivered",
    "message.read",
    "conversation.assigned",
    "conversation.resolved",
    "contact.updated",
    "contact.opted_out",
    "payment.completed",
];

fn name(got: &Got) -> &str {
    got.body["event"].as_str().unwrap()
}

/// All requests, once every event was delivered.
async fn all_of(app: &TestApp, receiver: &Receiver, wanted: &[&str]) -> Vec<Got> {
    let wanted: BTreeSet<&str> = wanted.iter().copied().collect();
    let got = async || {
        let got = receiver.got.lock().await.clone();
        let names: BTreeSet<&str> = got.iter().map(name).collect();
        wanted.is_subset(&names).then_some(got)
    };
    let got = app.wait_for(&format!("{wanted:?}"), got).await;
    got.iter().for_each(|got| check_delivery(&got.body));
    got
}

/// The newest request that tells of this event.
fn of<'g>(got: &'g [Got], event: &str) -> &'g Value {
    &got.iter().rev().find(|got| name(got) == event).unwrap().body["data"]
}

fn digest(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// Checks both signatures as a receiver does.
fn assert_signed(got: &Got, secret: &str) {
    let base64 = base64::engine::general_purpose::STANDARD;
    let hexadecimal =
        data_encoding::HEXLOWER.encode(&digest(secret.as_bytes(), got.text.as_bytes()));
    assert_eq!(got.header("x-kaanha-signature"), format!("sha256={hexadecimal}"));
    assert_eq!(got.header("x-webhook-signature"), format!("sha256={hexadecimal}"));
    let key = base64.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let (id, at) = (got.header("webhook-id"), got.header("webhook-timestamp"));
    let signed = format!("{id}.{at}.{}", got.text);
    let expected = format!("v1,{}", base64.encode(digest(&key, signed.as_bytes())));
    assert_eq!(got.header("webhook-signature"), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_reported_in_its_envelope_signed_and_in_order() {
    let app = TestApp::start_with(QUICK).await;
    app.ready("shop", PHONE).await;
    // A receiver that is down for two tries of one event.
    let receiver = Receiver::choosing(|got, _| {
        let is_down = name(got) == "message.received" && got.header("x-webhook-attempt") != "3";
        Answer::status(if is_down { "500 Oops" } else { "200 OK" })
    })
    .await;
    let draft = json!({ "name": "Orders", "url": receiver.url, "events": ["*"] });
    let hook = created(&app, "/webhooks", draft).await;
    let (id, secret) = (hook["id"].as_str().unwrap(), hook["secret"].as_str().unwrap());
    assert_eq!((&hook["name"], &hook["enabled"]), (&json!("Orders"), &json!(true)));
    all_of(&app, &receiver, &EVENTS[..1]).await;

    write(&app, ADA, "Hi").await;
    let chat = chat_with(&app, ADA).await;
    let text = json!({ "to": ADA, "text": "Hello", "clientRef": "a-1" });
    let (status, sent) = call(&app, Method::POST, "/send", Some(text)).await;
    assert_eq!(status, 200, "{sent}");
    let (chat_id, contact) =
        (chat["id"].as_str().unwrap(), chat["contact"]["id"].as_str().unwrap());
    for (path, body) in
        [("assign", json!({ "userId": "me" })), ("resolve", json!({ "sendCsat": false }))]
    {
        let path = format!("/chats/{chat_id}/{path}");
        assert_eq!(call(&app, Method::POST, &path, Some(body)).await.0, 200);
    }
    let path = format!("/contacts/{contact}");
    assert_eq!(call(&app, Method::PATCH, &path, Some(json!({ "tags": ["vip"] }))).await.0, 200);
    let link = json!({ "amount": "12.50", "currency": "EUR", "description": "Invoice", "contactId": contact });
    let link = created(&app, "/payment-links", link).await;
    let pay = format!("/_simulator/v1/payments/{}/pay", link["id"].as_str().unwrap());
    assert_eq!(app.post(&pay, json!({ "event": "evt_1" })).await.0, 200);
    write(&app, ADA, "STOP").await;
    let got = all_of(&app, &receiver, &EVENTS).await;

    let organization = &got[0].body["organizationId"];
    assert!(organization.as_str().unwrap().parse::<uuid::Uuid>().is_ok());
    for one in &got {
        let body = one.body.as_object().unwrap();
        let fields: Vec<&str> = body.keys().map(String::as_str).collect();
        assert_eq!(fields.len(), 4, "{fields:?}");
        assert_eq!(body["organizationId"], *organization);
        assert!(body["timestamp"].as_str().unwrap().parse::<wagate::domain::Timestamp>().is_ok());
        assert_eq!(one.text.len(), one.body.to_string().len(), "it is compact");
        assert_eq!(one.header("x-webhook-event"), name(one));
        assert_signed(one, secret);
    }
    let received = got.iter().filter(|got| name(got) == "message.received");
    let received: Vec<&Got> =
        received.filter(|got| got.body["data"]["message"]["text"] == "Hi").collect();
    let tries: Vec<&str> = received.iter().map(|got| got.header("x-webhook-attempt")).collect();
    assert_eq!(tries, ["1", "2", "3"]);
    assert!(
        received.iter().all(|got| got.header("webhook-id") == received[0].header("webhook-id"))
    );
    let place = |event: &str| got.iter().rposition(|got| name(got) == event).unwrap();
    let last_try = got.iter().position(|got| {
        got.header("webhook-id") == received[0].header("webhook-id")
            && got.header("x-webhook-attempt") == "3"
    });
    for later in ["conversation.opened", "message.sent", "message.read", "conversation.resolved"] {
        let first = got.iter().position(|got| name(got) == later);
        assert!(last_try < first, "{later} came before what was written first");
    }
    assert!(place("message.delivered") < place("message.read"));

    let data = &received[0].body["data"];
    assert_eq!((&data["conversationId"], &data["contact"]["id"]), (&chat["id"], &json!(contact)));
    assert_eq!(
        (&data["contact"]["phone"], &data["message"]["type"]),
        (&json!(format!("+{ADA}")), &json!("text"))
    );
    let data = of(&got, "message.sent");
    assert_eq!((&data["messageId"], &data["message"]["id"]), (&sent["messageId"], &sent["id"]));
    assert_eq!(
        (&data["message"]["direction"], &data["message"]["sentBy"]["name"]),
        (&json!("OUTBOUND"), &json!("test"))
    );
    let data = of(&got, "message.read");
    assert_eq!((&data["messageId"], &data["status"]), (&sent["messageId"], &json!("READ")));
    assert_eq!((&data["contactId"], &data["conversationId"]), (&json!(contact), &chat["id"]));
    assert_eq!(of(&got, "conversation.opened")["conversation"]["id"], chat["id"]);
    assert_eq!(of(&got, "conversation.assigned")["conversation"]["id"], chat["id"]);
    assert_eq!(of(&got, "conversation.resolved")["resolvedBy"]["name"], "test");
    assert_eq!(of(&got, "contact.created")["contact"]["phone"], format!("+{ADA}"));
    let data = of(&got, "contact.opted_out");
    assert_eq!((&data["keyword"], &data["channel"]), (&json!("STOP"), &json!("whatsapp")));
    assert_eq!(data["contact"]["optedIn"], false);
    let data = of(&got, "payment.completed");
    assert_eq!(
        (&data["paymentLink"]["id"], &data["paymentLink"]["status"]),
        (&link["id"], &json!("PAID"))
    );

    let event = received[0].header("webhook-id");
    let entries = app
        .wait_for("the attempts in the log", || async {
            let logs = get(&app, &format!("/webhooks/{id}/logs")).await;
            let all = logs["logs"].as_array().unwrap().iter();
            let of_event: Vec<Value> = all.filter(|log| log["eventId"] == event).cloned().collect();
            (of_event.len() == 3).then_some(of_event)
        })
        .await;
    let shown =
        |log: &Value| (log["attempt"].as_u64(), log["status"].clone(), log["responseCode"].clone());
    let shown: Vec<_> = entries.iter().map(shown).collect();
    let expected = [(3, "delivered", 200), (2, "failed", 500), (1, "failed", 500)]
        .map(|(attempt, status, code)| (Some(attempt), json!(status), json!(code)));
    assert_eq!(shown, expected);
    assert!(
        entries.iter().all(|log| log["durationMs"].is_u64() && log["event"] == "message.received")
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_tested_changed_and_removed_and_belongs_to_the_business_alone() {
    let app = TestApp::start_with(QUICK).await;
    let receiver = Receiver::choosing(|_, _| Answer::status("200 OK")).await;
    for (body, field) in [
        (json!({ "url": receiver.url, "events": ["nonsense"] }), "events"),
        (json!({ "url": receiver.url, "events": ["message"] }), "events"),
        (json!({ "url": receiver.url, "events": [] }), "events"),
        (json!({ "url": receiver.url }), "events"),
        (json!({ "url": "ftp://x", "events": ["*"] }), "url"),
    ] {
        let (status, answer) = call(&app, Method::POST, "/webhooks", Some(body.clone())).await;
        assert_eq!(status, 400, "{body}: {answer}");
        assert!(answer["fields"][field].is_array(), "{body}: {answer}");
    }
    let draft = json!({ "url": receiver.url, "events": ["contact.created", "payment.completed"] });
    let hook = created(&app, "/webhooks", draft.clone()).await;
    let path = format!("/webhooks/{}", hook["id"].as_str().unwrap());
    // What is not asked for is not reported.
    created(&app, "/contacts", json!({ "phone": "+15550001111" })).await;
    let got = all_of(&app, &receiver, &["contact.created"]).await;
    // The test of a new endpoint comes all the same.
    assert!(got.iter().all(|got| ["webhook.test", "contact.created"].contains(&name(got))));
    let (status, tested) = call(&app, Method::POST, &format!("{path}/test"), None).await;
    assert_eq!(
        (status, &tested["success"], &tested["responseCode"]),
        (200, &json!(true), &json!(200))
    );
    let got = all_of(&app, &receiver, &["webhook.test"]).await;
    assert_eq!(got.last().unwrap().body["organizationId"], got[0].body["organizationId"]);

    // The same address again is the same endpoint, whose secret is shown no more.
    let (status, again) = call(&app, Method::POST, "/webhooks", Some(draft)).await;
    assert_eq!((status, &again["id"], again.get("secret")), (200, &hook["id"], None));
    let change = json!({ "name": "CRM", "events": ["*"], "enabled": false });
    let (status, changed) = call(&app, Method::PATCH, &path, Some(change)).await;
    assert_eq!(
        (status, &changed["name"], &changed["enabled"]),
        (200, &json!("CRM"), &json!(false))
    );
    let wrong = json!({ "events": ["ack"] });
    assert_eq!(call(&app, Method::PATCH, &path, Some(wrong)).await.0, 400);
    assert_eq!(get(&app, "/webhooks").await["webhooks"], json!([changed]));
    // Other surfaces do not know it.
    let (_, others) = app.get("/api/v1/gateway-webhooks?all=true").await;
    assert_eq!(others["data"], json!([]));
    let other = format!("/api/v1/gateway-webhooks/{}", hook["id"].as_str().unwrap());
    assert_eq!(app.get(&other).await.0, 404);
    let reader = app.key_of(&["read", "contacts", "conversations"], None).await;
    let url = format!("{}/api/whatsapp-api/webhooks", app.base);
    assert_eq!(app.http.get(url).bearer_auth(reader).send().await.unwrap().status(), 403);
    assert_eq!(call(&app, Method::DELETE, &path, None).await.0, 200);
    assert_eq!(call(&app, Method::POST, &format!("{path}/test"), None).await.0, 404);
    assert_eq!(get(&app, "/webhooks").await["webhooks"], json!([]));
    app.stop().await;
}
