//! Deliveries to webhook endpoints, with their attempts. Waiting ones change through
//! [`DeliveryQueueChange`](crate::webhooks::stored::DeliveryQueueChange); those delivered at the first attempt lie packed in the archive.

use std::cmp::Reverse;

use uuid::Uuid;

use crate::{
    domain::Timestamp,
    store::{
        Batch, Key, StoreError,
        raw::{Direction, Engine, Table, clear, decode},
    },
    webhooks::stored::{
        delivery_archive,
        delivery_queue::{self, delivery_key},
        records::{Attempt, Delivery, DeliveryState},
        trees::{ATTEMPTS, DELIVERIES, DELIVERIES_WAITING},
    },
};

/// Most deliveries that a filtered page examines, so that a rare state in a long list does not hold up a caller.
const LOOKED_AT: usize = 10_000;
/// Deliveries read at once.
const READ_AT_ONCE: usize = 500;
/// Attempts of one delivery that are stored: an endpoint that is down for weeks makes thousands.
const FIRST_ATTEMPTS: usize = 5;
const LAST_ATTEMPTS: usize = 20;

pub struct Deliveries<'a> {
    table: Table<'a, Delivery>,
}

impl<'a> Deliveries<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { table: Table::new(engine) }
    }

    pub async fn get(&self, webhook: Uuid, id: Uuid) -> Result<Option<Delivery>, StoreError> {
        match self.table.get(delivery_key(webhook, id)).await? {
            Some(delivery) => Ok(Some(delivery)),
            None => delivery_archive::get(self.table.engine, webhook, id).await,
        }
    }

    /// Deliveries before the named one, newest first, optionally in one state.
    pub async fn page(
        &self,
        webhook: Uuid,
        state: Option<DeliveryState>,
        before: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let of_webhook = Key::new(DELIVERIES).uuid(webhook);
        let range = match before {
            Some(id) => of_webhook.until(delivery_key(webhook, id)),
            None => of_webhook.all(),
        };
        let looked_at = if state.is_some() { LOOKED_AT } else { limit };
        let mut found = self.table.scan(range, Direction::Backward, looked_at).await?;
        if state.is_none_or(|state| state == DeliveryState::Delivered) {
            found.extend(
                delivery_archive::before(self.table.engine, webhook, before, looked_at).await?,
            );
            found.sort_unstable_by_key(|delivery| Reverse(delivery.id));
            found.truncate(looked_at);
        }
        found.retain(|delivery| state.is_none_or(|state| delivery.state == state));
        found.truncate(limit);
        Ok(found)
    }

    /// Deliveries after the named one, oldest first, without the archive of first attempts.
    pub async fn after(
        &self,
        webhook: Uuid,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut range = Key::new(DELIVERIES).uuid(webhook).all();
        if let Some(id) = after {
            range.start = delivery_key(webhook, id).all().end;
        }
        self.table.scan(range, Direction::Forward, limit).await
    }

    /// The waiting delivery of the oldest event.
    pub async fn oldest_waiting(&self, webhook: Uuid) -> Result<Option<Delivery>, StoreError> {
        let all = Key::new(DELIVERIES_WAITING).uuid(webhook).all();
        let places = self.table.engine.scan(all, Direction::Forward, 1).await?;
        let Some((_, delivery_key)) = places.first() else { return Ok(None) };
        self.table.engine.get(delivery_key).await?.as_deref().map(decode).transpose()
    }

    /// The due heads of lanes that are not taken.
    pub async fn due(
        &self,
        webhook: Uuid,
        now: Timestamp,
        taken: delivery_queue::Taken<'_>,
        limit: usize,
    ) -> Result<delivery_queue::Due, StoreError> {
        delivery_queue::due(self.table.engine, webhook, now, taken, limit).await
    }

    /// Whether a lane has a waiting delivery.
    pub async fn is_queued(&self, webhook: Uuid, lane: &str) -> Result<bool, StoreError> {
        delivery_queue::has(self.table.engine, webhook, lane).await
    }

    /// The head of each lane, by due time.
    pub async fn heads(&self, webhook: Uuid, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        delivery_queue::heads(self.table.engine, webhook, Direction::Forward, limit).await
    }

    /// The same, latest due time first.
    pub async fn heads_due_last(
        &self,
        webhook: Uuid,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        delivery_queue::heads(self.table.engine, webhook, Direction::Backward, limit).await
    }

    /// The first and the last attempts, in order. If the delivery was put back in the queue since it was read, its
    /// last attempt is a record of its own and listed once.
    pub async fn attempts(&self, delivery: &Delivery) -> Result<Vec<Attempt>, StoreError> {
        let all = Key::new(ATTEMPTS).uuid(delivery.id).all();
        let mut attempts: Vec<Attempt> =
            Table::new(self.table.engine).scan(all, Direction::Forward, usize::MAX).await?;
        let last = delivery.last_attempt.as_deref();
        let last = last.filter(|last| attempts.iter().all(|one| one.number != last.number));
        attempts.extend(last.cloned());
        // Former versions stored all attempts.
        if let Some(left_out) = attempts.len().checked_sub(FIRST_ATTEMPTS + LAST_ATTEMPTS) {
            attempts.drain(FIRST_ATTEMPTS..FIRST_ATTEMPTS + left_out);
        }
        Ok(attempts)
    }

    /// Adds a dead letter that was never queued.
    pub fn add_dead_in(&self, batch: &mut Batch, delivery: &Delivery) -> Result<(), StoreError> {
        self.table.put_in(batch, delivery_key(delivery.webhook, delivery.id), delivery)
    }

    /// Adds deliveries at the first attempt to the archive. At most once in a batch.
    pub async fn add_delivered_in(
        &self,
        batch: &mut Batch,
        webhook: Uuid,
        delivered: Vec<(Delivery, Attempt)>,
    ) -> Result<(), StoreError> {
        delivery_archive::add_in(self.table.engine, batch, webhook, delivered).await
    }

    /// Takes a delivery out of the archive before it is queued.
    pub async fn take_delivered_in(
        &self,
        batch: &mut Batch,
        delivery: &Delivery,
    ) -> Result<(), StoreError> {
        delivery_archive::take_out_in(self.table.engine, batch, delivery.webhook, delivery.id).await
    }

    async fn remove_attempts_in(
        &self,
        batch: &mut Batch,
        delivery: &Delivery,
    ) -> Result<(), StoreError> {
        if delivery.attempts <= 1 && delivery.last_attempt.is_some() {
            return Ok(());
        }
        let all = Key::new(ATTEMPTS).uuid(delivery.id).all();
        for (key, _) in self.table.engine.scan(all, Direction::Forward, usize::MAX).await? {
            batch.remove(key);
        }
        Ok(())
    }

    /// Adds an attempt. The first and the last few are stored: a new one replaces the oldest between them.
    pub fn add_attempt_in(&self, batch: &mut Batch, attempt: &Attempt) -> Result<(), StoreError> {
        let key = |number: u64| Key::new(ATTEMPTS).uuid(attempt.delivery).number(number);
        let number = u64::from(attempt.number);
        // The number of attempts counts from 1, without gaps.
        let oldest = number.saturating_sub(LAST_ATTEMPTS as u64);
        if (FIRST_ATTEMPTS as u64) < oldest {
            batch.remove(key(oldest).done());
        }
        Table::new(self.table.engine).put_in(batch, key(number), attempt)
    }

    /// Removes all deliveries of an endpoint and their attempts.
    pub async fn clear(&self, webhook: Uuid) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let page = self.after(webhook, after, READ_AT_ONCE).await?;
            for delivery in &page {
                clear(self.table.engine, Key::new(ATTEMPTS).uuid(delivery.id).all()).await?;
            }
            match page.last() {
                Some(last) => after = Some(last.id),
                None => break,
            }
        }
        clear(self.table.engine, Key::new(DELIVERIES).uuid(webhook).all()).await?;
        delivery_archive::forget(self.table.engine, webhook).await?;
        delivery_queue::forget(self.table.engine, webhook).await
    }
}

/// Pruning of finished deliveries, by age and, for delivered ones, by number. Waiting ones stay. Runs in steps, so
/// that other work on the endpoint can go on in between.
#[derive(Clone)]
pub struct Pruning {
    webhook: Uuid,
    /// How many more delivered ones stay.
    keep: usize,
    older_than: Timestamp,
    before: Option<Uuid>,
    /// Pruning of the archive, which comes first.
    first: delivery_archive::Pruning,
    is_over: bool,
}

impl Pruning {
    pub fn new(webhook: Uuid, keep: usize, older_than: Timestamp) -> Self {
        let first = delivery_archive::Pruning::new(webhook, keep, older_than);
        Self { webhook, keep, older_than, before: None, first, is_over: false }
    }

    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Returns how many were removed.
    pub async fn step(&mut self, deliveries: &Deliveries<'_>) -> Result<usize, StoreError> {
        let table = &deliveries.table;
        if !self.first.is_over {
            return self.first.step(table.engine).await;
        }
        let of_webhook = Key::new(DELIVERIES).uuid(self.webhook);
        let range = match self.before {
            Some(id) => of_webhook.until(delivery_key(self.webhook, id)),
            None => of_webhook.all(),
        };
        let page = table.scan(range, Direction::Backward, READ_AT_ONCE).await?;
        self.before = page.last().map(|last| last.id);
        self.is_over = self.before.is_none();
        let (mut batch, mut removed) = (Batch::in_background(), 0);
        for delivery in page {
            if !self.is_kept(&delivery) {
                deliveries.remove_attempts_in(&mut batch, &delivery).await?;
                batch.remove(delivery_key(self.webhook, delivery.id).done());
                removed += 1;
            }
        }
        if 0 < removed {
            table.engine.commit(batch).await?;
        }
        Ok(removed)
    }

    fn is_kept(&mut self, delivery: &Delivery) -> bool {
        let is_old = delivery.finished_at.is_some_and(|at| at < self.older_than);
        match delivery.state {
            DeliveryState::Waiting => true,
            DeliveryState::Dead => !is_old,
            DeliveryState::Delivered => {
                let has_room = 0 < self.keep;
                self.keep = self.keep.saturating_sub(1);
                !is_old && has_room
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::clock::from_seconds, store::Store, webhooks::stored::WebhookTables};

    fn failed(delivery: Uuid, number: u32) -> Attempt {
        Attempt {
            delivery,
            number,
            at: from_seconds(0),
            duration_ms: 1,
            status: Some(500),
            error: None,
            response: None,
            is_public: false,
        }
    }

    fn dead(id: Uuid) -> Delivery {
        Delivery {
            id,
            webhook: Uuid::now_v7(),
            seq: 1,
            event: Uuid::now_v7(),
            event_name: "message".to_owned(),
            lane: "lane".to_owned(),
            state: DeliveryState::Dead,
            attempts: 1,
            earlier_attempts: 0,
            failed_after: None,
            next_attempt_at: None,
            created_at: from_seconds(0),
            finished_at: Some(from_seconds(0)),
            last_attempt: None,
        }
    }

    #[tokio::test]
    async fn an_attempt_is_listed_once_though_its_delivery_was_put_back_in_line_meanwhile() {
        let store = Store::temporary().await.unwrap();
        let attempt = failed(Uuid::now_v7(), 1);
        let last_attempt = Some(Box::new(attempt.clone()));
        let read = Delivery { last_attempt, ..dead(attempt.delivery) };
        let all = std::slice::from_ref(&attempt);
        assert_eq!(store.deliveries().attempts(&read).await.unwrap(), all);
        let mut batch = Batch::new();
        store.deliveries().add_attempt_in(&mut batch, &attempt).unwrap();
        store.commit(batch).await.unwrap();
        assert_eq!(store.deliveries().attempts(&read).await.unwrap(), all);
    }

    #[tokio::test]
    async fn of_many_attempts_the_first_and_the_last_are_kept() {
        let store = Store::temporary().await.unwrap();
        let delivery = Delivery { attempts: 1_000, last_attempt: None, ..dead(Uuid::now_v7()) };
        for number in 1..=1_000 {
            let mut batch = Batch::new();
            let attempt = failed(delivery.id, number);
            store.deliveries().add_attempt_in(&mut batch, &attempt).unwrap();
            store.commit(batch).await.unwrap();
        }
        let all = Key::new(ATTEMPTS).uuid(delivery.id).all();
        let held = store.deliveries().table.engine.scan(all, Direction::Forward, usize::MAX).await;
        assert_eq!(held.unwrap().len(), 25);
        let kept = store.deliveries().attempts(&delivery).await.unwrap();
        let numbers: Vec<u32> = kept.iter().map(|attempt| attempt.number).collect();
        assert_eq!(numbers, (1..=5).chain(981..=1_000).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn what_waits_is_never_pruned_and_of_the_rest_the_newest_stay() {
        let (store, webhook) = (Store::temporary().await.unwrap(), Uuid::now_v7());
        let states = [
            DeliveryState::Waiting,
            DeliveryState::Dead,
            DeliveryState::Delivered,
            DeliveryState::Delivered,
            DeliveryState::Delivered,
        ];
        let mut change = store.change_delivery_queue(webhook);
        for (seq, state) in (1..).zip(states) {
            change.put(Delivery {
                id: Uuid::now_v7(),
                webhook,
                seq,
                event: Uuid::now_v7(),
                event_name: "message".to_owned(),
                lane: "lane".to_owned(),
                state,
                attempts: 1,
                earlier_attempts: 0,
                failed_after: None,
                next_attempt_at: None,
                created_at: from_seconds(0),
                last_attempt: None,
                finished_at: (state != DeliveryState::Waiting).then(|| from_seconds(100)),
            });
        }
        let mut batch = Batch::new();
        change.write_in(&mut batch).await.unwrap();
        store.commit(batch).await.unwrap();
        let kept = async || {
            let all = store.deliveries().after(webhook, None, 10).await.unwrap();
            all.iter().map(|delivery| delivery.seq).collect::<Vec<_>>()
        };
        let prune = async |older_than| {
            let mut pruning = Pruning::new(webhook, 2, from_seconds(older_than));
            let mut removed = 0;
            while !pruning.is_over() {
                removed += pruning.step(&store.deliveries()).await.unwrap();
            }
            removed
        };
        assert_eq!(prune(50).await, 1);
        assert_eq!(kept().await, [1, 2, 4, 5]);
        assert_eq!(prune(101).await, 3);
        assert_eq!(kept().await, [1]);
    }
}
