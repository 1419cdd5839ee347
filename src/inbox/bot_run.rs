//! Bot run: how far a bot has come in a conversation since it was opened, and when it is silent. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::{Timestamp, clock::between};

/// The period within which replies to one conversation are counted, so that two machines do not write each other for ever.
const RATE_PERIOD: Duration = Duration::from_secs(60);

/// What a bot did in a conversation since it was opened or resumed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BotRun {
    /// A person took over, or will.
    pub is_paused: bool,
    /// Replies.
    pub turns: u32,
    /// Fallbacks in a row.
    pub fallbacks: u32,
    /// The times of the last replies, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recent: Vec<Timestamp>,
    /// The bot asked for a person, and none has come yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handoff: Option<HandoffRequest>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoffRequest {
    pub at: Timestamp,
    pub reason: HandoffReason,
}

/// Why a bot asks for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandoffReason {
    /// The contact asked for one.
    Keyword,
    /// It has replied as often as it may.
    MaxTurns,
    /// It did not know several answers in a row.
    Fallbacks,
    /// A rule or a flow says so.
    Automation,
    /// The visitor of a web chat pressed the button for a person.
    Visitor,
    /// Its language model asked for one.
    Model,
}

impl HandoffReason {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keyword => "keyword",
            Self::MaxTurns => "max_turns",
            Self::Fallbacks => "fallbacks",
            Self::Automation => "automation",
            Self::Visitor => "visitor",
            Self::Model => "model",
        }
    }
}

impl BotRun {
    /// Whether one more reply is not too many at this moment, where there may be so many a minute.
    pub fn has_room(&self, now: Timestamp, most: usize) -> bool {
        self.recent.iter().filter(|at| between(**at, now) < RATE_PERIOD).count() < most
    }

    /// Notes messages that are no reply of a bot.
    pub fn note_message(&mut self, now: Timestamp) {
        self.recent.retain(|at| between(*at, now) < RATE_PERIOD);
        self.recent.push(now);
    }

    /// Notes a reply.
    pub fn note_reply(&mut self, now: Timestamp) {
        self.note_message(now);
        self.turns = self.turns.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    #[test]
    fn ten_replies_a_minute_are_the_most() {
        let mut run = BotRun::default();
        for second in 0..10 {
            assert!(run.has_room(from_seconds(100 + second), 10));
            run.note_reply(from_seconds(100 + second));
        }
        assert!(!run.has_room(from_seconds(110), 10));
        assert!(!run.has_room(from_seconds(159), 10));
        assert!(run.has_room(from_seconds(160), 10));
        run.note_reply(from_seconds(160));
        assert_eq!((run.turns, run.recent.len()), (11, 10));
    }
}
