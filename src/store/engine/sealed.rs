//! An engine that seals the values of some trees on their way to the disk, and opens them on their way
//! back. Which trees those are is decided by [`Seal`].
//!
//! Everything above it sees values as they were written. The same value is sealed to other bytes each
//! time, so an expectation is compared in the clear here, and handed on as the sealed bytes that were
//! found. Snapshots give what lies on the disk: a backup holds sealed values.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::{Mutex, RwLock};

use crate::store::{
    StoreError,
    engine::{Batch, Direction, Engine, Followed, Pair, Range, Scan, Snapshot},
    seal::Seal,
};

pub struct Sealed {
    /// With values as they lie on the disk.
    pub raw: Arc<dyn Engine>,
    pub seal: Seal,
    /// Read while a batch is sealed and committed, written while the key changes and while values get the
    /// new one: nothing is committed under a key that is being dropped.
    pub turn: RwLock<()>,
    /// Held by the one who rotates.
    pub rotating: Mutex<()>,
}

impl Sealed {
    pub fn new(raw: Arc<dyn Engine>, seal: Seal) -> Self {
        Self { raw, seal, turn: RwLock::default(), rotating: Mutex::default() }
    }

    /// Puts what lies on the disk in the place of what is expected, where that is the same value.
    async fn find_expected(&self, batch: &mut Batch) -> Result<(), StoreError> {
        let is_sealed =
            |(key, value): &(Vec<u8>, Option<Vec<u8>>)| value.is_some() && self.seal.covers(key);
        let sealed = batch.expectations.iter().filter(|one| is_sealed(one));
        let keys: Vec<Vec<u8>> = sealed.map(|(key, _)| key.clone()).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let found = self.raw.get_many(&keys).await?;
        let expectations = batch.expectations.iter_mut().filter(|one| is_sealed(one));
        for ((key, expected), found) in expectations.zip(found) {
            let value = found.clone().ok_or(StoreError::Conflict)?;
            if Some(self.seal.opened(key, value)?) != *expected {
                return Err(StoreError::Conflict);
            }
            *expected = found;
        }
        Ok(())
    }
}

#[async_trait]
impl Engine for Sealed {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.raw.get(key).await?;
        found.map(|value| self.seal.opened(key, value)).transpose()
    }

    async fn get_many(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let found = self.raw.get_many(keys).await?.into_iter().zip(keys);
        found
            .map(|(value, key)| value.map(|value| self.seal.opened(key, value)).transpose())
            .collect()
    }

    async fn follow(&self, scans: Vec<Scan>) -> Result<Vec<Vec<Followed>>, StoreError> {
        let mut found = self.raw.follow(scans).await?;
        for one in found.iter_mut().flatten() {
            let value = std::mem::take(&mut one.pair.1);
            one.pair.1 = self.seal.opened(&one.pair.0, value)?;
        }
        Ok(found)
    }

    async fn scan(
        &self,
        range: Range,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        let found = self.raw.scan(range, direction, limit).await?;
        found.into_iter().map(|pair| self.seal.opened_pair(pair)).collect()
    }

    async fn commit(&self, mut batch: Batch) -> Result<(), StoreError> {
        let keys = batch.writes.iter().chain(&batch.expectations).map(|(key, _)| key);
        if !keys.into_iter().any(|key| self.seal.covers(key)) {
            return self.raw.commit(batch).await;
        }
        let _turn = self.turn.read().await;
        self.find_expected(&mut batch).await?;
        self.seal.seal_writes(&mut batch)?;
        self.raw.commit(batch).await
    }

    async fn durable(&self) -> Result<(), StoreError> {
        self.raw.durable().await
    }

    async fn durable_within(&self, patience: Duration) -> Result<(), StoreError> {
        self.raw.durable_within(patience).await
    }

    fn is_broken(&self) -> bool {
        self.raw.is_broken()
    }

    fn snapshot(&self) -> Box<dyn Snapshot + '_> {
        self.raw.snapshot()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        store::{
            catalogue::Catalogue,
            codec::{Key, encode},
            engine::MemoryEngine,
            record::Declaration,
            trees::Tree,
        },
        vault::{Keyring, key_of},
    };

    const SECRETS: Tree = Tree::sealed(250, "Secrets");
    const OPEN: Tree = Tree::new(251, "Open");
    const ENTRIES: Tree = Tree::new(252, "Entries");
    const CATALOGUE: Catalogue = Catalogue::with(&[&[Declaration::plain(SECRETS, "a test")]]);

    fn engine() -> Sealed {
        let seal = Seal::new(Keyring::thrown_away(), CATALOGUE);
        Sealed::new(Arc::new(MemoryEngine::default()), seal)
    }

    fn secret(name: &str) -> Vec<u8> {
        Key::new(SECRETS).text(name).done()
    }

    fn put(key: &[u8], value: &[u8]) -> Batch {
        let mut batch = Batch::new();
        batch.put(key.to_vec(), value.to_vec());
        batch
    }

    async fn value_of(engine: &Sealed) -> Vec<u8> {
        engine.get(&secret("a")).await.unwrap().unwrap()
    }

    fn holds(bytes: &[u8], text: &[u8]) -> bool {
        bytes.windows(text.len()).any(|part| part == text)
    }

    #[tokio::test]
    async fn secrets_lie_sealed_and_all_else_as_it_was() {
        let (engine, value) = (engine(), encode(&"a secret").unwrap());
        let open = Key::new(OPEN).text("c").done();
        for key in [&secret("a"), &open] {
            engine.commit(put(key, &value)).await.unwrap();
            assert_eq!(engine.get(key).await.unwrap(), Some(value.clone()));
        }
        let raw = engine.raw.get(&secret("a")).await.unwrap().unwrap();
        assert!(key_of(&raw).is_some() && !holds(&raw, b"secret"));
        assert_eq!(engine.raw.get(&open).await.unwrap(), Some(value.clone()));
        let all = Range { start: vec![0], end: vec![255] };
        let found = engine.scan(all, Direction::Backward, 9).await.unwrap();
        assert_eq!(found, [(open, value.clone()), (secret("a"), value)]);
        let many = engine.get_many(&[secret("a"), secret("b")]).await.unwrap();
        assert_eq!(many, [Some(value_of(&engine).await), None]);
        let entry = Key::new(ENTRIES).text("a").done();
        engine.commit(put(&entry, &secret("a"))).await.unwrap();
        let range = Key::new(ENTRIES).all();
        let followed =
            engine.follow(vec![Scan { range, direction: Direction::Forward, limit: 1 }]).await;
        assert_eq!(followed.unwrap()[0][0].pair, (secret("a"), value_of(&engine).await));
        let pairs = engine.snapshot().next(usize::MAX).await.unwrap();
        assert!(pairs.iter().any(|(_, value)| *value == raw), "a snapshot is no longer sealed");
    }

    #[tokio::test]
    async fn a_value_that_was_moved_or_changed_is_damaged() {
        let engine = engine();
        engine.commit(put(&secret("a"), &encode(&"a secret").unwrap())).await.unwrap();
        let raw = engine.raw.get(&secret("a")).await.unwrap().unwrap();
        engine.raw.commit(put(&secret("b"), &raw)).await.unwrap();
        assert!(matches!(engine.get(&secret("b")).await, Err(StoreError::Corrupt(_))));
        let mut flipped = raw.clone();
        *flipped.last_mut().unwrap() ^= 1;
        engine.raw.commit(put(&secret("a"), &flipped)).await.unwrap();
        assert!(matches!(engine.get(&secret("a")).await, Err(StoreError::Corrupt(_))));
        let mut foreign = raw;
        foreign[1] ^= 1;
        engine.raw.commit(put(&secret("a"), &foreign)).await.unwrap();
        assert!(matches!(engine.get(&secret("a")).await, Err(StoreError::Vault(_))));
    }

    #[tokio::test]
    async fn what_was_not_sealed_yet_is_read_and_what_is_sealed_is_not_sealed_twice() {
        let engine = engine();
        let value = encode(&"a secret").unwrap();
        engine.raw.commit(put(&secret("a"), &value)).await.unwrap();
        assert_eq!(engine.get(&secret("a")).await.unwrap(), Some(value.clone()));
        engine.commit(put(&secret("a"), &value)).await.unwrap();
        let raw = engine.raw.get(&secret("a")).await.unwrap().unwrap();
        engine.commit(put(&secret("a"), &raw)).await.unwrap();
        assert_eq!(engine.get(&secret("a")).await.unwrap(), Some(value));
    }

    proptest! {
        /// Expectations hold and fail as they do without sealing.
        #[test]
        fn a_commit_with_expectations_behaves_as_on_the_engine_below(
            steps in prop::collection::vec((0..2_u8, 0..3_u8, prop::option::of(0..3_u8), prop::option::of(0..3_u8)), 1..20),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let (sealed, plain) = (engine(), MemoryEngine::default());
                for (tree, name, expected, value) in steps {
                    let tree = if tree == 0 { SECRETS } else { OPEN };
                    let key = Key::new(tree).number(name.into()).done();
                    let batch = || {
                        let mut batch = Batch::new();
                        batch.expect(key.clone(), expected.map(|n| encode(&n).unwrap()));
                        match value {
                            Some(n) => batch.put(key.clone(), encode(&n).unwrap()),
                            None => batch.remove(key.clone()),
                        }
                        batch
                    };
                    let outcomes = [sealed.commit(batch()).await, plain.commit(batch()).await];
                    assert_eq!(outcomes[0].is_ok(), outcomes[1].is_ok());
                    assert_eq!(sealed.get(&key).await.unwrap(), plain.get(&key).await.unwrap());
                }
            });
        }
    }
}
