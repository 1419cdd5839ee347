//! Pace of a broadcast: whether the next message goes now, what it waits for, and when the broadcast is given up. Pure:
//! time and chance come in.

use std::{ops::RangeInclusive, time::Duration};

use crate::domain::{Timestamp, clock::between};

/// Messages of a broadcast that may lie in the outbox at once.
pub const MOST_AHEAD: u64 = 20;
/// Without a pause, so many of them are queued together: each commit waits for the disk, and other writes
/// wait for the commit.
const TOGETHER: u64 = 5;
/// Between two messages of a broadcast without a pause, so that half of the gateway's time is left for others.
const SHORTEST_PAUSE: Duration = Duration::from_millis(4);
/// How long a session may be away before its broadcast has failed.
pub const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// What a broadcast waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// The end of the broadcasts before it.
    Turn,
    /// The pause between two messages.
    Pause,
    /// The messages that lie in the outbox.
    Outbox,
    Session,
    QuietHours,
    DailyLimit,
}

impl Waiting {
    pub const ALL: [Self; 6] =
        [Self::Turn, Self::Pause, Self::Outbox, Self::Session, Self::QuietHours, Self::DailyLimit];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Turn => "turn",
            Self::Pause => "pause",
            Self::Outbox => "outbox",
            Self::Session => "session",
            Self::QuietHours => "quiet_hours",
            Self::DailyLimit => "daily_limit",
        }
    }
}

/// Whether the session of a broadcast can send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    Ready,
    /// WhatsApp takes no messages of the account for now.
    Held,
    /// Since this steady time.
    Away(Timestamp),
    /// The session was removed.
    Gone,
}

/// What a step is decided by.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Whether there are recipients that were neither queued nor skipped.
    pub has_more: bool,
    pub in_outbox: u64,
    pub readiness: Readiness,
    /// The end of the quiet hours, in which the wall clock is.
    pub quiet_until: Option<Timestamp>,
    /// Messages that the session may still send today; none without a limit.
    pub left_today: Option<u64>,
    /// The steady time of the next message.
    pub next_turn: Timestamp,
    /// Whether there is a pause between two messages.
    pub is_paced: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Queue so many messages.
    Feed(u64),
    /// For so long, if that is known.
    Wait(Waiting, Option<Duration>),
    Complete,
    Fail(Fault),
}

/// Why a broadcast fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    SessionAway,
    SessionRemoved,
}

/// The next step; `wall` and `steady` are the two times of now.
pub fn next(view: &View, wall: Timestamp, steady: Timestamp) -> Step {
    if !view.has_more && view.in_outbox == 0 {
        return Step::Complete;
    }
    match view.readiness {
        Readiness::Gone => return Step::Fail(Fault::SessionRemoved),
        Readiness::Away(since) => {
            let left = PATIENCE.saturating_sub(between(since, steady));
            return match left {
                Duration::ZERO => Step::Fail(Fault::SessionAway),
                left => Step::Wait(Waiting::Session, Some(left)),
            };
        }
        Readiness::Held => return Step::Wait(Waiting::Session, None),
        Readiness::Ready => (),
    }
    let room = MOST_AHEAD.saturating_sub(view.in_outbox);
    if !view.has_more || room == 0 {
        return Step::Wait(Waiting::Outbox, None);
    }
    if let Some(until) = view.quiet_until {
        return Step::Wait(Waiting::QuietHours, Some(between(wall, until)));
    }
    if view.left_today == Some(0) {
        return Step::Wait(Waiting::DailyLimit, None);
    }
    if !view.is_paced && room < TOGETHER {
        return Step::Wait(Waiting::Outbox, None);
    }
    match between(steady, view.next_turn) {
        Duration::ZERO if view.is_paced => Step::Feed(1),
        Duration::ZERO => Step::Feed(view.left_today.map_or(TOGETHER, |left| TOGETHER.min(left))),
        left => Step::Wait(Waiting::Pause, Some(left)),
    }
}

/// The pause after messages that were queued together; `chance` lies between 0 and 1.
pub fn pause(range: &RangeInclusive<Duration>, queued: u64, chance: f64) -> Duration {
    let span = range.end().saturating_sub(*range.start());
    let chosen = *range.start() + span.mul_f64(chance.clamp(0.0, 1.0));
    let queued = u32::try_from(queued).unwrap_or(u32::MAX);
    chosen.max(SHORTEST_PAUSE.saturating_mul(queued))
}

/// How long a broadcast takes without waiting for anything else.
pub fn estimate(range: &RangeInclusive<Duration>, recipients: u64) -> Duration {
    let mean = range.start().saturating_add(*range.end()) / 2;
    mean.max(SHORTEST_PAUSE).saturating_mul(u32::try_from(recipients).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::clock::{from_millis, from_seconds};

    fn view() -> View {
        View {
            has_more: true,
            in_outbox: 0,
            readiness: Readiness::Ready,
            quiet_until: None,
            left_today: None,
            next_turn: from_seconds(0),
            is_paced: true,
        }
    }

    fn at(view: View, seconds: i64) -> Step {
        next(&view, from_seconds(seconds), from_seconds(seconds))
    }

    #[test]
    fn one_message_goes_at_its_turn_and_without_a_pause_as_many_as_there_is_room_for() {
        assert_eq!(at(view(), 0), Step::Feed(1));
        let later = View { next_turn: from_seconds(9), ..view() };
        assert_eq!(at(later, 7), Step::Wait(Waiting::Pause, Some(Duration::from_secs(2))));
        assert_eq!(at(later, 9), Step::Feed(1));
        let unpaced = View { is_paced: false, in_outbox: 5, ..view() };
        assert_eq!(at(unpaced, 0), Step::Feed(TOGETHER));
        assert_eq!(at(View { left_today: Some(3), ..unpaced }, 0), Step::Feed(3));
        for in_outbox in [MOST_AHEAD, MOST_AHEAD - TOGETHER + 1] {
            let full = View { in_outbox, ..unpaced };
            assert_eq!(at(full, 0), Step::Wait(Waiting::Outbox, None));
        }
        let room = View { in_outbox: MOST_AHEAD - TOGETHER, ..unpaced };
        assert_eq!(at(room, 0), Step::Feed(TOGETHER));
    }

    #[test]
    fn it_completes_when_all_that_was_queued_has_ended() {
        let done = View { has_more: false, ..view() };
        assert_eq!(at(done, 0), Step::Complete);
        assert_eq!(at(View { readiness: Readiness::Gone, ..done }, 0), Step::Complete);
        let queued = View { in_outbox: 1, ..done };
        assert_eq!(at(queued, 0), Step::Wait(Waiting::Outbox, None));
    }

    #[test]
    fn a_session_that_is_away_is_waited_for_half_an_hour() {
        let away = View { readiness: Readiness::Away(from_seconds(100)), ..view() };
        let left = Some(Duration::from_secs(1));
        assert_eq!(at(away, 1_899), Step::Wait(Waiting::Session, left));
        assert_eq!(at(away, 1_900), Step::Fail(Fault::SessionAway));
        let held = View { readiness: Readiness::Held, ..view() };
        assert_eq!(at(held, 99_999), Step::Wait(Waiting::Session, None));
        let gone = View { readiness: Readiness::Gone, ..view() };
        assert_eq!(at(gone, 0), Step::Fail(Fault::SessionRemoved));
    }

    #[test]
    fn quiet_hours_and_the_daily_limit_are_waited_for() {
        let quiet = View { quiet_until: Some(from_seconds(60)), ..view() };
        let left = Some(Duration::from_secs(50));
        assert_eq!(at(quiet, 10), Step::Wait(Waiting::QuietHours, left));
        let spent = View { left_today: Some(0), ..view() };
        assert_eq!(at(spent, 0), Step::Wait(Waiting::DailyLimit, None));
    }

    #[test]
    fn ten_thousand_recipients_take_more_than_seven_hours() {
        let range = Duration::from_millis(1_500)..=Duration::from_millis(4_000);
        assert_eq!(estimate(&range, 10_000), Duration::from_secs(27_500));
        assert_eq!(pause(&range, 1, 0.0), Duration::from_millis(1_500));
        assert_eq!(pause(&range, 1, 1.0), Duration::from_millis(4_000));
    }

    #[test]
    fn without_a_pause_there_are_at_most_250_messages_a_second() {
        let none = Duration::ZERO..=Duration::ZERO;
        assert_eq!(pause(&none, 5, 0.5), Duration::from_millis(20));
        assert_eq!(estimate(&none, 1_000), Duration::from_secs(4));
    }

    proptest! {
        #[test]
        fn there_are_never_more_ahead_than_allowed_nor_a_message_before_its_turn(
            (has_more, in_outbox, is_paced) in (any::<bool>(), 0..40_u64, any::<bool>()),
            left_today in prop::option::of(0..40_u64),
            (next_turn, now) in (0..9_000_i64, 0..9_000_i64),
        ) {
            let next_turn = from_millis(next_turn);
            let view = View { has_more, in_outbox, left_today, next_turn, is_paced, ..view() };
            if let Step::Feed(count) = next(&view, from_millis(now), from_millis(now)) {
                prop_assert!(has_more && 0 < count && in_outbox + count <= MOST_AHEAD);
                prop_assert!(left_today.is_none_or(|left| count <= left));
                prop_assert!(next_turn <= from_millis(now));
                prop_assert!(!is_paced || count == 1);
            }
        }

        #[test]
        fn a_pause_lies_within_its_range(from in 0..5_000_u64, span in 0..5_000_u64, chance in 0.0..1.0) {
            let range = Duration::from_millis(from)..=Duration::from_millis(from + span);
            prop_assert!(range.contains(&pause(&range, 0, chance)));
            prop_assert!(SHORTEST_PAUSE <= pause(&range, 1, chance));
        }
    }
}
