//! Planned faults: which mistakes the network makes, and how often.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Each count is the number of times that the fault still occurs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Faults {
    /// Sends that are refused.
    pub refuse_sends: u32,
    /// The code of these refusals, such as 463 or 429.
    pub refusal_code: Option<u32>,
    /// Requests that are never answered.
    pub ignore_requests: u32,
    /// Delay of every answer, in milliseconds.
    pub delay_requests: u64,
    /// Events that a device does not get, gets twice, or gets after the next one.
    pub drop_events: u32,
    /// Events that a device gets twice.
    pub duplicate_events: u32,
    /// Events that a device gets after the next one.
    pub reorder_events: u32,
    /// Additional delay of each receipt, in milliseconds.
    pub slow_receipts: u64,
}

impl Faults {
    /// Whether a counted fault occurs now; counts it down.
    pub fn take(&mut self, which: impl Fn(&mut Self) -> &mut u32) -> bool {
        let left = which(self);
        let occurs = *left != 0;
        *left = left.saturating_sub(1);
        occurs
    }

    pub fn receipt_delay(&self) -> Duration {
        Duration::from_millis(self.slow_receipts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_fault_occurs_as_often_as_planned() {
        let mut faults = Faults { refuse_sends: 2, ..Faults::default() };
        let occurred: Vec<bool> =
            (0..4).map(|_| faults.take(|faults| &mut faults.refuse_sends)).collect();
        assert_eq!(occurred, [true, true, false, false]);
    }
}
