//! Pages of the Chat API over a large store beside the same over a small one, and searches over the large.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use uuid::Uuid;
use wagate::{
    domain::{
        Ack, Chat, Clock, EventBody, Identities, Message, SessionId, SessionRef, chat::LastMessage,
        clock::from_seconds,
    },
    egress,
    events::EventLog,
    messaging::MessagingTables,
    store::{Batch, Store},
    vault::Keyring,
};

use crate::{
    Outcome,
    chats::fetch,
    gateway::Gateway,
    machine::say,
    report::{Figure, Figures, Target},
    series::{HEAD, Series},
};

const SESSION: &str = "bench";
/// Messages in each conversation.
const EACH: i64 = 100;
const LARGE: i64 = 1_000_000;
const SMALL: i64 = 10_000;
const ROUNDS: usize = 2_000;
const WARM_UP: usize = 200;
const SEARCHES: usize = 1_000;
/// Longer than the index of a million messages takes on a busy machine.
const INDEXING: Duration = Duration::from_secs(900);
/// Messages between two words about the filling.
const TOLD_EVERY: i64 = 100_000;
const LIST: &str = "/api/v1/chat/conversations";
/// Fewer than a million, for a quick look.
const FEWER: &str = "WAGATE_BENCH_MESSAGES";

pub async fn measure() -> Outcome<Figures> {
    let asked = std::env::var(FEWER).ok();
    let large = asked.map_or(Ok(LARGE), |text| text.parse())?.max(SMALL);
    let (big, small) = (Stage::begin(large).await?, Stage::begin(SMALL).await?);
    let begun = Instant::now();
    big.indexed().await?;
    small.indexed().await?;
    say(&format!("chat-pages: the index stands after {:.0} s", begun.elapsed().as_secs_f64()));
    let (mut lists, mut small_lists) = (Vec::new(), Vec::new());
    let (mut pages, mut small_pages) = (Vec::new(), Vec::new());
    for round in 0..WARM_UP + ROUNDS {
        let (list, page) = big.ask(round).await?;
        let (small_list, small_page) = small.ask(round).await?;
        if WARM_UP <= round {
            lists.push(list);
            pages.push(page);
            small_lists.push(small_list);
            small_pages.push(small_page);
        }
    }
    let mut searches = Vec::new();
    for round in 0..SEARCHES {
        let elapsed = big.search(round).await?;
        searches.push(elapsed);
    }
    let messages = u64::try_from(large)?;
    let index = size_of(&big.gateway.data.join("search"))? / messages;
    big.gateway.stop().await?;
    small.gateway.stop().await?;
    let all = [lists, small_lists, pages, small_pages, searches].map(Series::of);
    let [lists, small_lists, pages, small_pages, searches] = &all;
    let search = searches.quantile(0.95);
    let rows = vec![
        row("20 conversations of the Chat API among a million messages, p99", lists, small_lists),
        row("50 messages of one of them, p99", pages, small_pages),
        Figure {
            name: "A search over them by words, p95",
            ours: format!("{search:.2} ms"),
            beside: String::new(),
            ratio: None,
            target: Some(Target::at_most("≤ 50 ms", 50.0, search)),
        },
        Figure {
            name: "Index of its words on the disk for each message",
            ours: format!("{index} B"),
            beside: String::new(),
            ratio: None,
            target: None,
        },
    ];
    let table: String = [
        lists.row(&format!("GET conversations, {large} messages")),
        small_lists.row(&format!("the same, {SMALL} messages")),
        pages.row(&format!("GET messages?limit=50, {large} messages")),
        small_pages.row(&format!("the same, {SMALL} messages")),
        searches.row(&format!("GET messages?search=…, {large} messages")),
    ]
    .concat();
    let raw = format!(
        "## The Chat API\n\nMilliseconds, over one connection each, turn by turn; {EACH} messages in each \
         conversation.\n\n{HEAD}{table}"
    );
    Ok(Figures { rows, raw })
}

fn row(name: &'static str, large: &Series, small: &Series) -> Figure {
    let (ours, beside) = (large.quantile(0.99), small.quantile(0.99));
    Figure {
        name,
        ours: format!("{ours:.2} ms"),
        beside: format!("{beside:.2} ms: with 10,000 messages"),
        ratio: Some(ours / beside),
        target: Some(Target::at_most("≤ 2×", 2.0, ours / beside)),
    }
}

/// A gateway on a store that was filled before.
struct Stage {
    gateway: Gateway,
    client: reqwest::Client,
    /// Conversations to read from, from all over the list.
    ids: Vec<String>,
    messages: i64,
    _folder: TempDir,
}

impl Stage {
    async fn begin(messages: i64) -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let store = folder.path().join("store");
        // Without events, which the gateway's consumers would work on for minutes.
        fill(&store, messages, Filling::Messages).await?;
        let gateway = Gateway::start(folder.path(), "simulated").await?;
        gateway.link(SESSION, "15557654321").await?;
        let mut ids = Vec::new();
        let pages = messages / EACH / 100;
        for page in (1..=pages).step_by(usize::try_from((pages / 20).max(1))?) {
            let answer = gateway.get(&format!("{LIST}?per_page=100&page={page}")).await?;
            let shown = answer["data"]["data"].as_array().ok_or("no list")?;
            ids.extend(shown.iter().filter_map(|one| one["id"].as_str()).map(str::to_owned));
        }
        let client = egress::local_client()?;
        Ok(Self { gateway, client, ids, messages, _folder: folder })
    }

    /// Waits until all messages can be searched.
    async fn indexed(&self) -> Outcome<()> {
        let begun = Instant::now();
        while begun.elapsed() < INDEXING {
            let answer = self.gateway.get("/api/v1/messages?search=people&per_page=1").await?;
            if answer["data"]["indexing"].is_null() && answer["data"]["has_more"] == true {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err("the index is not built".into())
    }

    /// How long it took to find something: rare words, words of all messages, and beginnings.
    async fn search(&self, round: usize) -> Outcome<f64> {
        let conversations = self.messages / EACH;
        let one = i64::try_from(round)? * 7_919 % conversations;
        let words = match round % 4 {
            0 => format!("conversation%20{one}"),
            1 => "about%20people%20write".to_owned(),
            2 => format!("message%20{}%20of%20conversation%20{one}", round % 100),
            _ => format!("peo%20{one}%20wri"),
        };
        let url = format!("{}/api/v1/messages?search={words}&per_page=20", self.gateway.base);
        Ok(fetch(&self.client, &url).await?.0)
    }

    /// How long the list and one conversation's messages took.
    async fn ask(&self, round: usize) -> Outcome<(f64, f64)> {
        let base = &self.gateway.base;
        let (list, _) = fetch(&self.client, &format!("{base}{LIST}")).await?;
        let id = &self.ids[round * 7 % self.ids.len()];
        let path = format!("{base}{LIST}/{id}/messages?limit=50");
        let (page, _) = fetch(&self.client, &path).await?;
        Ok((list, page))
    }
}

/// How a store is filled.
#[derive(Clone, Copy, PartialEq)]
pub enum Filling {
    /// Without events, as quickly as it goes.
    Messages,
    /// With the event of each message.
    WithEvents,
    /// The same in the background, where a commit waits for the collector: the file is as long as in use.
    AtThePaceOfUse,
}

/// Conversations with their messages, as they would have come: one of each, then the next of each.
pub async fn fill(folder: &Path, messages: i64, filling: Filling) -> Outcome<()> {
    const AT_ONCE: i64 = 200;
    std::fs::create_dir_all(folder)?;
    // The gateway that is started on it finds the key beside it.
    let data = folder.parent().ok_or("no data folder")?;
    let keyring = Keyring::at(data, &wagate::config::Vault::default());
    let store = Store::open(folder, &keyring, wagate::tables::CATALOGUE).await?;
    let session: SessionId = SESSION.parse().map_err(|_| "not a session's name")?;
    let log = EventLog::open(store.clone(), Clock::system()).await?;
    log.bind(&SessionRef { id: session.clone(), uuid: Uuid::now_v7() });
    let conversations = messages / EACH;
    for number in 0..EACH {
        for first in (0..conversations).step_by(usize::try_from(AT_ONCE)?) {
            let mut bodies = Vec::new();
            let mut batch = match filling {
                Filling::AtThePaceOfUse => Batch::in_background(),
                Filling::Messages | Filling::WithEvents => Batch::new(),
            };
            for conversation in first..(first + AT_ONCE).min(conversations) {
                let message = message(number, conversation)?;
                if number == EACH - 1 {
                    let chat = chat(&message, conversation);
                    store.chats().put_in(&mut batch, &session, &chat).await?;
                }
                store.messages().put_in(&mut batch, &session, &message).await?;
                bodies.push(EventBody::Message { message: Box::new(message) });
            }
            match filling {
                Filling::Messages => store.commit(batch).await?,
                Filling::WithEvents | Filling::AtThePaceOfUse => {
                    let people = Identities::default();
                    drop(log.commit(&session, bodies, &people, batch).await?);
                }
            }
        }
        let (before, done) = (number * conversations, (number + 1) * conversations);
        if before / TOLD_EVERY < done / TOLD_EVERY {
            say(&format!("{done} of {messages} messages are written"));
        }
    }
    Ok(store.durable().await?)
}

fn message(number: i64, conversation: i64) -> Outcome<Message> {
    let person = 491_500_000_000 + conversation;
    let key = format!("3EB0{number:06X}{conversation:012X}");
    let id = format!("{}_{person}@c.us_{key}", number % 2 == 0);
    let id: wagate::domain::MessageId = id.parse().map_err(|_| "not an id")?;
    Ok(Message {
        ack: Ack::Read,
        ..Message::text(
            id.clone(),
            id.chat,
            format!(
                "Message {number} of conversation {conversation}, about as long as people write"
            ),
            from_seconds(1_700_000_000 + number * 600 + conversation % 600),
        )
    })
}

fn chat(last: &Message, conversation: i64) -> Chat {
    Chat {
        id: last.id.chat.clone(),
        name: format!("Contact {conversation}"),
        unread: 0,
        archived: false,
        pinned: false,
        muted_until: None,
        last_activity: last.timestamp,
        last_message: Some(LastMessage {
            preview: last.body.clone(),
            timestamp: last.timestamp,
            from_me: last.from_me(),
            key: None,
        }),
    }
}

pub fn size_of(folder: &Path) -> Outcome<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let (path, kind) = entry.map(|entry| (entry.path(), entry.file_type()))?;
        bytes += if kind?.is_dir() { size_of(&path)? } else { std::fs::metadata(path)?.len() };
    }
    Ok(bytes)
}
