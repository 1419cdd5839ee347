//! What lets a snapshot be read slowly while commits go on: each view knows how far it has been
//! read, and keeps the value that a key beyond had before a commit changed it.
//!
//! Pure: bytes and maps, no database. The owner of the views holds a lock around commits and reads.

use std::collections::BTreeMap;

use crate::store::{StoreError, engine::Pair};

/// How many bytes of former values a view may keep before it is given up.
const MOST_KEPT: usize = 256 * 1024 * 1024;
/// What a kept pair costs beside its bytes.
const OVERHEAD: usize = 96;

/// The views that are being read.
#[derive(Default)]
pub struct Views {
    last: u64,
    open: BTreeMap<u64, View>,
}

#[derive(Default)]
struct View {
    /// Where the reader goes on; keys below it are read.
    next: Vec<u8>,
    /// The former values of keys from `next` on that were written meanwhile; none for keys that
    /// did not exist.
    before: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    kept: usize,
    is_lost: bool,
}

impl Views {
    pub fn open(&mut self) -> u64 {
        self.last += 1;
        self.open.insert(self.last, View::default());
        self.last
    }

    pub fn close(&mut self, id: u64) {
        self.open.remove(&id);
    }

    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// A key is about to be written. `former` is asked only when a view still needs the answer.
    pub fn before_write<E>(
        &mut self,
        key: &[u8],
        former: impl FnOnce() -> Result<Option<Vec<u8>>, E>,
    ) -> Result<(), E> {
        let concerned = |view: &&mut View| {
            !view.is_lost && view.next.as_slice() <= key && !view.before.contains_key(key)
        };
        let mut concerned = self.open.values_mut().filter(concerned).peekable();
        if concerned.peek().is_none() {
            return Ok(());
        }
        let former = former()?;
        for view in concerned {
            view.kept += key.len() + former.as_ref().map_or(0, Vec::len) + OVERHEAD;
            view.before.insert(key.to_vec(), former.clone());
            if MOST_KEPT < view.kept {
                (view.is_lost, view.before) = (true, BTreeMap::new());
            }
        }
        Ok(())
    }

    /// Where a view goes on.
    pub fn place(&self, id: u64) -> Result<Vec<u8>, StoreError> {
        Ok(self.find(id)?.next.clone())
    }

    /// Gives a view what is now stored from its place on; `has_more` when that is not all. What it
    /// was at the view's moment.
    pub fn advance(
        &mut self,
        id: u64,
        now: Vec<Pair>,
        has_more: bool,
    ) -> Result<Vec<Pair>, StoreError> {
        self.find(id)?;
        let Some(view) = self.open.get_mut(&id) else { return Ok(Vec::new()) };
        let end = if has_more { now.last().map(|(key, _)| after(key)) } else { None };
        let later = end.as_ref().map(|end| view.before.split_off(end)).unwrap_or_default();
        let before = std::mem::replace(&mut view.before, later);
        view.next = end.unwrap_or_else(|| view.next.clone());
        let mut then: BTreeMap<Vec<u8>, Vec<u8>> = now.into_iter().collect();
        for (key, former) in before {
            let size = key.len() + former.as_ref().map_or(0, Vec::len) + OVERHEAD;
            view.kept = view.kept.saturating_sub(size);
            match former {
                Some(former) => then.insert(key, former),
                None => then.remove(&key),
            };
        }
        Ok(then.into_iter().collect())
    }

    fn find(&self, id: u64) -> Result<&View, StoreError> {
        let lost = || {
            StoreError::Disk(
                "too much was written while the snapshot was read; try again".to_owned(),
            )
        };
        self.open.get(&id).filter(|view| !view.is_lost).ok_or_else(lost)
    }
}

/// The smallest key above this one.
fn after(key: &[u8]) -> Vec<u8> {
    let mut next = key.to_vec();
    next.push(0);
    next
}
