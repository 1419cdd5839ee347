//! Archive of deliveries that succeeded at the first attempt, packed into shared records. Most deliveries do, and a
//! record for each would cost more than everything else about a delivery.
//!
//! A record holds the deliveries of [`SPAN`] consecutive event numbers. So records never overlap, and a delivery is
//! found by the number that its id begins with. Callers hold the endpoint's lock.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::IgnoredAny};
use uuid::Uuid;

use crate::{
    domain::Timestamp,
    store::{
        Batch, Key, StoreError,
        raw::{Direction, Engine, Plain, Range, clear, decode, encode},
    },
    webhooks::stored::{
        records::{Attempt, Delivery, DeliveryState, number_of},
        trees::DELIVERED,
    },
};

/// Event numbers per record. A page of sled holds 16 records and should not become a file of its own.
const SPAN: u64 = 16;
/// Most deliveries of one record.
const FULL: usize = SPAN as usize;
/// Records read at once.
const READ_AT_ONCE: usize = 64;

/// The fields of a delivery that neither its key nor its success implies.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivered {
    id: Uuid,
    event: Uuid,
    event_name: String,
    lane: String,
    created_at: Timestamp,
    finished_at: Timestamp,
    attempted_at: Timestamp,
    duration_ms: u64,
    status: Option<u16>,
    response: Option<String>,
    #[serde(default)]
    is_public: bool,
}

impl Delivered {
    fn of(delivery: Delivery, attempt: Attempt) -> Self {
        let Delivery { id, event, event_name, lane, created_at, finished_at, .. } = delivery;
        let Attempt { at: attempted_at, duration_ms, status, response, is_public, .. } = attempt;
        let finished_at = finished_at.unwrap_or(attempted_at);
        Self {
            id,
            event,
            event_name,
            lane,
            created_at,
            finished_at,
            attempted_at,
            duration_ms,
            status,
            response,
            is_public,
        }
    }

    fn restored(self, webhook: Uuid) -> Delivery {
        let Self { id, event, event_name, lane, created_at, .. } = self;
        let attempt = Attempt {
            delivery: id,
            number: 1,
            at: self.attempted_at,
            duration_ms: self.duration_ms,
            status: self.status,
            error: None,
            response: self.response,
            is_public: self.is_public,
        };
        Delivery {
            id,
            webhook,
            seq: number_of(id).unwrap_or_default(),
            event,
            event_name,
            lane,
            state: DeliveryState::Delivered,
            attempts: 1,
            earlier_attempts: 0,
            failed_after: None,
            next_attempt_at: None,
            created_at,
            finished_at: Some(self.finished_at),
            last_attempt: Some(Box::new(attempt)),
        }
    }
}

/// Part of a record that is written: old deliveries are carried over without decoding.
#[derive(Serialize)]
#[serde(untagged)]
enum Part {
    Kept(Plain),
    New(Delivered),
}

/// Adds deliveries of one endpoint. At most once in a batch.
pub async fn add_in(
    engine: &dyn Engine,
    batch: &mut Batch,
    webhook: Uuid,
    delivered: Vec<(Delivery, Attempt)>,
) -> Result<(), StoreError> {
    let mut by_record: BTreeMap<u64, Vec<Part>> = BTreeMap::new();
    for (delivery, attempt) in delivered {
        let parts = by_record.entry(delivery.seq / SPAN).or_default();
        parts.push(Part::New(Delivered::of(delivery, attempt)));
    }
    for (record, new) in by_record {
        let key = key(webhook, record).done();
        let kept: Vec<Plain> = match engine.get(&key).await? {
            Some(bytes) => decode(&bytes)?,
            None => Vec::new(),
        };
        let all: Vec<Part> = kept.into_iter().map(Part::Kept).chain(new).collect();
        batch.put(key, encode(&all)?);
    }
    Ok(())
}

pub async fn get(
    engine: &dyn Engine,
    webhook: Uuid,
    id: Uuid,
) -> Result<Option<Delivery>, StoreError> {
    let Some(number) = number_of(id) else { return Ok(None) };
    let found = engine.get(&key(webhook, number / SPAN).done()).await?;
    let all: Vec<Delivered> = found.as_deref().map(decode).transpose()?.unwrap_or_default();
    Ok(all.into_iter().find(|one| one.id == id).map(|one| one.restored(webhook)))
}

/// Removes a delivery, if it is in the archive.
pub async fn take_out_in(
    engine: &dyn Engine,
    batch: &mut Batch,
    webhook: Uuid,
    id: Uuid,
) -> Result<(), StoreError> {
    let Some(number) = number_of(id) else { return Ok(()) };
    let key = key(webhook, number / SPAN).done();
    let Some(found) = engine.get(&key).await? else { return Ok(()) };
    let mut all: Vec<Delivered> = decode(&found)?;
    all.retain(|one| one.id != id);
    match all.is_empty() {
        true => batch.remove(key),
        false => batch.put(key, encode(&all)?),
    }
    Ok(())
}

/// Deliveries before the named one, newest first.
pub async fn before(
    engine: &dyn Engine,
    webhook: Uuid,
    before: Option<Uuid>,
    limit: usize,
) -> Result<Vec<Delivery>, StoreError> {
    let mut range = all_of(webhook);
    if let Some(number) = before.and_then(number_of) {
        range.end = key(webhook, number / SPAN + 1).done();
    }
    let enough = limit / FULL + 2;
    let mut found = Vec::new();
    while found.len() < limit {
        let at_once = enough.min(READ_AT_ONCE);
        let records = engine.scan(range.clone(), Direction::Backward, at_once).await?;
        let Some((last, _)) = records.last() else { break };
        range.end.clone_from(last);
        for (_, bytes) in &records {
            let mut all: Vec<Delivered> = decode(bytes)?;
            all.retain(|one| before.is_none_or(|before| one.id < before));
            all.sort_unstable_by_key(|one| std::cmp::Reverse(one.id));
            found.extend(all.into_iter().map(|one| one.restored(webhook)));
        }
    }
    found.truncate(limit);
    Ok(found)
}

/// Removes all but the newest `keep` deliveries, and those finished before `older_than`, by whole records: a few
/// more may stay.
#[derive(Clone)]
pub struct Pruning {
    range: Range,
    keep: usize,
    older_than: Timestamp,
    pub is_over: bool,
}

impl Pruning {
    pub fn new(webhook: Uuid, keep: usize, older_than: Timestamp) -> Self {
        Self { range: all_of(webhook), keep, older_than, is_over: false }
    }

    /// Examines the next records, newest first. Returns how many deliveries were removed.
    pub async fn step(&mut self, engine: &dyn Engine) -> Result<usize, StoreError> {
        let records = engine.scan(self.range.clone(), Direction::Backward, READ_AT_ONCE).await?;
        match records.last() {
            Some((last, _)) => self.range.end.clone_from(last),
            None => self.is_over = true,
        }
        let (mut batch, mut removed) = (Batch::in_background(), 0);
        for (key, bytes) in records {
            let count = decode::<Vec<IgnoredAny>>(&bytes)?.len();
            if !self.is_kept(&bytes)? {
                batch.remove(key);
                removed += count;
            }
            self.keep = self.keep.saturating_sub(count);
        }
        if !batch.is_empty() {
            engine.commit(batch).await?;
        }
        Ok(removed)
    }

    fn is_kept(&self, record: &[u8]) -> Result<bool, StoreError> {
        if self.keep == 0 {
            return Ok(false);
        }
        let all: Vec<Delivered> = decode(record)?;
        Ok(all.iter().any(|one| self.older_than <= one.finished_at))
    }
}

/// Removes the archive of an endpoint.
pub async fn forget(engine: &dyn Engine, webhook: Uuid) -> Result<(), StoreError> {
    clear(engine, all_of(webhook)).await
}

fn all_of(webhook: Uuid) -> Range {
    Key::new(DELIVERED).uuid(webhook).all()
}

fn key(webhook: Uuid, record: u64) -> Key {
    Key::new(DELIVERED).uuid(webhook).number(record)
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, test_runner::TestRunner};

    use super::*;
    use crate::{
        domain::clock::from_seconds,
        store::Store,
        webhooks::stored::{WebhookTables, delivery_id},
    };

    fn delivered(webhook: Uuid, seq: u64) -> (Delivery, Attempt) {
        let event = Uuid::from_u128(u128::from(seq));
        let attempt = Attempt {
            delivery: delivery_id(webhook, seq, event),
            number: 1,
            at: from_seconds(1),
            duration_ms: 2,
            status: Some(204),
            error: None,
            response: Some("thanks".to_owned()),
            is_public: true,
        };
        let delivery = Delivery {
            id: attempt.delivery,
            webhook,
            seq,
            event,
            event_name: "message".to_owned(),
            lane: "lane".to_owned(),
            state: DeliveryState::Delivered,
            attempts: 1,
            earlier_attempts: 0,
            failed_after: None,
            next_attempt_at: None,
            created_at: from_seconds(0),
            finished_at: Some(from_seconds(seq as i64)),
            last_attempt: None,
        };
        (delivery, attempt)
    }

    async fn add(store: &Store, webhook: Uuid, numbers: &[u64]) {
        let mut batch = Batch::new();
        let all = numbers.iter().map(|seq| delivered(webhook, *seq)).collect();
        store.deliveries().add_delivered_in(&mut batch, webhook, all).await.unwrap();
        store.commit(batch).await.unwrap();
    }

    async fn numbers(store: &Store, webhook: Uuid, limit: usize) -> Vec<u64> {
        let (mut numbers, mut before) = (Vec::new(), None);
        loop {
            let page = store.deliveries().page(webhook, None, before, limit).await.unwrap();
            numbers.extend(page.iter().map(|delivery| delivery.seq));
            match page.last() {
                Some(last) => before = Some(last.id),
                None => return numbers,
            }
        }
    }

    async fn prune(store: &Store, webhook: Uuid, keep: usize, older_than: i64) -> usize {
        let mut pruning =
            crate::webhooks::stored::Pruning::new(webhook, keep, from_seconds(older_than));
        let mut removed = 0;
        while !pruning.is_over() {
            removed += pruning.step(&store.deliveries()).await.unwrap();
        }
        removed
    }

    #[tokio::test]
    async fn what_is_read_is_what_was_written() {
        let (store, webhook) = (Store::temporary().await.unwrap(), Uuid::now_v7());
        add(&store, webhook, &[5, 700]).await;
        let (mut written, attempt) = delivered(webhook, 700);
        written.last_attempt = Some(Box::new(attempt));
        assert_eq!(store.deliveries().get(webhook, written.id).await.unwrap(), Some(written));
        assert_eq!(store.deliveries().get(webhook, Uuid::now_v7()).await.unwrap(), None);
    }

    #[test]
    fn in_whatever_order_they_end_they_are_listed_newest_first() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let store = runtime.block_on(Store::temporary()).unwrap();
        let groups = prop::collection::vec(prop::collection::btree_set(0_u64..400, 1..40), 1..8);
        let mut runner = TestRunner::new(ProptestConfig::with_cases(32));
        let listed = runner.run(&(groups, 1_usize..50), |(groups, limit)| {
            let webhook = Uuid::now_v7();
            let mut all = std::collections::BTreeSet::new();
            for group in groups {
                let new: Vec<u64> =
                    group.into_iter().filter(|seq| all.insert(*seq)).rev().collect();
                runtime.block_on(add(&store, webhook, &new));
            }
            let wanted: Vec<u64> = all.into_iter().rev().collect();
            prop_assert_eq!(runtime.block_on(numbers(&store, webhook, limit)), wanted);
            Ok(())
        });
        listed.unwrap();
    }

    #[tokio::test]
    async fn those_of_the_line_stand_among_them_in_order_and_one_may_go_there() {
        let (store, webhook) = (Store::temporary().await.unwrap(), Uuid::now_v7());
        add(&store, webhook, &[1, 3, 4, 200]).await;
        let (mut again, _) = delivered(webhook, 3);
        again.state = DeliveryState::Waiting;
        let mut batch = Batch::new();
        store.deliveries().take_delivered_in(&mut batch, &again).await.unwrap();
        let mut line = store.change_delivery_queue(webhook);
        line.put(again.clone());
        line.write_in(&mut batch).await.unwrap();
        store.commit(batch).await.unwrap();
        assert_eq!(numbers(&store, webhook, 2).await, [200, 4, 3, 1]);
        assert_eq!(store.deliveries().get(webhook, again.id).await.unwrap(), Some(again));
    }

    #[tokio::test]
    async fn the_newest_stay_and_what_is_old_goes_with_its_record() {
        let (store, webhook, other) =
            (Store::temporary().await.unwrap(), Uuid::now_v7(), Uuid::now_v7());
        let all: Vec<u64> = (0..4 * SPAN).collect();
        add(&store, webhook, &all).await;
        add(&store, other, &all).await;
        assert_eq!(prune(&store, webhook, FULL + 1, 0).await, 2 * FULL);
        assert_eq!(numbers(&store, webhook, 500).await.last(), Some(&(2 * SPAN)));
        assert_eq!(prune(&store, webhook, 1_000, 3 * SPAN as i64).await, FULL);
        assert_eq!(numbers(&store, webhook, 500).await.len(), FULL);
        store.deliveries().clear(webhook).await.unwrap();
        assert!(numbers(&store, webhook, 500).await.is_empty());
        assert_eq!(numbers(&store, other, 500).await.len(), all.len());
    }
}
