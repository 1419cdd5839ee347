//! The gateway as tools for assistants, over each of its transports.

mod analytics;
mod audit;
mod campaigns;
mod conversations;
mod hostile;
mod protocol;
mod schemas;
mod sse;
mod stdio;
mod tools;

use serde_json::{Value, json};

use crate::app::TestApp;

const PATH: &str = "/api/mcp";
const MODERN: &str = "2026-07-28";

/// A request of the older era.
fn request(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
}

/// What a request of the modern era says of itself.
fn meta(version: &str) -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": version,
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}

/// The status and the answer of a message.
async fn posted(app: &TestApp, key: &str, message: &Value) -> (u16, Value) {
    let request = app.http.post(format!("{}{PATH}", app.base)).bearer_auth(key).json(message);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
}

async fn result(app: &TestApp, key: &str, method: &str, params: Value) -> Value {
    let (status, answer) = posted(app, key, &request(method, params)).await;
    assert_eq!((status, &answer["id"]), (200, &json!(1)), "{answer}");
    assert!(answer.get("error").is_none(), "{answer}");
    answer["result"].clone()
}

/// What a tool answers, refusals included.
async fn called(app: &TestApp, key: &str, name: &str, arguments: Value) -> Value {
    let params = json!({ "name": name, "arguments": arguments });
    let result = result(app, key, "tools/call", params).await;
    let text = result["content"].as_array().unwrap().last().unwrap()["text"].as_str().unwrap();
    let text: Value = serde_json::from_str(text).unwrap();
    assert_eq!(text, result["structuredContent"], "the text says the same");
    result
}

async fn done(app: &TestApp, key: &str, name: &str, arguments: Value) -> Value {
    let result = called(app, key, name, arguments).await;
    assert_eq!(result["isError"], false, "{name}: {result}");
    result["structuredContent"].clone()
}

/// The code of a refusal.
async fn refused(app: &TestApp, key: &str, name: &str, arguments: Value) -> String {
    let result = called(app, key, name, arguments).await;
    assert_eq!(result["isError"], true, "{name}: {result}");
    let content = &result["structuredContent"];
    assert!(content["error"].as_str().is_some_and(|error| !error.is_empty()), "{result}");
    content["code"].as_str().unwrap().to_owned()
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect()
}
