//! Text messages: by the simulated SMS network, and by Twilio, which a fake plays.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use wagate::{
    config::{Config, Flags},
    domain::{Clock, outbox::OutboxState},
    gateway::Gateway,
    store::disk::Disk,
};

use crate::{
    app::{BUSINESS, PHONE, TestApp},
    business::{call, contact, created, get, payments::id},
    chat_messages::PRIVATE,
    receiver::{Answer, Got, Receiver},
    support::http,
};

pub const ADA: &str = "+15550000011";
pub const TOKEN: &str = "4719-auth-token";
const SHARED: &str = "4719-shared-key";
const PUBLIC: &str = "https://gateway.example.com";

pub async fn send(app: &TestApp, body: Value) -> (u16, Value) {
    call(app, Method::POST, "/send", Some(body)).await
}

/// The text messages of the simulated network, newest first.
async fn sent(app: &TestApp) -> Vec<Value> {
    let (status, answer) = app.get("/_simulator/v1/sms").await;
    assert_eq!(status, 200, "{answer}");
    answer["data"]["messages"].as_array().unwrap().clone()
}

async fn writes(app: &TestApp, from: &str, text: &str) {
    let (status, answer) =
        app.post("/_simulator/v1/sms", json!({ "from": from, "text": text })).await;
    assert_eq!(status, 200, "{answer}");
}

/// The conversation of a channel with a number.
pub async fn chat_of(app: &TestApp, channel: &str, number: &str) -> Value {
    let path = format!("/chats?channel={channel}&search={}", number.trim_start_matches('+'));
    let found = async || {
        let page = get(app, &path).await;
        (page["pagination"]["total"] == 1).then(|| page["chats"][0].clone())
    };
    app.wait_for("the conversation", found).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_message_goes_out_and_comes_in_as_a_conversation_of_its_own() {
    let app = TestApp::start().await;
    let status = get(&app, "/status").await;
    assert_eq!(status["sms"], json!({ "enabled": true, "phoneNumber": "+15559990000" }));
    let ada = contact(&app, ADA).await;
    let body = json!({ "to": ADA, "channel": "sms", "text": "Hello" });
    let (code, answer) = send(&app, body.clone()).await;
    assert_eq!((code, &answer["code"]), (403, &json!("not_opted_in")), "{answer}");
    let opt_in = format!("/contacts/{}/opt-in", id(&ada));
    let agreed = json!({ "optedIn": true, "channel": "sms" });
    assert_eq!(call(&app, Method::POST, &opt_in, Some(agreed)).await.0, 200);
    let (code, answer) = send(&app, body).await;
    assert_eq!((code, &answer["channel"]), (200, &json!("sms")), "{answer}");
    assert_eq!(answer["status"], "SENT");
    let all = sent(&app).await;
    assert_eq!((all.len(), &all[0]["to"], &all[0]["text"]), (1, &json!(ADA), &json!("Hello")));
    let chat = chat_of(&app, "sms", ADA).await;
    assert_eq!((&chat["channel"], &chat["selectedChannel"]), (&json!("sms"), &json!("sms")));
    assert_eq!(chat["contact"]["id"], ada["id"]);
    // Into the conversation there is no need to name the channel, and there is no window.
    let within = format!("/chats/{}/messages", id(&chat));
    let (code, answer) =
        call(&app, Method::POST, &within, Some(json!({ "text": "Are you there?" }))).await;
    assert_eq!((code, &answer["channel"]), (200, &json!("sms")), "{answer}");
    writes(&app, ADA, "Yes").await;
    let texts = async || {
        let page = get(&app, &format!("/chats/{}", id(&chat))).await;
        let all = page["messages"].as_array().unwrap().clone();
        let texts: Vec<String> =
            all.iter().map(|one| one["text"].as_str().unwrap().to_owned()).collect();
        (texts.len() == 3).then_some((texts, all))
    };
    let (texts, all) = app.wait_for("the answer", texts).await;
    assert_eq!(texts, ["Hello", "Are you there?", "Yes"]);
    let figures = async || {
        let figures = get(&app, "/analytics?channel=sms").await;
        (figures["messages"]["received"] == 1).then_some(figures)
    };
    let figures = app.wait_for("the figures", figures).await;
    let counted = (&figures["messages"]["sent"], &figures["conversations"]["opened"]);
    assert_eq!(counted, (&json!(2), &json!(1)), "{figures}");
    assert_eq!(get(&app, "/analytics").await["messages"]["sent"], 2);
    assert_eq!(get(&app, "/analytics?channel=whatsapp").await["messages"]["sent"], 0);
    assert!(all.iter().all(|message| message["channel"] == "sms"));
    assert_eq!(all[2]["direction"], "INBOUND");
    let shown = get(&app, &format!("/contacts/{}", id(&ada))).await;
    let of_contact = json!([{ "id": chat["id"], "status": "OPEN", "channel": "sms" }]);
    assert_eq!(shown["conversations"], of_contact);
    // Of WhatsApp there is nothing.
    assert_eq!(get(&app, "/chats?channel=whatsapp").await["pagination"]["total"], 0);
    let (_, sessions) = app.get("/api/v1/sessions").await;
    assert_eq!(sessions["data"], json!([]), "{sessions}");
    assert_eq!(app.get("/api/v1/sessions/sms:15559990000").await.0, 404);
    for (body, field) in [
        (json!({ "to": ADA, "channel": "sms", "text": "x".repeat(1_601) }), "text"),
        (
            json!({ "to": ADA, "channel": "sms", "type": "location", "latitude": 1, "longitude": 1, "name": "x" }),
            "type",
        ),
        (json!({ "to": ADA, "channel": "fax", "text": "x" }), "channel"),
    ] {
        let (code, answer) = send(&app, body).await;
        assert_eq!(code, 400, "{answer}");
        assert!(answer["fields"][field].is_array(), "{answer}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_by_sms_is_for_sms_alone_and_the_carrier_answers_it() {
    let app = TestApp::start().await;
    let draft = json!({ "phone": ADA, "optedIn": true, "smsOptedIn": true });
    let ada = created(&app, "/contacts", draft).await;
    let path = format!("/contacts/{}", id(&ada));
    for (text, sms) in [("STOP", false), ("START", true)] {
        writes(&app, ADA, text).await;
        let obeyed = async || (get(&app, &path).await["smsOptedIn"] == sms).then_some(());
        app.wait_for(text, obeyed).await;
        assert_eq!(get(&app, &path).await["optedIn"], true);
    }
    assert!(sent(&app).await.is_empty());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_channel_of_a_conversation_is_switched() {
    let app = TestApp::start().await;
    app.ready("shop", PHONE).await;
    crate::chat::write(&app, "15550000011", "Hi").await;
    let chat = chat_of(&app, "whatsapp", ADA).await;
    let person = chat["contact"]["id"].as_str().unwrap();
    let opt_in = format!("/contacts/{person}/opt-in");
    let agreed = json!({ "optedIn": true, "channel": "sms" });
    assert_eq!(call(&app, Method::POST, &opt_in, Some(agreed)).await.0, 200);
    let channel = format!("/chats/{}/channel", id(&chat));
    let switched =
        async |to: &str| call(&app, Method::PUT, &channel, Some(json!({ "channel": to }))).await;
    let (code, answer) = switched("sms").await;
    assert_eq!((code, &answer["selectedChannel"]), (200, &json!("sms")), "{answer}");
    assert_eq!(answer["channel"], "whatsapp");
    let within = format!("/chats/{}/messages", id(&chat));
    let post = async |body: Value| call(&app, Method::POST, &within, Some(body)).await;
    assert_eq!(post(json!({ "text": "By SMS" })).await.1["channel"], "sms");
    // One that is named goes before the one that was chosen.
    let (_, answer) = post(json!({ "text": "By WhatsApp", "channel": "whatsapp" })).await;
    assert_eq!(answer["channel"], "whatsapp", "{answer}");
    let texts: Vec<Value> = sent(&app).await.iter().map(|one| one["text"].clone()).collect();
    assert_eq!(texts, ["By SMS"]);
    assert_eq!(switched("whatsapp").await.1["selectedChannel"], "whatsapp");
    assert_eq!(switched("slack").await.0, 400);
    app.stop().await;
}

pub fn form(text: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

pub async fn app_with(receiver: &Receiver) -> TestApp {
    app_on(receiver, Clock::system()).await
}

pub async fn app_on(receiver: &Receiver, clock: Clock) -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    TestApp::start_on(folder, &settings(receiver), clock, Disk::manual(0)).await
}

pub fn settings(receiver: &Receiver) -> [(&'static str, &str); 9] {
    [
        PRIVATE,
        ("WAGATE_SMS__PROVIDER", "twilio"),
        ("WAGATE_SMS__ACCOUNT_SID", "AC4719"),
        ("WAGATE_SMS__AUTH_TOKEN", TOKEN),
        ("WAGATE_SMS__SHARED_KEY", SHARED),
        ("WAGATE_SMS__FROM", "+15558880000"),
        ("WAGATE_SMS__BASE_URL", receiver.url.trim_end_matches("/hook")),
        ("PUBLIC_URL", PUBLIC),
        ("OPENWA_AUTH", "open"),
    ]
}

/// A fake Twilio, which answers as the text says: `opted out`, `no number`, `busy` (twice), `lost`, or takes it.
pub fn twilio(got: &Got, before: usize) -> Answer {
    let says = |status: &str, body: Value| Answer::Says(status.to_owned(), body.to_string());
    match form(&got.text).get("Body").map_or("", String::as_str) {
        "opted out" => says("400 Bad Request", json!({ "code": 21610, "message": "Unsubscribed" })),
        "no number" => says("400 Bad Request", json!({ "code": 21211, "message": "Invalid To" })),
        "busy" if before == 0 => says("429 Too Many", json!({ "code": 20429 })),
        "busy" if before == 1 => says("503 Unavailable", json!({})),
        "lost" => says("500 Internal Server Error", json!({ "code": 20500 })),
        _ => says("201 Created", json!({ "sid": format!("SM{before}"), "status": "queued" })),
    }
}

pub fn signature(path: &str, fields: &[(&str, &str)], key: &str, is_sha256: bool) -> String {
    let mut sorted = fields.to_vec();
    sorted.sort_unstable();
    let rest: String = sorted.iter().map(|(name, value)| format!("{name}{value}")).collect();
    let text = format!("{PUBLIC}{path}{rest}");
    if is_sha256 {
        let mac = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).unwrap();
        BASE64.encode(mac.chain_update(text).finalize().into_bytes())
    } else {
        let mac = Hmac::<sha1::Sha1>::new_from_slice(key.as_bytes()).unwrap();
        BASE64.encode(mac.chain_update(text).finalize().into_bytes())
    }
}

pub async fn webhook(
    app: &TestApp,
    path: &str,
    fields: &[(&str, &str)],
    (signature, is_sha256): (&str, bool),
) -> (u16, String) {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let mut request = app.http.post(format!("{}{path}", app.base));
    request = request.header("content-type", "application/x-www-form-urlencoded");
    request = request.header("x-twilio-signature", signature);
    if is_sha256 {
        let settings = "key=KS4719,algorithm=HMAC_SHA256";
        request = request.header("x-twilio-webhooks-signature-settings", settings);
    }
    let answer = request.body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn twilio_gets_what_it_asks_for_and_reports_what_became_of_it() {
    let receiver = Receiver::choosing(twilio).await;
    let app = app_with(&receiver).await;
    let draft = json!({ "phone": ADA, "optedIn": true, "smsOptedIn": true });
    let ada = created(&app, "/contacts", draft).await;
    let post =
        async |text: &str| send(&app, json!({ "to": ADA, "channel": "sms", "text": text })).await;
    let (code, answer) = post("Tea & biscuits").await;
    assert_eq!(code, 200, "{answer}");
    let got = receiver.got.lock().await[0].clone();
    assert!(
        got.head.starts_with("POST /2010-04-01/Accounts/AC4719/Messages.json "),
        "{}",
        got.head
    );
    let basic = BASE64.encode(format!("AC4719:{TOKEN}"));
    assert_eq!(got.header("authorization"), format!("Basic {basic}"));
    let key = answer["messageId"].as_str().unwrap().rsplit('_').next().unwrap().to_owned();
    let status = format!("/api/webhooks/twilio/status?message={key}");
    let expected = [
        ("To", ADA),
        ("From", "+15558880000"),
        ("Body", "Tea & biscuits"),
        ("StatusCallback", &format!("{PUBLIC}{status}")),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(form(&got.text), BTreeMap::from(expected));

    let fields = [("MessageSid", "SM0"), ("MessageStatus", "delivered"), ("To", ADA)];
    let right = signature(&status, &fields, TOKEN, false);
    let (code, _) = webhook(&app, &status, &fields, ("AAAA", false)).await;
    assert_eq!(code, 403);
    let (code, text) = webhook(&app, &status, &fields, (&right, false)).await;
    assert_eq!((code, text.as_str()), (200, "<Response/>"));
    let path = format!("/chats/{}", answer["conversationId"].as_str().unwrap());
    let delivered = async || {
        let (code, page) = call(&app, Method::GET, &path, None).await;
        (code == 200 && page["messages"][0]["status"] == "DELIVERED").then_some(())
    };
    app.wait_for("the report", delivered).await;

    let (code, answer) = post("no number").await;
    assert_eq!((code, answer["fields"]["to"].is_array()), (400, true), "{answer}");
    let (code, answer) = post("opted out").await;
    assert_eq!((code, &answer["code"]), (403, &json!("not_opted_in")), "{answer}");
    let person = format!("/contacts/{}", id(&ada));
    let opted_out = async || (get(&app, &person).await["smsOptedIn"] == false).then_some(());
    app.wait_for("the opt-out", opted_out).await;
    assert_eq!(get(&app, &person).await["optedIn"], true);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_twilio_cannot_take_now_is_tried_again() {
    let receiver = Receiver::choosing(twilio).await;
    let app = app_with(&receiver).await;
    created(&app, "/contacts", json!({ "phone": ADA, "smsOptedIn": true })).await;
    let body = json!({ "to": ADA, "channel": "sms", "text": "busy", "queue": true });
    let (code, answer) = send(&app, body).await;
    assert_eq!(code, 200, "{answer}");
    receiver.count_to(3).await;
    let key = |got: &Got| form(&got.text)["StatusCallback"].clone();
    let got = receiver.got.lock().await.clone();
    assert_eq!((key(&got[0]), key(&got[1])), (key(&got[1]), key(&got[2])));
    let sent = async || {
        let page = get(&app, "/chats?channel=sms").await;
        (page["chats"][0]["lastMessage"]["text"] == "busy").then_some(())
    };
    app.wait_for("the message", sent).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_twilio_may_have_is_not_sent_again_and_its_report_tells() {
    let receiver = Receiver::choosing(twilio).await;
    let clock = Clock::manual(Clock::system().now());
    let app = app_on(&receiver, clock.clone()).await;
    let services = app.gateway.services();
    let session = services.sms.session().unwrap().clone();
    // The state of the message that was sent last, once it is this. What is due in a moment is due.
    let becomes = async |wanted: OutboxState| {
        let is_so = async || {
            clock.advance(Duration::from_millis(100));
            let page = services.outbox.page(&session, None, 1).await.unwrap();
            (page.first()?.state == wanted).then_some(())
        };
        app.wait_for(&format!("{wanted:?}"), is_so).await;
    };
    created(&app, "/contacts", json!({ "phone": ADA, "smsOptedIn": true })).await;
    for (count, (report, expected)) in
        [("delivered", OutboxState::Delivered), ("undelivered", OutboxState::Failed)]
            .into_iter()
            .enumerate()
    {
        let body = json!({ "to": ADA, "channel": "sms", "text": "lost", "queue": true });
        let (code, answer) = send(&app, body).await;
        assert_eq!(code, 200, "{answer}");
        becomes(OutboxState::Unknown).await;
        // Longer than the next looks take, and nothing is sent again.
        clock.advance(Duration::from_secs(60));
        let callback = form(&receiver.got.lock().await[count].text)["StatusCallback"].clone();
        let path = callback.strip_prefix(PUBLIC).unwrap();
        let fields = [("MessageSid", "SM0"), ("MessageStatus", report), ("To", ADA)];
        let right = signature(path, &fields, TOKEN, false);
        assert_eq!(webhook(&app, path, &fields, (&right, false)).await.0, 200);
        becomes(expected).await;
        assert_eq!(receiver.got.lock().await.len(), count + 1, "it was sent twice");
    }
    let chat = chat_of(&app, "sms", ADA).await;
    let page = get(&app, &format!("/chats/{}", id(&chat))).await;
    let shown = page["messages"].as_array().unwrap().iter();
    let shown: Vec<&str> = shown.map(|message| message["status"].as_str().unwrap()).collect();
    assert_eq!(shown, ["DELIVERED", "FAILED"]);
    let errors = page["messages"].as_array().unwrap().iter().map(|message| &message["error"]);
    let errors: Vec<&Value> = errors.collect();
    assert_eq!(errors, [&Value::Null, &json!("the message was reported as not delivered")]);
    let failed = get(&app, "/messages?status=FAILED").await;
    assert_eq!(failed["messages"][0]["error"], *errors[1], "{failed}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_in_must_be_signed_and_counts_once() {
    let receiver = Receiver::choosing(twilio).await;
    let app = app_with(&receiver).await;
    let path = "/api/webhooks/twilio/sms";
    let fields = [
        ("MessageSid", "SM1"),
        ("From", ADA),
        ("To", "+15558880000"),
        ("Body", "Hello & goodbye"),
        ("NumMedia", "0"),
    ];
    let right = signature(path, &fields, TOKEN, false);
    let sha256 = signature(path, &fields, SHARED, true);
    for (given, is_sha256, expected) in [
        (signature(path, &fields[..4], TOKEN, false), false, 403),
        (signature("/other", &fields, TOKEN, false), false, 403),
        (signature(path, &fields, "other", false), false, 403),
        (right.clone(), true, 403),
        (sha256.clone(), false, 403),
        (String::new(), false, 403),
        (right.clone(), false, 200),
        (right, false, 200),
        (sha256, true, 200),
    ] {
        let (code, text) = webhook(&app, path, &fields, (&given, is_sha256)).await;
        assert_eq!(code, expected, "{given} {is_sha256}: {text}");
    }
    // An id in the address is a part of what is signed.
    let with_id = format!("{path}/550e8400-e29b-41d4-a716-446655440000");
    for (signed, expected) in [(path, 403), (with_id.as_str(), 200)] {
        let given = signature(signed, &fields, TOKEN, false);
        assert_eq!(webhook(&app, &with_id, &fields, (&given, false)).await.0, expected, "{signed}");
    }
    let chat = chat_of(&app, "sms", ADA).await;
    assert_eq!((&chat["unreadCount"], &chat["status"]), (&json!(1), &json!("OPEN")));
    assert_eq!(chat["lastMessage"]["text"], "Hello & goodbye");
    assert_eq!(chat["contact"]["phone"], ADA);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_provider_there_are_no_text_messages() {
    let folder = tempfile::tempdir().unwrap();
    let flags = Flags { port: Some(0), data: Some(folder.path().to_owned()), ..Flags::default() };
    let config = Config::load(&flags, &BTreeMap::new()).unwrap();
    let gateway = Gateway::start(config, Clock::system()).await.unwrap();
    let keys = &gateway.services().api_keys;
    let (_, key) = keys.create("test", vec!["*".to_owned()], None, None).await.unwrap();
    let base = format!("http://{}{BUSINESS}", gateway.address());
    let client = http::Client::new();
    let body = json!({ "to": ADA, "channel": "sms", "text": "Hello" });
    let answer = client.post(format!("{base}/send")).bearer_auth(&key).json(&body);
    let answer = answer.send().await.unwrap();
    let (status, answer) = (answer.status(), answer.json::<Value>().await.unwrap());
    assert_eq!((status.as_u16(), &answer["error"]), (400, &json!("SMS is not enabled")));
    let status = client.get(format!("{base}/status")).bearer_auth(&key).send().await.unwrap();
    let status = status.json::<Value>().await.unwrap();
    assert_eq!(status["sms"], json!({ "enabled": false, "phoneNumber": null }));
    assert_eq!(gateway.stop().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_twilio_its_webhooks_are_refused() {
    let app = TestApp::start().await;
    for path in ["/api/webhooks/twilio/sms", "/api/webhooks/twilio/status?message=x"] {
        let right = signature(path, &[], TOKEN, false);
        assert_eq!(webhook(&app, path, &[], (&right, false)).await.0, 403);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_text_of_a_flow_comes_in_parts_in_order() {
    let app = TestApp::start().await;
    let long = "Раз два три четыре пять шесть семь. ".repeat(40);
    let flow = json!({
        "name": "Long", "trigger": { "type": "any" },
        "steps": [{ "id": "long", "type": "message", "text": long.trim() }],
    });
    created(&app, "/flows", flow).await;
    writes(&app, ADA, "Tell me all").await;
    let all = async || {
        let texts: Vec<String> = sent(&app)
            .await
            .iter()
            .rev()
            .map(|one| one["text"].as_str().unwrap().to_owned())
            .collect();
        (texts.len() == 3).then_some(texts)
    };
    let parts = app.wait_for("all parts", all).await;
    assert_eq!(parts.join(" "), long.trim());
    // Ten segments of 67 characters each, cut behind a sentence.
    let is_part = |part: &String| part.chars().count() <= 670 && part.ends_with("семь.");
    assert!(parts.iter().all(is_part), "{parts:?}");
    app.stop().await;
}
