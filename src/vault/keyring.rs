//! Keyring of one data folder: the key that seals, former keys that still open values, and their source.
//!
//! Clones are the same keyring. The caller of a rotation makes sure that nothing is sealed while the key changes.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use crate::{
    config::{Secret, Vault},
    private::MASTER_KEY as KEY_FILE,
    vault::{
        error::{FORMER_SETTING, SETTING, VaultError},
        file,
        key::{Key, key_of},
        key_id::KeyId,
    },
};

/// Seals what one process alone reads.
static THROWN_AWAY: LazyLock<Key> = LazyLock::new(Key::random);

#[derive(Clone)]
pub struct Keyring {
    inner: Arc<Inner>,
}

struct Inner {
    /// None for a key that is stored nowhere.
    file: Option<PathBuf>,
    settings: Vault,
    held: RwLock<Held>,
}

#[derive(Default)]
struct Held {
    current: Option<Key>,
    /// Those in the file, the newest first.
    in_file: Vec<Key>,
    /// Those of the settings, the one in force first.
    set: Vec<Key>,
}

/// Where the key in force comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    File,
    Settings,
}

impl Source {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Settings => "settings",
        }
    }
}

/// Keys for a backup: those of the file, and the ids of those of the settings, which stay out of it.
#[derive(Clone, Default)]
pub struct Keys {
    in_file: Vec<Key>,
    pub elsewhere: Vec<KeyId>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Keyring({:?})", self.current())
    }
}

impl Keyring {
    /// The keys of a data folder, which are read by [`Self::load`].
    pub fn at(data: &Path, settings: &Vault) -> Self {
        Self::new(Some(data.join(KEY_FILE)), settings.clone(), Held::default())
    }

    /// A key that ends with this process.
    pub fn thrown_away() -> Self {
        let held = Held { current: Some(THROWN_AWAY.clone()), ..Held::default() };
        Self::new(None, Vault::default(), held)
    }

    fn new(file: Option<PathBuf>, settings: Vault, held: Held) -> Self {
        Self { inner: Arc::new(Inner { file, settings, held: RwLock::new(held) }) }
    }

    /// Reads the keys. Only for who holds the folder: another process might be changing them.
    pub fn load(&self) -> Result<(), VaultError> {
        let Some(path) = &self.inner.file else { return Ok(()) };
        let Vault { key, former_key } = &self.inner.settings;
        let (key, former) = (read(key, SETTING)?, read(former_key, FORMER_SETTING)?);
        crate::private::clear_left_over(path);
        let in_file = file::read(path)?;
        let current = key.clone().or_else(|| in_file.first().cloned());
        let set = key.into_iter().chain(former).collect();
        *self.change() = Held { current, in_file, set };
        Ok(())
    }

    /// Fails unless these keys are held.
    pub fn require(&self, needed: &[KeyId]) -> Result<(), VaultError> {
        let held = self.held();
        let Some(missing) = needed.iter().find(|id| held.find(**id).is_none()) else {
            return Ok(());
        };
        let found = match &held.current {
            Some(key) if held.set.first() == Some(key) => {
                format!("key {} in {SETTING}", key.id())
            }
            Some(key) => format!("key {} in {KEY_FILE}", key.id()),
            None => "none here".to_owned(),
        };
        Err(VaultError::Missing { needed: *missing, found, file: self.file_name() })
    }

    /// Makes a key and its file where there is no key. Only after it is known that none is needed.
    pub fn make(&self) -> Result<(), VaultError> {
        let mut held = self.change();
        if held.current.is_some() {
            return Ok(());
        }
        held.begin(self.inner.file.as_deref())?;
        held.current = held.in_file.first().cloned();
        Ok(())
    }

    /// Makes a new key and writes it into the file, before the present one, which still seals.
    pub fn begin(&self) -> Result<KeyId, VaultError> {
        let mut held = self.change();
        if held.source() == Some(Source::Settings) {
            return Err(VaultError::SetBySettings);
        }
        held.begin(self.inner.file.as_deref())
    }

    /// The newest key seals from now on; the others only open.
    pub fn use_newest(&self) {
        let mut held = self.change();
        if held.source() != Some(Source::Settings) {
            held.current = held.in_file.first().cloned();
        }
    }

    /// Forgets all keys but the one in force, in the file too: which those are. Only when no value needs
    /// them.
    pub fn drop_former(&self) -> Result<Vec<KeyId>, VaultError> {
        let dropped = self.ids().into_iter().skip(1).collect();
        let mut held = self.change();
        let current = held.current.clone();
        let is_current = |key: &Key| current.as_ref() == Some(key);
        held.set.retain(is_current);
        let remaining: Vec<Key> =
            held.in_file.iter().filter(|key| is_current(key)).cloned().collect();
        if let Some(path) =
            self.inner.file.as_deref().filter(|_| remaining.len() < held.in_file.len())
        {
            file::write(path, &remaining)?;
        }
        held.in_file = remaining;
        Ok(dropped)
    }

    /// The key in force.
    pub fn current(&self) -> Option<KeyId> {
        self.held().current.as_ref().map(Key::id)
    }

    /// All keys, the one in force first.
    pub fn ids(&self) -> Vec<KeyId> {
        let held = self.held();
        let mut ids = Vec::new();
        for id in held.all().map(Key::id) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids
    }

    pub fn source(&self) -> Option<Source> {
        self.held().source()
    }

    /// The keys for a backup.
    pub fn keys(&self) -> Keys {
        let held = self.held();
        let is_set = |key: &&Key| held.set.contains(key);
        let in_file = held.in_file.iter().filter(|key| !is_set(key)).cloned().collect();
        Keys { in_file, elsewhere: held.set.iter().map(Key::id).collect() }
    }

    /// Seals a value for a place with the key in force.
    pub fn seal(&self, place: &[u8], clear: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.held().current.as_ref().ok_or(VaultError::NoKey)?.seal(place, clear)
    }

    /// Opens a value that was sealed for this place.
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let held = self.held();
        let id = key_of(sealed).ok_or(VaultError::Broken)?;
        let missing = || VaultError::Missing {
            needed: id,
            found: "no such key here".to_owned(),
            file: self.file_name(),
        };
        held.find(id).ok_or_else(missing)?.open(place, sealed)
    }

    fn file_name(&self) -> String {
        self.inner
            .file
            .as_ref()
            .map_or_else(|| KEY_FILE.to_owned(), |file| file.display().to_string())
    }

    fn held(&self) -> RwLockReadGuard<'_, Held> {
        self.inner.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Held> {
        self.inner.held.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn all(&self) -> impl Iterator<Item = &Key> {
        self.current.iter().chain(&self.in_file).chain(&self.set)
    }

    fn find(&self, id: KeyId) -> Option<&Key> {
        self.all().find(|key| key.id() == id)
    }

    fn source(&self) -> Option<Source> {
        let current = self.current.as_ref()?;
        Some(if self.in_file.contains(current) && !self.set.contains(current) {
            Source::File
        } else {
            Source::Settings
        })
    }

    fn begin(&mut self, path: Option<&Path>) -> Result<KeyId, VaultError> {
        let new = Key::random();
        let id = new.id();
        let in_file: Vec<Key> = [new].into_iter().chain(self.in_file.iter().cloned()).collect();
        if let Some(path) = path {
            file::write(path, &in_file)?;
        }
        self.in_file = in_file;
        Ok(id)
    }
}

impl Keys {
    /// All that are in either.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        for key in other.in_file {
            if !self.in_file.contains(&key) {
                self.in_file.push(key);
            }
        }
        for id in other.elsewhere {
            if !self.elsewhere.contains(&id) {
                self.elsewhere.push(id);
            }
        }
        self
    }

    /// The content of the key file; none where the settings hold all keys.
    pub fn file(&self) -> Option<String> {
        (!self.in_file.is_empty()).then(|| file::lines(&self.in_file) + "\n")
    }

    pub fn in_file(&self) -> Vec<KeyId> {
        self.in_file.iter().map(Key::id).collect()
    }
}

fn read(text: &Secret, setting: &'static str) -> Result<Option<Key>, VaultError> {
    if text.is_empty() {
        return Ok(None);
    }
    Key::read(text.expose()).map(Some).ok_or(VaultError::BadSetting { setting })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(data: &Path, key: &str, former: &str) -> Keyring {
        let settings = Vault { key: key.into(), former_key: former.into() };
        let keyring = Keyring::at(data, &settings);
        keyring.load().unwrap();
        keyring
    }

    fn text(data: &Path) -> String {
        std::fs::read_to_string(data.join(KEY_FILE)).unwrap()
    }

    #[test]
    fn a_key_is_made_once_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let keyring = open(folder.path(), "", "");
        assert!(matches!(keyring.seal(b"p", b"x"), Err(VaultError::NoKey)));
        keyring.make().unwrap();
        let sealed = keyring.seal(b"p", b"x").unwrap();
        let again = open(folder.path(), "", "");
        again.make().unwrap();
        assert_eq!((again.ids(), again.source()), (keyring.ids(), Some(Source::File)));
        assert_eq!(again.open(b"p", &sealed).unwrap(), b"x");
        // What the file holds is what the setting takes.
        let set = open(folder.path(), &text(folder.path()), "");
        assert_eq!((set.ids(), set.source()), (keyring.ids(), Some(Source::Settings)));
        assert_eq!((set.keys().file(), set.keys().elsewhere), (None, keyring.ids()));
        assert_eq!(keyring.keys().file(), Some(text(folder.path())));
    }

    #[test]
    fn a_missing_or_wrong_key_is_named_with_what_to_do() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let keyring = open(folder.path(), "", "");
        keyring.make().unwrap();
        let needed = keyring.ids();
        let missing = open(other.path(), "", "").require(&needed).unwrap_err().to_string();
        assert!(missing.contains(&format!("{}", needed[0])), "{missing}");
        assert!(
            missing.contains("none here") && missing.contains("WAGATE_VAULT__KEY"),
            "{missing}"
        );
        assert!(!other.path().join(KEY_FILE).exists());
        let set = open(other.path(), &Key::random().text(), "");
        let wrong = set.require(&needed).unwrap_err().to_string();
        assert!(wrong.contains("in vault.key (WAGATE_VAULT__KEY)"), "{wrong}");
        assert!(
            open(other.path(), &Key::random().text(), &text(folder.path()))
                .require(&needed)
                .is_ok()
        );
        for (key, former) in [("short", ""), ("", "short")] {
            let settings = Vault { key: key.into(), former_key: former.into() };
            let said = Keyring::at(other.path(), &settings).load().unwrap_err().to_string();
            assert!(said.contains("must be 32 bytes") && !said.contains("short"), "{said}");
        }
    }

    #[test]
    fn both_keys_are_held_until_the_former_one_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let keyring = open(folder.path(), "", "");
        keyring.make().unwrap();
        let (old, before) = (keyring.seal(b"p", b"x").unwrap(), keyring.ids());
        let new = keyring.begin().unwrap();
        assert_eq!(key_of(&keyring.seal(b"p", b"x").unwrap()), before.first().copied());
        // Cut off here, the next process goes on with the new key and opens what the old one sealed.
        let later = open(folder.path(), "", "");
        assert_eq!((later.current(), later.ids().len()), (Some(new), 2));
        assert_eq!(later.open(b"p", &old).unwrap(), b"x");
        keyring.use_newest();
        assert_eq!(key_of(&keyring.seal(b"p", b"x").unwrap()), Some(new));
        assert_eq!(keyring.open(b"p", &old).unwrap(), b"x");
        keyring.drop_former().unwrap();
        assert_eq!(keyring.ids(), [new]);
        assert!(matches!(keyring.open(b"p", &old), Err(VaultError::Missing { .. })));
        assert_eq!(open(folder.path(), "", "").ids(), [new]);
    }

    #[test]
    fn a_key_moves_from_the_file_to_the_settings_and_back() {
        let folder = tempfile::tempdir().unwrap();
        let keyring = open(folder.path(), "", "");
        keyring.make().unwrap();
        let key = Key::random();
        let set = open(folder.path(), &key.text(), "");
        assert_eq!(set.ids(), [key.id(), keyring.ids()[0]]);
        assert!(matches!(set.begin(), Err(VaultError::SetBySettings)));
        set.drop_former().unwrap();
        assert!(!folder.path().join(KEY_FILE).exists(), "the file outlives its use");
        let back = open(folder.path(), "", &key.text());
        back.require(&[key.id()]).unwrap();
        back.make().unwrap();
        assert_eq!((back.source(), back.ids().len()), (Some(Source::File), 2));
        back.drop_former().unwrap();
        assert_eq!(back.ids().len(), 1);
        assert!(folder.path().join(KEY_FILE).exists());
    }

    #[test]
    fn a_backup_that_meets_a_rotation_gets_both_keys() {
        let folder = tempfile::tempdir().unwrap();
        let keyring = open(folder.path(), "", "");
        keyring.make().unwrap();
        let before = keyring.keys();
        keyring.begin().unwrap();
        keyring.use_newest();
        keyring.drop_former().unwrap();
        let both = keyring.keys().with(before.clone());
        assert_eq!(both.in_file(), [keyring.ids(), before.in_file()].concat());
        assert_eq!(both.file().map(|text| text.lines().count()), Some(2));
    }

    #[test]
    fn nothing_that_is_printed_shows_a_key() {
        let key = Key::random();
        let settings = Vault { key: key.text().as_str().into(), former_key: "".into() };
        let folder = tempfile::tempdir().unwrap();
        let keyring = open(folder.path(), &key.text(), "");
        let shown = format!("{settings:?} {keyring:?} {:?}", key.clone());
        assert!(!shown.contains(&key.text()), "{shown}");
    }
}
