//! Files of text messages that come in (MMS): by the simulated network, and by Twilio, which a fake plays.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use wagate::{domain::Clock, store::disk::Disk};

use crate::{
    app::TestApp,
    business::{
        get,
        payments::id,
        sms::{ADA, TOKEN, app_on, chat_of, settings, signature, webhook},
    },
    chat_messages::pixel,
    receiver::{Answer, Got, Receiver},
};

const PATH: &str = "/api/webhooks/twilio/sms";

/// The messages of the SMS conversation with Ada, oldest first, once this is so.
async fn messages(app: &TestApp, what: &str, is_so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let chat = chat_of(app, "sms", ADA).await;
    let path = format!("/chats/{}", id(&chat));
    let found = async || {
        let all = get(app, &path).await["messages"].as_array().unwrap().clone();
        is_so(&all).then_some(all)
    };
    app.wait_for(what, found).await
}

/// The bytes behind the link of a message's file, and the type that they are given as.
async fn file(app: &TestApp, message: &Value) -> (Vec<u8>, String) {
    let link = message["mediaUrl"].as_str().unwrap_or_else(|| panic!("no file: {message}"));
    let url = if link.starts_with('/') { format!("{}{link}", app.base) } else { link.to_owned() };
    // A link says how the gateway is reached by others.
    let path = url.split_once("/api/media/").unwrap().1;
    let answer = app.http.get(format!("{}/api/media/{path}", app.base)).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{link}");
    let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
    (answer.bytes().await.unwrap().to_vec(), kind)
}

/// The type of each message with its text or caption.
fn kinds(all: &[Value]) -> Vec<(&str, &str)> {
    fn words(one: &Value) -> &str {
        one["text"].as_str().or(one["caption"].as_str()).unwrap_or_default()
    }
    all.iter().map(|one| (one["type"].as_str().unwrap(), words(one))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_the_simulated_network_come_with_the_text_and_after_it() {
    let app = TestApp::start().await;
    let write = async |body: Value| app.post("/_simulator/v1/sms", body).await;
    let media = json!([
        { "base64": BASE64.encode(pixel()), "mime": "image/png" },
        { "base64": BASE64.encode("a,b\n1,2\n"), "mime": "text/csv" },
    ]);
    let (status, answer) = write(json!({ "from": ADA, "text": "Look", "media": media })).await;
    assert_eq!(status, 200, "{answer}");
    let all = messages(&app, "the files", |all| all.len() == 2).await;
    assert_eq!(kinds(&all), [("image", "Look"), ("document", "")]);
    for (message, mime, bytes) in
        [(&all[0], "image/png", pixel()), (&all[1], "text/csv", b"a,b\n1,2\n".to_vec())]
    {
        assert_eq!(
            (&message["mimeType"], &message["direction"]),
            (&json!(mime), &json!("INBOUND"))
        );
        let (got, kind) = file(&app, message).await;
        assert_eq!((got, kind.split(';').next()), (bytes, Some(mime)));
    }
    // Without words there is no text, and no message of its own.
    let media = json!([{ "base64": BASE64.encode(pixel()) }]);
    assert_eq!(write(json!({ "from": ADA, "media": media })).await.0, 200);
    let all = messages(&app, "the third file", |all| all.len() == 3).await;
    assert_eq!(kinds(&all)[2], ("image", ""));
    for (body, field) in [
        (json!({ "from": ADA }), "text"),
        (json!({ "from": ADA, "media": [] }), "text"),
        (json!({ "from": ADA, "media": [{ "base64": "no base64!" }] }), "base64"),
        (json!({ "from": ADA, "media": vec![json!({ "base64": "QQ==" }); 11] }), "media"),
    ] {
        let (status, answer) = write(body).await;
        assert_eq!((status.as_u16(), answer.to_string().contains(field)), (400, true), "{answer}");
    }
    app.stop().await;
}

/// What a fake Twilio does with requests for files, by their path.
fn twilio_files(elsewhere: String) -> impl Fn(&Got, usize) -> Answer + Send + Sync + 'static {
    let asked = Arc::new(std::sync::Mutex::new(Vec::<String>::new()));
    move |got: &Got, _| {
        let path = got.head.split_whitespace().nth(1).unwrap_or_default().to_owned();
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        // Every request for a file bears the credential of the account.
        assert!(got.head.starts_with("GET "), "{}", got.head);
        assert!(path.starts_with("/2010-04-01/Accounts/AC4719/Messages/"), "{path}");
        let credential = format!("Basic {}", BASE64.encode(format!("AC4719:{TOKEN}")));
        if got.header("authorization") != credential {
            return Answer::status("401 Unauthorized");
        }
        let before = {
            let mut asked = asked.lock().unwrap();
            asked.push(name.clone());
            asked.iter().filter(|one| **one == name).count() - 1
        };
        let picture =
            |more: &str| Answer::Gives(format!("200 OK\r\ncontent-type: image/png{more}"), pixel());
        match name.as_str() {
            "named" => picture("\r\ncontent-disposition: attachment; filename=\"dot.png\""),
            "moved" => Answer::status(&format!("307 Temporary\r\nlocation: {elsewhere}")),
            "gone" => Answer::status("410 Gone"),
            "large" => Answer::Gives(
                "200 OK\r\ncontent-type: image/png".to_owned(),
                vec![0; 1024 * 1024 + 1],
            ),
            "page" => Answer::Says(
                "200 OK\r\ncontent-type: image/png".to_owned(),
                "<!doctype html><html><body>Sign in</body></html>".to_owned(),
            ),
            "later" if before == 0 => Answer::status("404 Not Found"),
            "slow" if before == 0 => Answer::Hang,
            "cut" if before == 0 => Answer::BrokenBody,
            "never" => Answer::status("503 Unavailable"),
            _ => picture(""),
        }
    }
}

struct Twilio {
    files: Receiver,
    /// Where files lie that Twilio leads to.
    elsewhere: Receiver,
}

impl Twilio {
    async fn start() -> Self {
        let picture =
            |_: &Got, _| Answer::Gives("200 OK\r\ncontent-type: image/png".to_owned(), pixel());
        let elsewhere = Receiver::choosing(picture).await;
        let files = Receiver::choosing(twilio_files(elsewhere.url.clone())).await;
        Self { files, elsewhere }
    }

    /// Posts an inbound message with these files, signed as Twilio signs it.
    async fn posts(&self, app: &TestApp, sid: &str, text: &str, files: &[&str]) {
        let base = self.files.url.trim_end_matches("/hook");
        let count = files.len().to_string();
        let mut fields = vec![
            ("MessageSid".to_owned(), sid.to_owned()),
            ("From".to_owned(), ADA.to_owned()),
            ("To".to_owned(), "+15558880000".to_owned()),
            ("Body".to_owned(), text.to_owned()),
            ("NumMedia".to_owned(), count),
        ];
        for (place, name) in files.iter().enumerate() {
            let url = format!("{base}/2010-04-01/Accounts/AC4719/Messages/{sid}/Media/{name}");
            fields.push((format!("MediaUrl{place}"), url));
            fields.push((format!("MediaContentType{place}"), "image/png".to_owned()));
        }
        let fields: Vec<_> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let right = signature(PATH, &fields, TOKEN, false);
        let (code, text) = webhook(app, PATH, &fields, (&right, false)).await;
        assert_eq!(code, 200, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_twilio_are_fetched_with_the_account_and_what_does_not_come_says_why() {
    let twilio = Twilio::start().await;
    let folder = tempfile::tempdir().unwrap();
    let mut all_settings = settings(&twilio.files).to_vec();
    all_settings.push(("WAGATE_OPENWA__MAX_MEDIA_MIB", "1"));
    let app = TestApp::start_on(folder, &all_settings, Clock::system(), Disk::manual(0)).await;
    twilio.posts(&app, "MM1", "Three", &["named", "moved", "gone"]).await;
    let all = messages(&app, "two files", |all| all.len() == 2).await;
    let words = all[0]["caption"].as_str().unwrap();
    assert!(words.starts_with("Three\n[image/png: the file is gone at Twilio. http"), "{words}");
    assert!(words.ends_with("/Media/gone]"), "{words}");
    assert_eq!((&all[0]["type"], &all[0]["filename"]), (&json!("image"), &json!("dot.png")));
    assert_eq!((&all[1]["type"], &all[1]["caption"]), (&json!("image"), &Value::Null));
    for message in &all {
        assert_eq!(file(&app, message).await, (pixel(), "image/png".to_owned()));
    }
    // The credential goes to nobody else.
    let led = twilio.elsewhere.got.lock().await.clone();
    assert_eq!(led.len(), 1);
    assert!(!led[0].head.to_lowercase().contains("authorization"), "{}", led[0].head);
    // The same webhook again changes nothing, however often Twilio posts it.
    for _ in 0..2 {
        twilio.posts(&app, "MM1", "Three", &["named", "moved", "gone"]).await;
    }
    twilio.posts(&app, "MM2", "", &["large"]).await;
    twilio.posts(&app, "MM3", "A page", &["page"]).await;
    let all = messages(&app, "the notes", |all| all.len() == 4).await;
    let texts = kinds(&all);
    let large = texts.iter().find(|(_, text)| text.contains("is larger than 1 MiB"));
    assert!(large.is_some_and(|(kind, _)| *kind == "text"), "{texts:?}");
    let page = texts.iter().find(|(_, text)| text.starts_with("A page\n"));
    let page = page.unwrap_or_else(|| panic!("{texts:?}"));
    assert!(page.1.contains("is text/html by its content"), "{texts:?}");
    assert_eq!(page.0, "text");
    let asked = twilio.files.got.lock().await.len();
    assert_eq!(asked, 5, "what was there was asked for again");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_comes_later_follows_its_text_and_one_that_never_does_is_given_up() {
    let twilio = Twilio::start().await;
    let clock = Clock::manual(Clock::system().now());
    let app = app_on(&twilio.files, clock.clone()).await;
    twilio.posts(&app, "MM1", "Soon", &["later", "now", "cut"]).await;
    let all = messages(&app, "the text", |all| all.len() == 2).await;
    let texts = kinds(&all);
    assert_eq!((texts[0].0, texts[1]), ("text", ("image", "")), "{texts:?}");
    assert_eq!(texts[0].1.matches("; it is tried again. http").count(), 2, "{texts:?}");
    assert!(texts[0].1.starts_with("Soon\n["), "{texts:?}");
    clock.advance(Duration::from_secs(6));
    let all = messages(&app, "the files", |all| all.len() == 4).await;
    for message in all.iter().filter(|message| message["type"] == "image") {
        assert_eq!(file(&app, message).await.0, pixel());
    }
    assert_eq!(all.iter().filter(|message| message["type"] == "image").count(), 3);

    twilio.posts(&app, "MM2", "Hopeless", &["never"]).await;
    messages(&app, "the text", |all| all.len() == 5).await;
    // A restart in between loses nothing.
    let folder = app.stop().await;
    let app =
        TestApp::start_on(folder, &settings(&twilio.files), clock.clone(), Disk::manual(0)).await;
    let chat = chat_of(&app, "sms", ADA).await;
    let given_up = async || {
        clock.advance(Duration::from_secs(60));
        let page = get(&app, &format!("/chats/{}", id(&chat))).await;
        let all = page["messages"].as_array().unwrap();
        let is_last = |message: &&Value| {
            let text = message["text"].as_str().unwrap_or_default();
            text.starts_with("[image/png: the file is not given by Twilio, which answers 503. http")
        };
        (all.iter().filter(is_last).count() == 1).then_some(all.len())
    };
    assert_eq!(app.wait_for("the end", given_up).await, 6);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_server_holds_up_neither_the_text_nor_others() {
    let twilio = Twilio::start().await;
    let folder = tempfile::tempdir().unwrap();
    let mut all_settings = settings(&twilio.files).to_vec();
    all_settings.push(("WAGATE_MEDIA__FETCH_TIMEOUT_SECONDS", "5"));
    let clock = Clock::manual(Clock::system().now());
    let app = TestApp::start_on(folder, &all_settings, clock.clone(), Disk::manual(0)).await;
    twilio.posts(&app, "MM1", "Slow", &["slow"]).await;
    // A message without files does not wait.
    twilio.posts(&app, "SM2", "Quick", &[]).await;
    let all = messages(&app, "the text without files", |all| !all.is_empty()).await;
    assert_eq!(kinds(&all), [("text", "Quick")]);
    let all = messages(&app, "the text", |all| all.len() == 2).await;
    let slow = kinds(&all).into_iter().find(|(_, text)| text.starts_with("Slow\n")).unwrap();
    assert!(slow.1.contains("did not come within 5 s; it is tried again"), "{slow:?}");
    clock.advance(Duration::from_secs(6));
    messages(&app, "the file", |all| all.iter().any(|one| one["type"] == "image")).await;
    app.stop().await;
}
