//! Which building of the search index belongs to this store. What lies in the index, the store cannot know; an
//! index with another mark is built again.

use uuid::Uuid;

use crate::store::{
    StoreError, codec::Key, engine::Engine, settings::Settings, table::clear, trees::Tree,
};

const MARK: &str = "search index";

pub struct SearchMark<'a> {
    engine: &'a dyn Engine,
}

impl<'a> SearchMark<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { engine }
    }

    /// None when no index is in step with the store.
    pub async fn get(&self) -> Result<Option<Uuid>, StoreError> {
        let mark: Option<Uuid> = Settings::new(self.engine).get(MARK).await?;
        Ok(mark.filter(|mark| !mark.is_nil()))
    }

    /// Removes the notes of messages that were to be indexed, which older versions kept.
    pub async fn forget_notes(&self) -> Result<(), StoreError> {
        clear(self.engine, Key::new(Tree::UNINDEXED).all()).await
    }

    /// Nil for none. Durable on return.
    pub async fn set(&self, mark: Uuid) -> Result<(), StoreError> {
        Settings::new(self.engine).put(MARK, &mark).await
    }
}
