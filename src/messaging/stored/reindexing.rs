//! What a reindex does in messaging beside the building of indexes: numbers are noted before, and each chat has a
//! conversation after it.

use async_trait::async_trait;

use crate::{
    domain::{Chat, SessionId},
    messaging::stored::{conversations::Conversations, numbers::Numbers, trees},
    store::{
        Batch, Key, ReindexStep, StoreError,
        raw::{Direction, Engine, decode, text_at},
    },
};

/// Chats that are looked at in one commit.
const AT_ONCE: usize = 500;

pub struct Reindexing;

#[async_trait]
impl ReindexStep for Reindexing {
    async fn before(&self, engine: &dyn Engine) -> Result<(), StoreError> {
        // Conversations carry their numbers in an index.
        Numbers::default().keep(engine).await.map(|_| ())
    }

    async fn after(&self, engine: &dyn Engine) -> Result<(), StoreError> {
        let mut range = Key::new(trees::CHATS).all();
        let conversations = Conversations::new(engine, Numbers::default());
        loop {
            let pairs = engine.scan(range.clone(), Direction::Forward, AT_ONCE).await?;
            let Some((last, _)) = pairs.last() else { return Ok(()) };
            // Nothing lies between a key and the same with a zero behind it.
            range.start = [last.as_slice(), &[0]].concat();
            let mut batch = Batch::in_background();
            for (key, value) in &pairs {
                let session = text_at(key, 1).and_then(|text| SessionId::of_stored(&text).ok());
                let session =
                    session.ok_or_else(|| StoreError::Corrupt("no session".to_owned()))?;
                let Chat { id, last_activity, .. } = decode(value)?;
                conversations.ensure_in(&mut batch, &session, &id, last_activity).await?;
            }
            engine.commit(batch).await?;
        }
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
            conversation::{
                ConversationRecord, InboxState, Tag, Window, conversation_uuid, message_uuid,
            },
        },
        messaging::stored::{MessageRecord, MessagingTables},
        store::{Store, raw::clear},
        tables::CATALOGUE,
        vault::Keyring,
    };

    /// The setting with the layout of the indexes, and the layout in which tags were not found by their names.
    const INDEX_LAYOUT: &str = "index layout";
    const BEFORE_TAG_NAMES: u64 = 2;

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
        let tagged = ConversationRecord {
            inbox: InboxState { tags: vec![tag], pause: None },
            ..record.clone()
        };
        store.conversations().put_in(&mut batch, Some(&record), &tagged).unwrap();
        store.commit(batch).await.unwrap();
        for (key, at) in [("A", 3), ("B", 1), ("C", 2)] {
            let mut batch = Batch::new();
            store.messages().put_in(&mut batch, &session, &message(key, at)).await.unwrap();
            store.commit(batch).await.unwrap();
        }
        let before = found(&store, &session, tag).await;
        assert!(before.matches("StoredMessage").count() == 6, "{before}");
        for tree in CATALOGUE.declarations().flat_map(|declared| declared.table.indexes) {
            clear(store.engine(), Key::new(*tree).all()).await.unwrap();
        }
        assert_ne!(found(&store, &session, tag).await, before);
        let done = store.upkeep().reindex().await.unwrap();
        assert_eq!((done.of::<MessageRecord>(), done.of::<Chat>()), (3, 1));
        assert_eq!(found(&store, &session, tag).await, before);
    }

    #[tokio::test]
    async fn tags_of_before_they_had_an_index_are_found_by_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let open = async || {
            let opened = Store::open(folder.path(), &Keyring::thrown_away(), CATALOGUE).await;
            opened.unwrap_or_else(|error| panic!("{error}"))
        };
        let store = open().await;
        let (id, at) = (Uuid::from_u128(7), from_seconds(1));
        let (name, color) = ("Élan".to_owned(), "#f59e0b".to_owned());
        let tag = Tag { id, name, color, created_at: at, updated_at: at };
        let mut tags = store.transaction();
        tags.put(&crate::store::Record::key().uuid(id), &tag).await.unwrap();
        assert!(tags.commit().await.unwrap());
        clear(store.engine(), Key::new(trees::TAG_NAMES).all()).await.unwrap();
        assert_eq!(store.tags().by_name("élan").await.unwrap(), None);
        store.settings().put(INDEX_LAYOUT, &BEFORE_TAG_NAMES).await.unwrap();
        drop((tags, store));
        assert_eq!(open().await.tags().by_name("élan").await.unwrap(), Some(tag));
    }
}
