//! Contact events: the event family of contacts. Each is in the commit of its change.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    contacts::{actor::Actor, consent::Medium, contact::Contact},
    domain::{EventSubject, LogEvent},
};

/// An event holds the contact as it is after the change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum ContactEvent {
    Created {
        contact: Box<Contact>,
        by: Actor,
    },
    Updated {
        contact: Box<Contact>,
        /// Names of the fields that changed.
        changes: Vec<String>,
        by: Actor,
    },
    OptedOut {
        contact: Box<Contact>,
        medium: Medium,
        /// The keyword and the message that has it; none when a person or a carrier opted the contact out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keyword: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        by: Actor,
    },
    /// Deleted, or found to be the same person as another contact.
    Deleted {
        contact: Box<Contact>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        merged_into: Option<Uuid>,
        by: Actor,
    },
}

impl ContactEvent {
    pub fn contact(&self) -> &Contact {
        match self {
            Self::Created { contact, .. }
            | Self::Updated { contact, .. }
            | Self::OptedOut { contact, .. }
            | Self::Deleted { contact, .. } => contact,
        }
    }
}

impl LogEvent for ContactEvent {
    const FAMILY: &'static str = "contacts";

    fn kind(&self) -> &'static str {
        match self {
            Self::Created { .. } => "contact.created",
            Self::Updated { .. } => "contact.updated",
            Self::OptedOut { .. } => "contact.opted_out",
            Self::Deleted { .. } => "contact.deleted",
        }
    }

    fn subject(&self) -> EventSubject {
        EventSubject::Record("contact".to_owned(), self.contact().id.to_string())
    }
}
