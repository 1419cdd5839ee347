//! The table of tools: who sees which, what they take and answer, and how they refuse.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    app::{PHONE, SILENT, TestApp},
    mcp::{called, done, names, posted, refused, request, result},
    support::document::schema::Schemas,
};

const CONTACTS: [&str; 3] = ["list_contacts", "get_contact", "create_contact"];
const DOCUMENTED: [&str; 12] = [
    "list_contacts",
    "get_contact",
    "create_contact",
    "list_conversations",
    "get_conversation",
    "send_message",
    "list_templates",
    "send_broadcast",
    "get_analytics",
    "list_ai_agents",
    "list_quick_replies",
    "create_payment_link",
];
const FURTHER: [&str; 7] = [
    "list_sessions",
    "get_qr_code",
    "search_messages",
    "mark_conversation_read",
    "react_to_message",
    "resolve_conversation",
    "add_note",
];

pub async fn tools(app: &TestApp, key: &str) -> BTreeMap<String, Value> {
    let list = result(app, key, "tools/list", json!({})).await;
    let tools = list["tools"].as_array().unwrap();
    tools.iter().map(|tool| (tool["name"].as_str().unwrap().to_owned(), tool.clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_sees_the_tools_that_its_scopes_allow_in_the_documented_order() {
    let app = TestApp::start().await;
    let seen = async |scopes: &[&str], session| {
        let key = app.key_of(scopes, session).await;
        let list = result(&app, &key, "tools/list", json!({})).await;
        names(&list["tools"]).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(seen(&["*"], None).await, [DOCUMENTED.as_slice(), &FURTHER].concat());
    assert_eq!(seen(&["mcp"], None).await, [""; 0]);
    assert_eq!(seen(&["mcp", "contacts"], None).await, CONTACTS);
    app.create("mine").await;
    // Contacts are of all sessions.
    let bound = seen(&["mcp", "contacts", "read", "admin"], Some("mine")).await;
    assert_eq!(bound, ["get_analytics", "list_sessions", "get_qr_code"]);
    let key = app.key_of(&["mcp"], None).await;
    for name in CONTACTS {
        let arguments = json!({ "phone": "+15550001111" });
        assert_eq!(refused(&app, &key, name, arguments).await, "forbidden", "{name}");
    }
    app.stop().await;
    let app = TestApp::start_with(&[("WAGATE_MCP__TOOLS", "documented")]).await;
    let list = result(&app, app.key().await, "tools/list", json!({})).await;
    assert_eq!(names(&list["tools"]), DOCUMENTED);
    let call = request("tools/call", json!({ "name": "list_sessions" }));
    assert_eq!(posted(&app, app.key().await, &call).await.1["error"]["code"], -32_602);
    app.stop().await;
}

/// All that a schema is made of.
fn parts<'a>(schema: &'a Value, visit: &mut impl FnMut(&'a serde_json::Map<String, Value>)) {
    match schema {
        Value::Object(fields) => {
            visit(fields);
            fields.values().for_each(|part| parts(part, visit));
        }
        Value::Array(all) => all.iter().for_each(|part| parts(part, visit)),
        _ => (),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tool_says_what_it_takes_and_answers_and_does() {
    let app = TestApp::start().await;
    for (name, tool) in tools(&app, app.key().await).await {
        assert!(20 < tool["description"].as_str().unwrap().len(), "{name}");
        assert_eq!(tool["annotations"]["title"], tool["title"], "{name}");
        let reads = tool["annotations"]["readOnlyHint"].as_bool().unwrap();
        let begins = ["list_", "get_", "search_"].iter().any(|word| name.starts_with(word));
        assert_eq!(reads, begins, "{name}");
        assert_eq!(tool["annotations"].get("destructiveHint").is_some(), !reads, "{name}");
        for schema in [&tool["inputSchema"], &tool["outputSchema"]] {
            assert_eq!(schema["type"], "object", "{name}");
            for keyword in ["anyOf", "oneOf", "allOf"] {
                assert!(schema.get(keyword).is_none(), "{name}: {keyword} at the top");
            }
            parts(schema, &mut |part| {
                assert!(!part.contains_key("$ref"), "{name}: {part:?}");
            });
        }
        let input = &tool["inputSchema"];
        assert_eq!(input["additionalProperties"], false, "{name}");
        for (field, schema) in input["properties"].as_object().unwrap() {
            assert!(
                schema["description"].is_string() || schema["type"].is_string(),
                "{name}.{field}"
            );
            assert_ne!(schema["type"], json!(["string", "null"]), "{name}.{field}");
        }
    }
    app.stop().await;
}

/// What a schema says of answers that are no refusals.
pub fn of_success(schema: &Value) -> Value {
    let mut schema = schema.clone();
    let fields = schema.as_object_mut().unwrap();
    fields.remove("if").unwrap();
    let otherwise = fields.remove("else").unwrap();
    fields.insert("required".to_owned(), otherwise["required"].clone());
    schema
}

/// Calls a tool and compares its answer with its schema.
pub async fn checked(app: &TestApp, name: &str, arguments: Value) -> Value {
    let tools = tools(app, app.key().await).await;
    let answer = done(app, app.key().await, name, arguments).await;
    let schema = &of_success(&tools[name]["outputSchema"]);
    let faults = Schemas(schema).faults(schema, &answer);
    assert!(faults.is_empty(), "{name}: {faults:?}\n{answer:#}");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_are_made_found_and_listed() {
    let app = TestApp::start().await;
    let draft = json!({
        "phone": "+919876543210", "name": "John Doe", "tags": ["vip"], "optedIn": true,
    });
    let made = checked(&app, "create_contact", draft.clone()).await;
    assert_eq!((&made["phone"], &made["optedIn"]), (&json!("+919876543210"), &json!(true)));
    let by_id = checked(&app, "get_contact", json!({ "id": made["id"] })).await;
    let by_phone = checked(&app, "get_contact", json!({ "phone": "0091 98765 43210" })).await;
    assert_eq!((&by_id["id"], &by_phone), (&made["id"], &by_id));
    checked(&app, "create_contact", json!({ "phone": "+15550001111" })).await;
    let page = checked(&app, "list_contacts", json!({ "limit": 1, "page": 2 })).await;
    assert_eq!(page["contacts"][0]["id"], made["id"]);
    assert_eq!(page["pagination"]["total"], 2);
    let found = checked(&app, "list_contacts", json!({ "search": "john", "tag": "VIP" })).await;
    assert_eq!(found["contacts"].as_array().unwrap().len(), 1);

    let key = app.key().await;
    assert_eq!(refused(&app, key, "create_contact", draft).await, "duplicate");
    let unknown = json!({ "phone": "+15559999999" });
    assert_eq!(refused(&app, key, "get_contact", unknown).await, "not_found");
    for (name, arguments, fields) in [
        ("create_contact", json!({}), vec!["phone"]),
        ("create_contact", json!({ "phone": "12" }), vec!["phone"]),
        ("create_contact", json!({ "phone": 5, "email": [] }), vec!["email", "phone"]),
        ("list_contacts", json!({ "limit": 101 }), vec!["limit"]),
        ("list_contacts", json!({ "colour": "red" }), vec!["colour"]),
        ("get_contact", json!({}), vec!["id"]),
        ("get_contact", json!({ "id": "a", "phone": "b" }), vec!["id"]),
    ] {
        let result = called(&app, key, name, arguments.clone()).await;
        let content = &result["structuredContent"];
        assert_eq!(
            (&result["isError"], &content["code"]),
            (&json!(true), &json!("validation_error"))
        );
        let named: Vec<&String> = content["fields"].as_object().unwrap().keys().collect();
        assert_eq!(named, fields, "{name} {arguments}: {content}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_and_quick_replies_are_listed() {
    let app = TestApp::start().await;
    let body = json!({ "type": "BODY", "text": "Hi {{1}}" });
    for (name, draft) in [("order_shipped", false), ("order_lost", true)] {
        let template = json!({
            "name": name, "category": "UTILITY", "language": "en", "components": [body], "draft": draft,
        });
        assert_eq!(app.post("/api/whatsapp-api/templates", template).await.0, 201);
    }
    let approved = json!({ "status": "APPROVED", "category": "UTILITY", "search": "order" });
    let found = checked(&app, "list_templates", approved).await;
    assert_eq!(names(&found["templates"]), ["order_shipped"]);
    let wrong = json!({ "status": "LOST" });
    assert_eq!(refused(&app, app.key().await, "list_templates", wrong).await, "validation_error");
    for shortcut in ["/greeting", "/bye"] {
        let reply = json!({ "shortcut": shortcut, "content": "Hi {{contact.name}}" });
        assert_eq!(app.post("/api/whatsapp-api/quick-replies", reply).await.0, 201);
    }
    let found = checked(&app, "list_quick_replies", json!({ "q": "/gr" })).await;
    assert_eq!(found["quickReplies"][0]["shortcut"], "/greeting");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ai_agents_are_listed_as_by_their_endpoint() {
    let app = TestApp::start().await;
    for name in ["Order desk", "Support"] {
        let draft = json!({ "name": name, "businessTask": "faq" });
        assert_eq!(app.post("/api/whatsapp-api/ai-agents", draft).await.0, 201);
    }
    let all = checked(&app, "list_ai_agents", json!({})).await;
    assert_eq!(names(&all["agents"]), ["Order desk", "Support"]);
    assert_eq!(all, app.get("/api/whatsapp-api/ai-agents").await.1);
    let found = checked(&app, "list_ai_agents", json!({ "status": "draft", "search": "order" }));
    assert_eq!(names(&found.await["agents"]), ["Order desk"]);
    let other = app.key_of(&["mcp", "contacts"], None).await;
    assert_eq!(refused(&app, &other, "list_ai_agents", json!({})).await, "forbidden");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_link_is_made_for_an_amount_as_text_or_number() {
    let app = TestApp::start().await;
    for (amount, shown) in [(json!("12.50"), "12.50"), (json!(7), "7.00")] {
        let draft = json!({ "amount": amount, "currency": "EUR", "description": "Invoice 4711" });
        let made = checked(&app, "create_payment_link", draft).await;
        assert_eq!((&made["amount"], &made["status"]), (&json!(shown), &json!("ACTIVE")));
        assert_eq!(made["message"], json!(null));
    }
    let key = app.key().await;
    for wrong in [
        json!({ "amount": "12.505", "currency": "EUR", "description": "x" }),
        json!({ "amount": -1, "description": "x" }),
        json!({ "amount": 1 }),
        json!({ "amount": 1, "description": "x", "send": true }),
    ] {
        let code = refused(&app, key, "create_payment_link", wrong.clone()).await;
        assert_eq!(code, "validation_error", "{wrong}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_found_by_their_words() {
    let app = TestApp::start().await;
    app.ready("shop", PHONE).await;
    let body = json!({ "chatId": SILENT, "content": "Your parcel is on its way" });
    assert_eq!(app.post("/api/v1/sessions/shop/send-text", body).await.0, 200);
    let found = app
        .wait_for("the message to be found", || async {
            let found =
                done(&app, app.key().await, "search_messages", json!({ "query": "PARCEL" })).await;
            (!found["messages"].as_array().unwrap().is_empty()).then_some(found)
        })
        .await;
    assert_eq!(found["messages"][0]["message_body"], "Your parcel is on its way", "{found}");
    let nothing =
        checked(&app, "search_messages", json!({ "query": "nothing", "to": "2020-01-01" })).await;
    assert_eq!(nothing["messages"], json!([]));
    let wrong = json!({ "query": "", "from": "yesterday" });
    assert_eq!(refused(&app, app.key().await, "search_messages", wrong).await, "validation_error");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_a_code_is_a_picture() {
    let app = TestApp::start().await;
    app.create("mine").await;
    app.ready("other", PHONE).await;
    let all = checked(&app, "list_sessions", json!({})).await;
    assert_eq!(all["sessions"].as_array().unwrap().len(), 2);
    let bound = app.key_of(&["mcp", "read", "admin"], Some("mine")).await;
    let own = done(&app, &bound, "list_sessions", json!({})).await;
    assert_eq!(own["sessions"].as_array().unwrap().len(), 1);
    let code = called(&app, &bound, "get_qr_code", json!({ "sessionId": "mine" })).await;
    let picture = &code["content"][0];
    assert_eq!((&picture["type"], &picture["mimeType"]), (&json!("image"), &json!("image/png")));
    assert!(picture["data"].as_str().unwrap().starts_with("iVBORw0KGgo"));
    assert_eq!(code["structuredContent"]["sessionId"], "mine");
    for (key, session) in
        [(bound.as_str(), "other"), (app.key().await, "other"), (app.key().await, "none")]
    {
        let arguments = json!({ "sessionId": session });
        assert_eq!(refused(&app, key, "get_qr_code", arguments).await, "not_found", "{session}");
    }
    app.stop().await;
}
