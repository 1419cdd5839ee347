//! A store of its own for a part of the process that must not wait: it is read and written under a lock.
//!
//! What is written goes to a log at the end of each step, which costs microseconds and outlives the
//! process. It is kept in memory as well, in front of the engine, until a [`Checkpoint`] has brought it
//! there. So the engine sees only the last value of what changes again and again, and is flushed once for
//! many steps. A start reads the log and nothing else.
//!
//! The engine is made by the first checkpoint: little needs none.

mod log;
mod state;

use std::{
    collections::BTreeSet,
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Serialize, de::DeserializeOwned};

pub use self::log::FIRST as LOG;
use self::{
    log::Log,
    state::{
        CHANGES, CLEARED, Changes, LONGEST_LOG, RECORDS, State, batch, disk, empty, write_change,
    },
};
pub use crate::store::{
    StoreError,
    codec::{Key, last_number},
    engine::{Direction, Range},
};
use crate::store::{
    codec::{decode, encode},
    engine::{Engine, Scan, SledEngine, Snapshot},
};

/// Bytes of a dump that are read at once.
const DUMPED_AT_ONCE: usize = 128 * 1024;

/// Whether a folder has a store.
pub fn exists(folder: &Path) -> bool {
    folder.join(RECORDS).exists() || log::exists(folder)
}

/// Removes the store that is in a folder, if there is one.
pub fn remove(folder: &Path) -> io::Result<()> {
    log::remove(folder, u64::MAX)?;
    match fs::remove_dir_all(folder.join(RECORDS)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

pub struct LocalStore {
    state: State,
    log: Log,
    /// The keys that this step has changed.
    step: BTreeSet<Vec<u8>>,
    is_failing: bool,
    checkpoints: Checkpoints,
}

/// When the log is brought into the engine.
struct Checkpoints {
    /// The length of the log at which a checkpoint is due.
    longest: u64,
    is_moving: bool,
    /// How often everything was removed.
    clearings: u64,
}

impl Checkpoints {
    fn of(state: &State) -> Self {
        Self { longest: state.longest_log(), is_moving: false, clearings: 0 }
    }

    fn is_due(&self, log: &Log) -> bool {
        !self.is_moving && self.longest <= log.size()
    }

    fn cleared(&mut self, state: &State) {
        self.longest = state.longest_log();
        self.clearings += 1;
    }

    /// The log has everything, so a checkpoint that fails loses nothing.
    fn put_off(&mut self, log: &Log, error: &StoreError) {
        self.longest = log.size() + LONGEST_LOG;
        let folder = log.folder().display();
        tracing::warn!(%error, "the log in {folder} stays as it is, and grows");
    }
}

/// Reading and writing.
impl LocalStore {
    /// Opens the store in a folder, or makes it. Nobody else may have it open.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(folder).map_err(disk)?;
        let records = folder.join(RECORDS);
        let engine = records.exists().then(|| SledEngine::open(&records)).transpose()?;
        let (folder, engine) = (folder.to_owned(), engine.map(Arc::new));
        let mut state = State { folder, engine, staged: Changes::new(), is_cleared: false };
        let folder = state.folder.clone();
        let log = Log::open(&folder, |step| state.take(step)).map_err(disk)?;
        Ok(Self {
            checkpoints: Checkpoints::of(&state),
            state,
            log,
            step: BTreeSet::new(),
            is_failing: false,
        })
    }

    pub fn get<V: DeserializeOwned>(&self, key: &Key) -> Result<Option<V>, StoreError> {
        self.state.value(key.as_bytes())?.as_deref().map(decode).transpose()
    }

    /// Up to `limit` values of a range with their keys, from one end of it.
    pub fn scan<V: DeserializeOwned>(
        &self,
        range: Range,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, V)>, StoreError> {
        let pairs = self.state.pairs(Scan { range, direction, limit })?;
        pairs.into_iter().map(|(key, value)| Ok((key, decode(&value)?))).collect()
    }

    /// Writes a value. It is read at once, and outlives the process from the end of the step on.
    pub fn put<V: Serialize>(&mut self, key: Key, value: &V) {
        match encode(value) {
            Ok(value) => self.change(key, Some(value)),
            // Plain data with text keys into memory: there is nothing to fail.
            Err(error) => tracing::error!(%error, "a value could not be written"),
        }
    }

    pub fn remove_value(&mut self, key: Key) {
        self.change(key, None);
    }

    fn change(&mut self, key: Key, value: Option<Vec<u8>>) {
        let key = key.done();
        self.step.insert(key.clone());
        self.state.staged.insert(key, value);
    }

    /// Whether this step has changed anything.
    pub fn is_changed(&self) -> bool {
        !self.step.is_empty()
    }

    /// Ends a step: all of it outlives the process, or none. What could not be written stays and is tried
    /// again with the next.
    pub fn commit(&mut self) {
        if self.step.is_empty() {
            return;
        }
        let mut content = vec![CHANGES];
        for key in &self.step {
            write_change(&mut content, key, self.state.staged.get(key).and_then(Option::as_ref));
        }
        match self.log.append(&content) {
            Ok(()) => {
                self.step.clear();
                self.is_failing = false;
            }
            Err(error) => {
                if !self.is_failing {
                    let folder = self.state.folder.display();
                    tracing::error!(%error, "the log in {folder} cannot be written");
                }
                self.is_failing = true;
            }
        }
    }

    /// Whether the last step could not be written: nothing more may be acknowledged.
    pub fn is_failing(&self) -> bool {
        self.is_failing
    }

    /// Removes everything. When the disk refuses, nothing has changed.
    pub fn clear(&mut self) -> io::Result<()> {
        let former = self.log.rotate()?;
        self.log.append(&[CLEARED])?;
        // What they say counts no longer.
        if let Err(error) = log::remove(&self.state.folder, former) {
            tracing::warn!(%error, "a log cannot be removed");
        }
        self.is_failing = false;
        self.step.clear();
        self.state.clear();
        self.checkpoints.cleared(&self.state);
        Ok(())
    }

    /// Makes a checkpoint due.
    #[cfg(test)]
    pub fn hurry(&mut self) {
        self.checkpoints.longest = 0;
    }

    /// Puts a file in the place of the log's own.
    #[cfg(test)]
    pub fn swap_file(&mut self, file: fs::File) -> fs::File {
        self.log.swap_file(file)
    }

    /// Everything, as bytes.
    #[cfg(test)]
    pub fn pairs(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let range = Range { start: Vec::new(), end: vec![u8::MAX] };
        let scan = Scan { range, direction: Direction::Forward, limit: usize::MAX };
        self.state.pairs(scan).unwrap()
    }

    /// While a long past is written: keeps what is in memory within bounds.
    pub fn bound(&mut self) -> Result<(), StoreError> {
        self.state.bound()
    }

    /// Returns when the log is on the disk.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.log.sync().map_err(disk)
    }
}

/// Bringing the log into the engine.
impl LocalStore {
    /// Whether the log is long enough for a checkpoint.
    pub fn is_due(&self) -> bool {
        self.checkpoints.is_due(&self.log)
    }

    /// Begins a checkpoint where one is due. It is written without a lock, and then brought to its end.
    pub fn begin(&mut self) -> Option<Checkpoint> {
        if !self.is_due() {
            return None;
        }
        let begun = self.state.engine().and_then(|engine| {
            let last_log = self.log.rotate().map_err(disk)?;
            Ok(Checkpoint {
                engine,
                folder: self.state.folder.clone(),
                changes: self.state.staged.clone(),
                is_cleared: self.state.is_cleared,
                clearings: self.checkpoints.clearings,
                last_log,
            })
        });
        self.checkpoints.is_moving = begun.is_ok();
        begun.map_err(|error| self.checkpoints.put_off(&self.log, &error)).ok()
    }

    /// Ends a checkpoint: what the engine has is no longer held in memory.
    pub fn end(&mut self, checkpoint: Checkpoint, outcome: Result<(), StoreError>) {
        self.checkpoints.is_moving = false;
        if let Err(error) = outcome {
            return self.checkpoints.put_off(&self.log, &error);
        }
        // Of what was removed meanwhile nothing counts.
        if checkpoint.clearings == self.checkpoints.clearings {
            self.checkpoints.longest = LONGEST_LOG;
            self.state.settle(checkpoint.changes);
        }
    }

    /// All there is at this moment, to be written as a log.
    pub fn dump(&self) -> Dump {
        let engine = self.state.engine.clone().filter(|_| !self.state.is_cleared);
        Dump { pairs: engine.map(SledEngine::shared_snapshot), staged: self.state.staged.clone() }
    }
}

/// The way of many steps into the engine.
pub struct Checkpoint {
    engine: Arc<SledEngine>,
    folder: PathBuf,
    changes: Changes,
    is_cleared: bool,
    clearings: u64,
    /// The last file of the log that holds nothing but these changes.
    last_log: u64,
}

impl Checkpoint {
    /// Writes it all the way to the disk. Cut off anywhere, the log still has everything.
    pub async fn write(&self) -> Result<(), StoreError> {
        if self.is_cleared {
            empty(&self.engine)?;
        }
        self.engine.apply(batch(&self.changes))?;
        self.engine.durable().await?;
        log::remove(&self.folder, self.last_log).map_err(disk)
    }
}

/// Everything that a store held at one moment; the store is written to meanwhile.
pub struct Dump {
    pairs: Option<Box<dyn Snapshot>>,
    staged: Changes,
}

impl Dump {
    /// Writes it as the log of a new store.
    pub async fn write(mut self, out: &mut (impl Write + Send)) -> Result<(), StoreError> {
        while let Some(pairs) = &mut self.pairs {
            let pairs = pairs.next(DUMPED_AT_ONCE).await?;
            if pairs.is_empty() {
                break;
            }
            let mut content = vec![CHANGES];
            for (key, value) in pairs.iter().filter(|(key, _)| !self.staged.contains_key(key)) {
                write_change(&mut content, key, Some(value));
            }
            out.write_all(&log::frame(&content).map_err(disk)?).map_err(disk)?;
        }
        let mut content = vec![CHANGES];
        for (key, value) in self.staged.iter().filter(|(_, value)| value.is_some()) {
            write_change(&mut content, key, value.as_ref());
        }
        out.write_all(&log::frame(&content).map_err(disk)?).map_err(disk)
    }
}

#[cfg(test)]
mod tests;
