//! How many clients listen to each session at once, and how many may.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::domain::{Error, ErrorCode, SessionId};

/// The places of one gateway; clones are the same places.
#[derive(Clone)]
pub struct Places {
    most: usize,
    taken: Arc<Mutex<HashMap<SessionId, usize>>>,
}

impl Places {
    /// With room for so many clients of each session.
    pub fn new(most: usize) -> Self {
        Self { most, taken: Arc::default() }
    }

    pub fn take(&self, session: &SessionId) -> Result<Place, Error> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.get(session).copied().unwrap_or(0);
        if self.most <= count {
            let message = format!("this session has {} listeners already", self.most);
            return Err(Error::new(ErrorCode::Unavailable, message));
        }
        taken.insert(session.clone(), count + 1);
        Ok(Place { session: session.clone(), places: self.clone() })
    }
}

/// A client's place among those of its session; given back when dropped.
pub struct Place {
    session: SessionId,
    places: Places,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.session) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.session);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_client_leaves() {
        let places = Places::new(2);
        let (full, other) = ("full".parse().unwrap(), "other".parse().unwrap());
        let (first, _second) = (places.take(&full).unwrap(), places.take(&full).unwrap());
        assert_eq!(places.take(&full).err().map(|error| error.code), Some(ErrorCode::Unavailable));
        assert!(places.take(&other).is_ok());
        drop(first);
        assert!(places.take(&full).is_ok());
        assert_eq!(places.taken.lock().unwrap().len(), 1, "an empty session takes no room");
    }

    #[test]
    fn two_gateways_do_not_share_their_places() {
        let session = "s".parse().unwrap();
        let (one, other) = (Places::new(1), Places::new(1));
        let _held = one.take(&session).unwrap();
        assert!(other.take(&session).is_ok());
    }
}
