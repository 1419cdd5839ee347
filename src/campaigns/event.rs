//! Campaign events: the event family of broadcasts.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{EventSubject, LogEvent};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum CampaignEvent {
    /// Every recipient was sent to, skipped or failed.
    BroadcastCompleted { broadcast: Uuid, name: String, stats: Stats },
}

/// What became of the recipients of a broadcast.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Stats {
    pub total: u64,
    /// Those that were delivered and read since are among them.
    pub sent: u64,
    pub delivered: u64,
    pub read: u64,
    pub failed: u64,
    pub skipped: u64,
}

impl LogEvent for CampaignEvent {
    const FAMILY: &'static str = "campaigns";

    fn kind(&self) -> &'static str {
        match self {
            Self::BroadcastCompleted { .. } => "broadcast.completed",
        }
    }

    fn subject(&self) -> EventSubject {
        let Self::BroadcastCompleted { broadcast, .. } = self;
        EventSubject::Record("broadcast".to_owned(), broadcast.to_string())
    }

    fn identity(&self) -> Option<String> {
        let Self::BroadcastCompleted { broadcast, .. } = self;
        Some(format!("completed|{broadcast}"))
    }
}
