//! Event of a conversation that stands elsewhere in the lists of the inbox, or is shown otherwise in them: an event
//! family for who watches lists.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{EventSubject, Jid, LogEvent, Timestamp},
    inbox::{agent::Agent, state::InboxState, status::Status},
};

/// What lists show of a conversation, but for its messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConversationChanged {
    pub chat: Jid,
    pub conversation: Uuid,
    pub status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Agent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot: Option<Uuid>,
    /// Whether its bot asked for a person.
    #[serde(default)]
    pub handoff: bool,
    #[serde(default)]
    pub starred: bool,
    #[serde(default)]
    pub unread: bool,
    #[serde(default)]
    pub archived: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Uuid>,
    /// It stands in no list any more.
    #[serde(default)]
    pub deleted: bool,
}

impl ConversationChanged {
    pub fn of(state: &InboxState) -> Self {
        Self {
            chat: state.chat.clone(),
            conversation: state.conversation,
            status: state.status,
            assignee: state.assignee,
            bot: state.bot,
            handoff: state.run.handoff.is_some(),
            starred: state.starred,
            unread: state.is_unread(),
            archived: state.listed.archived,
            snoozed_until: state.snoozed_until,
            tags: state.listed.tags.clone(),
            deleted: state.listed.hidden,
        }
    }
}

impl LogEvent for ConversationChanged {
    const FAMILY: &'static str = "inbox_lists";

    fn kind(&self) -> &'static str {
        "conversation.changed"
    }

    fn subject(&self) -> EventSubject {
        EventSubject::Chat(self.chat.clone())
    }
}
