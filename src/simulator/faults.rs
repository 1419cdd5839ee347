//! Planned faults: what the network does wrong, and how often.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::simulator::Network;

/// Each number counts how many times the fault still strikes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Faults {
    /// Sends that are refused.
    pub refuse_sends: u32,
    /// The code that these are refused with, such as 463 or 429; none without.
    pub refusal_code: Option<u32>,
    /// Requests that are never answered.
    pub ignore_requests: u32,
    /// Milliseconds that every request waits for its answer.
    pub delay_requests: u64,
    /// Events that a device never gets, gets twice, or gets after the next one.
    pub drop_events: u32,
    pub duplicate_events: u32,
    pub reorder_events: u32,
    /// Milliseconds added before each receipt.
    pub slow_receipts: u64,
}

impl Faults {
    /// Whether a counted fault strikes now; counts it down.
    pub fn take(&mut self, which: impl Fn(&mut Self) -> &mut u32) -> bool {
        let left = which(self);
        let strikes = *left != 0;
        *left = left.saturating_sub(1);
        strikes
    }

    pub fn receipt_delay(&self) -> Duration {
        Duration::from_millis(self.slow_receipts)
    }
}

impl Network {
    pub fn faults(&self) -> Faults {
        self.world().faults.clone()
    }

    pub fn plan_faults(&self, faults: Faults) {
        self.world().faults = faults;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_fault_strikes_so_often_and_no_more() {
        let mut faults = Faults { refuse_sends: 2, ..Faults::default() };
        let strikes: Vec<bool> =
            (0..4).map(|_| faults.take(|faults| &mut faults.refuse_sends)).collect();
        assert_eq!(strikes, [true, true, false, false]);
    }
}
