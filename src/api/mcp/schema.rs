//! JSON Schemas of tools (2020-12) from the shapes of the API: references in their place, and no more keywords than
//! a client's validator knows. Pure.

use serde_json::{Map, Value, json};

use crate::api::kit::{check::bounds, describe::Shape};

/// Formats that every validator knows.
const FORMATS: [&str; 5] = ["date-time", "date", "email", "uri", "uuid"];

/// What a refusal has in place of an answer.
const REFUSAL: [(&str, &str, &str); 3] = [
    ("error", "string", "Of a refusal alone: why, in a sentence"),
    ("code", "string", "Of a refusal alone: its kind"),
    ("retryAfter", "integer", "Of a refusal alone: seconds after which it may be tried again"),
];

/// Of what a tool takes: other fields are refused, and null is never needed.
pub fn of_input(shape: &Shape) -> Map<String, Value> {
    let mut schema = shape.resolved();
    bounds::fill_in(&mut schema);
    each(&mut schema, &mut without_null);
    each(&mut schema, &mut closed);
    each(&mut schema, &mut plain);
    let mut schema = object(schema);
    schema.entry("properties").or_insert_with(|| Value::Object(Map::new()));
    schema.insert("additionalProperties".to_owned(), false.into());
    schema
}

/// Of what a tool answers. Some clients compare a refusal with it too, so what an answer must have is not asked of that.
pub fn of_answer(mut schema: Value) -> Map<String, Value> {
    each(&mut schema, &mut plain);
    let mut schema = object(schema);
    let required = schema.remove("required").unwrap_or_else(|| json!([]));
    schema.insert("if".to_owned(), json!({ "required": ["error", "code"] }));
    schema.insert("else".to_owned(), json!({ "required": required }));
    if let Some(Value::Object(fields)) = schema.get_mut("properties") {
        for (name, kind, about) in REFUSAL {
            let field = || json!({ "type": kind, "description": about });
            fields.entry(name).or_insert_with(field);
        }
    }
    schema
}

fn object(schema: Value) -> Map<String, Value> {
    let mut schema = match schema {
        Value::Object(schema) => schema,
        _ => Map::new(),
    };
    schema.insert("type".to_owned(), "object".into());
    schema
}

/// Calls back with a schema and each one within it.
fn each(schema: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    let Some(parts) = schema.as_object_mut() else { return };
    change(parts);
    for (name, part) in parts.iter_mut() {
        match (name.as_str(), part) {
            ("properties" | "$defs", Value::Object(fields)) => {
                fields.values_mut().for_each(|field| each(field, change));
            }
            ("items" | "additionalProperties" | "propertyNames", part) => each(part, change),
            ("allOf" | "oneOf" | "anyOf", Value::Array(branches)) => {
                branches.iter_mut().for_each(|branch| each(branch, change));
            }
            _ => (),
        }
    }
}

/// A field that may be null may be left out instead.
fn without_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [only] = kinds.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    for name in ["oneOf", "anyOf"] {
        let Some(Value::Array(branches)) = schema.get_mut(name) else { continue };
        branches.retain(|branch| branch.get("type").is_none_or(|kind| kind != "null"));
        if let [Value::Object(only)] = branches.as_slice() {
            let only = only.clone();
            schema.remove(name);
            for (key, value) in only {
                schema.entry(key).or_insert(value);
            }
        }
    }
}

/// An object with known fields has no others.
fn closed(schema: &mut Map<String, Value>) {
    if schema.contains_key("properties") && !schema.contains_key("additionalProperties") {
        schema.insert("additionalProperties".to_owned(), false.into());
    }
}

/// Without keywords of OpenAPI, and with the formats that are JSON Schema's.
fn plain(schema: &mut Map<String, Value>) {
    if let Some(example) = schema.remove("example") {
        schema.insert("examples".to_owned(), Value::Array(vec![example]));
    }
    let is_known = |format: &Value| FORMATS.iter().any(|known| format == known);
    if schema.get("format").is_some_and(|format| !is_known(format)) {
        schema.remove("format");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use utoipa::ToSchema;

    use super::*;
    use crate::api::kit::shape;

    #[derive(ToSchema)]
    #[expect(dead_code, reason = "only its schema is read")]
    struct Example {
        /// In any usual form.
        #[schema(format = "phone", example = "+15550000001")]
        phone: String,
        kind: Option<Kind>,
        #[schema(minimum = 1, maximum = 100, default = 20)]
        limit: Option<u32>,
    }

    #[derive(ToSchema)]
    #[schema(rename_all = "lowercase")]
    #[expect(dead_code, reason = "only its schema is read")]
    enum Kind {
        Text,
        Image,
    }

    #[test]
    fn what_a_tool_takes_is_closed_and_needs_no_null() {
        let schema = Value::Object(of_input(&shape::<Example>()));
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["required"], json!(["phone"]));
        let phone = &schema["properties"]["phone"];
        assert_eq!((phone.get("format"), &phone["examples"]), (None, &json!(["+15550000001"])));
        assert_eq!(schema["properties"]["kind"]["enum"], json!(["text", "image"]));
        assert_eq!(schema["properties"]["limit"]["type"], "integer");
        assert!(!schema.to_string().contains("null"), "{schema}");
    }

    #[test]
    fn what_a_tool_answers_keeps_its_nulls() {
        let schema = Value::Object(of_answer(shape::<Example>().resolved()));
        assert_eq!(schema["properties"]["limit"]["type"], json!(["integer", "null"]));
        assert!(!schema.to_string().contains("$ref"), "{schema}");
        let (refusal, required) = (&schema["if"], &schema["else"]["required"]);
        assert_eq!(refusal, &json!({ "required": ["error", "code"] }));
        assert_eq!((schema.get("required"), required), (None, &json!(["phone"])));
    }
}
