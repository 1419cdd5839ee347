//! Creation of a backup: a snapshot of the store, then the files beside it.
//!
//! The snapshot and each profile of a closed session are copied to a work folder first, so that a slow reader of
//! the archive holds up neither the store nor a session.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    backup::{
        BackupError, Profiles,
        archive::{Archive, length},
        dump_format,
        error::blocking,
        layout,
        manifest::{Head, Manifest, Part, Profile, Secrets},
        workdir::{self, WorkDir},
    },
    domain::{Clock, ErrorCode, SessionId, SessionRecord, SessionState, session::EngineKind},
    driver::browser,
    session::{Hold, SessionTables, Supervisor},
    simulator::{self, Network},
    store::Store,
    vault::Keys,
};

/// Prefix of work folders in the data folder.
pub const WORKDIR: &str = ".backup-";
/// Bytes of the snapshot read at once: writes wait for that long.
const READ_AT_ONCE: usize = 128 * 1024;
/// How long a session that opens its engine is waited for, before and after the copy.
const OPENING: Duration = Duration::from_secs(60);
const OPENING_POLL: Duration = Duration::from_millis(200);

/// What there is to back up.
pub struct Source {
    pub store: Store,
    pub data: PathBuf,
    pub sessions_dir: PathBuf,
    /// The simulated network, when it is running.
    pub network: Option<Network>,
    /// None when no gateway runs.
    pub supervisor: Option<Supervisor>,
    pub clock: Clock,
}

/// Removes the work folder of a backup that was cut off. The caller holds the data folder.
pub fn clear_left_over(data: &Path) {
    workdir::clear(data, WORKDIR);
}

/// Writes an archive of everything.
pub async fn write_archive<W: Write + Send + 'static>(
    source: &Source,
    profiles: Profiles,
    out: W,
) -> Result<(W, Manifest), BackupError> {
    let workdir = WorkDir::new(&source.data, WORKDIR)?;
    let head = Head::new(source.clock.now());
    let records = source.store.sessions().list().await?;
    let dump = Dump::write(&source.store, workdir.path()).await?;
    let Dump { path: dumped, pairs, longest_pause, keys } = dump;
    let secrets = Secrets::of(&keys);
    let network = dump_network(source, &workdir.path().join(simulator::LOG)).await?;
    let has_simulated_network = network.is_some();
    let sums = new_file(&workdir.path().join("sums"))?;
    let data = source.data.clone();
    let mut archive = blocking(move || {
        let mut archive = Archive::begin(out, sums, head)?;
        archive.add_file(layout::STORE, &dumped)?;
        fs::remove_file(&dumped).map_err(|error| BackupError::disk(&dumped, error))?;
        archive.add_file(layout::BOOTSTRAP, &data.join(layout::BOOTSTRAP))?;
        if let Some(text) = keys.file() {
            archive.add(layout::MASTER_KEY, length(text.as_bytes()), text.as_bytes())?;
        }
        if let Some(network) = network {
            add_network(&mut archive, &network, &data.join(layout::SIMULATOR))?;
        }
        add_media(&mut archive, &data.join(layout::MEDIA))?;
        Ok(archive)
    })
    .await?;
    let mut sessions = Vec::with_capacity(records.len());
    for record in records {
        let (next, profile) =
            add_session(source, profiles, archive, &record, workdir.path()).await?;
        archive = next;
        sessions.push(Part { id: record.id.to_string(), profile });
    }
    let written = blocking(move || {
        archive.finish(|head| Manifest {
            head,
            records: pairs,
            files: 0,
            bytes: 0,
            sums: String::new(),
            has_simulated_network,
            longest_pause_microseconds: u64::try_from(longest_pause.as_micros())
                .unwrap_or(u64::MAX),
            sessions,
            secrets: Some(secrets),
        })
    });
    written.await
}

/// The store, written to a file.
struct Dump {
    path: PathBuf,
    pairs: u64,
    longest_pause: Duration,
    /// The keys of its sealed secrets.
    keys: Keys,
}

impl Dump {
    async fn write(store: &Store, folder: &Path) -> Result<Self, BackupError> {
        let path = folder.join(layout::STORE);
        let failed = |error| BackupError::disk(&path, error);
        let mut out = BufWriter::new(new_file(&path)?);
        // A rotation may run meanwhile: every key of the snapshot is in the keyring before or after it.
        let before = store.vault().keys();
        let mut snapshot = store.snapshot();
        let keys = store.vault().keys().with(before);
        let mut count = 0;
        loop {
            let read = snapshot.next(READ_AT_ONCE).await?;
            if read.is_empty() {
                break;
            }
            for pair in &read {
                dump_format::write(&mut out, pair).map_err(failed)?;
                count += 1;
            }
            tokio::task::yield_now().await;
        }
        out.flush().map_err(failed)?;
        let longest_pause = snapshot.longest_pause();
        drop(snapshot);
        Ok(Self { path, pairs: count, longest_pause, keys })
    }
}

/// The simulated network, written to a file; none where there is none.
async fn dump_network(source: &Source, path: &Path) -> Result<Option<PathBuf>, BackupError> {
    let dump = match &source.network {
        Some(network) => Some(network.dump()),
        None => {
            let folder = source.data.join(layout::SIMULATOR);
            let opened = blocking(move || {
                simulator::dump_of(&folder).map_err(|error| BackupError::disk(&folder, error))
            });
            opened.await?
        }
    };
    let Some(dump) = dump else { return Ok(None) };
    let mut out = BufWriter::new(new_file(path)?);
    dump.write(&mut out).await?;
    out.flush().map_err(|error| BackupError::disk(path, error))?;
    Ok(Some(path.to_owned()))
}

/// The dump of the simulated network, and its files.
fn add_network<W: Write>(
    archive: &mut Archive<W>,
    dump: &Path,
    folder: &Path,
) -> Result<(), BackupError> {
    archive.add_file(&format!("{}/{}", layout::SIMULATOR, simulator::LOG), dump)?;
    fs::remove_file(dump).map_err(|error| BackupError::disk(dump, error))?;
    let media = format!("{}/{}", layout::SIMULATOR, layout::MEDIA);
    let folder = folder.join(layout::MEDIA);
    workdir::each_file(&folder, &|_| false, &mut |name, path| {
        archive.add_file(&format!("{media}/{name}"), path)
    })
}

/// Files of messages, without those that are on their way in or out.
fn add_media<W: Write>(archive: &mut Archive<W>, folder: &Path) -> Result<(), BackupError> {
    let is_passing = |name: &str| {
        name == "outgoing" || name.rsplit('/').next().is_some_and(|last| last.starts_with('.'))
    };
    workdir::each_file(folder, &is_passing, &mut |name, path| {
        archive.add_file(&format!("{}/{name}", layout::MEDIA), path)
    })
}

async fn add_session<W: Write + Send + 'static>(
    source: &Source,
    profiles: Profiles,
    archive: Archive<W>,
    record: &SessionRecord,
    workdir_path: &Path,
) -> Result<(Archive<W>, Profile), BackupError> {
    let folder = source.sessions_dir.join(record.id.as_str());
    if profiles == Profiles::None {
        return Ok((archive, Profile::LeftOut("no profiles were wanted".to_owned())));
    }
    if !folder.exists() {
        return Ok((archive, Profile::Nothing));
    }
    let is_browser = record.config.engine == EngineKind::Browser;
    let Some(supervisor) = source.supervisor.as_ref().filter(|_| is_browser) else {
        // Nothing writes to this folder, or only whole small files.
        return Ok((add_folder(archive, record.id.clone(), folder).await?, Profile::Copied));
    };
    let hold = match hold(supervisor, &record.id, profiles == Profiles::Stop).await {
        Ok(hold) => hold,
        Err(why) => return Ok((archive, Profile::LeftOut(why))),
    };
    let closed_engine = hold.closed_engine;
    let copy = workdir_path.join("profile");
    let target = copy.clone();
    blocking(move || workdir::copy(&folder, &target, &is_expendable)).await?;
    let is_kept = hold.is_kept();
    drop(hold);
    if !is_kept {
        let removed = blocking(move || remove(&copy)).await;
        let why = "it was opened again before the copy was done".to_owned();
        return removed.map(|()| (archive, Profile::LeftOut(why)));
    }
    let archive = add_folder(archive, record.id.clone(), copy.clone()).await?;
    blocking(move || remove(&copy)).await?;
    if !closed_engine {
        return Ok((archive, Profile::Copied));
    }
    // Only one session is closed at a time.
    if let Ok(session) = supervisor.get(&record.id) {
        session.wait_until(OPENING, |status| status.state != SessionState::Initializing).await;
    }
    Ok((archive, Profile::ClosedAndCopied))
}

/// Holds a session, or says why not.
async fn hold(supervisor: &Supervisor, id: &SessionId, may_close: bool) -> Result<Hold, String> {
    let deadline = Instant::now() + OPENING;
    loop {
        let session = supervisor.get(id).map_err(|error| error.message)?;
        match session.hold(may_close).await {
            Ok(Some(hold)) => return Ok(hold),
            Ok(None) if !may_close => return Err("its browser is running".to_owned()),
            Ok(None) if deadline < Instant::now() => {
                return Err("its browser was still opening".to_owned());
            }
            Ok(None) => tokio::time::sleep(OPENING_POLL).await,
            Err(error) if error.code == ErrorCode::NotFound => {
                return Err("it was removed meanwhile".to_owned());
            }
            Err(error) => return Err(error.message),
        }
    }
}

async fn add_folder<W: Write + Send + 'static>(
    mut archive: Archive<W>,
    id: SessionId,
    folder: PathBuf,
) -> Result<Archive<W>, BackupError> {
    blocking(move || {
        workdir::each_file(&folder, &is_expendable, &mut |name, path| {
            archive.add_file(&format!("{}/{id}/{name}", layout::SESSIONS), path)
        })?;
        Ok(archive)
    })
    .await
}

fn is_expendable(name: &str) -> bool {
    name.strip_prefix("profile/").is_some_and(browser::is_expendable)
}

fn remove(folder: &Path) -> Result<(), BackupError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(BackupError::disk(folder, error))
        }
        _ => Ok(()),
    }
}

/// A new file for its owner alone, to write and to read again.
pub fn new_file(path: &Path) -> Result<File, BackupError> {
    let mut options = OpenOptions::new();
    let opened = options.read(true).write(true).create_new(true).mode(0o600).open(path);
    opened.map_err(|error| BackupError::disk(path, error))
}
