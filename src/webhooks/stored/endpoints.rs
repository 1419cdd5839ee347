//! Webhook endpoints and their cursors in the event log.

use uuid::Uuid;

use crate::{
    store::{
        Batch, Key, Record, Scope, Settings, StoreError, Table,
        raw::{self, Engine},
    },
    webhooks::stored::{
        deliveries::Deliveries,
        records::{WebhookCursor, WebhookRecord, WebhookScope},
        trees,
    },
};

impl Record for WebhookRecord {
    const TABLE: Table =
        Table { tree: trees::WEBHOOKS, owner: "webhooks", indexes: &[], scope: Scope::Gateway };
}

impl WebhookRecord {
    pub fn at(id: Uuid) -> Key<Self> {
        Self::key().uuid(id)
    }
}

impl Record for WebhookCursor {
    const TABLE: Table = Table {
        tree: trees::WEBHOOK_CURSORS,
        owner: "webhooks",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

impl WebhookCursor {
    pub fn at(webhook: Uuid) -> Key<Self> {
        Self::key().uuid(webhook)
    }
}

pub struct Endpoints<'a> {
    engine: &'a dyn Engine,
}

impl<'a> Endpoints<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { engine }
    }

    pub async fn get(&self, id: Uuid) -> Result<Option<WebhookRecord>, StoreError> {
        raw::get(self.engine, &WebhookRecord::at(id)).await
    }

    /// The endpoints of one scope.
    pub async fn list(&self, scope: &WebhookScope) -> Result<Vec<WebhookRecord>, StoreError> {
        let mut records = self.all().await?;
        records.retain(|record| record.scope() == *scope);
        Ok(records)
    }

    pub async fn all(&self) -> Result<Vec<WebhookRecord>, StoreError> {
        raw::select(self.engine, WebhookRecord::key().below(), usize::MAX).await
    }

    /// Durable when it returns.
    pub async fn put(&self, record: &WebhookRecord) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        self.put_in(&mut batch, record)?;
        self.engine.commit(batch).await?;
        self.engine.durable().await
    }

    pub fn put_in(&self, batch: &mut Batch, record: &WebhookRecord) -> Result<(), StoreError> {
        raw::put_in(batch, &WebhookRecord::at(record.id), record)
    }

    /// Removes the endpoint, its cursor and its deliveries. Durable when it returns.
    pub async fn remove(&self, id: Uuid) -> Result<(), StoreError> {
        Deliveries::new(self.engine).clear(id).await?;
        let mut batch = Batch::new();
        batch.remove(WebhookRecord::at(id).done());
        batch.remove(WebhookCursor::at(id).done());
        self.engine.commit(batch).await?;
        self.engine.durable().await
    }

    /// Writes a record that every registration writes, so that two concurrent ones conflict.
    pub async fn note_registration(&self) -> Result<(), StoreError> {
        Settings::new(self.engine).next_number("webhook registrations").await?;
        Ok(())
    }

    /// The cursor of an endpoint.
    pub async fn cursor(&self, id: Uuid) -> Result<Option<WebhookCursor>, StoreError> {
        raw::get(self.engine, &WebhookCursor::at(id)).await
    }

    pub fn set_cursor_in(
        &self,
        batch: &mut Batch,
        id: Uuid,
        cursor: &WebhookCursor,
    ) -> Result<(), StoreError> {
        raw::put_in(batch, &WebhookCursor::at(id), cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::raw::{decode, encode};

    #[test]
    fn a_reading_is_read_back_also_where_it_is_but_a_number() {
        let cursor = WebhookCursor { read_to: 9, open: vec![4, 7] };
        assert_eq!(decode::<WebhookCursor>(&encode(&cursor).unwrap()).unwrap(), cursor);
        let number = decode::<WebhookCursor>(&encode(&9).unwrap()).unwrap();
        assert_eq!(number, WebhookCursor::up_to(9));
        assert_eq!((cursor.needed_from(), number.needed_from()), (4, 10));
    }
}
