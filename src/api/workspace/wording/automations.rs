//! Words of rules that ran, `automation_triggered`, and of webhooks that they called, `webhook_called`.

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        event_data::written,
        kit::{Shape, shape},
        workspace::{
            automations::DoneView,
            session_view::{self, MessageView, SessionView},
            wording::family::{Family, session, state},
        },
    },
    automation::AutomationEvent,
    domain::{Error, Event, MessageId},
    services::Services,
};

const TRIGGERED: &str = "automation_triggered";
/// Goes to the webhook that is called, and to no other: nobody asks for it.
const CALLED: &str = "webhook_called";

pub struct AutomationWords;

/// A rule that ran.
#[derive(Serialize, ToSchema)]
#[schema(as = BotAutomationData)]
struct Payload {
    /// The rule.
    automation: RuleView,
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440061")]
    session_id: String,
    /// What became of each of its actions, in order.
    actions: Vec<DoneView>,
}

/// A rule, by its name.
#[derive(Serialize, ToSchema)]
#[schema(as = BotAutomationRule)]
struct RuleView {
    /// UUID of the rule.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// Its name then.
    #[schema(example = "Refunds")]
    name: String,
}

/// A webhook that a rule called.
#[derive(Serialize, ToSchema)]
#[schema(as = BotCallData)]
struct CallTold {
    /// The rule.
    automation: RuleView,
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440061")]
    session_id: String,
    /// The conversation; null for one that was deleted.
    session: Option<SessionView>,
    /// The message that started the rule; null where something else did.
    message: Option<MessageView>,
}

#[async_trait]
impl Family for AutomationWords {
    fn name(&self, event: &Event) -> Option<&'static str> {
        match event.body.read::<AutomationEvent>()? {
            AutomationEvent::Triggered { .. } => Some(TRIGGERED),
            AutomationEvent::WebhookCalled { .. } => Some(CALLED),
            AutomationEvent::Idle { .. } | AutomationEvent::FlowDue { .. } => None,
        }
    }

    fn event_types(&self) -> Vec<(&'static str, &'static str, Shape)> {
        vec![
            (TRIGGERED, "A rule of the bot ran", shape::<Payload>()),
            (CALLED, "A rule of the bot called this webhook", shape::<CallTold>()),
        ]
    }

    async fn bots(&self, _: &Services, event: &Event) -> Result<Vec<Uuid>, Error> {
        match event.body.read() {
            Some(
                AutomationEvent::Triggered { bot, .. } | AutomationEvent::WebhookCalled { bot, .. },
            ) => Ok(vec![bot]),
            _ => Ok(Vec::new()),
        }
    }

    async fn data(&self, services: &Services, event: &Event) -> Result<Option<Value>, Error> {
        let rule = |id: Uuid, name: String| RuleView { id: id.to_string(), name };
        match event.body.read() {
            Some(AutomationEvent::Triggered { of, automation, name, actions, .. }) => {
                let actions = actions.into_iter().map(DoneView::of).collect();
                let session_id = of.conversation.to_string();
                written(&Payload { automation: rule(automation, name), session_id, actions })
            }
            Some(AutomationEvent::WebhookCalled { of, automation, name, message, .. }) => {
                written(&CallTold {
                    automation: rule(automation, name),
                    session_id: of.conversation.to_string(),
                    session: session(services, event).await?,
                    message: match message {
                        Some(id) => said(services, event, &id).await?,
                        None => None,
                    },
                })
            }
            _ => Ok(None),
        }
    }
}

/// A message of the conversation of an event, where it is still there.
async fn said(
    services: &Services,
    event: &Event,
    id: &MessageId,
) -> Result<Option<MessageView>, Error> {
    let (Some(place), Some(state)) = (event.session(), state(services, event).await?) else {
        return Ok(None);
    };
    let Some(stored) = services.messages.stored(place, id).await? else { return Ok(None) };
    Ok(session_view::messages(services, &state, &[stored]).await?.into_iter().next())
}
