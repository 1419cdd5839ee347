//! Contacts: made, found, changed, opted in and out, deleted.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    business::{call, contact, contact_of, created, get, writes},
};

fn sample() -> Value {
    json!({
        "phone": "+919876543210", "name": "John Doe", "email": "john@example.com",
        "tags": ["vip", "retail"], "optedIn": true,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_is_made_once_and_shown_as_it_was_given() {
    let app = TestApp::start().await;
    let made = created(&app, "/contacts", sample()).await;
    for (name, value) in sample().as_object().unwrap() {
        assert_eq!(made[name], *value, "{name}");
    }
    assert_eq!((&made["optInSource"], &made["firstName"]), (&json!("api"), &json!("John")));
    assert!(made["optInProof"].as_str().unwrap().ends_with('Z'));
    assert_eq!(contact_of(&app, &made["id"]).await, made);
    let (status, again) = call(&app, Method::POST, "/contacts", Some(sample())).await;
    assert_eq!((status, &again["code"]), (409, &json!("duplicate")));
    assert_eq!(again["error"], "A contact with this phone already exists");
    assert_eq!(again["contactId"], made["id"]);
    // The same number in another form.
    let other = json!({ "phone": "0091 98765-43210" });
    assert_eq!(call(&app, Method::POST, "/contacts", Some(other)).await.0, 409);
    let tags = json!((0..51).map(|n| n.to_string()).collect::<Vec<_>>());
    for (body, field) in [
        (json!({ "phone": "12" }), "phone"),
        (json!({ "email": "x" }), "phone"),
        (json!({}), "phone"),
        (json!({ "phone": "+15550001111", "email": "x" }), "email"),
        (json!({ "phone": "+15550001111", "name": "x".repeat(121) }), "name"),
        (json!({ "phone": "+15550001111", "tags": tags }), "tags"),
        (json!({ "phone": "+15550001111", "tags": [" "] }), "tags"),
        (json!({ "phone": "+15550001111", "optedIn": "yes" }), "optedIn"),
        (
            json!({ "phone": "+15550001111", "customFields": { "x": "y".repeat(9_000) } }),
            "customFields",
        ),
        (json!({ "phone": "+15550001111", "fone": 1 }), "fone"),
    ] {
        let (status, answer) = call(&app, Method::POST, "/contacts", Some(body.clone())).await;
        assert_eq!(status, 400, "{body}: {answer}");
        assert!(answer["fields"][field].is_array(), "{body}: {answer}");
    }
    assert_eq!(get(&app, "/contacts").await["pagination"]["total"], 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_are_found_by_name_number_and_tag_in_pages() {
    let app = TestApp::start().await;
    let john = created(&app, "/contacts", sample()).await["id"].clone();
    for n in 0..120 {
        contact(&app, &format!("+1555000{n:04}")).await;
    }
    for path in [
        "search=john",
        "search=DOE%20john",
        "search=98765",
        "search=%2B91%2098765-43210",
        "search=919876543210%40c.us",
        "search=%2B91%2098765%2043210%40s.whatsapp.net",
        "search=https://wa.me/919876543210",
        "tag=VIP",
        "optedIn=true",
    ] {
        let found = get(&app, &format!("/contacts?{path}")).await;
        assert_eq!(found["pagination"]["total"], 1, "{path}");
        assert_eq!(found["contacts"][0]["id"], john, "{path}");
    }
    assert_eq!(get(&app, "/contacts?search=john@example.com").await["pagination"]["total"], 0);
    let usual = get(&app, "/contacts").await;
    let pagination = json!({ "page": 1, "limit": 20, "total": 121, "totalPages": 7 });
    assert_eq!(usual["pagination"], pagination);
    let many = get(&app, "/contacts?limit=500").await;
    assert_eq!(
        (many["contacts"].as_array().unwrap().len(), &many["pagination"]["limit"]),
        (100, &json!(100))
    );
    let second = get(&app, "/contacts?page=2&limit=100").await;
    let phones: Vec<&Value> =
        second["contacts"].as_array().unwrap().iter().map(|one| &one["phone"]).collect();
    // The newest first, so that the oldest is the last.
    assert_eq!(
        (phones.len(), phones[20], phones[0]),
        (21, &json!("+919876543210"), &json!("+15550000019"))
    );
    assert_eq!(get(&app, "/contacts?page=8").await["contacts"], json!([]));
    let behind = second["contacts"][0]["id"].as_str().unwrap();
    let page = get(&app, &format!("/contacts?before={behind}&limit=1")).await;
    assert_eq!(page["contacts"][0]["phone"], "+15550000018");
    let sorted = get(&app, "/contacts?sort=name&limit=1").await;
    assert_eq!(sorted["contacts"][0]["id"], john);
    writes(&app, "15550000007", "Hi").await;
    let sorted = get(&app, "/contacts?sort=lastMessageAt&limit=1").await;
    assert_eq!(sorted["contacts"][0]["phone"], "+15550000007");
    assert_eq!(get(&app, "/contacts?optedIn=true").await["pagination"]["total"], 2);
    assert_eq!(
        get(&app, "/contacts?optedIn=false&channel=whatsapp").await["pagination"]["total"],
        119
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_keeps_what_it_does_not_name() {
    let app = TestApp::start().await;
    let made = created(&app, "/contacts", sample()).await;
    let path = format!("/contacts/{}", made["id"].as_str().unwrap());
    let body = json!({
        "name": null, "customFields": { "city": "Pune", "code": 7 }, "attributes": { "plan": "gold" }, "notes": "calls back",
    });
    let (status, changed) = call(&app, Method::PATCH, &path, Some(body)).await;
    assert_eq!(status, 200, "{changed}");
    assert_eq!((&changed["name"], &changed["email"]), (&Value::Null, &made["email"]));
    assert_eq!(changed["customFields"], json!({ "city": "Pune", "code": 7 }));
    let body = json!({ "customFields": { "code": null }, "tags": ["VIP", "vip", "new"] });
    let (_, changed) = call(&app, Method::PATCH, &path, Some(body)).await;
    assert_eq!(changed["customFields"], json!({ "city": "Pune" }));
    assert_eq!(
        (&changed["tags"], &changed["attributes"]),
        (&json!(["VIP", "new"]), &json!({ "plan": "gold" }))
    );
    for body in [
        json!({ "attributes": { "ctwa": {} } }),
        json!({ "phone": "+15550001111" }),
        json!({ "email": "x" }),
    ] {
        assert_eq!(call(&app, Method::PATCH, &path, Some(body.clone())).await.0, 400, "{body}");
    }
    let unknown = "/contacts/01980a3e-7c1e-7f6a-b3d8-5e901c47aa12";
    assert_eq!(call(&app, Method::PATCH, unknown, Some(json!({}))).await.0, 404);
    let tags = get(&app, "/tags").await;
    assert_eq!(
        tags,
        json!({
            "tags": [{ "name": "new", "contacts": 1 }, { "name": "vip", "contacts": 1 }],
            "hasMore": false,
        })
    );
    let tags = format!("{path}/tags");
    let (_, tagged) =
        call(&app, Method::POST, &tags, Some(json!({ "tags": ["Über Alles", "NEW"] }))).await;
    assert_eq!(tagged["tags"], json!(["VIP", "new", "Über Alles"]));
    let (status, left) = call(&app, Method::DELETE, &format!("{tags}/uber%20alles"), None).await;
    assert_eq!((status, &left["tags"]), (200, &json!(["VIP", "new"])));
    assert_eq!(call(&app, Method::DELETE, &format!("{tags}/none"), None).await.0, 404);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sent_stop_is_opted_in_with_a_proof_alone() {
    let app = TestApp::start().await;
    let contact = writes(&app, "15550000001", "Hi").await.contact;
    let path = format!("/contacts/{}", contact.id);
    let shown = get(&app, &path).await;
    assert_eq!(
        (&shown["optedIn"], &shown["optInSource"]),
        (&json!(true), &json!("inbound_message"))
    );
    assert!(shown["optInProof"].as_str().unwrap().starts_with("message:false_15550000001@c.us_"));
    writes(&app, "15550000001", "STOP").await;
    let shown = get(&app, &path).await;
    assert_eq!((&shown["optedIn"], &shown["optInSource"]), (&json!(false), &Value::Null));
    assert!(shown["optedOutAt"].is_string());
    let opt_in = format!("{path}/opt-in");
    let set = async |body: Value| call(&app, Method::POST, &opt_in, Some(body)).await;
    assert_eq!(set(json!({ "optedIn": true })).await.0, 400);
    assert_eq!(call(&app, Method::PATCH, &path, Some(json!({ "optedIn": true }))).await.0, 400);
    let (status, shown) = set(json!({ "optedIn": true, "proof": "Signed on 1 May" })).await;
    let proof = shown["optInProof"].as_str().unwrap();
    let (time, words) = proof.split_once(' ').unwrap();
    assert_eq!((status, words), (200, "Signed on 1 May"));
    assert!(time.ends_with('Z') && time.contains('T'), "{proof}");
    // By SMS it is another consent.
    let (_, shown) = set(json!({ "optedIn": true, "channel": "sms" })).await;
    assert_eq!(
        (&shown["smsOptedIn"], &shown["channels"]),
        (&json!(true), &json!(["whatsapp", "sms"]))
    );
    assert_eq!(get(&app, "/contacts?channel=sms").await["pagination"]["total"], 1);
    let (_, shown) = set(json!({ "optedIn": false, "channel": "sms" })).await;
    assert!(shown["smsOptOutDate"].is_string() && shown["optedIn"] == true);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_contact_is_gone_and_its_number_is_free() {
    let app = TestApp::start().await;
    let made = created(&app, "/contacts", sample()).await;
    let path = format!("/contacts/{}", made["id"].as_str().unwrap());
    let (status, answer) = call(&app, Method::DELETE, &path, None).await;
    assert_eq!((status, &answer["success"]), (200, &json!(true)));
    for method in [Method::GET, Method::DELETE] {
        assert_eq!(call(&app, method, &path, None).await.0, 404);
    }
    assert_eq!(get(&app, "/contacts").await["pagination"]["total"], 0);
    assert_eq!(get(&app, "/contacts?search=john").await["pagination"]["total"], 0);
    assert_eq!(get(&app, "/tags").await, json!({ "tags": [], "hasMore": false }));
    let again = created(&app, "/contacts", sample()).await;
    assert_ne!(again["id"], made["id"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_are_there_after_a_restart() {
    let app = TestApp::start().await;
    let made = created(&app, "/contacts", sample()).await;
    let folder = app.stop().await;
    let app = TestApp::start_in(folder, &[]).await;
    let found = get(&app, "/contacts?search=john&tag=retail").await;
    assert_eq!(found["contacts"], json!([made]));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_come_in_pages() {
    let app = TestApp::start().await;
    for (number, tags) in [(1, ["b", "Ä"]), (2, ["C", "b"])] {
        let draft = json!({ "phone": format!("+1555000111{number}"), "tags": tags });
        created(&app, "/contacts", draft).await;
    }
    let (mut after, mut seen) = (String::new(), Vec::new());
    loop {
        let page = get(&app, &format!("/tags?limit=1{after}")).await;
        let tag = page["tags"][0].clone();
        after = format!("&after={}", tag["name"].as_str().unwrap().to_lowercase());
        seen.push((tag["name"].clone(), tag["contacts"].clone()));
        if page["hasMore"] == false {
            break;
        }
    }
    let expected = [("Ä", 1), ("b", 2), ("C", 1)].map(|(name, of)| (json!(name), json!(of)));
    assert_eq!(seen, expected);
    let last = get(&app, "/tags?after=C").await;
    assert_eq!(last, json!({ "tags": [], "hasMore": false }));
    for wrong in ["limit=0", "limit=1001"] {
        assert_eq!(call(&app, Method::GET, &format!("/tags?{wrong}"), None).await.0, 400);
    }
    app.stop().await;
}
