//! The numbers of messages and conversations: unlike any other, and never given twice.
//!
//! A number that was given stands in an index as long as what bears it; counting goes on from there
//! at the next start. So nothing is written when one is given, only before bearers are removed.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
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
#[derive(Clone, Debug)]
pub struct Numbers(Arc<Next>);

#[derive(Debug)]
struct Next {
    message: AtomicU64,
    history: AtomicU64,
    conversation: AtomicU64,
    /// How often a chat came, went, or changed between the archive and the list.
    listing: AtomicU64,
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
        let end = async |tree, direction| {
            let found = engine.scan(Key::new(tree).all(), direction, 1).await?;
            Ok::<_, StoreError>(found.first().and_then(|(key, _)| last_number(key)))
        };
        let after = |last: Option<u64>| last.map_or(0, |last| last.saturating_add(1));
        let newest = end(Tree::MessagesByNumber, Direction::Backward).await?;
        let oldest = end(Tree::MessagesByNumber, Direction::Forward).await?;
        let conversation = end(Tree::ConversationsByNumber, Direction::Backward).await?;
        Ok(Self(Arc::new(Next {
            message: given.message.max(after(newest)).into(),
            history: given.history.min(oldest.unwrap_or(u64::MAX)).into(),
            conversation: given.conversation.max(after(conversation)).into(),
            listing: AtomicU64::new(0),
        })))
    }

    /// For a message that comes to be known as it happens: above all that were given before.
    pub fn message(&self) -> u64 {
        self.0.message.fetch_add(1, Ordering::SeqCst)
    }

    /// For a message of an earlier time: below all that were given before.
    pub fn earlier_message(&self) -> u64 {
        self.0.history.fetch_sub(1, Ordering::SeqCst) - 1
    }

    pub fn conversation(&self) -> u64 {
        self.0.conversation.fetch_add(1, Ordering::SeqCst)
    }

    /// A chat is about to come, go, or change between the archive and the list.
    pub fn change_listing(&self) {
        self.0.listing.fetch_add(1, Ordering::SeqCst);
    }

    /// Unlike before when the listing of chats may have changed.
    pub fn listing(&self) -> u64 {
        self.0.listing.load(Ordering::SeqCst)
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        domain::{Ack, Jid, Message, MessageKind, SessionId, clock::from_seconds},
        store::{Batch, Store},
    };

    fn message(chat: &str, key: &str) -> Message {
        Message {
            id: format!("false_{chat}_{key}").parse().unwrap(),
            author: chat.parse().unwrap(),
            kind: MessageKind::Text,
            body: key.to_owned(),
            timestamp: from_seconds(10),
            ack: Ack::Sent,
            push_name: None,
            media: None,
            quoted: None,
            mentions: Vec::new(),
            forwarded: false,
            edited: false,
            reactions: Vec::new(),
            raw: None,
        }
    }

    async fn put(store: &Store, session: &SessionId, message: &Message) -> u64 {
        let mut batch = Batch::new();
        store.messages().put_in(&mut batch, session, message).await.unwrap();
        store.commit(batch).await.unwrap();
        store.messages().stored(session, &message.id).await.unwrap().unwrap().number
    }

    async fn open(folder: &Path) -> Store {
        let opened = Store::open(folder).await;
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
}
