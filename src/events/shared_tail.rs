//! Lock around the cache of the newest events. It is never held across a wait.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::{domain::Event, events::tail::Tail};

#[derive(Default)]
pub struct SharedTail {
    tail: Mutex<Tail>,
}

impl SharedTail {
    /// Adds events with their stored sizes; readers see all of them or none.
    pub fn push(&self, events: &[(Arc<Event>, usize)]) {
        let mut tail = self.lock();
        events.iter().for_each(|(event, bytes)| tail.push(event.clone(), *bytes));
    }

    pub fn read(
        &self,
        session: Option<Uuid>,
        after: u64,
        newest: u64,
        limit: usize,
    ) -> Option<Vec<Arc<Event>>> {
        self.lock().read(session, after, newest, limit)
    }

    pub fn forget_below(&self, oldest: u64) {
        self.lock().forget_below(oldest);
    }

    fn lock(&self) -> MutexGuard<'_, Tail> {
        // After a panic under the lock, at worst an event is read from the store.
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
