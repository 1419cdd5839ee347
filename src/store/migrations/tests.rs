//! What a migration must do however it is cut off.

use std::{fs, path::Path};

use async_trait::async_trait;
use tempfile::TempDir;

use crate::{
    store::{
        Declaration, Tree,
        catalogue::Catalogue,
        codec::Key,
        engine::{Direction, Pair},
        former_trees as trees,
        migrations::*,
        sealed_setting::SealedSetting,
    },
    vault::Keyring,
};

const RECORDS: u64 = 2_000;
const LINK_KEY: &str = "a key for links";
/// Trees of modules above the store, under numbers that layout 2 had already.
const SESSIONS: Tree = Tree::sealed(2, "Sessions");
const NOTES_OF_CALLERS: Tree = Tree::sealed(13, "Notes");

fn record(number: u64) -> (Vec<u8>, Vec<u8>) {
    let value = serde_json::json!({ "number": number, "text": "x".repeat(100) });
    (Key::new(trees::CONTACTS).number(number).done(), encode_json(&value).unwrap())
}

/// A folder with a store of layout 2.
async fn older() -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let engine = SledEngine::open(&store).unwrap();
    for first in (0..RECORDS).step_by(500) {
        let mut batch = Batch::new();
        for (key, value) in (first..first + 500).map(record) {
            batch.put(key, value);
        }
        engine.commit(batch).await.unwrap();
    }
    let mut batch = Batch::new();
    batch.put(key(LAYOUT), encode_json(&2).unwrap());
    engine.commit(batch).await.unwrap();
    engine.durable().await.unwrap();
    close(engine, &store).await.unwrap();
    (folder, store)
}

async fn opened(store: &Path) -> SledEngine {
    open(store, &Disk::manual(0), &seal(Keyring::thrown_away()), &Opening::default())
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

fn seal(keyring: Keyring) -> Seal {
    const SEALED: &[Declaration] =
        &[Declaration::plain(SESSIONS, "a test"), Declaration::plain(NOTES_OF_CALLERS, "a test")];
    const CATALOGUE: Catalogue =
        Catalogue::with(&[SEALED]).sealing(&[&[SealedSetting::new(LINK_KEY)]]);
    Seal::new(keyring, CATALOGUE)
}

/// Everything is there once, and nothing is left of the way.
async fn check(store: &Path) {
    let engine = opened(store).await;
    assert_eq!(number(&engine).await.unwrap(), Some(SCHEMA));
    assert_eq!(under_way(&engine).await.unwrap(), None);
    let all = Key::new(trees::CONTACTS).all();
    let found = engine.scan(all, Direction::Forward, usize::MAX).await.unwrap();
    assert_eq!(found.len() as u64, RECORDS);
    for (number, (key, value)) in (0..).zip(found) {
        let (wanted, written) = record(number);
        let [value, written] = [value, written].map(|v| decode::<serde_json::Value>(&v).unwrap());
        assert_eq!((key, value), (wanted, written));
    }
    let left: Vec<_> = fs::read_dir(store.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    close(engine, store).await.unwrap();
}

#[tokio::test]
async fn a_store_of_the_layout_before_becomes_one_of_this() {
    let (_folder, store) = older().await;
    check(&store).await;
    check(&store).await;
}

/// Copies until some pairs are written, and lets it be.
struct Interrupted(u64);

#[async_trait]
impl Rewrite for Interrupted {
    async fn rewrite(
        &mut self,
        _: &dyn Engine,
        pair: Pair,
        into: &mut Batch,
    ) -> Result<(), StoreError> {
        self.0 = self.0.checked_sub(1).ok_or(StoreError::Full)?;
        into.put(pair.0, pair.1);
        Ok(())
    }
}

async fn cut_off(store: &Path, after: u64) -> Result<SledEngine, StoreError> {
    let folders = Folders::of(store);
    let engine = SledEngine::open(store).unwrap();
    let rewrite = Box::new(Interrupted(after));
    let disk = Disk::manual(0);
    let next =
        copy_beside(&folders, &engine, &disk, (2, "test"), rewrite, &Opening::default()).await;
    close(engine, store).await.unwrap();
    next
}

#[tokio::test]
async fn a_copy_that_was_cut_off_goes_on_behind_what_it_has() {
    let (_folder, store) = older().await;
    assert!(matches!(cut_off(&store, 1_200).await, Err(StoreError::Full)));
    let next = Folders::of(&store).next;
    while is_held(&next) {
        tokio::time::sleep(CLOSING_LOOK).await;
    }
    let found = SledEngine::open(&next).unwrap();
    let checkpoint = under_way(&found).await.unwrap().unwrap().checkpoint.unwrap();
    assert_eq!((checkpoint.done, checkpoint.total), (1_000, RECORDS + 2));
    close(found, &next).await.unwrap();
    check(&store).await;
}

#[tokio::test]
async fn an_older_version_refuses_a_store_whose_migration_has_begun() {
    let (_folder, store) = older().await;
    assert!(cut_off(&store, 10).await.is_err());
    let engine = SledEngine::open(&store).unwrap();
    assert_eq!(engine.get(&key(LAYOUT)).await.unwrap(), Some(encode_json(&3).unwrap()));
}

#[tokio::test]
async fn a_kill_between_any_two_changes_of_folders_is_mended() {
    let (_folder, store) = older().await;
    let next = cut_off(&store, u64::MAX).await.unwrap_or_else(|error| panic!("{error}"));
    let folders = Folders::of(&store);
    close(next, &folders.next).await.unwrap();
    // Before the first change, between the two, and before the old folder is gone.
    let kept = store.with_file_name("kept");
    fs::rename(&store, &folders.old).unwrap();
    drop(folders.settle().unwrap_or_else(|error| panic!("{error}")));
    assert!(!folders.next.exists() && store.exists());
    fs::rename(&store, &kept).unwrap();
    fs::rename(&folders.old, &store).unwrap_or(());
    let _ = fs::remove_dir_all(&folders.old);
    let _ = fs::remove_dir_all(&store);
    fs::rename(&kept, &store).unwrap();
    fs::create_dir(&folders.old).unwrap();
    fs::write(folders.old.join("db"), b"half removed").unwrap();
    check(&store).await;
}

#[tokio::test]
async fn what_another_store_left_beside_it_is_not_taken_for_a_part_of_it() {
    let (_folder, store) = older().await;
    let (_other, foreign) = older().await;
    assert!(cut_off(&foreign, 1_200).await.is_err());
    let folders = Folders::of(&store);
    fs::rename(Folders::of(&foreign).next, &folders.next).unwrap();
    check(&store).await;
}

#[tokio::test]
async fn a_disk_without_room_for_the_copy_is_said_before_anything_is_written() {
    let (_folder, store) = older().await;
    let disk = Disk::manual(0);
    disk.set_free(1_000);
    let refused =
        open(&store, &disk, &seal(Keyring::thrown_away()), &Opening::default()).await.err();
    assert!(matches!(refused, Some(StoreError::NoRoomToMigrate { .. })), "{refused:?}");
    while is_held(&store) {
        tokio::time::sleep(CLOSING_LOOK).await;
    }
    let engine = SledEngine::open(&store).unwrap();
    assert_eq!(number(&engine).await.unwrap(), Some(2));
    close(engine, &store).await.unwrap();
    check(&store).await;
}

#[tokio::test]
async fn two_at_once_do_not_open_the_same_store() {
    let (_folder, store) = older().await;
    let turn = Folders::of(&store).settle().unwrap_or_else(|error| panic!("{error}"));
    assert!(matches!(
        open(&store, &Disk::manual(0), &seal(Keyring::thrown_away()), &Opening::default()).await,
        Err(StoreError::InUse)
    ));
    drop(turn);
    check(&store).await;
}

/// Whether a text lies in any file below a folder.
fn lies_in(folder: &Path, text: &[u8]) -> bool {
    let mut entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.any(|path| match path.is_dir() {
        true => lies_in(&path, text),
        false => fs::read(&path).unwrap().windows(text.len()).any(|part| part == text),
    })
}

#[tokio::test]
async fn a_secret_that_lay_in_the_clear_is_in_no_file_after_the_copy() {
    const SECRET: &str = "a-proxy-password-4730";
    let (_folder, store) = older().await;
    let engine = SledEngine::open(&store).unwrap();
    let value = serde_json::json!({ "password": SECRET });
    let keys = [SESSIONS, NOTES_OF_CALLERS]
        .map(|tree| Key::new(tree).text("s").done())
        .into_iter()
        .chain([key(LINK_KEY)])
        .collect::<Vec<_>>();
    let mut batch = Batch::new();
    for key in &keys {
        batch.put(key.clone(), encode_json(&value).unwrap());
    }
    engine.commit(batch).await.unwrap();
    engine.durable().await.unwrap();
    close(engine, &store).await.unwrap();
    assert!(lies_in(&store, SECRET.as_bytes()));
    // Cut off in the middle, it goes on with what was sealed before.
    let data = store.parent().unwrap();
    let keyring = Keyring::at(data, &crate::config::Vault::default());
    {
        let engine = SledEngine::open(&store).unwrap();
        load_keys(&engine, &keyring).await.unwrap();
        let rewrite = Box::new(Interrupted(1_200));
        let rewrite = Box::new(Sealing { seal: seal(keyring.clone()), rewrite });
        let disk = Disk::manual(0);
        let cut = copy_beside(
            &Folders::of(&store),
            &engine,
            &disk,
            (2, "test"),
            rewrite,
            &Opening::default(),
        )
        .await;
        assert!(matches!(cut, Err(StoreError::Full)));
        close(engine, &store).await.unwrap();
    }
    while is_held(&Folders::of(&store).next) {
        tokio::time::sleep(CLOSING_LOOK).await;
    }
    let keyring = Keyring::at(data, &crate::config::Vault::default());
    let engine = open(&store, &Disk::manual(0), &seal(keyring.clone()), &Opening::default())
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    for key in keys {
        let found = engine.get(&key).await.unwrap().unwrap();
        assert!(crate::vault::key_of(&found) == keyring.current(), "{key:?}");
        let (_, found) = seal(keyring.clone()).opened_pair((key, found)).unwrap();
        assert_eq!(decode::<serde_json::Value>(&found).unwrap(), value);
    }
    engine.durable().await.unwrap();
    close(engine, &store).await.unwrap();
    assert!(!lies_in(data, SECRET.as_bytes()));
}
