//! Which building of the search index belongs to the store. What lies in the index, the store cannot know; an
//! index with another mark is built again.

use async_trait::async_trait;
use uuid::Uuid;

use crate::store::{
    Key, ReindexStep, Settings, Store, StoreError, Tree,
    raw::{Engine, clear},
};

const MARK: &str = "search index";
/// Messages that were to be indexed, by number: notes of older versions.
const UNINDEXED: Tree = Tree::new(60, "Unindexed");

/// None when no index is in step with the store.
pub async fn get(store: &Store) -> Result<Option<Uuid>, StoreError> {
    let mark: Option<Uuid> = store.settings().get(MARK).await?;
    Ok(mark.filter(|mark| !mark.is_nil()))
}

/// Nil for none. Durable on return.
pub async fn set(store: &Store, mark: Uuid) -> Result<(), StoreError> {
    store.settings().put(MARK, &mark).await
}

/// Removes the notes of messages that were to be indexed, which older versions kept.
pub async fn forget_notes(store: &Store) -> Result<(), StoreError> {
    clear(store.engine(), Key::new(UNINDEXED).all()).await
}

/// A reindex makes the index of the search a stranger, so that it is built again.
pub struct Reindexing;

#[async_trait]
impl ReindexStep for Reindexing {
    async fn before(&self, engine: &dyn Engine) -> Result<(), StoreError> {
        Settings::new(engine).put(MARK, &Uuid::nil()).await
    }
}
