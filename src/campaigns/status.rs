//! Status of a broadcast: which it may have next, and what may be done to it. Pure.
//!
//! ```text
//!   DRAFT ◀──────▶ SCHEDULED        PATCH
//!     │                │
//!     │ send           │ send, or its time
//!     └──────┬─────────┘
//!            ▼
//!         SENDING ──▶ COMPLETED     every recipient is sent to, skipped or failed
//!            ├──────▶ FAILED        its session is away for too long, its template is gone, its plan is exceeded
//!            └──────▶ CANCELLED     as a draft and a scheduled one, too
//! ```

use serde::{Deserialize, Serialize};

use crate::{
    domain::{Error, ErrorCode},
    policy::CODE,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    Draft,
    Scheduled,
    /// It is being sent, or waits until the one before it has ended.
    Sending,
    Completed,
    Cancelled,
    Failed,
}

impl Status {
    pub const ALL: [Self; 6] = [
        Self::Draft,
        Self::Scheduled,
        Self::Sending,
        Self::Completed,
        Self::Cancelled,
        Self::Failed,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Scheduled => "SCHEDULED",
            Self::Sending => "SENDING",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
            Self::Failed => "FAILED",
        }
    }

    /// Whether a broadcast may go from this status to another one.
    pub fn may_become(self, next: Self) -> bool {
        use Status::{Cancelled, Completed, Draft, Failed, Scheduled, Sending};
        match self {
            Draft => matches!(next, Scheduled | Sending | Cancelled),
            Scheduled => matches!(next, Draft | Sending | Cancelled),
            Sending => matches!(next, Completed | Cancelled | Failed),
            Completed | Cancelled | Failed => false,
        }
    }

    /// Whether name, template, tags and time may still be changed.
    pub fn may_change(self) -> bool {
        matches!(self, Self::Draft | Self::Scheduled)
    }

    /// Refuses what the status does not allow.
    pub fn check_becomes(self, next: Self) -> Result<(), Error> {
        if self.may_become(next) {
            return Ok(());
        }
        let what = match next {
            Self::Sending => "sent",
            Self::Cancelled => "cancelled",
            Self::Draft | Self::Scheduled | Self::Completed | Self::Failed => "changed",
        };
        Err(self.refusal(what))
    }

    pub fn refusal(self, what: &str) -> Error {
        let message = format!("A broadcast that is {} cannot be {what}", self.as_str());
        Error::new(ErrorCode::Conflict, message).detail(CODE, "invalid_state")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_stays_as_it_is_and_only_a_broadcast_that_is_sent_completes() {
        use Status::{Cancelled, Completed, Draft, Failed, Scheduled, Sending};
        for ended in [Completed, Cancelled, Failed] {
            assert!(Status::ALL.into_iter().all(|next| !ended.may_become(next)), "{ended:?}");
            assert!(!ended.may_change());
        }
        for status in Status::ALL {
            assert_eq!(status.may_become(Completed), status == Sending);
            assert_eq!(status.may_become(Failed), status == Sending);
            assert!(!status.may_become(status));
            let is_open = [Draft, Scheduled].contains(&status);
            assert_eq!(status.may_become(Sending), is_open);
            assert_eq!(status.may_change(), is_open);
            assert_eq!(status.may_become(Cancelled), is_open || status == Sending);
        }
        let error = Completed.check_becomes(Cancelled).unwrap_err();
        assert_eq!(error.message, "A broadcast that is COMPLETED cannot be cancelled");
    }
}
