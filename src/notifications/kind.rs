//! Kinds of notifications. Pure.

use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($name:ident: $word:literal, $by_mail:literal),* $(,)?) => {
        /// What a notification is of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind {
            $($name,)*
        }

        impl Kind {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Their words, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($word,)*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            pub fn of(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// Whether it goes by mail too, unless the person says otherwise.
            pub fn is_mailed(self) -> bool {
                match self {
                    $(Self::$name => $by_mail,)*
                }
            }
        }
    };
}
kinds! {
    NewMessage: "new_message", false,
    HandoffRequested: "handoff_requested", true,
    SessionAssigned: "session_assigned", true,
    Mention: "mention", true,
    TicketCreated: "ticket_created", false,
    TaskCreated: "task_created", true,
    TaskDue: "task_due", true,
    FeedbackReceived: "feedback_received", false,
    BroadcastCompleted: "broadcast_completed", false,
    SessionDisconnected: "session_disconnected", true,
    TeamInvite: "team_invite", true,
    WindowExpiring: "window_expiring", false,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_word_of_its_own_which_is_stored() {
        for (kind, word) in Kind::ALL.iter().zip(Kind::WORDS) {
            assert_eq!((Kind::of(word), kind.as_str()), (Some(*kind), *word));
            assert_eq!(serde_json::to_value(kind).unwrap(), *word);
        }
        assert_eq!(Kind::of("other"), None);
    }
}
