//! Webhook events: an event family for one endpoint alone.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{EventSubject, LogEvent},
    events::TEST,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum WebhookEvent {
    /// An endpoint was registered, and is to show that it can be reached.
    Test { webhook: Uuid },
}

impl LogEvent for WebhookEvent {
    const FAMILY: &'static str = "webhooks";

    fn kind(&self) -> &'static str {
        match self {
            Self::Test { .. } => TEST,
        }
    }

    fn subject(&self) -> EventSubject {
        match self {
            Self::Test { webhook } => EventSubject::Webhook(*webhook),
        }
    }
}
