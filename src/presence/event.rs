//! Presence events: the event family of presence.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{EventSubject, LogEvent},
    presence::board::Status,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum PresenceEvent {
    Changed { user: Uuid, status: Status },
}

impl LogEvent for PresenceEvent {
    const FAMILY: &'static str = "presence";

    fn kind(&self) -> &'static str {
        "presence.changed"
    }

    fn subject(&self) -> EventSubject {
        let Self::Changed { user, .. } = self;
        EventSubject::Record("user".to_owned(), user.to_string())
    }
}
