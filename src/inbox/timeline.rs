//! Entries of a contact's timeline for what becomes of its conversations.

use serde_json::json;

use crate::{
    contacts::{self, Actor, EntryKind, NewEntry},
    domain::Timestamp,
    events::Work,
    inbox::{event::InboxEvent, state::InboxState},
    store::StoreError,
};

/// Notes events within the transaction that logs them.
pub async fn note(
    work: &Work<'_>,
    state: &InboxState,
    events: &[InboxEvent],
    actor: Actor,
    at: Timestamp,
) -> Result<(), StoreError> {
    let Some(contact) = state.contact else { return Ok(()) };
    let entries: Vec<NewEntry> = events.iter().filter_map(|event| entry(event, actor)).collect();
    if entries.is_empty() {
        return Ok(());
    }
    contacts::note(work, contact, at, entries).await
}

fn entry(event: &InboxEvent, actor: Actor) -> Option<NewEntry> {
    let conversation = event.about().conversation;
    let (kind, data) = match event {
        InboxEvent::Opened { reopened, .. } => (
            EntryKind::ConversationOpened,
            json!({ "conversation": conversation, "reopened": reopened }),
        ),
        InboxEvent::Assigned { assignee, .. } => (
            EntryKind::ConversationAssigned,
            json!({ "conversation": conversation, "assignee": assignee.map(|agent| agent.id()) }),
        ),
        InboxEvent::Resolved { .. } => {
            (EntryKind::ConversationResolved, json!({ "conversation": conversation }))
        }
        InboxEvent::Rated { survey, rating, comment, .. } => (
            EntryKind::Csat,
            json!({
                "conversation": conversation, "survey": survey, "rating": rating, "comment": comment,
            }),
        ),
        InboxEvent::Responded { .. }
        | InboxEvent::GivenUp { .. }
        | InboxEvent::SurveySent { .. }
        | InboxEvent::HandoffRequested { .. }
        | InboxEvent::WindowExpiring { .. } => return None,
    };
    Some(NewEntry::new(kind, actor, data))
}
