//! Validation of answers against the OpenAPI document: status, content type, body.
//!
//! What the document says is read once in a process.

pub mod events;
pub mod schema;

use std::sync::LazyLock;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use wagate::api;

use self::schema::Schemas;

/// The documents of the gateway and of the simulated network as one, which has all operations.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let read = |simulator| serde_json::from_str(&api::openapi_document(simulator)).unwrap();
    let [mut whole, simulator]: [Value; 2] = [false, true].map(read);
    for part in ["/paths", "/components/schemas", "/components/responses"] {
        let more = simulator.pointer(part).and_then(Value::as_object).unwrap().clone();
        whole.pointer_mut(part).and_then(Value::as_object_mut).unwrap().extend(more);
    }
    whole
});

/// Fails where something is not as the document says.
pub fn agree(faults: &[String], what: impl Fn() -> String) {
    assert!(faults.is_empty(), "against the document: {}\n{}", faults.join("\n"), what());
}

/// The operation of a request.
pub struct Operation {
    /// How faults name it.
    pub name: String,
    responses: &'static Value,
    security: &'static Value,
}

/// Which operation a request is for; none where no path of the document knows it.
pub fn operation(method: &Method, path: &str) -> Option<Operation> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    // The server trims slashes at the end.
    let path = if path == "/" { path } else { path.trim_end_matches('/') };
    // A literal segment goes before a parameter.
    let fitting = paths
        .iter()
        .filter_map(|(template, item)| Some((literals(template, path)?, template, item)));
    let (_, template, item) = fitting.max_by_key(|(literals, ..)| literals.clone())?;
    // HEAD is answered as GET, without the body.
    let method = if method == Method::HEAD { "get" } else { &method.as_str().to_lowercase() };
    let operation = item.get(method)?;
    let (responses, security) = (&operation["responses"], &operation["security"]);
    Some(Operation { name: format!("{method} {template}"), responses, security })
}

/// Which segments of a template stand in a path as they are; none when they do not fit.
fn literals(template: &str, path: &str) -> Option<Vec<bool>> {
    let (template, path) = (template.split('/'), path.split('/'));
    if template.clone().count() != path.clone().count() {
        return None;
    }
    let segments = template.zip(path).map(|(template, segment)| match template.starts_with('{') {
        true => (!segment.is_empty()).then_some(false),
        false => (template == segment).then_some(true),
    });
    segments.collect()
}

impl Operation {
    /// Whether it is of the workspace API, which words failures in its own way.
    pub fn is_of_workspace(&self) -> bool {
        // What anybody may ask has no 401, and what has no body has no 400.
        let references = ["400", "401"].map(|status| self.responses[status]["$ref"].as_str());
        references.into_iter().flatten().any(|reference| reference.contains("/WorkspaceFailure"))
    }

    /// Whether it is for callers with a credential alone.
    pub fn needs_credential(&self) -> bool {
        let ways = self.security.as_array().unwrap();
        !ways.is_empty() && ways.iter().all(|way| *way != json!({}))
    }

    /// What the document says of a status.
    fn response(&self, status: StatusCode) -> Option<&'static Value> {
        let response = self.responses.get(status.as_str())?;
        Some(match response["$ref"].as_str() {
            Some(reference) => DOCUMENT.pointer(&reference[1..]).unwrap(),
            None => response,
        })
    }

    /// All that is wrong with an answer's status and content type, before its body is read.
    pub fn faults_of_head(&self, status: StatusCode, content_type: Option<&str>) -> Vec<String> {
        let Some(response) = self.response(status) else {
            return vec!["the document has no such status".to_owned()];
        };
        let (Some(given), Some(documented)) = (content_type, response["content"].as_object())
        else {
            return Vec::new();
        };
        let is_known = documented.keys().any(|known| includes(known, given));
        let fault = || format!("the document has no content type {given}");
        (!is_known).then(fault).into_iter().collect()
    }

    /// All that is wrong with a body of JSON; none where the document has no schema for it.
    pub fn faults_of_body(&self, status: StatusCode, body: &Value) -> Option<Vec<String>> {
        // A content type without a schema may hold anything.
        let schema = self.response(status)?["content"]["application/json"].get("schema")?;
        Some(Schemas(&DOCUMENT).faults(schema, body))
    }
}

/// Whether a media type or range of the document includes a media type.
fn includes(documented: &str, given: &str) -> bool {
    let kind = given.split('/').next().unwrap_or_default();
    documented == given || documented == "*/*" || documented == format!("{kind}/*")
}
