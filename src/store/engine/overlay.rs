//! An engine over another: writes stay in it, reads see them, and what was read of the other is remembered.
//!
//! What only a scan has seen, or has seen to be absent, becomes an expectation once it is read by its key or
//! written, and a read by key after a scan gives what the scan has seen. A scan does not expect that nothing new
//! comes into its range: where that matters, a record that all writers change stands for the range.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use crate::store::{
    StoreError,
    engine::{Batch, Direction, Engine, Followed, Pair, Range, Scan, Snapshot},
};

/// The engine beneath, with writes over it that are not carried out yet.
pub struct Overlay {
    engine: Arc<dyn Engine>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    reads: HashMap<Vec<u8>, Option<Vec<u8>>>,
    /// What scans found, and the ranges in which they found all that there was.
    scanned: HashMap<Vec<u8>, Vec<u8>>,
    ranges: Ranges,
    writes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    in_background: bool,
}

impl State {
    /// What a key holds as far as it was read, scanned or written. What only a scan has seen counts as read then.
    fn known(&mut self, key: &[u8]) -> Option<Option<Vec<u8>>> {
        if let Some(known) = self.writes.get(key).or_else(|| self.reads.get(key)) {
            return Some(known.clone());
        }
        let scanned = self.seen_by_a_scan(key)?;
        Some(self.read(key.to_vec(), scanned))
    }

    /// What a scan has seen of a key: its value, or that it holds none. None where no scan came by it.
    fn seen_by_a_scan(&self, key: &[u8]) -> Option<Option<Vec<u8>>> {
        match self.scanned.get(key) {
            Some(value) => Some(Some(value.clone())),
            None => self.ranges.hold(key).then_some(None),
        }
    }

    /// What a key was found to hold; what was found first counts.
    fn read(&mut self, key: Vec<u8>, found: Option<Vec<u8>>) -> Option<Vec<u8>> {
        match self.reads.entry(key) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(place) => place.insert(found).clone(),
        }
    }
}

impl State {
    fn scanned(&mut self, mut range: Range, direction: Direction, found: &[Pair], most: usize) {
        for (key, value) in found {
            self.scanned.entry(key.clone()).or_insert_with(|| value.clone());
        }
        if most <= found.len() {
            // There may be more behind the last.
            let Some((last, _)) = found.last() else { return };
            match direction {
                Direction::Forward => range.end = [last.as_slice(), &[0]].concat(),
                Direction::Backward => range.start.clone_from(last),
            }
        }
        self.ranges.add(range);
    }
}

/// Ranges as their starts and ends, none of which overlap: a large transaction scans thousands.
#[derive(Default)]
struct Ranges(BTreeMap<Vec<u8>, Vec<u8>>);

impl Ranges {
    fn add(&mut self, Range { mut start, mut end }: Range) {
        // Those that it overlaps or touches become one with it.
        while let Some((before, until)) = self.0.range(..=end.clone()).next_back() {
            if *until < start {
                break;
            }
            let before = before.clone();
            end = end.max(until.clone());
            self.0.remove(&before);
            start = start.min(before);
        }
        self.0.insert(start, end);
    }

    fn hold(&self, key: &[u8]) -> bool {
        let below = (Bound::Unbounded, Bound::Included(key));
        self.0.range::<[u8], _>(below).next_back().is_some_and(|(_, end)| key < end.as_slice())
    }
}

impl Overlay {
    /// Over this engine, with nothing read or written yet.
    pub fn new(engine: Arc<dyn Engine>) -> Self {
        Self { engine, state: Mutex::default() }
    }

    /// All that was written, with what was read as expectations. Then nothing is read or written.
    pub fn take(&self) -> Batch {
        let state = std::mem::take(&mut *self.state());
        let mut batch = Batch { in_background: state.in_background, ..Batch::new() };
        for key in state.writes.keys().filter(|key| !state.reads.contains_key(*key)) {
            let seen = state.seen_by_a_scan(key);
            batch.expectations.extend(seen.map(|seen| (key.clone(), seen)));
        }
        batch.expectations.extend(state.reads);
        batch.writes.extend(state.writes);
        batch
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Engine for Overlay {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(known) = self.state().known(key) {
            return Ok(known);
        }
        let found = self.engine.get(key).await?;
        Ok(self.state().read(key.to_vec(), found))
    }

    async fn get_many(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let unread: Vec<Vec<u8>> = {
            let mut state = self.state();
            keys.iter().filter(|key| state.known(key).is_none()).cloned().collect()
        };
        let found = self.engine.get_many(&unread).await?;
        let mut state = self.state();
        for (key, value) in unread.into_iter().zip(found) {
            state.read(key, value);
        }
        Ok(keys.iter().map(|key| state.known(key).flatten()).collect())
    }

    async fn follow(&self, scans: Vec<Scan>) -> Result<Vec<Vec<Followed>>, StoreError> {
        let mut pages = Vec::with_capacity(scans.len());
        for Scan { range, direction, limit } in scans {
            let entries = self.scan(range, direction, limit).await?;
            let keys: Vec<Vec<u8>> = entries.iter().map(|(_, key)| key.clone()).collect();
            let values = self.get_many(&keys).await?;
            let follow = |((entry, key), value): (Pair, Option<Vec<u8>>)| {
                Some(Followed { entry, pair: (key, value?) })
            };
            pages.push(entries.into_iter().zip(values).filter_map(follow).collect());
        }
        Ok(pages)
    }

    async fn scan(
        &self,
        range: Range,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        if range.end <= range.start {
            return Ok(Vec::new());
        }
        let bounds = (Bound::Included(range.start.clone()), Bound::Excluded(range.end.clone()));
        let written: Vec<(Vec<u8>, Option<Vec<u8>>)> = {
            let state = self.state();
            let written = state.writes.range::<Vec<u8>, _>(bounds);
            written.map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        let most = limit.saturating_add(written.len());
        let stored = self.engine.scan(range.clone(), direction, most).await?;
        self.state().scanned(range, direction, &stored, most);
        let mut found: BTreeMap<Vec<u8>, Vec<u8>> = stored.into_iter().collect();
        for (key, value) in written {
            match value {
                Some(value) => found.insert(key, value),
                None => found.remove(&key),
            };
        }
        Ok(match direction {
            Direction::Forward => found.into_iter().take(limit).collect(),
            Direction::Backward => found.into_iter().rev().take(limit).collect(),
        })
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        for (key, expected) in &batch.expectations {
            if self.get(key).await? != *expected {
                return Err(StoreError::Conflict);
            }
        }
        let mut state = self.state();
        state.writes.extend(batch.writes);
        state.in_background |= batch.in_background;
        Ok(())
    }

    async fn durable(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn is_broken(&self) -> bool {
        self.engine.is_broken()
    }

    fn snapshot(&self) -> Box<dyn Snapshot + '_> {
        self.engine.snapshot()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::{Store, disk::Disk, engine::MemoryEngine};

    fn put(key: u8, value: u8) -> Batch {
        let mut batch = Batch::new();
        batch.put(vec![key], vec![value]);
        batch
    }

    fn range(start: u8, end: u8) -> Range {
        Range { start: vec![start], end: vec![end] }
    }

    async fn store() -> Store {
        let engine = Arc::new(MemoryEngine::default());
        Store::over(engine, Disk::manual(0)).await.unwrap()
    }

    #[tokio::test]
    async fn later_reads_see_earlier_writes_and_nobody_else_does_before_the_commit() {
        let store = store().await;
        let mut work = store.transaction();
        work.store().commit(put(200, 1)).await.unwrap();
        let here = async |store: &Store| store.engine.get(&[200]).await.unwrap();
        assert_eq!((here(work.store()).await, here(&store).await), (Some(vec![1]), None));
        assert!(work.commit().await.unwrap());
        assert_eq!(here(&store).await, Some(vec![1]));
    }

    #[tokio::test]
    async fn what_was_read_or_scanned_and_written_is_expected() {
        for (is_scanned, is_there) in [(false, false), (false, true), (true, false), (true, true)] {
            let store = store().await;
            if is_there {
                store.commit(put(200, 1)).await.unwrap();
            }
            let mut work = store.transaction();
            let engine = &work.store().engine;
            if is_scanned {
                engine.scan(range(200, 201), Direction::Forward, 9).await.unwrap();
            } else {
                engine.get(&[200]).await.unwrap();
            }
            store.commit(put(200, 2)).await.unwrap();
            work.store().commit(put(200, 3)).await.unwrap();
            assert!(!work.commit().await.unwrap(), "somebody's write would be lost");
            let now = work.store().engine.get(&[200]).await.unwrap();
            assert_eq!(now, Some(vec![2]), "it begins with what is there now");
            work.store().commit(put(200, 3)).await.unwrap();
            assert!(work.commit().await.unwrap());
            assert_eq!(store.engine.get(&[200]).await.unwrap(), Some(vec![3]));
        }
    }

    #[tokio::test]
    async fn a_read_after_a_scan_gives_what_the_scan_has_seen() {
        for (others_write, direction) in
            [(put(205, 2), Direction::Backward), (put(201, 2), Direction::Forward)]
        {
            let store = store().await;
            store.commit(put(201, 1)).await.unwrap();
            let mut work = store.transaction();
            let engine = &work.store().engine;
            let seen = engine.scan(range(200, 220), direction, 1).await.unwrap();
            assert_eq!(seen, [(vec![201], vec![1])]);
            store.commit(others_write).await.unwrap();
            let keys = [vec![201], vec![205]];
            let expected = [Some(vec![1]), (direction == Direction::Forward).then(|| vec![9])];
            if direction == Direction::Forward {
                // No scan came so far.
                store.commit(put(205, 9)).await.unwrap();
            }
            assert_eq!(engine.get_many(&keys).await.unwrap(), expected);
            assert_eq!(engine.get(&keys[0]).await.unwrap(), expected[0]);
            assert_eq!(engine.get(&keys[1]).await.unwrap(), expected[1]);
            work.store().commit(put(210, 1)).await.unwrap();
            assert!(!work.commit().await.unwrap(), "it stands on what is no longer so");
        }
    }

    #[tokio::test]
    async fn a_scan_alone_expects_nothing() {
        let store = store().await;
        store.commit(put(201, 1)).await.unwrap();
        let mut work = store.transaction();
        work.store().engine.scan(range(200, 220), Direction::Forward, 9).await.unwrap();
        store.commit(put(202, 2)).await.unwrap();
        work.store().commit(put(210, 1)).await.unwrap();
        assert!(work.commit().await.unwrap());
    }

    proptest! {
        #[test]
        fn ranges_hold_the_keys_of_each_and_overlap_nowhere(
            pairs in prop::collection::vec((0_u8..40, 1_u8..12), 0..12), key in 0_u8..60,
        ) {
            let all: Vec<Range> =
                pairs.iter().map(|(start, length)| range(*start, start + length)).collect();
            let lies_in = |range: &Range| range.start <= vec![key] && vec![key] < range.end;
            let expected = all.iter().any(lies_in);
            let mut ranges = Ranges::default();
            all.into_iter().for_each(|range| ranges.add(range));
            prop_assert_eq!(ranges.hold(&[key]), expected);
            let ends: Vec<_> = ranges.0.into_iter().collect();
            prop_assert!(ends.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        /// A scan through a transaction gives what it would give after the commit.
        #[test]
        fn a_scan_sees_stored_pairs_with_the_writes_over_them(
            stored in prop::collection::btree_map(200u8..220, any::<u8>(), 0..10),
            writes in prop::collection::vec((200u8..220, prop::option::of(any::<u8>())), 0..10),
            limit in 0usize..8,
            is_forward in any::<bool>(),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async {
                let store = store().await;
                for (key, value) in stored {
                    store.commit(put(key, value)).await.unwrap();
                }
                let mut work = store.transaction();
                for (key, value) in writes {
                    let mut batch = Batch::new();
                    match value {
                        Some(value) => batch.put(vec![key], vec![value]),
                        None => batch.remove(vec![key]),
                    }
                    work.store().commit(batch).await.unwrap();
                }
                let direction = if is_forward { Direction::Forward } else { Direction::Backward };
                let before = work.store().engine.scan(range(200, 220), direction, limit).await;
                assert!(work.commit().await.unwrap());
                let after = store.engine.scan(range(200, 220), direction, limit).await;
                assert_eq!(before.unwrap(), after.unwrap());
            });
        }
    }
}
