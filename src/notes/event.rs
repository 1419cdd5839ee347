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
