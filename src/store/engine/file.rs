//! sled's file: its lock, its length, and its page index, which is what makes the next opening quick.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// sled's file within its folder, which it locks.
pub const FILE: &str = "db";

/// With so many bytes given, sled has written about ten times as much, which it reads in half a second.
const MUCH_GIVEN: u64 = 8 * 1024 * 1024;

/// How long sled's threads may take to let go of the file, and how often that is looked at.
const LETTING_GO: Duration = Duration::from_secs(1);
const LETTING_GO_LOOK: Duration = Duration::from_millis(1);

/// Whether a process has the store of this folder open. A folder without one is held by nobody.
pub fn is_held(folder: &Path) -> bool {
    let Ok(file) = File::open(folder.join(FILE)) else { return false };
    matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

/// sled's file as this module has it open. A thread of sled may hold the lock a moment longer than the
/// database lives: the next to open the folder after this is dropped finds it free.
pub struct Released(File);

impl Released {
    pub fn new(file: File) -> Self {
        Self(file)
    }

    pub fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    /// Waits until no database holds the file, which a thread of sled's may do a moment longer.
    pub fn await_release(&self) {
        let begun = Instant::now();
        loop {
            match self.0.try_lock() {
                Ok(()) => {
                    // A lock that stays would keep the next database out.
                    let _ = self.0.unlock();
                    return;
                }
                Err(_) if LETTING_GO < begun.elapsed() => return,
                Err(_) => std::thread::sleep(LETTING_GO_LOOK),
            }
        }
    }

    /// Bytes of the file; 0 where the system does not say.
    pub fn length(&self) -> u64 {
        self.0.metadata().map_or(0, |metadata| metadata.len())
    }
}

impl Drop for Released {
    fn drop(&mut self) {
        let begun = Instant::now();
        while matches!(self.0.try_lock(), Err(TryLockError::WouldBlock))
            && begun.elapsed() < LETTING_GO
        {
            std::thread::sleep(LETTING_GO_LOOK);
        }
    }
}

/// What makes the next opening quick. sled writes its page index at each opening and never else: the next
/// opening reads all that was written since. So a store that was written much to is opened once more when it
/// closes.
pub struct Closing {
    config: sled::Config,
    given: AtomicU64,
}

impl Closing {
    pub fn new(config: sled::Config) -> Self {
        Self { config, given: AtomicU64::new(0) }
    }

    /// Bytes that sled was given since it was opened.
    pub fn given(&self) -> u64 {
        self.given.load(Ordering::SeqCst)
    }

    pub fn add(&self, bytes: usize) {
        self.given.fetch_add(u64::try_from(bytes).unwrap_or(0), Ordering::SeqCst);
    }

    /// A write failed: the store is not opened again here.
    pub fn give_up(&self) {
        self.given.store(0, Ordering::SeqCst);
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        if self.config.temporary || self.given() <= MUCH_GIVEN {
            return;
        }
        let begun = Instant::now();
        if let Err(error) = self.config.open() {
            tracing::debug!(%error, "the store could not write its page index");
        }
        let seconds = begun.elapsed().as_secs_f64();
        tracing::debug!("the store wrote its page index in {seconds:.1} s");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::engine::SledEngine;

    #[test]
    fn whether_a_folder_is_in_use_is_known_without_opening_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_held(folder.path()));
        let engine = SledEngine::open(folder.path()).unwrap();
        assert!(is_held(folder.path()));
        drop(engine);
        assert!(!is_held(folder.path()));
    }
}
