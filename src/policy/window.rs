//! Customer-service window of a conversation: open for some hours after the contact's last message. Pure.

use std::time::Duration;

use crate::domain::{Timestamp, clock::between};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The contact's last message; none if there was none.
    pub last_inbound: Option<Timestamp>,
    pub length: Duration,
}

impl Window {
    /// The first moment at which it is closed.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.last_inbound.and_then(|last| last.checked_add(self.length).ok())
    }

    pub fn is_open(&self, now: Timestamp) -> bool {
        self.expires_at().is_some_and(|end| now < end)
    }

    /// Until it closes; zero once it is closed.
    pub fn remaining(&self, now: Timestamp) -> Duration {
        self.expires_at().map_or(Duration::ZERO, |end| between(now, end))
    }

    /// Whether it is open and closes within `warning`.
    pub fn is_expiring(&self, now: Timestamp, warning: Duration) -> bool {
        self.is_open(now) && self.remaining(now) <= warning
    }

    /// When its end is announced.
    pub fn warns_at(&self, warning: Duration) -> Option<Timestamp> {
        let last = self.last_inbound?;
        last.checked_add(self.length.saturating_sub(warning)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    #[test]
    fn it_is_open_up_to_its_last_second_and_announced_before() {
        let (hour, day) = (Duration::from_secs(3_600), Duration::from_secs(86_400));
        let window = Window { last_inbound: Some(from_seconds(100)), length: day };
        let at = |second| {
            let now = from_seconds(second);
            (window.is_open(now), window.is_expiring(now, hour), window.remaining(now).as_secs())
        };
        assert_eq!(at(100), (true, false, 86_400));
        assert_eq!(at(100 + 82_799), (true, false, 3_601));
        assert_eq!(at(100 + 82_800), (true, true, 3_600));
        assert_eq!(at(100 + 86_399), (true, true, 1));
        assert_eq!(at(100 + 86_400), (false, false, 0));
        assert_eq!(window.warns_at(hour), Some(from_seconds(100 + 82_800)));
        let never = Window { last_inbound: None, length: day };
        assert!(!never.is_open(from_seconds(0)) && never.warns_at(hour).is_none());
    }
}
