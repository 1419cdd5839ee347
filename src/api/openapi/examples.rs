//! Examples of answers and events, put together from their schemas.
//!
//! A field has the example of its type, its constant or the first of its closed values. Fields that an answer may
//! leave out are left out. An answer to a creation has those of them that have an example: it shows what no later
//! answer shows, such as a secret.

use serde_json::{Map, Value, json};

use crate::api::openapi::words::kinds;

const PREFIX: &str = "#/components/schemas/";
const TIME: &str = "2026-03-24T10:31:00Z";
const UUID: &str = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a";
/// No schema is nested deeper, but one might refer to itself.
const DEEPEST: usize = 24;

/// Adds an example to each JSON answer of an operation, and to each delivery to a webhook.
pub fn add(document: &mut Value) {
    let schemas = document["components"]["schemas"].take();
    for item in values(&mut document["paths"]) {
        for operation in values(item) {
            let responses = operation["responses"].as_object_mut();
            for (status, response) in responses.into_iter().flatten() {
                let shown = if status == "201" { Shown::WithOptional } else { Shown::Required };
                complete(response, &Source { schemas: &schemas, shown });
            }
        }
    }
    for item in values(&mut document["webhooks"]) {
        complete(
            &mut item["post"]["requestBody"],
            &Source { schemas: &schemas, shown: Shown::Required },
        );
    }
    document["components"]["schemas"] = schemas;
}

/// Which fields of an object are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Required,
    /// Those that have an example too.
    WithOptional,
}

/// What examples are made from.
struct Source<'a> {
    schemas: &'a Value,
    shown: Shown,
}

fn values(part: &mut Value) -> impl Iterator<Item = &mut Value> {
    part.as_object_mut().into_iter().flat_map(|parts| parts.values_mut())
}

fn complete(part: &mut Value, source: &Source<'_>) {
    // A reference has no content of its own.
    let json = part.pointer_mut("/content/application~1json").and_then(Value::as_object_mut);
    let Some(json) = json else { return };
    let made = json.get("schema").and_then(|schema| example(schema, source, DEEPEST));
    if let Some(made) = made {
        json.entry("example").or_insert(made);
    }
}

/// A value that fulfils a schema; none where there is too much of it.
fn example(schema: &Value, source: &Source<'_>, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    let schema = schema.as_object()?;
    if let Some(example) = schema.get("example").or_else(|| schema.get("const")) {
        return Some(example.clone());
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return example(source.schemas.get(reference.strip_prefix(PREFIX)?)?, source, depth);
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        // What may be absent mostly is.
        let none = values.iter().find(|value| value.is_null());
        return none.or_else(|| values.first()).cloned();
    }
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        let own = parts.iter().filter_map(|part| example(part, source, depth));
        let mut whole = Map::new();
        for part in own.chain([object(schema, source, depth)]) {
            whole.extend(part.as_object().cloned().unwrap_or_default());
        }
        return Some(whole.into());
    }
    if let Some(branches) = ["oneOf", "anyOf"].iter().find_map(|key| schema.get(*key)?.as_array()) {
        let branch = branches.iter().find(|branch| branch["type"] != "null")?;
        let shown = branch.get("example").cloned();
        return shown.or_else(|| example(branch, source, depth));
    }
    let kinds = kinds(schema);
    let kind = kinds.iter().find(|kind| *kind != "null")?;
    Some(match kind.as_str() {
        "object" => object(schema, source, depth),
        "array" => {
            let entry = schema.get("items").and_then(|items| example(items, source, depth));
            entry.into_iter().collect()
        }
        "boolean" => schema.get("default").cloned().unwrap_or(false.into()),
        "integer" | "number" => number(schema),
        _ => text(schema),
    })
}

/// The fields that are always there, and those that have an example.
fn object(schema: &Map<String, Value>, source: &Source<'_>, depth: usize) -> Value {
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|all| all.iter().any(|one| one == name));
    let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let is_shown = |name: &str, field: &Value| {
        let is_optional = source.shown == Shown::WithOptional && field.get("example").is_some();
        is_required(name) || is_optional
    };
    let shown = fields.filter(|(name, field)| is_shown(name, field));
    let shown =
        shown.filter_map(|(name, field)| Some((name.clone(), example(field, source, depth)?)));
    Value::Object(shown.collect())
}

fn number(schema: &Map<String, Value>) -> Value {
    let usual =
        schema.get("default").or_else(|| schema.get("minimum").filter(|least| **least != 0));
    usual.cloned().unwrap_or(json!(1))
}

fn text(schema: &Map<String, Value>) -> Value {
    match schema.get("format").and_then(Value::as_str) {
        Some("date-time") => TIME.into(),
        Some("uuid") => UUID.into(),
        _ => schema.get("default").cloned().unwrap_or("text".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_has_what_is_always_there_and_what_its_schema_shows() {
        let schemas = json!({
            "Inner": { "type": "object", "required": ["at"], "properties": {
                "at": { "type": "string", "format": "date-time" },
            } },
        });
        let reference = json!({ "$ref": "#/components/schemas/Inner" });
        let schema = json!({
            "type": "object",
            "required": ["success", "kind", "inner", "all", "count", "none"],
            "properties": {
                "success": { "const": true },
                "kind": { "type": "string", "enum": ["a", "b"] },
                "inner": { "oneOf": [{ "type": "null" }, reference] },
                "all": { "type": "array", "items": { "allOf": [reference, {
                    "type": "object", "required": ["is"], "properties": { "is": { "type": "boolean" } },
                }] } },
                "count": { "type": ["integer", "null"], "minimum": 0 },
                "none": { "type": ["string", "null"], "example": null },
                "secret": { "type": "string" },
                "shown": { "type": "string", "example": "x" },
            },
        });
        let mut expected = json!({
            "success": true, "kind": "a", "inner": { "at": TIME }, "all": [{ "at": TIME, "is": false }],
            "count": 1, "none": null, "shown": "x",
        });
        let of = |shown| example(&schema, &Source { schemas: &schemas, shown }, DEEPEST).unwrap();
        assert_eq!(of(Shown::WithOptional), expected);
        expected.as_object_mut().unwrap().remove("shown");
        assert_eq!(of(Shown::Required), expected);
    }

    #[test]
    fn answers_get_an_example_and_references_stay_as_they_are() {
        let answer = json!({ "content": { "application/json": { "schema": { "const": true } } } });
        let reference = json!({ "$ref": "#/components/responses/404" });
        let responses = json!({ "200": answer, "404": reference });
        let mut document = json!({
            "paths": { "/": { "get": { "responses": responses } } },
            "webhooks": {}, "components": { "schemas": {} },
        });
        add(&mut document);
        let responses = &document["paths"]["/"]["get"]["responses"];
        assert_eq!(responses["200"]["content"]["application/json"]["example"], true);
        assert_eq!(responses["404"], reference);
    }

    #[test]
    fn a_schema_that_refers_to_itself_has_an_end() {
        let reference = json!({ "$ref": "#/components/schemas/Tree" });
        let schemas = json!({ "Tree": { "type": "object", "required": ["branches"], "properties": {
            "branches": { "type": "array", "items": reference },
        } } });
        let source = Source { schemas: &schemas, shown: Shown::Required };
        assert!(example(&reference, &source, DEEPEST).is_some());
    }
}
