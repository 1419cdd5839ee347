//! Team events: the event family of teams.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{EventSubject, LogEvent};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum TeamEvent {
    /// Somebody was invited who has an account, and so is a member at once.
    MemberAdded {
        team: Uuid,
        name: String,
        user: Uuid,
        /// None for a caller who is no person.
        by: Option<Uuid>,
    },
    MemberRemoved {
        team: Uuid,
        name: String,
        user: Uuid,
        by: Option<Uuid>,
    },
}

impl LogEvent for TeamEvent {
    const FAMILY: &'static str = "teams";

    fn kind(&self) -> &'static str {
        match self {
            Self::MemberAdded { .. } => "team.member_added",
            Self::MemberRemoved { .. } => "team.member_removed",
        }
    }

    fn subject(&self) -> EventSubject {
        let (Self::MemberAdded { team, .. } | Self::MemberRemoved { team, .. }) = self;
        EventSubject::Record("team".to_owned(), team.to_string())
    }
}
