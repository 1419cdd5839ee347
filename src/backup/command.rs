//! Backup into a file, for the command line: from the running gateway, or else from the data folder.
//!
//! The file appears under its name only when it is whole: it was read back, and every checksum
//! holds.

use std::{
    fs::{self, File},
    io::{self, BufReader, Read, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    backup::{
        BackupError, Manifest, Profiles, clear_left_over,
        create::{Source, new_file, write_archive},
        error::blocking,
        reader::{self, Nowhere},
        remote::{Remote, Target},
    },
    config::Config,
    domain::Clock,
    private::{self, socket},
    store::{self, Catalogue, Store},
    vault::Keyring,
};

/// How far a long work is, in bytes; clones count together.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    bytes: Arc<AtomicU64>,
}

impl Progress {
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: usize) {
        self.bytes.fetch_add(u64::try_from(bytes).unwrap_or(0), Ordering::Relaxed);
    }
}

/// Which gateway to ask, and with what key.
#[derive(Clone, Debug, Default)]
pub struct Gateway {
    /// None for the one that uses the data folder.
    pub url: Option<String>,
    /// For the gateway at `url`.
    pub key: Option<String>,
}

/// Writes a backup into a new file.
pub async fn back_up(
    config: &Config,
    catalogue: Catalogue,
    gateway: &Gateway,
    profiles: Profiles,
    file: &Path,
    progress: &Progress,
) -> Result<Manifest, BackupError> {
    if file.exists() {
        let message = format!("{} exists already; choose another name", file.display());
        return Err(BackupError::Refused(message));
    }
    let part = beside(file, ".part");
    // Of an earlier try that was cut off.
    let _ = fs::remove_file(&part);
    let out = Counting { inner: new_file(&part)?, progress: progress.clone() };
    let part = Part { path: part };
    let out = match remote(config, gateway).await? {
        Some(target) => download(&target, profiles, out).await?,
        None => from_folder(config, catalogue, profiles, out).await?,
    };
    let (target, path) = (file.to_owned(), part.path.clone());
    blocking(move || {
        out.inner.sync_all().map_err(|error| BackupError::disk(&path, error))?;
        let written = File::open(&path).map_err(|error| BackupError::disk(&path, error))?;
        let manifest = reader::read(BufReader::new(written), &mut Nowhere)?;
        let put = fs::hard_link(&path, &target).and_then(|()| sync_folder_of(&target));
        put.map_err(|error| BackupError::disk(&target, error))?;
        drop(part);
        Ok(manifest)
    })
    .await
}

/// Where to ask; none when no gateway holds the folder.
async fn remote(config: &Config, gateway: &Gateway) -> Result<Option<Target>, BackupError> {
    if let Some(url) = &gateway.url {
        // Only a key that was given for it: this folder's own is no business of an address.
        return Ok(Some(Target::At { url: url.clone(), key: gateway.key.clone() }));
    }
    let (data, store) = (&config.data.dir, config.data.dir.join("store"));
    if !store.exists() {
        let folder = data.display();
        let message =
            format!("there is nothing of wagate in {folder}; name its folder with --data");
        return Err(BackupError::Refused(message));
    }
    match socket::find(data, || store::is_held(&store)).await {
        Ok(found) => Ok(found.map(Target::Behind)),
        Err(error) => {
            let (folder, name) = (data.display(), socket::NAME);
            Err(BackupError::Refused(format!(
                "the store in {folder} is in use, and no gateway answers at {folder}/{name}: \
                 {error}\nTry again in a moment, or name the gateway with --url and --key"
            )))
        }
    }
}

async fn download(
    target: &Target,
    profiles: Profiles,
    mut out: Counting<File>,
) -> Result<Counting<File>, BackupError> {
    let mut remote = Remote::ask(target, profiles).await?;
    while let Some(bytes) = remote.next().await? {
        out = blocking(move || {
            out.write_all(&bytes).map_err(|error| BackupError::disk("the backup's file", error))?;
            Ok(out)
        })
        .await?;
    }
    Ok(out)
}

async fn from_folder(
    config: &Config,
    catalogue: Catalogue,
    profiles: Profiles,
    out: Counting<File>,
) -> Result<Counting<File>, BackupError> {
    private::check_owner(&config.data.dir).map_err(BackupError::Refused)?;
    let keyring = Keyring::at(&config.data.dir, &config.vault);
    let source = Source {
        store: Store::open(&config.data.dir.join("store"), &keyring, catalogue).await?,
        data: config.data.dir.clone(),
        sessions_dir: config.sessions_dir(),
        network: None,
        supervisor: None,
        clock: Clock::system(),
    };
    clear_left_over(&source.data);
    Ok(write_archive(&source, profiles, out).await?.0)
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn sync_folder_of(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// A file under its passing name; removed when dropped.
struct Part {
    path: PathBuf,
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Counts what passes.
pub struct Counting<T> {
    pub inner: T,
    pub progress: Progress,
}

impl<T: Write> Write for Counting<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.progress.add(written);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<T: Read> Read for Counting<T> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.progress.add(read);
        Ok(read)
    }
}
