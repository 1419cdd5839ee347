//! Small values of the store itself: its layout, counters, the probe.

use serde::{Serialize, de::DeserializeOwned};

use crate::store::{
    StoreError,
    codec::{Key, decode, encode},
    engine::{Batch, Engine},
    trees::Tree,
};

pub struct Settings<'a> {
    engine: &'a dyn Engine,
}

impl<'a> Settings<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { engine }
    }

    pub async fn get<V: DeserializeOwned>(&self, name: &str) -> Result<Option<V>, StoreError> {
        self.engine.get(&key(name)).await?.as_deref().map(decode).transpose()
    }

    /// Durable when it returns.
    pub async fn put<V: Serialize>(&self, name: &str, value: &V) -> Result<(), StoreError> {
        self.put_lazily(name, value).await?;
        self.engine.durable().await
    }

    /// The next number of a counter, from 1. In a transaction none is given twice.
    pub async fn next_number(&self, counter: &str) -> Result<u64, StoreError> {
        let next = self.get::<u64>(counter).await?.unwrap_or(0) + 1;
        self.put_lazily(counter, &next).await?;
        Ok(next)
    }

    pub async fn put_lazily<V: Serialize>(&self, name: &str, value: &V) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        batch.put(key(name), encode(value)?);
        self.engine.commit(batch).await
    }
}

fn key(name: &str) -> Vec<u8> {
    Key::new(Tree::SETTINGS).text(name).done()
}
