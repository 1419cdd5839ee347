//! Chat events: an event family for what callers and the gateway change in chats and messages locally.
//!
//! No engine reports them. Consumers of the log, such as the search, read them; the open-wa API has no name for
//! them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{
    Chat, EventSubject, Jid, LogEvent, MessageId,
    conversation::{AutomationPause, ConversationRecord, Tag},
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum ChatEvent {
    TagCreated {
        tag: Tag,
    },
    /// The name or the color changed.
    TagChanged {
        tag: Tag,
        former_name: String,
        former_color: String,
    },
    /// The tag was removed from all conversations before or in the same commit, each with an event of its own.
    TagDeleted {
        tag: Tag,
    },
    ConversationTagged {
        chat: Jid,
        conversation: Uuid,
        added: Vec<Uuid>,
        removed: Vec<Uuid>,
        /// A rule or a flow did it: it starts no rule in turn.
        #[serde(default, skip_serializing_if = "is_false")]
        automatic: bool,
    },
    AutomationPaused {
        chat: Jid,
        conversation: Uuid,
        pause: AutomationPause,
    },
    AutomationResumed {
        chat: Jid,
        conversation: Uuid,
    },
    /// A chat with unread messages was marked as read.
    ChatRead {
        chat: Jid,
        unread: u32,
    },
    ChatArchived {
        chat: Jid,
        archived: bool,
    },
    /// Earlier messages were fetched: numbers from `from` up to, without, `below`.
    HistoryFetched {
        chat: Jid,
        from: u64,
        below: u64,
    },
    /// A conversation and its messages were deleted here; the account still has them.
    ConversationDeleted {
        chat: Jid,
        conversation: Uuid,
    },
    /// A message was deleted here; the account may still have it.
    MessageDeleted {
        message: MessageId,
        number: u64,
    },
}

impl ChatEvent {
    /// Marks a chat as read; none if nothing was unread.
    pub fn of_reading(chat: &mut Chat) -> Option<Self> {
        let unread = std::mem::take(&mut chat.unread);
        (0 < unread).then(|| Self::ChatRead { chat: chat.id.clone(), unread })
    }

    /// Archives or unarchives a chat; none if nothing changed.
    pub fn of_archiving(chat: &mut Chat, archived: bool) -> Option<Self> {
        let was = std::mem::replace(&mut chat.archived, archived);
        (was != archived).then(|| Self::ChatArchived { chat: chat.id.clone(), archived })
    }

    /// Replaces the tags of a conversation; none if nothing changed.
    pub fn of_tags(
        record: &mut ConversationRecord,
        tags: Vec<Uuid>,
        automatic: bool,
    ) -> Option<Self> {
        let former = std::mem::replace(&mut record.inbox.tags, tags);
        let beyond = |all: &[Uuid], others: &[Uuid]| -> Vec<Uuid> {
            all.iter().filter(|tag| !others.contains(tag)).copied().collect()
        };
        let (added, removed) =
            (beyond(&record.inbox.tags, &former), beyond(&former, &record.inbox.tags));
        let (chat, conversation) = (record.chat.clone(), record.uuid);
        let is_news = !added.is_empty() || !removed.is_empty();
        is_news.then_some(Self::ConversationTagged {
            chat,
            conversation,
            added,
            removed,
            automatic,
        })
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

impl LogEvent for ChatEvent {
    const FAMILY: &'static str = "chats";

    fn kind(&self) -> &'static str {
        match self {
            Self::TagCreated { .. } => "tag_created",
            Self::TagChanged { .. } => "tag_changed",
            Self::TagDeleted { .. } => "tag_deleted",
            Self::ConversationTagged { .. } => "conversation_tagged",
            Self::AutomationPaused { .. } => "automation_paused",
            Self::AutomationResumed { .. } => "automation_resumed",
            Self::ChatRead { .. } => "chat_read",
            Self::ChatArchived { .. } => "chat_archived",
            Self::HistoryFetched { .. } => "history_fetched",
            Self::ConversationDeleted { .. } => "conversation_deleted",
            Self::MessageDeleted { .. } => "message_deleted",
        }
    }

    fn subject(&self) -> EventSubject {
        match self {
            Self::TagCreated { tag } | Self::TagChanged { tag, .. } | Self::TagDeleted { tag } => {
                EventSubject::Tag(tag.id)
            }
            Self::ConversationTagged { chat, .. }
            | Self::AutomationPaused { chat, .. }
            | Self::AutomationResumed { chat, .. }
            | Self::ChatRead { chat, .. }
            | Self::ChatArchived { chat, .. }
            | Self::HistoryFetched { chat, .. }
            | Self::ConversationDeleted { chat, .. } => EventSubject::Chat(chat.clone()),
            Self::MessageDeleted { message, .. } => EventSubject::Message(message.clone()),
        }
    }
}
