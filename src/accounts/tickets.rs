//! Stream tickets: each opens one stream for its caller within a minute, in place of a key in an address.
//!
//! They are in memory only, by their hash. A restart of the gateway drops them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::{
    accounts::principal::Principal,
    domain::{Clock, Error, ErrorCode, Timestamp},
};

const PREFIX: &str = "wst_";
/// How long a ticket is good.
const LIFE: Duration = Duration::from_secs(60);
/// Tickets of one key that may be unused at once, and of all callers.
const MOST_OF_ONE: usize = 1_000;
const MOST: usize = 10_000;

/// The tickets that are not used yet; clones are the same.
#[derive(Clone, Default)]
pub struct Tickets {
    unused: Arc<Mutex<HashMap<[u8; 32], Ticket>>>,
}

struct Ticket {
    caller: Principal,
    /// In steady time: a clock that is set changes nothing.
    ends_at: Timestamp,
}

impl Tickets {
    /// A new ticket, and when it ends.
    pub fn issue(&self, caller: &Principal, clock: &Clock) -> Result<(String, Timestamp), Error> {
        let now = clock.moment();
        let mut unused = self.unused.lock().unwrap_or_else(PoisonError::into_inner);
        if MOST <= unused.len() {
            unused.retain(|_, ticket| now.steady < ticket.ends_at);
        }
        let of_caller = unused.values().filter(|ticket| ticket.caller.id() == caller.id());
        let of_caller = of_caller.filter(|ticket| now.steady < ticket.ends_at).count();
        if MOST_OF_ONE <= of_caller || MOST <= unused.len() {
            let message = "Too many stream tickets are unused. Use them, or wait until they end";
            let wait = LIFE.as_secs();
            return Err(Error::new(ErrorCode::RateLimited, message).detail("retryAfter", wait));
        }
        let random: [u8; 32] = rand::random();
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random));
        let ticket = Ticket { caller: caller.clone(), ends_at: now.steady + LIFE };
        unused.insert(hash(&text), ticket);
        Ok((text, now.wall + LIFE))
    }

    /// The caller of a ticket, which is used up. None for an unknown, used or expired ticket.
    pub fn redeem(&self, text: &str, clock: &Clock) -> Option<Principal> {
        let mut unused = self.unused.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = unused.remove(&hash(text))?;
        (clock.steady() < ticket.ends_at).then_some(ticket.caller)
    }
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    #[test]
    fn a_ticket_is_good_once_and_for_a_minute() {
        let (tickets, clock) = (Tickets::default(), Clock::manual(from_seconds(100)));
        let (first, end) = tickets.issue(&Principal::owner(), &clock).unwrap();
        let (second, _) = tickets.issue(&Principal::owner(), &clock).unwrap();
        assert_eq!(end, from_seconds(160));
        assert_eq!(tickets.redeem(&first, &clock), Some(Principal::owner()));
        assert_eq!(tickets.redeem(&first, &clock), None);
        clock.jump(-3_600);
        clock.advance(LIFE);
        assert_eq!(tickets.redeem(&second, &clock), None);
        assert_eq!(tickets.redeem("wst_nonsense", &clock), None);
    }

    #[test]
    fn one_caller_does_not_take_all_tickets() {
        let (tickets, clock) = (Tickets::default(), Clock::manual(from_seconds(100)));
        let greedy = Principal::key(uuid::Uuid::nil(), None, vec!["*".to_owned()], None);
        for _ in 0..MOST_OF_ONE {
            tickets.issue(&greedy, &clock).unwrap();
        }
        let refused = tickets.issue(&greedy, &clock).unwrap_err();
        assert_eq!(refused.code, ErrorCode::RateLimited);
        assert!(tickets.issue(&Principal::owner(), &clock).is_ok());
        clock.advance(LIFE);
        assert!(tickets.issue(&greedy, &clock).is_ok());
    }
}
