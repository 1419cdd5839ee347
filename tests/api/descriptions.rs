//! Completeness of the OpenAPI document: every operation, parameter and field has a description, and every body and
//! answer an example that fulfils its schema.

use serde_json::Value;

use crate::support::document::{DOCUMENT, schema::Schemas};

/// Contents for people or programs that know their format, of which an example would say nothing.
const OPAQUE: [&str; 8] = [
    "*/*",
    "application/zstd",
    "image/jpeg",
    "image/png",
    "multipart/form-data",
    "text/css",
    "text/html",
    "text/javascript",
];

fn operations() -> impl Iterator<Item = (String, &'static Value)> {
    let paths = DOCUMENT["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, item)| {
        let operations = item.as_object().unwrap().iter();
        operations.map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}

fn is_described(part: &Value) -> bool {
    let own = part["description"].as_str().or_else(|| {
        let target = DOCUMENT.pointer(&part["$ref"].as_str()?[1..])?;
        target["description"].as_str()
    });
    let branches = ["oneOf", "anyOf", "allOf"].iter().filter_map(|key| part[*key].as_array());
    own.is_some_and(|text| 5 < text.len()) || branches.flatten().any(is_described)
}

/// Whether a field shows what a text of it looks like: by an example, a constant, closed values or a known format.
fn shows_a_text(field: &Value) -> bool {
    let is = |kind: &str| match &field["type"] {
        Value::Array(kinds) => kinds.iter().any(|one| one == kind),
        one => one == kind,
    };
    if is("array") {
        return shows_a_text(&field["items"]) || field.get("example").is_some();
    }
    let has_one =
        ["example", "const", "enum", "default"].iter().any(|key| field.get(*key).is_some());
    !is("string")
        || has_one
        || ["date-time", "uuid", "binary"].iter().any(|format| field["format"] == *format)
}

/// Calls back with each field of each schema in a part of the document.
fn fields(part: &'static Value, place: &str, visit: &mut impl FnMut(String, &'static Value)) {
    match part {
        Value::Object(parts) => {
            for (name, field) in
                parts.get("properties").and_then(Value::as_object).into_iter().flatten()
            {
                visit(format!("{place}/{name}"), field);
            }
            for (key, part) in
                parts.iter().filter(|(key, _)| !["example", "default"].contains(&key.as_str()))
            {
                let inner =
                    if key == "properties" { place.to_owned() } else { format!("{place}/{key}") };
                fields(part, &inner, visit);
            }
        }
        Value::Array(parts) => {
            parts.iter().for_each(|part| fields(part, place, visit));
        }
        _ => (),
    }
}

fn none_of(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{} without {what}:\n{}", found.len(), found.join("\n"));
}

#[test]
fn every_operation_and_parameter_is_described() {
    let mut missing = Vec::new();
    for (name, operation) in operations() {
        if !is_described(operation) {
            missing.push(name.clone());
        }
        let parameters = operation["parameters"].as_array().unwrap().iter();
        let parameters = parameters.filter(|parameter| !is_described(parameter));
        missing.extend(parameters.map(|parameter| format!("{name} {parameter}")));
    }
    none_of("a description", &missing);
}

#[test]
fn every_field_is_described_and_shows_what_a_text_of_it_looks_like() {
    let (mut undescribed, mut unshown) = (Vec::new(), Vec::new());
    for part in ["components", "paths", "webhooks"] {
        fields(&DOCUMENT[part], part, &mut |place, field| {
            if !is_described(field) {
                undescribed.push(place.clone());
            }
            // Bodies show it as a whole.
            if !place.contains("Body") && !place.contains("Draft") && !shows_a_text(field) {
                unshown.push(place);
            }
        });
    }
    none_of("a description", &undescribed);
    none_of("an example", &unshown);
}

#[test]
fn every_body_and_answer_has_an_example_that_fulfils_its_schema() {
    let (mut missing, mut faults, mut seen) = (Vec::new(), Vec::new(), 0);
    for (name, operation) in operations() {
        let answers = operation["responses"].as_object().unwrap().iter();
        let answers = answers.filter(|(status, _)| status.starts_with('2'));
        let answers = answers.map(|(status, answer)| (status.as_str(), &answer["content"]));
        let body = [("body", &operation["requestBody"]["content"])];
        for (part, content) in answers.chain(body) {
            for (kind, media) in content.as_object().into_iter().flatten() {
                if OPAQUE.contains(&kind.as_str()) {
                    continue;
                }
                let schema = &media["schema"];
                let of_schema = || DOCUMENT.pointer(&schema["$ref"].as_str()?[1..])?.get("example");
                let Some(example) = media.get("example").or_else(of_schema) else {
                    missing.push(format!("{name} {part} {kind}"));
                    continue;
                };
                seen += 1;
                if !schema.is_null() {
                    let found = Schemas(&DOCUMENT).faults(schema, example);
                    faults.extend(found.into_iter().map(|fault| format!("{name} {part}: {fault}")));
                }
            }
        }
    }
    none_of("an example", &missing);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(150 < seen, "{seen} examples");
}
