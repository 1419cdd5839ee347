//! One operation of the document: its parameters, body and answers.

use serde_json::{Map, Value, json};

use crate::api::{
    endpoint::Endpoint,
    gate::idempotency,
    kit::{Bucket, Content, Dialect, Reach, Repeat, Scope, Shape, Success, check::bounds},
    openapi::failure,
};

/// Characters of a parameter in a path: more than any id has.
const LONGEST_SEGMENT: usize = 256;
/// Characters of a parameter in a header.
const LONGEST_HEADER: usize = 1_024;

/// The operation of an endpoint; its schemas join those that are there.
pub fn describe(endpoint: &Endpoint, schemas: &mut Map<String, Value>) -> Value {
    let mut operation = json!({
        "summary": endpoint.summary,
        "tags": [endpoint.tag],
        "operationId": endpoint.name,
        "parameters": parameters(endpoint),
        "responses": responses(endpoint, schemas),
    });
    operation["description"] = description(endpoint).into();
    if let Some(body) = endpoint.operation.body {
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": add_body(&body(), schemas) } },
        });
    }
    if let Some(form) = endpoint.operation.form {
        // Beside a body of JSON, where there may be either.
        operation["requestBody"]["required"] = true.into();
        operation["requestBody"]["content"]["multipart/form-data"] =
            json!({ "schema": add_body(&form(), schemas) });
    }
    if let Some((content_type, example)) = endpoint.operation.signed {
        operation["requestBody"] = json!({
            "required": true,
            "content": { content_type: { "example": example } },
        });
    }
    // What a caller must be allowed, for programs that read this document.
    operation["x-scope"] = match endpoint.scope {
        Scope::Public | Scope::Guest => Value::Null,
        scope => scope.name().into(),
    };
    operation["x-keys-of-one-session"] = reach(endpoint).into();
    operation["security"] = match endpoint.scope {
        Scope::Public => json!([]),
        Scope::Guest => json!([{}, { "bearer": [] }, { "apiKey": [] }]),
        _ if endpoint.dialect.needs_credential() => {
            json!([{ "bearer": [] }, { "basic": [] }, { "apiKey": [] }])
        }
        _ => json!([{}, { "bearer": [] }, { "basic": [] }, { "apiKey": [] }]),
    };
    operation
}

/// Its details, then who may call it and how often.
fn description(endpoint: &Endpoint) -> String {
    let scope = match endpoint.scope {
        Scope::Public => "Needs no credential.".to_owned(),
        Scope::Guest => "Needs no credential; one that is given must be good.".to_owned(),
        Scope::Person => "Needs a person who is signed in, or a key of theirs.".to_owned(),
        scope => format!("Needs the scope `{}`.", scope.name()),
    };
    let reach = match endpoint.reach {
        _ if endpoint.scope.is_open() => "",
        Reach::InSession => "A key for one session works in that session alone.",
        Reach::OwnSessions => "A key for one session sees what belongs to that session.",
        Reach::AllSessions => "A key for one session is refused with 403.",
    };
    let limit = match endpoint.bucket() {
        Bucket::None => "There is no rate limit.".to_owned(),
        bucket => format!("Counts against the rate limit `{}`.", bucket.name()),
    };
    let secret = match endpoint.repeat {
        Repeat::Secret => {
            "The answer holds a secret: a repetition with the same `Idempotency-Key` gets 409."
        }
        Repeat::Unkeyed | Repeat::Once | Repeat::Repeatable | Repeat::Joined => "",
    };
    let sentences = [endpoint.description, &scope, reach, &limit, secret];
    sentences.into_iter().filter(|sentence| !sentence.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What a key for one session may do here.
fn reach(endpoint: &Endpoint) -> &'static str {
    match endpoint.reach {
        _ if endpoint.scope.is_open() => "all",
        Reach::InSession => "its session",
        Reach::OwnSessions => "what is of its session",
        Reach::AllSessions => "nothing",
    }
}

fn responses(endpoint: &Endpoint, schemas: &mut Map<String, Value>) -> Value {
    let mut responses = Map::new();
    for Success { status, about, content } in &endpoint.operation.successes {
        let mut response = json!({ "description": about });
        let schema = match content {
            Content::Data(shape) => Some(Some(add(&shape(), schemas))),
            Content::Message => Some(None),
            Content::FailureWith(shape) => {
                response["content"] = failure_with(endpoint.dialect, &add(&shape(), schemas));
                None
            }
            Content::Other("", _) => None,
            &Content::Other(content_type, example) => {
                let content =
                    if example.is_empty() { json!({}) } else { json!({ "example": example }) };
                response["content"] = json!({ content_type: content });
                None
            }
        };
        if let Some(data) = schema {
            let schema = endpoint.dialect.success_schema(data);
            response["content"] = json!({ "application/json": { "schema": schema } });
        }
        if endpoint.repeat != Repeat::Unkeyed {
            let reference = json!({ "$ref": "#/components/headers/IdempotentReplayed" });
            response["headers"] = json!({ idempotency::REPLAYED: reference });
        }
        responses.insert(status.to_string(), response);
    }
    for status in failure::statuses(endpoint) {
        let reference = || failure::reference(endpoint.dialect, status);
        responses.entry(status.to_string()).or_insert_with(reference);
    }
    Value::Object(responses)
}

/// The content of a failure that says something beside its error.
fn failure_with(dialect: &dyn Dialect, data: &Value) -> Value {
    let form = format!("#/components/schemas/{}", dialect.failure_schema().0);
    let mut data = data.clone();
    data["description"] = "What was found, beside the error.".into();
    let more = json!({ "type": "object", "required": ["data"], "properties": { "data": data } });
    json!({ "application/json": { "schema": { "allOf": [{ "$ref": form }, more] } } })
}

fn parameters(endpoint: &Endpoint) -> Vec<Value> {
    let mut all: Vec<Value> = path_parameters(endpoint).collect();
    if let Some(query) = endpoint.operation.query {
        all.extend(query_parameters(&query()));
    }
    all.extend(endpoint.operation.headers.iter().map(|header| {
        json!({
            "name": header.name, "in": "header", "required": header.is_required,
            "description": header.about, "example": header.example,
            "schema": { "type": "string", "maxLength": LONGEST_HEADER },
        })
    }));
    if endpoint.repeat != Repeat::Unkeyed {
        all.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
    }
    all
}

/// The parameters of the path, in its order.
fn path_parameters(endpoint: &Endpoint) -> impl Iterator<Item = Value> {
    let segments = endpoint.path.split('/').filter_map(|segment| segment.strip_prefix('{'));
    segments.filter_map(|segment| {
        let name = segment.trim_end_matches('}').split(':').next()?;
        let known = endpoint.operation.segments.iter().find(|known| known.name == name)?;
        Some(json!({
            "name": name, "in": "path", "required": true, "description": known.about,
            "schema": { "type": "string", "maxLength": LONGEST_SEGMENT }, "example": known.example,
        }))
    })
}

/// The fields of a query's schema as parameters, with the bounds that are checked.
fn query_parameters(query: &Shape) -> Vec<Value> {
    let mut schema = query.resolved();
    bounds::fill_in(&mut schema);
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let Some(Value::Object(fields)) = schema.get_mut("properties").map(Value::take) else {
        return Vec::new();
    };
    let parameter = |(name, schema): (String, Value)| {
        let mut schema = not_null(schema);
        let is_required = required.iter().any(|known| *known == name);
        // A flag that need not be given and is not null without it is false.
        if schema["type"] == "boolean" && !schema["nullable"].is_boolean() && !is_required {
            schema.as_object_mut()?.entry("default").or_insert(false.into());
        }
        let fields = schema.as_object_mut()?;
        fields.remove("nullable");
        let (about, example) = (fields.remove("description"), fields.remove("example"));
        let mut parameter =
            json!({ "name": name, "in": "query", "required": is_required, "schema": schema });
        if let Some(about) = about {
            parameter["description"] = about;
        }
        if let Some(example) = example {
            parameter["example"] = example;
        }
        Some(parameter)
    };
    fields.into_iter().filter_map(parameter).collect()
}

/// A schema without null, which no query can say; `nullable` says that it was there.
fn not_null(mut schema: Value) -> Value {
    if let Some(kinds) = schema["type"].as_array() {
        let kinds: Vec<&Value> = kinds.iter().filter(|kind| *kind != "null").collect();
        if let [only] = kinds[..] {
            schema["type"] = only.clone();
            schema["nullable"] = true.into();
        }
    }
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        values.retain(|value| !value.is_null());
    }
    let parts = schema.as_object_mut().and_then(|schema| schema.remove("oneOf"));
    let Some(Value::Array(mut parts)) = parts else { return schema };
    parts.retain(|part| part["type"] != "null");
    if let (Some(Value::Object(only)), Some(own)) = (parts.pop(), schema.as_object_mut()) {
        for (name, value) in only {
            own.entry(name).or_insert(value);
        }
    }
    schema
}

/// Adds the schema of a body with the bounds that are checked; how to refer to it.
fn add_body(shape: &Shape, schemas: &mut Map<String, Value>) -> Value {
    let mut reference = add(shape, schemas);
    bounds::fill_in(&mut reference);
    let others = shape.others.iter().map(|(name, _)| name);
    for name in others.chain([&shape.name]) {
        if let Some(schema) = schemas.get_mut(name) {
            bounds::fill_in(schema);
        }
    }
    reference
}

/// Adds a schema and those that it refers to; how to refer to it.
fn add(shape: &Shape, schemas: &mut Map<String, Value>) -> Value {
    let value = |schema: &_| serde_json::to_value(schema).unwrap_or(Value::Null);
    for (name, schema) in &shape.others {
        schemas.entry(name.clone()).or_insert_with(|| value(schema));
    }
    if shape.name.is_empty() {
        return value(&shape.schema);
    }
    schemas.entry(shape.name.clone()).or_insert_with(|| value(&shape.schema));
    json!({ "$ref": format!("#/components/schemas/{}", shape.name) })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use utoipa::ToSchema;

    use super::*;
    use crate::api::kit::{self, Limit};

    #[derive(Deserialize, ToSchema)]
    #[serde(rename_all = "lowercase")]
    enum Form {
        Chat,
        Plain,
    }

    #[derive(Deserialize, ToSchema)]
    #[expect(dead_code, reason = "only its schema is read")]
    struct Example {
        #[serde(default)]
        limit: Limit<50, 200>,
        /// Only unread ones.
        #[serde(default)]
        unread: bool,
        is_group: Option<bool>,
        /// The form.
        form: Option<Form>,
        search: Option<String>,
        needed: String,
    }

    #[test]
    fn a_query_has_its_bounds_defaults_and_closed_values_in_the_document() {
        let all = query_parameters(&kit::shape::<Example>());
        let of = |name: &str| all.iter().find(|parameter| parameter["name"] == name).unwrap();
        let limit = json!({ "type": "integer", "minimum": 1, "maximum": 200, "default": 50 });
        assert_eq!(of("limit")["schema"], limit);
        assert_eq!(of("unread")["schema"], json!({ "type": "boolean", "default": false }));
        assert_eq!(of("unread")["description"], "Only unread ones.");
        assert_eq!(of("is_group")["schema"], json!({ "type": "boolean" }));
        assert_eq!(of("form")["schema"], json!({ "type": "string", "enum": ["chat", "plain"] }));
        assert_eq!(of("form")["description"], "The form.");
        assert_eq!(of("search")["schema"], json!({ "type": "string", "maxLength": 1_024 }));
        assert_eq!(
            (&of("search")["required"], &of("needed")["required"]),
            (&json!(false), &json!(true))
        );
    }
}
