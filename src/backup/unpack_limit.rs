//! Limit of what a restore unpacks (decompression bomb): by the free space beside the reserve, and by the size of
//! the archive.

use std::{
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::{backup::BackupError, store::disk::Disk};

/// Bytes that every archive may unpack to, and how many more for each byte of its own. The text of
/// a store compresses to a tenth; a hundredth would be rare.
const ALWAYS: u64 = 256 * 1024 * 1024;
const FOR_EACH_BYTE: u64 = 500;
/// Bytes that may be written to a disk before it is looked at again.
const LOOK_AFTER: u64 = 8 * 1024 * 1024;
/// What a file costs beside its content.
const EACH_FILE: u64 = 4 * 1024;
/// Files that a disk must have places for beside those that are restored.
const SPARE_FILES: u64 = 10_000;

/// Which of the two folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folder {
    Data,
    Sessions,
}

/// What may still be unpacked.
#[derive(Debug)]
pub struct Room {
    left: u64,
    data: Place,
    sessions: Place,
    are_on_one_disk: bool,
}

#[derive(Debug)]
struct Place {
    folder: PathBuf,
    disk: Disk,
    /// Free bytes at the start; none where they are unknown.
    free_at_first: Option<u64>,
    /// Bytes that what was taken so far needs in the end.
    claimed: u64,
}

impl Place {
    fn new(folder: &Path, disk: Disk) -> Self {
        let free_at_first = disk.free();
        Self { folder: folder.to_owned(), disk, free_at_first, claimed: 0 }
    }

    /// Whether `claimed` bytes fit in all, and the next `needed` now, beside what stays free.
    fn fits(&self, claimed: u64, needed: u64) -> bool {
        let fits = |free: Option<u64>, bytes: u64| {
            free.is_none_or(|free| self.disk.reserve().saturating_add(bytes) <= free)
        };
        fits(self.free_at_first, claimed) && fits(self.disk.free(), needed)
    }

    /// Whether the disk can take more files. True where it does not count them.
    fn has_places(&self) -> bool {
        rustix::fs::statvfs(self.folder.as_path())
            .map_or(true, |found| found.f_files == 0 || SPARE_FILES <= found.f_favail)
    }
}

impl Room {
    /// For an archive of this size; `reserve` bytes of each disk stay free.
    pub fn new(archive: u64, reserve: u64, data: &Path, sessions: &Path) -> Self {
        let place = |folder: &Path| Place::new(folder, Disk::system(folder.to_owned(), reserve));
        let device = |folder: &Path| std::fs::metadata(folder).map(|found| found.dev()).ok();
        Self {
            left: ALWAYS.saturating_add(archive.saturating_mul(FOR_EACH_BYTE)),
            data: place(data),
            sessions: place(sessions),
            are_on_one_disk: device(data) == device(sessions),
        }
    }

    pub fn disk(&self, folder: Folder) -> &Disk {
        match folder {
            Folder::Data => &self.data.disk,
            Folder::Sessions => &self.sessions.disk,
        }
    }

    /// Before a file of `size` bytes is unpacked, which needs `needed` bytes of its disk in the end.
    pub fn take(&mut self, folder: Folder, size: u64, needed: u64) -> Result<(), BackupError> {
        self.left = self.left.checked_sub(size.saturating_add(EACH_FILE)).ok_or_else(|| {
            let message = "it unpacks to hundreds of times its own size, which no backup does";
            BackupError::damaged(message)
        })?;
        let (place, other) = match folder {
            Folder::Data => (&mut self.data, &self.sessions),
            Folder::Sessions => (&mut self.sessions, &self.data),
        };
        let needed = needed.saturating_add(EACH_FILE);
        place.claimed = place.claimed.saturating_add(needed);
        let beside = if self.are_on_one_disk { other.claimed } else { 0 };
        let fits = place.fits(place.claimed.saturating_add(beside), needed);
        if fits && place.has_places() { Ok(()) } else { Err(no_room()) }
    }
}

/// Whether what is to stay free is free.
pub fn has_room(disk: &Disk) -> bool {
    disk.free().is_none_or(|free| disk.reserve() <= free)
}

pub fn no_room() -> BackupError {
    let message = "the disk has no room for what is in the backup: nothing was restored. Free some \
                   space, or choose another folder with --data (data.min_free_mib stays free)";
    BackupError::Refused(message.to_owned())
}

/// A file that is written only as long as its disk has room.
pub struct Watched<W> {
    pub file: W,
    pub disk: Disk,
    pub unwatched: u64,
}

impl<W: Write> Write for Watched<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if LOOK_AFTER <= self.unwatched {
            self.unwatched = 0;
            if !has_room(&self.disk) {
                return Err(io::Error::new(io::ErrorKind::StorageFull, no_room().to_string()));
            }
        }
        let written = self.file.write(bytes)?;
        self.unwatched += u64::try_from(written).unwrap_or(0);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIBIBYTE: u64 = 1024;

    fn room(archive: u64, free: u64, reserve: u64) -> Room {
        let disk = Disk::manual(reserve);
        disk.set_free(free);
        let folder = Path::new("/");
        let place = || Place::new(folder, disk.clone());
        Room { data: place(), sessions: place(), ..Room::new(archive, 0, folder, folder) }
    }

    #[test]
    fn an_archive_unpacks_to_no_more_than_it_can_hold() {
        let mut bomb = room(98 * KIBIBYTE, u64::MAX, 0);
        let most = ALWAYS + 98 * KIBIBYTE * FOR_EACH_BYTE;
        assert!(bomb.take(Folder::Data, most + 1, 0).is_err());
        let mut many = room(98 * KIBIBYTE, u64::MAX, 0);
        let files = (0..).take_while(|_| many.take(Folder::Data, 0, 0).is_ok()).count();
        assert_eq!(u64::try_from(files).unwrap(), most / EACH_FILE);
    }

    #[test]
    fn what_is_to_stay_free_stays_free() {
        let mut room = room(100 * KIBIBYTE, 1_000 * KIBIBYTE, 800 * KIBIBYTE);
        assert!(room.take(Folder::Data, 90 * KIBIBYTE, 90 * KIBIBYTE).is_ok());
        // Before anything was written the sum is known.
        let refused = room.take(Folder::Sessions, 90 * KIBIBYTE, 180 * KIBIBYTE);
        assert!(refused.unwrap_err().to_string().contains("no room"));
    }

    #[test]
    fn a_disk_that_fills_up_meanwhile_ends_the_file() {
        let disk = Disk::manual(10);
        let mut file = Watched { file: io::sink(), disk: disk.clone(), unwatched: 0 };
        let part = vec![0; usize::try_from(LOOK_AFTER).unwrap()];
        file.write_all(&part).unwrap();
        disk.set_free(9);
        assert!(file.write_all(b"x").is_err());
    }
}
