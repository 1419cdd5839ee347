//! Messages that are none: each gets an error of the protocol, and the gateway goes on.

use serde_json::{Value, json};

use crate::{
    app::TestApp,
    mcp::{PATH, posted, request},
};

async fn sent(app: &TestApp, body: String) -> (u16, Value) {
    let url = format!("{}{PATH}", app.base);
    let asked = app.http.post(url).bearer_auth(app.key().await);
    let asked = asked.header("content-type", "application/json").body(body);
    let response = asked.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_is_an_error_of_the_protocol() {
    let app = TestApp::start().await;
    let long = "x".repeat(100_000);
    for (body, code) in [
        (String::new(), -32_700),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"met".to_owned(), -32_700),
        ("\u{0}\u{1}".to_owned(), -32_700),
        ("[".repeat(100_000), -32_700),
        ("[]".to_owned(), -32_600),
        (json!([request("ping", json!({})), request("ping", json!({}))]).to_string(), -32_600),
        ("7".to_owned(), -32_600),
        (json!({ "id": 1, "method": "ping" }).to_string(), -32_600),
        (json!({ "jsonrpc": "1.0", "id": 1, "method": "ping" }).to_string(), -32_600),
        (json!({ "jsonrpc": "2.0", "id": [1], "method": "ping" }).to_string(), -32_600),
        (json!({ "jsonrpc": "2.0", "id": long, "method": "ping" }).to_string(), -32_600),
        ("{\"jsonrpc\":\"2.0\",\"id\":1e999,\"method\":\"ping\"}".to_owned(), -32_700),
        (
            format!("{{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}}", "9".repeat(300)),
            -32_600,
        ),
        (json!({ "jsonrpc": "2.0", "id": 1, "method": {} }).to_string(), -32_600),
        (
            json!({ "jsonrpc": "2.0", "id": 1, "method": "ping", "params": "x" }).to_string(),
            -32_600,
        ),
    ] {
        let (status, answer) = sent(&app, body.clone()).await;
        let shown: String = body.chars().take(80).collect();
        assert_eq!(status, 400, "{shown}: {answer}");
        assert_eq!(
            (&answer["jsonrpc"], &answer["error"]["code"]),
            (&json!("2.0"), &json!(code)),
            "{shown}"
        );
    }
    // Wrong parameters of what is known.
    for (method, params) in [
        ("tools/call", json!({})),
        ("tools/call", json!({ "name": 5 })),
        ("tools/call", json!({ "name": "list_contacts", "arguments": [1] })),
        ("tools/call", json!({ "name": "nothing_such", "arguments": {} })),
        ("tools/call", json!({ "name": long })),
        ("resources/read", json!({ "uri": {} })),
        ("prompts/get", json!({ "name": "nothing_such" })),
        ("prompts/get", json!({ "name": "summarise_day", "arguments": { "date": "tomorrow" } })),
        ("tools/list", json!({ "cursor": "x" })),
        ("initialize", json!({ "protocolVersion": 5 })),
    ] {
        let (status, answer) =
            posted(&app, app.key().await, &request(method, params.clone())).await;
        assert!(matches!(status, 200 | 400), "{method} {status}");
        assert_eq!(answer["error"]["code"], -32_602, "{method} {params}: {answer}");
        assert!(answer.to_string().len() < 1_000, "it repeats what it got");
    }
    assert_eq!(posted(&app, app.key().await, &request("ping", json!({}))).await.0, 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_two_megabytes_is_too_large_and_another_type_is_none() {
    let app = TestApp::start().await;
    let large = json!({ "search": "x".repeat(2 * 1024 * 1024) });
    let large = request("tools/call", json!({ "name": "list_contacts", "arguments": large }));
    let (status, answer) = sent(&app, large.to_string()).await;
    assert_eq!((status, &answer["error"]["code"]), (413, &json!(-32_600)), "{answer}");
    // Also where its length was not given before.
    let pieces =
        futures_util::stream::iter((0..32).map(|_| Ok::<_, std::io::Error>("x".repeat(64 * 1024))));
    let url = format!("{}{PATH}", app.base);
    let asked = app.http.post(&url).bearer_auth(app.key().await);
    let asked = asked.header("content-type", "application/json");
    let response = asked.body(reqwest::Body::wrap_stream(pieces)).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 413);
    let text =
        app.http.post(&url).bearer_auth(app.key().await).header("content-type", "text/plain");
    let response = text.body(request("ping", json!({})).to_string()).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 400);
    app.stop().await;
}
