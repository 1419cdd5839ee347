//! The index beside a store: in step with it whatever happens to either.

use std::{collections::BTreeSet, ops::Deref, sync::atomic::Ordering, time::Duration};

use proptest::{prelude::*, test_runner::TestRunner};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    domain::{
        Clock, EventBody, Jid, Message, SessionId, clock::from_seconds, conversation::FIRST_NUMBER,
        event::DisconnectReason, fold::fold,
    },
    events::{Consumers, EventLog, NewEvent, Retry},
    messaging::{ChatEvent, MessagingTables},
    search::{Search, Wanted, Within, index::Index, indexer::PART, text::has_iota_below},
    store::{Batch, Store},
};

/// A store and its log.
struct Kept {
    store: Store,
    log: EventLog,
}

impl Kept {
    async fn new() -> Self {
        let store = Store::temporary().await.unwrap();
        let log = EventLog::open(store.clone(), Clock::system()).await.unwrap();
        Self { store, log }
    }

    async fn tell(&self, session: &str, event: EventBody, along: Batch) {
        self.log.append(&session.parse().unwrap(), vec![event], along).await.unwrap();
    }

    async fn tell_own(&self, session: &SessionId, event: &ChatEvent, along: Batch) {
        let news = NewEvent::of_module(Some(session.into()), event).unwrap();
        self.log.append_of(vec![news], along).await.unwrap();
    }

    /// Removes a session as the gateway does: the index is notified first.
    async fn remove(&self, session: &str) {
        let reason = DisconnectReason::SessionRemoved;
        let removed = EventBody::Disconnected { reason, will_reconnect: false };
        self.tell(session, removed, Batch::new()).await;
        self.messages().clear(&session.parse().unwrap(), None).await.unwrap();
    }
}

impl Deref for Kept {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

fn message(key: &str, text: &str) -> Message {
    Message::text(
        format!("false_15550000001@c.us_{key}").parse().unwrap(),
        "15550000001@c.us".parse().unwrap(),
        text,
        from_seconds(100),
    )
}

/// Writes a message with its event: it is new, or was edited.
async fn put(store: &Kept, session: &str, message: &Message) {
    let (mut batch, id) = (Batch::new(), session.parse().unwrap());
    let is_new = store.messages().put_in(&mut batch, &id, message).await.unwrap();
    let event = match is_new {
        true => EventBody::Message { message: Box::new(message.clone()) },
        false => {
            EventBody::MessageEdited { message: message.id.clone(), text: message.body.clone() }
        }
    };
    store.tell(session, event, batch).await;
}

/// A search over a store, and what ends it.
struct Running {
    search: Search,
    log: EventLog,
    consumers: Consumers,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Running {
    fn start(kept: &Kept, folder: &std::path::Path) -> Self {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let (store, log) = (kept.store.clone(), kept.log.clone());
        let consumers = Consumers::new(log.clone(), Retry::default());
        let followed = (log.clone(), consumers.external(Search::NAME));
        let search = Search::start(store, followed, folder.to_owned(), &tasks, stop.clone());
        Self { search, log, consumers, tasks, stop }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Waits until the index has all that the store has.
    async fn settled(&self) {
        for _ in 0..3_000 {
            let shared = self.search.0.as_ref().unwrap();
            let is_behind = shared.read_to.load(Ordering::SeqCst) < self.log.newest();
            if shared.index().is_some() && !is_behind && !shared.is_building() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the index does not settle");
    }

    async fn keys(&self, query: &str) -> BTreeSet<String> {
        self.keys_within(query, &Within::All).await
    }

    async fn keys_within(&self, query: &str, within: &Within) -> BTreeSet<String> {
        let Some(wanted) = Wanted::read(query) else { return BTreeSet::new() };
        let hits = self.search.find(&wanted, within, None, 1_000, |_, _| true).await.unwrap();
        hits.messages.into_iter().map(|(_, stored)| stored.message.id.key.to_string()).collect()
    }

    /// What the index itself leads to, which the store has not confirmed.
    fn led_to(&self, query: &str) -> usize {
        let index = self.search.0.as_ref().unwrap().index().unwrap();
        let wanted = Wanted::read(query).unwrap();
        index.find(&wanted, &Within::All, None, 1_000).unwrap().len()
    }
}

fn set(keys: &[&str]) -> BTreeSet<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_is_followed_and_nothing_of_it_is_left_in_the_index() {
    let (store, folder) = (Kept::new().await, tempfile::tempdir().unwrap());
    put(&store, "a", &message("BEFORE", "Überall")).await;
    let running = Running::start(&store, folder.path());
    put(&store, "a", &message("K1", "erste Nachricht")).await;
    put(&store, "b", &message("K1", "zweite Nachricht")).await;
    put(&store, "b", &message("K2", "dritte")).await;
    running.settled().await;
    assert_eq!(running.keys("uberall").await, set(&["BEFORE"]));
    assert_eq!(running.led_to("nachricht"), 2);
    let (a, b): (SessionId, SessionId) = ("a".parse().unwrap(), "b".parse().unwrap());
    assert_eq!(running.keys_within("nachr", &Within::Session(a.clone())).await.len(), 1);
    let chat = message("X", "").chat().clone();
    let other = "15550000002@c.us".parse().unwrap();
    assert_eq!(running.keys_within("nachr", &Within::Chat(b.clone(), chat)).await.len(), 1);
    assert!(running.keys_within("nachr", &Within::Chat(b.clone(), other)).await.is_empty());

    put(&store, "a", &message("K1", "changed")).await;
    // At once, since the store has the last word; and soon in the index too.
    assert_eq!(running.keys_within("nachricht", &Within::Session(a)).await, set(&[]));
    running.settled().await;
    assert_eq!((running.keys("changed").await, running.led_to("nachricht")), (set(&["K1"]), 1));

    let id = message("K1", "").id;
    let mut hidden = store.messages().stored(&b, &id).await.unwrap().unwrap();
    hidden.hidden = true;
    let mut batch = Batch::new();
    store.messages().replace_in(&mut batch, &b, &hidden).await.unwrap();
    let (message, number) = (id, hidden.number);
    store.tell_own(&b, &ChatEvent::MessageDeleted { message, number }, batch).await;
    assert_eq!(running.keys("zweite").await, set(&[]));
    running.settled().await;
    assert_eq!((running.led_to("zweite"), running.led_to("dritte")), (0, 1));
    store.remove("b").await;
    running.settled().await;
    assert_eq!((running.led_to("zweite"), running.led_to("dritte")), (0, 0));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_gone_damaged_or_of_another_store_is_built_anew() {
    let (store, folder) = (Kept::new().await, tempfile::tempdir().unwrap());
    let folder = folder.path().join("search");
    put(&store, "a", &message("K1", "words")).await;
    let faults: [&dyn Fn(); 4] = [
        &|| (),
        &|| std::fs::remove_dir_all(&folder).unwrap(),
        &|| std::fs::write(folder.join("meta.json"), "{}").unwrap(),
        &|| {
            for file in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
                if file.path().extension().is_some_and(|name| name == "idx" || name == "term") {
                    std::fs::write(file.path(), [0; 16]).unwrap();
                }
            }
        },
    ];
    for fault in faults {
        let running = Running::start(&store, &folder);
        running.settled().await;
        assert_eq!(running.keys("words").await, set(&["K1"]));
        running.stop().await;
        fault();
    }
    let running = Running::start(&store, &folder);
    for _ in 0..1_000 {
        if running.keys("words").await == set(&["K1"]) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(running.keys("words").await, set(&["K1"]));
    running.stop().await;

    // Another store knows nothing of it, though it may have the same numbers.
    let other = Kept::new().await;
    put(&other, "a", &message("K1", "other")).await;
    let running = Running::start(&other, &folder);
    running.settled().await;
    assert_eq!((running.led_to("words"), running.led_to("other")), (0, 1));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_outlive_a_kill_are_taken_up_and_taking_them_up_twice_doubles_nothing() {
    let (store, folder) = (Kept::new().await, tempfile::tempdir().unwrap());
    let running = Running::start(&store, folder.path());
    put(&store, "a", &message("K1", "words")).await;
    running.settled().await;
    running.stop().await;
    for (key, text) in [("K1", "words"), ("K2", "more words")] {
        put(&store, "a", &message(key, "")).await;
        put(&store, "a", &message(key, text)).await;
    }
    // As if the index had lost the power before the commit in which its cursor is.
    let (index, mut state) = Index::open(folder.path()).unwrap();
    assert!(0 < state.read_to && state.read_to < store.log.newest());
    state.read_to = 0;
    index.writing().unwrap().commit(&index, state).unwrap();
    drop(index);
    let running = Running::start(&store, folder.path());
    running.settled().await;
    assert_eq!((running.led_to("words"), running.led_to("more")), (2, 1));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_another_time_is_not_followed_from_the_middle() {
    let (store, folder) = (Kept::new().await, tempfile::tempdir().unwrap());
    put(&store, "a", &message("K1", "words")).await;
    let running = Running::start(&store, folder.path());
    running.settled().await;
    running.stop().await;
    // The log is that of a backup: it has not come so far, and will.
    let (index, mut state) = Index::open(folder.path()).unwrap();
    state.read_to = store.log.newest() + 2;
    index.writing().unwrap().commit(&index, state).unwrap();
    drop(index);
    put(&store, "a", &message("K2", "words")).await;
    let running = Running::start(&store, folder.path());
    put(&store, "a", &message("K3", "words")).await;
    put(&store, "a", &message("K4", "words")).await;
    running.settled().await;
    assert_eq!(running.keys("words").await, set(&["K1", "K2", "K3", "K4"]));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fetched_history_and_deleted_chats_are_followed_and_the_log_keeps_what_is_not_taken_up() {
    let (store, folder) = (Kept::new().await, tempfile::tempdir().unwrap());
    let running = Running::start(&store, folder.path());
    put(&store, "a", &message("K1", "new words")).await;
    running.settled().await;
    let session: SessionId = "a".parse().unwrap();
    let chat: Jid = message("K1", "").chat().clone();
    for key in ["E2", "E1"] {
        let mut batch = Batch::new();
        let earlier = message(key, "old words");
        store.messages().put_earlier_in(&mut batch, &session, &earlier).await.unwrap();
        store.commit(batch).await.unwrap();
    }
    let fetched = ChatEvent::HistoryFetched { chat: chat.clone(), from: 0, below: FIRST_NUMBER };
    store.tell_own(&session, &fetched, Batch::new()).await;
    running.settled().await;
    assert_eq!((running.led_to("old"), running.led_to("words")), (2, 3));
    let conversation = uuid::Uuid::nil();
    let deleted = ChatEvent::ConversationDeleted { chat, conversation };
    store.tell_own(&session, &deleted, Batch::new()).await;
    running.settled().await;
    assert_eq!(running.led_to("words"), 0);
    let needs = running.consumers.needs();
    assert_eq!((needs[0].reader, needs[0].from), (Search::NAME, store.log.newest() + 1));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_long_line_of_changes_none_is_left_out() {
    let (store, folder) = (Kept::new().await, tempfile::tempdir().unwrap());
    let running = Running::start(&store, folder.path());
    running.settled().await;
    running.stop().await;
    let many = 2 * PART + 1;
    for number in 0..many {
        let text = format!("n{number}x w{}x", number % 1_000);
        put(&store, "a", &message(&format!("K{number}"), &text)).await;
    }
    let running = Running::start(&store, folder.path());
    running.settled().await;
    for number in [0, PART - 1, PART, 2 * PART - 1, 2 * PART] {
        assert_eq!(running.led_to(&format!("n{number}x")), 1, "{number}");
    }
    let found: usize = (0..1_000).map(|rest| running.led_to(&format!("w{rest}x"))).sum();
    assert_eq!(found, many);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_is_switched_off_keeps_nothing_and_is_made_anew_when_switched_on() {
    let (store, folder) = (Kept::new().await, tempfile::tempdir().unwrap());
    let folder = folder.path().join("search");
    put(&store, "a", &message("K1", "words")).await;
    let running = Running::start(&store, &folder);
    running.settled().await;
    running.stop().await;
    put(&store, "a", &message("K2", "words")).await;
    let off = Search::off(&store, folder.clone()).await.unwrap();
    assert!(!folder.exists());
    let wanted = Wanted::read("words").unwrap();
    assert!(off.find(&wanted, &Within::All, None, 9, |_, _| true).await.is_err());
    let running = Running::start(&store, &folder);
    running.settled().await;
    assert_eq!(running.keys("words").await, set(&["K1", "K2"]));
    running.stop().await;
}

#[test]
fn every_word_of_every_stored_text_finds_its_message_until_it_is_deleted() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let texts = proptest::collection::vec("[\\p{L}\\p{M}\\p{N} 京都東ไทย👍🎉]{1,30}", 1..12);
    TestRunner::new(ProptestConfig::with_cases(12))
        .run(&texts, |texts| {
            prop_assume!(!texts.iter().any(|text| has_iota_below(text)));
            runtime.block_on(async {
                let folder = tempfile::tempdir().unwrap();
                let store = Kept::new().await;
                let running = Running::start(&store, folder.path());
                for (number, text) in texts.iter().enumerate() {
                    put(&store, "a", &message(&format!("K{number}"), text)).await;
                }
                running.settled().await;
                for (number, text) in texts.iter().enumerate() {
                    for word in text.split_whitespace() {
                        for query in [word.to_owned(), word.to_uppercase(), fold(word)] {
                            if Wanted::read(&query).is_some() {
                                let found = running.keys(&query).await;
                                let key = format!("K{number}");
                                prop_assert!(found.contains(&key), "{query:?} in {text:?}");
                            }
                        }
                    }
                }
                store.remove("a").await;
                running.settled().await;
                for word in texts.iter().flat_map(|text| text.split_whitespace()) {
                    prop_assert!(running.keys(word).await.is_empty());
                    if Wanted::read(word).is_some() {
                        prop_assert_eq!(running.led_to(word), 0);
                    }
                }
                running.stop().await;
                Ok(())
            })
        })
        .unwrap();
}
