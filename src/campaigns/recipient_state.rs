//! State of a recipient, what moves it, and the counts that follow. Pure.
//!
//! ```text
//! pending ──▶ queued ──▶ sent ──▶ delivered ──▶ read
//!    │           ├─────▶ failed
//!    └───────────┴─────▶ skipped, with a reason
//! ```

use serde::{Deserialize, Serialize};

use crate::domain::Ack;

/// Stored by its number in an index: the order must never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    Pending,
    /// In the outbox.
    Queued,
    Sent,
    Delivered,
    Read,
    Failed,
    Skipped,
}

impl State {
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Queued,
        Self::Sent,
        Self::Delivered,
        Self::Read,
        Self::Failed,
        Self::Skipped,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Queued => "QUEUED",
            Self::Sent => "SENT",
            Self::Delivered => "DELIVERED",
            Self::Read => "READ",
            Self::Failed => "FAILED",
            Self::Skipped => "SKIPPED",
        }
    }

    /// Its part in the keys of the index.
    pub fn number(self) -> u64 {
        match self {
            Self::Pending => 0,
            Self::Queued => 1,
            Self::Sent => 2,
            Self::Delivered => 3,
            Self::Read => 4,
            Self::Failed => 5,
            Self::Skipped => 6,
        }
    }

    pub fn was_sent(self) -> bool {
        matches!(self, Self::Sent | Self::Delivered | Self::Read)
    }

    fn was_delivered(self) -> bool {
        matches!(self, Self::Delivered | Self::Read)
    }

    /// The state after news of its message; none when they are no news.
    pub fn after(self, news: News) -> Option<Self> {
        let next = match news {
            News::Sent if self.was_sent() => return None,
            News::Sent | News::Ack(Ack::Sent) => Self::Sent,
            News::Ack(Ack::Pending) => return None,
            News::Ack(Ack::Delivered) => Self::Delivered,
            News::Ack(Ack::Read | Ack::Played) => Self::Read,
            News::Ack(Ack::Failed) | News::Failed => Self::Failed,
            News::Cancelled => Self::Skipped,
        };
        let is_news = match next {
            // A receipt proves that the message was sent, whatever was believed before.
            Self::Sent => !self.was_sent(),
            Self::Delivered => !self.was_delivered(),
            Self::Read => self != Self::Read,
            // Who has the message has it.
            Self::Failed => matches!(self, Self::Queued | Self::Sent),
            Self::Skipped => self == Self::Queued,
            Self::Pending | Self::Queued => false,
        };
        is_news.then_some(next)
    }
}

/// What is learned of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    Sent,
    Ack(Ack),
    Failed,
    /// It was taken out of the outbox.
    Cancelled,
}

/// Why somebody gets no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    NotOptedIn,
    FrequencyCapped,
    RateLimited,
    /// The contact was deleted.
    Removed,
    /// The contact is the same person as another recipient.
    Merged,
    NoNumber,
    /// The broadcast ended before the message left the outbox.
    Cancelled,
}

impl Skip {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotOptedIn => "not_opted_in",
            Self::FrequencyCapped => "frequency_capped",
            Self::RateLimited => "rate_limited",
            Self::Removed => "contact_removed",
            Self::Merged => "contact_merged",
            Self::NoNumber => "no_number",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What became of the messages that were queued: how many reached each step, or ended otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Counts {
    /// Those that were delivered and read since are among them.
    pub sent: u64,
    pub delivered: u64,
    pub read: u64,
    pub failed: u64,
    /// Skipped after they had been queued.
    pub cancelled: u64,
}

impl Counts {
    /// A recipient goes from one state to another.
    pub fn move_one(&mut self, from: State, to: State) {
        let Self { sent, delivered, read, failed, cancelled } = self;
        for (count, is_in) in [
            (sent, State::was_sent as fn(State) -> bool),
            (delivered, State::was_delivered),
            (read, |state| state == State::Read),
            (failed, |state| state == State::Failed),
            (cancelled, |state| state == State::Skipped),
        ] {
            match (is_in(from), is_in(to)) {
                (false, true) => *count += 1,
                (true, false) => *count = count.saturating_sub(1),
                (true, true) | (false, false) => (),
            }
        }
    }

    /// Queued messages that came to an end.
    pub fn ended(self) -> u64 {
        self.sent + self.failed + self.cancelled
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_message_goes_on_to_be_read_and_never_back() {
        let after = |state: State, news| state.after(news);
        assert_eq!(after(State::Queued, News::Sent), Some(State::Sent));
        assert_eq!(after(State::Sent, News::Sent), None);
        assert_eq!(after(State::Sent, News::Ack(Ack::Delivered)), Some(State::Delivered));
        assert_eq!(after(State::Sent, News::Ack(Ack::Read)), Some(State::Read));
        assert_eq!(after(State::Delivered, News::Ack(Ack::Played)), Some(State::Read));
        assert_eq!(after(State::Read, News::Ack(Ack::Delivered)), None);
        assert_eq!(after(State::Delivered, News::Ack(Ack::Sent)), None);
        assert_eq!(after(State::Sent, News::Ack(Ack::Pending)), None);
    }

    #[test]
    fn what_was_not_sent_ends_as_failed_or_skipped_unless_it_turns_out_to_be_sent() {
        assert_eq!(State::Queued.after(News::Failed), Some(State::Failed));
        assert_eq!(State::Sent.after(News::Ack(Ack::Failed)), Some(State::Failed));
        assert_eq!(State::Read.after(News::Ack(Ack::Failed)), None);
        assert_eq!(State::Queued.after(News::Cancelled), Some(State::Skipped));
        assert_eq!(State::Sent.after(News::Cancelled), None);
        assert_eq!(State::Failed.after(News::Sent), Some(State::Sent));
        assert_eq!(State::Skipped.after(News::Ack(Ack::Read)), Some(State::Read));
    }

    fn news() -> impl Strategy<Value = News> {
        let acks = [Ack::Failed, Ack::Pending, Ack::Sent, Ack::Delivered, Ack::Read, Ack::Played];
        let all = acks.map(News::Ack).into_iter();
        let all = all.chain([News::Sent, News::Failed, News::Cancelled]);
        prop::sample::select(all.collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn counts_are_those_of_a_count_by_hand(
            all in prop::collection::vec(prop::collection::vec(news(), 0..6), 1..9),
        ) {
            let (mut counts, mut states) = (Counts::default(), Vec::new());
            for news in all {
                let mut state = State::Queued;
                for one in news {
                    if let Some(next) = state.after(one) {
                        counts.move_one(state, next);
                        state = next;
                    }
                }
                states.push(state);
            }
            let by_hand = |is_in: fn(State) -> bool| {
                states.iter().filter(|state| is_in(**state)).count() as u64
            };
            prop_assert_eq!(counts, Counts {
                sent: by_hand(State::was_sent),
                delivered: by_hand(State::was_delivered),
                read: by_hand(|state| state == State::Read),
                failed: by_hand(|state| state == State::Failed),
                cancelled: by_hand(|state| state == State::Skipped),
            });
            prop_assert_eq!(counts.ended(), by_hand(|state| state != State::Queued));
        }

        #[test]
        fn news_that_come_twice_are_no_news(state in prop::sample::select(State::ALL.to_vec()), one in news()) {
            if let Some(next) = state.after(one) {
                prop_assert_ne!(next, state);
                prop_assert_eq!(next.after(one), None);
            }
        }
    }
}
