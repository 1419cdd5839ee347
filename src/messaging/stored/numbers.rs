//! The numbers of messages and conversations: unlike any other, and never given twice.
//!
//! What carries a number lies under it. A number is given in a transaction that has found nothing there, and that
//! fails where another store on the same engine gives it meanwhile; the memory of a process only says where to
//! look first. Before bearers are removed, it is written down how far counting has come, which is read with each
//! number that is given.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use crate::{
    domain::conversation::FIRST_NUMBER,
    messaging::stored::trees,
    store::{
        Batch, Key, Store, StoreError, Tree,
        raw::{Direction, Engine, decode, encode, last_number},
    },
};

const SETTING: &str = "numbers given";
/// How often it is tried to write down how far counting has come, while others do the same.
const MOST_TRIES: usize = 24;

/// What is probably given next; clones count together.
#[derive(Clone)]
pub struct Numbers(Arc<Next>);

#[derive(Debug)]
struct Next {
    message: AtomicU64,
    history: AtomicU64,
    conversation: AtomicU64,
    listing: Mutex<Listing>,
    /// Set once the numbers that are given already were read.
    begun: OnceCell<()>,
}

/// Which chats there are, and which of them are in the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Rises before each change.
    pub version: u64,
    /// When it last rose.
    pub since: Instant,
}

/// How far counting has come: the next number of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    message: u64,
    history: u64,
    conversation: u64,
}

impl Given {
    const NONE: Self = Self { message: FIRST_NUMBER, history: FIRST_NUMBER, conversation: 1 };

    /// Whether a number of a message was given.
    pub fn has_message(&self, number: u64) -> bool {
        (self.history..self.message).contains(&number)
    }

    fn and(self, other: Self) -> Self {
        Self {
            message: self.message.max(other.message),
            history: self.history.min(other.history),
            conversation: self.conversation.max(other.conversation),
        }
    }
}

/// The beginning of counting. What is given already is read with the first number.
impl Default for Numbers {
    fn default() -> Self {
        let Given { message, history, conversation } = Given::NONE;
        Self(Arc::new(Next {
            message: message.into(),
            history: history.into(),
            conversation: conversation.into(),
            listing: Mutex::new(Listing { version: 0, since: Instant::now() }),
            begun: OnceCell::new(),
        }))
    }
}

impl Numbers {
    /// Those of a store, or of a transaction's.
    pub fn of(store: &Store) -> Self {
        store.beside()
    }

    /// For a message that comes to be known as it happens: above all that were given before. `engine` is that of a
    /// transaction, as in all that gives numbers.
    pub async fn message(&self, engine: &dyn Engine) -> Result<u64, StoreError> {
        let next = || self.0.message.fetch_add(1, Ordering::SeqCst);
        self.free(engine, trees::MESSAGE_RECORDS, next, |given, number| given.has_message(number))
            .await
    }

    /// For a message of an earlier time: below all that were given before.
    pub async fn earlier_message(&self, engine: &dyn Engine) -> Result<u64, StoreError> {
        let next = || self.0.history.fetch_sub(1, Ordering::SeqCst) - 1;
        self.free(engine, trees::MESSAGE_RECORDS, next, |given, number| given.has_message(number))
            .await
    }

    pub async fn conversation(&self, engine: &dyn Engine) -> Result<u64, StoreError> {
        let next = || self.0.conversation.fetch_add(1, Ordering::SeqCst);
        let is_given = |given: &Given, number| number < given.conversation;
        self.free(engine, trees::CONVERSATIONS_BY_NUMBER, next, is_given).await
    }

    /// A number that nothing carries or has carried.
    async fn free(
        &self,
        engine: &dyn Engine,
        tree: Tree,
        next: impl Fn() -> u64,
        is_given: impl Fn(&Given, u64) -> bool,
    ) -> Result<u64, StoreError> {
        self.0.begun.get_or_try_init(|| self.begin(engine)).await?;
        loop {
            let number = next();
            let keys = [Key::<()>::new(tree).number(number).done(), setting()];
            let mut found = engine.get_many(&keys).await?.into_iter();
            let bearer = found.next().flatten();
            let given = written(found.next().flatten().as_deref())?;
            if bearer.is_none() && !is_given(&given, number) {
                return Ok(number);
            }
            self.go_past(engine, given).await?;
        }
    }

    /// Counts on from what was given before. A number may have no bearer though later ones have, as after a commit in
    /// conflict: that the first is free says nothing of them.
    async fn begin(&self, engine: &dyn Engine) -> Result<(), StoreError> {
        let found = engine.get(&setting()).await?;
        self.go_past(engine, written(found.as_deref())?).await
    }

    /// Counts on from what others gave on the same engine.
    async fn go_past(&self, engine: &dyn Engine, given: Given) -> Result<(), StoreError> {
        let after = |last: Option<u64>| last.map_or(0, |last| last.saturating_add(1));
        let (oldest, newest) = ends(engine, trees::MESSAGE_RECORDS).await?;
        let (_, conversation) = ends(engine, trees::CONVERSATIONS_BY_NUMBER).await?;
        let history = oldest.unwrap_or(u64::MAX).min(given.history);
        let (message, conversation) =
            (after(newest).max(given.message), after(conversation).max(given.conversation));
        self.0.message.fetch_max(message, Ordering::SeqCst);
        self.0.history.fetch_min(history, Ordering::SeqCst);
        self.0.conversation.fetch_max(conversation, Ordering::SeqCst);
        Ok(())
    }

    /// A chat is about to come, go, or change between the archive and the list.
    pub fn change_listing(&self) {
        let mut listing = self.0.listing.lock().unwrap_or_else(PoisonError::into_inner);
        *listing = Listing { version: listing.version + 1, since: Instant::now() };
    }

    pub fn listing(&self) -> Listing {
        *self.0.listing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down how far counting has come; before anything that carries a number is removed. What carries one by
    /// now is covered.
    pub async fn keep(&self, engine: &dyn Engine) -> Result<Given, StoreError> {
        for _ in 0..MOST_TRIES {
            let found = engine.get(&setting()).await?;
            let former = written(found.as_deref())?;
            self.go_past(engine, former).await?;
            let now = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
            let given = Given {
                message: now(&self.0.message),
                history: now(&self.0.history),
                conversation: now(&self.0.conversation),
            };
            let given = given.and(former);
            if given == former {
                return Ok(given);
            }
            let mut batch = Batch::new();
            batch.expect(setting(), found);
            batch.put(setting(), encode(&given)?);
            match engine.commit(batch).await {
                Err(StoreError::Conflict) => tokio::task::yield_now().await,
                outcome => return outcome.map(|()| given),
            }
        }
        Err(StoreError::Conflict)
    }
}

fn setting() -> Vec<u8> {
    Key::<()>::new(Tree::SETTINGS).text(SETTING).done()
}

fn written(found: Option<&[u8]>) -> Result<Given, StoreError> {
    Ok(found.map(decode).transpose()?.unwrap_or(Given::NONE))
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
        messaging::stored::MessagingTables,
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
        let opened =
            Store::open(folder, &crate::vault::Keyring::thrown_away(), crate::tables::CATALOGUE)
                .await;
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
    async fn a_number_whose_bearer_another_store_removed_is_not_given_again() {
        let [one, other] = Store::two_on_one_engine(0).await;
        let session: SessionId = "s".parse().unwrap();
        let chat: Jid = "15550000001@c.us".parse().unwrap();
        let first = put(&one, &session, &message(chat.as_str(), "K1")).await;
        one.messages().clear(&session, None).await.unwrap();
        assert_eq!(put(&other, &session, &message(chat.as_str(), "K2")).await, first + 1);
        // Nor one that the store which removes its bearer never gave.
        one.messages().clear(&session, None).await.unwrap();
        assert_eq!(put(&one, &session, &message(chat.as_str(), "K3")).await, first + 2);
    }

    #[tokio::test]
    async fn numbers_rise_after_a_restart_though_the_first_was_borne_by_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let session: SessionId = "s".parse().unwrap();
        let store = open(folder.path()).await;
        // As where the commit that bore it was in conflict, and took another the second time.
        let unborne = Numbers::of(&store).message(store.engine()).await.unwrap();
        assert_eq!(unborne, FIRST_NUMBER);
        let first = put(&store, &session, &message("15550000001@c.us", "K1")).await;
        store.durable().await.unwrap();
        drop(store);
        let store = open(folder.path()).await;
        let second = put(&store, &session, &message("15550000001@c.us", "K2")).await;
        assert!(first < second, "{first} {second}");
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
