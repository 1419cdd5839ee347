//! Figures of the business API: exact counts of what happened on the simulated network.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{BUSINESS, PHONE, TestApp},
    business::{
        call,
        chats::chat_with,
        get,
        payments::{id, link},
    },
};

const ADA: &str = "15550000011";
const BOB: &str = "15550000012";

/// A person writes, maybe from an advertisement.
async fn writes(app: &TestApp, phone: &str, ad: Option<&str>) {
    let mut body = json!({ "chat": format!("{PHONE}@c.us"), "text": "Hi" });
    if let Some(ad) = ad {
        body["ad"] = json!({ "source": "FB_Ads", "id": ad, "title": "Spring sale" });
    }
    let (status, answer) =
        app.post(&format!("/_simulator/v1/accounts/{phone}/messages"), body).await;
    assert_eq!(status, 200, "{answer}");
}

/// The overview, once it has counted all that a test waits for.
async fn counted(app: &TestApp, query: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    app.wait_for("the figures", || async {
        let figures = get(app, &format!("/analytics{query}")).await;
        is_so(&figures).then_some(figures)
    })
    .await
}

fn sum(list: &Value, field: &str) -> u64 {
    let list = list.as_array().unwrap().iter();
    list.map(|one| if field.is_empty() { one } else { &one[field] }.as_u64().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_a_period_count_what_happened() {
    let app = TestApp::start().await;
    app.ready("shop", PHONE).await;
    writes(&app, ADA, Some("120")).await;
    writes(&app, BOB, None).await;
    let chat = chat_with(&app, ADA).await;
    chat_with(&app, BOB).await;
    let chat = format!("/chats/{}", chat["id"].as_str().unwrap());
    let sent = json!({ "to": format!("+{ADA}"), "text": "Hello" });
    let (status, answer) = call(&app, Method::POST, "/send", Some(sent)).await;
    assert_eq!(status, 200, "{answer}");
    counted(&app, "", |figures| figures["conversations"]["responseRate"] == 50.0).await;
    let me = json!({ "userId": "me" });
    for (path, body) in [("assign", me), ("resolve", json!({ "sendCsat": false }))] {
        let (status, answer) =
            call(&app, Method::POST, &format!("{chat}/{path}"), Some(body)).await;
        assert_eq!(status, 200, "{answer}");
    }
    let figures = counted(&app, "", |figures| {
        figures["conversations"]["resolved"] == 1 && figures["messages"]["read"] == 1
    })
    .await;
    let messages = json!({
        "sent": 1, "received": 2, "delivered": 1, "read": 1, "failed": 0, "deliveryRate": 100.0,
        "readRate": 100.0,
    });
    assert_eq!(figures["messages"], messages);
    let conversations = &figures["conversations"];
    for (field, count) in [("opened", 2), ("resolved", 1), ("open", 1), ("assigned", 0)] {
        assert_eq!(conversations[field], count, "{field}: {figures}");
    }
    for field in ["avgFirstResponseMinutes", "avgResolutionHours", "medianResolutionHours"] {
        assert!(conversations[field].is_number(), "{field}: {figures}");
    }
    let contacts = json!({ "total": 2, "new": 2, "optedIn": 2, "optedOut": 0 });
    assert_eq!(figures["contacts"], contacts);
    let series = &figures["series"];
    assert_eq!(series.as_array().unwrap().len(), 30);
    assert_eq!((sum(series, "sent"), sum(series, "received")), (1, 2));
    assert_eq!(figures["hourly"].as_array().unwrap().len(), 24);
    assert_eq!(sum(&figures["hourly"], ""), 3);
    let agents = get(&app, "/analytics/agents").await;
    let agent = &agents["agents"][0];
    assert_eq!((&agent["name"], &agent["totalConversations"]), (&json!("test"), &json!(1)));
    assert_eq!((&agent["resolved"], agents["agents"].as_array().unwrap().len()), (&json!(1), 1));
    let ads = get(&app, "/analytics/ctwa").await;
    assert_eq!(ads["totals"], json!({ "contacts": 1, "conversations": 1 }));
    let ad = &ads["ads"][0];
    for (field, value) in [
        ("sourceId", json!("120")),
        ("source", json!("FB_Ads")),
        ("headline", json!("Spring sale")),
        ("contacts", json!(1)),
        ("conversations", json!(1)),
        ("resolved", json!(1)),
    ] {
        assert_eq!(ad[field], value, "{ads}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_of_the_days_and_sessions_that_are_asked_for() {
    let app = TestApp::start().await;
    app.ready("shop", PHONE).await;
    app.create("other").await;
    writes(&app, ADA, Some("120")).await;
    counted(&app, "?sessionId=shop", |figures| figures["messages"]["received"] == 1).await;
    for query in [
        "?sessionId=other",
        "?channel=sms",
        "?from=2020-01-01&to=2020-12-31",
        "?to=2020-12-31T10:00:00Z",
    ] {
        let figures = get(&app, &format!("/analytics{query}")).await;
        assert_eq!(figures["messages"]["received"], 0, "{query}");
        assert_eq!(figures["messages"]["deliveryRate"], Value::Null, "{query}");
        assert_eq!(get(&app, &format!("/analytics/ctwa{query}")).await["ads"], json!([]));
        assert_eq!(get(&app, &format!("/analytics/agents{query}")).await["agents"], json!([]));
    }
    let period = &get(&app, "/analytics?from=2020-02-01&to=2020-02-29").await["period"];
    assert_eq!(*period, json!({ "from": "2020-02-01", "to": "2020-02-29" }));
    for query in [
        "?from=yesterday",
        "?from=2020-02-02&to=2020-02-01",
        "?from=2020-01-01&to=2021-01-02",
        "?channel=fax",
    ] {
        for path in ["/analytics", "/analytics/ctwa", "/analytics/agents"] {
            let (status, _) = call(&app, Method::GET, &format!("{path}{query}"), None).await;
            assert_eq!(status, 400, "{path}{query}");
        }
    }
    assert_eq!(call(&app, Method::GET, "/analytics?sessionId=none", None).await.0, 404);
    // A key of one session sees that one alone.
    let key = app.key_of(&["read"], Some("other")).await;
    let asked = async |query: &str| {
        let url = format!("{}{BUSINESS}/analytics{query}", app.base);
        let answer = app.http.get(url).bearer_auth(&key).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let (status, figures) = asked("").await;
    assert_eq!((status, &figures["messages"]["received"]), (200, &json!(0)));
    assert_eq!(asked("?sessionId=shop").await.0, 404);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_contacts_pay_counts_for_the_advertisement_that_led_them_here_last() {
    let app = TestApp::start().await;
    app.ready("shop", PHONE).await;
    app.create("other").await;
    writes(&app, ADA, Some("120")).await;
    writes(&app, BOB, None).await;
    let (ada, bob) = (chat_with(&app, ADA).await, chat_with(&app, BOB).await);
    for (chat, amount, currency) in [
        (&ada, "12.50", "USD"),
        (&ada, "3", "usd"),
        (&ada, "500", "JPY"),
        // No advertisement led him here.
        (&bob, "99", "USD"),
    ] {
        let contact = &chat["contact"]["id"];
        let more = json!({ "contactId": contact, "amount": amount, "currency": currency });
        let made = link(&app, more).await;
        let path = format!("/_simulator/v1/payments/{}/pay", id(&made));
        let event = json!({ "event": format!("evt-{}", id(&made)) });
        assert_eq!(app.post(&path, event).await.0, 200);
    }
    let ad = app
        .wait_for("the revenue", || async {
            let ads = get(&app, "/analytics/ctwa").await;
            let ad = ads["ads"][0].clone();
            (ad["revenues"]["JPY"] == "500").then_some(ad)
        })
        .await;
    assert_eq!(ad["revenues"], json!({ "JPY": "500", "USD": "15.50" }), "{ad}");
    assert_eq!((&ad["revenue"], &ad["contacts"]), (&json!(15.5), &json!(1)), "{ad}");
    // It counts in the session that the contact came to.
    let ads = get(&app, "/analytics/ctwa?sessionId=other").await;
    assert_eq!(ads["ads"], json!([]), "{ads}");
    let euros = json!({ "currency": "EUR" });
    assert_eq!(call(&app, Method::PATCH, "/settings", Some(euros)).await.0, 200);
    assert_eq!(get(&app, "/analytics/ctwa").await["ads"][0]["revenue"], Value::Null);
    app.stop().await;
}
