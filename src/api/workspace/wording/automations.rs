//! Words of rules that ran: `automation_triggered`.

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        kit::{Shape, shape},
        workspace::{
            automations::DoneView,
            wording::family::{Family, written},
        },
    },
    automation::AutomationEvent,
    domain::{Error, Event},
    services::Services,
};

const NAME: &str = "automation_triggered";

pub struct AutomationWords;

/// A rule that ran.
#[derive(Serialize, ToSchema)]
#[schema(as = BotAutomationData)]
struct Told {
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

#[async_trait]
impl Family for AutomationWords {
    fn name(&self, event: &Event) -> Option<&'static str> {
        let happened = event.body.read::<AutomationEvent>()?;
        matches!(happened, AutomationEvent::Triggered { .. }).then_some(NAME)
    }

    fn told(&self) -> Vec<(&'static str, &'static str, Shape)> {
        vec![(NAME, "A rule of the bot ran", shape::<Told>())]
    }

    async fn bots(&self, _: &Services, event: &Event) -> Result<Vec<Uuid>, Error> {
        match event.body.read() {
            Some(AutomationEvent::Triggered { bot, .. }) => Ok(vec![bot]),
            _ => Ok(Vec::new()),
        }
    }

    async fn data(&self, _: &Services, event: &Event) -> Result<Option<Value>, Error> {
        let Some(AutomationEvent::Triggered { of, automation, name, actions, .. }) =
            event.body.read()
        else {
            return Ok(None);
        };
        let automation = RuleView { id: automation.to_string(), name };
        let actions = actions.into_iter().map(DoneView::of).collect();
        written(&Told { automation, session_id: of.conversation.to_string(), actions })
    }
}
