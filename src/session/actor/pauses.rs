//! Pause of sends in a session's record.

use tokio::time::Instant;

use crate::domain::{SendHold, SessionRecord, Timestamp, clock::between};

/// The pause that has not ended.
pub fn present(record: &SessionRecord) -> Option<SendHold> {
    record.send_hold.clone().filter(|hold| hold.ended_at.is_none())
}

/// When the pause ends by itself.
pub fn ends(record: &SessionRecord, now: Timestamp) -> Option<Instant> {
    present(record).map(|hold| Instant::now() + between(now, hold.until))
}
