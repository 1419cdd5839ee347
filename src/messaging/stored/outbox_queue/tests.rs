//! Places of waiting messages: each has one, heads are the first of their chats, and a send costs the same.

use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;

use crate::{
    domain::{
        clock::from_seconds,
        outbox::{OutboxEntry, OutboxState, Priority, example},
    },
    messaging::stored::{MessagingTables, Place, outbox, trees},
    store::{Batch, Catalogue, Key, MemoryEngine, Opener, Store},
};

const SESSION: Uuid = Uuid::from_u128(7);

fn entry(id: u128, chat: u8, priority: Priority) -> OutboxEntry {
    let mut entry = example(id, &format!("1555000000{chat}@c.us"));
    (entry.session_uuid, entry.options.priority) = (SESSION, priority);
    entry
}

async fn accept(store: &Store, entry: &OutboxEntry) -> Place {
    let mut work = store.transaction();
    loop {
        let queue = work.store().outbox_queue();
        let place = queue.accept(entry, from_seconds(100)).await.unwrap();
        if work.commit().await.unwrap() {
            return place;
        }
    }
}

async fn end(store: &Store, entry: &OutboxEntry) {
    let ended = OutboxEntry { state: OutboxState::Sent, ..entry.clone() };
    let mut work = store.transaction();
    loop {
        work.store().outbox_queue().end(&ended).await.unwrap();
        if work.commit().await.unwrap() {
            return;
        }
    }
}

async fn heads(store: &Store, session: Uuid) -> Vec<u128> {
    let found = store.outbox_queue().heads(session, None, 99).await.unwrap();
    found.iter().map(|found| found.record.head.as_u128()).collect()
}

#[tokio::test]
async fn an_entry_has_one_place_and_moves_from_it_to_another() {
    let [store, _] = Store::two_on_one_engine(0).await;
    let mut later = entry(1, 1, Priority::Direct);
    later.options.send_at = Some(from_seconds(200));
    assert_eq!(accept(&store, &later).await, Place::Schedule(from_seconds(200)));
    let queue = store.outbox_queue();
    assert_eq!(queue.next_due().await.unwrap(), Some(from_seconds(200)));
    assert!(queue.due(from_seconds(199), 9).await.unwrap().is_empty());
    assert_eq!(queue.due(from_seconds(200), 9).await.unwrap(), [later.clone()]);
    for place in [Place::Queue, Place::Lookup, Place::Schedule(from_seconds(200))] {
        queue.move_to(&later, place).await.unwrap();
        assert_eq!(queue.place_of(&later).await.unwrap(), Some(place));
        assert_eq!(heads(&store, SESSION).await.len(), usize::from(place == Place::Queue));
    }
    let counted = queue.count().await.unwrap();
    assert_eq!((counted[&SESSION].queued, counted[&SESSION].scheduled), (0, 1));
    queue.forget(&later).await.unwrap();
    assert_eq!(queue.place_of(&later).await.unwrap(), None);
    assert!(store.outbox_queue().count().await.unwrap().is_empty());
    assert_eq!(store.outbox().get(&later.session, later.id).await.unwrap(), None);
}

/// An older version knew that an entry waits, and no more.
#[tokio::test]
async fn what_an_older_version_left_gets_its_place_and_so_does_what_was_looked_up() {
    let [store, _] = Store::two_on_one_engine(0).await;
    let mut later = entry(2, 1, Priority::Direct);
    later.options.send_at = Some(from_seconds(200));
    let unknown = OutboxEntry { state: OutboxState::Unknown, ..entry(3, 1, Priority::Bulk) };
    let sent = OutboxEntry { state: OutboxState::Sent, ..entry(4, 2, Priority::Bulk) };
    for entry in [&entry(1, 1, Priority::Direct), &later, &unknown, &sent] {
        let mut batch = Batch::new();
        store.outbox().add_in(&mut batch, entry).unwrap();
        let place = outbox::key(&entry.session, entry.id).done();
        batch.put(Key::new(trees::OUTBOX_WAITING).uuid(entry.id).done(), place);
        store.commit(batch).await.unwrap();
    }
    let looked_up = OutboxEntry { state: OutboxState::Unknown, ..entry(5, 3, Priority::Bulk) };
    assert_eq!(accept(&store, &looked_up).await, Place::Lookup);
    let queue = store.outbox_queue();
    loop {
        let mut work = store.transaction();
        let found = work.store().outbox_queue().take_over(from_seconds(100), 2).await.unwrap();
        assert!(work.commit().await.unwrap());
        if found == 0 {
            break;
        }
    }
    assert_eq!(heads(&store, SESSION).await, [1, 5]);
    let counted = queue.count().await.unwrap();
    assert_eq!((counted[&SESSION].queued, counted[&SESSION].scheduled), (3, 1));
    end(&store, &entry(1, 1, Priority::Direct)).await;
    assert_eq!(heads(&store, SESSION).await, [3, 5]);
}

/// However much waits elsewhere, the store is called as often for a send.
#[tokio::test]
async fn a_send_costs_the_same_however_much_waits_in_other_sessions() {
    let mut costs = Vec::new();
    for waiting in [50, 5_000] {
        let engine = MemoryEngine::default();
        let store = Opener::of(Catalogue::OWN).in_memory(engine.clone()).await.unwrap();
        for n in 0..waiting {
            let mut other = example(1_000 + n, &format!("1555{n:07}@c.us"));
            other.session_uuid = Uuid::from_u128(1 + n % 3);
            if n % 2 == 0 {
                other.options.send_at = Some(from_seconds(200));
            }
            store.outbox_queue().accept(&other, from_seconds(100)).await.unwrap();
        }
        let before = engine.calls();
        let one = entry(1, 1, Priority::Direct);
        accept(&store, &one).await;
        assert_eq!(heads(&store, SESSION).await, [1]);
        end(&store, &one).await;
        assert!(heads(&store, SESSION).await.is_empty());
        costs.push(engine.calls() - before);
    }
    assert_eq!(costs[0], costs[1]);
    assert!(costs[0] < 20, "{costs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_that_accept_and_end_in_one_chat_lose_no_head() {
    const ROUNDS: u128 = 200;
    let [one, other] = Store::two_on_one_engine(5).await;
    let mut tasks = tokio::task::JoinSet::new();
    for (writer, store) in [one.clone(), other.clone(), one.clone(), other].into_iter().enumerate()
    {
        tasks.spawn(async move {
            for round in 0..ROUNDS {
                let entry = entry(1 + round * 4 + writer as u128, 1, Priority::Direct);
                accept(&store, &entry).await;
                if round % 2 == 0 {
                    end(&store, &entry).await;
                }
            }
        });
    }
    tasks.join_all().await;
    let mut left: Vec<u128> = Vec::new();
    while let Some(head) = heads(&one, SESSION).await.first().copied() {
        left.push(head);
        end(&one, &entry(head, 1, Priority::Direct)).await;
    }
    let wanted =
        (0..ROUNDS).filter(|n| n % 2 == 1).flat_map(|n| (0..4).map(move |w| 1 + n * 4 + w));
    assert_eq!(left, wanted.collect::<Vec<_>>());
    assert!(one.outbox_queue().count().await.unwrap().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever comes and goes in whichever order, the heads are the first entries of their chats, by
    /// priority and then by acceptance.
    #[test]
    fn heads_are_the_first_of_their_chats(
        steps in prop::collection::vec((1u128..12, 1u8..4, any::<bool>(), any::<bool>()), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let [store, _] = Store::two_on_one_engine(0).await;
            let mut waiting: BTreeMap<u128, OutboxEntry> = BTreeMap::new();
            for (id, chat, is_bulk, ends) in steps {
                match waiting.remove(&id) {
                    Some(known) if ends => end(&store, &known).await,
                    Some(known) => drop(waiting.insert(id, known)),
                    None => {
                        let priority = if is_bulk { Priority::Bulk } else { Priority::Direct };
                        let new = entry(id, chat, priority);
                        accept(&store, &new).await;
                        waiting.insert(id, new);
                    }
                }
                let mut first: BTreeMap<String, (Priority, u128)> = BTreeMap::new();
                for (id, entry) in &waiting {
                    let place = (entry.options.priority, *id);
                    first.entry(entry.chat().to_string()).or_insert(place);
                }
                let mut wanted: Vec<(Priority, u128)> = first.into_values().collect();
                wanted.sort_unstable();
                let wanted: Vec<u128> = wanted.into_iter().map(|(_, id)| id).collect();
                assert_eq!(heads(&store, SESSION).await, wanted);
            }
            let counted = store.outbox_queue().count().await.unwrap();
            let queued = counted.get(&SESSION).map_or(0, |counted| counted.queued);
            assert_eq!(queued, waiting.len() as u64);
        });
    }
}
