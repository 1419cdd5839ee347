//! Notes of a migration in the store itself: the layout, the step under way, and its checkpoint.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::store::{
    SCHEMA, StoreError,
    codec::{Key, decode, encode, encode_json},
    disk::{Disk, Room},
    engine::{Batch, Direction, Engine, Range},
    trees::Tree,
};

/// The setting with the number of the layout.
pub const LAYOUT: &str = "schema";

/// The setting of a store that a step is at work on.
pub const UNDER_WAY: &str = "migration";

/// What is noted in a store while a step is at work on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderWay {
    pub from: u64,
    /// The same in the old store and in the new one.
    pub run: Uuid,
    /// How far it has come; none for its beginning.
    #[serde(default)]
    pub checkpoint: Option<Checkpoint>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Which pass over a tree, for a step that makes several.
    pub pass: usize,
    /// The last key that is done with.
    pub key: Vec<u8>,
    /// Pairs that are done with, and all that there are.
    pub done: u64,
    pub total: u64,
}

pub async fn number(engine: &dyn Engine) -> Result<Option<u64>, StoreError> {
    engine.get(&key(LAYOUT)).await?.as_deref().map(decode).transpose()
}

pub async fn under_way(engine: &dyn Engine) -> Result<Option<UnderWay>, StoreError> {
    let found: Option<UnderWay> =
        engine.get(&key(UNDER_WAY)).await?.as_deref().map(decode).transpose()?;
    match found {
        // A newer version was at work on it.
        Some(found) if SCHEMA <= found.from => {
            Err(StoreError::NewerVersion { found: found.from.saturating_add(1) })
        }
        found => Ok(found),
    }
}

/// Notes that a step begins, unless it has begun before.
pub async fn begin(engine: &dyn Engine, from: u64) -> Result<UnderWay, StoreError> {
    if let Some(found) = under_way(engine).await? {
        return Ok(found);
    }
    let begun = UnderWay { from, run: Uuid::new_v4(), checkpoint: None };
    let mut batch = Batch::new();
    batch.put(key(UNDER_WAY), encode(&begun)?);
    batch.put(key(LAYOUT), encode_json(&(from + 1))?);
    engine.commit(batch).await?;
    engine.durable().await?;
    Ok(begun)
}

/// Notes that a step is over.
pub async fn end(engine: &dyn Engine, from: u64) -> Result<(), StoreError> {
    let mut batch = Batch::new();
    batch.remove(key(UNDER_WAY));
    // As versions before this one read it, so that they say what they refuse.
    batch.put(key(LAYOUT), encode_json(&(from + 1))?);
    engine.commit(batch).await?;
    engine.durable().await
}

pub async fn is_empty(engine: &dyn Engine) -> Result<bool, StoreError> {
    Ok(engine.scan(everything(), Direction::Forward, 1).await?.is_empty())
}

/// No key begins with the highest byte.
pub fn everything() -> Range {
    Range { start: Vec::new(), end: vec![0xFF] }
}

pub fn key(setting: &str) -> Vec<u8> {
    Key::new(Tree::SETTINGS).text(setting).done()
}

pub fn check_room(disk: &Disk) -> Result<(), StoreError> {
    if disk.has_room(Room::ForBegun) { Ok(()) } else { Err(StoreError::Full) }
}
