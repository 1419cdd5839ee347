//! How many bytes of disk a message takes with its indexes and its event, and how long such a store takes to
//! open. A measuring tool: `SIZE_MESSAGES=100000 cargo test --release --lib store::size -- --ignored --nocapture`.

#![expect(clippy::print_stdout, reason = "it prints what it measures")]

use std::{path::Path, time::Instant};

use uuid::Uuid;

use crate::{
    domain::{
        Ack, Body, Channel, Chat, Event, Message, SessionId, WaEvent, chat::LastMessage,
        clock::from_seconds,
    },
    store::{Batch, Store},
    vault::Keyring,
};

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

async fn fill(store: &Store, messages: i64) {
    let session: SessionId = "main".parse().unwrap();
    let session_uuid = Uuid::now_v7();
    let conversations = (messages / EACH).max(1);
    let (mut seq, mut starts_at) = (0, 0);
    for number in 0..EACH {
        for first in (0..conversations).step_by(AT_ONCE as usize) {
            let mut batch = Batch::new();
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
        }
    }
}

fn size_of(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let size = |entry: std::fs::DirEntry| match entry.file_type().unwrap().is_dir() {
        true => size_of(&entry.path()),
        false => entry.metadata().unwrap().len(),
    };
    entries.map(size).sum()
}

#[tokio::test]
#[ignore = "measures"]
async fn bytes_of_a_message_and_time_to_open() {
    let messages = std::env::var("SIZE_MESSAGES").map_or(20_000, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), &Keyring::thrown_away())
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let begun = Instant::now();
    fill(&store, messages).await;
    println!("{messages} messages written in {:.1} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    drop(store);
    println!("closed in {:.2} s", begun.elapsed().as_secs_f64());
    let bytes = size_of(folder.path());
    println!("{} bytes a message", bytes / u64::try_from(messages).unwrap());
    for time in ["first", "second", "third"] {
        let begun = Instant::now();
        let store = Store::open(folder.path(), &Keyring::thrown_away())
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        println!("{time} opening in {:.2} s", begun.elapsed().as_secs_f64());
        drop(store);
    }
    let bytes = size_of(folder.path());
    println!("{} bytes a message after that", bytes / u64::try_from(messages).unwrap());
}
