//! Cache of bots' indexes: those that were asked last stay in memory, up to a number of chunks.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use crate::knowledge::{answer::Question, index::BotIndex};

/// Chunks of all indexes together; each takes about a kilobyte.
const MOST_CHUNKS: u64 = 40_000;

/// What a bot knows, ready to be asked.
#[derive(Debug, Default)]
pub struct Loaded {
    pub index: BotIndex,
    pub questions: Vec<Question>,
}

#[derive(Default)]
pub struct Cache(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    of_bots: HashMap<Uuid, (Arc<Loaded>, u64)>,
    /// Rises with each use.
    uses: u64,
}

impl Cache {
    /// The index of a bot, if it is of this generation.
    pub fn get(&self, bot: Uuid, generation: u64) -> Option<Arc<Loaded>> {
        let mut entries = self.entries();
        entries.uses += 1;
        let uses = entries.uses;
        let (loaded, used) = entries.of_bots.get_mut(&bot)?;
        *used = uses;
        Some(loaded.clone()).filter(|loaded| loaded.index.generation == generation)
    }

    /// The index of a bot, of whatever generation.
    pub fn former(&self, bot: Uuid) -> Option<Arc<Loaded>> {
        self.entries().of_bots.get(&bot).map(|(loaded, _)| loaded.clone())
    }

    /// Takes an index in, and drops those that were not used for longest while there are too many chunks.
    pub fn put(&self, bot: Uuid, loaded: Arc<Loaded>) {
        let mut entries = self.entries();
        entries.uses += 1;
        let uses = entries.uses;
        entries.of_bots.insert(bot, (loaded, uses));
        loop {
            let chunks: u64 =
                entries.of_bots.values().map(|(loaded, _)| loaded.index.chunks()).sum();
            let others = entries.of_bots.iter().filter(|(other, _)| **other != bot);
            let oldest = others.min_by_key(|(_, (_, used))| *used).map(|(other, _)| *other);
            match oldest {
                Some(oldest) if MOST_CHUNKS < chunks => entries.of_bots.remove(&oldest),
                _ => return,
            };
        }
    }

    pub fn forget(&self, bot: Uuid) {
        self.entries().of_bots.remove(&bot);
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::{
        document::Kind,
        index::{Entry, Part, Words},
    };

    fn loaded(generation: u64, chunks: usize) -> Arc<Loaded> {
        let entry = Entry { id: Uuid::nil(), title: String::new(), kind: Kind::Text };
        let empty = vec![Vec::new(); chunks];
        let parts = (0_u64..).zip(empty.chunks(50).map(Words::of).map(Arc::new));
        let parts =
            parts.map(|(number, words)| Part { entry: 0, number, revision: Uuid::nil(), words });
        let index = BotIndex::new(generation, vec![entry], parts.collect());
        Arc::new(Loaded { index, questions: Vec::new() })
    }

    #[test]
    fn those_that_were_asked_last_stay() {
        let cache = Cache::default();
        let bots = [1, 2, 3, 4].map(Uuid::from_u128);
        for bot in &bots[..2] {
            cache.put(*bot, loaded(1, 20_000));
        }
        assert!(cache.get(bots[0], 1).is_some(), "the second is the oldest now");
        cache.put(bots[2], loaded(1, 15_000));
        let held = |bot: &Uuid| cache.get(*bot, 1).is_some();
        assert_eq!(bots.each_ref().map(held), [true, false, true, false]);
        assert!(cache.get(bots[0], 2).is_none(), "of another generation");
        assert!(cache.former(bots[0]).is_some());
        cache.put(bots[3], loaded(1, 60_000));
        assert_eq!(bots.each_ref().map(held), [false, false, false, true], "one is always held");
        cache.forget(bots[3]);
        assert!(!held(&bots[3]));
    }
}
