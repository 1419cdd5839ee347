//! A chat of two sessions, read from both sides through the Chat API: they agree message for message and
//! receipt for receipt, over edits, deletions, reactions, a restart of the gateway and of one engine.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use wagate::domain::Timestamp;

use crate::{
    app::{PHONE, TestApp},
    chat_messages::{PRIVATE, answer, pixel, serve},
    processes::{kill, main_process},
};

const OTHER: &str = "15557650002";
/// Messages in a page: fewer than there are.
const PAGE: usize = 7;

struct Side {
    session: &'static str,
    phone: &'static str,
}

const A: Side = Side { session: "a", phone: PHONE };
const B: Side = Side { session: "b", phone: OTHER };

/// One message as both sides must see it.
#[derive(Debug, PartialEq)]
struct Seen {
    key: String,
    body: String,
    kind: String,
    edited: bool,
    deleted: bool,
    /// The place of the message that it answers, and its text.
    quoted: Option<(usize, String)>,
    reactions: Vec<(String, u64)>,
    mentioned: Vec<String>,
    file: Option<Value>,
    author: Option<String>,
}

/// A chat as one side shows it.
struct Reported {
    messages: Vec<Seen>,
    /// For each message whether it is an own one, and how far it came.
    status: Vec<(bool, String)>,
    /// Reactions that are one's own.
    own_reactions: Vec<Vec<String>>,
    /// When each was said: by the clock of who said it, or of the server.
    said_at: Vec<Timestamp>,
}

/// How far those clocks may be apart in a test.
const CLOCKS: Duration = Duration::from_secs(5);

fn key_of(message: &Value) -> String {
    message["whatsapp_id"].as_str().unwrap().split('_').nth(2).unwrap().to_owned()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn reported(messages: &[Value]) -> Reported {
    let place = |id: &Value| messages.iter().position(|one| one["id"] == *id);
    let seen = messages.iter().map(|message| {
        let quoted = &message["reply_to"];
        let reactions = message["grouped_reactions"].as_array().unwrap().iter();
        let mut reactions: Vec<_> =
            reactions.map(|one| (text(&one["emoji"]), one["count"].as_u64().unwrap())).collect();
        reactions.sort();
        let media = &message["media"];
        Seen {
            key: key_of(message),
            body: text(&message["message_body"]),
            kind: text(&message["message_type"]),
            edited: message["is_edited"] == true,
            deleted: message["is_deleted"] == true,
            quoted: (!quoted.is_null())
                .then(|| (place(&quoted["id"]).unwrap(), text(&quoted["message_body"]))),
            reactions,
            mentioned: message["mentioned_jids"].as_array().unwrap().iter().map(text).collect(),
            file: (!media.is_null()).then(|| {
                json!([media["mime_type"], media["size"], media["caption"], media["filename"]])
            }),
            author: message["sender"]["number"].as_str().map(str::to_owned),
        }
    });
    let own = |message: &Value| {
        let all = message["grouped_reactions"].as_array().unwrap().iter();
        all.filter(|one| one["has_my_reaction"] == true).map(|one| text(&one["emoji"])).collect()
    };
    Reported {
        messages: seen.collect(),
        status: messages
            .iter()
            .map(|one| (one["is_from_me"] == true, text(&one["status"])))
            .collect(),
        own_reactions: messages.iter().map(own).collect(),
        said_at: messages.iter().map(|one| text(&one["created_at"]).parse().unwrap()).collect(),
    }
}

struct Stage {
    app: TestApp,
    /// Where the files that are sent come from.
    engine: &'static str,
}

impl Stage {
    async fn begin(engine: &'static str) -> Self {
        let app = TestApp::start_with(&[PRIVATE]).await;
        for side in [A, B] {
            let body = json!({
                "sessionId": side.session, "waitForQR": true, "config": { "engine": engine },
            });
            let (status, answer) = app.post("/api/v1/sessions", body).await;
            assert_eq!(status, 201, "{answer}");
            app.link(side.session, side.phone).await;
            let path = format!("/_simulator/v1/accounts/{}/behaviour", side.phone);
            let manual = json!({ "behaviour": "manual" });
            assert_eq!(app.call(Method::PUT, &path, Some(manual)).await.0, 200);
        }
        Self { app, engine }
    }

    async fn conversation(&self, side: &Side, with: &str) -> Option<Value> {
        let path = format!("/api/v1/chat/conversations?instance_id={}&per_page=100", side.session);
        let (status, answer) = self.app.get(&path).await;
        assert_eq!(status, 200, "{answer}");
        let all = answer["data"]["data"].as_array().unwrap();
        all.iter().find(|one| one["contact_number"] == with).cloned()
    }

    /// All messages of a conversation, page by page from the newest on.
    async fn read(&self, side: &Side, with: &str) -> Vec<Value> {
        let Some(conversation) = self.conversation(side, with).await else { return Vec::new() };
        let path =
            format!("/api/v1/chat/conversations/{}/messages", conversation["id"].as_str().unwrap());
        let (mut all, mut before) = (Vec::new(), String::new());
        loop {
            let (status, answer) = self.app.get(&format!("{path}?limit={PAGE}{before}")).await;
            assert_eq!(status, 200, "{answer}");
            let page = answer["data"]["messages"].as_array().unwrap().clone();
            let Some(first) = page.first() else { return all };
            before = format!("&before_id={}", first["id"]);
            all.splice(0..0, page);
            if answer["data"]["has_more"] == false {
                return all;
            }
        }
    }

    /// The message with this key as one side shows it, once it is as wished for.
    async fn shown(
        &self,
        side: &Side,
        with: &str,
        key: &str,
        is_it: impl Fn(&Value) -> bool,
    ) -> Value {
        self.app
            .wait_for(&format!("{key} at {}", side.session), || async {
                let all = self.read(side, with).await;
                all.into_iter().find(|one| key_of(one) == key && is_it(one))
            })
            .await
    }

    /// Says something and waits until the other side has it. The key of the message.
    async fn say(&self, from: &Side, words: &str, further: Value) -> String {
        let to = other(from);
        let key = self.say_unheard(from, words, further).await;
        self.shown(to, from.phone, &key, |_| true).await;
        key
    }

    async fn say_unheard(&self, from: &Side, words: &str, further: Value) -> String {
        let mut body = json!({
            "instance_id": from.session, "recipient": other(from).phone, "message": words,
        });
        body.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        let (status, answer) = self.app.post("/api/v1/chat/send", body).await;
        assert_eq!(status, 200, "{answer}");
        key_of(&answer["data"]["message"])
    }

    async fn show_picture(&self, from: &Side) {
        let url = serve(vec![answer("200 OK\r\ncontent-type: image/png", &pixel())]).await;
        let body = json!({
            "instance_id": from.session, "recipient": other(from).phone,
            "media_url": format!("{url}/dot.png"), "media_type": "image", "caption": "a dot",
        });
        let (status, answer) = self.app.post("/api/v1/chat/send-media", body).await;
        assert_eq!(status, 200, "{answer}");
        let key = key_of(&answer["data"]["message"]);
        let there = self.shown(other(from), from.phone, &key, |_| true).await;
        let file = self.app.http.get(format!("{}{}", self.app.base, text(&there["media"]["url"])));
        assert_eq!(file.send().await.unwrap().bytes().await.unwrap().as_ref(), pixel());
    }

    /// Does something to a message, as one side knows it.
    async fn change(&self, side: &Side, method: Method, key: &str, rest: &str, body: Value) {
        let with = other(side).phone;
        let message = self.shown(side, with, key, |_| true).await;
        let path = format!("/api/v1/chat/messages/{}{rest}", text(&message["uuid"]));
        let (status, answer) = self.app.call(method, &path, Some(body)).await;
        assert_eq!(status, 200, "{answer}");
    }

    async fn react(&self, side: &Side, key: &str, emoji: &str) {
        self.change(side, Method::POST, key, "/reaction", json!({ "emoji": emoji })).await;
    }

    async fn unreact(&self, side: &Side, key: &str) {
        self.change(side, Method::DELETE, key, "/reaction", json!({})).await;
    }

    async fn edit(&self, side: &Side, key: &str, words: &str) {
        self.change(side, Method::PATCH, key, "", json!({ "message": words })).await;
    }

    async fn delete(&self, side: &Side, key: &str) {
        self.change(side, Method::DELETE, key, "", json!({})).await;
    }

    async fn read_all(&self, side: &Side) {
        let conversation = self.conversation(side, other(side).phone).await.unwrap();
        let path = format!("/api/v1/chat/conversations/{}/mark-read", text(&conversation["id"]));
        let (status, answer) = self.app.post(&path, json!({})).await;
        assert_eq!(status, 200, "{answer}");
    }

    async fn quoting(&self, side: &Side, key: &str) -> Value {
        let quoted = self.shown(side, other(side).phone, key, |_| true).await;
        json!({ "reply_to": quoted["uuid"] })
    }

    async fn restart(self) -> Self {
        let Self { app, engine } = self;
        let app = TestApp::start_in(app.stop().await, &[PRIVATE]).await;
        for side in [A, B] {
            app.wait_for_status(side.session, "ready").await;
        }
        Self { app, engine }
    }

    /// What keeps one side from agreeing with the other, if anything does.
    async fn difference(&self) -> Option<String> {
        let a = reported(&self.read(&A, B.phone).await);
        let b = reported(&self.read(&B, A.phone).await);
        if a.messages != b.messages {
            let differing = a.messages.iter().zip(&b.messages).find(|(one, other)| one != other);
            let counts = (a.messages.len(), b.messages.len());
            return Some(format!("{counts:?} messages, first: {differing:#?}"));
        }
        for (index, message) in a.messages.iter().enumerate() {
            let ((from_a, at_a), (from_b, at_b)) = (&a.status[index], &b.status[index]);
            if from_a == from_b {
                return Some(format!("both or neither said {message:?}"));
            }
            // The one who said it knows whether the other has read it, or only has it.
            if at_a != at_b {
                return Some(format!("{at_a} at a and {at_b} at b: {message:?}"));
            }
            let apart = a.said_at[index].duration_since(b.said_at[index]).unsigned_abs();
            if CLOCKS < apart {
                return Some(format!("said {apart:?} apart: {message:?}"));
            }
            let own = [&a.own_reactions[index], &b.own_reactions[index]];
            let mut both: Vec<String> = own.into_iter().flatten().cloned().collect();
            both.sort();
            let all = message.reactions.iter();
            let all: Vec<String> =
                all.flat_map(|(emoji, count)| (0..*count).map(move |_| emoji.clone())).collect();
            if both != all {
                return Some(format!("of {all:?} {own:?} are own: {message:?}"));
            }
        }
        None
    }

    async fn agrees(&self) {
        let started = tokio::time::Instant::now();
        while let Some(difference) = self.difference().await {
            let waited = started.elapsed();
            assert!(waited < crate::support::PATIENCE, "they disagree: {difference}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn other(side: &Side) -> &'static Side {
    if side.session == "a" { &B } else { &A }
}

async fn two_sides_of_a_chat_agree(engine: &'static str) {
    let stage = Stage::begin(engine).await;
    let mut said = Vec::new();
    for number in 0..5 {
        said.push(stage.say(&A, &format!("a {number}"), json!({})).await);
        said.push(stage.say(&B, &format!("b {number} <&> 👋🏽"), json!({})).await);
    }
    let quote = stage.quoting(&B, &said[2]).await;
    let reply = stage.say(&B, "about that", quote).await;
    stage.show_picture(&A).await;
    stage.say(&B, &format!("well, @{PHONE}"), json!({ "mentioned_jids": [PHONE] })).await;
    for (side, key, emoji) in
        [(&B, 0, "👍"), (&A, 0, "👍"), (&A, 1, "😀"), (&B, 1, "🎉"), (&B, 0, "❤️")]
    {
        stage.react(side, &said[key], emoji).await;
    }
    stage.unreact(&A, &said[1]).await;
    stage.edit(&A, &said[4], "a 2, corrected").await;
    stage.edit(&B, &reply, "about that, then").await;
    stage.delete(&A, &said[2]).await;
    stage.say(&A, "one more", json!({})).await;
    stage.agrees().await;
    assert_eq!(stage.conversation(&B, A.phone).await.unwrap()["unread_count"], 1);
    stage.read_all(&B).await;
    stage.agrees().await;

    let stage = stage.restart().await;
    stage.agrees().await;
    // What was said before it is changed after it.
    stage.edit(&B, &said[9], "b 4, corrected").await;
    stage.delete(&B, &said[5]).await;
    stage.react(&A, &said[9], "🙏").await;
    stage.unreact(&B, &said[1]).await;
    let quote = stage.quoting(&A, &reply).await;
    stage.say(&A, "again about that", quote).await;
    stage.read_all(&A).await;
    stage.agrees().await;

    // One goes away, and the other goes on.
    let profile = stage.app.folder.path().join("sessions/b/profile");
    if stage.engine == "browser" {
        kill(main_process(&profile).expect("there is no browser"));
    } else {
        line(&stage, &B, false).await;
    }
    for number in 0..12 {
        said.push(stage.say_unheard(&A, &format!("unheard {number}"), json!({})).await);
    }
    stage.edit(&A, &said[4], "a 2, corrected twice").await;
    stage.delete(&A, &said[6]).await;
    stage.react(&A, &said[8], "🎈").await;
    stage.unreact(&A, &said[0]).await;
    line(&stage, &B, true).await;
    stage.app.wait_for_status("b", "ready").await;
    said.push(stage.say(&A, "are you back?", json!({})).await);
    stage.agrees().await;
    stage.read_all(&B).await;
    stage.say(&B, "yes", json!({})).await;
    stage.agrees().await;
    let all = reported(&stage.read(&A, B.phone).await);
    let deleted = all.messages.iter().filter(|message| message.deleted).count();
    let edited = all.messages.iter().filter(|message| message.edited).count();
    assert_eq!((all.messages.len(), deleted, edited), (29, 3, 3));
    stage.app.stop().await;
}

async fn line(stage: &Stage, side: &Side, connected: bool) {
    let path = format!("/_simulator/v1/accounts/{}/line", side.phone);
    assert_eq!(stage.app.post(&path, json!({ "connected": connected })).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sides_of_a_chat_agree_in_process() {
    two_sides_of_a_chat_agree("simulated").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sides_of_a_chat_agree_in_chromium() {
    two_sides_of_a_chat_agree("browser").await;
}
