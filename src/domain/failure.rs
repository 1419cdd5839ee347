//! Failures of sends: a code for programs, a sentence for people, and the hold that a refusal starts.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::domain::{Error, ErrorCode, Subject, Timestamp, clock::between};

/// The code of a failure, as in events and the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FailureCode {
    RecipientNotOnWhatsapp,
    /// WhatsApp restricts the account for a while.
    AccountRestricted,
    /// WhatsApp accepts no more messages of the account for a while.
    RateLimited,
    SendFailed,
    SendTimeout,
    Forbidden,
    NotFound,
    ValidationError,
    NotSupported,
    SessionNotReady,
    /// The queue of the session is full.
    QueueFull,
    InsufficientStorage,
    InternalError,
}

impl FailureCode {
    pub fn of(error: &Error) -> Self {
        match error.code {
            ErrorCode::Refused => Self::RecipientNotOnWhatsapp,
            ErrorCode::NotNow => match NotNow::of_error(error) {
                Some((NotNow::RateLimited, _)) => Self::RateLimited,
                _ => Self::AccountRestricted,
            },
            ErrorCode::EngineFailed => Self::SendFailed,
            ErrorCode::Timeout => Self::SendTimeout,
            ErrorCode::Forbidden | ErrorCode::Unauthenticated => Self::Forbidden,
            ErrorCode::NotFound if error.subject == Some(Subject::Recipient) => {
                Self::RecipientNotOnWhatsapp
            }
            ErrorCode::NotFound => Self::NotFound,
            ErrorCode::Invalid | ErrorCode::TooLarge | ErrorCode::Conflict => Self::ValidationError,
            ErrorCode::Unsupported => Self::NotSupported,
            ErrorCode::NotReady => Self::SessionNotReady,
            ErrorCode::RateLimited | ErrorCode::Unavailable => Self::QueueFull,
            ErrorCode::StorageFull => Self::InsufficientStorage,
            ErrorCode::Internal => Self::InternalError,
        }
    }
}

/// Why WhatsApp accepts no messages of an account for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NotNow {
    AccountRestricted,
    RateLimited,
}

/// How long sends are held after the first refusal of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldTimes {
    pub restricted: Duration,
    pub rate_limited: Duration,
}

impl Default for HoldTimes {
    fn default() -> Self {
        Self { restricted: Duration::from_secs(3_600), rate_limited: Duration::from_secs(300) }
    }
}

/// The longest hold: each further refusal doubles the hold up to it.
const LONGEST_HOLD: Duration = Duration::from_secs(86_400);
/// The name of a detail of an error: the code that WhatsApp gave.
pub const WHATSAPP_CODE: &str = "whatsappCode";

impl NotNow {
    /// The meaning of a WhatsApp refusal code, if it means "not now".
    pub fn of_code(code: u32) -> Option<Self> {
        match code {
            463 | 475 | 479 => Some(Self::AccountRestricted),
            429 | 471 => Some(Self::RateLimited),
            _ => None,
        }
    }

    /// The refusal in an engine's error, with WhatsApp's code.
    pub fn of_error(error: &Error) -> Option<(Self, u32)> {
        let code = error.details.get(WHATSAPP_CODE)?.as_u64()?;
        let code = u32::try_from(code).ok()?;
        Some((Self::of_code(code)?, code))
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccountRestricted => "ACCOUNT_RESTRICTED",
            Self::RateLimited => "RATE_LIMITED",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::AccountRestricted => "WhatsApp restricts this account: it may not send for now",
            Self::RateLimited => "WhatsApp takes no more messages of this account for now",
        }
    }
}

/// An error of an engine that WhatsApp gave a code for: "not now" where the code says so.
pub fn refused_by_whatsapp(code: Option<u32>, reason: String) -> Error {
    let Some(code) = code else { return Error::new(ErrorCode::EngineFailed, reason) };
    let kind = match NotNow::of_code(code) {
        Some(_) => ErrorCode::NotNow,
        None => ErrorCode::EngineFailed,
    };
    Error::new(kind, reason).detail(WHATSAPP_CODE, code)
}

/// A time in which a session sends nothing, since WhatsApp said "not now".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SendHold {
    pub reason: NotNow,
    /// WhatsApp's code.
    pub code: u32,
    pub since: Timestamp,
    pub until: Timestamp,
    /// The number of holds in a row, including this one.
    pub in_a_row: u32,
    /// When it ended, by itself or by hand.
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
}

impl SendHold {
    /// The hold that a refusal starts. One that follows soon after another is longer.
    pub fn after(
        before: Option<&Self>,
        (reason, code): (NotNow, u32),
        times: HoldTimes,
        now: Timestamp,
    ) -> Self {
        let first = match reason {
            NotNow::AccountRestricted => times.restricted,
            NotNow::RateLimited => times.rate_limited,
        };
        let in_a_row = before.map_or(1, |before| {
            let length = between(before.since, before.until);
            let since_then = before.ended_at.map_or(Duration::ZERO, |ended| between(ended, now));
            if since_then <= length { before.in_a_row.saturating_add(1) } else { 1 }
        });
        let factor = 2u32.saturating_pow(in_a_row.saturating_sub(1).min(16));
        let length = first.saturating_mul(factor).min(LONGEST_HOLD.max(first));
        Self { reason, code, since: now, until: now + length, in_a_row, ended_at: None }
    }

    pub fn message(&self) -> String {
        format!("{} (code {})", self.reason.words(), self.code)
    }

    /// The error for a caller who wants to send now.
    pub fn error(&self, now: Timestamp) -> Error {
        let left = between(now, self.until).as_secs().saturating_add(1);
        Error::new(ErrorCode::NotNow, self.message())
            .detail("reason", self.reason.as_str())
            .detail(WHATSAPP_CODE, self.code)
            .detail("until", json!(self.until))
            .detail("retryAfter", left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    #[test]
    fn codes_that_mean_not_now_are_told_from_plain_refusals() {
        for (code, reason) in [
            (463, Some(NotNow::AccountRestricted)),
            (475, Some(NotNow::AccountRestricted)),
            (479, Some(NotNow::AccountRestricted)),
            (429, Some(NotNow::RateLimited)),
            (400, None),
            (500, None),
        ] {
            let error = refused_by_whatsapp(Some(code), "refused".to_owned());
            assert_eq!(NotNow::of_error(&error).map(|(reason, _)| reason), reason, "{code}");
            assert_eq!(error.code == ErrorCode::NotNow, reason.is_some(), "{code}");
            assert_eq!(error.details[WHATSAPP_CODE], code);
        }
        assert_eq!(refused_by_whatsapp(None, String::new()).code, ErrorCode::EngineFailed);
    }

    #[test]
    fn holds_that_follow_each_other_grow_up_to_a_day() {
        let times = HoldTimes::default();
        let refusal = (NotNow::AccountRestricted, 463);
        let mut now = from_seconds(1_000_000);
        let mut hold = SendHold::after(None, refusal, times, now);
        let mut hours = Vec::new();
        for _ in 0..7 {
            hours.push(between(hold.since, hold.until).as_secs() / 3_600);
            now = hold.until;
            hold.ended_at = Some(now);
            hold = SendHold::after(Some(&hold), refusal, times, now + Duration::from_secs(60));
        }
        assert_eq!(hours, [1, 2, 4, 8, 16, 24, 24]);
        hold.ended_at = Some(hold.until);
        let later = hold.until + Duration::from_secs(10 * 86_400);
        assert_eq!(SendHold::after(Some(&hold), refusal, times, later).in_a_row, 1);
    }

    #[test]
    fn who_wants_to_send_meanwhile_learns_why_and_when_again() {
        let now = from_seconds(1_000_000);
        let hold = SendHold::after(None, (NotNow::RateLimited, 429), HoldTimes::default(), now);
        let error = hold.error(now + Duration::from_secs(100));
        assert_eq!(error.details["reason"], "RATE_LIMITED");
        assert_eq!(error.details["retryAfter"], 201);
        assert_eq!(FailureCode::of(&error), FailureCode::RateLimited);
    }
}
