//! Failures in the document: one response for each status and form of body, to which operations refer.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::{
    api::{endpoint::Endpoint, kit::Dialect},
    domain::{Error, ErrorCode},
};

/// Statuses of failures, with their meaning.
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

/// The form of a body that needs no name among the responses.
const USUAL: &str = "Failure";

/// Adds the responses of a dialect, and the schema of their bodies.
pub fn add(dialect: &dyn Dialect, schemas: &mut Map<String, Value>, all: &mut Map<String, Value>) {
    let (form, schema) = dialect.failure_schema();
    if schemas.contains_key(form) {
        return;
    }
    schemas.insert(form.to_owned(), schema);
    let schema = json!({ "$ref": format!("#/components/schemas/{form}") });
    for (status, meaning) in FAILURES {
        let content = json!({ "application/json": { "schema": schema } });
        all.insert(name(form, status), json!({ "description": meaning, "content": content }));
    }
}

/// How an operation refers to a failure.
pub fn reference(dialect: &dyn Dialect, status: u16) -> Value {
    let name = name(dialect.failure_schema().0, status);
    json!({ "$ref": format!("#/components/responses/{name}") })
}

fn name(form: &str, status: u16) -> String {
    if form == USUAL { status.to_string() } else { format!("{form}{status}") }
}

/// The statuses of the failures of an operation.
pub fn statuses(endpoint: &Endpoint) -> BTreeSet<u16> {
    let status =
        |code: &ErrorCode| endpoint.dialect.failure(&Error::new(*code, "")).status.as_u16();
    let mut all: BTreeSet<u16> = endpoint.operation.failures.iter().map(status).collect();
    all.extend(endpoint.operation.http_failures.iter().map(|status| status.as_u16()));
    if !endpoint.operation.segments.is_empty() {
        all.insert(414);
    }
    all
}
