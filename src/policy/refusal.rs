//! Refusals of the policy, and the errors that callers see. Pure.

use std::time::Duration;

use crate::domain::{Error, ErrorCode, Subject};

/// The detail of an error that holds the code of a refusal.
pub const CODE: &str = "code";

/// Why a message is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The recipient is no contact, or has not agreed.
    NotOptedIn,
    OptedOut,
    OutsideWindow,
    PlanLimit {
        limit: usize,
    },
}

impl Refusal {
    /// Names the rule in answers.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotOptedIn | Self::OptedOut => "not_opted_in",
            Self::OutsideWindow => "outside_24h_window",
            Self::PlanLimit { .. } => "plan_limit",
        }
    }

    pub fn error(self) -> Error {
        let message = match self {
            Self::NotOptedIn => "Contact has not opted in".to_owned(),
            Self::OptedOut => "Contact has opted out".to_owned(),
            Self::OutsideWindow => {
                "The 24-hour messaging window is closed. Send an approved template, or set business.window."
                    .to_owned()
            }
            Self::PlanLimit { limit } => {
                format!("Broadcast exceeds the limit of {limit} contacts on the Starter plan")
            }
        };
        Error::new(ErrorCode::Forbidden, message).detail(CODE, self.code())
    }

    /// The recipient had as many messages in the last hour as it may have.
    pub fn too_many(recipient: &str, limit: usize, wait: Duration) -> Error {
        let seconds = wait.as_millis().div_ceil(1_000).max(1);
        let message = format!(
            "{recipient} had {limit} messages within an hour, which is the limit for one recipient. Retry after {seconds} seconds"
        );
        let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
        Error::new(ErrorCode::RateLimited, message)
            .about(Subject::Recipient)
            .detail("bucket", "recipient")
            .detail("limit", limit)
            .detail("retryAfter", seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_a_code_and_a_wait_is_rounded_up() {
        let error = Refusal::OutsideWindow.error();
        assert_eq!(error.code, ErrorCode::Forbidden);
        assert_eq!(error.details[CODE], "outside_24h_window");
        let error = Refusal::too_many("+15550000001", 20, Duration::from_millis(1_001));
        assert_eq!(
            (error.code, error.details["retryAfter"].as_u64()),
            (ErrorCode::RateLimited, Some(2))
        );
        assert!(error.message.contains("+15550000001"));
    }
}
