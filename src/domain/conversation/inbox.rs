//! Inbox state of a conversation: tags and paused automation.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::Timestamp;

/// The inbox state of one conversation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InboxState {
    #[serde(default)]
    pub tags: Vec<Uuid>,
    /// None while automation may answer.
    #[serde(default)]
    pub pause: Option<AutomationPause>,
}

/// Automation is paused in a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AutomationPause {
    pub at: Timestamp,
    /// The API key that paused it; none for a caller without a key.
    pub by: Option<Uuid>,
    pub reason: Option<String>,
}

/// A label for conversations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tag {
    pub id: Uuid,
    pub name: String,
    /// `#RRGGBB`.
    pub color: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}
