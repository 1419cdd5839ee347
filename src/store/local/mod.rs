//! A store of its own for a part of the process that must not wait: it is read and written under a lock.
//!
//! What is written goes to a log at the end of each step, which costs microseconds and outlives the
//! process. It is kept in memory as well, in front of the engine, until a [`Checkpoint`] has brought it
//! there. So the engine sees only the last value of what changes again and again, and is flushed once for
//! many steps. A start reads the log and nothing else.
//!
//! The engine is made by the first checkpoint: little needs none.

mod log;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Serialize, de::DeserializeOwned};

pub use self::log::FIRST as LOG;
use self::log::Log;
pub use crate::store::{
    StoreError,
    codec::{Key, last_number},
    engine::{Direction, Range},
};
use crate::store::{
    codec::{decode, encode},
    engine::{Batch, Engine, Pair, Scan, SledEngine, Snapshot},
};

/// The engine's folder.
const RECORDS: &str = "records";
/// How long the log gets before it is brought into the engine.
const LONGEST_LOG: u64 = 1024 * 1024;
/// Values in front of the engine while a long log is read.
const MOST_STAGED: usize = 10_000;
/// Pairs that are removed from the engine at once.
const AT_ONCE: usize = 1_000;
/// Bytes of a dump that are read at once.
const DUMPED_AT_ONCE: usize = 128 * 1024;
/// What a step begins with.
const CHANGES: u8 = 0;
const CLEARED: u8 = 1;

/// Values by key; none for what was removed.
type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

pub struct LocalStore {
    state: State,
    log: Log,
    /// The keys that this step has changed.
    step: BTreeSet<Vec<u8>>,
    is_failing: bool,
    /// The length at which the log is brought into the engine.
    longest: u64,
    is_moving: bool,
    /// How often everything was removed.
    clearings: u64,
}

/// What there is.
struct State {
    folder: PathBuf,
    engine: Option<Arc<SledEngine>>,
    staged: Changes,
    /// Whether all that is in the engine was removed.
    is_cleared: bool,
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
            longest: state.longest_log(),
            state,
            log,
            step: BTreeSet::new(),
            is_failing: false,
            is_moving: false,
            clearings: 0,
        })
    }

    /// Whether there is one in a folder.
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
        self.longest = self.state.longest_log();
        self.clearings += 1;
        Ok(())
    }

    /// Makes a checkpoint due.
    #[cfg(test)]
    pub fn hurry(&mut self) {
        self.longest = 0;
    }

    /// Puts a file in the place of the log's own.
    #[cfg(test)]
    pub fn swap_file(&mut self, file: fs::File) -> fs::File {
        self.log.swap_file(file)
    }

    /// Everything, as bytes.
    #[cfg(test)]
    pub fn pairs(&self) -> Vec<Pair> {
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
        !self.is_moving && self.longest <= self.log.size()
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
                clearings: self.clearings,
                last_log,
            })
        });
        self.is_moving = begun.is_ok();
        begun.map_err(|error| self.put_off(&error)).ok()
    }

    /// Ends a checkpoint: what the engine has is no longer held in memory.
    pub fn end(&mut self, checkpoint: Checkpoint, outcome: Result<(), StoreError>) {
        self.is_moving = false;
        if let Err(error) = outcome {
            return self.put_off(&error);
        }
        // Of what was removed meanwhile nothing counts.
        if checkpoint.clearings == self.clearings {
            self.state.is_cleared = false;
            self.longest = LONGEST_LOG;
            for (key, value) in checkpoint.changes {
                if self.state.staged.get(&key) == Some(&value) {
                    self.state.staged.remove(&key);
                }
            }
        }
    }

    /// The log has everything, so a checkpoint that fails loses nothing.
    fn put_off(&mut self, error: &StoreError) {
        self.longest = self.log.size() + LONGEST_LOG;
        let folder = self.state.folder.display();
        tracing::warn!(%error, "the log in {folder} stays as it is, and grows");
    }

    /// All there is at this moment, to be written as a log.
    pub fn dump(&self) -> Dump {
        let engine = self.state.engine.clone().filter(|_| !self.state.is_cleared);
        Dump { pairs: engine.map(SledEngine::shared_snapshot), staged: self.state.staged.clone() }
    }
}

impl State {
    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match (self.staged.get(key), &self.engine) {
            (Some(staged), _) => Ok(staged.clone()),
            (None, Some(engine)) if !self.is_cleared => engine.value(key),
            _ => Ok(None),
        }
    }

    fn pairs(&self, scan: Scan) -> Result<Vec<Pair>, StoreError> {
        let Scan { range, direction, limit } = scan;
        if range.end <= range.start {
            return Ok(Vec::new());
        }
        let staged = || self.staged.range(range.start.clone()..range.end.clone());
        let removed = staged().filter(|(_, value)| value.is_none()).count();
        let mut stored = match &self.engine {
            Some(engine) if !self.is_cleared => {
                let limit = limit.saturating_add(removed);
                engine.pairs(Scan { range: range.clone(), direction, limit })?
            }
            _ => Vec::new(),
        }
        .into_iter()
        .peekable();
        let in_order: Box<dyn Iterator<Item = _>> = match direction {
            Direction::Forward => Box::new(staged()),
            Direction::Backward => Box::new(staged().rev()),
        };
        let (mut staged, mut found) = (in_order.peekable(), Vec::new());
        while found.len() < limit {
            let is_staged = match (staged.peek(), stored.peek()) {
                (None, None) => break,
                (Some((key, _)), Some((other, _))) => {
                    if *key == other {
                        stored.next();
                        true
                    } else {
                        (direction == Direction::Forward) == (*key < other)
                    }
                }
                (key, _) => key.is_some(),
            };
            if !is_staged {
                found.extend(stored.next());
            } else if let Some((key, Some(value))) = staged.next() {
                found.push((key.clone(), value.clone()));
            }
        }
        Ok(found)
    }

    /// A step of the log.
    fn take(&mut self, step: &[u8]) -> io::Result<()> {
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "a step cannot be read");
        match step.split_first() {
            Some((&CHANGES, mut rest)) => {
                while !rest.is_empty() {
                    let (key, value) = read_change(&mut rest).ok_or_else(damaged)?;
                    self.staged.insert(key, value);
                }
            }
            Some((&CLEARED, _)) => self.clear(),
            _ => return Err(damaged()),
        }
        self.bound().map_err(io::Error::other)
    }

    fn clear(&mut self) {
        self.staged.clear();
        self.is_cleared = true;
    }

    /// How long the log may get: what was removed shall not lie on the disk any longer than it must.
    fn longest_log(&self) -> u64 {
        if self.is_cleared && self.engine.is_some() { 0 } else { LONGEST_LOG }
    }

    /// Brings what is staged into the engine when it is much. The log keeps it until that is on the disk.
    fn bound(&mut self) -> Result<(), StoreError> {
        if self.staged.len() < MOST_STAGED { Ok(()) } else { self.move_over() }
    }

    fn move_over(&mut self) -> Result<(), StoreError> {
        let engine = self.engine()?;
        if std::mem::take(&mut self.is_cleared) {
            empty(&engine)?;
        }
        engine.apply(batch(&std::mem::take(&mut self.staged)))
    }

    fn engine(&mut self) -> Result<Arc<SledEngine>, StoreError> {
        if let Some(engine) = &self.engine {
            return Ok(engine.clone());
        }
        let engine = Arc::new(SledEngine::open(&self.folder.join(RECORDS))?);
        self.engine = Some(engine.clone());
        Ok(engine)
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

fn batch(changes: &Changes) -> Batch {
    let mut batch = Batch::new();
    for (key, value) in changes {
        match value {
            Some(value) => batch.put(key.clone(), value.clone()),
            None => batch.remove(key.clone()),
        }
    }
    batch
}

fn empty(engine: &SledEngine) -> Result<(), StoreError> {
    let range = Range { start: Vec::new(), end: vec![u8::MAX] };
    loop {
        let direction = Direction::Forward;
        let pairs = engine.pairs(Scan { range: range.clone(), direction, limit: AT_ONCE })?;
        if pairs.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::new();
        pairs.into_iter().for_each(|(key, _)| batch.remove(key));
        engine.apply(batch)?;
    }
}

/// The length of the key, whether there is a value, the key; then the value's length and the value.
fn write_change(out: &mut Vec<u8>, key: &[u8], value: Option<&Vec<u8>>) {
    let length = |part: &[u8]| u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes();
    out.extend(length(key));
    out.push(u8::from(value.is_some()));
    out.extend(key);
    if let Some(value) = value {
        out.extend(length(value));
        out.extend(value);
    }
}

fn read_change(from: &mut &[u8]) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
    let length = u32::from_be_bytes(*from.split_off(..4)?.first_chunk()?);
    let is_there = *from.split_off_first()? != 0;
    let key = from.split_off(..usize::try_from(length).ok()?)?.to_vec();
    if !is_there {
        return Some((key, None));
    }
    let length = u32::from_be_bytes(*from.split_off(..4)?.first_chunk()?);
    Some((key, Some(from.split_off(..usize::try_from(length).ok()?)?.to_vec())))
}

fn disk(error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::InvalidData => StoreError::Corrupt(error.to_string()),
        _ => StoreError::Disk(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
