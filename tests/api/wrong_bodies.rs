//! Every operation of the OpenAPI document is sent bodies and parameters that are wrong: the answer is in the
//! words of its surface, names what is wrong, and shows nothing of the program's insides.

use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Map, Value, json};

use crate::{
    app::{PHONE, TestApp, is_workspace, needs_key},
    support::document::DOCUMENT,
};

/// What the reader of JSON says of its own, in no words of ours.
const INSIDES: [&str; 10] = [
    "at line",
    "invalid type",
    "invalid value",
    "expected struct",
    "missing field",
    "unknown field",
    "duplicate field",
    "unknown variant",
    "did not match any variant",
    "untagged",
];

struct Operation<'d> {
    document: &'d Value,
    method: Method,
    path: String,
    of: &'d Value,
}

impl<'d> Operation<'d> {
    fn all(document: &'d Value) -> Vec<Self> {
        let paths = document["paths"].as_object().unwrap();
        let operations = paths.iter().flat_map(|(path, item)| {
            let path = path.replace("{sessionId}", "s").replace("{phone}", PHONE);
            let path = path.replace(['{', '}'], "");
            item.as_object().unwrap().iter().map(move |(method, of)| {
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                Self { document, method, path: path.clone(), of }
            })
        });
        operations.collect()
    }

    fn body(&self) -> Option<&'d Value> {
        let schema = &self.of["requestBody"]["content"]["application/json"]["schema"];
        (!schema.is_null()).then_some(schema)
    }

    /// A schema itself, where this refers to one.
    fn resolved(&self, schema: &'d Value) -> &'d Value {
        match schema["$ref"].as_str() {
            Some(reference) => {
                let name = reference.rsplit('/').next().unwrap();
                self.resolved(&self.document["components"]["schemas"][name])
            }
            None => schema,
        }
    }

    /// The fields of an object, those of the parts that it is made of included, and which are required.
    fn fields(&self, schema: &'d Value) -> (Map<String, Value>, Vec<String>) {
        let schema = self.resolved(schema);
        let mut fields = schema["properties"].as_object().cloned().unwrap_or_default();
        let list = |value: &Value| -> Vec<String> {
            let all = value.as_array().into_iter().flatten();
            all.map(|name| name.as_str().unwrap().to_owned()).collect()
        };
        let mut required = list(&schema["required"]);
        for name in ["allOf", "oneOf"] {
            for part in schema[name].as_array().into_iter().flatten() {
                let (more, needed) = self.fields(part);
                fields.extend(more);
                required.extend(needed);
            }
        }
        (fields, required)
    }

    async fn send(&self, app: &TestApp, query: &str, body: Option<String>) -> (u16, Value) {
        let url = format!("{}{}{query}", app.base, self.path);
        let mut request = app.http.request(self.method.clone(), url);
        if self.is_business() {
            request = request.bearer_auth(app.key().await);
        } else if is_workspace(&self.method, &self.path) {
            request = request.bearer_auth(app.token().await);
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    fn is_business(&self) -> bool {
        needs_key(&self.path)
    }

    /// Sends what is wrong; the names of the fields that the answer speaks of.
    async fn refused(&self, app: &TestApp, query: &str, body: Option<String>) -> Vec<String> {
        let (status, answer) = self.send(app, query, body.clone()).await;
        let place =
            format!("{} {}{query} with {body:?}: {status} {answer}", self.method, self.path);
        assert!(matches!(status, 400 | 422), "{place}");
        let (message, fields) = if self.is_business() {
            assert_eq!(answer["code"], "validation_error", "{place}");
            (&answer["error"], &answer["fields"])
        } else if is_workspace(&self.method, &self.path) {
            let fields = &answer["details"]["fields"];
            let expected = if fields.is_null() { "BAD_REQUEST" } else { "VALIDATION_ERROR" };
            assert_eq!(answer["code"], expected, "{place}");
            (&answer["error"], fields)
        } else {
            assert_eq!(answer["success"], false, "{place}");
            assert_eq!(answer["error"]["code"], "VALIDATION_ERROR", "{place}");
            (&answer["error"]["message"], &answer["error"]["details"]["fields"])
        };
        assert!(message.as_str().is_some_and(|it| !it.is_empty()), "{place}");
        let said = answer.to_string();
        let shown = INSIDES.iter().find(|words| said.contains(**words));
        assert_eq!(shown, None, "{place}");
        assert!(!self.of["responses"][status.to_string()].is_null(), "not documented: {place}");
        let fields = fields.as_object();
        fields.map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
    }
}

/// Whether one of the schemas that this one refers to is that of a text.
fn may_be_text(operation: &Operation<'_>, schema: &str) -> bool {
    schema.split("#/components/schemas/").skip(1).any(|part| {
        let name = part.split('"').next().unwrap();
        let named = &operation.document["components"]["schemas"][name];
        let is_choice = named.get("oneOf").is_some();
        named["type"] == "string" || is_choice && may_be_text(operation, &named.to_string())
    })
}

/// Values that are none of a field, each with whether a list's entry is at fault.
fn wrong_for(operation: &Operation<'_>, schema: &Value) -> Vec<Value> {
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind.as_str()],
        Value::Array(kinds) => kinds.iter().map(|kind| kind.as_str().unwrap()).collect(),
        _ if schema.get("$ref").is_some() || schema.get("oneOf").is_some() => {
            let text = schema.to_string();
            return if may_be_text(operation, &text) {
                vec![]
            } else {
                vec![json!(5), json!("x"), json!([1])]
            };
        }
        // Anything is allowed.
        _ => return Vec::new(),
    };
    let has = |kind: &str| kinds.contains(&kind);
    let mut wrong = vec![json!({ "a": { "b": [1] } }), json!(true), json!([[1]]), json!("x")];
    if schema.get("enum").is_some() {
        return vec![json!("nonsense"), json!(5), json!(["x"]), json!({})];
    }
    if has("string") {
        wrong.retain(|value| !value.is_string());
        if has("number") {
            wrong.push(json!(-1.5));
        } else if !has("integer") {
            wrong.push(json!(5));
        } else {
            wrong.extend([json!(-1), json!(1.5)]);
        }
    }
    if has("boolean") {
        wrong = vec![json!("yes"), json!(1), json!([])];
    }
    if has("integer") && !has("string") {
        wrong.extend([json!(1.5), json!(-1_000_000_000_000_i64)]);
        if schema["format"] == "int32" {
            wrong.push(json!(99_999_999_999_i64));
        }
    }
    if has("array") {
        wrong.retain(|value| !value.is_array());
    }
    if has("object") {
        wrong.retain(|value| !value.is_object());
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_field_of_any_operation_is_named_in_words_of_ours() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let document = &*DOCUMENT;
    let (mut operations, mut values) = (0, 0);
    for operation in Operation::all(document) {
        let Some(schema) = operation.body() else { continue };
        // A message of JSON-RPC has errors of its own, which `mcp/hostile` tries.
        if operation.path.starts_with("/api/mcp") {
            continue;
        }
        operations += 1;
        let (fields, required) = operation.fields(schema);
        for text in
            ["{", "[1,2", "{\"a\":}", "{} {}", "nonsense", "{\"a\":1e999}", "[[[[", "\"\\ud83d\""]
        {
            operation.refused(&app, "", Some(text.to_owned())).await;
        }
        for body in [json!([1, 2]), json!("text"), json!(5), json!(true), Value::Null, json!([{}])]
        {
            let named = operation.refused(&app, "", Some(body.to_string())).await;
            assert_eq!(named, ["body"], "{} {body}", operation.path);
        }
        let named = operation.refused(&app, "", Some(json!({ "nonsense": 1 }).to_string())).await;
        assert!(named.contains(&"nonsense".to_owned()), "{}: {named:?}", operation.path);
        for name in &required {
            assert!(named.contains(name), "{} {name}: {named:?}", operation.path);
        }
        for (name, schema) in &fields {
            for wrong in wrong_for(&operation, schema) {
                values += 1;
                let body = json!({ name: wrong }).to_string();
                let named = operation.refused(&app, "", Some(body.clone())).await;
                let is_it = |it: &String| {
                    let rest = it.strip_prefix(name.as_str());
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                };
                assert!(named.iter().any(is_it), "{} {body}: {named:?}", operation.path);
                // Twice the same is one too many.
                let twice = format!("{{\"{name}\":{wrong},\"{name}\":{wrong}}}");
                operation.refused(&app, "", Some(twice)).await;
            }
        }
    }
    println!("{operations} operations with a body, {values} wrong values");
    assert!(40 < operations && 500 < values);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_or_a_parameter_that_says_nothing_to_an_operation_is_refused() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let document = &*DOCUMENT;
    let (mut without, mut parameters) = (0, 0);
    for operation in Operation::all(document) {
        for parameter in operation.of["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap_or_default();
            let schema = &parameter["schema"];
            let is_closed = schema["type"] == "boolean" || schema.get("enum").is_some();
            if parameter["in"] == "query" && is_closed {
                parameters += 1;
                let query = format!("?{name}=nonsense");
                assert_eq!(operation.refused(&app, &query, None).await, [name], "{query}");
            }
        }
        if operation.of["requestBody"].is_object() || operation.method == Method::GET {
            continue;
        }
        without += 1;
        let body = Some(json!({ "nonsense": 1 }).to_string());
        assert_eq!(operation.refused(&app, "", body).await, ["nonsense"]);
        for body in ["[1]", "5", "a=b", "{"] {
            assert_eq!(
                operation.refused(&app, "", Some(body.to_owned())).await,
                ["body"],
                "{body}"
            );
        }
    }
    println!("{without} operations without a body, {parameters} parameters with a closed set");
    assert!(25 < without && 15 < parameters);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_body_is_none() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    // The body of a GET has no meaning.
    let request = app.http.get(format!("{}/api/v1/sessions", app.base));
    assert_eq!(request.json(&json!({ "limit": 1 })).send().await.unwrap().status(), 200);
    for (method, path) in [
        (Method::GET, "/api/v1/sessions"),
        (Method::POST, "/api/v1/sessions/s/outbox/resume"),
        (Method::POST, "/api/v1/stream-tickets"),
        (Method::DELETE, "/api/v1/sessions/s?keepData="),
    ] {
        for body in ["", "{}", "null", " \n"] {
            let request = app.http.request(method.clone(), format!("{}{path}", app.base));
            let request = request.header(CONTENT_TYPE, "application/json").body(body);
            let status = request.send().await.unwrap().status();
            assert!(status.is_success(), "{method} {path} {body:?}: {status}");
            if method == Method::DELETE {
                break;
            }
        }
    }
    app.stop().await;
}
