//! Keeps all secrets of the store sealed with the key in force: at its opening, and when that key is
//! rotated.
//!
//! ```text
//!  key in the file ─▶ noted in the store ─▶ seals ─▶ every value has it ─▶ alone in the note ─▶ alone in the file
//! ```
//!
//! Each step is on the disk before a later one depends on it, and a key is held until no value needs it.
//! Cut off anywhere, the next opening goes on with the newest key.

use serde::{Deserialize, Serialize};

use crate::{
    breakpoint::Breakpoint,
    store::{
        StoreError,
        engine::{Batch, Direction, Engine, Range, Sealed},
        opening::Opening,
        seal::Seal,
        settings::Settings,
    },
    vault::{KeyId, Keyring, Source, VaultError, key_of},
};

const SETTING: &str = "sealed";
/// Values that get a new key in one commit. Writes of secrets wait for that long.
const AT_ONCE: usize = 64;

/// What is sealed, and with which keys.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Every key that a value may be sealed with.
    pub keys: Vec<String>,
    /// Where nothing lies in the clear.
    pub places: Vec<String>,
}

impl Note {
    pub fn settled(key: KeyId, seal: &Seal) -> Self {
        Self { keys: vec![key.to_string()], places: seal.names() }
    }

    async fn read(engine: &dyn Engine) -> Result<Option<Self>, StoreError> {
        Settings::new(engine).get(SETTING).await
    }

    /// Visible at once. Nothing that is committed later is on the disk before it.
    pub async fn write(&self, engine: &dyn Engine) -> Result<(), StoreError> {
        Settings::new(engine).put_lazily(SETTING, self).await
    }

    fn ids(&self) -> Result<Vec<KeyId>, StoreError> {
        let unclear = |()| StoreError::Corrupt("an id of a key is unreadable".to_owned());
        self.keys.iter().map(|id| id.parse().map_err(unclear)).collect()
    }
}

/// What the secrets of a store are sealed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultStatus {
    /// The key in force.
    pub key: KeyId,
    pub source: Source,
    /// Values that are sealed with it.
    pub values: u64,
    /// Values that are sealed with a former key, or not at all: a rotation is under way.
    pub to_do: u64,
}

/// Sees to it that there is the key that the store needs, and that all is sealed with the key in force.
/// Nobody else uses the store yet.
pub async fn prepare(sealed: &Sealed, opening: &Opening) -> Result<(), StoreError> {
    let (raw, keyring) = (&*sealed.raw, &sealed.seal.keyring);
    let noted = find_key(raw, keyring).await?;
    let key = keyring.current().ok_or(VaultError::NoKey)?;
    let settled = Note::settled(key, &sealed.seal);
    if noted.as_ref() != Some(&settled) {
        let was_known = noted.is_some();
        opening.begin("sealing secrets");
        match settle(sealed, noted.unwrap_or_default(), &settled).await {
            Ok(values) if was_known && 0 < values => {
                tracing::info!(values, %key, "sealed {values} secrets with key {key}");
            }
            Ok(_) => (),
            // It is opened for what it holds, and gone on with at the next opening.
            Err(StoreError::Full) => {
                tracing::warn!(
                    "the disk has too little room left to seal all secrets with key {key}"
                );
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        // In a store that is being filled, other keys are of what is still to come.
        if !was_known {
            return Ok(());
        }
    }
    if 1 < keyring.ids().len() {
        raw.durable().await?;
        for former in blocking(keyring, Keyring::drop_former).await? {
            tracing::info!(key = %former, "nothing is sealed with key {former} any more: it is forgotten");
        }
    }
    Ok(())
}

/// Finds the keys that a store needs, or makes the first. Changes nothing in the store.
pub async fn load_keys(engine: &dyn Engine, keyring: &Keyring) -> Result<(), StoreError> {
    find_key(engine, keyring).await.map(|_| ())
}

async fn find_key(engine: &dyn Engine, keyring: &Keyring) -> Result<Option<Note>, StoreError> {
    blocking(keyring, Keyring::load).await?;
    let noted = Note::read(engine).await?;
    let needed = noted.as_ref().map_or_else(|| Ok(Vec::new()), Note::ids)?;
    keyring.require(&needed)?;
    blocking(keyring, Keyring::make).await?;
    Ok(noted)
}

/// Notes the key in force, seals with it whatever is not, and notes that. How many values that were.
pub async fn settle(sealed: &Sealed, mut noted: Note, settled: &Note) -> Result<u64, StoreError> {
    let raw = &*sealed.raw;
    let mut values = 0;
    if is_anything_to_do(sealed).await? {
        noted.keys.retain(|key| !settled.keys.contains(key));
        noted.keys.splice(0..0, settled.keys.iter().cloned());
        noted.write(raw).await?;
        Breakpoint::KeyNoted.pass();
        values = seal_all(sealed).await?;
        raw.durable().await?;
        Breakpoint::SecretsSealed.pass();
    }
    settled.write(raw).await?;
    if 0 < values {
        raw.durable().await?;
        Breakpoint::FormerKeyForgotten.pass();
    }
    Ok(values)
}

/// Gives every value that is not sealed with the key in force that seal. How many there were.
async fn seal_all(sealed: &Sealed) -> Result<u64, StoreError> {
    let mut done = 0;
    for mut range in sealed.seal.ranges() {
        while let Some(next) = seal_some(sealed, &range, &mut done).await? {
            range.start = next;
            // The store waits for nothing: others get their turn between two commits.
            tokio::task::yield_now().await;
        }
    }
    Ok(done)
}

/// The same at the beginning of a range. Where to go on; none at its end.
async fn seal_some(
    sealed: &Sealed,
    range: &Range,
    done: &mut u64,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Sealed { raw, seal, turn, .. } = sealed;
    let keyring = &seal.keyring;
    let _alone = turn.write().await;
    let pairs = raw.scan(range.clone(), Direction::Forward, AT_ONCE).await?;
    let Some((last, _)) = pairs.last() else { return Ok(None) };
    // Nothing lies between a key and the same with a zero behind it.
    let next = [last.as_slice(), &[0]].concat();
    let (mut batch, mut changed) = (Batch::new(), 0);
    for (place, value) in pairs {
        if key_of(&value) == keyring.current() {
            continue;
        }
        let clear = seal.opened(&place, value.clone())?;
        batch.put(place.clone(), keyring.seal(&place, &clear)?);
        batch.expect(place, Some(value));
        changed += 1;
    }
    if 0 < changed {
        match raw.commit(batch).await {
            // Another node wrote one of them: they are read again.
            Err(StoreError::Conflict) => return Ok(Some(range.start.clone())),
            committed => committed?,
        }
        *done += changed;
        Breakpoint::SecretsResealed.pass();
    }
    Ok(Some(next))
}

async fn is_anything_to_do(sealed: &Sealed) -> Result<bool, StoreError> {
    Ok(count(sealed).await?.1 != 0)
}

/// Values that are sealed with the key in force, and those that are not.
pub async fn count(sealed: &Sealed) -> Result<(u64, u64), StoreError> {
    let (current, mut counts) = (sealed.seal.keyring.current(), (0, 0));
    for mut range in sealed.seal.ranges() {
        loop {
            let pairs = sealed.raw.scan(range.clone(), Direction::Forward, AT_ONCE).await?;
            let Some((last, _)) = pairs.last() else { break };
            range.start = [last.as_slice(), &[0]].concat();
            for (_, value) in &pairs {
                match key_of(value) == current {
                    true => counts.0 += 1,
                    false => counts.1 += 1,
                }
            }
            tokio::task::yield_now().await;
        }
    }
    Ok(counts)
}

pub async fn blocking<T: Send + 'static>(
    keyring: &Keyring,
    work: impl FnOnce(&Keyring) -> Result<T, VaultError> + Send + 'static,
) -> Result<T, StoreError> {
    let keyring = keyring.clone();
    let done = tokio::task::spawn_blocking(move || work(&keyring)).await;
    let done = done.map_err(|error| StoreError::Disk(format!("the work ended early: {error}")))?;
    Ok(done?)
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc};

    use super::*;
    use crate::{
        config::Vault,
        store::{
            SCHEMA, Store,
            catalogue::Catalogue,
            codec::{Key, encode},
            engine::MemoryEngine,
            opener::Opener,
            record::{Declaration, Record, Scope, Table},
            sealed_setting::SealedSetting,
            trees::Tree,
        },
    };

    const SECRET: &str = "a-secret-4720";
    const LINK_KEY: &str = "a key for links";

    /// Records of two modules above the store, both sealed.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Write {
        answer: String,
    }

    const WRITES: Tree = Tree::sealed(250, "Writes");
    const ATTEMPTS: Tree = Tree::sealed(251, "Attempts");
    const CATALOGUE: Catalogue = Catalogue::with(&[
        &[Declaration::of::<Write>()],
        &[Declaration::plain(ATTEMPTS, "another test")],
    ])
    .sealing(&[&[SealedSetting::new(LINK_KEY)]]);

    impl Record for Write {
        const TABLE: Table =
            Table { tree: WRITES, owner: "a test", indexes: &[], scope: Scope::Gateway };
    }

    fn write(number: u8) -> Write {
        Write { answer: format!("{SECRET}-{number}") }
    }

    fn place(number: u8) -> Key<Write> {
        Write::key().text("c").text(&number.to_string())
    }

    /// What a store holds that was never sealed: in three places, in several pages.
    async fn unsealed() -> Arc<MemoryEngine> {
        let engine = Arc::new(MemoryEngine::default());
        let mut batch = Batch::new();
        for number in 0..150 {
            batch.put(place(number).done(), encode(&write(number)).unwrap());
            let key = Key::new(ATTEMPTS).uuid(uuid::Uuid::nil()).number(number.into());
            batch.put(key.done(), encode(&SECRET).unwrap());
        }
        let setting = |name| Key::new(Tree::SETTINGS).text(name).done();
        batch.put(setting(LINK_KEY), encode(&SECRET).unwrap());
        batch.put(setting("schema"), encode(&SCHEMA).unwrap());
        engine.commit(batch).await.unwrap();
        engine
    }

    async fn open(
        engine: &Arc<MemoryEngine>,
        data: &Path,
        vault: &Vault,
    ) -> Result<Store, StoreError> {
        let keyring = Keyring::at(data, vault);
        let seal = Seal::new(keyring, CATALOGUE);
        Opener::of(CATALOGUE).over(engine.clone(), seal).await
    }

    fn key(text: &str) -> Vault {
        Vault { key: text.into(), ..Vault::default() }
    }

    /// Whether all is there as it was written, and nothing of it in the clear.
    async fn assert_whole(store: &Store, engine: &MemoryEngine) {
        for number in 0..150 {
            let found = store.get(&place(number)).await.unwrap();
            assert_eq!(found, Some(write(number)));
        }
        let link_key: Option<String> = store.settings().get(LINK_KEY).await.unwrap();
        assert_eq!(link_key.as_deref(), Some(SECRET));
        let all = Range { start: Vec::new(), end: vec![0xFF] };
        for (key, value) in engine.scan(all, Direction::Forward, usize::MAX).await.unwrap() {
            let is_clear = value.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
            assert!(!is_clear, "{key:?} lies in the clear");
        }
    }

    fn file(data: &Path) -> Option<String> {
        std::fs::read_to_string(data.join("master.key")).ok()
    }

    #[tokio::test]
    async fn what_lay_in_the_clear_is_sealed_when_the_store_is_opened() {
        let (engine, folder) = (unsealed().await, tempfile::tempdir().unwrap());
        let store = open(&engine, folder.path(), &Vault::default()).await.unwrap();
        assert_whole(&store, &engine).await;
        let status = store.vault().status().await.unwrap();
        assert_eq!((status.values, status.to_do, status.source), (301, 0, Source::File));
        let before = file(folder.path());
        let again = open(&engine, folder.path(), &Vault::default()).await.unwrap();
        assert_whole(&again, &engine).await;
        assert_eq!((file(folder.path()), again.vault().status().await.unwrap()), (before, status));
    }

    #[tokio::test]
    async fn a_store_without_its_key_is_refused_and_gets_no_other() {
        let (engine, folder) = (unsealed().await, tempfile::tempdir().unwrap());
        drop(open(&engine, folder.path(), &Vault::default()).await.unwrap());
        let path = folder.path().join("master.key");
        let text = file(folder.path()).unwrap();
        let refused = async |vault: &Vault| {
            open(&engine, folder.path(), vault).await.err().unwrap().to_string()
        };
        std::fs::remove_file(&path).unwrap();
        let said = refused(&Vault::default()).await;
        assert!(said.contains("none here") && said.contains("master.key"), "{said}");
        assert!(!path.exists(), "a new key was made");
        let other = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [7; 32]);
        let said = refused(&key(&other)).await;
        assert!(said.contains("in vault.key (WAGATE_VAULT__KEY)"), "{said}");
        std::fs::write(&path, &other).unwrap();
        let said = refused(&Vault::default()).await;
        assert!(said.contains("there is key"), "{said}");
        std::fs::write(&path, "rubbish").unwrap();
        let said = refused(&Vault::default()).await;
        assert!(said.contains("holds no key"), "{said}");
        // The right one opens it, wherever it comes from; the file is left alone or goes.
        std::fs::remove_file(&path).unwrap();
        let store = open(&engine, folder.path(), &key(text.trim())).await.unwrap();
        assert_whole(&store, &engine).await;
        assert!(!path.exists());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_rotation_amid_writes_leaves_every_value_under_the_new_key() {
        let (engine, folder) = (unsealed().await, tempfile::tempdir().unwrap());
        let store = open(&engine, folder.path(), &Vault::default()).await.unwrap();
        let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let writer = tokio::spawn({
            let (store, stop) = (store.clone(), stop.clone());
            async move {
                let mut written = 0_u64;
                while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                    for number in 0..150 {
                        let mut work = store.transaction();
                        work.put(&place(number), &write(number)).await.unwrap();
                        assert!(work.commit().await.unwrap());
                        store.durable().await.unwrap();
                        written += 1;
                    }
                    tokio::task::yield_now().await;
                }
                written
            }
        });
        let mut keys = vec![store.vault().status().await.unwrap().key];
        for _ in 0..5 {
            let status = store.vault().rotate_key().await.unwrap();
            assert!(!keys.contains(&status.key));
            assert_eq!((status.values, status.to_do), (301, 0));
            assert_eq!(file(folder.path()).unwrap().lines().count(), 1);
            keys.push(status.key);
        }
        stop.store(true, std::sync::atomic::Ordering::SeqCst);
        assert_ne!(writer.await.unwrap(), 0);
        drop(store);
        let store = open(&engine, folder.path(), &Vault::default()).await.unwrap();
        assert_whole(&store, &engine).await;
    }

    #[tokio::test]
    async fn a_key_moves_between_the_file_and_the_settings_with_the_secrets() {
        let (engine, folder) = (unsealed().await, tempfile::tempdir().unwrap());
        drop(open(&engine, folder.path(), &Vault::default()).await.unwrap());
        let other = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [7; 32]);
        let store = open(&engine, folder.path(), &key(&other)).await.unwrap();
        assert_whole(&store, &engine).await;
        assert_eq!(
            (file(folder.path()), store.vault().status().await.unwrap().source),
            (None, Source::Settings)
        );
        assert!(matches!(
            store.vault().rotate_key().await,
            Err(StoreError::Vault(VaultError::SetBySettings))
        ));
        let back = Vault { former_key: other.as_str().into(), ..Vault::default() };
        let store = open(&engine, folder.path(), &back).await.unwrap();
        assert_whole(&store, &engine).await;
        assert_eq!(store.vault().status().await.unwrap().source, Source::File);
        let store = open(&engine, folder.path(), &Vault::default()).await.unwrap();
        assert_whole(&store, &engine).await;
    }

    #[tokio::test]
    async fn pairs_of_an_old_backup_are_sealed_as_they_are_loaded() {
        let (old, new) = (unsealed().await, Arc::new(MemoryEngine::default()));
        let folder = tempfile::tempdir().unwrap();
        let store = open(&new, folder.path(), &Vault::default()).await.unwrap();
        store.upkeep().load(old.snapshot().next(usize::MAX).await.unwrap()).await.unwrap();
        assert_whole(&store, &new).await;
        // And those of a new one stay as they are.
        let pairs = store.snapshot().next(usize::MAX).await.unwrap();
        let third = Arc::new(MemoryEngine::default());
        let store = open(&third, folder.path(), &Vault::default()).await.unwrap();
        store.upkeep().load(pairs.clone()).await.unwrap();
        assert_eq!(third.snapshot().next(usize::MAX).await.unwrap(), pairs);
        assert_whole(&store, &third).await;
    }
}
