//! Rate limits by sliding windows: of callers who may call, and of addresses for requests that are refused.
//!
//! A window belongs to a key, an address that needs none, or a session. Refused requests count in windows of
//! their own, and so take nothing from anybody who may call. Requests to routes for everybody use up an
//! allowance of their address that refills evenly.

mod window;

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
};

use governor::{
    DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use uuid::Uuid;

pub use self::window::Standing;
use self::window::Window;
use crate::{
    api::{gate::caller::address::Network, kit::terms::Bucket},
    config::Limits,
    domain::{Clock, SessionId},
};

/// Addresses of which each has an allowance of its own; what is more shares one until the next minute.
const MOST_ADDRESSES: usize = 20_000;
/// Lines in the log about failed sign-ins, each minute.
const LOGGED_A_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);

/// Whose requests are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Counted {
    /// A key, or a person who is signed in.
    Caller(Uuid),
    /// Callers by the user of basic authentication, at one address.
    User(Network),
    /// Callers without a credential, at one address.
    Keyless(Network),
    Session(SessionId),
    /// All callers at one address together.
    Address(Network),
    /// All addresses beyond those that are counted by themselves.
    Others,
}

impl Counted {
    /// Whether anybody on the internet can make up more of this kind.
    fn is_unbounded(&self) -> bool {
        matches!(self, Self::User(_) | Self::Keyless(_) | Self::Address(_))
    }
}

/// Text messages of tests in a minute, of all callers together: each has its price, and goes to a number that is typed.
const SMS_TESTS: u32 = 1;

/// All limits of a gateway; none where a setting is 0.
pub struct RateLimits {
    clock: Clock,
    creation: Option<Windows>,
    messaging: Option<Windows>,
    general: Option<Windows>,
    chat: Option<Windows>,
    business: Option<Windows>,
    workspace: Option<Windows>,
    sign_in: Option<Windows>,
    assistant: Option<Windows>,
    dashboard: Option<Windows>,
    sms_tests: Windows,
    guesses: Option<Windows>,
    refused: Option<Windows>,
    public: Option<Allowance>,
    logged: DefaultDirectRateLimiter,
}

impl RateLimits {
    pub fn new(limits: &Limits, clock: Clock) -> Self {
        let &Limits {
            session_creation,
            messaging,
            general,
            chat,
            business,
            workspace,
            sign_in,
            assistant,
            dashboard,
            refused,
            public,
            ..
        } = limits;
        Self {
            clock,
            creation: Windows::new(session_creation),
            messaging: Windows::new(messaging),
            general: Windows::new(general),
            chat: Windows::new(chat),
            business: Windows::new(business),
            workspace: Windows::new(workspace),
            sign_in: Windows::new(sign_in),
            assistant: Windows::new(assistant),
            dashboard: Windows::new(dashboard),
            sms_tests: Windows::of(SMS_TESTS),
            guesses: Windows::new(refused),
            refused: Windows::new(refused),
            public: Allowance::new(public),
            logged: RateLimiter::direct(Quota::per_minute(LOGGED_A_MINUTE)),
        }
    }

    /// Counts a request of somebody who may make it. None where there is no limit.
    pub fn count(&self, bucket: Bucket, who: Counted) -> Option<Standing> {
        self.windows(bucket).map(|windows| windows.count(who, self.now()))
    }

    /// Takes a request back that was counted and then refused.
    pub fn give_back(&self, bucket: Bucket, who: &Counted) {
        if let Some(windows) = self.windows(bucket) {
            windows.give_back(who);
        }
    }

    fn windows(&self, bucket: Bucket) -> Option<&Windows> {
        match bucket {
            Bucket::None => None,
            Bucket::Creation => self.creation.as_ref(),
            Bucket::Messaging => self.messaging.as_ref(),
            Bucket::General => self.general.as_ref(),
            Bucket::Chat => self.chat.as_ref(),
            Bucket::Business => self.business.as_ref(),
            Bucket::Workspace => self.workspace.as_ref(),
            Bucket::SignIn => self.sign_in.as_ref(),
            Bucket::Assistant => self.assistant.as_ref(),
            Bucket::Dashboard => self.dashboard.as_ref(),
            Bucket::SmsTest => Some(&self.sms_tests),
        }
    }

    /// Counts a guess at the password before it is looked at, so that none is looked at beyond the
    /// limit.
    pub fn begin_guess(&self, network: Network) -> Result<(), Standing> {
        let Some(windows) = &self.guesses else { return Ok(()) };
        let standing = windows.count(Counted::User(network), self.now());
        if standing.retry_after.is_none() { Ok(()) } else { Err(standing) }
    }

    /// Takes the last guess back: it was right, or none.
    pub fn guess_was_none(&self, network: Network) {
        if let Some(windows) = &self.guesses {
            windows.give_back(&Counted::User(network));
        }
    }

    /// Counts a request that is refused. An error says that there were too many.
    pub fn refuse(&self, network: Network) -> Result<(), Standing> {
        let Some(windows) = &self.refused else { return Ok(()) };
        let standing = windows.count(Counted::Keyless(network), self.now());
        if standing.retry_after.is_none() { Ok(()) } else { Err(standing) }
    }

    /// Counts a request to a route for everybody.
    pub fn visit(&self, network: Network) -> Result<(), Standing> {
        self.public.as_ref().map_or(Ok(()), |allowance| allowance.take(network))
    }

    /// Whether the log may take another line about a failed sign-in.
    pub fn may_log(&self) -> bool {
        self.logged.check().is_ok()
    }

    /// Forgets those who have not called for a minute.
    pub fn forget_idle(&self) {
        let now = self.now();
        let windows = [
            &self.creation,
            &self.messaging,
            &self.general,
            &self.chat,
            &self.business,
            &self.workspace,
            &self.sign_in,
            &self.assistant,
            &self.dashboard,
            &self.guesses,
            &self.refused,
        ];
        let windows = windows.into_iter().flatten().chain([&self.sms_tests]);
        windows.for_each(|windows| windows.forget_idle(now));
        self.public.iter().for_each(Allowance::forget_idle);
    }

    fn now(&self) -> u64 {
        self.clock.steady().as_millisecond().unsigned_abs()
    }
}

/// The windows of one limit.
struct Windows {
    limit: u32,
    of: Mutex<HashMap<Counted, Window>>,
}

impl Windows {
    fn new(limit: u32) -> Option<Self> {
        (limit != 0).then(|| Self::of(limit))
    }

    fn of(limit: u32) -> Self {
        Self { limit, of: Mutex::default() }
    }

    fn count(&self, who: Counted, now: u64) -> Standing {
        self.all(|windows| {
            let is_one_too_many = MOST_ADDRESSES <= windows.len() && !windows.contains_key(&who);
            let who = if who.is_unbounded() && is_one_too_many { Counted::Others } else { who };
            windows.entry(who).or_default().count(self.limit, now)
        })
    }

    fn give_back(&self, who: &Counted) {
        self.all(|windows| {
            let who = if windows.contains_key(who) { who } else { &Counted::Others };
            windows.get_mut(who).map(Window::give_back);
        });
    }

    fn forget_idle(&self, now: u64) {
        self.all(|windows| {
            windows.retain(|_, window| !window.is_empty(now));
            windows.shrink_to_fit();
        });
    }

    fn all<T>(&self, change: impl FnOnce(&mut HashMap<Counted, Window>) -> T) -> T {
        change(&mut self.of.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Requests of one address, as many at once as in a minute, refilled evenly.
struct Allowance {
    limit: u32,
    limiter: DefaultKeyedRateLimiter<Option<Network>>,
}

impl Allowance {
    fn new(a_minute: u32) -> Option<Self> {
        let quota = Quota::per_minute(NonZeroU32::new(a_minute)?);
        Some(Self { limit: a_minute, limiter: RateLimiter::keyed(quota) })
    }

    fn take(&self, network: Network) -> Result<(), Standing> {
        let own = (self.limiter.len() < MOST_ADDRESSES).then_some(network);
        self.limiter.check_key(&own).map_err(|refused| {
            let wait = refused.wait_time_from(DefaultClock::default().now());
            Standing { limit: self.limit, remaining: 0, reset: wait, retry_after: Some(wait) }
        })
    }

    fn forget_idle(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::clock::from_seconds;

    const NONE: Limits = Limits {
        session_creation: 0,
        messaging: 0,
        general: 0,
        chat: 0,
        business: 0,
        workspace: 0,
        sign_in: 0,
        assistant: 0,
        dashboard: 0,
        refused: 0,
        public: 0,
        streams_per_key: 0,
        streams_per_address: 0,
        per_recipient_hour: 0,
        broadcast_starter: 0,
    };

    fn limits(of: Limits) -> (RateLimits, Clock) {
        let clock = Clock::manual(from_seconds(1_000));
        (RateLimits::new(&of, clock.clone()), clock)
    }

    fn network(text: &str) -> Network {
        Network::of(text.parse().unwrap())
    }

    #[test]
    fn each_caller_has_a_window_that_a_minute_empties() {
        let (limits, clock) = limits(Limits { general: 2, ..NONE });
        let (one, other) = (Counted::Caller(Uuid::nil()), Counted::Keyless(network("127.0.0.1")));
        let left = |who: &Counted| limits.count(Bucket::General, who.clone()).unwrap();
        assert_eq!((left(&one).remaining, left(&one).remaining), (1, 0));
        assert!(left(&one).retry_after.is_some());
        assert_eq!(left(&other).remaining, 1);
        clock.advance(Duration::from_millis(60_001));
        assert_eq!(left(&one).remaining, 1);
        clock.advance(Duration::from_secs(61));
        limits.forget_idle();
        assert_eq!(limits.general.as_ref().unwrap().all(|windows| windows.len()), 0);
    }

    #[test]
    fn zero_means_no_limit() {
        let (limits, _) = limits(NONE);
        assert_eq!(limits.count(Bucket::General, Counted::Caller(Uuid::nil())), None);
        for _ in 0..1_000 {
            assert!(limits.refuse(network("192.0.2.1")).is_ok());
            assert!(limits.visit(network("192.0.2.1")).is_ok());
            assert!(limits.begin_guess(network("192.0.2.1")).is_ok());
        }
    }

    #[test]
    fn refusals_count_by_network_and_guesses_apart_from_them() {
        let (limits, _) = limits(Limits { refused: 3, ..NONE });
        let (one, neighbour) = (network("2001:db8::1"), network("2001:db8::2"));
        for _ in 0..3 {
            assert!(limits.refuse(one).is_ok());
        }
        assert!(limits.refuse(neighbour).is_err());
        assert!(limits.refuse(network("192.0.2.1")).is_ok());
        for _ in 0..9 {
            assert!(limits.begin_guess(one).is_ok());
            limits.guess_was_none(one);
        }
        for _ in 0..3 {
            assert!(limits.begin_guess(one).is_ok());
        }
        assert!(limits.begin_guess(one).is_err());
    }
}
