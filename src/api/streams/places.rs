//! How many streams are open at once, and how many may be: of each session, and by each caller.
//!
//! WebSockets and event streams count alike. No caller has as many places as a session does, so that one
//! alone cannot shut others out.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use crate::domain::{Error, ErrorCode, SessionId};

/// Seconds after which a refused caller may try again.
const ASK_AGAIN: u64 = 30;

/// Streams that may be open at once; 0 for no limit.
#[derive(Clone, Copy, Debug)]
pub struct MostStreams {
    /// Of one session, and of all sessions together.
    pub session: usize,
    /// By one API key.
    pub key: usize,
    /// By callers without a key at one address.
    pub address: usize,
}

/// Who opens a stream.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Caller {
    Key(Uuid),
    Address(String),
}

/// What places belong to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Holder {
    /// None for the streams of all sessions.
    Session(Option<SessionId>),
    Caller(Caller),
}

/// The places of one gateway; clones are the same places.
#[derive(Clone)]
pub struct Places {
    most: MostStreams,
    taken: Arc<Mutex<HashMap<Holder, usize>>>,
}

impl Places {
    pub fn new(most: MostStreams) -> Self {
        Self { most, taken: Arc::default() }
    }

    /// A place for a stream of this session, or of all.
    pub fn take(&self, session: Option<&SessionId>, caller: Caller) -> Result<Place, Error> {
        let of_caller = match &caller {
            Caller::Key(_) => self.most.key,
            Caller::Address(_) => self.most.address,
        };
        let holders = [Holder::Caller(caller), Holder::Session(session.cloned())];
        let mut taken = self.taken();
        for (holder, most) in holders.iter().zip([of_caller, self.most.session]) {
            let count = taken.get(holder).copied().unwrap_or(0);
            if most != 0 && most <= count {
                return Err(refusal(holder, most));
            }
        }
        for holder in &holders {
            *taken.entry(holder.clone()).or_default() += 1;
        }
        drop(taken);
        Ok(Place { holders, places: self.clone() })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Holder, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refusal(holder: &Holder, most: usize) -> Error {
    match holder {
        Holder::Caller(_) => {
            let message = format!("You have {most} streams open already. Close one first");
            Error::new(ErrorCode::RateLimited, message)
                .detail("limit", most)
                .detail("retryAfter", ASK_AGAIN)
                .detail("bucket", "streams")
        }
        Holder::Session(_) => {
            let message = format!("This session has {most} listeners already. Try again later");
            Error::new(ErrorCode::Unavailable, message).detail("retryAfter", ASK_AGAIN)
        }
    }
}

/// The place of one stream; given back when dropped.
pub struct Place {
    holders: [Holder; 2],
    places: Places,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        for holder in &self.holders {
            if let Some(count) = taken.get_mut(holder) {
                *count -= 1;
                if *count == 0 {
                    taken.remove(holder);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: MostStreams = MostStreams { session: 3, key: 2, address: 2 };

    fn at(address: &str) -> Caller {
        Caller::Address(address.to_owned())
    }

    fn code(taken: Result<Place, Error>) -> Option<ErrorCode> {
        taken.err().map(|error| error.code)
    }

    #[test]
    fn a_place_is_free_again_when_its_client_leaves() {
        let places = Places::new(MOST);
        let (full, other) = ("full".parse().unwrap(), "other".parse().unwrap());
        let taken: Vec<Place> =
            ["a", "b", "c"].iter().map(|who| places.take(Some(&full), at(who)).unwrap()).collect();
        assert_eq!(code(places.take(Some(&full), at("d"))), Some(ErrorCode::Unavailable));
        assert!(places.take(Some(&other), at("d")).is_ok() && places.take(None, at("d")).is_ok());
        drop(taken);
        assert!(places.take(Some(&full), at("d")).is_ok());
        assert!(places.taken().is_empty(), "what is empty takes no room");
    }

    #[test]
    fn one_caller_does_not_take_all_places() {
        let (places, session) = (Places::new(MOST), "s".parse().unwrap());
        for caller in [Caller::Key(Uuid::nil()), at("a")] {
            let held =
                [places.take(Some(&session), caller.clone()), places.take(None, caller.clone())];
            assert!(held.iter().all(Result::is_ok));
            // Whatever the stream is of.
            assert_eq!(code(places.take(None, caller.clone())), Some(ErrorCode::RateLimited));
            assert_eq!(code(places.take(Some(&session), caller)), Some(ErrorCode::RateLimited));
            assert!(places.take(Some(&session), at("another")).is_ok());
        }
    }

    #[test]
    fn zero_is_no_limit() {
        let places = Places::new(MostStreams { session: 0, key: 0, address: 0 });
        let held: Vec<_> = (0..5_000).map(|_| places.take(None, at("a")).unwrap()).collect();
        assert_eq!(held.len(), 5_000);
    }

    #[test]
    fn two_gateways_do_not_share_their_places() {
        let (one, other) = (Places::new(MOST), Places::new(MOST));
        let _held = [one.take(None, at("a")).unwrap(), one.take(None, at("a")).unwrap()];
        assert!(other.take(None, at("a")).is_ok());
    }
}
