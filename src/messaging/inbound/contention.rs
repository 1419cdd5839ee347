//! Two gateways on one engine write to the same chats at once, and no change of either is lost.

use std::sync::Arc;

use uuid::Uuid;

use crate::{
    domain::{
        Ack, Clock, EventBody, Jid, Message, MessageId, Outgoing, SessionId,
        clock::from_seconds,
        conversation::AutomationPause,
        outbox::{OutboxEntry, OutboxState, example},
    },
    events::EventLog,
    messaging::{
        conversations::local_changes::LocalChanges, inbound::ingest::Ingest,
        stored::MessagingTables,
    },
    session::EventSink,
    store::{Batch, Store},
};

const ROUNDS: usize = 50;
const WRITERS: usize = 4;
const GROUP: &str = "120363000000000000@g.us";

fn session() -> SessionId {
    "s".parse().unwrap()
}

fn message() -> MessageId {
    format!("true_{GROUP}_K_15557654321@c.us").parse().unwrap()
}

fn person(writer: usize, round: usize) -> Jid {
    format!("1555{writer:03}{round:04}@c.us").parse().unwrap()
}

/// Two gateways with a group, one message in it and its recipients. Each has a log and locks of its own.
async fn gateways(conflict_each: u64) -> ([Arc<Ingest>; 2], Store) {
    let [one, other] = Store::two_on_one_engine(conflict_each).await;
    let clock = Clock::system();
    let mut gateways = Vec::new();
    for store in [&one, &other] {
        let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
        gateways.push(Ingest::new(store.clone(), log, clock.clone()));
    }
    let gateways: [Arc<Ingest>; 2] = gateways.try_into().unwrap_or_else(|_| unreachable!());
    let recipients = (0..WRITERS).flat_map(|writer| (0..ROUNDS).map(move |n| person(writer, n)));
    let text = Message::text(message(), GROUP.parse().unwrap(), "hello", from_seconds(9));
    let sent = Message { recipients: Some(recipients.collect()), ..text };
    let sent = EventBody::MessageSent { message: Box::new(sent) };
    gateways[0].ingest(&session(), vec![sent]).await.unwrap();
    let mut batch = Batch::new();
    one.outbox().add_in(&mut batch, &entry()).unwrap();
    one.commit(batch).await.unwrap();
    (gateways, one)
}

fn entry() -> OutboxEntry {
    let entry = example(1, GROUP);
    let outgoing = Outgoing { key: "K".to_owned(), ..entry.outgoing.clone() };
    OutboxEntry { state: OutboxState::Sent, outgoing, ..entry }
}

/// What one of the writers does in one round.
async fn write(ingest: &Ingest, writer: usize, round: usize) {
    let (session, chat): (SessionId, Jid) = (session(), GROUP.parse().unwrap());
    let participant = person(writer, round);
    let emoji = "👍".to_owned();
    let events = vec![
        EventBody::Reaction { message: message(), sender: participant.clone(), emoji },
        EventBody::Ack { message: message(), ack: Ack::Read, participant: Some(participant) },
    ];
    ingest.ingest(&session, events).await.unwrap();
    let tag = Uuid::from_u128((writer * ROUNDS + round) as u128);
    let label = |record: &mut crate::domain::conversation::ConversationRecord| {
        record.inbox.tags.push(tag);
        let at =
            from_seconds(1 + record.inbox.pause.as_ref().map_or(0, |pause| pause.at.as_second()));
        record.inbox.pause = Some(AutomationPause { at, by: None, reason: None });
        None
    };
    let changes = LocalChanges::of(ingest);
    changes.change_conversation(&session, &chat, label).await.unwrap().unwrap();
    let unread = |chat: &mut crate::domain::Chat| {
        chat.unread += 1;
        None
    };
    changes.change_chat(&session, &chat, unread).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_on_one_engine_lose_no_change() {
    for conflict_each in [0, 7] {
        let (gateways, store) = gateways(conflict_each).await;
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..WRITERS {
            let ingest = gateways[writer % 2].clone();
            writers.spawn(async move {
                for round in 0..ROUNDS {
                    write(&ingest, writer, round).await;
                }
            });
        }
        writers.join_all().await;

        let (session, chat, all) = (session(), GROUP.parse().unwrap(), WRITERS * ROUNDS);
        let stored = store.messages().get(&session, &message()).await.unwrap().unwrap();
        assert_eq!((stored.reactions.len(), stored.ack), (all, Ack::Read));
        let receipts = store.receipts().of(&session, &message()).await.unwrap();
        let read = receipts.iter().filter(|one| one.receipt.ack == Ack::Read && one.counts);
        assert_eq!((receipts.len(), read.count()), (all, all));
        let record = store.conversations().get(&session, &chat).await.unwrap().unwrap();
        let pauses = record.inbox.pause.unwrap().at.as_second();
        assert_eq!((record.inbox.tags.len(), pauses), (all, all as i64));
        for tag in record.inbox.tags {
            assert_eq!(store.conversations().count_with_tag(tag, None).await.unwrap(), 1);
        }
        let chats = store.chats().page(&session, 0, 9).await.unwrap();
        let unread: Vec<u32> = chats.iter().map(|chat| chat.unread).collect();
        assert_eq!(unread, [u32::try_from(all).unwrap()], "the chat stands in the list once");
        let entry = store.outbox().get(&session, entry().id).await.unwrap().unwrap();
        assert_eq!(entry.state, OutboxState::Read);
    }
}
