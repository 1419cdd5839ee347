//! The OpenAPI 3.1 documents, made from the table of routes, and the pages to browse them: one of the gateway, and
//! one of the control of the simulated network.

mod answers;
mod examples;
mod failure;
mod operation;
mod words;

use std::sync::{Arc, OnceLock};

use actix_web::{HttpResponse, http::header::CONTENT_SECURITY_POLICY, web};
use bytestring::ByteString;
use serde_json::{Map, Value, json};
use utoipa_swagger_ui::Config;

use crate::{
    api::{
        business::wording,
        endpoint::Endpoint,
        error::ApiError,
        file::unmoved,
        gate::idempotency::key,
        kit::{Call, File, FileKind, Path, Public, body::elsewhere, path_value},
        sessions::event_schemas,
        workspace,
    },
    domain::Error,
};

const TAGS: [&str; 44] = [
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
    "Business",
    "Business contacts",
    "Business conversations",
    "Business messages",
    "Business content",
    "Business broadcasts",
    "Business payments",
    "Business analytics",
    "Business AI agents",
    "Business flows",
    "Business webhooks",
    "MCP",
    "Sign-in",
    "People",
    "Teams",
    "Presence",
    "Notifications",
    "Inbox",
    "Tickets and tasks",
    "Automations",
    "Workspace contacts",
    "Knowledge base",
    "Bots",
    "Bot chat",
    "Chat widget",
    "Inbox",
    "Bot webhooks",
    "Bot analytics",
    "Events",
    "Webhooks",
    "API keys",
    "Backup",
    "Vault",
    "Server",
];
const SIMULATOR_TAGS: [&str; 1] = ["Simulated network"];
const SIMULATOR_PREFIX: &str = "/_simulator/";

/// The page may run its own scripts alone and ask us alone; it styles its elements itself.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' \
'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
frame-ancestors 'none'";

/// One of the documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Gateway,
    /// The control of the simulated network.
    Simulator,
}

impl Subject {
    /// Its endpoints among all.
    fn endpoints(self, all: Vec<Endpoint>) -> Vec<Endpoint> {
        let is_its = |endpoint: &Endpoint| {
            endpoint.path.starts_with(SIMULATOR_PREFIX) == (self == Self::Simulator)
        };
        all.into_iter().filter(is_its).collect()
    }

    fn title(self) -> &'static str {
        match self {
            Self::Gateway => "wagate",
            Self::Simulator => "wagate: simulated network",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::Gateway => {
                "WhatsApp sessions over HTTP, WebSocket, server-sent events and webhooks."
            }
            Self::Simulator => {
                "Control of the simulated network, for tests and demonstrations: phones, their \
                 owners, planned faults and the clock. There with `--network simulated` alone."
            }
        }
    }

    /// In the order in which people meet them.
    fn tags(self) -> &'static [&'static str] {
        match self {
            Self::Gateway => &TAGS,
            Self::Simulator => &SIMULATOR_TAGS,
        }
    }
}

/// A document as people read it, from the table of all routes.
pub fn pretty(subject: Subject, table: Vec<Endpoint>) -> String {
    format!("{:#}\n", document(subject, table))
}

/// The table of all routes.
type Table = dyn Fn() -> Vec<Endpoint> + Send + Sync;

/// The documents, each made once, when it is first asked for.
pub struct Documents {
    table: Box<Table>,
    gateway: OnceLock<ByteString>,
    simulator: OnceLock<ByteString>,
}

impl Documents {
    pub fn new(table: impl Fn() -> Vec<Endpoint> + Send + Sync + 'static) -> Self {
        let (gateway, simulator) = (OnceLock::new(), OnceLock::new());
        Self { table: Box::new(table), gateway, simulator }
    }

    fn of(&self, subject: Subject) -> &OnceLock<ByteString> {
        match subject {
            Subject::Gateway => &self.gateway,
            Subject::Simulator => &self.simulator,
        }
    }

    /// Made beside the threads that serve requests, where it is not there yet.
    pub async fn answer(self: Arc<Self>, subject: Subject) -> Result<File<Json>, ApiError> {
        let made = self.of(subject).get().cloned();
        let text: ByteString = match made {
            Some(text) => text,
            None => {
                let make = move || {
                    let make = || document(subject, (self.table)()).to_string().into();
                    Ok::<_, Error>(self.of(subject).get_or_init(make).clone())
                };
                elsewhere(make).await?
            }
        };
        Ok(HttpResponse::Ok().content_type(Json::CONTENT_TYPE).body(text).into())
    }
}

/// The document as an answer.
pub struct Json;

impl FileKind for Json {
    const CONTENT_TYPE: &'static str = "application/json";
    const EXAMPLE: &'static str = "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"wagate\"}}";
}

/// The page, or a file of it.
pub struct Page;

impl FileKind for Page {
    const CONTENT_TYPE: &'static str = "";
    const OTHERS: &'static [(u16, &'static str)] = &[(302, "To the page itself")];
}

path_value! {
    /// A file of the page.
    pub enum PageFile = "file" as String;
    about: "The name of the file", example: "index.html",
    read: |text| Ok(text.to_owned())
}

pub async fn json(
    _: Call<Public>,
    documents: web::Data<Documents>,
) -> Result<File<Json>, ApiError> {
    documents.into_inner().answer(Subject::Gateway).await
}

/// Where the browsable page is.
pub async fn page(_: Call<Public>) -> File<Page> {
    redirect("/api-docs/index.html")
}

/// The browsable page and its files, all served from the program itself.
pub async fn file(_: Call<Public>, Path(file): Path<PageFile>) -> File<Page> {
    browse(&file, "/openapi.json")
}

pub fn redirect(to: &str) -> File<Page> {
    HttpResponse::Found().insert_header(("location", to)).finish().into()
}

/// Adds the request that brings an event to a webhook. Two surfaces may have an event of one name.
fn add_webhook(webhooks: &mut Map<String, Value>, name: String, request: Value) {
    const SCHEMA: &str = "/post/requestBody/content/application~1json/schema";
    match webhooks.get_mut(&name) {
        Some(known) => {
            if let (Some(schema), Some(other)) =
                (known.pointer_mut(SCHEMA), request.pointer(SCHEMA))
            {
                *schema = json!({ "oneOf": [schema.take(), other] });
            }
        }
        None => _ = webhooks.insert(name, request),
    }
}

/// A file of the page to browse the document at a path.
pub fn browse(file: &str, document: &'static str) -> File<Page> {
    let config = Arc::new(Config::from(document));
    let answer = match utoipa_swagger_ui::serve(file, config) {
        Ok(Some(found)) => HttpResponse::Ok()
            .content_type(found.content_type)
            .insert_header((CONTENT_SECURITY_POLICY, PAGE_POLICY))
            .body(unmoved(found.bytes)),
        Ok(None) | Err(_) => HttpResponse::NotFound().finish(),
    };
    answer.into()
}

fn document(subject: Subject, table: Vec<Endpoint>) -> Value {
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    let mut responses = Map::new();
    for endpoint in &subject.endpoints(table) {
        failure::add(endpoint.dialect, &mut schemas, &mut responses);
        let operation = operation::describe(endpoint, &mut schemas);
        let path = template(endpoint.path);
        let item = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(endpoint.method.as_str().to_lowercase(), operation);
        }
    }
    let mut webhooks = Map::new();
    if subject == Subject::Gateway {
        webhooks = event_schemas::add(&mut schemas);
        for (name, of_business) in wording::add_schemas(&mut schemas) {
            add_webhook(&mut webhooks, name, of_business);
        }
        for (name, of_bots) in workspace::wording::add_schemas(&mut schemas) {
            add_webhook(&mut webhooks, name, of_bots);
        }
        event_schemas::name_messages(&mut paths);
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": subject.title(),
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": subject.description(),
        },
        "servers": [{ "url": "/" }],
        "tags": subject.tags().iter().map(|name| json!({ "name": name })).collect::<Value>(),
        "paths": paths,
        "webhooks": webhooks,
        "components": {
            "schemas": schemas,
            "responses": responses,
            "parameters": { "IdempotencyKey": idempotency_key() },
            "headers": { "IdempotentReplayed": idempotent_replayed() },
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "basic": { "type": "http", "scheme": "basic" },
                "apiKey": { "type": "apiKey", "in": "header", "name": "X-API-Key" },
            },
        },
    });
    answers::require_nullable_fields(&mut document);
    words::describe(&mut document);
    examples::add(&mut document);
    document
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

/// A path without the patterns of its parameters.
fn template(path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment.split_once(':') {
        Some((name, _)) if segment.starts_with('{') => format!("{name}}}"),
        _ => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{
        kit::{Content, Operation, Reach, Shape},
        routes::endpoints,
    };

    fn document(subject: Subject) -> Value {
        super::document(subject, endpoints(true))
    }

    #[test]
    fn every_route_of_the_table_is_in_its_document() {
        let mut count = 0;
        for subject in [Subject::Gateway, Subject::Simulator] {
            let document = document(subject);
            for endpoint in subject.endpoints(endpoints(true)) {
                count += 1;
                let method = endpoint.method.as_str().to_lowercase();
                let operation = &document["paths"][template(endpoint.path)][&method];
                assert!(operation.is_object(), "{method} {}", endpoint.path);
                assert!(subject.tags().contains(&endpoint.tag), "{}", endpoint.tag);
                assert_ne!(operation["summary"], "", "{method} {} has no summary", endpoint.path);
            }
        }
        assert_eq!(count, endpoints(true).len());
    }

    #[test]
    fn every_name_of_an_operation_is_its_own_and_one_of_a_function() {
        let mut seen = std::collections::HashSet::new();
        for Endpoint { name, path, method, .. } in endpoints(true) {
            assert!(seen.insert(name), "{name} of {method} {path} is another's");
            let is_word = name.chars().all(|ch| ch.is_ascii_alphanumeric());
            let begins_small = name.starts_with(|ch: char| ch.is_ascii_lowercase());
            assert!(is_word && begins_small, "{name} of {method} {path}");
        }
    }

    #[test]
    fn the_types_of_a_handler_say_what_stands_in_its_path() {
        for endpoint in endpoints(true) {
            let reach = endpoint.reach;
            let path = template(endpoint.path);
            let named = path.split('/').filter_map(|segment| segment.strip_prefix('{'));
            let mut in_path: Vec<&str> = named.map(|name| name.trim_end_matches('}')).collect();
            let mut typed: Vec<&str> =
                endpoint.operation.segments.iter().map(|segment| segment.name).collect();
            in_path.sort_unstable();
            typed.sort_unstable();
            assert_eq!(typed, in_path, "{} {path}", endpoint.method);
            let is_in_session = in_path.contains(&"sessionId");
            assert_eq!(is_in_session, reach == Reach::InSession, "{} {path}", endpoint.method);
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
        let document = document(Subject::Gateway);
        let reference = json!({ "$ref": "#/components/parameters/IdempotencyKey" });
        let (mut with, mut without) = (0, 0);
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let takes = operation["parameters"].as_array().unwrap().contains(&reference);
                // A tool that sends has an argument for it. Of callers whom nobody knows a key would be everybody's.
                let is_public = operation["x-scope"].is_null();
                let is_write = method != "get" && !is_public && !path.starts_with("/api/mcp");
                assert_eq!(takes, is_write, "{method} {path}");
                if takes { with += 1 } else { without += 1 }
            }
        }
        assert!(10 < with && 10 < without);
    }

    #[test]
    fn every_reference_of_the_document_leads_somewhere() {
        for document in [Subject::Gateway, Subject::Simulator].map(document) {
            let text = document.to_string();
            for reference in text.split("#/components/schemas/").skip(1) {
                let name = reference.split('"').next().unwrap();
                assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn no_name_stands_for_two_schemas() {
        let mut named = std::collections::HashMap::new();
        for endpoint in endpoints(true) {
            let Operation { body, successes, .. } = endpoint.operation;
            let answered = successes.into_iter().filter_map(|success| match success.content {
                Content::Data(shape) | Content::FailureWith(shape) => Some(shape),
                Content::Message | Content::Other(..) => None,
            });
            for shape in body.into_iter().chain(answered) {
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
