//! How often a request asks the storage engine. An engine across a network answers each call in a fraction
//! of a millisecond: a list must not ask once for each of its rows.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::{
    app::{PHONE, TestApp},
    chat::write,
};

const CHATS: usize = 50;
const BUSINESS_CHATS: &str = "/api/whatsapp-api/chats?limit=50";
/// What a conversation of the business is shown from: its state, its record, its chat, its newest message, its contact.
const MOST_FOR_A_CHAT: u64 = 5;
/// What is read once for a page, such as the caller's key and the length of the list.
const MOST_FOR_A_PAGE: u64 = 12;
/// What a page of a list may ask.
const MOST_FOR_A_LIST: u64 = 9;
/// The gateway works for itself meanwhile, so some tries count more than the request.
const TRIES: usize = 20;

struct Counted {
    app: TestApp,
    report: String,
    over: Vec<String>,
}

impl Counted {
    /// Asks twice, and counts the second time: what only a first request needs is not part of it. Others may
    /// ask the engine meanwhile, so the least of some tries counts.
    async fn count(&mut self, what: &str, path: &str, body: Option<Value>) -> u64 {
        let mut least = u64::MAX;
        for _ in 0..TRIES {
            let before = self.app.calls();
            let (status, answer) = match &body {
                Some(body) => self.app.post(path, body.clone()).await,
                None => self.app.get(path).await,
            };
            assert!(status.is_success(), "{what}: {answer}");
            least = least.min(self.app.calls() - before);
        }
        writeln!(self.report, "{least:>5}  {what}").unwrap();
        least
    }

    /// The least of some tries, as with calls.
    async fn values(&mut self, path: &str) -> u64 {
        let mut least = u64::MAX;
        for _ in 0..TRIES {
            let before = self.app.values();
            assert!(self.app.get(path).await.0.is_success());
            least = least.min(self.app.values() - before);
        }
        writeln!(self.report, "{least:>5}  values for {path}").unwrap();
        least
    }

    async fn list(&mut self, what: &str, path: &str) {
        let calls = self.count(what, path, None).await;
        if MOST_FOR_A_LIST < calls {
            self.over.push(format!("{what} asks {calls} times"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_list_asks_the_engine_once_for_each_of_its_rows() {
    let app = TestApp::start_in_memory().await;
    app.ready("s", PHONE).await;
    for number in 0..CHATS {
        write(&app, &format!("155500001{number:02}"), "good morning").await;
    }
    let chat = "15550000100@c.us";
    for number in 0..CHATS {
        write(&app, "15550000100", &format!("message {number}")).await;
    }
    let hook = json!({ "url": "http://127.0.0.1:9/hook", "events": ["call"] });
    assert_eq!(app.post("/api/v1/sessions/s/webhooks", hook).await.0, 201);
    app.wait_for("all messages", || async {
        let (_, chats) = app.get("/api/v1/sessions/s/chats").await;
        let (_, page) =
            app.get(&format!("/api/v1/sessions/s/chats/{chat}/messages?limit=50")).await;
        let newest = page["data"].as_array()?.last()?["body"] == format!("message {}", CHATS - 1);
        (newest && chats["data"].as_array()?.len() == CHATS).then_some(())
    })
    .await;
    // What follows the log works for itself, and is counted with a request that it meets.
    app.wait_for("all consumers", || async {
        let (_, answer) = app.get("/api/v1/info/consumers").await;
        let consumers = answer["data"].as_array()?;
        consumers.iter().all(|one| one["lag"] == 0).then_some(())
    })
    .await;
    let (_, all) = app.get("/api/v1/chat/conversations?per_page=100").await;
    let all = all["data"]["data"].as_array().unwrap().clone();
    let of_chat = |one: &&Value| one["chat_id"] == chat;
    let uuid = all.iter().find(of_chat).unwrap()["id"].as_str().unwrap().to_owned();

    let mut counted = Counted { app, report: String::new(), over: Vec::new() };
    counted.list("chats of a session", "/api/v1/sessions/s/chats").await;
    let messages = format!("/api/v1/sessions/s/chats/{chat}/messages?limit=50");
    counted.list("messages of a chat", &messages).await;
    counted.list("contacts of a session", "/api/v1/sessions/s/contacts").await;
    counted.list("messages that wait", "/api/v1/sessions/s/outbox").await;
    counted.list("sessions", "/api/v1/sessions").await;
    counted.list("webhooks", "/api/v1/sessions/s/webhooks").await;
    counted.list("conversations", "/api/v1/chat/conversations?per_page=50").await;
    counted
        .list("conversations by name", "/api/v1/chat/conversations?per_page=50&search=155")
        .await;
    let messages = format!("/api/v1/chat/conversations/{uuid}/messages?limit=50");
    counted.list("messages of a conversation", &messages).await;
    counted.list("messages of all chats", "/api/v1/messages?limit=50").await;
    counted.list("tags", "/api/v1/tags").await;
    counted.list("API keys", "/api/v1/api-keys").await;
    counted.list("conversations in the plain form", "/api/v1/conversations?limit=50").await;
    counted.list("quick replies", "/api/whatsapp-api/quick-replies?q=/a").await;
    counted.list("templates", "/api/whatsapp-api/templates?search=a").await;
    counted.list("broadcasts", "/api/whatsapp-api/broadcasts?status=DRAFT").await;
    counted.list("chats of the business", BUSINESS_CHATS).await;
    counted.list("contacts of the business", "/api/whatsapp-api/contacts?limit=50").await;
    let values = counted.values(BUSINESS_CHATS).await;
    assert!(values <= CHATS as u64 * MOST_FOR_A_CHAT + MOST_FOR_A_PAGE, "{values} values are read");
    let text = json!({ "chatId": chat, "content": "good evening" });
    counted.count("send a text", "/api/v1/sessions/s/send-text", Some(text)).await;
    let read = format!("/api/v1/sessions/s/chats/{chat}/mark-read");
    counted.count("mark as read", &read, Some(json!({}))).await;
    counted.count("status of a session", "/api/v1/sessions/s/status", None).await;
    // Beside the results, where a person looks for them: `--nocapture`.
    #[expect(clippy::print_stderr, reason = "the counts are what the test is read for")]
    let () = eprintln!("calls to the engine for a request:\n{}", counted.report);
    assert!(counted.over.is_empty(), "{:?}\n{}", counted.over, counted.report);
}
