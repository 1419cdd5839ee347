//! How much room the disk has, and how much of it is left free on purpose.
//!
//! sled does not outlive a write that fails: it refuses all later ones until it is reopened. So the
//! gateway stops writing before the disk is full. Of the reserve, the first half is for what has begun
//! (outcomes of sends, events, states of deliveries), and nothing new is taken on; when that half is
//! used up, only what removes something is still written, and at the very end nothing.
//!
//! Everything that needs it is given a [`Disk`], as with the clock; tests give one set by hand, which
//! can also fail on demand.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// How long a measurement holds: a call to the system for each commit would be felt.
const MEASURED_EVERY: Duration = Duration::from_millis(250);

/// What somebody wants to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// Something that nobody has been promised yet.
    ForNew,
    /// What became of something that has begun, or happened.
    ForBegun,
    /// What removes something: the engine appends that too, and gives room back later.
    ForRemoval,
}

/// A disk; clones are the same disk.
#[derive(Clone, Debug)]
pub struct Disk {
    source: Source,
    /// Bytes that are to stay free; 0 when nobody looks.
    reserve: u64,
}

#[derive(Clone, Debug)]
enum Source {
    System { folder: PathBuf, measured: Arc<Mutex<Option<Measured>>> },
    Manual { free: Arc<AtomicU64>, fails: Arc<AtomicBool> },
}

/// When it was measured, and the free bytes that were found.
type Measured = (Instant, Option<u64>);

impl Disk {
    /// The one that a folder lies on.
    pub fn system(folder: PathBuf, reserve: u64) -> Self {
        Self { source: Source::System { folder, measured: Arc::default() }, reserve }
    }

    /// One without end, until it is set otherwise.
    pub fn manual(reserve: u64) -> Self {
        let free = Arc::new(AtomicU64::new(u64::MAX));
        Self { source: Source::Manual { free, fails: Arc::default() }, reserve }
    }

    /// Sets the free bytes of a manual disk; the system's is left alone.
    pub fn set_free(&self, bytes: u64) {
        if let Source::Manual { free, .. } = &self.source {
            free.store(bytes, Ordering::SeqCst);
        }
    }

    /// Makes every write to a manual disk fail, or no longer; the system's is left alone.
    pub fn set_failing(&self, is_failing: bool) {
        if let Source::Manual { fails, .. } = &self.source {
            fails.store(is_failing, Ordering::SeqCst);
        }
    }

    /// Whether writes fail on demand.
    pub fn is_failing(&self) -> bool {
        matches!(&self.source, Source::Manual { fails, .. } if fails.load(Ordering::SeqCst))
    }

    /// Whether there is room for a write. True where nobody can tell.
    pub fn has_room(&self, room: Room) -> bool {
        let needed = match room {
            Room::ForNew => self.reserve,
            Room::ForBegun => self.reserve / 2,
            Room::ForRemoval => self.reserve / 8,
        };
        needed == 0 || self.free().is_none_or(|free| needed <= free)
    }

    /// The bytes that are to stay free.
    pub fn reserve(&self) -> u64 {
        self.reserve
    }

    /// The bytes that are free, a moment ago at most; none where nobody can tell.
    pub fn free(&self) -> Option<u64> {
        match &self.source {
            Source::Manual { free, .. } => Some(free.load(Ordering::SeqCst)),
            Source::System { folder, measured } => {
                let mut measured = measured.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some((at, free)) = *measured
                    && at.elapsed() < MEASURED_EVERY
                {
                    return free;
                }
                let free = rustix::fs::statvfs(folder).ok();
                let free = free.map(|found| found.f_bavail.saturating_mul(found.f_frsize));
                *measured = Some((Instant::now(), free));
                free
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_begun_may_use_half_of_the_reserve() {
        let disk = Disk::manual(100);
        let rooms = |free| {
            disk.set_free(free);
            [Room::ForNew, Room::ForBegun, Room::ForRemoval].map(|room| disk.has_room(room))
        };
        assert_eq!(rooms(100), [true, true, true]);
        assert_eq!(rooms(99), [false, true, true]);
        assert_eq!(rooms(50), [false, true, true]);
        assert_eq!(rooms(49), [false, false, true]);
        assert_eq!(rooms(11), [false, false, false]);
    }

    #[test]
    fn the_systems_disk_is_measured() {
        let folder = tempfile::tempdir().unwrap();
        let disk = |reserve| Disk::system(folder.path().to_owned(), reserve);
        assert!(disk(0).free().is_some_and(|free| 0 < free));
        assert!(disk(1).has_room(Room::ForNew) && !disk(u64::MAX).has_room(Room::ForBegun));
        let nowhere = Disk::system("/nowhere/at/all".into(), u64::MAX);
        assert!(nowhere.has_room(Room::ForNew), "nobody can tell");
    }
}
