//! The validator that judges every answer: what it lets pass and what it finds.

use serde_json::{Value, json};

use crate::support::document::schema::Schemas;

fn faults(schema: Value, value: Value) -> Vec<String> {
    let document = json!({ "components": { "schemas": {
        "Named": {
            "type": "object", "required": ["name"],
            "properties": { "name": { "type": "string" }, "next": { "$ref": "#/components/schemas/Named" } },
        },
    } } });
    Schemas(&document).faults(&schema, &value)
}

fn named() -> Value {
    json!({ "$ref": "#/components/schemas/Named" })
}

#[test]
fn values_that_fulfil_their_schema_have_no_fault() {
    for (schema, value) in [
        (json!({}), json!({ "any": 1 })),
        (json!({ "type": "object" }), json!({ "any": 1 })),
        (json!({ "type": ["string", "null"] }), json!(null)),
        (json!({ "type": "integer", "format": "int32", "minimum": 0 }), json!(7)),
        (named(), json!({ "name": "a", "next": { "name": "b" } })),
        (json!({ "oneOf": [{ "type": "null" }, named()] }), json!({ "name": "a" })),
        (
            json!({ "allOf": [named(), { "type": "object", "properties": { "age": {} } }] }),
            json!({ "name": "a", "age": 3 }),
        ),
        (
            json!({ "type": "object", "additionalProperties": { "type": "string" } }),
            json!({ "any": "text" }),
        ),
    ] {
        assert_eq!(faults(schema.clone(), value.clone()), [""; 0], "{schema} {value}");
    }
}

#[test]
fn each_breach_is_named_with_its_place() {
    for (schema, value, fault) in [
        (named(), json!({}), "/: lacks name"),
        (named(), json!({ "name": "a", "x": 1 }), "/x: is not in the document"),
        (
            named(),
            json!({ "name": "a", "next": { "name": 5 } }),
            "/next/name: 5 is against type \"string\"",
        ),
        (
            json!({ "type": "array", "items": named() }),
            json!([{ "name": "a" }, { "name": "a", "x": null }]),
            "/1/x: is not in the document",
        ),
        (
            json!({ "allOf": [named(), { "properties": { "age": {} } }] }),
            json!({ "name": "a", "age": 1, "x": 1 }),
            "/x: is not in the document",
        ),
        (
            json!({ "oneOf": [{ "type": "null" }, named()] }),
            json!({ "name": "a", "x": 1 }),
            "/x: is not in the document",
        ),
        (
            json!({ "oneOf": [{ "type": "integer" }, { "type": "number" }] }),
            json!(1),
            "/: fits 2 branches of oneOf",
        ),
        (
            json!({ "anyOf": [{ "type": "null" }, { "type": "string" }] }),
            json!(1),
            "/: fits no branch (/: 1 is against type \"null\"; /: 1 is against type \"string\")",
        ),
        (json!({ "enum": ["a"] }), json!("b"), "/: \"b\" is against enum [\"a\"]"),
        (json!({ "const": true }), json!(false), "/: false is against const true"),
        (json!({ "maxLength": 1 }), json!("ab"), "/: \"ab\" is against maxLength 1"),
        (json!({ "minItems": 1 }), json!([]), "/: [] is against minItems 1"),
        (json!({ "minimum": 1 }), json!(0.5), "/: 0.5 is against minimum 1"),
        (
            json!({ "format": "date-time" }),
            json!("today"),
            "/: \"today\" is against format \"date-time\"",
        ),
        (
            json!({ "additionalProperties": { "type": "string" } }),
            json!({ "a": 1 }),
            "/a: 1 is against type \"string\"",
        ),
    ] {
        assert_eq!(faults(schema.clone(), value), [fault], "{schema}");
    }
}

#[test]
#[should_panic(expected = "does not know the keyword pattern")]
fn a_keyword_that_is_not_known_fails() {
    faults(json!({ "pattern": "^a" }), json!("a"));
}
