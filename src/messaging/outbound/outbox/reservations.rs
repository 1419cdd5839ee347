//! Reservations: entries that the dispatcher must skip until their callers are known.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

/// The reserved entries. Clones are the same set.
#[derive(Clone, Debug, Default)]
pub struct Reservations(Arc<Mutex<HashSet<Uuid>>>);

impl Reservations {
    /// Reserves an entry until the reservation is dropped.
    pub fn reserve(&self, entry: Uuid) -> Reservation {
        self.entries().insert(entry);
        Reservation { entry, all: self.clone() }
    }

    pub fn holds(&self, entry: Uuid) -> bool {
        self.entries().contains(&entry)
    }

    fn entries(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One reserved entry.
#[derive(Debug)]
pub struct Reservation {
    entry: Uuid,
    all: Reservations,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.all.entries().remove(&self.entry);
    }
}
