//! The folders of a store that is copied: `store`, `store.next` while the copy is written, and `store.old`
//! until the copy has taken its place. A kill between any two changes of folders is mended at the next start.

use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::{
    private,
    store::{StoreError, disk::Disk, engine::FILE},
};

const NEXT: &str = ".next";
const OLD: &str = ".old";
const MEBIBYTE: u64 = 1024 * 1024;

pub struct Folders {
    pub store: PathBuf,
    pub next: PathBuf,
    pub old: PathBuf,
}

/// Held while a store is opened: nobody else opens it or changes its folders meanwhile.
pub struct Turn {
    _folder: File,
}

impl Folders {
    pub fn of(store: &Path) -> Self {
        let beside = |ending: &str| {
            let mut name = store.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        Self { store: store.to_owned(), next: beside(NEXT), old: beside(OLD) }
    }

    /// Ends a change of folders that was cut off.
    pub fn settle(&self) -> Result<Turn, StoreError> {
        loop {
            let turn = self.take_turn()?;
            if self.settled().map_err(failed)? {
                return Ok(turn);
            }
            // The folder that is locked is no longer the one of that name.
        }
    }

    /// Whether the folder of the store is still the same.
    fn settled(&self) -> io::Result<bool> {
        if has_store(&self.store) {
            if self.old.exists() {
                fs::remove_dir_all(&self.old)?;
            }
            return Ok(true);
        }
        if !has_store(&self.old) {
            return Ok(true);
        }
        // It was moved aside, and its place is taken by the whole copy, or by itself where there is none.
        let from = if has_store(&self.next) { &self.next } else { &self.old };
        fs::rename(from, &self.store)?;
        self.sync()?;
        Ok(false)
    }

    fn take_turn(&self) -> Result<Turn, StoreError> {
        private::make_folder(&self.store).map_err(failed)?;
        let _folder = lock(&self.store)?;
        // The process that exchanges the folders holds the old one, whatever its name.
        if self.old.exists() {
            lock(&self.old)?;
        }
        let (held, named) = (_folder.metadata(), fs::metadata(&self.store));
        match (held, named) {
            (Ok(held), Ok(named)) if held.ino() == named.ino() => Ok(Turn { _folder }),
            _ => Err(StoreError::InUse),
        }
    }

    pub fn make_next(&self) -> Result<PathBuf, StoreError> {
        private::make_folder(&self.next).map_err(failed)?;
        Ok(self.next.clone())
    }

    pub fn clear_next(&self) -> Result<(), StoreError> {
        fs::remove_dir_all(&self.next).map_err(failed)
    }

    /// Puts the copy in the place of the store, which is removed. Both must be closed.
    pub fn swap(&self) -> Result<(), StoreError> {
        let swap = || {
            fs::rename(&self.store, &self.old)?;
            self.sync()?;
            fs::rename(&self.next, &self.store)?;
            self.sync()?;
            fs::remove_dir_all(&self.old)
        };
        swap().map_err(failed)
    }

    /// Refuses to begin what the disk has no room for.
    pub fn check_room(&self, disk: &Disk) -> Result<(), StoreError> {
        let Some(free) = disk.free() else { return Ok(()) };
        let (store, next) = (size(&self.store), size(&self.next));
        let needed = store.saturating_sub(next).saturating_add(disk.reserve());
        if free < needed {
            let [needed, free] = [needed, free].map(|bytes| bytes / MEBIBYTE);
            return Err(StoreError::NoRoomToMigrate { needed, free });
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let parent = self.store.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
    }
}

fn has_store(folder: &Path) -> bool {
    folder.join(FILE).exists()
}

fn lock(folder: &Path) -> Result<File, StoreError> {
    let file = File::open(folder).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let sizes = entries.map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => size(&entry.path()),
        _ => entry.metadata().map_or(0, |metadata| metadata.len()),
    });
    sizes.sum()
}

fn failed(error: io::Error) -> StoreError {
    StoreError::Disk(error.to_string())
}
