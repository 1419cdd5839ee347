//! A broadcast by a tool: counted first, refused beyond the number that was said, sent.

use serde_json::{Value, json};

use crate::{
    app::{PHONE, TestApp},
    mcp::{called, done, refused, tools::checked},
};

fn draft(more: &Value) -> Value {
    let mut draft = json!({
        "name": "News", "templateName": "news", "language": "en", "tags": ["vip"],
    });
    draft.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    draft
}

async fn broadcasts(app: &TestApp) -> Value {
    app.get("/api/whatsapp-api/broadcasts").await.1["pagination"]["total"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_is_counted_and_goes_to_no_more_people_than_was_said() {
    let app = TestApp::start().await;
    app.ready("shop", PHONE).await;
    let key = app.key().await;
    for (number, agreed) in [(1, true), (2, true), (3, true), (4, false)] {
        let contact = json!({
            "phone": format!("+1555000002{number}"), "tags": ["vip"], "optedIn": agreed,
        });
        done(&app, key, "create_contact", contact).await;
    }
    let template = json!({
        "name": "news", "category": "UTILITY", "language": "en",
        "components": [{ "type": "BODY", "text": "News" }],
    });
    assert_eq!(app.post("/api/whatsapp-api/templates", template).await.0, 201);
    let counted = checked(&app, "send_broadcast", draft(&json!({ "dryRun": true }))).await;
    assert_eq!(counted["total"], 3, "{counted}");
    let result = called(&app, key, "send_broadcast", draft(&json!({ "maxRecipients": 2 }))).await;
    let content = &result["structuredContent"];
    assert_eq!((&result["isError"], &content["code"]), (&json!(true), &json!("validation_error")));
    assert!(content["error"].as_str().unwrap().contains("3 contacts"), "{content}");
    for wrong in [json!({ "tags": [] }), json!({ "name": "" }), json!({ "maxRecipients": 0 })] {
        let code = refused(&app, key, "send_broadcast", draft(&wrong)).await;
        assert_eq!(code, "validation_error", "{wrong}");
    }
    let unknown = draft(&json!({ "templateName": "nothing" }));
    assert_eq!(refused(&app, key, "send_broadcast", unknown).await, "not_found");
    let other = app.key_of(&["mcp", "send"], None).await;
    assert_eq!(refused(&app, &other, "send_broadcast", draft(&json!({}))).await, "forbidden");
    assert_eq!(broadcasts(&app).await, 0, "nothing was made so far");
    let sent = checked(&app, "send_broadcast", draft(&json!({ "maxRecipients": 3 }))).await;
    assert_eq!(sent["name"], "News");
    assert_ne!(sent["status"], "DRAFT");
    let later = draft(&json!({ "scheduledAt": "2099-01-01T00:00:00Z" }));
    assert_eq!(checked(&app, "send_broadcast", later).await["status"], "SCHEDULED");
    assert_eq!(broadcasts(&app).await, 2);
    app.stop().await;
}
