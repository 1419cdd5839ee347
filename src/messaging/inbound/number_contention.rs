//! Two gateways on one engine number messages, conversations and events at once, and give no number twice.

use uuid::Uuid;

use crate::{
    domain::{Ack, Clock, EventBody, Message, SessionId, SessionRef, clock::from_seconds},
    events::{EventLog, NewEvent},
    messaging::stored::MessagingTables,
    store::{Batch, Store},
};

/// A message in a new chat, and an event of it, written through one of two logs on one engine.
async fn write(log: &EventLog, session: &SessionId, which: usize) {
    let id = format!("true_{}@c.us_K", 15_550_000_000_u64 + which as u64);
    let from = "15557654321@c.us".parse().unwrap();
    let message = Message::text(id.parse().unwrap(), from, "", from_seconds(9));
    let mut work = log.work();
    loop {
        let (store, mut batch) = (work.store(), Batch::new());
        store.messages().put_in(&mut batch, session, &message).await.unwrap();
        let (chat, at) = (message.chat(), message.timestamp);
        store.conversations().ensure_in(&mut batch, session, chat, at).await.unwrap();
        store.commit(batch).await.unwrap();
        let ack = EventBody::Ack { message: message.id.clone(), ack: Ack::Read, participant: None };
        work.append(NewEvent::of(&session.into(), ack));
        if work.commit().await.unwrap().is_some() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_logs_on_one_engine_give_no_number_twice() {
    const ROUNDS: usize = 10_000;
    const WRITERS: usize = 4;
    let stores = Store::two_on_one_engine(0).await;
    let session: SessionId = "s".parse().unwrap();
    let mut logs = Vec::new();
    for store in &stores {
        let log = EventLog::open(store.clone(), Clock::system()).await.unwrap();
        log.bind(&SessionRef { id: session.clone(), uuid: Uuid::from_u128(1) });
        logs.push(log);
    }
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let (log, session) = (logs[writer % 2].clone(), session.clone());
        writers.spawn(async move {
            for round in 0..ROUNDS / WRITERS {
                write(&log, &session, writer * ROUNDS + round).await;
            }
        });
    }
    writers.join_all().await;
    for log in &logs {
        log.publish_all().await.unwrap();
    }
    let newest = logs.iter().max_by_key(|log| log.newest()).unwrap();
    let events = newest.read(None, 0, usize::MAX).await.unwrap();
    let numbers: Vec<_> = events.iter().map(|event| (event.seq, event.channel_seq)).collect();
    assert!(numbers.iter().eq((1..=ROUNDS as u64).map(|n| (n, n)).collect::<Vec<_>>().iter()));
    let messages = stores[0].messages().feed(None, usize::MAX).await.unwrap();
    assert_eq!(messages.len(), ROUNDS);
    let conversations = stores[0].conversations();
    for (_, stored) in messages {
        let chat = stored.message.chat();
        let record = conversations.get(&session, chat).await.unwrap().unwrap();
        let of_number = conversations.by_number(record.number).await.unwrap();
        assert_eq!(of_number, Some(record), "its number was given again");
    }
}
