//! Sign-ins that wait for the code of a second factor: the password was right, a few minutes ago.
//!
//! They are in memory only, by the hash of their token. A restart of the gateway drops them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::{Clock, Timestamp};

pub const LIFE: Duration = Duration::from_secs(300);
const TRIES: u8 = 5;
const MOST: usize = 10_000;
const PREFIX: &str = "wsi_";

/// Clones are the same.
#[derive(Clone, Default)]
pub struct PendingSignIns {
    waiting: Arc<Mutex<HashMap<[u8; 32], Waiting>>>,
}

struct Waiting {
    user: Uuid,
    tries_left: u8,
    /// In steady time.
    ends_at: Timestamp,
}

impl PendingSignIns {
    /// A token for the second step. One person has one: an earlier one is good no more.
    pub fn begin(&self, user: Uuid, clock: &Clock) -> String {
        let now = clock.steady();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, one| one.user != user && now < one.ends_at);
        if MOST <= waiting.len() {
            let first = waiting.iter().min_by_key(|(_, one)| one.ends_at).map(|(name, _)| *name);
            first.map(|first| waiting.remove(&first));
        }
        let random: [u8; 32] = rand::random();
        let token = format!("{PREFIX}{}", BASE64.encode(random));
        let one = Waiting { user, tries_left: TRIES, ends_at: now + LIFE };
        waiting.insert(hash(&token), one);
        token
    }

    /// Who waits with this token; costs a try. None for an unknown, used or ended token.
    pub fn attempt(&self, token: &str, clock: &Clock) -> Option<Uuid> {
        let (name, now) = (hash(token), clock.steady());
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let one = waiting.get_mut(&name)?;
        one.tries_left = one.tries_left.saturating_sub(1);
        let (user, is_good, is_last) = (one.user, now < one.ends_at, one.tries_left == 0);
        if is_last || !is_good {
            waiting.remove(&name);
        }
        is_good.then_some(user)
    }

    /// The second step is done.
    pub fn end(&self, token: &str) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.remove(&hash(token));
    }

    /// Whatever somebody began is good no more.
    pub fn forget(&self, user: Uuid) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, one| one.user != user);
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    #[test]
    fn a_second_step_has_five_tries_within_five_minutes() {
        let (pending, clock) = (PendingSignIns::default(), Clock::manual(from_seconds(100)));
        let ada = Uuid::from_u128(1);
        let first = pending.begin(ada, &clock);
        let token = pending.begin(ada, &clock);
        assert_eq!(pending.attempt(&first, &clock), None);
        for _ in 0..TRIES {
            assert_eq!(pending.attempt(&token, &clock), Some(ada));
        }
        assert_eq!(pending.attempt(&token, &clock), None);
        let token = pending.begin(ada, &clock);
        clock.advance(LIFE);
        assert_eq!(pending.attempt(&token, &clock), None);
        let (token, other) = (pending.begin(ada, &clock), pending.begin(Uuid::nil(), &clock));
        pending.end(&token);
        pending.forget(Uuid::nil());
        for gone in [token, other] {
            assert_eq!(pending.attempt(&gone, &clock), None);
        }
    }
}
