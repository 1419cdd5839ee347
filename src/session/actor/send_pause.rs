//! Pause of sends in a session's record: from WhatsApp's refusal of a message until its end. Pure.

use tokio::time::Instant;

use crate::{
    domain::{SendHold, SessionRecord, Timestamp, clock::between},
    session::request::SendRefusal,
};

/// The pause that has not ended.
pub fn present(record: &SessionRecord) -> Option<SendHold> {
    record.send_hold.clone().filter(|hold| hold.ended_at.is_none())
}

/// When the pause ends by itself.
pub fn ends(record: &SessionRecord, now: Timestamp) -> Option<Instant> {
    present(record).map(|hold| Instant::now() + between(now, hold.until))
}

/// Begins a pause. Returns it, and whether it is new: sends that were in flight together are refused together,
/// and that is one pause.
pub fn begin(record: &mut SessionRecord, refusal: SendRefusal, now: Timestamp) -> (SendHold, bool) {
    if let Some(hold) = present(record) {
        return (hold, false);
    }
    let SendRefusal { reason, code, times } = refusal;
    let hold = SendHold::after(record.send_hold.as_ref(), (reason, code), times, now);
    record.send_hold = Some(hold.clone());
    (hold, true)
}

/// Ends the pause. Returns it, if there was one.
pub fn end(record: &mut SessionRecord, now: Timestamp) -> Option<SendHold> {
    let hold = record.send_hold.as_mut().filter(|hold| hold.ended_at.is_none())?;
    hold.ended_at = Some(now);
    Some(hold.clone())
}
