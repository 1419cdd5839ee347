//! Words of conversations with bots: `new_session`, `handoff_requested`, `session_assigned`.

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        business::agents,
        event_data::written,
        kit::{Shape, shape},
        workspace::{
            session_view::{self, AgentView, MessageView, SessionView, VisitorView, reason_schema},
            wording::family::{Family, session, state},
        },
    },
    domain::{
        Error, Event,
        conversation::{StoredMessage, Window},
    },
    inbox::{Agent, InboxEvent, InboxState},
    services::Services,
};

/// Messages that a request for a person brings along.
const LAST_MESSAGES: usize = 5;
/// Messages among which the first one of a conversation is looked for.
const LOOKED_AT: usize = 20;

pub struct SessionWords;

/// A conversation that began.
#[derive(Serialize, ToSchema)]
#[schema(as = BotSessionData)]
struct Began {
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440061")]
    session_id: String,
    /// The conversation; null for one that was deleted meanwhile.
    session: Option<SessionView>,
    /// Its first message; null for one that is gone.
    first_message: Option<MessageView>,
}

/// A bot asked for a person.
#[derive(Serialize, ToSchema)]
#[schema(as = BotHandoffData)]
struct HandedOver {
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440061")]
    session_id: String,
    /// Why it did.
    #[schema(schema_with = reason_schema)]
    reason: &'static str,
    /// The person at the other side; null for a conversation that was deleted.
    visitor: Option<VisitorView>,
    /// The newest five messages, oldest first.
    last_messages: Vec<MessageView>,
}

/// Somebody works on a conversation.
#[derive(Serialize, ToSchema)]
#[schema(as = BotAssignmentData)]
struct Assigned {
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440061")]
    session_id: String,
    /// Who works on it.
    agent: AgentView,
    /// Who assigned it; null where nobody is known.
    assigned_by: Option<AgentView>,
}

#[async_trait]
impl Family for SessionWords {
    fn name(&self, event: &Event) -> Option<&'static str> {
        match event.body.read::<InboxEvent>()? {
            InboxEvent::Opened { reopened: false, .. } => Some("new_session"),
            InboxEvent::HandoffRequested { .. } => Some("handoff_requested"),
            InboxEvent::Assigned { assignee: Some(_), .. } => Some("session_assigned"),
            _ => None,
        }
    }

    fn event_types(&self) -> Vec<(&'static str, &'static str, Shape)> {
        vec![
            ("new_session", "A conversation began", shape::<Began>()),
            ("handoff_requested", "The bot asks for a person", shape::<HandedOver>()),
            ("session_assigned", "Somebody works on a conversation", shape::<Assigned>()),
        ]
    }

    async fn bots(&self, services: &Services, event: &Event) -> Result<Vec<Uuid>, Error> {
        if let Some(InboxEvent::HandoffRequested { bot, .. }) = event.body.read() {
            return Ok(vec![bot]);
        }
        Ok(state(services, event).await?.and_then(|state| state.bot).into_iter().collect())
    }

    async fn data(&self, services: &Services, event: &Event) -> Result<Option<Value>, Error> {
        let Some(happened) = event.body.read::<InboxEvent>() else { return Ok(None) };
        let session_id = happened.about().conversation.to_string();
        match happened {
            InboxEvent::Opened { .. } => {
                let first_message = match state(services, event).await? {
                    Some(state) => first_message(services, &state).await?,
                    None => None,
                };
                let session = session(services, event).await?;
                written(&Began { session_id, session, first_message })
            }
            InboxEvent::HandoffRequested { reason, .. } => {
                let last_messages = match state(services, event).await? {
                    Some(state) => newest_messages(services, &state).await?,
                    None => Vec::new(),
                };
                let visitor = session(services, event).await?.map(|session| session.visitor);
                written(&HandedOver { session_id, reason: reason.as_str(), visitor, last_messages })
            }
            InboxEvent::Assigned { assignee: Some(assignee), by, .. } => {
                let agent = agent(services, assignee).await?;
                let assigned_by = match by {
                    Some(by) => Some(self::agent(services, by).await?),
                    None => None,
                };
                written(&Assigned { session_id, agent, assigned_by })
            }
            _ => Ok(None),
        }
    }
}

/// The visitor's first message since the conversation began, where few have followed.
async fn first_message(
    services: &Services,
    state: &InboxState,
) -> Result<Option<MessageView>, Error> {
    let place = (&state.session, &state.chat);
    let newest = services.messages.window(place, Window::Newest, LOOKED_AT).await?;
    let is_first = |stored: &StoredMessage| {
        let message = &stored.message;
        !message.from_me() && state.first_inbound_at.is_some_and(|at| at <= message.timestamp)
    };
    let Some(first) = newest.into_iter().find(is_first) else { return Ok(None) };
    Ok(session_view::messages(services, state, &[first]).await?.pop())
}

/// The newest messages of a conversation, oldest first.
async fn newest_messages(
    services: &Services,
    state: &InboxState,
) -> Result<Vec<MessageView>, Error> {
    let place = (&state.session, &state.chat);
    let newest = services.messages.window(place, Window::Newest, LAST_MESSAGES).await?;
    session_view::messages(services, state, &newest).await
}

/// A person or an API key, as events show them.
pub async fn agent(services: &Services, agent: Agent) -> Result<AgentView, Error> {
    let name = agents::name(services, agent).await?;
    Ok(AgentView { id: agent.id().to_string(), name })
}
