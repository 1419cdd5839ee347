//! The store against a plain map, cut off anywhere.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::store::local::*;

fn key(number: u8) -> Key {
    Key::from_bytes(vec![1]).number(number.into())
}

fn all(store: &LocalStore) -> BTreeMap<Vec<u8>, String> {
    let range = Range { start: vec![0], end: vec![9] };
    store.scan(range, Direction::Forward, usize::MAX).unwrap().into_iter().collect()
}

fn write(store: &mut LocalStore, number: u8, value: &str) {
    store.put(key(number), &value);
    store.commit();
}

/// A text of ten thousand characters that takes about as much room compressed.
fn incompressible(number: u8) -> String {
    let mut state = 1 + u64::from(number);
    let character = || {
        // An xorshift generator: no chance in what the test writes.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b' ' + (state >> 32) as u8 % 95)
    };
    std::iter::repeat_with(character).take(10_000).collect()
}

async fn checkpoint(store: &mut LocalStore) {
    store.hurry();
    let checkpoint = store.begin().unwrap();
    let outcome = checkpoint.write().await;
    store.end(checkpoint, outcome);
}

#[derive(Clone, Debug)]
enum Step {
    Put(u8),
    Remove(u8),
    Clear,
    Bound,
    /// A checkpoint, with so many steps before its end; none when the process ends before.
    Checkpoint(Option<usize>),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0_u8..20).prop_map(Step::Put),
        4 => (0_u8..20).prop_map(Step::Remove),
        1 => Just(Step::Clear),
        1 => Just(Step::Bound),
        3 => prop::option::of(0_usize..6).prop_map(Step::Checkpoint),
    ]
}

/// What was expected and found after some steps, with the process ending at the last of them.
async fn walk(steps: Vec<Step>) {
    let folder = tempfile::tempdir().unwrap();
    let mut store = LocalStore::open(folder.path()).unwrap();
    let mut expected = BTreeMap::new();
    let mut begun: Option<(Checkpoint, usize)> = None;
    for (at, step) in steps.into_iter().enumerate() {
        match step {
            Step::Put(number) => {
                write(&mut store, number, &at.to_string());
                expected.insert(key(number).done(), at.to_string());
            }
            Step::Remove(number) => {
                store.remove_value(key(number));
                store.commit();
                expected.remove(key(number).as_bytes());
            }
            Step::Clear => {
                store.clear().unwrap();
                expected.clear();
            }
            // As if much had been read or written.
            Step::Bound if begun.is_none() => store.state.move_over().unwrap(),
            Step::Checkpoint(Some(end)) if begun.is_none() => {
                store.hurry();
                let checkpoint = store.begin().unwrap();
                let outcome = checkpoint.write().await;
                outcome.unwrap();
                begun = Some((checkpoint, end));
            }
            Step::Checkpoint(None) if begun.is_none() => {
                store.hurry();
                drop(store.begin().unwrap());
                drop(store);
                store = LocalStore::open(folder.path()).unwrap();
            }
            _ => (),
        }
        if let Some((_, left)) = &mut begun {
            match left.checked_sub(1) {
                Some(fewer) => *left = fewer,
                None => {
                    let (checkpoint, _) = begun.take().unwrap();
                    store.end(checkpoint, Ok(()));
                }
            }
        }
        assert_eq!(all(&store), expected);
        for limit in [1, 3] {
            let range = || key(2).until(key(15));
            let found = store.scan::<String>(range(), Direction::Forward, limit).unwrap();
            let within = || expected.range(range().start..range().end);
            let plain = |(key, value): (&Vec<u8>, &String)| (key.clone(), value.clone());
            assert!(found.into_iter().eq(within().take(limit).map(plain)));
            let found = store.scan::<String>(range(), Direction::Backward, limit).unwrap();
            assert!(found.into_iter().eq(within().rev().take(limit).map(plain)));
        }
        for number in 0..20 {
            let found: Option<String> = store.get(&key(number)).unwrap();
            assert_eq!(found.as_ref(), expected.get(key(number).as_bytes()));
        }
    }
    let mut dumped = Vec::new();
    store.dump().write(&mut dumped).await.unwrap();
    drop((begun, store));
    assert_eq!(all(&LocalStore::open(folder.path()).unwrap()), expected);
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join(LOG), dumped).unwrap();
    assert_eq!(all(&LocalStore::open(other.path()).unwrap()), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn it_is_a_map_whatever_is_in_the_engine_already(steps in prop::collection::vec(step(), 1..40)) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(walk(steps));
    }
}

#[tokio::test]
async fn little_needs_no_engine_and_a_checkpoint_leaves_a_short_log() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = LocalStore::open(folder.path()).unwrap();
    assert!(!store.is_due() && store.begin().is_none());
    write(&mut store, 1, "a value");
    assert!(!folder.path().join(RECORDS).exists());
    for number in 0..=u8::MAX {
        write(&mut store, number, &incompressible(number));
    }
    assert!(store.is_due());
    let checkpoint = store.begin().unwrap();
    assert!(!store.is_due());
    write(&mut store, 1, "another");
    let outcome = checkpoint.write().await;
    store.end(checkpoint, outcome);
    assert_eq!(store.state.staged.len(), 1);
    assert!(store.log.size() < 1_000, "{}", store.log.size());
    assert_eq!(store.get::<String>(&key(1)).unwrap().as_deref(), Some("another"));
    drop(store);
    let store = LocalStore::open(folder.path()).unwrap();
    assert_eq!((all(&store).len(), store.state.staged.len()), (256, 1));
}

#[tokio::test]
async fn a_disk_that_refuses_the_engine_leaves_all_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = LocalStore::open(folder.path()).unwrap();
    write(&mut store, 1, "one");
    fs::write(folder.path().join(RECORDS), "no folder").unwrap();
    store.hurry();
    assert!(store.begin().is_none() && !store.is_due() && !store.is_failing());
    write(&mut store, 2, "two");
    fs::remove_file(folder.path().join(RECORDS)).unwrap();
    checkpoint(&mut store).await;
    drop(store);
    let store = LocalStore::open(folder.path()).unwrap();
    assert_eq!(all(&store).into_values().collect::<Vec<_>>(), ["one", "two"]);
}

#[test]
fn a_step_that_the_disk_does_not_take_is_written_with_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = LocalStore::open(folder.path()).unwrap();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let file = store.swap_file(full);
    write(&mut store, 1, "one");
    assert!(store.is_failing());
    store.swap_file(file);
    write(&mut store, 2, "two");
    assert!(!store.is_failing());
    drop(store);
    let store = LocalStore::open(folder.path()).unwrap();
    assert_eq!(all(&store).into_values().collect::<Vec<_>>(), ["one", "two"]);
}

#[tokio::test]
async fn what_was_removed_goes_from_the_engine_without_delay() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = LocalStore::open(folder.path()).unwrap();
    write(&mut store, 1, "one");
    checkpoint(&mut store).await;
    store.clear().unwrap();
    drop(store);
    let mut store = LocalStore::open(folder.path()).unwrap();
    assert!(store.is_due() && all(&store).is_empty());
    checkpoint(&mut store).await;
    assert!(!store.is_due());
    assert_eq!(store.state.engine().unwrap().value(key(1).as_bytes()).unwrap(), None);
}
