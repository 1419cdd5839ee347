//! Rules that tag contacts by what they write.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    business::{call, created, get, writes},
};

const RULES: &str = "/auto-tagging/rules";

#[tokio::test(flavor = "multi_thread")]
async fn each_type_of_rule_tags_the_author_of_its_keyword() {
    let app = TestApp::start().await;
    for (kind, keyword, tag) in [
        ("contains", "order", "buyer"),
        ("exact", "PROMO", "promo"),
        ("startsWith", "REF", "referral"),
    ] {
        let rule =
            created(&app, RULES, json!({ "type": kind, "keyword": keyword, "tag": tag })).await;
        assert_eq!((&rule["caseSensitive"], &rule["enabled"]), (&json!(false), &json!(true)));
    }
    let log = &app.gateway.services().events;
    for (phone, text, tags) in [
        ("15550000001", "my Order?", json!(["buyer"])),
        ("15550000002", "promo", json!(["promo"])),
        ("15550000003", "REF123", json!(["referral"])),
        ("15550000004", "a PROMO", json!([])),
    ] {
        writes(&app, phone, "Hi").await;
        let before = log.newest();
        let contact = writes(&app, phone, text).await.contact;
        assert_eq!(get(&app, &format!("/contacts/{}", contact.id)).await["tags"], tags, "{text}");
        let events = log.read(None, before, 9).await.unwrap();
        let names: Vec<&str> = events.iter().map(|event| event.body.name()).collect();
        let expected: &[&str] = if tags == json!([]) { &[] } else { &["contact.updated"] };
        assert_eq!(names, expected, "{text}");
    }
    let (_, matches) =
        call(&app, Method::POST, "/auto-tagging/test", Some(json!({ "text": "REF order" }))).await;
    let tags: Vec<&Value> =
        matches["matches"].as_array().unwrap().iter().map(|one| &one["tag"]).collect();
    assert_eq!(tags, ["buyer", "referral"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_changed_and_deleted_by_administrators() {
    let app = TestApp::start().await;
    let draft =
        json!({ "type": "contains", "keyword": " my   order ", "tag": "buyer", "name": "Orders" });
    let rule = created(&app, RULES, draft).await;
    assert_eq!(rule["keyword"], "my order");
    let path = format!("{RULES}/{}", rule["id"].as_str().unwrap());
    let body = json!({ "enabled": false, "name": null, "sessionId": "shop" });
    let (status, changed) = call(&app, Method::PATCH, &path, Some(body)).await;
    assert_eq!(
        (status, &changed["name"], &changed["sessionId"]),
        (200, &Value::Null, &json!("shop"))
    );
    let text = Some(json!({ "text": "my order" }));
    let (_, matches) = call(&app, Method::POST, "/auto-tagging/test", text).await;
    assert_eq!(matches, json!({ "matches": [] }));
    let (_, changed) = call(&app, Method::PATCH, &path, Some(json!({ "sessionId": null }))).await;
    assert_eq!(changed["sessionId"], Value::Null);
    assert_eq!(get(&app, RULES).await, json!({ "rules": [changed] }));
    let same = json!({ "type": "contains", "keyword": "MY ORDER", "tag": "buyer" });
    let (status, refused) = call(&app, Method::POST, RULES, Some(same.clone())).await;
    assert_eq!((status, &refused["code"]), (409, &json!("duplicate")), "{refused}");
    // For one session alone, and with regard to case, it is another.
    let mut other = same.clone();
    other["caseSensitive"] = json!(true);
    let other = created(&app, RULES, other).await;
    let other = format!("{RULES}/{}", other["id"].as_str().unwrap());
    let same = Some(json!({ "caseSensitive": false }));
    assert_eq!(call(&app, Method::PATCH, &other, same).await.0, 409);
    assert_eq!(call(&app, Method::PATCH, &path, Some(json!({ "tag": "buyer" }))).await.0, 200);
    assert_eq!(call(&app, Method::DELETE, &other, None).await.0, 200);
    for body in [
        json!({ "type": "regex", "keyword": "x", "tag": "x" }),
        json!({ "type": "exact", "keyword": "", "tag": "x" }),
        json!({ "type": "exact", "keyword": "x".repeat(201), "tag": "x" }),
        json!({ "type": "exact", "keyword": "x", "tag": "x".repeat(51) }),
        json!({ "type": "exact", "keyword": "x", "tag": "x", "sessionId": "../x" }),
    ] {
        assert_eq!(call(&app, Method::POST, RULES, Some(body.clone())).await.0, 400, "{body}");
    }
    assert_eq!(call(&app, Method::DELETE, &path, None).await.0, 200);
    for method in [Method::PATCH, Method::DELETE] {
        let body = (method == Method::PATCH).then(|| json!({}));
        assert_eq!(call(&app, method, &path, body).await.0, 404);
    }
    app.stop().await;
}
