//! Record of one chat in the gateway: its bookkeeping, and the state of its inbox.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{Jid, SessionId, Timestamp, conversation::inbox::InboxState};

/// What the gateway itself stores about a chat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConversationRecord {
    pub session: SessionId,
    pub chat: Jid,
    pub uuid: Uuid,
    /// Counts conversations from 1; never reused.
    pub number: u64,
    pub created_at: Timestamp,
    /// When this record last changed.
    pub changed_at: Timestamp,
    #[serde(flatten)]
    pub inbox: InboxState,
    /// The engine is not asked for older messages before this time: it had none, or the request failed.
    #[serde(default)]
    pub ask_history_after: Option<Timestamp>,
    /// Deleted with its messages. Lists omit the chat until it has a new message.
    #[serde(default)]
    pub hidden: bool,
    /// The last deletion. Messages before it are not fetched again.
    #[serde(default)]
    pub deleted_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_inbox_state_is_stored_beside_the_other_fields() {
        let uuid = "0194f3a0-0000-7000-8000-000000000001";
        let mut stored = json!({
            "session": "s",
            "chat": "15550000001@c.us",
            "uuid": uuid,
            "number": 7,
            "createdAt": "1970-01-01T00:00:01Z",
            "changedAt": "1970-01-01T00:00:02Z",
            "tags": [uuid],
            "pause": { "at": "1970-01-01T00:00:02Z", "by": null, "reason": "holiday" },
            "askHistoryAfter": null,
            "hidden": false,
            "deletedAt": null,
        });
        let record: ConversationRecord = serde_json::from_value(stored.clone()).unwrap();
        assert_eq!(record.inbox.tags.len(), 1);
        assert_eq!(serde_json::to_value(&record).unwrap(), stored);
        // Records of older versions have fewer fields.
        for field in ["tags", "pause", "askHistoryAfter", "hidden", "deletedAt"] {
            stored.as_object_mut().unwrap().remove(field);
        }
        let record: ConversationRecord = serde_json::from_value(stored).unwrap();
        assert_eq!(record.inbox, InboxState::default());
    }
}
