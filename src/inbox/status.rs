//! Status of a conversation, and which may follow which. Pure.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Somebody has to answer.
    Open,
    /// An agent works on it.
    Assigned,
    Resolved,
    /// A flow answers.
    BotActive,
    /// A bot answers.
    AiActive,
}

impl Status {
    pub const ALL: [Self; 5] =
        [Self::Open, Self::Assigned, Self::Resolved, Self::BotActive, Self::AiActive];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Assigned => "ASSIGNED",
            Self::Resolved => "RESOLVED",
            Self::BotActive => "BOT_ACTIVE",
            Self::AiActive => "AI_ACTIVE",
        }
    }

    /// By its name in any case.
    pub fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str().eq_ignore_ascii_case(name.trim()))
    }

    /// Whether a machine answers.
    pub fn is_automatic(self) -> bool {
        matches!(self, Self::BotActive | Self::AiActive)
    }

    /// The status of a conversation that somebody has to answer.
    pub fn waiting(is_assigned: bool) -> Self {
        if is_assigned { Self::Assigned } else { Self::Open }
    }

    /// Whether a conversation may go from one status to another. Between a flow and a bot it passes through a person.
    pub fn may_become(self, next: Self) -> bool {
        self == next || !(self.is_automatic() && next.is_automatic())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_and_a_bot_never_follow_each_other_and_all_else_is_allowed() {
        for from in Status::ALL {
            for to in Status::ALL {
                let is_between = from != to && from.is_automatic() && to.is_automatic();
                assert_eq!(from.may_become(to), !is_between, "{from:?} {to:?}");
            }
        }
    }

    #[test]
    fn a_name_is_read_in_any_case() {
        for status in Status::ALL {
            assert_eq!(
                Status::read(&format!(" {} ", status.as_str().to_lowercase())),
                Some(status)
            );
        }
        assert_eq!(Status::read("closed"), None);
    }
}
