//! What a broadcast keeps to: plan, consent, limits of each recipient, quiet hours, and that direct messages overtake it.

use reqwest::Method;
use serde_json::{Value, json};
use wagate::{domain::Clock, store::disk::Disk};

use crate::{
    app::{PHONE, TestApp},
    business::{
        broadcasts::{
            FAST, HOUR, MINUTE, PACED, arrived, audience, completed, completed_by, draft, now,
            on_phone, path, phone, recipients, shop, started, template, until,
        },
        call, created, get,
        sending::{png, upload},
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_beyond_the_plan_is_refused_as_a_whole() {
    let settings =
        [FAST, ("WAGATE_BUSINESS__PLAN", "starter"), ("WAGATE_LIMITS__BROADCAST_STARTER", "2")];
    let app = shop(&settings, &Clock::system()).await;
    audience(&app, "vip", 0..2).await;
    let fits = started(&app, draft("vip")).await;
    completed(&app, &fits).await;
    audience(&app, "vip", 2..3).await;
    let tags = Some(json!({ "tags": ["*"] }));
    let (_, preview) = call(&app, Method::POST, "/broadcasts/preview", tags).await;
    assert_eq!(
        (&preview["limit"], &preview["exceedsLimit"], &preview["total"]),
        (&json!(2), &json!(true), &json!(3))
    );
    let made = created(&app, "/broadcasts", draft("vip")).await;
    let refused = [
        ("/broadcasts".to_owned(), Some(now(draft("vip")))),
        (format!("{}/send", path(&made)), None),
    ];
    for (path, body) in refused {
        let (status, answer) = call(&app, Method::POST, &path, body).await;
        assert_eq!((status, &answer["code"]), (403, &json!("plan_limit")), "{answer}");
        let expected = "Broadcast exceeds the limit of 2 contacts on the Starter plan";
        assert_eq!((&answer["error"], &answer["limit"]), (&json!(expected), &json!(2)));
    }
    assert_eq!(on_phone(&app, &phone(0)).await.len(), 1);
    assert!(on_phone(&app, &phone(2)).await.is_empty());
    app.stop().await;
}

/// The reason of each recipient that was skipped, by its number.
async fn skipped(app: &TestApp, path: &str) -> Vec<(String, String)> {
    let page = recipients(app, path, "status=SKIPPED").await;
    let all = page["recipients"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    all.map(|one| (text(&one["phone"]), text(&one["reason"]))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_and_limits_are_looked_at_again_before_each_message() {
    let clock = Clock::manual(Clock::system().now());
    let settings = [PACED, ("WAGATE_LIMITS__PER_RECIPIENT_HOUR", "1")];
    let app = shop(&settings, &clock).await;
    let ids = audience(&app, "vip", 0..5).await;
    let path = started(&app, draft("vip")).await;
    until(&app, &path, "the first message", |one| one["stats"]["sent"] == 1).await;
    let contact = |at: usize| format!("/contacts/{}", ids[at]);
    assert_eq!(call(&app, Method::DELETE, &contact(1), None).await.0, 200);
    let out = Some(json!({ "optedIn": false }));
    assert_eq!(call(&app, Method::PATCH, &contact(2), out).await.0, 200);
    let direct = json!({
        "to": phone(3), "type": "template", "templateName": "news", "language": "en_US",
    });
    assert_eq!(call(&app, Method::POST, "/send", Some(direct)).await.0, 200);
    clock.advance(MINUTE);
    let done = completed(&app, &path).await;
    assert_eq!((&done["stats"]["sent"], &done["stats"]["skipped"]), (&json!(2), &json!(3)));
    let reasons = [(1, "contact_removed"), (2, "not_opted_in"), (3, "rate_limited")];
    let expected =
        reasons.map(|(number, reason)| (format!("+{}", phone(number)), reason.to_owned()));
    assert_eq!(skipped(&app, &path).await, expected);
    arrived(&app, &clock, &phone(4), 1).await;
    for number in 1..3 {
        assert!(on_phone(&app, &phone(number)).await.is_empty(), "{number}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_gets_one_marketing_template_within_a_day() {
    let clock = Clock::manual(Clock::system().now());
    let app = shop(&[FAST], &clock).await;
    audience(&app, "vip", 0..3).await;
    template(&app, "sale", "MARKETING").await;
    let direct = json!({
        "to": phone(0), "type": "template", "templateName": "sale", "language": "en_US",
    });
    let (status, answer) = call(&app, Method::POST, "/send", Some(direct)).await;
    assert_eq!(status, 200, "{answer}");
    let mut sale = draft("vip");
    sale["templateName"] = "sale".into();
    let excluded = async || {
        let tags = Some(json!({ "tags": ["vip"], "templateName": "sale", "language": "en_US" }));
        let (_, preview) = call(&app, Method::POST, "/broadcasts/preview", tags).await;
        (
            preview["total"].as_u64().unwrap(),
            preview["excluded"]["frequencyCapped"].as_u64().unwrap(),
        )
    };
    assert_eq!(excluded().await, (2, 1));
    let first = started(&app, sale.clone()).await;
    let done = completed_by(&app, &clock, &first).await;
    assert_eq!((&done["stats"]["sent"], &done["stats"]["skipped"]), (&json!(2), &json!(1)));
    let reason = "frequency_capped".to_owned();
    assert_eq!(skipped(&app, &first).await, [(format!("+{}", phone(0)), reason)]);
    assert_eq!(excluded().await, (0, 3));
    let news = started(&app, draft("vip")).await;
    assert_eq!(completed_by(&app, &clock, &news).await["stats"]["sent"], 3);
    clock.advance(HOUR * 24);
    assert_eq!(excluded().await, (3, 0));
    let second = started(&app, sale).await;
    assert_eq!(completed_by(&app, &clock, &second).await["stats"]["sent"], 3);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_message_overtakes_a_broadcast() {
    const PEOPLE: usize = 40;
    let app = shop(&[FAST], &Clock::system()).await;
    audience(&app, "vip", 0..PEOPLE).await;
    let (status, answer) =
        app.call(Method::PUT, "/_simulator/v1/faults", Some(json!({ "delayRequests": 300 }))).await;
    assert_eq!(status, 200, "{answer}");
    let path = started(&app, draft("vip")).await;
    until(&app, &path, "the first message", |one| one["stats"]["sent"] != 0).await;
    let direct = json!({
        "to": phone(PEOPLE - 1), "type": "template", "templateName": "news", "language": "en_US",
    });
    let (status, answer) = call(&app, Method::POST, "/send", Some(direct)).await;
    assert_eq!(status, 200, "{answer}");
    let sent = get(&app, &path).await["stats"]["sent"].as_u64().unwrap();
    assert!(sent < PEOPLE as u64 - 20, "{sent} messages of the broadcast were sent before it");
    let quick = Some(json!({ "delayRequests": 0 }));
    assert_eq!(app.call(Method::PUT, "/_simulator/v1/faults", quick).await.0, 200);
    let done = completed(&app, &path).await;
    assert_eq!(done["stats"]["sent"], PEOPLE);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_hours_and_the_limit_of_a_day_are_waited_for() {
    let clock = Clock::manual("2026-01-31T12:00:00Z".parse().unwrap());
    let settings = [
        FAST,
        ("WAGATE_BUSINESS__QUIET_HOURS", "11:00-13:00"),
        ("WAGATE_BUSINESS__BROADCAST_DAILY", "2"),
    ];
    let app = shop(&settings, &clock).await;
    audience(&app, "vip", 0..3).await;
    let path = started(&app, draft("vip")).await;
    let waits = |what: &'static str| move |one: &Value| one["waitingFor"] == what;
    let quiet = until(&app, &path, "quiet hours", waits("quiet_hours")).await;
    assert_eq!(quiet["stats"]["sent"], 0);
    clock.advance(HOUR);
    until(&app, &path, "the limit of the day", waits("daily_limit")).await;
    until(&app, &path, "two messages", |one| one["stats"]["sent"] == 2).await;
    clock.advance(HOUR * 11);
    completed(&app, &path).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_away_is_waited_for_half_an_hour() {
    let clock = Clock::manual(Clock::system().now());
    let app = shop(&[PACED], &clock).await;
    audience(&app, "vip", 0..3).await;
    let line = async |connected: bool| {
        let path = format!("/_simulator/v1/accounts/{PHONE}/line");
        let (status, answer) = app.post(&path, json!({ "connected": connected })).await;
        assert_eq!(status, 200, "{answer}");
    };
    let path = started(&app, draft("vip")).await;
    until(&app, &path, "the first message", |one| one["stats"]["sent"] == 1).await;
    line(false).await;
    let waits = |one: &Value| one["waitingFor"] == "session";
    until(&app, &path, "the session", waits).await;
    clock.advance(MINUTE * 29);
    line(true).await;
    until(&app, &path, "the second message", |one| one["stats"]["sent"] == 2).await;
    line(false).await;
    until(&app, &path, "the session again", waits).await;
    clock.advance(MINUTE * 30);
    let failed = until(&app, &path, "its end", |one| one["status"] == "FAILED").await;
    assert!(failed["failure"].as_str().unwrap().contains("30 minutes"), "{failed}");
    assert!(app.call(Method::DELETE, "/api/v1/sessions/shop", None).await.0.is_success());
    let (status, answer) = call(&app, Method::POST, "/broadcasts", Some(now(draft("vip")))).await;
    assert_eq!(status, 400, "{answer}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_must_be_connected_and_a_picture_goes_to_everybody() {
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::start_on(folder, &[FAST], Clock::system(), Disk::manual(0)).await;
    app.create("shop").await;
    template(&app, "news", "UTILITY").await;
    audience(&app, "vip", 0..3).await;
    let (status, answer) = call(&app, Method::POST, "/broadcasts", Some(now(draft("vip")))).await;
    assert_eq!((status, &answer["code"]), (409, &json!("not_connected")), "{answer}");
    app.link("shop", PHONE).await;
    let photo = json!({
        "name": "photo", "category": "UTILITY", "language": "en_US",
        "components": [{ "type": "HEADER", "format": "IMAGE" }, { "type": "BODY", "text": "Look" }],
    });
    created(&app, "/templates", photo).await;
    let (status, file) = upload(&app, png(), "a.png").await;
    assert_eq!(status, 201, "{file}");
    let image = json!({ "type": "image", "image": { "id": file["mediaId"] } });
    let mut body = draft("vip");
    body["templateName"] = "photo".into();
    body["components"] = json!([{ "type": "header", "parameters": [image] }]);
    let path = started(&app, body).await;
    completed(&app, &path).await;
    let page = recipients(&app, &path, "").await;
    for one in page["recipients"].as_array().unwrap() {
        let url = format!(
            "{}/api/v1/sessions/shop/messages/{}/media",
            app.base,
            one["messageId"].as_str().unwrap()
        );
        let file = app.http.get(url).send().await.unwrap();
        assert_eq!(file.status(), 200, "{one}");
        assert_eq!(file.bytes().await.unwrap(), png());
    }
    app.stop().await;
}
