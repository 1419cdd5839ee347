//! Memory for large bodies: what all that are being read may hold together.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::{Error, ErrorCode};

const MIB: usize = 1024 * 1024;
/// MiB that bodies under way may hold beyond the first of each.
const MOST_MIB: usize = 128;
/// Seconds after which a caller who found no room may ask again.
const ASK_AGAIN: u64 = 5;

/// The room that is left. Clones share it.
#[derive(Clone)]
pub struct LargeBodies(Arc<Semaphore>);

/// The room that one body holds; given back when dropped.
#[derive(Default)]
pub struct Room(Option<OwnedSemaphorePermit>);

impl Default for LargeBodies {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST_MIB)))
    }
}

impl LargeBodies {
    /// Makes room for a body that is so long by now.
    pub fn make_room(&self, room: &mut Room, length: usize) -> Result<(), Error> {
        let held = room.0.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = (length / MIB).saturating_sub(held);
        if missing == 0 {
            return Ok(());
        }
        let missing = u32::try_from(missing).unwrap_or(u32::MAX);
        let Ok(more) = self.0.clone().try_acquire_many_owned(missing) else {
            let message = "Too many large bodies are being read. Try again in a few seconds";
            return Err(Error::new(ErrorCode::RateLimited, message)
                .detail("bucket", "large_bodies")
                .detail("retryAfter", ASK_AGAIN));
        };
        match &mut room.0 {
            Some(held) => held.merge(more),
            None => room.0 = Some(more),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bodies_together_hold_so_much_and_small_ones_nothing() {
        let bodies = LargeBodies::default();
        let (mut one, mut other, mut small) = (Room::default(), Room::default(), Room::default());
        bodies.make_room(&mut one, 100 * MIB).unwrap();
        bodies.make_room(&mut one, 100 * MIB + 5).unwrap();
        bodies.make_room(&mut other, 28 * MIB).unwrap();
        assert!(bodies.make_room(&mut other, 29 * MIB).is_err());
        assert!(bodies.make_room(&mut small, MIB - 1).is_ok());
        drop(one);
        bodies.make_room(&mut other, 128 * MIB).unwrap();
    }
}
