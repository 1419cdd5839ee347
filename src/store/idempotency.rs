//! First answers to writes that carried an `Idempotency-Key`.

use crate::{
    domain::Timestamp,
    store::{
        StoreError,
        codec::{Key, decode},
        engine::{Batch, Direction, Engine},
        records::FirstAnswer,
        table::Table,
        trees::Tree,
    },
};

pub struct Idempotency<'a> {
    table: Table<'a, FirstAnswer>,
}

impl<'a> Idempotency<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { table: Table::new(engine) }
    }

    pub async fn get(&self, scope: &str, key: &str) -> Result<Option<FirstAnswer>, StoreError> {
        self.table.get(answer_key(scope, key)).await
    }

    /// Durable when it returns.
    pub async fn put(
        &self,
        scope: &str,
        key: &str,
        answer: &FirstAnswer,
    ) -> Result<(), StoreError> {
        self.table.put(answer_key(scope, key), answer).await
    }

    /// Drops those older than `before` among the first `limit`. How many.
    pub async fn prune(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let all = Key::new(Tree::Idempotency).all();
        let mut batch = Batch::new();
        for (key, bytes) in self.table.engine.scan(all, Direction::Forward, limit).await? {
            if decode::<FirstAnswer>(&bytes)?.at < before {
                batch.remove(key);
            }
        }
        let dropped = batch.writes.len();
        self.table.engine.commit(batch).await?;
        Ok(dropped)
    }
}

fn answer_key(scope: &str, key: &str) -> Key {
    Key::new(Tree::Idempotency).text(scope).text(key)
}
