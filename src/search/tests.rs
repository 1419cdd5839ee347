//! The index beside a store: in step with it whatever happens to either.

use std::{collections::BTreeSet, time::Duration};

use proptest::{prelude::*, test_runner::TestRunner};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    domain::{Message, SessionId, clock::from_seconds, fold::fold},
    search::{Search, Wanted, Within, keeper::PART, text::has_iota_below},
    store::{Batch, Store},
};

fn message(key: &str, text: &str) -> Message {
    Message::text(
        format!("false_15550000001@c.us_{key}").parse().unwrap(),
        "15550000001@c.us".parse().unwrap(),
        text,
        from_seconds(100),
    )
}

async fn put(store: &Store, session: &str, message: &Message) {
    let (mut batch, session) = (Batch::new(), session.parse().unwrap());
    store.messages().put_in(&mut batch, &session, message).await.unwrap();
    store.commit(batch).await.unwrap();
}

/// A search over a store, and what ends it.
struct Running {
    search: Search,
    store: Store,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Running {
    fn start(store: &Store, folder: &std::path::Path) -> Self {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let search = Search::start(store.clone(), folder.to_owned(), &tasks, stop.clone());
        Self { search, store: store.clone(), tasks, stop }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Waits until the index has all that the store has.
    async fn settled(&self) {
        for _ in 0..3_000 {
            let is_noted = !self.store.unindexed().after(None, 1).await.unwrap().is_empty();
            let shared = self.search.0.as_ref().unwrap();
            if !is_noted && !shared.is_building() {
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
    let (store, folder) = (Store::temporary().await.unwrap(), tempfile::tempdir().unwrap());
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
    store.commit(batch).await.unwrap();
    assert_eq!(running.keys("zweite").await, set(&[]));
    store.messages().clear(&b, None).await.unwrap();
    running.settled().await;
    assert_eq!((running.led_to("zweite"), running.led_to("dritte")), (0, 0));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_gone_damaged_or_of_another_store_is_built_anew() {
    let (store, folder) = (Store::temporary().await.unwrap(), tempfile::tempdir().unwrap());
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
    let other = Store::temporary().await.unwrap();
    put(&other, "a", &message("K1", "other")).await;
    let running = Running::start(&other, &folder);
    running.settled().await;
    assert_eq!((running.led_to("words"), running.led_to("other")), (0, 1));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_that_outlive_a_kill_are_taken_up_and_taking_them_up_twice_doubles_nothing() {
    let (store, folder) = (Store::temporary().await.unwrap(), tempfile::tempdir().unwrap());
    let running = Running::start(&store, folder.path());
    put(&store, "a", &message("K1", "words")).await;
    running.settled().await;
    running.stop().await;
    // As if it had been cut off between the commit of the index and that of the store, and before
    // either.
    for (key, text) in [("K1", "words"), ("K2", "more words")] {
        put(&store, "a", &message(key, "")).await;
        put(&store, "a", &message(key, text)).await;
    }
    assert!(!store.unindexed().after(None, 1).await.unwrap().is_empty());
    let running = Running::start(&store, folder.path());
    running.settled().await;
    assert_eq!((running.led_to("words"), running.led_to("more")), (2, 1));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_long_line_of_changes_none_is_left_out() {
    let (store, folder) = (Store::temporary().await.unwrap(), tempfile::tempdir().unwrap());
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
    let (store, folder) = (Store::temporary().await.unwrap(), tempfile::tempdir().unwrap());
    let folder = folder.path().join("search");
    put(&store, "a", &message("K1", "words")).await;
    let running = Running::start(&store, &folder);
    running.settled().await;
    running.stop().await;
    put(&store, "a", &message("K2", "words")).await;
    let off = Search::off(&store, folder.clone()).await.unwrap();
    assert!(!folder.exists() && store.unindexed().after(None, 1).await.unwrap().is_empty());
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
                let store = Store::temporary().await.unwrap();
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
                store.messages().clear(&"a".parse().unwrap(), None).await.unwrap();
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
