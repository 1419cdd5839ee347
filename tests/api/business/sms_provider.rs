//! Text messages by Twilio: files that go by their address, and secrets that are replaced.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    business::{
        call, created, get,
        sending::{png, upload},
        sms::{ADA, TOKEN, app_with, form, send, settings, signature, twilio, webhook},
    },
    chat_messages::{answer, pixel, serve},
    receiver::{Answer, Receiver},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_by_its_address_and_what_cannot_be_sent_says_why() {
    let receiver = Receiver::choosing(|got, before| {
        let fields = form(&got.text);
        match fields.get("MediaUrl") {
            Some(url) if url.ends_with("/refused.png") => Answer::Says(
                "400 Bad Request".to_owned(),
                json!({ "code": 21620, "message": "Invalid media URL" }).to_string(),
            ),
            _ => twilio(got, before),
        }
    })
    .await;
    let app = app_with(&receiver).await;
    created(&app, "/contacts", json!({ "phone": ADA, "smsOptedIn": true })).await;
    let post = async |name: &str, more: Value| {
        let picture = answer("200 OK\r\ncontent-type: image/png", &pixel());
        let url = format!("{}/{name}", serve(vec![picture]).await);
        let mut body = json!({ "to": ADA, "channel": "sms", "type": "image", "mediaUrl": url });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        (send(&app, body).await, url)
    };
    let ((code, sent), url) = post("dot.png", json!({ "caption": "A dot" })).await;
    assert_eq!((code, &sent["channel"]), (200, &json!("sms")), "{sent}");
    let fields = form(&receiver.got.lock().await[0].text);
    assert_eq!((&fields["MediaUrl"], &fields["Body"]), (&url, &"A dot".to_owned()));
    let page = get(&app, "/messages?type=image").await;
    assert_eq!(
        (&page["messages"][0]["channel"], &page["messages"][0]["caption"]),
        (&json!("sms"), &json!("A dot"))
    );
    // Without words there is no empty text.
    let ((code, answer), _) = post("bare.png", json!({})).await;
    assert_eq!(code, 200, "{answer}");
    assert!(!form(&receiver.got.lock().await[1].text).contains_key("Body"));
    let ((code, answer), _) = post("refused.png", json!({})).await;
    assert_eq!((code, answer["fields"]["mediaUrl"].is_array()), (400, true), "{answer}");
    assert!(answer["error"].as_str().unwrap().contains("21620"), "{answer}");
    let ((code, answer), _) = post("long.png", json!({ "caption": "x".repeat(1_601) })).await;
    assert_eq!(code, 400, "{answer}");
    let (code, file) = upload(&app, png(), "a.png").await;
    assert_eq!(code, 201, "{file}");
    let body = json!({ "to": ADA, "channel": "sms", "type": "image", "mediaId": file["mediaId"] });
    let (code, answer) = send(&app, body).await;
    assert_eq!((code, answer["fields"]["mediaUrl"].is_array()), (400, true), "{answer}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_replaced_counts_at_once_and_after_a_restart_and_is_never_shown() {
    const NEW: &str = "4720-new-auth-token";
    let receiver = Receiver::choosing(twilio).await;
    let app = app_with(&receiver).await;
    created(&app, "/contacts", json!({ "phone": ADA, "smsOptedIn": true })).await;
    let shown = get(&app, "/settings").await;
    assert_eq!(shown["sms"], json!({ "authTokenSet": true, "sharedKeySet": true }), "{shown}");
    let patch = async |body: Value| call(&app, Method::PATCH, "/settings", Some(body)).await;
    for wrong in [json!(""), json!("two words"), json!("x".repeat(257)), json!(5)] {
        let (code, answer) = patch(json!({ "sms": { "authToken": wrong } })).await;
        assert_eq!(code, 400, "{answer}");
    }
    let (code, answer) = patch(json!({ "sms": { "authToken": NEW } })).await;
    assert_eq!(code, 200, "{answer}");
    assert!(!answer.to_string().contains(NEW), "{answer}");
    let events = app.gateway.services().events.read(None, 0, 10_000).await.unwrap();
    assert!(!format!("{events:?}").contains(NEW));

    let credential = format!("Basic {}", BASE64.encode(format!("AC4719:{NEW}")));
    let text = async |app: &TestApp| {
        let (code, answer) = send(app, json!({ "to": ADA, "channel": "sms", "text": "Hi" })).await;
        assert_eq!(code, 200, "{answer}");
        receiver.got.lock().await.last().unwrap().header("authorization").to_owned()
    };
    assert_eq!(text(&app).await, credential);
    // Webhooks are checked with the new one, too.
    let path = "/api/webhooks/twilio/sms";
    let fields = [("MessageSid", "SM1"), ("From", ADA), ("To", "+15558880000"), ("Body", "Hi")];
    for (key, expected) in [(TOKEN, 403), (NEW, 200)] {
        let right = signature(path, &fields, key, false);
        assert_eq!(webhook(&app, path, &fields, (&right, false)).await.0, expected, "{key}");
    }
    let folder = app.stop().await;
    let app = TestApp::start_in(folder, &settings(&receiver)).await;
    assert_eq!(text(&app).await, credential);
    let back = json!({ "sms": { "authToken": null } });
    assert_eq!(call(&app, Method::PATCH, "/settings", Some(back)).await.0, 200);
    assert_eq!(text(&app).await, format!("Basic {}", BASE64.encode(format!("AC4719:{TOKEN}"))));
    app.stop().await;
}
