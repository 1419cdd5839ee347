//! What a local store holds: changes in memory, in front of its engine.

use std::{collections::BTreeMap, io, path::PathBuf, sync::Arc};

use crate::store::{
    StoreError,
    engine::{Batch, Direction, Pair, Range, Scan, SledEngine},
};

/// The engine's folder.
pub(super) const RECORDS: &str = "records";
/// How long the log gets before it is brought into the engine.
pub(super) const LONGEST_LOG: u64 = 1024 * 1024;
/// Values in front of the engine while a long log is read.
pub(super) const MOST_STAGED: usize = 10_000;
/// Pairs that are removed from the engine at once.
pub(super) const AT_ONCE: usize = 1_000;
/// What a step begins with.
pub(super) const CHANGES: u8 = 0;
pub(super) const CLEARED: u8 = 1;

/// Values by key; none for what was removed.
pub(super) type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// What there is.
pub(super) struct State {
    pub(super) folder: PathBuf,
    pub(super) engine: Option<Arc<SledEngine>>,
    pub(super) staged: Changes,
    /// Whether all that is in the engine was removed.
    pub(super) is_cleared: bool,
}

impl State {
    pub(super) fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match (self.staged.get(key), &self.engine) {
            (Some(staged), _) => Ok(staged.clone()),
            (None, Some(engine)) if !self.is_cleared => engine.value(key),
            _ => Ok(None),
        }
    }

    pub(super) fn pairs(&self, scan: Scan) -> Result<Vec<Pair>, StoreError> {
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
    pub(super) fn take(&mut self, step: &[u8]) -> io::Result<()> {
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

    pub(super) fn clear(&mut self) {
        self.staged.clear();
        self.is_cleared = true;
    }

    /// Takes what the engine has out of memory, unless it has changed since.
    pub(super) fn settle(&mut self, written: Changes) {
        self.is_cleared = false;
        for (key, value) in written {
            if self.staged.get(&key) == Some(&value) {
                self.staged.remove(&key);
            }
        }
    }

    /// How long the log may get: what was removed shall not lie on the disk any longer than it must.
    pub(super) fn longest_log(&self) -> u64 {
        if self.is_cleared && self.engine.is_some() { 0 } else { LONGEST_LOG }
    }

    /// Brings what is staged into the engine when it is much. The log keeps it until that is on the disk.
    pub(super) fn bound(&mut self) -> Result<(), StoreError> {
        if self.staged.len() < MOST_STAGED { Ok(()) } else { self.move_over() }
    }

    pub(super) fn move_over(&mut self) -> Result<(), StoreError> {
        let engine = self.engine()?;
        if std::mem::take(&mut self.is_cleared) {
            empty(&engine)?;
        }
        engine.apply(batch(&std::mem::take(&mut self.staged)))
    }

    pub(super) fn engine(&mut self) -> Result<Arc<SledEngine>, StoreError> {
        if let Some(engine) = &self.engine {
            return Ok(engine.clone());
        }
        let engine = Arc::new(SledEngine::open(&self.folder.join(RECORDS))?);
        self.engine = Some(engine.clone());
        Ok(engine)
    }
}

pub(super) fn batch(changes: &Changes) -> Batch {
    let mut batch = Batch::new();
    for (key, value) in changes {
        match value {
            Some(value) => batch.put(key.clone(), value.clone()),
            None => batch.remove(key.clone()),
        }
    }
    batch
}

pub(super) fn empty(engine: &SledEngine) -> Result<(), StoreError> {
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
pub(super) fn write_change(out: &mut Vec<u8>, key: &[u8], value: Option<&Vec<u8>>) {
    let length = |part: &[u8]| u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes();
    out.extend(length(key));
    out.push(u8::from(value.is_some()));
    out.extend(key);
    if let Some(value) = value {
        out.extend(length(value));
        out.extend(value);
    }
}

pub(super) fn read_change(from: &mut &[u8]) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
    let length = u32::from_be_bytes(*from.split_off(..4)?.first_chunk()?);
    let is_there = *from.split_off_first()? != 0;
    let key = from.split_off(..usize::try_from(length).ok()?)?.to_vec();
    if !is_there {
        return Some((key, None));
    }
    let length = u32::from_be_bytes(*from.split_off(..4)?.first_chunk()?);
    Some((key, Some(from.split_off(..usize::try_from(length).ok()?)?.to_vec())))
}

pub(super) fn disk(error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::InvalidData => StoreError::Corrupt(error.to_string()),
        _ => StoreError::Disk(error.to_string()),
    }
}
