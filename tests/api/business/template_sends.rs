//! Templates and quick replies on their way to a contact.

use reqwest::Method;
use serde_json::{Value, json};
use wagate::{domain::Clock, store::disk::Disk};

use crate::{
    app::{PHONE, TestApp},
    business::{
        call,
        chats::chat_with,
        contact, created, get,
        sending::{ADA, on_phone, png, send, shop, upload},
    },
    chat::write,
};

fn greeting(name: &str, components: Value) -> Value {
    json!({
        "to": ADA, "type": "template", "templateName": name, "language": "en_US",
        "components": components,
    })
}

fn words(values: &[&str]) -> Value {
    let parameters: Vec<Value> =
        values.iter().map(|text| json!({ "type": "text", "text": text })).collect();
    json!({ "type": "body", "parameters": parameters })
}

async fn template(app: &TestApp, name: &str, components: Value) -> Value {
    let body = json!({
        "name": name, "category": "UTILITY", "language": "en_US", "components": components,
    });
    created(app, "/templates", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_rendered_as_text_and_its_reply_is_mapped_back() {
    let app = shop().await;
    template(
        &app,
        "order_shipped",
        json!([
            { "type": "HEADER", "format": "TEXT", "text": "Order {{1}}" },
            { "type": "BODY", "text": "Hi {{1}}, it comes {{2}}." },
            { "type": "FOOTER", "text": "Acme" },
            { "type": "BUTTONS", "buttons": [
                { "type": "URL", "text": "Track", "url": "https://example.com/{{1}}" },
                { "type": "QUICK_REPLY", "text": "Thanks" },
                { "type": "QUICK_REPLY", "text": "Help" },
            ] },
        ]),
    )
    .await;
    let text = |text: &str| json!([{ "type": "text", "text": text }]);
    let components = json!([
        { "type": "header", "parameters": text("7") },
        words(&["Ada", "today"]),
        { "type": "button", "sub_type": "url", "index": "0", "parameters": text("t7") },
        { "type": "button", "sub_type": "quick_reply", "index": "2",
          "parameters": [{ "type": "payload", "payload": "help-me" }] },
    ]);
    let (status, sent) = send(&app, greeting("order_shipped", components.clone())).await;
    assert_eq!((status, &sent["rendered"]), (200, &json!("text")), "{sent}");
    assert_eq!(sent["warnings"], json!(["template_rendered_locally"]));
    let expected = "*Order 7*\n\nHi Ada, it comes today.\n\n_Acme_\n\nTrack: https://example.com/t7\n\n\
                    1. Thanks\n2. Help\n\nReply with a number";
    let page = get(&app, "/messages?direction=OUTBOUND").await;
    let message = &page["messages"][0];
    assert_eq!((&message["text"], &message["type"]), (&json!(expected), &json!("template")));
    assert_eq!(message["template"]["name"], "order_shipped");
    assert_eq!(message["template"]["components"], components);
    app.wait_for("the template on the phone", || async {
        let has = |message: &Value| message.to_string().contains("Hi Ada, it comes today.");
        on_phone(&app, ADA).await.iter().any(has).then_some(())
    })
    .await;

    write(&app, ADA, "2").await;
    let id = chat_with(&app, ADA).await["id"].as_str().unwrap().to_owned();
    let last = app
        .wait_for("the reply", || async {
            let chat = get(&app, &format!("/chats/{id}")).await;
            let last = chat["messages"].as_array()?.last()?.clone();
            (last["direction"] == "INBOUND" && last["type"] == "interactive").then_some(last)
        })
        .await;
    let reply =
        json!({ "type": "button_reply", "button_reply": { "id": "help-me", "title": "Help" } });
    assert_eq!(last["interactive"], reply);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_cannot_be_sent_says_why_and_sends_nothing() {
    let app = shop().await;
    template(&app, "three", json!([{ "type": "BODY", "text": "{{1}} {{2}} {{3}}" }])).await;
    template(&app, "plain", json!([{ "type": "BODY", "text": "Hello" }])).await;
    let mut draft = json!({
        "name": "draft", "category": "UTILITY", "language": "en_US",
        "components": [{ "type": "BODY", "text": "Hello" }],
    });
    draft["draft"] = json!(true);
    created(&app, "/templates", draft).await;
    let before = on_phone(&app, ADA).await.len();
    let refused = async |body: Value, status: u16| {
        let (given, answer) = send(&app, body.clone()).await;
        assert_eq!(given, status, "{body}: {answer}");
        answer
    };
    let few = refused(greeting("three", json!([words(&["a", "b"])])), 400).await;
    assert_eq!(few["error"], "Template requires 3 body parameters, got 2");
    assert!(few["fields"]["components"].is_array(), "{few}");
    let mut absent = greeting("three", json!([]));
    absent.as_object_mut().unwrap().remove("components");
    refused(absent, 400).await;
    let unknown = refused(greeting("unknown", json!([])), 404).await;
    assert_eq!(unknown["code"], "not_found");
    let mut german = greeting("plain", json!([]));
    german["language"] = json!({ "code": "de" });
    assert!(refused(german, 404).await["error"].as_str().unwrap().contains("en_US"));
    assert!(
        refused(greeting("draft", json!([])), 400).await["error"]
            .as_str()
            .unwrap()
            .contains("draft")
    );
    for field in ["templateName", "language"] {
        let mut body = greeting("plain", json!([]));
        body.as_object_mut().unwrap().remove(field);
        assert!(refused(body, 400).await["fields"][field].is_array(), "{field}");
    }
    assert_eq!(on_phone(&app, ADA).await.len(), before);
    let mut object = greeting("plain", json!([]));
    object["language"] = json!({ "code": "en_US" });
    object.as_object_mut().unwrap().remove("components");
    assert_eq!(send(&app, object).await.0, 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_of_a_template_is_a_file_with_the_text_as_its_caption() {
    let app = shop().await;
    template(
        &app,
        "photo",
        json!([{ "type": "HEADER", "format": "IMAGE" }, { "type": "BODY", "text": "Look, {{1}}" }]),
    )
    .await;
    let (_, file) = upload(&app, png(), "pixel.png").await;
    let picture = json!({ "type": "image", "image": { "id": file["mediaId"] } });
    let header = json!({ "type": "header", "parameters": [picture] });
    let (status, sent) = send(&app, greeting("photo", json!([header, words(&["Ada"])]))).await;
    assert_eq!(status, 200, "{sent}");
    let message = get(&app, "/messages?direction=OUTBOUND").await["messages"][0].clone();
    assert_eq!(
        (&message["caption"], &message["mimeType"]),
        (&json!("Look, Ada"), &json!("image/png"))
    );
    let (status, answer) = send(&app, greeting("photo", json!([words(&["Ada"])]))).await;
    assert_eq!(status, 400, "{answer}");
    assert_eq!(answer["error"], "Template requires an image as its header parameter");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_template_is_sent_outside_of_the_window_and_only_to_who_agreed() {
    let app = TestApp::start().await;
    app.ready("shop", PHONE).await;
    template(&app, "plain", json!([{ "type": "BODY", "text": "Hello" }])).await;
    contact(&app, &format!("+{ADA}")).await;
    let (status, answer) = send(&app, greeting("plain", json!([]))).await;
    assert_eq!((status, &answer["code"]), (403, &json!("not_opted_in")), "{answer}");
    let id = get(&app, "/contacts").await["contacts"][0]["id"].as_str().unwrap().to_owned();
    let opted_in = Some(json!({ "optedIn": true }));
    assert_eq!(call(&app, Method::PATCH, &format!("/contacts/{id}"), opted_in).await.0, 200);
    let (status, answer) = send(&app, json!({ "to": ADA, "text": "Hello" })).await;
    assert_eq!((status, &answer["code"]), (403, &json!("outside_24h_window")), "{answer}");
    let (status, answer) = send(&app, greeting("plain", json!([]))).await;
    assert_eq!(status, 200, "{answer}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quick_reply_is_filled_in_with_all_that_is_known() {
    let clock = Clock::manual("2026-03-24T20:30:00Z".parse().unwrap());
    let settings =
        [("WAGATE_BUSINESS__NAME", "Acme Corp"), ("WAGATE_BUSINESS__TIME_ZONE", "Asia/Kolkata")];
    let app =
        TestApp::start_on(tempfile::tempdir().unwrap(), &settings, clock, Disk::manual(0)).await;
    let content = "{{contact.name}}|{{contact.firstName}}|{{org.name}}|{{agent.name}}|{{date}}|{{time}}|{{x}}";
    let reply = json!({ "shortcut": "/greeting", "content": content });
    let made = created(&app, "/quick-replies", reply.clone()).await;
    assert_eq!(call(&app, Method::POST, "/quick-replies", Some(reply)).await.0, 409);
    let path = format!("/quick-replies/{}/render", made["id"].as_str().unwrap());
    let render = async |body: Value| call(&app, Method::POST, &path, Some(body)).await;
    let person = json!({ "phone": format!("+{ADA}"), "name": "Ada Lovelace" });
    let person = created(&app, "/contacts", person).await;
    let (status, rendered) = render(json!({ "contactId": person["id"] })).await;
    assert_eq!(status, 200, "{rendered}");
    let expected = "Ada Lovelace|Ada|Acme Corp|test|March 25, 2026|02:00|{{x}}";
    assert_eq!((&rendered["text"], &rendered["missing"]), (&json!(expected), &json!(["x"])));
    let (_, nobody) = render(json!({})).await;
    assert_eq!(nobody["missing"], json!(["contact.name", "contact.firstName", "x"]));
    let nowhere = json!({ "contactId": "01980a3e-7c1e-7f6a-b3d8-5e901c47aa12" });
    assert_eq!(render(nowhere).await.0, 404);
    let found = get(&app, "/quick-replies?q=/gr").await;
    assert_eq!(found["quickReplies"][0]["usageCount"], 2);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quick_reply_is_filled_in_for_the_contact_of_a_conversation() {
    let app = shop().await;
    let reply = json!({ "shortcut": "/hi", "content": "Hi {{contact.phone}} from {{org.name}}" });
    let made = created(&app, "/quick-replies", reply).await;
    let path = format!("/quick-replies/{}/render", made["id"].as_str().unwrap());
    let render = async |body: Value| call(&app, Method::POST, &path, Some(body)).await;
    let chat = chat_with(&app, ADA).await;
    let (status, rendered) = render(json!({ "conversationId": chat["id"] })).await;
    assert_eq!((status, &rendered["missing"]), (200, &json!([])), "{rendered}");
    let expected = format!("Hi +{ADA} from Owner of shop");
    assert_eq!(rendered["text"], expected);
    let both = json!({ "contactId": chat["contact"]["id"], "conversationId": chat["id"] });
    let nowhere = json!({ "conversationId": "01980a3e-7c1e-7f6a-b3d8-5e901c47aa12" });
    assert_eq!((render(both).await.0, render(nowhere).await.0), (400, 404));
    app.stop().await;
}
