//! Events of web chats: an event family for what visitors think of answers.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{EventSubject, Jid, LogEvent},
    web_chat::feedback::Feedback,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum WebChatEvent {
    /// A thumb for a message, or a rating of the conversation.
    FeedbackReceived {
        chat: Jid,
        conversation: Uuid,
        bot: Option<Uuid>,
        /// The UUID of the message; none for the conversation.
        message: Option<Uuid>,
        feedback: Feedback,
    },
}

impl LogEvent for WebChatEvent {
    const FAMILY: &'static str = "web chat";

    fn kind(&self) -> &'static str {
        match self {
            Self::FeedbackReceived { .. } => "feedback.received",
        }
    }

    fn subject(&self) -> EventSubject {
        match self {
            Self::FeedbackReceived { chat, .. } => EventSubject::Chat(chat.clone()),
        }
    }
}
