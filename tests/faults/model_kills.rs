//! The process dies while a language model answers, on WhatsApp and in web chats: afterwards each question is answered
//! once.

use reqwest::Method;
use serde_json::{Value, json};
use wagate::breakpoint::{Breakpoint, VARIABLE};

use crate::{
    people::{People, count, death, messages_of, settled, shown},
    support::{
        PHONE,
        daemon::{Daemon, kills},
        http,
        model::{Model, question, says},
    },
};

const ROUNDS: usize = 6;
const ANSWER: &str = "Answer to";

/// Everybody asks once.
fn person(round: usize, number: usize) -> String {
    format!("1555{:07}", 4_000_000 + round * 1_000 + number)
}

/// A question in a web chat, with the key under which it is repeated.
fn asked(round: usize, number: usize) -> (String, String) {
    (format!("web-{round}-{number}"), format!("What is {round} and {number}"))
}

fn words_of(who: &str) -> String {
    format!("I ask as {who}")
}

fn answer_to(who: &str) -> String {
    format!("{ANSWER} {}", words_of(who))
}

struct Callers {
    people: People,
    http: http::Client,
    base: String,
    key: String,
    bot: String,
}

impl Callers {
    fn of(daemon: &Daemon, bot: &str) -> Self {
        let (http, base) = (daemon.http.clone(), daemon.base.clone());
        let people = People::of(daemon);
        Self { people, http, base, key: daemon.key(), bot: bot.to_owned() }
    }

    /// Lets one after the other write on WhatsApp, and wait for the answer.
    async fn write_until_it_dies(&self, round: usize, written: &mut Vec<String>) -> Option<()> {
        for number in 0.. {
            let who = person(round, number);
            written.push(who.clone());
            self.people.say(&who, &words_of(&who)).await?;
            self.people.wait_for(&who, &answer_to(&who)).await?;
        }
        None
    }

    /// Asks in a web chat of its own; the conversation, once it is answered.
    async fn chat(&self, (key, message): &(String, String)) -> Option<Value> {
        let body = json!({ "bot_id": self.bot, "message": message });
        let request = self.http.request(Method::POST, format!("{}/api/v1/chat", self.base));
        let request = request.bearer_auth(&self.key).header("idempotency-key", key);
        let response = request.json(&body).send().await.ok()?;
        let status = response.status().as_u16();
        let answer: Value = response.json().await.ok()?;
        match status {
            200 => {
                assert_eq!(answer["response"], format!("{ANSWER} {message}"), "{answer}");
                Some(answer["session_id"].clone())
            }
            // It stops, or has not begun.
            503 => None,
            _ => panic!("{status} {answer}"),
        }
    }

    async fn chat_until_it_dies(
        &self,
        round: usize,
        chats: &mut Vec<(String, String)>,
    ) -> Option<()> {
        for number in 0.. {
            let one = asked(round, number);
            chats.push(one.clone());
            self.chat(&one).await?;
        }
        None
    }
}

async fn make_bot(daemon: &Daemon) -> String {
    let draft = json!({
        "name": "Desk", "model": { "provider": "openai" },
        "channels": [{ "type": "whatsapp", "session_id": "s" }, { "type": "web" }],
    });
    let call = async |path: String, body: Value| {
        let request = daemon.http.request(Method::POST, format!("{}{path}", daemon.base()));
        let response = request.bearer_auth(daemon.key()).json(&body).send().await.unwrap();
        assert!(response.status().is_success(), "{}", response.status());
        response.json::<Value>().await.unwrap()
    };
    let made = call("/api/v1/bots".to_owned(), draft).await;
    let id = made["id"].as_str().unwrap().to_owned();
    call(format!("/api/v1/bots/{id}/activate"), json!({})).await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_it_dies_each_question_is_answered_once_on_both_channels() {
    let model = Model::start(|_, asked| says(&format!("{ANSWER} {}", question(asked)))).await;
    let usual = model.settings("0");
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start_with(folder.path(), 0, &usual).await;
    daemon.link("s", PHONE).await;
    let bot = make_bot(&daemon).await;
    daemon.stop().await;
    let (mut written, mut chats) = (Vec::new(), Vec::new());
    for round in 0..kills(ROUNDS) {
        let points = [
            Breakpoint::AnswerWorded,
            Breakpoint::AnswerCommitted,
            Breakpoint::InboxCommitted,
            Breakpoint::EventCommitted,
            Breakpoint::SendAnswered,
            Breakpoint::InboxHandled,
        ];
        let plan = death(&points, round, 2 + round * 5 % 13);
        let mut settings = usual.clone();
        settings.push((VARIABLE, plan.as_str()));
        // It may die over what the last one left.
        let Some(daemon) = Daemon::try_start(folder.path(), 0, &settings).await else { continue };
        let callers = Callers::of(&daemon, &bot);
        tokio::join!(
            callers.write_until_it_dies(round, &mut written),
            callers.chat_until_it_dies(round, &mut chats),
            daemon.died(),
        );
    }
    let daemon = Daemon::start_with(folder.path(), 0, &usual).await;
    daemon.wait_until_ready("s").await;
    let callers = Callers::of(&daemon, &bot);
    for one in &chats {
        let session = callers.chat(one).await.expect("an answer");
        let path = format!("/api/v1/chat/history/{}", session.as_str().unwrap());
        let url = format!("{}{path}", daemon.base());
        let request = daemon.http.request(Method::GET, url).bearer_auth(daemon.key());
        let history: Value = request.send().await.unwrap().json().await.unwrap();
        let roles: Vec<&str> = history["messages"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|message| message["role"].as_str())
            .collect();
        assert_eq!(roles, ["user", "assistant"], "{history}");
    }
    let mut total = 0;
    for who in &written {
        if shown(&daemon, who).await.is_some() {
            let text = answer_to(who);
            let is_answered = |data: &Value| 0 < count(data, &text);
            daemon.wait_until(&messages_of(who), "an answer", is_answered).await;
            total += 1;
        }
    }
    settled(&daemon).await;
    for who in &written {
        let Some(found) = shown(&daemon, who).await else { continue };
        assert!(count(&found, &answer_to(who)) <= 1, "{who} got several answers");
    }
    println!("{total} questions on WhatsApp and {} in web chats, each answered once", chats.len());
    assert!(0 < total && !chats.is_empty());
    model.asked();
    daemon.stop().await;
}
