//! Work folder of a backup or restore, removed when dropped; copies of folders and walks through them.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use crate::backup::BackupError;

/// A private folder below another, removed when dropped. A lock distinguishes a folder in use from one that was
/// left behind.
pub struct WorkDir {
    path: PathBuf,
    _lock: File,
}

impl WorkDir {
    /// Makes `<parent>/<prefix><random>`.
    pub fn new(parent: &Path, prefix: &str) -> Result<Self, BackupError> {
        let path = parent.join(format!("{prefix}{}", uuid::Uuid::new_v4().simple()));
        make(&path)?;
        let lock = File::open(&path).map_err(|error| BackupError::disk(&path, error))?;
        // A file system without locks refuses `clear` its lock too, so the folder is safe there.
        let _ = lock.lock();
        Ok(Self { path, _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for WorkDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Removes folders that were left behind. Folders in use stay.
pub fn clear(parent: &Path, prefix: &str) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(prefix);
        let is_plain = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if !is_ours || !is_plain {
            continue;
        }
        if File::open(entry.path()).is_ok_and(|folder| folder.try_lock().is_ok()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Creates a folder and its parents, accessible to the owner only.
pub fn make(path: &Path) -> Result<(), BackupError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| BackupError::disk(path, error))
}

/// Visits every regular file below a folder in the order of names, with its relative path (`/` between parts).
/// Skips other kinds of files and what `skip` names. A missing folder has no files.
pub fn each_file(
    folder: &Path,
    skip: &dyn Fn(&str) -> bool,
    visit: &mut dyn FnMut(&str, &Path) -> Result<(), BackupError>,
) -> Result<(), BackupError> {
    walk(folder, "", skip, visit)
}

fn walk(
    folder: &Path,
    prefix: &str,
    skip: &dyn Fn(&str) -> bool,
    visit: &mut dyn FnMut(&str, &Path) -> Result<(), BackupError>,
) -> Result<(), BackupError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(BackupError::disk(folder, error)),
    };
    let entries: Result<Vec<fs::DirEntry>, io::Error> = entries.collect();
    let mut entries = entries.map_err(|error| BackupError::disk(folder, error))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            let fault = io::Error::new(io::ErrorKind::InvalidData, "the name is not UTF-8");
            return Err(BackupError::disk(path, fault));
        };
        let name = format!("{prefix}{name}");
        if skip(&name) {
            continue;
        }
        // The type of the entry itself: links are not followed.
        let kind = entry.file_type().map_err(|error| BackupError::disk(&path, error))?;
        if kind.is_dir() {
            walk(&path, &format!("{name}/"), skip, visit)?;
        } else if kind.is_file() {
            visit(&name, &path)?;
        }
    }
    Ok(())
}

/// Copies the regular files of a folder.
pub fn copy(from: &Path, to: &Path, skip: &dyn Fn(&str) -> bool) -> Result<(), BackupError> {
    each_file(from, skip, &mut |name, path| {
        let target = to.join(name);
        make(target.parent().unwrap_or(to))?;
        match fs::copy(path, &target) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(BackupError::disk(path, error)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_behind_is_removed_and_what_is_in_use_stays() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join(".x-left");
        make(&left.join("deep")).unwrap();
        fs::write(folder.path().join(".x-file"), "no folder").unwrap();
        let used = WorkDir::new(folder.path(), ".x-").unwrap();
        clear(folder.path(), ".x-");
        assert!(!left.exists() && used.path().exists());
        assert!(folder.path().join(".x-file").exists());
        let path = used.path().to_owned();
        drop(used);
        assert!(!path.exists());
    }
}
