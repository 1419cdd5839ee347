//! Labels for conversations, by id.

use uuid::Uuid;

use crate::{
    domain::conversation::Tag,
    store::{
        StoreError,
        codec::Key,
        engine::{Batch, Engine},
        record::{self, Record, Scope, Table},
        trees::Tree,
    },
};

impl Record for Tag {
    const TABLE: Table =
        Table { tree: Tree::Tags, owner: "messaging", indexes: &[], scope: Scope::Gateway };
}

pub struct Tags<'a> {
    engine: &'a dyn Engine,
}

impl<'a> Tags<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { engine }
    }

    pub async fn get(&self, id: Uuid) -> Result<Option<Tag>, StoreError> {
        record::get(self.engine, &key(id)).await
    }

    /// In the order of their making.
    pub async fn list(&self) -> Result<Vec<Tag>, StoreError> {
        record::select(self.engine, Tag::key().below(), usize::MAX).await
    }

    /// Durable when it returns.
    pub async fn put(&self, tag: &Tag) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        record::put_in(&mut batch, &key(tag.id), tag)?;
        self.engine.commit(batch).await?;
        self.engine.durable().await
    }

    /// Durable when it returns.
    pub async fn remove(&self, id: Uuid) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        batch.remove(key(id).done());
        self.engine.commit(batch).await?;
        self.engine.durable().await
    }
}

fn key(id: Uuid) -> Key<Tag> {
    Tag::key().uuid(id)
}
