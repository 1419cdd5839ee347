//! Restore of a backup: read into a work folder, checked completely, then moved into place.
//!
//! What lay there before is moved aside, never removed.

use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, ErrorKind, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{
    backup::{
        BackupError, Manifest,
        command::{Counting, Progress},
        create::new_file,
        dump_format,
        error::blocking,
        layout::{self, BOOTSTRAP, MASTER_KEY, MEDIA, SESSIONS, SIMULATOR},
        manifest::{Head, Secrets},
        reader::{self, Sink},
        unpack_limit::{Folder, Room, Watched, has_room, no_room},
        workdir::{self, WorkDir},
    },
    config::{Config, Vault},
    domain::Timestamp,
    private,
    store::{self, Catalogue, Store},
    vault::{KeyId, Keyring, VaultError},
};

/// Folders to work in, below the folders that are restored.
const ASIDE: &str = ".restore-";
/// Folders with what was there before.
const REPLACED: &str = ".replaced-";
/// The store's folder below the data folder.
const STORE: &str = "store";
/// What a migration of the store that was cut off left beside it.
const MIGRATING: [&str; 2] = ["store.next", "store.old"];
/// The full-text index belongs to the store that is replaced, so it is removed and rebuilt.
const SEARCH: &str = "search";
/// Pairs written to the store in one batch, by their bytes.
const LOAD_AT_ONCE: usize = 1024 * 1024;
/// How long the new store may take to close, and how often it is looked at.
const CLOSING: Duration = Duration::from_secs(60);
const CLOSING_LOOK: Duration = Duration::from_millis(20);
const MEBIBYTE: u64 = 1024 * 1024;

/// What was put in place.
#[derive(Debug)]
pub struct Restored {
    pub manifest: Manifest,
    /// Where what lay there before is now.
    pub replaced: Vec<PathBuf>,
}

/// Restores a backup into the folders of the settings. Nothing in them changes unless all of the
/// archive is as its checksums say. `force` lets it take the place of what is there.
pub async fn restore(
    config: &Config,
    catalogue: Catalogue,
    file: &Path,
    force: bool,
    now: Timestamp,
    progress: &Progress,
) -> Result<Restored, BackupError> {
    let place = Place { data: config.data.dir.clone(), sessions: config.sessions_dir() };
    place.check(force)?;
    for folder in [&place.data, &place.sessions] {
        private::check_owner(folder).map_err(BackupError::Refused)?;
        // Of a restore that was cut off.
        workdir::clear(folder, ASIDE);
    }
    let archive = File::open(file).map_err(|error| BackupError::disk(file, error))?;
    let size = archive.metadata().map_err(|error| BackupError::disk(file, error))?.len();
    let archive = Counting { inner: BufReader::new(archive), progress: progress.clone() };
    workdir::make(&place.data)?;
    workdir::make(&place.sessions)?;
    let reserve = config.data.min_free_mib.saturating_mul(MEBIBYTE);
    let staged = Staged {
        data: WorkDir::new(&place.data, ASIDE)?,
        sessions: WorkDir::new(&place.sessions, ASIDE)?,
        room: Room::new(size, reserve, &place.data, &place.sessions),
    };
    let (manifest, staged) = blocking(move || {
        let mut staged = staged;
        Ok((reader::read(archive, &mut staged)?, staged))
    })
    .await?;
    staged.load_store(&manifest, &config.vault, catalogue).await?;
    blocking(move || {
        rustix::fs::sync();
        // Somebody may have started a gateway meanwhile.
        place.check(force)?;
        let replaced = place.put(&staged, now)?;
        rustix::fs::sync();
        Ok(Restored { manifest, replaced })
    })
    .await
}

/// The folders that a backup goes into.
struct Place {
    data: PathBuf,
    /// May lie within `data`.
    sessions: PathBuf,
}

impl Place {
    fn check(&self, force: bool) -> Result<(), BackupError> {
        if store::is_held(&self.data.join(STORE)) {
            let message = "a wagate is using this folder; stop it first";
            return Err(BackupError::Refused(message.to_owned()));
        }
        let sessions = self.sessions.file_name();
        let is_ours = |name: &std::ffi::OsStr| {
            let own_sessions = Some(name) == sessions && self.sessions.starts_with(&self.data);
            !own_sessions && name != "lost+found"
        };
        let full = entries(&self.data)?
            .into_iter()
            .find(|path| path.file_name().is_some_and(is_ours))
            .map(|_| &self.data)
            .or(entries(&self.sessions)?
                .iter()
                .any(|path| path.is_dir())
                .then_some(&self.sessions));
        match full {
            Some(folder) if !force => Err(BackupError::Refused(format!(
                "{} is not empty; choose another folder with --data, or move aside what is there \
                 with --force",
                folder.display()
            ))),
            _ => Ok(()),
        }
    }

    /// Moves aside what is there, and the new into its place. The store goes first and comes last:
    /// cut off in between, there is none, and a gateway that starts has nothing half.
    fn put(&self, staged: &Staged, now: Timestamp) -> Result<Vec<PathBuf>, BackupError> {
        let stamp = now.strftime("%Y%m%d-%H%M%S");
        let mut replaced = Vec::new();
        let aside = self.data.join(format!("{REPLACED}{stamp}"));
        for name in [STORE]
            .into_iter()
            .chain(MIGRATING)
            .chain([SEARCH, SIMULATOR, MEDIA, BOOTSTRAP, MASTER_KEY])
        {
            replaced.extend(move_aside(&self.data.join(name), &aside)?);
        }
        let aside = self.sessions.join(format!("{REPLACED}{stamp}"));
        for path in entries(&self.sessions)?.iter().filter(|path| path.is_dir()) {
            replaced.extend(move_aside(path, &aside)?);
        }
        replaced.dedup();
        for path in entries(staged.sessions.path())? {
            put_in(&path, &self.sessions)?;
        }
        for name in [SIMULATOR, MEDIA, BOOTSTRAP, MASTER_KEY, STORE] {
            let path = staged.data.path().join(name);
            if path.exists() {
                put_in(&path, &self.data)?;
            }
        }
        Ok(replaced)
    }
}

/// What an archive holds, on the disks that it will be on, and not yet in place.
struct Staged {
    data: WorkDir,
    sessions: WorkDir,
    room: Room,
}

impl Sink for Staged {
    fn begin(&mut self, _: &Head) -> Result<(), BackupError> {
        Ok(())
    }

    fn open(&mut self, name: &str, size: u64) -> Result<Box<dyn Write>, BackupError> {
        let (path, disk) = match name.strip_prefix(SESSIONS).and_then(|rest| rest.strip_prefix('/'))
        {
            Some(rest) => (layout::below(self.sessions.path(), rest), Folder::Sessions),
            None => (layout::below(self.data.path(), name), Folder::Data),
        };
        // The store is made from its pairs, which lie beside it until then.
        let needed = if name == layout::STORE { size.saturating_mul(2) } else { size };
        self.room.take(disk, size, needed)?;
        workdir::make(path.parent().unwrap_or(self.data.path()))?;
        // A name that comes twice is refused, for there is a file already.
        let file = BufWriter::new(new_file(&path)?);
        Ok(Box::new(Watched { file, disk: self.room.disk(disk).clone(), unwatched: 0 }))
    }
}

impl Staged {
    /// The keys that the restored store will find.
    fn keyring(&self, manifest: &Manifest, settings: &Vault) -> Result<Keyring, BackupError> {
        let refused = |error: VaultError| BackupError::Refused(error.to_string());
        let keyring = Keyring::at(self.data.path(), settings);
        keyring.load().map_err(refused)?;
        let Some(Secrets { keys, keys_elsewhere }) = &manifest.secrets else { return Ok(keyring) };
        for id in keys.iter().chain(keys_elsewhere) {
            let unclear = || BackupError::Damaged(format!("{id} is no id of a key"));
            let needed: KeyId = id.parse().map_err(|()| unclear())?;
            keyring.require(&[needed]).map_err(|_| {
                BackupError::Refused(format!(
                    "the secrets in this backup are sealed with key {id}, which is not in it: set \
                     vault.key (WAGATE_VAULT__KEY) to that key and restore again"
                ))
            })?;
        }
        Ok(keyring)
    }

    /// Makes the store of its pairs.
    async fn load_store(
        &self,
        manifest: &Manifest,
        settings: &Vault,
        catalogue: Catalogue,
    ) -> Result<(), BackupError> {
        let keyring = self.keyring(manifest, settings)?;
        let dump = self.data.path().join(layout::STORE);
        let failed = |error| BackupError::disk(&dump, error);
        let folder = self.data.path().join(STORE);
        workdir::make(&folder)?;
        let store = Store::open(&folder, &keyring, catalogue).await?;
        let disk = self.room.disk(Folder::Data);
        let file = match File::open(&dump) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(BackupError::damaged("there is no store in it"));
            }
            Err(error) => return Err(failed(error)),
        };
        let mut from = BufReader::new(file);
        let (mut count, mut batch, mut size) = (0, Vec::new(), 0);
        while let Some(pair) = dump_format::read(&mut from).map_err(failed)? {
            count += 1;
            size += pair.0.len() + pair.1.len();
            batch.push(pair);
            if LOAD_AT_ONCE <= size {
                if !has_room(disk) {
                    return Err(no_room());
                }
                store.upkeep().load(std::mem::take(&mut batch)).await?;
                size = 0;
            }
        }
        store.upkeep().load(batch).await?;
        store.durable().await?;
        let records = manifest.records;
        if count != records {
            let message = format!("the store has {count} records, the manifest says {records}");
            return Err(BackupError::Damaged(message));
        }
        closed(store, &folder).await?;
        // What cannot be opened must not take the place of anything.
        closed(Store::open(&folder, &keyring, catalogue).await?, &folder).await?;
        fs::remove_file(&dump).map_err(failed)
    }
}

/// Closes a store. It releases its folder a moment after it is dropped, and writes until then.
async fn closed(store: Store, folder: &Path) -> Result<(), BackupError> {
    drop(store);
    let deadline = Instant::now() + CLOSING;
    while store::is_held(folder) {
        if deadline < Instant::now() {
            return Err(BackupError::Refused("the new store does not close".to_owned()));
        }
        tokio::time::sleep(CLOSING_LOOK).await;
    }
    Ok(())
}

/// What lies in a folder, without our own folders in it. A folder that is not there has nothing.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, BackupError> {
    let failed = |error| BackupError::disk(folder, error);
    let read = match fs::read_dir(folder) {
        Ok(read) => read,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut paths = Vec::new();
    for entry in read {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with(ASIDE) && !name.starts_with(REPLACED) {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

fn move_aside(path: &Path, aside: &Path) -> Result<Option<PathBuf>, BackupError> {
    if !path.exists() {
        return Ok(None);
    }
    workdir::make(aside)?;
    put_in(path, aside)?;
    Ok(Some(aside.to_owned()))
}

fn put_in(path: &Path, folder: &Path) -> Result<(), BackupError> {
    let target = folder.join(path.file_name().unwrap_or_default());
    fs::rename(path, &target).map_err(|error| BackupError::disk(&target, error))
}
