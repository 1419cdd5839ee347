//! The protocol in both eras, who may speak it, and how often.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    mcp::{MODERN, PATH, meta, names, posted, request, result},
};

fn hello(version: &str) -> Value {
    let client = json!({ "name": "test", "version": "1" });
    json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": client })
}

/// A request of the modern era with its headers.
async fn modern(app: &TestApp, method: &str, name: Option<&str>) -> (u16, Value) {
    modern_with(app, method, name, MODERN, &[]).await
}

async fn modern_with(
    app: &TestApp,
    method: &str,
    name: Option<&str>,
    version: &str,
    other: &[(&'static str, &'static str)],
) -> (u16, Value) {
    let mut params = json!({ "_meta": meta(version) });
    let mut headers =
        vec![("mcp-protocol-version", version.to_owned()), ("mcp-method", method.to_owned())];
    if let Some(name) = name {
        params["name"] = name.into();
        headers.push(("mcp-name", name.to_owned()));
    }
    let mut sent = app.http.post(format!("{}{PATH}", app.base)).bearer_auth(app.key().await);
    for (name, value) in headers {
        let changed = other.iter().find(|(other, _)| *other == name);
        sent = sent.header(name, changed.map_or(value, |(_, value)| (*value).to_owned()));
    }
    let response = sent.json(&request(method, params)).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_era_begins_with_a_version_that_both_know() {
    let app = TestApp::start().await;
    let key = app.key().await;
    for (asked, expected) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("1999-01-01", "2025-11-25"),
        (MODERN, "2025-11-25"),
    ] {
        let result = result(&app, key, "initialize", hello(asked)).await;
        assert_eq!(result["protocolVersion"], expected, "{asked}");
        let own = &result["serverInfo"];
        assert_eq!((&own["name"], &own["title"]), (&json!("wagate"), &json!("wagate")));
        assert_eq!(own["version"], env!("CARGO_PKG_VERSION"));
        for kind in ["tools", "resources", "prompts"] {
            assert_eq!(result["capabilities"][kind], json!({}), "{kind}");
        }
    }
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(posted(&app, key, &note).await, (202, Value::Null));
    assert_eq!(result(&app, key, "ping", json!({})).await, json!({}));
    let list = result(&app, key, "tools/list", json!({})).await;
    assert_eq!(names(&list["tools"])[0], "list_contacts");
    assert!(list.get("ttlMs").is_none_or(Value::is_number) && list.get("resultType").is_none());
    let (status, answer) = posted(&app, key, &request("nothing/such", json!({}))).await;
    assert_eq!((status, &answer["error"]["code"]), (200, &json!(-32_601)), "{answer}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_modern_era_has_no_handshake_and_its_headers_say_what_the_message_says() {
    let app = TestApp::start().await;
    let (status, answer) = modern(&app, "server/discover", None).await;
    assert_eq!(status, 200, "{answer}");
    let found = &answer["result"];
    assert!(found["supportedVersions"].as_array().unwrap().contains(&json!(MODERN)));
    assert_eq!((&found["ttlMs"], &found["cacheScope"]), (&json!(60_000), &json!("private")));
    for (method, list) in
        [("tools/list", "tools"), ("prompts/list", "prompts"), ("resources/list", "resources")]
    {
        let (_, answer) = modern(&app, method, None).await;
        let result = &answer["result"];
        assert!(!result[list].as_array().unwrap().is_empty(), "{answer}");
        assert_eq!(result["resultType"], "complete", "{answer}");
        assert_eq!((&result["ttlMs"], &result["cacheScope"]), (&json!(60_000), &json!("private")));
    }
    let (status, answer) = modern(&app, "tools/call", Some("list_contacts")).await;
    assert_eq!((status, &answer["result"]["isError"]), (200, &json!(false)), "{answer}");
    for (header, value) in [
        ("mcp-protocol-version", "2025-11-25"),
        ("mcp-method", "tools/list"),
        ("mcp-name", "get_contact"),
    ] {
        let name = Some("list_contacts");
        let (status, answer) =
            modern_with(&app, "tools/call", name, MODERN, &[(header, value)]).await;
        let code = &answer["error"]["code"];
        assert_eq!((status, code), (400, &json!(-32_020)), "{header}: {answer}");
    }
    let (status, answer) = modern_with(&app, "tools/list", None, "2199-01-01", &[]).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!(-32_022)), "{answer}");
    assert!(answer["error"]["data"]["supported"].as_array().unwrap().contains(&json!(MODERN)));
    let (status, answer) = modern(&app, "nothing/such", None).await;
    assert_eq!((status, &answer["error"]["code"]), (404, &json!(-32_601)), "{answer}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_stream_and_no_session_to_end() {
    let app = TestApp::start().await;
    let key = app.key().await;
    for method in [Method::GET, Method::DELETE] {
        let asked = app.http.request(method, format!("{}{PATH}", app.base)).bearer_auth(key);
        let response = asked.send().await.unwrap();
        assert_eq!(response.status().as_u16(), 405);
        assert_eq!(response.headers()["allow"], "POST");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_with_the_scope_is_needed_on_this_machine_too() {
    let app = TestApp::start().await;
    let ping = request("ping", json!({}));
    let url = format!("{}{PATH}", app.base);
    let keyless = app.http.post(&url).json(&ping).send().await.unwrap();
    assert_eq!(keyless.status().as_u16(), 401);
    assert!(keyless.headers().contains_key("www-authenticate"));
    let answer: Value = keyless.json().await.unwrap();
    assert_eq!(answer["code"], "unauthorized");
    assert!(answer["error"].is_string());
    assert_eq!(posted(&app, "wag_x", &ping).await.0, 401);
    let other = app.key_of(&["contacts", "read", "send"], None).await;
    assert_eq!(posted(&app, &other, &ping).await.0, 403);
    let own = app.key_of(&["mcp"], None).await;
    assert_eq!(posted(&app, &own, &ping).await.0, 200);
    let by_header = app.http.post(&url).header("x-api-key", own.as_str()).json(&ping);
    assert_eq!(by_header.send().await.unwrap().status().as_u16(), 200);
    app.create("mine").await;
    let bound = app.key_of(&["mcp"], Some("mine")).await;
    assert_eq!(posted(&app, &bound, &ping).await.0, 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_is_refused_also_with_a_key() {
    let app = TestApp::start_with(&[("WAGATE_SERVER__CORS_ORIGINS", "https://app.example")]).await;
    let own = app.base.clone();
    for (origin, expected) in [
        (own.as_str(), 200),
        ("https://app.example", 200),
        ("https://evil.example", 403),
        ("null", 403),
    ] {
        let asked = app.http.post(format!("{}{PATH}", app.base)).bearer_auth(app.key().await);
        let asked = asked.header("origin", origin).json(&request("ping", json!({})));
        assert_eq!(asked.send().await.unwrap().status().as_u16(), expected, "{origin}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_count_in_the_limit_of_the_business_api() {
    let app = TestApp::start_with(&[("WAGATE_LIMITS__BUSINESS", "3")]).await;
    let keys = [app.key_of(&["mcp"], None).await, app.key_of(&["mcp", "contacts"], None).await];
    let ping = request("ping", json!({}));
    for count in 0..3 {
        assert_eq!(posted(&app, &keys[count % 2], &ping).await.0, 200);
    }
    let (status, answer) = posted(&app, &keys[0], &ping).await;
    assert_eq!((status, &answer["code"]), (429, &json!("rate_limited")), "{answer}");
    assert!(answer["retryAfter"].is_u64());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_none_where_the_settings_say_so() {
    let app = TestApp::start_with(&[("WAGATE_MCP__ENABLED", "false")]).await;
    let (status, answer) = posted(&app, app.key().await, &request("ping", json!({}))).await;
    assert_eq!((status, &answer["code"]), (404, &json!("not_found")));
    let sse = app.http.get(format!("{}{PATH}/sse", app.base)).bearer_auth(app.key().await);
    assert_eq!(sse.send().await.unwrap().status().as_u16(), 404);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn resources_are_pages_of_the_documentation() {
    let app = TestApp::start().await;
    let key = app.key().await;
    let list = result(&app, key, "resources/list", json!({})).await;
    let resources = list["resources"].as_array().unwrap();
    assert!(names(&list["resources"]).contains(&"mcp"));
    for resource in resources {
        let uri = &resource["uri"];
        let read = result(&app, key, "resources/read", json!({ "uri": uri })).await;
        let content = &read["contents"][0];
        assert_eq!((&content["uri"], &content["mimeType"]), (uri, &json!("text/markdown")));
        assert!(content["text"].as_str().unwrap().starts_with("# "), "{uri}");
    }
    for uri in ["wagate://docs/nothing", "wagate://docs/../README", "file:///etc/passwd", ""] {
        let (_, answer) =
            posted(&app, key, &request("resources/read", json!({ "uri": uri }))).await;
        assert_eq!(answer["error"]["code"], -32_002, "{uri}: {answer}");
    }
    app.stop().await;
}
