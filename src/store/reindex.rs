//! Builds every index of messages, chats and conversations anew from what they lead to.
//!
//! Done at the opening of a store whose indexes have another layout, and on request. Cut off in the
//! middle, it is done again at the next opening: the layout is written down last.

use crate::{
    domain::{
        Chat, SessionId,
        conversation::{ConversationRecord, StoredMessage},
    },
    store::{
        StoreError, chats,
        codec::{Key, decode, encode},
        conversations::{self, Conversations},
        engine::{Batch, Direction, Engine, Range},
        messages::{self, session_of},
        numbers::Numbers,
        settings::Settings,
        table::clear,
        trees::Tree,
        unindexed::forget_index,
    },
};

/// The layout of the indexes that this version writes and reads.
const LAYOUT: u64 = 1;
const SETTING: &str = "index layout";
const AT_ONCE: usize = 500;

const INDEXES: [Tree; 8] = [
    Tree::MessagePlaces,
    Tree::MessagesInChat,
    Tree::MessagesByNumber,
    Tree::MessagesByUuid,
    Tree::ChatsByActivity,
    Tree::ConversationsByUuid,
    Tree::ConversationsByNumber,
    Tree::ConversationsByTag,
];

/// What was found and indexed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reindexed {
    pub messages: u64,
    pub conversations: u64,
}

/// Whether the indexes have another layout than this version knows, or may be cut off.
pub async fn is_due(engine: &dyn Engine) -> Result<bool, StoreError> {
    Ok(Settings::new(engine).get::<u64>(SETTING).await? != Some(LAYOUT))
}

pub async fn reindex(engine: &dyn Engine, numbers: &Numbers) -> Result<Reindexed, StoreError> {
    numbers.keep(engine).await?;
    forget_index(engine).await?;
    Settings::new(engine).put(SETTING, &0_u64).await?;
    for tree in INDEXES {
        clear(engine, Key::new(tree).all()).await?;
    }
    let mut done = Reindexed::default();
    each(engine, Tree::Messages, async |batch, key, value| {
        let mut stored: StoredMessage = decode(value)?;
        if stored.number == 0 {
            stored.number = numbers.message();
            batch.put(key.to_vec(), encode(&stored)?);
        }
        done.messages += 1;
        messages::index_in(batch, &session_of(key)?, &stored, key.to_vec())
    })
    .await?;
    each(engine, Tree::Conversations, async |batch, _, value| {
        let record: ConversationRecord = decode(value)?;
        conversations::index_in(batch, &record);
        Ok(())
    })
    .await?;
    each(engine, Tree::Chats, async |batch, key, value| {
        let (session, chat): (SessionId, Chat) = (session_of(key)?, decode(value)?);
        chats::index_in(batch, &session, &chat);
        done.conversations += 1;
        let of_chats = Conversations::new(engine, numbers);
        of_chats.ensure_in(batch, &session, &chat.id, chat.last_activity).await
    })
    .await?;
    Settings::new(engine).put(SETTING, &LAYOUT).await?;
    Ok(done)
}

/// Does something with each pair of a tree, and commits after every few hundred.
async fn each(
    engine: &dyn Engine,
    tree: Tree,
    mut visit: impl AsyncFnMut(&mut Batch, &[u8], &[u8]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut range = Key::new(tree).all();
    loop {
        let pairs = engine.scan(range.clone(), Direction::Forward, AT_ONCE).await?;
        let Some((last, _)) = pairs.last() else { return Ok(()) };
        // Nothing lies between a key and the same with a zero behind it.
        let start = [last.as_slice(), &[0]].concat();
        let mut batch = Batch::new();
        for (key, value) in &pairs {
            visit(&mut batch, key, value).await?;
        }
        engine.commit(batch).await?;
        range = Range { start, end: range.end };
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{
            Jid, Message,
            clock::from_seconds,
            conversation::{Window, conversation_uuid, message_uuid},
        },
        store::Store,
    };

    fn message(key: &str, at: i64) -> Message {
        Message::text(
            format!("true_15550000001@c.us_{key}").parse().unwrap(),
            "15557654321@c.us".parse().unwrap(),
            key,
            from_seconds(at),
        )
    }

    fn chat() -> Chat {
        Chat {
            id: "15550000001@c.us".parse().unwrap(),
            name: "One".to_owned(),
            unread: 0,
            archived: false,
            pinned: false,
            muted_until: None,
            last_activity: from_seconds(9),
            last_message: None,
        }
    }

    /// All that can be found through the indexes.
    async fn found(store: &Store, session: &SessionId, tag: Uuid) -> String {
        let chat: Jid = chat().id;
        let mut found = Vec::new();
        let messages = store.messages();
        for stored in messages.window(session, &chat, Window::Newest, 9).await.unwrap() {
            let uuid = message_uuid(session, &stored.message.id);
            found.push(format!("{:?}", messages.by_uuid(uuid).await.unwrap()));
            found.push(format!("{:?}", messages.by_number(stored.number).await.unwrap()));
            let key = &stored.message.id.key;
            found.push(format!("{:?}", messages.find_by_key(session, &chat, key).await.unwrap()));
        }
        let conversations = store.conversations();
        let uuid = conversation_uuid(session, &chat);
        let record = conversations.by_uuid(uuid).await.unwrap();
        let number = record.as_ref().map_or(0, |record| record.number);
        found.push(format!("{record:?} {:?}", conversations.by_number(number).await.unwrap()));
        found.push(format!("{:?}", conversations.with_tag(tag, None, 9).await.unwrap()));
        found.push(format!("{:?}", store.chats().page(session, 0, 9).await.unwrap()));
        found.join("\n")
    }

    #[tokio::test]
    async fn indexes_built_anew_lead_to_the_same() {
        let (store, session) = (Store::temporary().await.unwrap(), "s".parse().unwrap());
        let tag = Uuid::now_v7();
        let mut batch = Batch::new();
        store.chats().put_in(&mut batch, &session, &chat()).await.unwrap();
        store.commit(batch).await.unwrap();
        let record = store.conversations().get(&session, &chat().id).await.unwrap().unwrap();
        let mut batch = Batch::new();
        let tagged = ConversationRecord { tags: vec![tag], ..record.clone() };
        store.conversations().put_in(&mut batch, Some(&record), &tagged).unwrap();
        store.commit(batch).await.unwrap();
        for (key, at) in [("A", 3), ("B", 1), ("C", 2)] {
            let mut batch = Batch::new();
            store.messages().put_in(&mut batch, &session, &message(key, at)).await.unwrap();
            store.commit(batch).await.unwrap();
        }
        let before = found(&store, &session, tag).await;
        assert!(before.matches("StoredMessage").count() == 6, "{before}");
        for tree in INDEXES {
            clear(&*store.engine, Key::new(tree).all()).await.unwrap();
        }
        assert_ne!(found(&store, &session, tag).await, before);
        let done = store.reindex().await.unwrap();
        assert_eq!(done, Reindexed { messages: 3, conversations: 1 });
        assert_eq!(found(&store, &session, tag).await, before);
    }

    #[tokio::test]
    async fn messages_of_a_store_without_numbers_get_them_when_it_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).await.unwrap_or_else(|error| panic!("{error}"));
        let session: SessionId = "s".parse().unwrap();
        let mut batch = Batch::new();
        for (key, at) in [("A", 1), ("B", 2)] {
            let message = message(key, at);
            let place = Key::new(Tree::Messages).text("s").text(message.chat().as_str());
            let place = place.time(message.timestamp).number(0).text(&message.id.to_string());
            batch.put(place.done(), encode(&message).unwrap());
        }
        store.commit(batch).await.unwrap();
        store.settings().put(SETTING, &0_u64).await.unwrap();
        drop(store);
        let store = Store::open(folder.path()).await.unwrap_or_else(|error| panic!("{error}"));
        let all = store.messages().window(&session, &chat().id, Window::After(0), 9).await.unwrap();
        let all: Vec<_> = all.iter().map(|s| (s.number, s.message.body.as_str())).collect();
        let first = crate::domain::conversation::FIRST_NUMBER;
        assert_eq!(all, [(first, "A"), (first + 1, "B")]);
    }
}
