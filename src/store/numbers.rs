//! The numbers of messages and conversations: unlike any other, and never given twice.
//!
//! A number that was given stands in an index as long as what bears it; counting goes on from there
//! at the next start. So nothing is written when one is given, only before bearers are removed.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use serde::{Deserialize, Serialize};

use crate::{
    domain::conversation::FIRST_NUMBER,
    store::{
        StoreError,
        codec::{Key, last_number},
        engine::{Direction, Engine},
        settings::Settings,
        trees::Tree,
    },
};

const SETTING: &str = "numbers given";

/// What is given next; clones count together.
#[derive(Clone)]
pub struct Numbers(Arc<Next>);

#[derive(Debug)]
struct Next {
    message: AtomicU64,
    history: AtomicU64,
    conversation: AtomicU64,
    listing: Mutex<Listing>,
}

/// Which chats there are, and which of them are in the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Rises before each change.
    pub version: u64,
    /// When it last rose.
    pub since: Instant,
}

#[derive(Serialize, Deserialize)]
struct Given {
    message: u64,
    history: u64,
    conversation: u64,
}

impl Numbers {
    pub async fn open(engine: &dyn Engine) -> Result<Self, StoreError> {
        let before = Given { message: FIRST_NUMBER, history: FIRST_NUMBER, conversation: 1 };
        let given = Settings::new(engine).get(SETTING).await?.unwrap_or(before);
        let after = |last: Option<u64>| last.map_or(0, |last| last.saturating_add(1));
        let (oldest, newest) = ends(engine, Tree::MessageRecords).await?;
        let (_, conversation) = ends(engine, Tree::ConversationsByNumber).await?;
        let next = Next {
            message: given.message.max(after(newest)).into(),
            history: given.history.min(oldest.unwrap_or(u64::MAX)).into(),
            conversation: given.conversation.max(after(conversation)).into(),
            listing: Mutex::new(Listing { version: 0, since: Instant::now() }),
        };
        Ok(Self(Arc::new(next)))
    }

    /// For a message that comes to be known as it happens: above all that were given before.
    pub fn message(&self) -> u64 {
        self.0.message.fetch_add(1, Ordering::SeqCst)
    }

    /// For a message of an earlier time: below all that were given before.
    pub fn earlier_message(&self) -> u64 {
        self.0.history.fetch_sub(1, Ordering::SeqCst) - 1
    }

    /// Counts on from what others gave on the same engine.
    pub async fn go_past(&self, engine: &dyn Engine) -> Result<(), StoreError> {
        let (oldest, newest) = ends(engine, Tree::MessageRecords).await?;
        if let Some(newest) = newest {
            self.0.message.fetch_max(newest.saturating_add(1), Ordering::SeqCst);
        }
        if let Some(oldest) = oldest {
            self.0.history.fetch_min(oldest, Ordering::SeqCst);
        }
        Ok(())
    }

    pub fn conversation(&self) -> u64 {
        self.0.conversation.fetch_add(1, Ordering::SeqCst)
    }

    /// A chat is about to come, go, or change between the archive and the list.
    pub fn change_listing(&self) {
        let mut listing = self.0.listing.lock().unwrap_or_else(PoisonError::into_inner);
        *listing = Listing { version: listing.version + 1, since: Instant::now() };
    }

    pub fn listing(&self) -> Listing {
        *self.0.listing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down how far counting has come; before anything that bears a number is removed.
    pub async fn keep(&self, engine: &dyn Engine) -> Result<(), StoreError> {
        let now = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        let given = Given {
            message: now(&self.0.message),
            history: now(&self.0.history),
            conversation: now(&self.0.conversation),
        };
        Settings::new(engine).put_lazily(SETTING, &given).await
    }
}

/// The lowest and the highest number that keys of a tree end with.
async fn ends(engine: &dyn Engine, tree: Tree) -> Result<(Option<u64>, Option<u64>), StoreError> {
    let end = async |direction| {
        let found = engine.scan(Key::new(tree).all(), direction, 1).await?;
        Ok::<_, StoreError>(found.first().and_then(|(key, _)| last_number(key)))
    };
    Ok((end(Direction::Forward).await?, end(Direction::Backward).await?))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::{prelude::*, test_runner::TestRunner};

    use super::*;
    use crate::{
        domain::{Jid, Message, SessionId, clock::from_seconds, conversation::Window},
        store::{Batch, Store},
    };

    fn message(chat: &str, key: &str) -> Message {
        Message::text(
            format!("false_{chat}_{key}").parse().unwrap(),
            chat.parse().unwrap(),
            key,
            from_seconds(10),
        )
    }

    async fn put(store: &Store, session: &SessionId, message: &Message) -> u64 {
        let mut batch = Batch::new();
        store.messages().put_in(&mut batch, session, message).await.unwrap();
        store.commit(batch).await.unwrap();
        store.messages().stored(session, &message.id).await.unwrap().unwrap().number
    }

    async fn open(folder: &Path) -> Store {
        let opened = Store::open(folder, &crate::vault::Keyring::thrown_away()).await;
        opened.unwrap_or_else(|error| panic!("{error}"))
    }

    #[tokio::test]
    async fn numbers_rise_over_all_sessions_and_restarts_and_none_is_given_twice() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b): (SessionId, SessionId) = ("a".parse().unwrap(), "b".parse().unwrap());
        let chat: Jid = "15550000001@c.us".parse().unwrap();
        let store = open(folder.path()).await;
        let first = put(&store, &a, &message(chat.as_str(), "K1")).await;
        let second = put(&store, &b, &message(chat.as_str(), "K1")).await;
        let again = put(&store, &a, &message(chat.as_str(), "K1")).await;
        assert_eq!((first, second, again), (FIRST_NUMBER, FIRST_NUMBER + 1, FIRST_NUMBER));
        store.messages().clear(&b, None).await.unwrap();
        assert!(store.messages().by_number(second).await.unwrap().is_none());
        store.durable().await.unwrap();
        drop(store);
        let store = open(folder.path()).await;
        assert_eq!(put(&store, &b, &message(chat.as_str(), "K2")).await, FIRST_NUMBER + 2);
        let (session, found) = store.messages().by_number(first).await.unwrap().unwrap();
        assert_eq!((session, found.message.body.as_str()), (a, "K1"));
    }

    #[tokio::test]
    async fn what_is_fetched_later_stands_before_what_was_known() {
        let (store, session) = (Store::temporary().await.unwrap(), "s".parse().unwrap());
        let chat = "15550000001@c.us";
        let live = put(&store, &session, &message(chat, "live")).await;
        let mut numbers = Vec::new();
        for key in ["older", "oldest", "live"] {
            let (mut batch, message) = (Batch::new(), message(chat, key));
            let messages = store.messages();
            messages.put_earlier_in(&mut batch, &session, &message).await.unwrap();
            store.commit(batch).await.unwrap();
            numbers.push(messages.stored(&session, &message.id).await.unwrap().unwrap().number);
        }
        assert_eq!(numbers, [live - 1, live - 2, live]);
        let page = store.messages().page(&session, &chat.parse().unwrap(), None, 9).await.unwrap();
        let bodies: Vec<String> = page.into_iter().map(|message| message.body).collect();
        assert_eq!(bodies, ["oldest", "older", "live"]);
    }

    /// Writes messages of a chat, live ones and earlier ones, among those of another.
    async fn insert(store: &Store, session: &SessionId, index: usize, is_live: bool) {
        for chat in ["15550000001@c.us", "15550000002@c.us"] {
            let (mut batch, message) = (Batch::new(), message(chat, &format!("K{index}")));
            let messages = store.messages();
            if is_live {
                messages.put_in(&mut batch, session, &message).await.unwrap();
            } else {
                messages.put_earlier_in(&mut batch, session, &message).await.unwrap();
            }
            store.commit(batch).await.unwrap();
        }
    }

    /// Reads a chat page by page in one direction while more messages come.
    async fn read(
        store: &Store,
        session: &SessionId,
        mut window: Window,
        limit: usize,
        mut more: impl Iterator<Item = (usize, bool)>,
    ) -> Vec<u64> {
        let chat: Jid = "15550000001@c.us".parse().unwrap();
        let mut read = Vec::new();
        loop {
            let page = store.messages().window(session, &chat, window, limit).await.unwrap();
            let mut numbers: Vec<u64> = page.iter().map(|stored| stored.number).collect();
            if !matches!(window, Window::After(_)) {
                numbers.reverse();
            }
            let Some(last) = numbers.last().copied() else { return read };
            window = match window {
                Window::After(_) => Window::After(last),
                Window::Newest | Window::Before(_) => Window::Before(last),
            };
            read.extend(numbers);
            if let Some((index, is_live)) = more.next() {
                insert(store, session, index, is_live).await;
            }
        }
    }

    async fn walk(
        store: &Store,
        name: usize,
        before: Vec<bool>,
        meanwhile: Vec<bool>,
        limit: usize,
    ) {
        let session: SessionId = format!("s{name}").parse().unwrap();
        for (index, is_live) in before.iter().enumerate() {
            insert(store, &session, index, *is_live).await;
        }
        let chat: Jid = "15550000001@c.us".parse().unwrap();
        let all = async || -> Vec<u64> {
            let messages = store.messages();
            let all = messages.window(&session, &chat, Window::After(0), usize::MAX).await.unwrap();
            all.iter().map(|stored| stored.number).collect()
        };
        let first = before.len();
        let (back, forth) = meanwhile.split_at(meanwhile.len() / 2);
        let newest = all().await.last().copied().unwrap_or(0);
        let new = back.iter().enumerate().map(|(index, is_live)| (first + index, *is_live));
        let mut read_back = read(store, &session, Window::Newest, limit, new).await;
        read_back.reverse();
        let wanted: Vec<u64> = all().await.into_iter().filter(|n| *n <= newest).collect();
        assert!(read_back.is_sorted_by(|one, other| one < other), "something was repeated");
        let missed: Vec<u64> = wanted.into_iter().filter(|n| !read_back.contains(n)).collect();
        assert_eq!(missed, Vec::<u64>::new());
        let start = all().await.first().copied().unwrap_or(0);
        let first = first + meanwhile.len();
        let new = forth.iter().enumerate().map(|(index, is_live)| (first + index, *is_live));
        let after = Window::After(start.saturating_sub(1));
        let read_on = read(store, &session, after, limit, new).await;
        let seen = all().await.into_iter().filter(|n| start <= *n);
        assert!(read_on.is_sorted_by(|one, other| one < other));
        let missed: Vec<u64> = seen.filter(|n| !read_on.contains(n)).collect();
        assert_eq!(missed, Vec::<u64>::new());
    }

    #[test]
    fn pages_by_number_neither_skip_nor_repeat_while_messages_come() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let store = runtime.block_on(Store::temporary()).unwrap();
        let inserts = || prop::collection::vec(any::<bool>(), 0..30);
        let mut runner = TestRunner::new(ProptestConfig::with_cases(48));
        let name = std::cell::Cell::new(0);
        let walked =
            runner.run(&(inserts(), inserts(), 1usize..8), |(before, meanwhile, limit)| {
                name.set(name.get() + 1);
                runtime.block_on(walk(&store, name.get(), before, meanwhile, limit));
                Ok(())
            });
        walked.unwrap();
    }
}
