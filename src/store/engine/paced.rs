//! sled's database, reopened where the pace of its collector changes: sled reads the pace only when it opens.
//!
//! Each round of the collector flushes the file, even where nothing was written. So a small store that nobody writes
//! to rests: there are no rounds until something was written. Its users wait some milliseconds while it is reopened.

use std::{
    fs::File,
    sync::{Mutex, PoisonError, RwLock},
    time::Instant,
};

use crate::store::engine::{
    file::{FILE, Released},
    garbage::{Collector, Pace, Pacing},
    opening,
};

/// sled's page cache. What is hot stays in it; the rest is read from the operating system's.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;

/// Fields are dropped in order: the file is let go of behind the database.
pub struct Paced {
    /// None where it could not be reopened: nothing is read or written any more.
    db: RwLock<Option<sled::Db>>,
    pub file: Released,
    config: sled::Config,
    collector: Collector,
    pacing: Mutex<Pacing>,
}

impl Paced {
    pub fn open(config: sled::Config, collector: Collector) -> sled::Result<Self> {
        let path = config.get_path().join(FILE);
        let length = path.metadata().map_or(0, |metadata| metadata.len());
        let pacing = Pacing::begin(collector, length, Instant::now());
        let config = config.cache_capacity(CACHE_BYTES);
        let db = opening::logged(&path, || opened(&config, collector, pacing.pace()))?;
        let file = Released::new(File::open(path)?);
        Ok(Self { db: RwLock::new(Some(db)), file, config, collector, pacing: Mutex::new(pacing) })
    }

    pub fn config(&self) -> sled::Config {
        self.config.clone()
    }

    /// Reads or writes. The database is not reopened meanwhile, so calls are never nested.
    pub fn with<T>(&self, work: impl FnOnce(&sled::Db) -> sled::Result<T>) -> sled::Result<T> {
        let db = self.db.read().unwrap_or_else(PoisonError::into_inner);
        let lost = || sled::Error::ReportableBug("the store could not be reopened".to_owned());
        work(db.as_ref().ok_or_else(lost)?)
    }

    /// Changes the pace of the collector where that is due. `given` is what sled was given so far, in bytes. Called by
    /// one thread.
    pub fn keep_pace(&self, given: u64) -> sled::Result<()> {
        let pace = {
            let mut pacing = self.pacing.lock().unwrap_or_else(PoisonError::into_inner);
            pacing.next(self.collector, given, self.file.length(), Instant::now())
        };
        pace.map_or(Ok(()), |pace| self.open_anew(pace))
    }

    fn open_anew(&self, pace: Pace) -> sled::Result<()> {
        let mut db = self.db.write().unwrap_or_else(PoisonError::into_inner);
        let begun = Instant::now();
        if let Some(former) = db.take() {
            former.flush()?;
        }
        self.file.await_release();
        *db = Some(opened(&self.config, self.collector, pace)?);
        let milliseconds = begun.elapsed().as_millis();
        tracing::debug!(?pace, "the store was reopened in {milliseconds} ms");
        Ok(())
    }

    #[cfg(test)]
    pub fn pace(&self) -> Pace {
        self.pacing.lock().unwrap_or_else(PoisonError::into_inner).pace()
    }
}

fn opened(config: &sled::Config, collector: Collector, pace: Pace) -> sled::Result<sled::Db> {
    let every = collector.every(pace).as_millis();
    let every = u64::try_from(every).unwrap_or(u64::MAX);
    // A copy of its own: sled refuses to change a configuration that is in use.
    let own = sled::Config::new().path(config.get_path()).temporary(config.temporary);
    own.cache_capacity(config.cache_capacity).flush_every_ms(Some(every)).open()
}
