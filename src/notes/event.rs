//! Note events: the event family of notes.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{EventSubject, Jid, LogEvent},
    inbox::Agent,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum NoteEvent {
    /// Somebody is named in a note.
    Mention {
        note: Uuid,
        chat: Jid,
        conversation: Uuid,
        content: String,
        mentioned: Uuid,
        author: Option<Agent>,
    },
}

impl LogEvent for NoteEvent {
    const FAMILY: &'static str = "notes";

    fn kind(&self) -> &'static str {
        match self {
            Self::Mention { .. } => "mention",
        }
    }

    fn subject(&self) -> EventSubject {
        let Self::Mention { chat, .. } = self;
        EventSubject::Chat(chat.clone())
    }

    fn identity(&self) -> Option<String> {
        let Self::Mention { note, mentioned, .. } = self;
        Some(format!("mention|{note}|{mentioned}"))
    }
}

/// Somebody wrote a note, whose text only a reading of the notes shows: an event family for who watches a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoteAdded {
    pub note: Uuid,
    pub chat: Jid,
    pub conversation: Uuid,
    /// None for the gateway itself.
    pub author: Option<Agent>,
}

impl LogEvent for NoteAdded {
    const FAMILY: &'static str = "notes_added";

    fn kind(&self) -> &'static str {
        "note.added"
    }

    fn subject(&self) -> EventSubject {
        EventSubject::Chat(self.chat.clone())
    }
}
