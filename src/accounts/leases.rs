//! Leases of open streams: each ends with the API key that opened it, when that is revoked or expires.
//!
//! A lease waits for a signal of its key, and for the wall clock where the key has an end. It knows
//! nothing of the stream that it belongs to.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::domain::{Clock, Timestamp, clock::between};

/// Poll interval of the wall clock, which may be set.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Why a lease is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Revoked,
    Expired,
}

impl Ending {
    /// For the reader of the stream.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Revoked => "the API key was revoked",
            Self::Expired => "the API key has expired",
        }
    }
}

/// The leases of all keys; clones are the same.
#[derive(Clone, Default)]
pub struct Leases {
    open: Arc<Mutex<HashMap<Uuid, Open>>>,
}

/// The leases of one key.
#[derive(Default)]
struct Open {
    revoked: CancellationToken,
    count: usize,
}

impl Leases {
    /// A lease of this key. It ends with every revocation from now on.
    pub fn take(&self, key: Uuid, clock: Clock) -> Lease {
        let mut all = self.open();
        let open = all.entry(key).or_default();
        open.count += 1;
        let hold = Hold { key, revoked: open.revoked.clone(), leases: self.clone() };
        Lease { hold: Some(hold), expires_at: None, clock }
    }

    /// Ends all leases of a key.
    pub fn revoke(&self, key: Uuid) {
        if let Some(open) = self.open().get(&key) {
            open.revoked.cancel();
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Uuid, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right of a stream to go on. Given back when dropped.
pub struct Lease {
    /// None for a caller who needed no key.
    hold: Option<Hold>,
    expires_at: Option<Timestamp>,
    clock: Clock,
}

impl Lease {
    /// Of a caller who needs no key.
    pub fn endless(clock: Clock) -> Self {
        Self { hold: None, expires_at: None, clock }
    }

    #[must_use]
    pub fn until(mut self, expires_at: Option<Timestamp>) -> Self {
        self.expires_at = expires_at;
        self
    }

    /// Why the lease has ended; none while it lasts.
    pub fn ending(&self) -> Option<Ending> {
        if self.hold.as_ref().is_some_and(|hold| hold.revoked.is_cancelled()) {
            return Some(Ending::Revoked);
        }
        let end = self.expires_at?;
        (end <= self.clock.now()).then_some(Ending::Expired)
    }

    /// Returns when the lease ends, at once if it has.
    pub async fn ended(&self) -> Ending {
        loop {
            if let Some(ending) = self.ending() {
                return ending;
            }
            let until_expiry =
                self.expires_at.map(|end| between(self.clock.now(), end).min(LOOK_EVERY));
            tokio::select! {
                () = self.revoked() => (),
                () = tokio::time::sleep(until_expiry.unwrap_or_default()),
                    if until_expiry.is_some() => (),
            }
        }
    }

    async fn revoked(&self) {
        match &self.hold {
            Some(hold) => hold.revoked.cancelled().await,
            None => std::future::pending().await,
        }
    }
}

/// A reference to the leases of one key.
struct Hold {
    key: Uuid,
    revoked: CancellationToken,
    leases: Leases,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut all = self.leases.open();
        if let Some(open) = all.get_mut(&self.key) {
            open.count -= 1;
            if open.count == 0 {
                all.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    #[tokio::test]
    async fn a_lease_ends_with_its_own_key_and_leaves_nothing_behind() {
        let (leases, clock) = (Leases::default(), Clock::manual(from_seconds(100)));
        let (mine, other) = (Uuid::now_v7(), Uuid::now_v7());
        let (lease, kept) = (leases.take(mine, clock.clone()), leases.take(other, clock.clone()));
        let waiting = tokio::spawn(async move { lease.ended().await });
        tokio::task::yield_now().await;
        leases.revoke(mine);
        assert_eq!(waiting.await.unwrap(), Ending::Revoked);
        assert_eq!((kept.ending(), Lease::endless(clock).ending()), (None, None));
        drop(kept);
        assert!(leases.open().is_empty());
    }

    #[tokio::test]
    async fn a_lease_ends_when_the_clock_says_so() {
        let (leases, clock) = (Leases::default(), Clock::manual(from_seconds(100)));
        let end = Some(from_seconds(200));
        let lease = leases.take(Uuid::now_v7(), clock.clone()).until(end);
        let waiting = tokio::spawn(async move { lease.ended().await });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        clock.advance(Duration::from_secs(100));
        assert_eq!(waiting.await.unwrap(), Ending::Expired);
    }
}
