//! Delivery queue of one endpoint: waiting deliveries, FIFO per lane.
//!
//! The queue lies on the disk, so a queue of any length costs no memory. `LaneHeads` indexes the head of each lane,
//! the waiting delivery with the lowest event number, by the time of its next attempt: due heads are at its
//! beginning. A [`DeliveryQueueChange`] updates the three indexes together. Its caller holds the endpoint's lock.

use std::collections::{BTreeMap, HashSet};

use uuid::Uuid;

use crate::{
    domain::Timestamp,
    store::{
        Batch, Key, StoreError,
        raw::{Direction, Engine, TIME, Table, clear, decode, encode, text_at, time_at},
    },
    webhooks::stored::{
        records::{Delivery, DeliveryState},
        trees::{DELIVERIES, DELIVERIES_WAITING, LANE_HEADS, LANES},
    },
};

/// Changes of one endpoint's queue, written as one batch.
pub struct DeliveryQueueChange<'a> {
    engine: &'a dyn Engine,
    webhook: Uuid,
    /// By lane.
    changed: BTreeMap<String, Vec<Delivery>>,
}

impl<'a> DeliveryQueueChange<'a> {
    pub fn new(engine: &'a dyn Engine, webhook: Uuid) -> Self {
        Self { engine, webhook, changed: BTreeMap::new() }
    }

    /// Writes a delivery in its present state, at most once for each delivery. A waiting delivery keeps its lane.
    pub fn put(&mut self, delivery: Delivery) {
        self.changed.entry(delivery.lane.clone()).or_default().push(delivery);
    }

    /// Adds all changes to a batch.
    pub async fn write_in(self, batch: &mut Batch) -> Result<(), StoreError> {
        for (lane, changed) in &self.changed {
            self.write_lane(batch, lane, changed).await?;
        }
        Ok(())
    }

    async fn write_lane(
        &self,
        batch: &mut Batch,
        lane: &str,
        changed: &[Delivery],
    ) -> Result<(), StoreError> {
        let table = Table::new(self.engine);
        // The head is among those that change, or it is the first that does not.
        let in_lane = lane_key(self.webhook, lane).all();
        let first = self.engine.scan(in_lane, Direction::Forward, changed.len() + 1).await?;
        let ids: HashSet<Uuid> = changed.iter().map(|delivery| delivery.id).collect();
        let mut unchanged = None;
        for (index, (_, id)) in first.iter().enumerate() {
            let id: Uuid = decode(id)?;
            if index != 0 && (ids.contains(&id) || unchanged.is_some()) {
                continue;
            }
            let key = delivery_key(self.webhook, id);
            let Some(delivery): Option<Delivery> = table.get(key).await? else { continue };
            if index == 0 {
                batch.remove(head_key(&delivery));
            }
            if !ids.contains(&id) {
                unchanged = Some(delivery);
            }
        }
        for delivery in changed {
            let (place, waiting) = (place(delivery), waiting_key(delivery));
            let key = delivery_key(self.webhook, delivery.id);
            if delivery.state == DeliveryState::Waiting {
                batch.put(place, encode(&delivery.id)?);
                batch.put(waiting, key.clone().done());
            } else {
                batch.remove(place);
                batch.remove(waiting);
            }
            table.put_in(batch, key, delivery)?;
        }
        let waiting = changed.iter().filter(|delivery| delivery.state == DeliveryState::Waiting);
        let head = waiting.chain(&unchanged).min_by_key(|delivery| (delivery.seq, delivery.id));
        if let Some(head) = head {
            batch.put(head_key(head), encode(&head.id)?);
        }
        Ok(())
    }
}

/// The due part of a queue.
pub struct Due {
    pub heads: Vec<Delivery>,
    /// When the first head is due that is not due now.
    pub next: Option<Timestamp>,
}

/// Tells whether the head of a lane must wait, and for how many lanes at most.
pub type Taken<'a> = (&'a (dyn Fn(&str) -> bool + Sync), usize);

/// Up to `limit` heads that are due at `now`, without those of taken lanes. Only returned deliveries are read.
pub async fn due(
    engine: &dyn Engine,
    webhook: Uuid,
    now: Timestamp,
    (is_taken, taken): Taken<'_>,
    limit: usize,
) -> Result<Due, StoreError> {
    let of_webhook = Key::new(LANE_HEADS).uuid(webhook);
    let place = of_webhook.length();
    let mut due = Due { heads: Vec::new(), next: None };
    // Lanes that are taken have a head too: one more than all of them and the limit is enough.
    let looked_at = taken + limit + 1;
    for (key, id) in engine.scan(of_webhook.all(), Direction::Forward, looked_at).await? {
        let (Some(at), Some(lane)) = (time_at(&key, place), text_at(&key, place + TIME)) else {
            return Err(StoreError::Corrupt("the head of a lane has an odd key".to_owned()));
        };
        if is_taken(&lane) {
            continue;
        }
        if now < at {
            due.next = Some(at);
            break;
        }
        if due.heads.len() == limit {
            break;
        }
        let key = delivery_key(webhook, decode(&id)?);
        due.heads.extend(Table::new(engine).get(key).await?);
    }
    Ok(due)
}

/// Whether a lane has a waiting delivery.
pub async fn has(engine: &dyn Engine, webhook: Uuid, lane: &str) -> Result<bool, StoreError> {
    let all = lane_key(webhook, lane).all();
    Ok(!engine.scan(all, Direction::Forward, 1).await?.is_empty())
}

/// The heads of an endpoint's lanes, by due time.
pub async fn heads(
    engine: &dyn Engine,
    webhook: Uuid,
    direction: Direction,
    limit: usize,
) -> Result<Vec<Delivery>, StoreError> {
    let all = Key::new(LANE_HEADS).uuid(webhook).all();
    let mut heads = Vec::new();
    for (_, id) in engine.scan(all, direction, limit).await? {
        let key = delivery_key(webhook, decode(&id)?);
        heads.extend(Table::new(engine).get(key).await?);
    }
    Ok(heads)
}

/// Removes an endpoint's queue.
pub async fn forget(engine: &dyn Engine, webhook: Uuid) -> Result<(), StoreError> {
    for tree in [DELIVERIES_WAITING, LANES, LANE_HEADS] {
        clear(engine, Key::new(tree).uuid(webhook).all()).await?;
    }
    Ok(())
}

/// The key of a delivery's record.
pub fn delivery_key(webhook: Uuid, id: Uuid) -> Key {
    Key::new(DELIVERIES).uuid(webhook).uuid(id)
}

fn lane_key(webhook: Uuid, lane: &str) -> Key {
    Key::new(LANES).uuid(webhook).text(lane)
}

fn place(delivery: &Delivery) -> Vec<u8> {
    let lane = lane_key(delivery.webhook, &delivery.lane);
    lane.number(delivery.seq).uuid(delivery.id).done()
}

fn waiting_key(delivery: &Delivery) -> Vec<u8> {
    let line = Key::new(DELIVERIES_WAITING).uuid(delivery.webhook);
    line.number(delivery.seq).uuid(delivery.id).done()
}

fn head_key(delivery: &Delivery) -> Vec<u8> {
    let due = delivery.next_attempt_at.unwrap_or(delivery.created_at);
    Key::new(LANE_HEADS).uuid(delivery.webhook).time(due).text(&delivery.lane).done()
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, test_runner::TestRunner};

    use super::*;
    use crate::{domain::clock::from_seconds, store::Store, webhooks::stored::WebhookTables};

    fn delivery(webhook: Uuid, lane: &str, seq: u64) -> Delivery {
        Delivery {
            id: Uuid::now_v7(),
            webhook,
            seq,
            event: Uuid::now_v7(),
            event_name: "message".to_owned(),
            lane: lane.to_owned(),
            state: DeliveryState::Waiting,
            attempts: 0,
            earlier_attempts: 0,
            failed_after: None,
            next_attempt_at: Some(from_seconds(0)),
            created_at: from_seconds(0),
            finished_at: None,
            last_attempt: None,
        }
    }

    async fn put(store: &Store, webhook: Uuid, deliveries: &[Delivery]) {
        let mut change = store.change_delivery_queue(webhook);
        deliveries.iter().for_each(|delivery| change.put(delivery.clone()));
        let mut batch = Batch::new();
        change.write_in(&mut batch).await.unwrap();
        store.commit(batch).await.unwrap();
    }

    async fn heads_of(store: &Store, webhook: Uuid) -> Vec<(String, u64)> {
        let heads = store.deliveries().heads(webhook, 100).await.unwrap();
        heads.into_iter().map(|delivery| (delivery.lane, delivery.seq)).collect()
    }

    #[tokio::test]
    async fn each_lane_has_one_head_and_those_due_come_first() {
        let (store, webhook) = (Store::temporary().await.unwrap(), Uuid::now_v7());
        let mut all: Vec<Delivery> =
            (1..=6).map(|n| delivery(webhook, ["a", "b"][n as usize % 2], n)).collect();
        put(&store, webhook, &all).await;
        assert_eq!(heads_of(&store, webhook).await, [("a".to_owned(), 2), ("b".to_owned(), 1)]);
        all[1].next_attempt_at = Some(from_seconds(60));
        put(&store, webhook, &all[1..2]).await;
        assert_eq!(heads_of(&store, webhook).await, [("b".to_owned(), 1), ("a".to_owned(), 2)]);
        all[0].state = DeliveryState::Dead;
        put(&store, webhook, &all[0..1]).await;
        assert_eq!(heads_of(&store, webhook).await, [("b".to_owned(), 3), ("a".to_owned(), 2)]);
    }

    /// Runs steps on a line of twelve and looks at its heads after each.
    async fn walk(store: &Store, steps: Vec<(usize, u8, i64)>) {
        let webhook = Uuid::now_v7();
        let lane = |n: u64| ["a", "ab", "b"][n as usize % 3];
        let mut all: Vec<Delivery> = (0..12).map(|n| delivery(webhook, lane(n), n)).collect();
        put(store, webhook, &all).await;
        for (which, what, when) in steps {
            let changed = &mut all[which];
            changed.next_attempt_at = Some(from_seconds(when));
            changed.state = match what {
                0 => DeliveryState::Delivered,
                1 => DeliveryState::Dead,
                _ => DeliveryState::Waiting,
            };
            put(store, webhook, &all[which..=which]).await;
            let mut first = BTreeMap::new();
            for one in all.iter().filter(|one| one.state == DeliveryState::Waiting) {
                first.entry(one.lane.clone()).or_insert(one);
            }
            let mut wanted: Vec<_> = first.into_values().collect();
            wanted.sort_by_key(|one| (one.next_attempt_at, one.lane.clone()));
            let wanted: Vec<_> = wanted.iter().map(|one| (one.lane.clone(), one.seq)).collect();
            assert_eq!(heads_of(store, webhook).await, wanted);
            let now = from_seconds(25);
            let is_due = |(lane, seq): &&(String, u64)| {
                lane != "ab"
                    && all.iter().any(|one| one.seq == *seq && one.next_attempt_at <= Some(now))
            };
            let wanted: Vec<_> = wanted.iter().filter(is_due).take(1).cloned().collect();
            let taken = (&(|lane: &str| lane == "ab") as &(dyn Fn(&str) -> bool + Sync), 1);
            let found = store.deliveries().due(webhook, now, taken, 1).await.unwrap();
            let found: Vec<_> = found.heads.into_iter().map(|one| (one.lane, one.seq)).collect();
            assert_eq!(found, wanted);
        }
    }

    #[test]
    fn heads_are_the_first_of_each_lane_whatever_happens() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let store = runtime.block_on(Store::temporary()).unwrap();
        let steps = prop::collection::vec((0..12usize, 0..3u8, 0..50i64), 1..40);
        let mut runner = TestRunner::new(ProptestConfig::with_cases(32));
        let walked = runner.run(&steps, |steps| {
            runtime.block_on(walk(&store, steps));
            Ok(())
        });
        walked.unwrap();
    }
}
