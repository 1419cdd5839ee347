//! Rate limits: how many requests a caller, or a session, has left this minute.

use std::{num::NonZeroU32, time::Duration};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DefaultKeyedStateStore,
};

use crate::{api::endpoint::Bucket, config::Limits};

const PERIOD: Duration = Duration::from_secs(60);

type Limiter =
    RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// What a limited request is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub limit: u32,
    pub remaining: u32,
    /// Until the full quota is there again.
    pub reset: Duration,
    /// None when the request may pass.
    pub retry_after: Option<Duration>,
}

/// One limiter for each bucket; none where there is no limit.
pub struct RateLimits {
    creation: Option<Limited>,
    messaging: Option<Limited>,
    general: Option<Limited>,
    chat: Option<Limited>,
}

struct Limited {
    limit: u32,
    limiter: Limiter,
}

impl RateLimits {
    pub fn new(limits: &Limits) -> Self {
        Self {
            creation: Limited::new(limits.session_creation),
            messaging: Limited::new(limits.messaging),
            general: Limited::new(limits.general),
            chat: Limited::new(limits.chat),
        }
    }

    /// Counts a request. None where there is no limit.
    pub fn count(&self, bucket: Bucket, key: &str) -> Option<Standing> {
        self.of(bucket).map(|limited| limited.count(key))
    }

    /// Forgets keys that have their full quota again.
    pub fn forget_idle(&self) {
        let all = [&self.creation, &self.messaging, &self.general, &self.chat];
        for limited in all.into_iter().flatten() {
            limited.limiter.retain_recent();
            limited.limiter.shrink_to_fit();
        }
    }

    fn of(&self, bucket: Bucket) -> Option<&Limited> {
        match bucket {
            Bucket::None => None,
            Bucket::Creation => self.creation.as_ref(),
            Bucket::Messaging => self.messaging.as_ref(),
            Bucket::General => self.general.as_ref(),
            Bucket::Chat => self.chat.as_ref(),
        }
    }
}

impl Limited {
    fn new(a_minute: u32) -> Option<Self> {
        let limit = NonZeroU32::new(a_minute)?;
        let limiter: DefaultKeyedRateLimiter<String> = RateLimiter::keyed(Quota::per_minute(limit));
        Some(Self { limit: a_minute, limiter: limiter.with_middleware() })
    }

    fn count(&self, key: &str) -> Standing {
        let limit = self.limit;
        match self.limiter.check_key(&key.to_owned()) {
            Ok(snapshot) => {
                let remaining = snapshot.remaining_burst_capacity().min(limit);
                let reset = PERIOD.mul_f64(f64::from(limit - remaining) / f64::from(limit));
                Standing { limit, remaining, reset, retry_after: None }
            }
            Err(refused) => {
                let wait = refused.wait_time_from(DefaultClock::default().now());
                Standing { limit, remaining: 0, reset: PERIOD, retry_after: Some(wait) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(messaging: u32) -> RateLimits {
        RateLimits::new(&Limits { session_creation: 5, messaging, general: 0, chat: 0 })
    }

    #[test]
    fn the_quota_passes_and_one_more_does_not() {
        let limits = limits(30);
        for left in (0..30).rev() {
            let standing = limits.count(Bucket::Messaging, "a").unwrap();
            assert_eq!((standing.remaining, standing.retry_after), (left, None));
        }
        let refused = limits.count(Bucket::Messaging, "a").unwrap();
        assert!(refused.retry_after.is_some_and(|wait| wait <= PERIOD));
        assert_eq!(limits.count(Bucket::Messaging, "b").unwrap().remaining, 29);
    }

    #[test]
    fn zero_means_no_limit() {
        assert_eq!(limits(0).count(Bucket::Messaging, "a"), None);
        assert_eq!(limits(0).count(Bucket::General, "a"), None);
    }
}
