//! Builds every index of messages, chats and conversations anew from what they lead to.
//!
//! Done at the opening of a store whose indexes have another layout, and on request. Cut off in the
//! middle, it is done again at the next opening: the layout is written down last.

use crate::{
    domain::{Chat, SessionId, conversation::Tag},
    store::{
        StoreError,
        catalogue::Catalogue,
        codec::{Key, decode, text_at},
        conversations::Conversations,
        engine::{Batch, Direction, Engine, Range},
        numbers::Numbers,
        record::Declaration,
        search_mark::SearchMark,
        settings::Settings,
        trees::Tree,
    },
};

/// The layout of the indexes that this version writes and reads.
pub const LAYOUT: u64 = 3;
/// The layout before it: tags were not found by their names.
const BEFORE_TAG_NAMES: u64 = 2;
/// The layout before it: other entries of declared tables led to their records in other ways.
pub const BEFORE_TABLES: u64 = 1;
pub const SETTING: &str = "index layout";
/// The names of the indexes that the store has.
const BUILT: &str = "indexes";
/// Versions before this note had indexes up to this number.
const LAST_WITHOUT_NOTE: u8 = 117;
const AT_ONCE: usize = 500;

/// What was found and indexed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reindexed {
    pub messages: u64,
    pub conversations: u64,
}

/// Brings indexes of an older layout up to date; what it had to index whole.
pub async fn when_due(
    engine: &dyn Engine,
    numbers: &Numbers,
    catalogue: Catalogue,
) -> Result<Reindexed, StoreError> {
    let reindexed = of_older_layout(engine, numbers, catalogue).await?;
    build_new(engine, catalogue).await?;
    Ok(reindexed)
}

/// Builds the indexes that the version which opened the store before did not have, and so did not keep up.
async fn build_new(engine: &dyn Engine, catalogue: Catalogue) -> Result<(), StoreError> {
    let settings = Settings::new(engine);
    let indexes = |declared: Declaration| declared.table.indexes.iter();
    let all: Vec<&str> =
        catalogue.declarations().flat_map(indexes).map(|tree| tree.name()).collect();
    let known: Option<Vec<String>> = settings.get(BUILT).await?;
    if known.as_ref().is_some_and(|known| *known == all) {
        return Ok(());
    }
    let is_built = |tree: &Tree| match &known {
        Some(known) => known.iter().any(|name| name == tree.name()),
        None => tree.prefix() <= LAST_WITHOUT_NOTE,
    };
    for declared in catalogue.declarations() {
        if !declared.table.indexes.iter().all(is_built) {
            declared.reindex(engine).await?;
        }
    }
    settings.put(BUILT, &all).await
}

async fn of_older_layout(
    engine: &dyn Engine,
    numbers: &Numbers,
    catalogue: Catalogue,
) -> Result<Reindexed, StoreError> {
    let settings = Settings::new(engine);
    match settings.get::<u64>(SETTING).await? {
        Some(LAYOUT) => Ok(Reindexed::default()),
        Some(BEFORE_TAG_NAMES) => {
            Declaration::of::<Tag>().reindex(engine).await?;
            settings.put(SETTING, &LAYOUT).await?;
            Ok(Reindexed::default())
        }
        Some(BEFORE_TABLES) => {
            reindex_tables(engine, catalogue).await?;
            settings.put(SETTING, &LAYOUT).await?;
            Ok(Reindexed::default())
        }
        _ => reindex(engine, numbers, catalogue).await,
    }
}

/// How many messages there are.
async fn reindex_tables(engine: &dyn Engine, catalogue: Catalogue) -> Result<u64, StoreError> {
    let mut messages = 0;
    for declared in catalogue.declarations() {
        let records = declared.reindex(engine).await?;
        if declared.table.tree == Tree::MESSAGE_RECORDS {
            messages = records;
        }
    }
    Ok(messages)
}

pub async fn reindex(
    engine: &dyn Engine,
    numbers: &Numbers,
    catalogue: Catalogue,
) -> Result<Reindexed, StoreError> {
    numbers.keep(engine).await?;
    SearchMark::new(engine).set(uuid::Uuid::nil()).await?;
    Settings::new(engine).put(SETTING, &0_u64).await?;
    let messages = reindex_tables(engine, catalogue).await?;
    let mut done = Reindexed { messages, conversations: 0 };
    each(engine, Tree::CHATS, async |batch, key, value| {
        let session = text_at(key, 1).and_then(|text| SessionId::of_stored(&text).ok());
        let session = session.ok_or_else(|| StoreError::Corrupt("no session".to_owned()))?;
        let chat: Chat = decode(value)?;
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
        let mut batch = Batch::in_background();
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
            Jid, Message, SessionId,
            clock::from_seconds,
            conversation::{
                ConversationRecord, InboxState, Window, conversation_uuid, message_uuid,
            },
        },
        store::{
            Store,
            record::{Index, IndexKey, Record, Scope, Table},
            table::clear,
        },
        vault::Keyring,
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
        for tree in Catalogue::OWN.declarations().flat_map(|declared| declared.table.indexes) {
            clear(&*store.engine, Key::new(*tree).all()).await.unwrap();
        }
        assert_ne!(found(&store, &session, tag).await, before);
        let done = store.reindex().await.unwrap();
        assert_eq!(done, Reindexed { messages: 3, conversations: 1 });
        assert_eq!(found(&store, &session, tag).await, before);
    }

    #[tokio::test]
    async fn an_index_that_is_new_is_built_when_the_store_is_opened() {
        #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        struct Visit(String);

        /// The same records in a later version, which finds them by their place.
        #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        struct LaterVisit(String);

        const VISITS: Tree = Tree::new(250, "Visits");
        const BY_PLACE: Index<LaterVisit> = Index::new(Tree::new(251, "VisitsByPlace"));

        impl Record for Visit {
            const TABLE: Table =
                Table { tree: VISITS, owner: "a test", indexes: &[], scope: Scope::Gateway };
        }

        impl Record for LaterVisit {
            const TABLE: Table =
                Table { indexes: &[Tree::new(251, "VisitsByPlace")], ..<Visit as Record>::TABLE };

            fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
                vec![BY_PLACE.key().text(&self.0)]
            }
        }

        const EARLIER: Catalogue = Catalogue::with(&[&[Declaration::of::<Visit>()]]);
        const LATER: Catalogue = Catalogue::with(&[&[Declaration::of::<LaterVisit>()]]);
        let folder = tempfile::tempdir().unwrap();
        let open = async |catalogue| {
            let opened = Store::open(folder.path(), &Keyring::thrown_away(), catalogue).await;
            opened.unwrap_or_else(|error| panic!("{error}"))
        };
        let visit = async |store: Store, number, place: &str| {
            let mut work = store.transaction();
            work.put(&Visit::key().number(number), &Visit(place.to_owned())).await.unwrap();
            assert!(work.commit().await.unwrap());
        };
        visit(open(EARLIER).await, 1, "Oslo").await;
        drop(open(LATER).await);
        // The earlier version once more, which adds no entry.
        visit(open(EARLIER).await, 2, "Rome").await;
        let store = open(LATER).await;
        for place in ["Oslo", "Rome"] {
            let found = store.follow(BY_PLACE.key().text(place).below(), 1).await.unwrap();
            assert_eq!(found[0].record, LaterVisit(place.to_owned()));
        }
    }

    #[tokio::test]
    async fn tags_of_before_they_had_an_index_are_found_by_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let open = async || {
            let opened = Store::open(folder.path(), &Keyring::thrown_away(), Catalogue::OWN).await;
            opened.unwrap_or_else(|error| panic!("{error}"))
        };
        let store = open().await;
        let (id, at) = (Uuid::from_u128(7), from_seconds(1));
        let (name, color) = ("Élan".to_owned(), "#f59e0b".to_owned());
        let tag = Tag { id, name, color, created_at: at, updated_at: at };
        let mut tags = store.transaction();
        tags.put(&crate::store::Record::key().uuid(id), &tag).await.unwrap();
        assert!(tags.commit().await.unwrap());
        clear(&*store.engine, Key::new(Tree::TAG_NAMES).all()).await.unwrap();
        assert_eq!(store.tags().by_name("élan").await.unwrap(), None);
        store.settings().put(SETTING, &BEFORE_TAG_NAMES).await.unwrap();
        drop((tags, store));
        assert_eq!(open().await.tags().by_name("élan").await.unwrap(), Some(tag));
    }
}
