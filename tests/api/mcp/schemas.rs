//! Schemas of all tools: valid JSON Schema of 2020-12, and what each tool answers fits its own.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::{
    app::{PHONE, TestApp},
    chat::write,
    mcp::{called, tools::checked, tools::of_success, tools::tools},
    support::document::schema::Schemas,
};

const KINDS: [&str; 7] = ["null", "boolean", "object", "array", "number", "string", "integer"];
const ADA: &str = "15550000011";

/// What makes a schema none, by the rules of JSON Schema 2020-12 for the keywords that tools use.
fn faults(schema: &Value, at: &str, found: &mut Vec<String>) {
    let Value::Object(keywords) = schema else {
        if !schema.is_boolean() {
            found.push(format!("{at}: a schema is an object or a boolean, not {schema}"));
        }
        return;
    };
    for (keyword, value) in keywords {
        let below = format!("{at}/{keyword}");
        let is_fine = match keyword.as_str() {
            "type" => match value {
                Value::Array(kinds) => are_distinct_texts(kinds) && kinds.iter().all(is_kind),
                kind => is_kind(kind),
            },
            "properties" | "$defs" => each_of(value, &below, found),
            "items" | "additionalProperties" | "propertyNames" | "if" | "then" | "else" | "not" => {
                faults(value, &below, found);
                true
            }
            "anyOf" | "oneOf" | "allOf" => value.as_array().is_some_and(|branches| {
                branches.iter().for_each(|branch| faults(branch, &below, found));
                !branches.is_empty()
            }),
            "required" => value.as_array().is_some_and(|names| are_distinct_texts(names)),
            "enum" => value.as_array().is_some_and(|values| {
                let distinct: BTreeSet<String> = values.iter().map(Value::to_string).collect();
                !values.is_empty() && distinct.len() == values.len()
            }),
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties"
            | "maxProperties" => value.is_u64(),
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => value.is_number(),
            "uniqueItems" | "deprecated" | "readOnly" | "writeOnly" => value.is_boolean(),
            "description" | "title" | "format" | "pattern" | "$schema" => value.is_string(),
            "examples" => value.is_array(),
            "const" | "default" => true,
            _ => false,
        };
        if !is_fine {
            found.push(format!("{below}: {value}"));
        }
    }
    for (least, most) in
        [("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems")]
    {
        let number = |name: &str| keywords.get(name).and_then(Value::as_f64);
        if number(least).zip(number(most)).is_some_and(|(least, most)| most < least) {
            found.push(format!("{at}: nothing lies between {least} and {most}"));
        }
    }
}

fn each_of(value: &Value, at: &str, found: &mut Vec<String>) -> bool {
    let each = |fields: &Map<String, Value>| {
        fields.iter().for_each(|(name, schema)| faults(schema, &format!("{at}/{name}"), found));
    };
    value.as_object().map(each).is_some()
}

fn is_kind(kind: &Value) -> bool {
    KINDS.iter().any(|known| kind == known)
}

fn are_distinct_texts(values: &[Value]) -> bool {
    let texts: BTreeSet<&str> = values.iter().filter_map(Value::as_str).collect();
    texts.len() == values.len()
}

/// Texts that a schema gives as examples or defaults of a field, with the schema of the field.
fn samples<'s>(schema: &'s Value, found: &mut Vec<(&'s Value, &'s Value)>) {
    let Some(keywords) = schema.as_object() else { return };
    let examples = keywords.get("examples").and_then(Value::as_array);
    found.extend(examples.into_iter().flatten().map(|example| (schema, example)));
    found.extend(keywords.get("default").map(|value| (schema, value)));
    let fields = keywords.get("properties").and_then(Value::as_object);
    fields.into_iter().flat_map(Map::values).for_each(|field| samples(field, found));
    for name in ["items", "additionalProperties"] {
        keywords.get(name).into_iter().for_each(|schema| samples(schema, found));
    }
}

#[test]
fn what_is_no_schema_is_recognised() {
    for wrong in [
        json!({ "type": "text" }),
        json!({ "type": ["string", "string"] }),
        json!({ "required": "a" }),
        json!({ "enum": [] }),
        json!({ "properties": { "a": 5 } }),
        json!({ "items": { "type": null } }),
        json!({ "nullable": true }),
        json!({ "example": 1 }),
        json!({ "anyOf": [] }),
        json!({ "minimum": 5, "maximum": 4 }),
        json!({ "else": { "minLength": -1 } }),
    ] {
        let mut found = Vec::new();
        faults(&wrong, "", &mut found);
        assert_eq!(found.len(), 1, "{wrong}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_schema_is_one_of_2020_12_and_its_samples_fit_it() {
    let app = TestApp::start().await;
    for (name, tool) in tools(&app, app.key().await).await {
        for which in ["inputSchema", "outputSchema"] {
            let (schema, mut found) = (&tool[which], Vec::new());
            faults(schema, &format!("{name}.{which}"), &mut found);
            assert!(found.is_empty(), "{found:#?}");
            assert_eq!(schema["type"], "object", "{name}");
            for keyword in ["anyOf", "oneOf", "allOf", "not", "enum", "const"] {
                assert!(schema.get(keyword).is_none(), "{name}.{which} has {keyword} at the top");
            }
            let success = if which == "outputSchema" { of_success(schema) } else { schema.clone() };
            let mut all = Vec::new();
            samples(&success, &mut all);
            for (of, sample) in all {
                let faults = Schemas(of).faults(of, sample);
                assert!(faults.is_empty(), "{name}.{which}: {sample} is against {of}: {faults:?}");
            }
        }
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tool_answers_as_its_schema_says() {
    let app = TestApp::start_with(&[("WAGATE_SURVEYS__ENABLED", "false")]).await;
    app.create("new").await;
    app.ready("shop", PHONE).await;
    write(&app, ADA, "Where is my parcel?").await;
    let chat = app
        .wait_for("the conversation", || async {
            let list = app.get("/api/whatsapp-api/chats").await.1;
            list["chats"].as_array().unwrap().first().cloned()
        })
        .await;
    let id = chat["id"].clone();
    let messages = app.get(&format!("/api/whatsapp-api/chats/{}", id.as_str().unwrap())).await.1;
    let message = messages["messages"][0]["id"].clone();
    let template = json!({
        "name": "news", "category": "UTILITY", "language": "en",
        "components": [{ "type": "BODY", "text": "News" }],
    });
    for (path, draft) in [
        ("templates", template),
        ("quick-replies", json!({ "shortcut": "/hi", "content": "Hi" })),
        ("ai-agents", json!({ "name": "Desk", "businessTask": "faq", "sessions": ["shop"] })),
    ] {
        let (status, answer) = app.post(&format!("/api/whatsapp-api/{path}"), draft).await;
        assert_eq!(status, 201, "{path}: {answer}");
    }
    let broadcast = |is_counted: bool| {
        json!({
            "name": "News", "templateName": "news", "language": "en", "tags": ["*"],
            "dryRun": is_counted,
        })
    };
    let phone = format!("+{ADA}");
    let calls = [
        ("list_contacts", json!({})),
        ("get_contact", json!({ "phone": phone })),
        ("create_contact", json!({ "phone": "+15550009999", "name": "Grace", "optedIn": true })),
        ("list_conversations", json!({})),
        ("get_conversation", json!({ "id": id })),
        ("send_message", json!({ "conversationId": id, "text": "It is on its way" })),
        ("list_templates", json!({})),
        ("send_broadcast", broadcast(true)),
        ("send_broadcast", broadcast(false)),
        ("get_analytics", json!({})),
        ("get_analytics", json!({ "section": "ctwa" })),
        ("get_analytics", json!({ "section": "csat" })),
        ("get_analytics", json!({ "section": "agents" })),
        ("list_ai_agents", json!({})),
        ("list_quick_replies", json!({})),
        ("create_payment_link", json!({ "amount": 5, "currency": "EUR", "description": "Tea" })),
        ("list_sessions", json!({})),
        ("get_qr_code", json!({ "sessionId": "new" })),
        ("search_messages", json!({ "query": "parcel" })),
        ("mark_conversation_read", json!({ "id": id })),
        ("react_to_message", json!({ "messageId": message, "emoji": "👍" })),
        ("add_note", json!({ "conversationId": id, "content": "Wants a refund" })),
        ("resolve_conversation", json!({ "id": id })),
    ];
    let key = app.key().await;
    let all = tools(&app, key).await;
    let called_ones: BTreeSet<&str> = calls.iter().map(|(name, _)| *name).collect();
    let listed: BTreeSet<&str> = all.keys().map(String::as_str).collect();
    assert_eq!(called_ones, listed, "call each tool here");
    for (name, arguments) in &calls {
        let input = &all[*name]["inputSchema"];
        let faults = Schemas(input).faults(input, arguments);
        assert!(faults.is_empty(), "{name}: {faults:?}");
        checked(&app, name, arguments.clone()).await;
    }
    // By each way the data is what the endpoint says, and not what stands for it meanwhile.
    let endpoint = app.get("/api/whatsapp-api/quick-replies").await.1;
    assert_eq!(checked(&app, "list_quick_replies", json!({})).await, endpoint);
    // Refusals fit the schema too, and are no answers of it.
    for name in listed {
        let schema = &all[name]["outputSchema"];
        let refusal = called(&app, key, name, json!({ "nonsense": 1 })).await;
        assert_eq!(refusal["isError"], true, "{name}: {refusal}");
        let content = &refusal["structuredContent"];
        let fits = schema["properties"].as_object().unwrap();
        for required in schema["if"]["required"].as_array().unwrap() {
            let field = required.as_str().unwrap();
            assert!(content[field].is_string() && fits.contains_key(field), "{name}: {content}");
        }
        let success = of_success(schema);
        assert!(!Schemas(&success).faults(&success, content).is_empty(), "{name}: {content}");
    }
    app.stop().await;
}
