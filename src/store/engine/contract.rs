//! What every engine must do, run on each of them.

use proptest::prelude::*;

use crate::store::{
    StoreError,
    engine::{
        Batch, Direction, Engine, Followed, MemoryEngine, Pair, Range, Scan, SledEngine,
        memory::Conditions,
    },
};

/// Each engine, as the sentences below get it.
fn engines() -> [Box<dyn Engine>; 3] {
    let latency = std::time::Duration::from_micros(300);
    let far = Conditions { latency, ..Conditions::default() };
    [
        Box::new(SledEngine::temporary().unwrap()),
        Box::new(MemoryEngine::default()),
        Box::new(MemoryEngine::new(far)),
    ]
}

fn write(key: &[u8], value: &[u8]) -> Batch {
    let mut batch = Batch::new();
    batch.put(key.to_vec(), value.to_vec());
    batch
}

#[tokio::test]
async fn an_unmet_expectation_leaves_nothing_of_its_batch() {
    for engine in engines() {
        engine.commit(write(b"a", b"1")).await.unwrap();
        for expected in [None, Some(b"2".to_vec())] {
            let mut batch = write(b"b", b"2");
            batch.expect(b"a".to_vec(), expected);
            assert!(matches!(engine.commit(batch).await, Err(StoreError::Conflict)));
            assert_eq!(engine.get(b"b").await.unwrap(), None);
        }
        let mut batch = write(b"b", b"2");
        batch.expect(b"a".to_vec(), Some(b"1".to_vec()));
        batch.expect(b"c".to_vec(), None);
        engine.commit(batch).await.unwrap();
        engine.durable().await.unwrap();
        assert_eq!(engine.get(b"b").await.unwrap(), Some(b"2".to_vec()));
    }
}

#[tokio::test]
async fn the_last_write_of_a_key_in_a_batch_counts() {
    for engine in engines() {
        let mut batch = write(b"k", b"1");
        batch.remove(b"k".to_vec());
        engine.commit(batch).await.unwrap();
        assert_eq!(engine.get(b"k").await.unwrap(), None);
        let mut batch = write(b"k", b"1");
        batch.put(b"k".to_vec(), b"2".to_vec());
        engine.commit(batch).await.unwrap();
        assert_eq!(engine.get(b"k").await.unwrap(), Some(b"2".to_vec()));
    }
}

#[tokio::test]
async fn a_scan_starts_at_the_end_it_was_asked_for() {
    for engine in engines() {
        for n in 0..10u8 {
            engine.commit(write(&[n], &[n])).await.unwrap();
        }
        let range = |start: u8, end: u8| Range { start: vec![start], end: vec![end] };
        let keys = |pairs: Vec<Pair>| pairs.into_iter().map(|(key, _)| key[0]).collect::<Vec<_>>();
        let forward = engine.scan(range(2, 8), Direction::Forward, 2).await.unwrap();
        assert_eq!(keys(forward), [2, 3]);
        let backward = engine.scan(range(2, 8), Direction::Backward, 2).await.unwrap();
        assert_eq!(keys(backward), [7, 6]);
        assert!(engine.scan(range(8, 2), Direction::Forward, 9).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn many_keys_are_read_in_their_order_and_those_that_are_not_there_are_none() {
    for engine in engines() {
        for n in 0..4u8 {
            engine.commit(write(&[n], &[n])).await.unwrap();
        }
        let found = engine.get_many(&[vec![3], vec![9], vec![1], vec![3]]).await.unwrap();
        assert_eq!(found, [Some(vec![3]), None, Some(vec![1]), Some(vec![3])]);
        assert!(engine.get_many(&[]).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_index_is_followed_to_what_its_entries_lead_to() {
    for engine in engines() {
        // Entries 10 to 14 lead to 0 to 4, of which 2 is not there.
        for n in 0..5u8 {
            engine.commit(write(&[10 + n], &[n])).await.unwrap();
        }
        for n in [0, 1, 3, 4] {
            engine.commit(write(&[n], &[n, n])).await.unwrap();
        }
        let scan = |start: u8, end: u8, direction, limit| {
            let range = Range { start: vec![start], end: vec![end] };
            Scan { range, direction, limit }
        };
        let scans = vec![
            scan(10, 15, Direction::Forward, 3),
            scan(10, 15, Direction::Backward, 2),
            scan(15, 10, Direction::Forward, 9),
        ];
        let found = engine.follow(scans).await.unwrap();
        let read = |n: u8| Followed { entry: vec![10 + n], pair: (vec![n], vec![n, n]) };
        assert_eq!(found, [vec![read(0), read(1)], vec![read(4), read(3)], vec![]]);
    }
}

/// What a snapshot gives, while something is written between each two of its reads.
async fn read_amid_writes(
    engine: &dyn Engine,
    later: Vec<(u8, Option<u8>)>,
    bytes: usize,
) -> Vec<(u8, u8)> {
    let mut snapshot = engine.snapshot();
    let (mut found, mut later) = (Vec::new(), later.into_iter());
    loop {
        for (key, value) in later.by_ref().take(5) {
            let mut batch = Batch::new();
            match value {
                Some(value) => batch.put(vec![key], vec![value]),
                None => batch.remove(vec![key]),
            }
            engine.commit(batch).await.unwrap();
        }
        let pairs = snapshot.next(bytes).await.unwrap();
        if pairs.is_empty() {
            return found;
        }
        found.extend(pairs.into_iter().map(|(key, value)| (key[0], value[0])));
    }
}

/// All pairs of a range, read from both ends, and those keys one by one.
async fn read_all(engine: &dyn Engine, from: u8, to: u8, limit: usize) -> Vec<Vec<Pair>> {
    let range = Range { start: vec![from], end: vec![to] };
    let forward = engine.scan(range.clone(), Direction::Forward, limit).await.unwrap();
    let backward = engine.scan(range, Direction::Backward, limit).await.unwrap();
    let keys: Vec<Vec<u8>> = (from..to).map(|key| vec![key]).collect();
    let values = engine.get_many(&keys).await.unwrap();
    let single = keys.into_iter().zip(values);
    vec![forward, backward, single.filter_map(|(key, value)| Some((key, value?))).collect()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// Whether what was committed is on the disk yet makes no difference to who reads.
    #[test]
    fn engines_read_alike_whenever_they_are_flushed(
        steps in prop::collection::vec(
            (prop::collection::vec((0_u8..20, any::<Option<u8>>()), 0..4), any::<bool>()), 1..25),
        (from, to) in (0_u8..20, 0_u8..20),
        limit in 1_usize..20,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let engines: [Box<dyn Engine>; 2] =
            [Box::new(SledEngine::temporary().unwrap()), Box::new(MemoryEngine::default())];
        let mut found = Vec::new();
        for engine in engines {
            found.push(runtime.block_on(async {
                let mut read = Vec::new();
                for (writes, is_flushed) in &steps {
                    let mut batch = Batch::new();
                    for (key, value) in writes {
                        match value {
                            Some(value) => batch.put(vec![*key], vec![*value]),
                            None => batch.remove(vec![*key]),
                        }
                    }
                    engine.commit(batch).await.unwrap();
                    if *is_flushed {
                        engine.durable().await.unwrap();
                    }
                    read.push(read_all(&*engine, from, to, limit).await);
                }
                read
            }));
        }
        prop_assert_eq!(&found[0], &found[1]);
    }

    #[test]
    fn a_snapshot_is_of_its_moment_whatever_is_written_meanwhile(
        first in prop::collection::btree_map(0_u8..40, any::<u8>(), 0..30),
        later in prop::collection::vec((0_u8..40, any::<Option<u8>>()), 0..60),
        bytes in 1_usize..20,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let wanted: Vec<(u8, u8)> = first.clone().into_iter().collect();
        let engines: [Box<dyn Engine>; 2] =
            [Box::new(SledEngine::temporary().unwrap()), Box::new(MemoryEngine::default())];
        for engine in engines {
            let found = runtime.block_on(async {
                for (key, value) in &first {
                    engine.commit(write(&[*key], &[*value])).await.unwrap();
                }
                read_amid_writes(&*engine, later.clone(), bytes).await
            });
            prop_assert_eq!(&found, &wanted);
        }
    }
}
