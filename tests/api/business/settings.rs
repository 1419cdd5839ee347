//! Settings of the business: what is in effect, what a change does at once and after a restart, and who may make one.

use reqwest::Method;
use serde_json::{Value, json};
use wagate::{contacts::Keyword, settings::SettingsEvent};

use crate::{
    app::{BUSINESS, PHONE, TestApp},
    business::{call, chats::chat_with, get, writes},
    chat::write,
};

const ADA: &str = "15550000021";

async fn patch(app: &TestApp, body: Value) -> (u16, Value) {
    call(app, Method::PATCH, "/settings", Some(body)).await
}

/// The texts that a person got from the session.
pub async fn got(app: &TestApp, person: &str) -> Vec<String> {
    let path = format!("/_simulator/v1/accounts/{person}/chats/{PHONE}@c.us/messages");
    let (_, answer) = app.get(&path).await;
    let all = answer["data"]["messages"].as_array().cloned().unwrap_or_default();
    let is_own = |message: &&Value| message["id"].as_str().unwrap().starts_with("true_");
    let of_session = all.iter().filter(|message| !is_own(message));
    of_session.filter_map(|message| message["body"].as_str().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_changed_is_what_the_configuration_says() {
    let settings = [
        ("WAGATE_BUSINESS__NAME", "Acme Corp"),
        ("WAGATE_BUSINESS__WINDOW", "warn"),
        ("WAGATE_SURVEYS__EXPIRY_HOURS", "48"),
    ];
    let app = TestApp::start_with(&settings).await;
    let shown = get(&app, "/settings").await;
    for (field, expected) in [
        ("/businessName", json!("Acme Corp")),
        ("/timezone", json!("UTC")),
        ("/locale", json!("en")),
        ("/primarySessionId", json!(null)),
        ("/currency", json!("USD")),
        ("/optinPolicy", json!("strict")),
        ("/windowPolicy", json!("warn")),
        ("/windowWarningMinutes", json!(120)),
        ("/optoutKeywords", json!(["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "QUIT", "END"])),
        ("/optinKeywords", json!(["START", "UNSTOP", "SUBSCRIBE"])),
        ("/helpKeywords", json!(["HELP", "INFO"])),
        ("/optinConfirmation", json!("You get our messages again.")),
        ("/reopenPolicy", json!("reopen")),
        ("/csat/enabled", json!(true)),
        ("/csat/expiryHours", json!(48)),
        ("/broadcast/gapMilliseconds", json!([1500, 4000])),
        ("/broadcast/marketingCapHours", json!(24)),
    ] {
        assert_eq!(shown.pointer(field), Some(&expected), "{field}: {shown}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_counts_at_once_and_after_a_restart_until_it_is_taken_back() {
    let app = TestApp::start().await;
    app.ready("shop", PHONE).await;
    let body = json!({
        "timezone": "Asia/Kolkata", "primarySessionId": "shop", "optoutKeywords": ["FIN"],
        "optoutConfirmation": "Adieu.", "csat": { "enabled": false, "minGapHours": 72 },
        "broadcast": { "gapMilliseconds": [10, 20] },
    });
    let (status, changed) = patch(&app, body.clone()).await;
    assert_eq!(status, 200, "{changed}");
    for field in ["timezone", "primarySessionId", "optoutKeywords"] {
        assert_eq!(changed[field], body[field], "{changed}");
    }
    assert_eq!(changed["csat"]["expiryHours"], 24, "{changed}");
    // The inbox reads keywords and texts as they are now.
    write(&app, ADA, "STOP").await;
    write(&app, ADA, "fin!").await;
    app.wait_for("the confirmation", || async {
        (got(&app, ADA).await == ["Adieu."]).then_some(())
    })
    .await;
    assert_eq!(chat_with(&app, ADA).await["window"]["enforced"], true);
    let events = app.gateway.services().events.read(None, 0, 10_000).await.unwrap();
    let logged: Vec<SettingsEvent> = events.iter().filter_map(|one| one.body.read()).collect();
    let [SettingsEvent::Changed { settings, by: Some(_) }] = &logged[..] else {
        panic!("{logged:?}")
    };
    assert!(settings.contains(&"business.optout_keywords".to_owned()), "{settings:?}");
    assert_eq!(settings.len(), 7, "{settings:?}");

    let (status, changed) =
        patch(&app, json!({ "windowPolicy": "off", "businessName": "Acme" })).await;
    assert_eq!((status, &changed["windowPolicy"]), (200, &json!("off")), "{changed}");
    assert_eq!(chat_with(&app, ADA).await["window"]["enforced"], false);
    assert_eq!(get(&app, "/status").await["businessName"], "Acme");

    let again = [("WAGATE_PAYMENTS__CURRENCY", "EUR")];
    let app = TestApp::start_in(app.stop().await, &again).await;
    let kept = get(&app, "/settings").await;
    let expected = json!({ "currency": "EUR" });
    for (field, value) in changed.as_object().unwrap() {
        assert_eq!(&kept[field], expected.get(field).unwrap_or(value), "{field}");
    }
    assert_eq!(writes(&app, "15550000022", "FIN").await.keyword, Some(Keyword::Stop));
    let body = json!({ "optoutKeywords": null, "timezone": null, "csat": null });
    let (status, back) = patch(&app, body).await;
    assert_eq!((status, &back["timezone"]), (200, &json!("UTC")), "{back}");
    assert_eq!(
        (&back["csat"]["enabled"], &back["csat"]["minGapHours"]),
        (&json!(true), &json!(24))
    );
    assert_eq!(back["optoutConfirmation"], "Adieu.");
    assert_eq!(writes(&app, "15550000023", "FIN").await.keyword, None);
    assert_eq!(writes(&app, "15550000023", "stop").await.keyword, Some(Keyword::Stop));
    app.stop().await;
}

/// Another value of each setting than the usual one.
const OTHERS: [(&str, &str); 28] = [
    ("/businessName", "\"Acme Corp\""),
    ("/timezone", "\"Asia/Kolkata\""),
    ("/locale", "\"de\""),
    ("/primarySessionId", "\"shop\""),
    ("/currency", "\"EUR\""),
    ("/optinPolicy", "\"opted_out\""),
    ("/windowPolicy", "\"warn\""),
    ("/windowWarningMinutes", "30"),
    ("/optoutKeywords", "[\"FIN\",\"STOP\"]"),
    ("/optinKeywords", "[\"ENCORE\"]"),
    ("/helpKeywords", "[\"AIDE\"]"),
    ("/optoutConfirmation", "\"Adieu.\""),
    ("/optinConfirmation", "\"Bonjour.\""),
    ("/reopenPolicy", "\"new\""),
    (
        "/businessHours",
        "{\"mon\":[[\"09:00\",\"12:00\"],[\"13:00\",\"18:00\"]],\"tue\":[],\"wed\":[],\"thu\":[],\"fri\":[],\"sat\":[],\
         \"sun\":[[\"10:00\",\"23:00\"]]}",
    ),
    ("/awayMessage", "\"Back at nine.\""),
    ("/assignmentStrategy", "\"least_loaded\""),
    ("/agentCapacity", "7"),
    ("/csat/enabled", "false"),
    ("/csat/message", "\"How was it?\""),
    ("/csat/commentPrompt", "\"Why?\""),
    ("/csat/thanks", "\"Thanks!\""),
    ("/csat/expiryHours", "48"),
    ("/csat/minGapHours", "72"),
    ("/csat/afterBot", "true"),
    ("/broadcast/gapMilliseconds", "[10,20]"),
    ("/broadcast/dailyLimit", "500"),
    ("/broadcast/marketingCapHours", "48"),
];
/// Shown, and changed by the configuration alone or never shown as they are.
const SHOWN_ALONE: [&str; 6] = [
    "/windowHours",
    "/plan",
    "/sms/authTokenSet",
    "/sms/sharedKeySet",
    "/payments/stripeSecretKeySet",
    "/payments/stripeWebhookSecretSet",
];

/// A body that gives one setting a value.
fn alone(path: &str, value: Value) -> Value {
    match path.trim_start_matches('/').split_once('/') {
        Some((group, name)) => json!({ group: { name: value } }),
        None => json!({ path.trim_start_matches('/'): value }),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_is_read_as_it_was_written_and_taken_back_alone() {
    let app = TestApp::start().await;
    app.ready("shop", PHONE).await;
    let usual = get(&app, "/settings").await;
    // None is forgotten here.
    for (name, value) in usual.as_object().unwrap() {
        let names: Vec<String> = match value.as_object().filter(|_| name != "businessHours") {
            Some(group) => group.keys().map(|inner| format!("/{name}/{inner}")).collect(),
            None => vec![format!("/{name}")],
        };
        for path in names {
            let is_tried = OTHERS.iter().any(|(tried, _)| *tried == path);
            assert!(is_tried != SHOWN_ALONE.contains(&path.as_str()), "{path}");
        }
    }
    // What was read is taken as it is, without what only the configuration changes.
    let writable = |shown: &Value| {
        let mut body = shown.as_object().unwrap().clone();
        body.retain(|name, _| !["windowHours", "plan", "sms", "payments"].contains(&name.as_str()));
        Value::Object(body)
    };
    assert_eq!(patch(&app, writable(&usual)).await, (200, usual.clone()));
    let mut expected = usual.clone();
    for (path, other) in OTHERS {
        let other: Value = serde_json::from_str(other).unwrap();
        assert_ne!(usual.pointer(path), Some(&other), "{path} has this usually");
        let (status, answer) = patch(&app, alone(path, other.clone())).await;
        assert_eq!(status, 200, "{path}: {answer}");
        *expected.pointer_mut(path).unwrap() = other;
        assert_eq!(answer, expected, "{path}");
        assert_eq!(get(&app, "/settings").await, expected, "{path}");
    }
    let changed = expected.clone();
    let app = TestApp::start_in(app.stop().await, &[]).await;
    assert_eq!(get(&app, "/settings").await, expected);
    for (path, _) in OTHERS {
        let (status, answer) = patch(&app, alone(path, Value::Null)).await;
        assert_eq!(status, 200, "{path}: {answer}");
        *expected.pointer_mut(path).unwrap() = usual.pointer(path).unwrap().clone();
        assert_eq!(answer, expected, "{path}");
    }
    assert_eq!(expected, usual);
    assert_eq!(patch(&app, writable(&changed)).await, (200, changed));
    for path in SHOWN_ALONE {
        let (status, refused) = patch(&app, alone(path, json!(true))).await;
        let name = path.trim_start_matches('/').replace('/', ".");
        assert_eq!((status, refused["fields"][&name].is_array()), (400, true), "{refused}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_wrong_is_named_and_nothing_of_it_changes() {
    let app = TestApp::start().await;
    let before = get(&app, "/settings").await;
    let body = json!({
        "businessName": "Acme", "timezone": "Moon/Sea", "currency": "ZZZ", "locale": "english",
        "primarySessionId": "nobody", "windowWarningMinutes": 1441, "optinKeywords": ["stop"],
        "broadcast": { "gapMilliseconds": [20, 10] }, "csat": { "message": " " },
    });
    let (status, refused) = patch(&app, body).await;
    assert_eq!((status, &refused["code"]), (400, &json!("validation_error")), "{refused}");
    let fields: Vec<&String> = refused["fields"].as_object().unwrap().keys().collect();
    for field in [
        "timezone",
        "currency",
        "locale",
        "primarySessionId",
        "windowWarningMinutes",
        "optinKeywords",
        "broadcast.gapMilliseconds",
        "csat.message",
    ] {
        assert!(fields.iter().any(|named| *named == field), "{field}: {refused}");
    }
    assert_eq!(fields.len(), 8, "{refused}");
    for body in [
        json!({ "colour": "red" }),
        json!({ "csat": { "color": 1 } }),
        json!({ "csat": { "expiryHours": 0 } }),
        json!({ "optinPolicy": "sometimes" }),
        json!({ "optoutKeywords": [] }),
        json!({ "optoutConfirmation": "" }),
        json!({ "plan": "pro" }),
        json!({ "broadcast": { "gapMilliseconds": [1] } }),
        json!({ "windowWarningMinutes": "60" }),
    ] {
        let (status, refused) = patch(&app, body.clone()).await;
        assert_eq!(status, 400, "{body}: {refused}");
    }
    assert_eq!(get(&app, "/settings").await, before);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_read_sees_the_settings_and_an_administrator_changes_them() {
    let app = TestApp::start().await;
    app.create("mine").await;
    let url = format!("{}{BUSINESS}/settings", app.base);
    for (scopes, session, read, changed) in [
        (&["read"][..], None, 200, 403),
        (&["contacts", "conversations", "send"], None, 403, 403),
        (&["admin"], None, 403, 200),
        (&["*"], Some("mine"), 403, 403),
        (&["*"], None, 200, 200),
    ] {
        let key = app.key_of(scopes, session).await;
        let answer = app.http.get(&url).bearer_auth(&key).send().await.unwrap();
        assert_eq!(answer.status(), read, "{scopes:?} {session:?}");
        let body = json!({ "locale": "de" });
        let request = app.http.request(Method::PATCH, &url).bearer_auth(&key).json(&body);
        assert_eq!(request.send().await.unwrap().status(), changed, "{scopes:?} {session:?}");
    }
    app.stop().await;
}
