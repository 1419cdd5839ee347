//! Knowledge events: the event family of documents. Each is in the commit of its change.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{EventSubject, LogEvent},
    knowledge::document::{Document, Kind, Status},
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum KnowledgeEvent {
    /// A document of a bot was added, changed or deleted.
    Updated { bot: Uuid, document: Uuid, title: String, kind: Kind, status: Status, change: Change },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Added,
    Changed,
    Deleted,
}

impl KnowledgeEvent {
    pub fn of(document: &Document, change: Change) -> Self {
        let Document { id, bot, title, kind, status, .. } = document;
        let (bot, document, title) = (*bot, *id, title.clone());
        Self::Updated { bot, document, title, kind: *kind, status: *status, change }
    }
}

impl LogEvent for KnowledgeEvent {
    const FAMILY: &'static str = "knowledge";

    fn kind(&self) -> &'static str {
        match self {
            Self::Updated { .. } => "kb.updated",
        }
    }

    fn subject(&self) -> EventSubject {
        let Self::Updated { bot, .. } = self;
        EventSubject::Record("bot".to_owned(), bot.to_string())
    }
}
