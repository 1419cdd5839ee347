//! Calls of other gateways are answered with what to call here.

use serde_json::json;

use crate::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_another_gateway_gets_the_address_of_ours() {
    let app = TestApp::start().await;
    for (path, endpoint, page) in [
        ("/api/sendText", "POST /api/v1/sessions/{sessionId}/send-text", "moving-waha"),
        ("/api/default/auth/qr", "GET /api/v1/sessions/{sessionId}/qr/image", "moving-waha"),
        (
            "/api/shop/send-message",
            "POST /api/v1/sessions/{sessionId}/send-message",
            "moving-wppconnect-server",
        ),
        (
            "/message/sendText/shop",
            "POST /api/v1/sessions/{sessionId}/send-text",
            "moving-evolution",
        ),
        ("/sendText", "POST /api/v1/sessions/{sessionId}/send-text", "moving-open-wa"),
    ] {
        let body = json!({ "session": "default", "chatId": "15550000011@c.us", "text": "Hello" });
        for (status, answer) in [app.get(path).await, app.post(path, body.clone()).await] {
            assert_eq!(status, 404, "{path}");
            let error = &answer["error"];
            assert_eq!(error["code"], "NOT_FOUND", "{path}");
            assert_eq!(error["details"]["instead"], endpoint, "{path}");
            let message = error["message"].as_str().unwrap();
            let documentation = error["details"]["documentation"].as_str().unwrap();
            assert!(message.contains(endpoint) && message.contains(documentation), "{message}");
            assert_eq!(documentation, format!("/docs/{page}.md"));
            let (status, text) = app.text(documentation).await;
            assert_eq!(status, 200, "{documentation}");
            assert!(text.starts_with("# Moving from"), "{documentation}");
        }
    }
    let (status, answer) = app.get("/api/v1/chats").await;
    assert_eq!(status, 404);
    assert_eq!(
        answer["error"]["details"],
        json!({}),
        "a slip in a path of ours is no call of theirs"
    );
    app.stop().await;
}
