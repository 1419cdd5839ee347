//! Names and labels are one line on every surface: control characters and breaks are refused, with the field's name.

use reqwest::Method;
use serde_json::json;

use crate::app::{PHONE, TestApp};

const BROKEN: &str = "one\u{7}two";
const FAULT: &str = "must be one line without control characters";

#[tokio::test(flavor = "multi_thread")]
async fn a_name_with_a_control_character_is_refused_wherever_something_is_named() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    for (path, field) in [
        ("/api/whatsapp-api/contacts", "name"),
        ("/api/whatsapp-api/auto-tagging/rules", "name"),
        ("/api/whatsapp-api/auto-tagging/rules", "tag"),
        ("/api/whatsapp-api/broadcasts", "name"),
        ("/api/whatsapp-api/flows", "name"),
        ("/api/whatsapp-api/ai-agents", "name"),
        ("/api/whatsapp-api/webhooks", "name"),
        ("/api/whatsapp-api/templates", "name"),
        ("/api/whatsapp-api/quick-replies", "shortcut"),
        ("/api/v1/tags", "name"),
        ("/api/v1/contacts", "name"),
        ("/api/v1/contacts", "company"),
        ("/api/v1/bots", "name"),
        ("/api/v1/teams", "name"),
        ("/api/v1/tickets", "subject"),
        ("/api/v1/tasks", "title"),
        ("/api/v1/automations", "name"),
        ("/api/v1/inbox/views", "name"),
        ("/api/v1/inbox/canned-responses", "title"),
        ("/api/v1/api-keys", "name"),
        ("/api/v1/sessions/s/groups", "name"),
    ] {
        let (status, answer) = app.post(path, json!({ field: BROKEN })).await;
        assert!(matches!(status.as_u16(), 400 | 422), "{path}: {status} {answer}");
        let said = answer.to_string();
        assert!(said.contains(FAULT) && said.contains(field), "{path}, {field}: {answer}");
    }
    // In a list, of a record that is there, and of the settings.
    let contact = json!({ "phone": "+15550000011", "name": " Ada\n" });
    let (_, made) = app.post("/api/whatsapp-api/contacts", contact).await;
    assert_eq!(made["name"], "Ada");
    let path = format!("/api/whatsapp-api/contacts/{}", made["id"].as_str().unwrap());
    for (path, body) in [
        (path.as_str(), json!({ "name": "A\nB" })),
        (path.as_str(), json!({ "tags": ["vip", "A\u{2028}B"] })),
        ("/api/whatsapp-api/settings", json!({ "businessName": BROKEN })),
    ] {
        let (status, answer) = app.call(Method::PATCH, path, Some(body)).await;
        assert_eq!(status, 400, "{path}: {answer}");
        assert!(answer.to_string().contains(FAULT), "{path}: {answer}");
    }
    app.stop().await;
}
