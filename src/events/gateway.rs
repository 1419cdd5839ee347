//! The gateway's own family of events: what happened to its parts, not to a channel.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{EventSubject, LogEvent, Timestamp};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum GatewayEvent {
    /// An endpoint was switched off, since nothing could be delivered to it.
    WebhookDisabled {
        webhook: Uuid,
        /// Scheme, host and port of its address. The rest may hold a secret of its receiver.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<String>,
        /// Whether it was to get the events of all sessions.
        all_sessions: bool,
        reason: String,
        failing_since: Option<Timestamp>,
    },
}

impl LogEvent for GatewayEvent {
    const FAMILY: &'static str = "gateway";

    fn kind(&self) -> &'static str {
        match self {
            Self::WebhookDisabled { .. } => "webhook_disabled",
        }
    }

    fn subject(&self) -> EventSubject {
        match self {
            Self::WebhookDisabled { webhook, .. } => EventSubject::Webhook(*webhook),
        }
    }
}
