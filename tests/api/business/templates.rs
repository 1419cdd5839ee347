//! Templates: saved in Meta's form, listed, changed, deleted, imported.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    business::{call, created, get},
};

/// As a caller writes one.
fn order_shipped() -> Value {
    json!({
        "name": "order_shipped", "category": "UTILITY", "language": "en_US",
        "components": [
            { "type": "HEADER", "format": "TEXT", "text": "Order {{1}}" },
            { "type": "BODY", "text": "Hi {{1}}, your order comes {{2}}." },
            { "type": "FOOTER", "text": "Acme Corp" },
            { "type": "BUTTONS", "buttons": [
                { "type": "URL", "text": "Track", "url": "https://example.com/track/{{1}}" },
                { "type": "PHONE_NUMBER", "text": "Call", "phone_number": "+15550000001" },
                { "type": "QUICK_REPLY", "text": "Thanks" },
            ] },
        ],
    })
}

/// As Meta's API shows one.
fn of_meta(name: &str, status: &str) -> Value {
    json!({
        "name": name, "parameter_format": "POSITIONAL", "language": "en_US", "status": status,
        "category": "MARKETING", "id": "594425479261596", "rejected_reason": "NONE",
        "components": [
            { "type": "HEADER", "format": "IMAGE", "example": { "header_handle": ["https://example.com/a"] } },
            { "type": "BODY", "text": "Hello {{1}}", "example": { "body_text": [["Ada"]] } },
        ],
    })
}

fn plain(name: &str, body: &str) -> Value {
    json!({
        "name": name, "category": "UTILITY", "language": "en",
        "components": [{ "type": "BODY", "text": body }],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_approved_when_it_is_saved_and_shown_as_it_was_given() {
    let app = TestApp::start().await;
    let made = created(&app, "/templates", order_shipped()).await;
    for (field, value) in order_shipped().as_object().unwrap() {
        assert_eq!(made[field], *value, "{field}");
    }
    assert_eq!((&made["status"], &made["variables"]), (&json!("APPROVED"), &json!(2)));
    let path = format!("/templates/{}", made["id"].as_str().unwrap());
    assert_eq!(get(&app, &path).await, made);
    let (status, again) = call(&app, Method::POST, "/templates", Some(order_shipped())).await;
    assert_eq!((status, &again["code"]), (409, &json!("duplicate")));
    assert_eq!(again["error"], "A template order_shipped in en_US already exists");
    let mut german = order_shipped();
    german["language"] = json!("de");
    german["draft"] = json!(true);
    assert_eq!(created(&app, "/templates", german).await["status"], "DRAFT");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_of_meta_is_taken_as_it_is() {
    let app = TestApp::start().await;
    let made = created(&app, "/templates", of_meta("promo", "APPROVED")).await;
    assert_eq!((&made["status"], &made["category"]), (&json!("APPROVED"), &json!("MARKETING")));
    let components = json!([
        { "type": "HEADER", "format": "IMAGE" }, { "type": "BODY", "text": "Hello {{1}}" },
    ]);
    assert_eq!(made["components"], components);
    let mut refused = of_meta("refused", "REJECTED");
    refused["rejected_reason"] = json!("PROMOTIONAL");
    let made = created(&app, "/templates", refused).await;
    let expected = (&json!("DRAFT"), &json!("PROMOTIONAL"));
    assert_eq!((&made["status"], &made["rejectionReason"]), expected);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_are_listed_by_what_is_asked_for() {
    let app = TestApp::start().await;
    created(&app, "/templates", order_shipped()).await;
    created(&app, "/templates", of_meta("promo_may", "PENDING")).await;
    created(&app, "/templates", plain("welcome", "Hi")).await;
    for (query, expected) in [
        ("", vec!["order_shipped", "promo_may", "welcome"]),
        ("?status=APPROVED", vec!["order_shipped", "welcome"]),
        ("?status=DRAFT", vec!["promo_may"]),
        ("?category=UTILITY&language=en", vec!["welcome"]),
        ("?search=MAY", vec!["promo_may"]),
        ("?search=none", vec![]),
        ("?limit=2&page=2", vec!["welcome"]),
    ] {
        let found = get(&app, &format!("/templates{query}")).await;
        let found = found["templates"].as_array().unwrap().iter();
        let found: Vec<&str> = found.map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(found, expected, "{query}");
    }
    let pagination = json!({ "page": 2, "limit": 2, "total": 3, "totalPages": 2 });
    assert_eq!(get(&app, "/templates?limit=2&page=2").await["pagination"], pagination);
    for query in ["?status=OPEN", "?category=x", "?limit=0"] {
        let (status, _) = call(&app, Method::GET, &format!("/templates{query}"), None).await;
        assert_eq!(status, 400, "{query}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_changed_approved_and_deleted() {
    let app = TestApp::start().await;
    let mut draft = plain("welcome", "Hi");
    draft["draft"] = json!(true);
    let made = created(&app, "/templates", draft).await;
    created(&app, "/templates", plain("taken", "Hi")).await;
    let path = format!("/templates/{}", made["id"].as_str().unwrap());
    let change = async |body: Value| call(&app, Method::PATCH, &path, Some(body)).await;
    let components = json!([{ "type": "BODY", "text": "Hi {{1}}" }]);
    let (status, changed) = change(json!({ "components": components })).await;
    assert_eq!(
        (status, &changed["variables"], &changed["status"]),
        (200, &json!(1), &json!("DRAFT"))
    );
    assert_eq!(change(json!({ "draft": false })).await.1["status"], "APPROVED");
    assert_eq!(change(json!({ "category": "MARKETING" })).await.1["status"], "APPROVED");
    assert_eq!(change(json!({ "name": "taken" })).await.0, 409);
    assert_eq!(change(json!({ "components": [{ "type": "FOOTER", "text": "x" }] })).await.0, 400);
    assert_eq!(call(&app, Method::DELETE, &path, None).await.0, 200);
    for (method, body) in
        [(Method::GET, None), (Method::DELETE, None), (Method::PATCH, Some(json!({})))]
    {
        assert_eq!(call(&app, method, &path, body).await.0, 404);
    }
    created(&app, "/templates", plain("welcome", "Hi")).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_a_template_is_named() {
    let app = TestApp::start().await;
    let with = |pointer: &str, value: Value| {
        let mut body = order_shipped();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let long = |length: usize| json!("x".repeat(length));
    for (body, field) in [
        (json!({}), "name"),
        (json!({}), "category"),
        (with("/name", json!("Order")), "name"),
        (with("/name", long(513)), "name"),
        (with("/category", json!("OTHER")), "category"),
        (with("/language", json!("en-US")), "language"),
        (with("/components", json!([])), "components"),
        (with("/components/0/text", long(61)), "components[0].text"),
        (with("/components/1/text", long(1_025)), "components[1].text"),
        (with("/components/1/text", json!("{{1}} {{3}}")), "components[1].text"),
        (with("/components/2/text", long(61)), "components[2].text"),
        (with("/components/3/buttons/0/text", long(26)), "components[3].buttons[0].text"),
        (with("/components/3/buttons/0/url", json!("x")), "components[3].buttons[0].url"),
    ] {
        let (status, answer) = call(&app, Method::POST, "/templates", Some(body)).await;
        assert_eq!(status, 400, "{field}: {answer}");
        assert!(answer["fields"][field].is_array(), "{field}: {answer}");
    }
    assert_eq!(get(&app, "/templates").await["pagination"]["total"], 0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_of_meta_is_imported_with_a_result_for_each() {
    let app = TestApp::start().await;
    let known = created(&app, "/templates", plain("known", "Hi")).await;
    let mut other = of_meta("known", "APPROVED");
    other["language"] = json!("en");
    let mut carousel = of_meta("carousel", "APPROVED");
    carousel["components"][0]["type"] = json!("CAROUSEL");
    let body = json!({
        "data": [of_meta("promo", "APPROVED"), of_meta("waiting", "PENDING"), other, carousel],
        "paging": { "cursors": { "before": "a", "after": "b" } },
    });
    let path = "/templates/import";
    let (status, done) = call(&app, Method::POST, path, Some(body.clone())).await;
    assert_eq!(status, 200, "{done}");
    let count = |done: &Value, name: &str| done[name].as_u64().unwrap();
    let counts = ["total", "created", "updated", "failed"].map(|name| count(&done, name));
    assert_eq!(counts, [4, 2, 1, 1]);
    let results = done["results"].as_array().unwrap();
    assert_eq!(
        (&results[1]["result"], &results[1]["status"]),
        (&json!("created"), &json!("DRAFT"))
    );
    assert_eq!((&results[2]["result"], &results[2]["id"]), (&json!("updated"), &known["id"]));
    assert_eq!((&results[3]["name"], &results[3]["id"]), (&json!("carousel"), &Value::Null));
    assert!(results[3]["error"].as_str().unwrap().contains("components[0].type"), "{done}");
    assert_eq!(get(&app, "/templates").await["pagination"]["total"], 3);
    let again = call(&app, Method::POST, path, Some(body)).await.1;
    assert_eq!((count(&again, "created"), count(&again, "updated")), (0, 3));
    for body in [json!({}), json!({ "data": [] }), json!({ "data": [1] })] {
        assert_eq!(call(&app, Method::POST, path, Some(body.clone())).await.0, 400, "{body}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_needs_another_scope_than_changing() {
    let app = TestApp::start().await;
    let reader = app.key_of(&["read"], None).await;
    let agent = app.key_of(&["read", "conversations"], None).await;
    let url = |path: &str| format!("{}{}{path}", app.base, crate::app::BUSINESS);
    let reply = json!({ "shortcut": "/a", "content": "x" });
    for (path, body, by_agent) in
        [("/quick-replies", reply, 201), ("/templates", plain("a", "x"), 403)]
    {
        for (key, expected) in [(&reader, 403), (&agent, by_agent)] {
            assert_eq!(
                app.http.get(url(path)).bearer_auth(key).send().await.unwrap().status(),
                200
            );
            let made = app.http.post(url(path)).bearer_auth(key).json(&body).send().await.unwrap();
            assert_eq!(made.status(), expected, "{path}");
        }
    }
    app.stop().await;
}
