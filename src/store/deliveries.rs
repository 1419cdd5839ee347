//! Deliveries to webhook endpoints, with every attempt. What waits is changed through
//! [`crate::store::LineChange`]; what succeeded at the first try lies in records of many.

use std::cmp::Reverse;

use uuid::Uuid;

use crate::{
    domain::Timestamp,
    store::{
        StoreError,
        codec::{Key, decode},
        delivered,
        engine::{Batch, Direction, Engine},
        line,
        records::{Attempt, Delivery, DeliveryState},
        table::{Table, clear},
        trees::Tree,
    },
};

/// How many deliveries a filtered page looks at before it ends, so that a rare state in a long
/// list cannot hold up a caller.
const LOOKED_AT: usize = 10_000;
/// How many are read at once where all are.
const READ_AT_ONCE: usize = 500;
/// Attempts of one delivery that are kept: an endpoint that is down for weeks makes thousands.
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
        match self.table.get(key(webhook, id)).await? {
            Some(delivery) => Ok(Some(delivery)),
            None => delivered::get(self.table.engine, webhook, id).await,
        }
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
        if state.is_none_or(|state| state == DeliveryState::Delivered) {
            found.extend(delivered::before(self.table.engine, webhook, before, looked_at).await?);
            found.sort_unstable_by_key(|delivery| Reverse(delivery.id));
            found.truncate(looked_at);
        }
        found.retain(|delivery| state.is_none_or(|state| delivery.state == state));
        found.truncate(limit);
        Ok(found)
    }

    /// Oldest first, after the delivery named: those that were not delivered at the first try.
    pub async fn after(
        &self,
        webhook: Uuid,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut range = Key::new(Tree::Deliveries).uuid(webhook).all();
        if let Some(id) = after {
            range.start = key(webhook, id).all().end;
        }
        self.table.scan(range, Direction::Forward, limit).await
    }

    /// The waiting delivery of the oldest event.
    pub async fn oldest_waiting(&self, webhook: Uuid) -> Result<Option<Delivery>, StoreError> {
        let all = Key::new(Tree::DeliveriesWaiting).uuid(webhook).all();
        let places = self.table.engine.scan(all, Direction::Forward, 1).await?;
        let Some((_, delivery_key)) = places.first() else { return Ok(None) };
        self.table.engine.get(delivery_key).await?.as_deref().map(decode).transpose()
    }

    /// The heads of lanes that are due, but for those of the lanes that are taken.
    pub async fn due(
        &self,
        webhook: Uuid,
        now: Timestamp,
        taken: line::Taken<'_>,
        limit: usize,
    ) -> Result<line::Due, StoreError> {
        line::due(self.table.engine, webhook, now, taken, limit).await
    }

    /// Whether something of a lane waits in the line.
    pub async fn is_lined_up(&self, webhook: Uuid, lane: &str) -> Result<bool, StoreError> {
        line::has(self.table.engine, webhook, lane).await
    }

    /// The first waiting delivery of each lane, those due first at the beginning.
    pub async fn heads(&self, webhook: Uuid, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        line::heads(self.table.engine, webhook, Direction::Forward, limit).await
    }

    /// The same from the other end.
    pub async fn heads_due_last(
        &self,
        webhook: Uuid,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        line::heads(self.table.engine, webhook, Direction::Backward, limit).await
    }

    /// The first and the last attempts, in order. The delivery may have been put back in line since it was
    /// read: then the attempt that had ended it is among the others.
    pub async fn attempts(&self, delivery: &Delivery) -> Result<Vec<Attempt>, StoreError> {
        let all = Key::new(Tree::Attempts).uuid(delivery.id).all();
        let mut attempts: Vec<Attempt> =
            Table::new(self.table.engine).scan(all, Direction::Forward, usize::MAX).await?;
        let last = delivery.last_attempt.as_deref();
        let last = last.filter(|last| attempts.iter().all(|one| one.number != last.number));
        attempts.extend(last.cloned());
        // An older gateway kept them all.
        if let Some(left_out) = attempts.len().checked_sub(FIRST_ATTEMPTS + LAST_ATTEMPTS) {
            attempts.drain(FIRST_ATTEMPTS..FIRST_ATTEMPTS + left_out);
        }
        Ok(attempts)
    }

    /// Adds one that is dead and never was in the line.
    pub fn add_dead_in(&self, batch: &mut Batch, delivery: &Delivery) -> Result<(), StoreError> {
        self.table.put_in(batch, key(delivery.webhook, delivery.id), delivery)
    }

    /// Adds some of one endpoint that were delivered at the first try. Once in a batch.
    pub async fn add_delivered_in(
        &self,
        batch: &mut Batch,
        webhook: Uuid,
        delivered: Vec<(Delivery, Attempt)>,
    ) -> Result<(), StoreError> {
        delivered::add_in(self.table.engine, batch, webhook, delivered).await
    }

    /// One that was delivered at the first try is to go into the line.
    pub async fn take_delivered_in(
        &self,
        batch: &mut Batch,
        delivery: &Delivery,
    ) -> Result<(), StoreError> {
        delivered::take_out_in(self.table.engine, batch, delivery.webhook, delivery.id).await
    }

    async fn remove_attempts_in(
        &self,
        batch: &mut Batch,
        delivery: &Delivery,
    ) -> Result<(), StoreError> {
        if delivery.attempts <= 1 && delivery.last_attempt.is_some() {
            return Ok(());
        }
        let all = Key::new(Tree::Attempts).uuid(delivery.id).all();
        for (key, _) in self.table.engine.scan(all, Direction::Forward, usize::MAX).await? {
            batch.remove(key);
        }
        Ok(())
    }

    /// Adds an attempt. The first few are kept, and the last: another one takes the place of the oldest
    /// between them.
    pub fn add_attempt_in(&self, batch: &mut Batch, attempt: &Attempt) -> Result<(), StoreError> {
        let key = |number: u64| Key::new(Tree::Attempts).uuid(attempt.delivery).number(number);
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
                clear(self.table.engine, Key::new(Tree::Attempts).uuid(delivery.id).all()).await?;
            }
            match page.last() {
                Some(last) => after = Some(last.id),
                None => break,
            }
        }
        clear(self.table.engine, Key::new(Tree::Deliveries).uuid(webhook).all()).await?;
        delivered::forget(self.table.engine, webhook).await?;
        line::forget(self.table.engine, webhook).await
    }
}

/// The removal of what was finished before a time, and of what was delivered all but the newest at the first
/// try, or a few more, and the newest of the others. What waits stays. It goes step by step, so that others
/// get their turn in between.
#[derive(Clone)]
pub struct Pruning {
    webhook: Uuid,
    /// How many more of those delivered are kept.
    keep: usize,
    older_than: Timestamp,
    before: Option<Uuid>,
    /// Of those delivered at the first try, which come first.
    first: delivered::Pruning,
    is_over: bool,
}

impl Pruning {
    pub fn new(webhook: Uuid, keep: usize, older_than: Timestamp) -> Self {
        let first = delivered::Pruning::new(webhook, keep, older_than);
        Self { webhook, keep, older_than, before: None, first, is_over: false }
    }

    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// How many were removed.
    pub async fn step(&mut self, deliveries: &Deliveries<'_>) -> Result<usize, StoreError> {
        let table = &deliveries.table;
        if !self.first.is_over {
            return self.first.step(table.engine).await;
        }
        let of_webhook = Key::new(Tree::Deliveries).uuid(self.webhook);
        let range = match self.before {
            Some(id) => of_webhook.until(key(self.webhook, id)),
            None => of_webhook.all(),
        };
        let page = table.scan(range, Direction::Backward, READ_AT_ONCE).await?;
        self.before = page.last().map(|last| last.id);
        self.is_over = self.before.is_none();
        let (mut batch, mut removed) = (Batch::new(), 0);
        for delivery in page {
            if !self.is_kept(&delivery) {
                deliveries.remove_attempts_in(&mut batch, &delivery).await?;
                batch.remove(key(self.webhook, delivery.id).done());
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

pub fn key(webhook: Uuid, id: Uuid) -> Key {
    Key::new(Tree::Deliveries).uuid(webhook).uuid(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::clock::from_seconds, store::Store};

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
        let all = Key::new(Tree::Attempts).uuid(delivery.id).all();
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
        let mut change = store.change_line(webhook);
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
