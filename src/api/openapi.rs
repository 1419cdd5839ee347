//! The OpenAPI 3.1 document, made from the table of routes, and the page to browse it.

use std::sync::{Arc, OnceLock};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header::CONTENT_SECURITY_POLICY},
    web,
};
use bytestring::ByteString;
use serde_json::{Map, Value, json};
use utoipa_swagger_ui::Config;

use crate::{
    api::{
        body::elsewhere,
        bounds,
        endpoint::{Answer, Endpoint, LONGEST_SEGMENT, ParameterKind, Repeat, Scope, Shape},
        endpoints,
        error::ApiError,
        file::unmoved,
        idempotency::{self, key},
    },
    domain::Error,
};

/// Statuses of failures that any endpoint may answer, with their meaning.
const FAILURES: [(u16, &str); 17] = [
    (400, "The request breaks a rule; details.fields names it"),
    (401, "No credential, or one that is not accepted"),
    (403, "The credential does not reach this far"),
    (404, "What is named does not exist"),
    (405, "The path does not know this method"),
    (409, "The state forbids it, or the Idempotency-Key does"),
    (413, "The body is too large"),
    (414, "The path has more than 4,096 bytes"),
    (422, "The number is not on WhatsApp; in the Chat API also: the request breaks a rule"),
    (426, "Not a WebSocket handshake"),
    (429, "Too many requests; Retry-After says when to try again"),
    (500, "A fault of the gateway"),
    (501, "The engine cannot do this at the moment"),
    (502, "The engine failed"),
    (503, "The gateway is stopping or unwell, or its disk fails"),
    (507, "The disk has too little room left"),
    (504, "The engine did not answer in time"),
];

const TAGS: [&str; 17] = [
    "Sessions",
    "Linking",
    "Messages",
    "Outbox",
    "Chats",
    "Contacts",
    "Groups",
    "Chat",
    "Chat instances",
    "Chat tags",
    "Events",
    "Webhooks",
    "API keys",
    "Backup",
    "Vault",
    "Server",
    "Simulated network",
];

/// What stands in a path, as it looks. The people are those of the simulated network.
const EXAMPLES: [(&str, &str); 8] = [
    ("sessionId", "my-session"),
    ("chatId", "15550000001@c.us"),
    ("contactId", "15550000001@c.us"),
    ("chat", "15550000001@c.us"),
    ("groupId", "120363000000000000@g.us"),
    ("messageId", "true_15550000001@c.us_3EB0A1B2C3D4E5F6A7B8C9"),
    ("phone", "15551234567"),
    ("uuid", "550e8400-e29b-41d4-a716-446655440045"),
];

/// The page may run its own scripts alone and ask us alone; it styles its elements itself.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' \
'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
frame-ancestors 'none'";

/// The document, made once, when it is first asked for.
pub struct Document {
    with_simulator: bool,
    text: OnceLock<ByteString>,
}

impl Document {
    pub fn new(with_simulator: bool) -> Self {
        Self { with_simulator, text: OnceLock::new() }
    }

    /// Made beside the threads that serve requests, where it is not there yet.
    async fn text(self: Arc<Self>) -> Result<ByteString, Error> {
        if let Some(text) = self.text.get() {
            return Ok(text.clone());
        }
        let make = move || {
            let make = || document(&endpoints(self.with_simulator)).to_string().into();
            Ok(self.text.get_or_init(make).clone())
        };
        elsewhere(make).await
    }

    /// The document as people read it.
    pub fn pretty(with_simulator: bool) -> String {
        format!("{:#}\n", document(&endpoints(with_simulator)))
    }
}

pub async fn json(document: web::Data<Document>) -> Result<HttpResponse, ApiError> {
    let text = document.into_inner().text().await?;
    Ok(HttpResponse::Ok().content_type("application/json").body(text))
}

/// The browsable page and its files, all served from the program itself.
pub async fn page(request: HttpRequest) -> HttpResponse {
    let file = request.match_info().get("file").unwrap_or("").to_owned();
    if file.is_empty() && !request.path().ends_with('/') {
        return HttpResponse::Found().insert_header(("location", "/api-docs/index.html")).finish();
    }
    let config = Arc::new(Config::from("/openapi.json"));
    match utoipa_swagger_ui::serve(&file, config) {
        Ok(Some(found)) => HttpResponse::Ok()
            .content_type(found.content_type)
            .insert_header((CONTENT_SECURITY_POLICY, PAGE_POLICY))
            .body(unmoved(found.bytes)),
        Ok(None) | Err(_) => HttpResponse::NotFound().finish(),
    }
}

fn document(endpoints: &[Endpoint]) -> Value {
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    schemas.insert("Failure".to_owned(), failure_schema());
    for endpoint in endpoints {
        let operation = operation(endpoint, &mut schemas);
        let path = template(endpoint.path);
        let item = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(endpoint.method.as_str().to_lowercase(), operation);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "wagate",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": "WhatsApp sessions over HTTP, WebSocket, server-sent events and webhooks.",
        },
        "servers": [{ "url": "/" }],
        // The order in which people meet them.
        "tags": TAGS.map(|name| json!({ "name": name })),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": failures(),
            "parameters": { "IdempotencyKey": idempotency_key() },
            "headers": { "IdempotentReplayed": idempotent_replayed() },
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "basic": { "type": "http", "scheme": "basic" },
                "apiKey": { "type": "apiKey", "in": "header", "name": "X-API-Key" },
            },
        },
    })
}

fn operation(endpoint: &Endpoint, schemas: &mut Map<String, Value>) -> Value {
    let mut operation = json!({
        "summary": endpoint.summary,
        "tags": [endpoint.tag],
        "operationId": operation_id(endpoint),
        "parameters": parameters(endpoint),
        "responses": responses(endpoint, schemas),
    });
    if let Some(body) = endpoint.body {
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": add_body(&body(), schemas) } },
        });
    }
    // What a caller must be allowed, for programs that read this document.
    operation["x-scope"] = match endpoint.scope {
        Scope::Public => Value::Null,
        scope => scope.name().into(),
    };
    operation["x-keys-of-one-session"] = reach(endpoint).into();
    operation["security"] = match endpoint.scope {
        Scope::Public => json!([]),
        Scope::Read | Scope::Send | Scope::Conversations | Scope::Admin => {
            json!([{}, { "bearer": [] }, { "basic": [] }, { "apiKey": [] }])
        }
    };
    operation
}

/// What a key for one session may do here.
fn reach(endpoint: &Endpoint) -> &'static str {
    match endpoint.path.contains("{sessionId}") {
        _ if endpoint.scope == Scope::Public => "all",
        true => "its session",
        false if endpoint.bounds_itself => "what is of its session",
        false => "nothing",
    }
}

fn responses(endpoint: &Endpoint, schemas: &mut Map<String, Value>) -> Value {
    let success = match endpoint.answer {
        Answer::Data(shape) => {
            let data = add(&shape(), schemas);
            let schema = json!({
                "type": "object",
                "required": ["success", "data"],
                "properties": { "success": { "const": true }, "message": { "type": "string" }, "data": data },
            });
            json!({ "description": "Done", "content": { "application/json": { "schema": schema } } })
        }
        Answer::Message => {
            let schema = json!({
                "type": "object",
                "required": ["success"],
                "properties": { "success": { "const": true }, "message": { "type": "string" } },
            });
            json!({ "description": "Done", "content": { "application/json": { "schema": schema } } })
        }
        Answer::Other("") => json!({ "description": "Done" }),
        Answer::Other(content_type) => {
            json!({ "description": "Done", "content": { content_type: {} } })
        }
    };
    let mut responses = Map::new();
    if endpoint.status == 201 {
        let mut known = success.clone();
        known["description"] = "It was there already".into();
        responses.insert("200".to_owned(), known);
    }
    if let Some(status) = endpoint.other_status {
        responses.insert(status.to_string(), success.clone());
    }
    responses.insert(endpoint.status.to_string(), success);
    if endpoint.repeat != Repeat::Unkeyed {
        let reference = json!({ "$ref": "#/components/headers/IdempotentReplayed" });
        for response in responses.values_mut() {
            response["headers"] = json!({ idempotency::REPLAYED: reference });
        }
    }
    if endpoint.path == "/api-docs" {
        responses.insert("302".to_owned(), json!({ "description": "To the page itself" }));
    }
    for (status, _) in FAILURES {
        let reference = format!("#/components/responses/{status}");
        responses.entry(status.to_string()).or_insert_with(|| json!({ "$ref": reference }));
    }
    Value::Object(responses)
}

fn parameters(endpoint: &Endpoint) -> Vec<Value> {
    let in_path = endpoint.path.split('/').filter_map(|segment| {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        let name = name.split(':').next().unwrap_or(name);
        let schema = json!({ "type": "string", "maxLength": LONGEST_SEGMENT });
        let mut parameter =
            json!({ "name": name, "in": "path", "required": true, "schema": schema });
        if let Some((_, example)) = EXAMPLES.iter().find(|(known, _)| *known == name) {
            parameter["example"] = (*example).into();
        }
        Some(parameter)
    });
    let in_query = endpoint.parameters.iter().map(|parameter| {
        let schema = match parameter.kind {
            kind @ (ParameterKind::Text | ParameterKind::Ids) => {
                json!({ "type": "string", "maxLength": kind.longest() })
            }
            ParameterKind::Number => json!({ "type": "integer" }),
            ParameterKind::Flag => json!({ "type": "boolean" }),
            ParameterKind::OneOf(values) => json!({ "type": "string", "enum": values }),
        };
        json!({
            "name": parameter.name, "in": "query", "required": false,
            "description": parameter.about, "schema": schema,
        })
    });
    let mut all: Vec<Value> = in_path.chain(in_query).collect();
    if endpoint.repeat != Repeat::Unkeyed {
        all.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
    }
    all
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "A text of the caller's own for this one write. The first answer is kept \
            for 24 hours and given again with `Idempotent-Replayed: true` to every request of the \
            same caller, method and path that has the same key. The query and the body must be the \
            same too, byte for byte; of a multipart body the parts, whatever parts them: else \
            409 IDEMPOTENCY_KEY_REUSED. While the first request is under way others wait for it, \
            after 30 seconds they get 409 IDEMPOTENCY_REQUEST_UNDER_WAY and Retry-After. Answers \
            that mean \"not now\" (5xx, 429, SESSION_NOT_READY) are not kept: the same key tries \
            again, and a message that went out after all is found instead of sent twice. When the \
            gateway ended between a request and its answer, 409 IDEMPOTENCY_OUTCOME_UNKNOWN; \
            what can be repeated without harm is repeated instead. Of an answer that is larger \
            than 256 KiB or shows a new secret only the status is kept: \
            409 IDEMPOTENCY_ANSWER_NOT_KEPT.",
        "schema": {
            "type": "string", "minLength": 1, "maxLength": key::LONGEST, "pattern": key::PATTERN,
        },
        "example": "order-4711",
    })
}

fn idempotent_replayed() -> Value {
    json!({
        "description": "This is the answer that the first request with this Idempotency-Key got",
        "schema": { "type": "string", "const": "true" },
    })
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

/// A path without the patterns of its parameters.
fn template(path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment.split_once(':') {
        Some((name, _)) if segment.starts_with('{') => format!("{name}}}"),
        _ => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}

fn operation_id(endpoint: &Endpoint) -> String {
    let verb = match endpoint.method {
        Method::GET => "get",
        Method::POST => "post",
        Method::PUT => "put",
        Method::PATCH => "patch",
        _ => "delete",
    };
    let words =
        endpoint.path.split(|ch: char| !ch.is_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(verb.to_owned(), |id, word| format!("{id}_{word}"))
}

/// Every failure, once; operations refer to them.
fn failures() -> Value {
    let failure =
        json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Failure" } } });
    let response = |(status, meaning): (u16, &str)| {
        (status.to_string(), json!({ "description": meaning, "content": failure }))
    };
    Value::Object(FAILURES.into_iter().map(response).collect())
}

fn failure_schema() -> Value {
    json!({
        "type": "object",
        "required": ["success", "error"],
        "properties": {
            "success": { "const": false },
            "error": {
                "type": "object",
                "required": ["code", "message", "details"],
                "properties": {
                    "code": { "type": "string" },
                    "message": { "type": "string" },
                    "details": { "type": "object" },
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_of_the_table_is_in_the_document() {
        let endpoints = endpoints(true);
        let document = document(&endpoints);
        for endpoint in &endpoints {
            let method = endpoint.method.as_str().to_lowercase();
            let operation = &document["paths"][template(endpoint.path)][&method];
            assert!(operation.is_object(), "{method} {}", endpoint.path);
            assert!(TAGS.contains(&endpoint.tag), "{}", endpoint.tag);
            assert_ne!(operation["summary"], "", "{method} {} has no summary", endpoint.path);
        }
    }

    #[test]
    fn no_route_is_registered_twice() {
        let mut seen = std::collections::HashSet::new();
        for endpoint in endpoints(true) {
            let route = (endpoint.method.to_string(), endpoint.path);
            assert!(seen.insert(route.clone()), "{route:?}");
        }
    }

    #[test]
    fn every_write_takes_an_idempotency_key_and_nothing_else_does() {
        let document = document(&endpoints(true));
        let reference = json!({ "$ref": "#/components/parameters/IdempotencyKey" });
        let (mut with, mut without) = (0, 0);
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let takes = operation["parameters"].as_array().unwrap().contains(&reference);
                let is_write = method != "get" && !path.starts_with("/_simulator/");
                assert_eq!(takes, is_write, "{method} {path}");
                if takes { with += 1 } else { without += 1 }
            }
        }
        assert!(10 < with && 10 < without);
    }

    #[test]
    fn every_reference_of_the_document_leads_somewhere() {
        let document = document(&endpoints(true));
        let text = document.to_string();
        for reference in text.split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
        }
    }

    #[test]
    fn no_name_stands_for_two_schemas() {
        let mut named = std::collections::HashMap::new();
        for endpoint in endpoints(true) {
            let answered = match endpoint.answer {
                Answer::Data(shape) => Some(shape),
                Answer::Message | Answer::Other(_) => None,
            };
            for shape in endpoint.body.into_iter().chain(answered) {
                let Shape { name, schema, others } = shape();
                let own = Some((name, schema)).filter(|(name, _)| !name.is_empty());
                for (name, schema) in others.into_iter().chain(own) {
                    let schema = serde_json::to_value(schema).unwrap();
                    let known = named.entry(name.clone()).or_insert_with(|| schema.clone());
                    assert_eq!(*known, schema, "{name}, as {} has it", endpoint.path);
                }
            }
        }
        assert!(50 < named.len());
    }
}
