//! Work item events: the event family of tickets and tasks.

use serde::{Deserialize, Serialize};

use crate::{
    domain::{EventSubject, LogEvent},
    inbox::Agent,
    work_items::item::{ItemKind, WorkItem},
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum WorkItemEvent {
    Created {
        item: Box<WorkItem>,
        by: Option<Agent>,
    },
    Changed {
        item: Box<WorkItem>,
        /// Names of the fields that changed.
        changes: Vec<String>,
        by: Option<Agent>,
    },
    Deleted {
        item: Box<WorkItem>,
        by: Option<Agent>,
    },
    /// The time has come and nobody has done it.
    Due {
        item: Box<WorkItem>,
    },
}

impl WorkItemEvent {
    pub fn item(&self) -> &WorkItem {
        match self {
            Self::Created { item, .. }
            | Self::Changed { item, .. }
            | Self::Deleted { item, .. }
            | Self::Due { item } => item,
        }
    }
}

impl LogEvent for WorkItemEvent {
    const FAMILY: &'static str = "work_items";

    fn kind(&self) -> &'static str {
        match (self, self.item().kind) {
            (Self::Created { .. }, ItemKind::Ticket) => "ticket.created",
            (Self::Created { .. }, ItemKind::Task) => "task.created",
            (Self::Changed { .. }, ItemKind::Ticket) => "ticket.updated",
            (Self::Changed { .. }, ItemKind::Task) => "task.updated",
            (Self::Deleted { .. }, ItemKind::Ticket) => "ticket.deleted",
            (Self::Deleted { .. }, ItemKind::Task) => "task.deleted",
            (Self::Due { .. }, ItemKind::Ticket) => "ticket.due",
            (Self::Due { .. }, ItemKind::Task) => "task.due",
        }
    }

    fn subject(&self) -> EventSubject {
        EventSubject::Record("work item".to_owned(), self.item().id.to_string())
    }

    fn identity(&self) -> Option<String> {
        match self {
            Self::Created { item, .. } => Some(format!("created|{}", item.id)),
            Self::Due { item } => Some(format!("due|{}|{}", item.id, item.due_at?)),
            Self::Changed { .. } | Self::Deleted { .. } => None,
        }
    }
}
