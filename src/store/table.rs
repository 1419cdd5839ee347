//! A tree with typed values: what repositories are made of.

use std::marker::PhantomData;

use serde::{Serialize, de::DeserializeOwned};

use crate::store::{
    StoreError,
    codec::{Key, decode, encode},
    engine::{Batch, Direction, Engine, Range},
};

/// Reads and writes values of one type.
pub struct Table<'a, V> {
    pub engine: &'a dyn Engine,
    value: PhantomData<V>,
}

impl<'a, V: Serialize + DeserializeOwned> Table<'a, V> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { engine, value: PhantomData }
    }

    pub async fn get(&self, key: Key) -> Result<Option<V>, StoreError> {
        self.engine.get(&key.done()).await?.as_deref().map(decode).transpose()
    }

    pub async fn scan(
        &self,
        range: Range,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<V>, StoreError> {
        let pairs = self.engine.scan(range, direction, limit).await?;
        pairs.iter().map(|(_, value)| decode(value)).collect()
    }

    pub fn put_in(&self, batch: &mut Batch, key: Key, value: &V) -> Result<(), StoreError> {
        batch.put(key.done(), encode(value)?);
        Ok(())
    }
}

/// Adds the removal of index entries to a batch, of those alone that lead to the record that goes with them:
/// another record may have taken an entry over. `is_own` gets the place of an entry in the list and its value.
pub async fn remove_entries_in(
    engine: &dyn Engine,
    batch: &mut Batch,
    entries: Vec<Vec<u8>>,
    is_own: impl Fn(usize, &[u8]) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    let found = engine.get_many(&entries).await?;
    for (place, (entry, value)) in entries.into_iter().zip(found).enumerate() {
        if let Some(value) = value
            && is_own(place, &value)?
        {
            batch.remove(entry);
        }
    }
    Ok(())
}

/// Removes every key of a range, in batches of bounded size.
pub async fn clear(engine: &dyn Engine, range: Range) -> Result<(), StoreError> {
    const AT_ONCE: usize = 1_000;
    loop {
        let pairs = engine.scan(range.clone(), Direction::Forward, AT_ONCE).await?;
        let last = pairs.len() < AT_ONCE;
        let mut batch = Batch::in_background();
        for (key, _) in pairs {
            batch.remove(key);
        }
        engine.commit(batch).await?;
        if last {
            return Ok(());
        }
        // The store does not wait for anything: others get their turn between two batches.
        tokio::task::yield_now().await;
    }
}
