//! Settings events: an event family for changes of settings.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{EventSubject, LogEvent};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum SettingsEvent {
    /// Never with values: some are secrets.
    Changed {
        /// Paths of the settings.
        settings: Vec<String>,
        /// The API key of the caller; none for the owner.
        by: Option<Uuid>,
    },
}

impl LogEvent for SettingsEvent {
    const FAMILY: &'static str = "settings";

    fn kind(&self) -> &'static str {
        match self {
            Self::Changed { .. } => "settings.updated",
        }
    }

    fn subject(&self) -> EventSubject {
        EventSubject::Channel
    }
}
