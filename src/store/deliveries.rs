//! Deliveries to webhook endpoints, with every attempt.

use uuid::Uuid;

use crate::store::{
    StoreError,
    codec::{Key, decode},
    engine::{Batch, Direction, Engine},
    records::{Attempt, Delivery, DeliveryState},
    table::{Table, clear},
    trees::Tree,
};

/// How many deliveries a filtered page looks at before it ends, so that a rare state in a long
/// list cannot hold up a caller.
const LOOKED_AT: usize = 10_000;

pub struct Deliveries<'a> {
    table: Table<'a, Delivery>,
}

impl<'a> Deliveries<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { table: Table::new(engine) }
    }

    pub async fn get(&self, webhook: Uuid, id: Uuid) -> Result<Option<Delivery>, StoreError> {
        self.table.get(key(webhook, id)).await
    }

    /// Newest first, optionally in one state, before the delivery named.
    pub async fn page(
        &self,
        webhook: Uuid,
        state: Option<DeliveryState>,
        before: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let of_webhook = Key::new(Tree::Deliveries).uuid(webhook);
        let range = match before {
            Some(id) => of_webhook.until(key(webhook, id)),
            None => of_webhook.all(),
        };
        let looked_at = if state.is_some() { LOOKED_AT } else { limit };
        let mut found = self.table.scan(range, Direction::Backward, looked_at).await?;
        found.retain(|delivery| state.is_none_or(|state| delivery.state == state));
        found.truncate(limit);
        Ok(found)
    }

    /// Those that wait for an attempt, in the order of their events.
    pub async fn waiting(&self, webhook: Uuid, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        let all = Key::new(Tree::DeliveriesWaiting).uuid(webhook).all();
        let places = self.table.engine.scan(all, Direction::Forward, limit).await?;
        let mut deliveries = Vec::with_capacity(places.len());
        for (_, delivery_key) in places {
            if let Some(bytes) = self.table.engine.get(&delivery_key).await? {
                deliveries.push(decode(&bytes)?);
            }
        }
        Ok(deliveries)
    }

    pub fn put_in(&self, batch: &mut Batch, delivery: &Delivery) -> Result<(), StoreError> {
        let place = Key::new(Tree::DeliveriesWaiting)
            .uuid(delivery.webhook)
            .number(delivery.seq)
            .uuid(delivery.id)
            .done();
        match delivery.state {
            DeliveryState::Waiting => batch.put(place, key(delivery.webhook, delivery.id).done()),
            DeliveryState::Delivered | DeliveryState::Dead => batch.remove(place),
        }
        self.table.put_in(batch, key(delivery.webhook, delivery.id), delivery)
    }

    pub async fn attempts(&self, delivery: Uuid) -> Result<Vec<Attempt>, StoreError> {
        let all = Key::new(Tree::Attempts).uuid(delivery).all();
        Table::new(self.table.engine).scan(all, Direction::Forward, usize::MAX).await
    }

    pub fn add_attempt_in(&self, batch: &mut Batch, attempt: &Attempt) -> Result<(), StoreError> {
        let key = Key::new(Tree::Attempts).uuid(attempt.delivery).number(attempt.number.into());
        Table::new(self.table.engine).put_in(batch, key, attempt)
    }

    /// Removes all deliveries of an endpoint and their attempts.
    pub async fn clear(&self, webhook: Uuid) -> Result<(), StoreError> {
        let of_webhook = || Key::new(Tree::Deliveries).uuid(webhook);
        let mut before = None;
        loop {
            let page = self.page(webhook, None, before, 1_000).await?;
            for delivery in &page {
                clear(self.table.engine, Key::new(Tree::Attempts).uuid(delivery.id).all()).await?;
            }
            match page.last() {
                Some(last) => before = Some(last.id),
                None => break,
            }
        }
        clear(self.table.engine, of_webhook().all()).await?;
        clear(self.table.engine, Key::new(Tree::DeliveriesWaiting).uuid(webhook).all()).await
    }
}

fn key(webhook: Uuid, id: Uuid) -> Key {
    Key::new(Tree::Deliveries).uuid(webhook).uuid(id)
}
