//! sled with the commits that it was not given yet: reads see both as one.

use std::{
    cmp::Ordering,
    sync::{
        Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering as Atomically},
    },
    time::Duration,
};

use crate::store::engine::{
    Batch, Direction, Pair, Scan, file::Closing, garbage::Collector, merged::merged, paced::Paced,
    pending::Pending,
};

/// About how much is gathered before sled is given it, whether or not anybody waits for the disk. Reads wait while sled
/// takes in a batch, so a bulk write goes to it in small ones.
const MOST_GATHERED: usize = 64 * 1024;
/// Values that are read before a commit gets its turn.
const GOT_AT_ONCE: usize = 64;

/// For each batch sled writes two pieces of its file and
/// waits for both, and each wakes all of its threads: so all that is committed between two flushes is one
/// batch.
pub struct Gathering {
    pub paced: Paced,
    /// Bytes of the file when it was opened.
    opened_with: u64,
    collector: Collector,
    pending: RwLock<Pending>,
    /// Held while sled is given a batch: each comes after the one before.
    giving: Mutex<()>,
    /// How often the disk was waited for.
    pub flushes: AtomicU64,
    /// Behind the file, which must be free for it.
    closing: Closing,
}

impl Gathering {
    pub fn open(config: sled::Config, collector: Collector) -> sled::Result<Self> {
        let paced = Paced::open(config, collector)?;
        let closing = Closing::new(paced.config());
        Ok(Self {
            opened_with: paced.file.length(),
            paced,
            collector,
            pending: RwLock::default(),
            giving: Mutex::default(),
            flushes: AtomicU64::new(0),
            closing,
        })
    }

    /// Takes in a commit. Where much was gathered, sled is given all of it.
    pub fn add(&self, writes: Vec<(Vec<u8>, Option<Vec<u8>>)>) -> sled::Result<()> {
        let mut pending = self.change();
        pending.add(writes);
        let is_much = MOST_GATHERED < pending.bytes();
        drop(pending);
        if is_much {
            self.give()?;
        }
        Ok(())
    }

    pub fn pending(&self) -> RwLockReadGuard<'_, Pending> {
        self.pending.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Pending> {
        self.pending.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn get(&self, key: &[u8]) -> sled::Result<Option<Vec<u8>>> {
        if let Some(found) = self.pending().find(key) {
            return Ok(found.clone());
        }
        self.paced.with(|db| Ok(db.get(key)?.map(|value| value.to_vec())))
    }

    /// The values of many keys. What was gathered and the database are looked up once for many of them.
    pub fn get_many<'a>(
        &self,
        keys: impl Iterator<Item = &'a [u8]>,
    ) -> sled::Result<Vec<Option<Vec<u8>>>> {
        let mut keys = keys.peekable();
        let mut values = Vec::with_capacity(keys.size_hint().0);
        while keys.peek().is_some() {
            // Commits wait while this is held.
            let pending = self.pending();
            self.paced.with(|db| {
                for key in keys.by_ref().take(GOT_AT_ONCE) {
                    values.push(match pending.find(key) {
                        Some(found) => found.clone(),
                        None => db.get(key)?.map(|value| value.to_vec()),
                    });
                }
                Ok(())
            })?;
        }
        Ok(values)
    }

    pub fn scan(&self, Scan { range, direction, limit }: Scan) -> sled::Result<Vec<Pair>> {
        if range.end <= range.start {
            return Ok(Vec::new());
        }
        // Held to the end: what is here until then is in sled afterwards.
        let pending = self.pending();
        let gathered = pending.between(&range).into_iter();
        self.paced.with(|db| {
            let stored = db.range(range.start..range.end);
            match direction {
                Direction::Forward => {
                    merged(stored, gathered, Ordering::Less).take(limit).collect()
                }
                Direction::Backward => {
                    merged(stored.rev(), gathered.rev(), Ordering::Greater).take(limit).collect()
                }
            }
        })
    }

    /// Up to about so many bytes from a key on, and whether there is more.
    pub fn read_from(&self, start: Vec<u8>, bytes: usize) -> sled::Result<(Vec<Pair>, bool)> {
        let (mut pairs, mut size) = (Vec::new(), 0);
        let pending = self.pending();
        let gathered = pending.from(&start).into_iter();
        self.paced.with(|db| {
            for entry in merged(db.range(start.clone()..), gathered, Ordering::Less) {
                if bytes <= size {
                    return Ok((pairs, true));
                }
                let (key, value) = entry?;
                size += key.len() + value.len();
                pairs.push((key, value));
            }
            Ok((pairs, false))
        })
    }

    /// Gives sled all that was gathered. The number of commits that it has then.
    pub fn give(&self) -> sled::Result<u64> {
        let _turn = self.giving.lock().unwrap_or_else(PoisonError::into_inner);
        let (writes, commits) = self.change().take();
        if writes.is_empty() {
            return Ok(commits);
        }
        let mut batch = sled::Batch::default();
        let mut bytes = 0;
        for (key, value) in &*writes {
            bytes += key.len() + value.as_ref().map_or(0, Vec::len);
            match value {
                Some(value) => batch.insert(key.as_slice(), value.as_slice()),
                None => batch.remove(key.as_slice()),
            }
        }
        self.paced.with(|db| db.apply_batch(batch)).inspect_err(|_| self.closing.give_up())?;
        self.closing.add(bytes);
        // What a write replaced, sled keeps for each thread until that has written much more. Handed in, it
        // is freed by the next one that writes, whichever that is. The crate must be the version that sled has.
        crossbeam_epoch::pin().flush();
        self.change().is_stored();
        Ok(commits)
    }

    /// How long a commit waits for the collector.
    pub fn pause(&self, batch: &Batch) -> Duration {
        if !batch.in_background {
            return Duration::ZERO;
        }
        let grown = self.paced.file.length().saturating_sub(self.opened_with);
        self.collector.pause(batch.bytes(), grown, self.closing.given())
    }

    /// Brings all to the disk, of which so many commits are there already. On Linux sled waits for the bytes
    /// that it wrote and no longer (`sync_file_range`). A file that grew may have lost them after a power cut
    /// all the same, since where they lie is not written down then.
    pub fn flush(&self, before: u64) -> sled::Result<u64> {
        self.paced.keep_pace(self.closing.given())?;
        if self.pending().commits() == before {
            return Ok(before);
        }
        let commits = self.give()?;
        self.paced.with(|db| db.flush())?;
        if cfg!(target_os = "linux") {
            self.paced.file.sync()?;
        }
        self.flushes.fetch_add(1, Atomically::SeqCst);
        Ok(commits)
    }
}
