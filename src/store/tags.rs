//! Labels for conversations, by id.

use uuid::Uuid;

use crate::{
    domain::conversation::Tag,
    store::{
        StoreError,
        codec::Key,
        engine::{Batch, Direction, Engine},
        table::Table,
        trees::Tree,
    },
};

pub struct Tags<'a> {
    table: Table<'a, Tag>,
}

impl<'a> Tags<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { table: Table::new(engine) }
    }

    pub async fn get(&self, id: Uuid) -> Result<Option<Tag>, StoreError> {
        self.table.get(key(id)).await
    }

    /// In the order of their making.
    pub async fn list(&self) -> Result<Vec<Tag>, StoreError> {
        self.table.scan(Key::new(Tree::Tags).all(), Direction::Forward, usize::MAX).await
    }

    /// Durable when it returns.
    pub async fn put(&self, tag: &Tag) -> Result<(), StoreError> {
        self.table.put(key(tag.id), tag).await
    }

    /// Durable when it returns.
    pub async fn remove(&self, id: Uuid) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        batch.remove(key(id).done());
        self.table.engine.commit(batch).await?;
        self.table.engine.durable().await
    }
}

fn key(id: Uuid) -> Key {
    Key::new(Tree::Tags).uuid(id)
}
