//! How many bytes of disk a message takes with its indexes and its event, and how long such a store takes to
//! open. A measuring tool: `SIZE_MESSAGES=100000 cargo test --release --lib stored::size -- --ignored --nocapture`.
//! `SIZE_FOLDER` names a folder for the store, which is left there; `SIZE_REST` is how many milliseconds pass between
//! two batches of a hundred messages.

#![expect(clippy::print_stdout, reason = "it prints what it measures")]

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use uuid::Uuid;

use crate::{
    domain::{
        Ack, Body, Channel, Chat, Event, Message, SessionId, WaEvent, chat::LastMessage,
        clock::from_seconds,
    },
    events::{self, EventTables},
    messaging::stored::{self, MessagingTables},
    store::{Batch, Catalogue, Store},
    vault::Keyring,
};

const CATALOGUE: Catalogue = Catalogue::with(&[events::TABLES, stored::TABLES]);
const EACH: i64 = 100;
const AT_ONCE: i64 = 100;

fn message(number: i64, conversation: i64) -> Message {
    let person = 491_500_000_000 + conversation;
    let chance = Uuid::new_v4().simple().to_string().to_uppercase();
    let id = format!("{}_{person}@c.us_3EB0{}", number % 2 == 0, &chance[..18]);
    let id: crate::domain::MessageId = id.parse().unwrap();
    let body =
        format!("Message {number} of conversation {conversation}, about as long as people write");
    let at = from_seconds(1_700_000_000 + number * 600 + conversation % 600);
    let from_me = id.from_me;
    let author = if from_me { "15557654321@c.us".parse().unwrap() } else { id.chat.clone() };
    let push_name = (!from_me).then(|| format!("Contact {conversation}"));
    let to = (!from_me).then(|| "15557654321@c.us".parse().unwrap());
    Message { ack: Ack::Read, push_name, to, ..Message::text(id, author, body, at) }
}

async fn fill(store: &Store, folder: &Path, messages: i64, rest: Duration) {
    let begun = Instant::now();
    let session: SessionId = "main".parse().unwrap();
    let session_uuid = Uuid::now_v7();
    let conversations = (messages / EACH).max(1);
    let (mut seq, mut starts_at) = (0, 0);
    for number in 0..EACH {
        for first in (0..conversations).step_by(AT_ONCE as usize) {
            let mut batch = Batch::in_background();
            for conversation in first..(first + AT_ONCE).min(conversations) {
                let message = message(number, conversation);
                let last_message = LastMessage::of(&message);
                let chat = Chat {
                    id: message.chat().clone(),
                    name: format!("Contact {conversation}"),
                    unread: 0,
                    archived: false,
                    pinned: false,
                    muted_until: None,
                    last_activity: message.timestamp,
                    last_message: Some(last_message),
                };
                store.chats().put_in(&mut batch, &session, &chat).await.unwrap();
                store.messages().put_in(&mut batch, &session, &message).await.unwrap();
                seq += 1;
                let event = Event {
                    seq,
                    id: Uuid::now_v7(),
                    channel: Some(Channel { id: session.clone().into(), uuid: session_uuid }),
                    channel_seq: seq,
                    at: message.timestamp,
                    body: Body::WhatsApp(WaEvent::Message { message: Box::new(message) }),
                    identities: Vec::new(),
                };
                starts_at = store.events().append_in(&mut batch, &event, starts_at).unwrap();
            }
            store.commit(batch).await.unwrap();
            store.durable().await.unwrap();
            tokio::time::sleep(rest).await;
        }
        if number % 10 == 9 {
            let (bytes, seconds) = (size_of(folder) / seq, begun.elapsed().as_secs_f64());
            println!("{seq} messages after {seconds:.1} s: {bytes} bytes a message");
        }
    }
}

fn size_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let size = |entry: fs::DirEntry| match entry.file_type().unwrap().is_dir() {
        true => size_of(&entry.path()),
        false => entry.metadata().unwrap().len(),
    };
    entries.map(size).sum()
}

/// What a kill at this moment would leave of a store.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let place = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &place),
            false => fs::copy(entry.path(), place).map(drop).unwrap(),
        }
    }
}

async fn open(folder: &Path) -> Store {
    let store = Store::open(folder, &Keyring::thrown_away(), CATALOGUE).await;
    store.unwrap_or_else(|error| panic!("{error}"))
}

fn number(name: &str) -> Option<i64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

#[tokio::test]
#[ignore = "measures"]
async fn bytes_of_a_message_and_time_to_open() {
    let messages = number("SIZE_MESSAGES").unwrap_or(20_000);
    let rest = Duration::from_millis(number("SIZE_REST").unwrap_or(0).unsigned_abs());
    let temporary = tempfile::tempdir().unwrap();
    let named = std::env::var_os("SIZE_FOLDER").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| temporary.path().join("store"));
    let each = |bytes: u64| bytes / messages.unsigned_abs();
    let store = open(&folder).await;
    let begun = Instant::now();
    fill(&store, &folder, messages, rest).await;
    println!("{messages} messages written in {:.1} s", begun.elapsed().as_secs_f64());
    let killed = temporary.path().join("killed");
    copy(&folder, &killed);
    let begun = Instant::now();
    drop(store);
    println!("closed in {:.2} s", begun.elapsed().as_secs_f64());
    println!("{} bytes a message", each(size_of(&folder)));
    for time in ["first", "second", "third"] {
        let begun = Instant::now();
        let store = open(&folder).await;
        println!("{time} opening in {:.2} s", begun.elapsed().as_secs_f64());
        drop(store);
    }
    println!("{} bytes a message after that", each(size_of(&folder)));
    let begun = Instant::now();
    drop(open(&killed).await);
    println!("opening after a kill in {:.2} s", begun.elapsed().as_secs_f64());
}
