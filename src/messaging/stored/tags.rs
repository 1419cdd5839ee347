//! Labels for conversations, by id and by name. No two names are the same but for upper and lower case.

use uuid::Uuid;

use crate::{
    domain::conversation::Tag,
    messaging::stored::trees,
    store::{
        Index, IndexKey, Key, Record, Scope, Store, StoreError, Table,
        raw::{self, Engine},
    },
};

const ADDITIONS: &str = "tag additions";
const BY_NAME: Index<Tag> = Index::new(trees::TAG_NAMES);

impl Record for Tag {
    const TABLE: Table = Table {
        tree: trees::TAGS,
        owner: "messaging",
        indexes: &[trees::TAG_NAMES],
        scope: Scope::Gateway,
    };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        vec![by_name(&self.name)]
    }
}

pub struct Tags<'a> {
    store: &'a Store,
    engine: &'a dyn Engine,
}

impl<'a> Tags<'a> {
    pub fn new(store: &'a Store) -> Self {
        Self { store, engine: store.engine() }
    }

    pub async fn get(&self, id: Uuid) -> Result<Option<Tag>, StoreError> {
        raw::get(self.engine, &Tag::key().uuid(id)).await
    }

    /// The tag of this name, whatever its case. In a transaction that puts a tag of this name, of two such at the
    /// same time one fails.
    pub async fn by_name(&self, name: &str) -> Result<Option<Tag>, StoreError> {
        let found = raw::follow(self.engine, by_name(name).below(), 1).await?;
        Ok(found.into_iter().next().map(|found| found.record))
    }

    /// In the order of their making.
    pub async fn list(&self) -> Result<Vec<Tag>, StoreError> {
        raw::select(self.engine, Tag::key().below(), usize::MAX).await
    }

    /// Changes what everybody changes who adds a tag to a conversation.
    pub async fn note_addition(&self) -> Result<(), StoreError> {
        self.store.settings().next_number(ADDITIONS).await?;
        Ok(())
    }

    /// How often that was. In a transaction that reads it, a tag that is added meanwhile is a conflict.
    pub async fn additions(&self) -> Result<u64, StoreError> {
        Ok(self.store.settings().get(ADDITIONS).await?.unwrap_or(0))
    }

    /// Changes what every creation changes, so that of two in different transactions one counts again.
    pub async fn note_creation(&self) -> Result<(), StoreError> {
        self.store.settings().next_number("tag creations").await?;
        Ok(())
    }
}

fn by_name(name: &str) -> IndexKey<Tag> {
    BY_NAME.key().text(&name.to_lowercase())
}
