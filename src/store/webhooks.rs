//! Webhook endpoints and how far each has come in the event log.

use uuid::Uuid;

use crate::{
    domain::SessionRef,
    store::{
        StoreError,
        codec::{Key, decode, encode},
        deliveries::Deliveries,
        engine::{Batch, Direction, Engine},
        records::{Reading, WebhookRecord},
        table::Table,
        trees::Tree,
    },
};

pub struct Webhooks<'a> {
    table: Table<'a, WebhookRecord>,
}

impl<'a> Webhooks<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { table: Table::new(engine) }
    }

    pub async fn get(&self, id: Uuid) -> Result<Option<WebhookRecord>, StoreError> {
        self.table.get(key(id)).await
    }

    /// Those of one session, or those for all sessions (`None`).
    pub async fn list(
        &self,
        session: Option<&SessionRef>,
    ) -> Result<Vec<WebhookRecord>, StoreError> {
        let mut records = self.all().await?;
        records.retain(|record| record.session().as_ref() == session);
        Ok(records)
    }

    pub async fn all(&self) -> Result<Vec<WebhookRecord>, StoreError> {
        self.table.scan(Key::new(Tree::Webhooks).all(), Direction::Forward, usize::MAX).await
    }

    /// Durable when it returns.
    pub async fn put(&self, record: &WebhookRecord) -> Result<(), StoreError> {
        self.table.put(key(record.id), record).await
    }

    pub fn put_in(&self, batch: &mut Batch, record: &WebhookRecord) -> Result<(), StoreError> {
        self.table.put_in(batch, key(record.id), record)
    }

    /// Removes the endpoint, its cursor and its deliveries. Durable when it returns.
    pub async fn remove(&self, id: Uuid) -> Result<(), StoreError> {
        Deliveries::new(self.table.engine).clear(id).await?;
        let mut batch = Batch::new();
        batch.remove(key(id).done());
        batch.remove(cursor_key(id));
        self.table.engine.commit(batch).await?;
        self.table.engine.durable().await
    }

    /// How far this endpoint has read the log.
    pub async fn reading(&self, id: Uuid) -> Result<Option<Reading>, StoreError> {
        self.table.engine.get(&cursor_key(id)).await?.as_deref().map(decode).transpose()
    }

    pub fn set_reading_in(
        &self,
        batch: &mut Batch,
        id: Uuid,
        reading: &Reading,
    ) -> Result<(), StoreError> {
        batch.put(cursor_key(id), encode(reading)?);
        Ok(())
    }
}

fn key(id: Uuid) -> Key {
    Key::new(Tree::Webhooks).uuid(id)
}

fn cursor_key(id: Uuid) -> Vec<u8> {
    Key::new(Tree::WebhookCursors).uuid(id).done()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_read_back_also_where_it_is_but_a_number() {
        let reading = Reading { read_to: 9, open: vec![4, 7] };
        assert_eq!(decode::<Reading>(&encode(&reading).unwrap()).unwrap(), reading);
        let number = decode::<Reading>(&encode(&9).unwrap()).unwrap();
        assert_eq!(number, Reading::up_to(9));
        assert_eq!((reading.needed_from(), number.needed_from()), (4, 10));
    }
}
