//! Presence of fields in answers: one that may be null is always there, as null; any other that is not
//! required is left out instead.
//!
//! The types alone do not tell this: of an optional field, a schema says in both cases that it is not required.

use std::collections::BTreeSet;

use serde_json::{Value, json};

const PREFIX: &str = "#/components/schemas/";

/// Requires the nullable fields of each schema that answers alone refer to.
pub fn require_nullable_fields(document: &mut Value) {
    let (mut answered, mut taken) = (BTreeSet::new(), BTreeSet::new());
    let items = document["paths"].as_object().into_iter().flat_map(|paths| paths.values());
    for operation in items.filter_map(Value::as_object).flat_map(|item| item.values()) {
        collect(&operation["responses"], document, &mut answered);
        collect(&operation["requestBody"], document, &mut taken);
    }
    // Events are sent by the gateway too.
    collect(&document["webhooks"], document, &mut answered);
    for name in answered.difference(&taken) {
        require(&mut document["components"]["schemas"][name]);
    }
}

/// Adds the names of all schemas that a part of the document refers to, also by way of others.
fn collect(part: &Value, document: &Value, names: &mut BTreeSet<String>) {
    match part {
        Value::Object(fields) => {
            let reference = fields.get("$ref").and_then(Value::as_str);
            if let Some(name) = reference.and_then(|reference| reference.strip_prefix(PREFIX))
                && names.insert(name.to_owned())
            {
                collect(&document["components"]["schemas"][name], document, names);
            }
            fields.values().for_each(|field| collect(field, document, names));
        }
        Value::Array(parts) => parts.iter().for_each(|part| collect(part, document, names)),
        _ => (),
    }
}

fn require(schema: &mut Value) {
    match schema {
        Value::Object(parts) => {
            let fields = parts.get("properties").and_then(Value::as_object);
            let nullable = fields.into_iter().flatten().filter(|(_, field)| may_be_null(field));
            let nullable: Vec<Value> = nullable.map(|(name, _)| json!(name)).collect();
            if !nullable.is_empty() {
                let required = parts.entry("required").or_insert_with(|| json!([]));
                for name in nullable {
                    if let Some(required) = required.as_array_mut()
                        && !required.contains(&name)
                    {
                        required.push(name);
                    }
                }
            }
            parts.values_mut().for_each(require);
        }
        Value::Array(parts) => parts.iter_mut().for_each(require),
        _ => (),
    }
}

fn may_be_null(field: &Value) -> bool {
    let has_null = |kinds: &Value| match kinds {
        Value::Array(kinds) => kinds.iter().any(|kind| kind == "null"),
        kind => kind == "null",
    };
    let branches = ["oneOf", "anyOf"].into_iter().filter_map(|name| field[name].as_array());
    has_null(&field["type"]) || branches.flatten().any(|branch| has_null(&branch["type"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nullable_fields_are_required_in_answers_and_nowhere_else() {
        let object = |inner: &str| {
            json!({ "type": "object", "required": ["a"], "properties": {
                "a": { "type": "string" },
                "b": { "type": ["string", "null"] },
                "c": { "oneOf": [{ "type": "null" }, { "$ref": format!("{PREFIX}{inner}") }] },
                "d": { "$ref": format!("{PREFIX}Shared") },
            } })
        };
        let inner =
            json!({ "type": "object", "properties": { "e": { "type": ["integer", "null"] } } });
        let refer = |name: &str| json!({ "content": { "$ref": format!("{PREFIX}{name}") } });
        let mut document = json!({
            "paths": { "/": { "post": {
                "requestBody": refer("Taken"), "responses": { "200": refer("Answered") },
            } } },
            "components": { "schemas": {
                "Taken": object("InnerTaken"), "Answered": object("InnerAnswered"),
                "InnerTaken": inner, "InnerAnswered": inner, "Shared": inner,
            } },
        });
        require_nullable_fields(&mut document);
        let required = |name: &str| &document["components"]["schemas"][name]["required"];
        assert_eq!(*required("Taken"), json!(["a"]));
        assert_eq!(*required("Answered"), json!(["a", "b", "c"]));
        assert_eq!(*required("InnerAnswered"), json!(["e"]));
        // A caller may leave out what it sends.
        assert_eq!(*required("InnerTaken"), Value::Null);
        assert_eq!(*required("Shared"), Value::Null);
    }
}
