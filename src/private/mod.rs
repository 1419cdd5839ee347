//! File permissions of the gateway: umask, modes of folders and files, secret files, and the owner's socket.
//!
//! Other users of the machine have no access to the data folder. The umask covers new files, a walk at the start
//! covers older ones. Root can read everything.

pub mod socket;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rustix::{fs::Mode, process};

/// The file of the first API key, in the data folder.
pub const BOOTSTRAP: &str = "bootstrap.key";
/// The file of the encryption key for secrets, in the data folder.
pub const MASTER_KEY: &str = "master.key";
/// The owner's socket, in the data folder.
pub const SOCKET: &str = "gateway.sock";

/// The gateway's own entries of the data folder; nothing else in there is changed.
const OWN: [&str; 10] = [
    "store",
    "store.next",
    "store.old",
    "search",
    "simulator",
    "media",
    "sessions",
    BOOTSTRAP,
    MASTER_KEY,
    SOCKET,
];
/// Prefix of its temporary files and folders.
const OWN_PREFIXES: [&str; 5] = [".backup-", ".restore-", ".replaced-", ".bootstrap-", ".master-"];
/// A session's folder in a separate folder of sessions.
const PROFILE: &str = "profile";
/// The mode bits of the group and of others.
const TO_OTHERS: u32 = 0o077;
const STICKY: u32 = 0o1000;
const WRITABLE_BY_OTHERS: u32 = 0o002;
const LARGEST_SECRET: u64 = 4_096;

/// Sets the umask: this process and its children create files for their owner alone.
pub fn close_new_files() {
    process::umask(Mode::from_raw_mode(TO_OTHERS));
}

/// Whether a user counts as the owner: the gateway's own user, or root.
pub fn is_owner(user: u32) -> bool {
    user == 0 || user == process::geteuid().as_raw()
}

/// Creates a folder, and its parents, for the owner alone. An existing folder is not changed.
pub fn make_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Creates a folder for temporary files, for the owner alone, with a random name.
pub fn temporary_folder(purpose: &str) -> io::Result<PathBuf> {
    let name = format!("wagate-{purpose}-{}", uuid::Uuid::new_v4().simple());
    let path = std::env::temp_dir().join(name);
    fs::DirBuilder::new().mode(0o700).create(&path)?;
    Ok(path)
}

/// Whether a file can be created in a folder. Uses a new name, so that no existing file is changed.
pub fn probe(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!(".probe-{}", uuid::Uuid::new_v4().simple()));
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    made.and_then(|mut file| file.write_all(b"probe")).and_then(|()| fs::remove_file(&path))
}

/// Creates the gateway's folders, and removes the access of others.
pub fn protect(data: &Path, sessions: &Path) -> io::Result<()> {
    make_folder(data)?;
    make_folder(sessions)?;
    let mut walk = Walk::default();
    walk.close_folder(data);
    for path in children(data) {
        if is_own(&path) {
            walk.close_all(&path);
        }
    }
    if !sessions.starts_with(data) {
        walk.close_folder(sessions);
        for path in children(sessions).filter(|path| path.join(PROFILE).is_dir()) {
            walk.close_all(&path);
        }
    }
    if 0 < walk.closed {
        let (count, folder) = (walk.closed, data.display());
        tracing::warn!(
            count,
            "other users of this machine could reach {count} files or folders of {folder}: closed"
        );
    }
    if let Some(fault) = walk.fault {
        tracing::warn!("not everything could be closed to other users: {fault}");
    }
    Ok(())
}

/// Writes a secret file atomically: a new file for the owner alone, renamed over the old one. A symbolic link is
/// replaced, not followed.
pub fn write_secret(path: &Path, secret: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let part = folder.join(format!("{}{}", passing_name(path), uuid::Uuid::new_v4().simple()));
    let written = (|| {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(&part)?;
        writeln!(file, "{secret}")?;
        file.sync_all()?;
        fs::rename(&part, path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written?;
    File::open(folder)?.sync_all()
}

/// Removes the temporary file of an interrupted [`write_secret`].
pub fn clear_left_over(path: &Path) {
    let passing = passing_name(path);
    let folder = path.parent().unwrap_or(Path::new("."));
    for path in children(folder) {
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| name.starts_with(&passing)) {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Prefix of a new file's name until it is complete.
fn passing_name(path: &Path) -> String {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    format!(".{name}-")
}

/// Reads a file of [`write_secret`]; none where there is no such regular file.
pub fn read_secret(path: &Path) -> Option<String> {
    let found = fs::symlink_metadata(path).ok()?;
    if !found.is_file() || LARGEST_SECRET < found.len() {
        return None;
    }
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

/// Refuses to write into another user's folder: its owner could not read root's files.
pub fn check_owner(folder: &Path) -> Result<(), String> {
    let Ok(found) = fs::metadata(folder) else { return Ok(()) };
    if found.uid() == process::geteuid().as_raw() {
        return Ok(());
    }
    let (folder, user) = (folder.display(), found.uid());
    Err(format!(
        "{folder} belongs to user {user}; run this as that user: sudo -u '#{user}' wagate …"
    ))
}

/// The mode of a file or folder if the group or others have access.
pub fn loose_mode(path: &Path) -> Option<u32> {
    let mode = fs::symlink_metadata(path).ok()?.mode() & 0o7777;
    (mode & TO_OTHERS != 0).then_some(mode)
}

/// The nearest parent folder in which another user can replace the path.
pub fn loose_parent(path: &Path) -> Option<PathBuf> {
    let whole = path.canonicalize().ok()?;
    let own = process::geteuid().as_raw();
    whole.ancestors().skip(1).map(Path::to_owned).find(|folder| {
        fs::metadata(folder).is_ok_and(|found| {
            let is_foreign = found.uid() != 0 && found.uid() != own;
            let is_open = found.mode() & WRITABLE_BY_OTHERS != 0 && found.mode() & STICKY == 0;
            is_open || is_foreign
        })
    })
}

fn is_own(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    OWN.contains(&name) || OWN_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn children(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// A walk that removes the access of others.
#[derive(Default)]
struct Walk {
    closed: usize,
    fault: Option<String>,
}

impl Walk {
    /// Restricts the folder itself. A shared folder such as /tmp is not changed.
    fn close_folder(&mut self, path: &Path) {
        let is_shared = fs::metadata(path).is_ok_and(|found| found.mode() & STICKY != 0)
            || path.parent().is_none();
        if is_shared {
            let folder = path.display();
            self.fault = Some(format!("{folder} is shared by many users; choose another folder"));
        } else if let Ok(found) = fs::metadata(path) {
            self.close(path, found.mode());
        }
    }

    /// Restricts a file, or a folder with its contents. Links are not followed.
    fn close_all(&mut self, path: &Path) {
        // A browser may remove files during the walk.
        let Ok(found) = fs::symlink_metadata(path) else { return };
        if found.is_symlink() {
            return;
        }
        self.close(path, found.mode());
        if found.is_dir() {
            for path in children(path) {
                self.close_all(&path);
            }
        }
    }

    fn close(&mut self, path: &Path, mode: u32) {
        if mode & TO_OTHERS == 0 {
            return;
        }
        let closed = fs::Permissions::from_mode(mode & 0o7777 & !TO_OTHERS);
        match fs::set_permissions(path, closed) {
            Ok(()) => self.closed += 1,
            Err(error) if error.kind() == io::ErrorKind::NotFound => (),
            Err(error) => self.fault = Some(format!("{}: {error}", path.display())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().mode() & 0o7777
    }

    fn open_up(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_others_could_reach_is_closed_and_what_is_not_ours_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let (store, profile) = (data.join("store"), data.join("sessions/a/profile"));
        fs::create_dir_all(&store).unwrap();
        fs::create_dir_all(&profile).unwrap();
        let (db, login, other) = (store.join("db"), profile.join("login"), data.join("notes.txt"));
        let outside = folder.path().join("outside");
        for file in [&db, &login, &other, &outside] {
            fs::write(file, "x").unwrap();
            open_up(file, 0o644);
        }
        symlink(&outside, store.join("link")).unwrap();
        for path in [&data, &store, &profile] {
            open_up(path, 0o755);
        }
        protect(&data, &data.join("sessions")).unwrap();
        for path in [&data, &store, &profile, &data.join("sessions/a")] {
            assert_eq!(mode(path), 0o700, "{}", path.display());
        }
        assert_eq!((mode(&db), mode(&login)), (0o600, 0o600));
        assert_eq!((mode(&other), mode(&outside)), (0o644, 0o644));
    }

    #[test]
    fn a_separate_folder_of_sessions_is_closed_and_its_strangers_stay() {
        let folder = tempfile::tempdir().unwrap();
        let (data, sessions) = (folder.path().join("data"), folder.path().join("sessions"));
        fs::create_dir_all(sessions.join("a/profile")).unwrap();
        fs::create_dir_all(sessions.join("pictures")).unwrap();
        for path in ["a/profile", "a", "pictures"] {
            open_up(&sessions.join(path), 0o755);
        }
        protect(&data, &sessions).unwrap();
        assert_eq!((mode(&data), mode(&sessions)), (0o700, 0o700));
        assert_eq!(mode(&sessions.join("a/profile")), 0o700);
        assert_eq!(mode(&sessions.join("pictures")), 0o755);
    }

    #[test]
    fn a_folder_that_many_share_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        open_up(folder.path(), 0o1777);
        protect(folder.path(), &folder.path().join("sessions")).unwrap();
        assert_eq!(mode(folder.path()), 0o1777);
    }

    #[test]
    fn a_secret_goes_through_no_link_and_into_no_loose_file() {
        let folder = tempfile::tempdir().unwrap();
        let (path, target) = (folder.path().join(BOOTSTRAP), folder.path().join("target"));
        fs::write(&target, "untouched").unwrap();
        symlink(&target, &path).unwrap();
        write_secret(&path, "one").unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "untouched");
        assert_eq!((read_secret(&path).as_deref(), mode(&path)), (Some("one"), 0o600));
        open_up(&path, 0o644);
        write_secret(&path, "two").unwrap();
        assert_eq!((read_secret(&path).as_deref(), mode(&path)), (Some("two"), 0o600));
        assert_eq!(children(folder.path()).count(), 2);
        fs::write(folder.path().join(".bootstrap-cut-off"), "th").unwrap();
        clear_left_over(&path);
        assert_eq!(children(folder.path()).count(), 2);
        fs::remove_file(&path).unwrap();
        symlink(&target, &path).unwrap();
        assert_eq!(read_secret(&path), None);
    }

    #[test]
    fn loose_modes_and_parents_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        make_folder(&inner.join("deep")).unwrap();
        assert_eq!((loose_mode(&inner), loose_parent(&inner.join("deep"))), (None, None));
        open_up(&inner, 0o757);
        assert_eq!(loose_mode(&inner), Some(0o757));
        assert_eq!(loose_parent(&inner.join("deep")), inner.canonicalize().ok());
    }
}
