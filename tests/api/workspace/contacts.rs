//! Contacts of the workspace API, which are those of the business API.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    workspace::{
        answered, ask, bot, conversation, delete, get, member, office, owner, post, put, text,
    },
};

const ALL: &str = "/api/v1/contacts";

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_is_one_record_for_both_surfaces() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let bot = bot(&app, &ada).await;
    let draft = json!({
        "name": "Jane Roe", "phone": "+15550000061", "email": "jane@example.com",
        "company": "Example Ltd", "tags": ["lead"], "custom_fields": { "city": "Pune" },
        "opted_in": true, "bot_id": bot, "notes": "Calls back",
    });
    let jane = answered(post(&app, ALL, draft.clone(), Some(&ada)).await, 201);
    for name in ["name", "phone", "email", "company", "tags", "custom_fields", "opted_in", "notes"]
    {
        assert_eq!(jane[name], draft[name], "{name}");
    }
    assert_eq!((&jane["bot_ids"], &jane["session_count"]), (&json!([bot]), &json!(0)));
    let (id, path) = (text(&jane["id"]), format!("{ALL}/{}", text(&jane["id"])));
    let business = format!("/api/whatsapp-api/contacts/{id}");
    let same = answered(get(&app, &business, Some(&ada)).await, 200);
    assert_eq!((&same["phone"], &same["optedIn"]), (&json!("+15550000061"), &json!(true)));

    let change =
        json!({ "company": null, "tags": ["customer"], "custom_fields": { "city": null } });
    let changed = answered(put(&app, &path, change, &ada).await, 200);
    assert_eq!((&changed["company"], &changed["custom_fields"]), (&Value::Null, &json!({})));
    assert_eq!((&changed["name"], &changed["sessions"]), (&json!("Jane Roe"), &json!([])));
    assert_eq!(get(&app, &business, Some(&ada)).await.body["tags"], json!(["customer"]));
    let elsewhere = json!({ "name": "Jane Doe" });
    ask(&app, Method::PATCH, &business, Some(elsewhere), Some(&ada)).await;
    assert_eq!(get(&app, &path, Some(&ada)).await.body["name"], "Jane Doe");

    let log = &app.gateway.services().events;
    let events = log.read(None, 0, 10_000).await.unwrap();
    let shown = |name: &str| events.iter().filter(|event| event.body.name() == name).count();
    assert_eq!((shown("contact.created"), shown("contact.updated")), (1, 2));

    for (query, total) in [
        ("", 1),
        ("?search=jane", 1),
        ("?search=0000061", 1),
        ("?search=nobody", 0),
        ("?tag=CUSTOMER", 1),
        ("?tag=lead", 0),
        (&format!("?bot_id={bot}"), 1),
    ] {
        let list = answered(get(&app, &format!("{ALL}{query}"), Some(&ada)).await, 200);
        assert_eq!(list["total"], total, "{query}");
        assert_eq!(list["contacts"].as_array().unwrap().len(), total, "{query}");
    }
    answered(put(&app, &path, json!({ "bot_ids": [] }), &ada).await, 200);
    let list = get(&app, &format!("{ALL}?bot_id={bot}"), Some(&ada)).await.body;
    assert_eq!(list["total"], 0);
    let deleted = answered(delete(&app, &path, &ada).await, 200);
    assert_eq!(deleted, json!({ "message": "Contact deleted", "id": id }));
    answered(get(&app, &path, Some(&ada)).await, 404);
    answered(get(&app, &business, Some(&ada)).await, 404);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_has_a_name_an_address_or_a_number_that_is_its_own() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let made = async |body: Value| post(&app, ALL, body, Some(&ada)).await;
    for wrong in [
        json!({}),
        json!({ "name": " ", "phone": "", "email": "" }),
        json!({ "company": "Example Ltd" }),
        json!({ "phone": "12" }),
        json!({ "email": "x" }),
        json!({ "name": "x".repeat(121) }),
        json!({ "name": "x", "company": "x".repeat(121) }),
        json!({ "name": "x", "tags": ["x".repeat(51)] }),
        json!({ "name": "x", "nonsense": 1 }),
    ] {
        answered(made(wrong).await, 400);
    }
    let named = answered(made(json!({ "name": "No number" })).await, 201);
    answered(made(json!({ "name": "No number" })).await, 201);
    let mailed = answered(made(json!({ "email": "jane@example.com" })).await, 201);
    let taken = answered(made(json!({ "email": "JANE@example.com" })).await, 409);
    assert_eq!(taken["details"]["contact_id"], mailed["id"]);
    // With a number, the address may be another's too.
    let both = json!({ "email": "jane@example.com", "phone": "+15550000062" });
    let both = answered(made(both).await, 201);
    answered(made(json!({ "phone": "+1 555 000 0062" })).await, 409);
    let path = |contact: &Value| format!("{ALL}/{}", text(&contact["id"]));
    let number = json!({ "phone": "+15550000062" });
    answered(put(&app, &path(&named), number, &ada).await, 409);
    let email = json!({ "email": "jane@example.com" });
    answered(put(&app, &path(&named), email.clone(), &ada).await, 409);
    let number = json!({ "phone": "+15550000063" });
    let changed = answered(put(&app, &path(&both), number, &ada).await, 200);
    assert_eq!(changed["phone"], "+15550000063");
    let number = json!({ "phone": "+15550000064" });
    answered(put(&app, &path(&mailed), number, &ada).await, 200);
    // The address of nobody but people with numbers is free again.
    answered(put(&app, &path(&named), email, &ada).await, 200);
    let fields = json!({ "custom_fields": { "x": "y".repeat(9_000) } });
    let large = answered(put(&app, &path(&both), fields, &ada).await, 400);
    assert!(large["details"]["fields"].get("custom_fields").is_some(), "{large}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_is_shown_with_its_conversations_and_keeps_its_number_then() {
    let (app, ada, _) = office().await;
    let (viewer, _) = member(&app, &ada, "viewer@example.com", "VIEWER").await;
    let (grace, _) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let chat = conversation(&app, &ada, "15550000065").await;
    let list = answered(get(&app, &format!("{ALL}?search=0000065"), Some(&viewer)).await, 200);
    let contact = &list["contacts"][0];
    assert_eq!(contact["session_count"], 1);
    let path = format!("{ALL}/{}", text(&contact["id"]));
    let shown = answered(get(&app, &path, Some(&viewer)).await, 200);
    let session = &shown["sessions"][0];
    assert_eq!((&session["id"], &session["status"]), (&json!(chat), &json!("open")));
    let number = json!({ "phone": "+15550000066" });
    let refused = answered(put(&app, &path, number, &grace).await, 400);
    assert!(refused["details"]["fields"].get("phone").is_some(), "{refused}");
    answered(put(&app, &path, json!({ "name": "x" }), &viewer).await, 403);
    answered(post(&app, ALL, json!({ "name": "x" }), Some(&viewer)).await, 403);
    answered(delete(&app, &path, &viewer).await, 403);
    // A bot that one does not see is none.
    let bot = bot(&app, &ada).await;
    answered(get(&app, &format!("{ALL}?bot_id={bot}"), Some(&grace)).await, 404);
    answered(post(&app, ALL, json!({ "name": "x", "bot_id": bot }), Some(&grace)).await, 404);
    let reads = app.key_of(&["read"], None).await;
    answered(get(&app, ALL, Some(&reads)).await, 403);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_opted_out_stays_so_for_another_contact() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let made = async |body: Value| answered(post(&app, ALL, body, Some(&ada)).await, 201);
    let path = |contact: &Value| format!("{ALL}/{}", text(&contact["id"]));
    let former = made(json!({ "phone": "+15550000071", "opted_in": true })).await;
    answered(put(&app, &path(&former), json!({ "opted_in": false }), &ada).await, 200);
    answered(delete(&app, &path(&former), &ada).await, 200);
    // As a new contact with the number does, one that gets the number begins opted out.
    let other = made(json!({ "phone": "+15550000072", "opted_in": true })).await;
    let number = json!({ "phone": "+15550000071" });
    let changed = answered(put(&app, &path(&other), number, &ada).await, 200);
    assert_eq!((&changed["phone"], &changed["opted_in"]), (&json!("+15550000071"), &json!(false)));
    // A person opts it in again, which holds from then on.
    answered(put(&app, &path(&other), json!({ "opted_in": true }), &ada).await, 200);
    let renamed = answered(put(&app, &path(&other), json!({ "name": "Jane" }), &ada).await, 200);
    assert_eq!(renamed["opted_in"], true);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_names_all_that_is_wrong_and_leaves_somebody() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let draft = json!({ "name": "Jane Roe", "email": "jane@example.com" });
    let jane = answered(post(&app, ALL, draft, Some(&ada)).await, 201);
    let path = format!("{ALL}/{}", text(&jane["id"]));
    let body = json!({
        "email": "x", "phone": "12", "tags": [" "], "custom_fields": { "x": "y".repeat(9_000) },
    });
    let refused = answered(put(&app, &path, body, &ada).await, 400);
    let fields = refused["details"]["fields"].as_object().unwrap();
    let named: Vec<&String> = fields.keys().collect();
    assert_eq!(named, ["custom_fields", "email", "phone", "tags"], "{refused}");
    // Without a name, an address and a number there is nobody.
    let nobody = json!({ "name": null, "email": " " });
    answered(put(&app, &path, nobody, &ada).await, 400);
    let shown = answered(put(&app, &path, json!({ "name": null }), &ada).await, 200);
    assert_eq!((&shown["name"], &shown["email"]), (&Value::Null, &json!("jane@example.com")));
    let business = format!("/api/whatsapp-api/contacts/{}", text(&jane["id"]));
    let body = json!({ "email": "x", "attributes": { "ctwa": {} }, "tags": [""] });
    let refused = ask(&app, Method::PATCH, &business, Some(body), Some(&ada)).await;
    let fields = answered(refused, 400)["fields"].as_object().unwrap().len();
    assert_eq!(fields, 3);
    app.stop().await;
}
