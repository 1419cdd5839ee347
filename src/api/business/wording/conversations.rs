//! Words of conversations: opened, assigned, resolved.

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    api::{
        business::{
            chat_view::{self, AgentView, ChatView},
            wording::family::Family,
        },
        event_data::written,
        kit::{Shape, shape},
    },
    domain::{Error, Event},
    inbox::InboxEvent,
    services::Services,
};

pub struct ConversationWords;

/// What became of a conversation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessConversationData)]
struct Payload {
    /// The conversation; null for one that was deleted meanwhile.
    conversation: Option<ChatView>,
    /// Whether it had been resolved; only where it was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reopened: Option<bool>,
    /// Who resolved it; left out where nobody is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    resolved_by: Option<AgentView>,
    /// Who assigned it; left out where nobody is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    assigned_by: Option<AgentView>,
}

#[async_trait]
impl Family for ConversationWords {
    fn name(&self, event: &Event) -> Option<&'static str> {
        match event.body.read::<InboxEvent>()? {
            InboxEvent::Opened { .. } => Some("conversation.opened"),
            InboxEvent::Assigned { .. } => Some("conversation.assigned"),
            InboxEvent::Resolved { .. } => Some("conversation.resolved"),
            InboxEvent::Responded { .. }
            | InboxEvent::GivenUp { .. }
            | InboxEvent::SurveySent { .. }
            | InboxEvent::HandoffRequested { .. }
            | InboxEvent::Rated { .. }
            | InboxEvent::WindowExpiring { .. } => None,
        }
    }

    fn event_types(&self) -> Vec<(&'static str, &'static str, Shape)> {
        vec![
            ("conversation.opened", "A conversation began, or goes on", shape::<Payload>()),
            (
                "conversation.assigned",
                "Somebody works on a conversation, or nobody any more",
                shape::<Payload>(),
            ),
            ("conversation.resolved", "A conversation was closed", shape::<Payload>()),
        ]
    }

    async fn data(&self, services: &Services, event: &Event) -> Result<Option<Value>, Error> {
        let (Some(session), Some(happened)) = (event.session(), event.body.read::<InboxEvent>())
        else {
            return Ok(None);
        };
        let state = services.inbox.get(session, &happened.about().chat).await?;
        let conversation = match state {
            Some(state) => chat_view::of(services, &state).await?,
            None => None,
        };
        let mut payload =
            Payload { conversation, reopened: None, resolved_by: None, assigned_by: None };
        match happened {
            InboxEvent::Opened { reopened, .. } => payload.reopened = Some(reopened),
            InboxEvent::Assigned { by, .. } => {
                payload.assigned_by = chat_view::agent(services, by).await?;
            }
            InboxEvent::Resolved { by, .. } => {
                payload.resolved_by = chat_view::agent(services, by).await?;
            }
            InboxEvent::Responded { .. }
            | InboxEvent::GivenUp { .. }
            | InboxEvent::SurveySent { .. }
            | InboxEvent::HandoffRequested { .. }
            | InboxEvent::Rated { .. }
            | InboxEvent::WindowExpiring { .. } => return Ok(None),
        }
        written(&payload)
    }
}
