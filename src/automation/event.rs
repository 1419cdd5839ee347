//! Events of rules and flows: an event family.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    automation::run::Done,
    domain::{EventSubject, LogEvent, MessageId, Timestamp},
    inbox::About,
};

/// The kinds that rules and flows themselves act on.
pub const IDLE: &str = "conversation.idle";
pub const FLOW_DUE: &str = "flow.due";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum AutomationEvent {
    /// A rule ran.
    Triggered { of: About, automation: Uuid, name: String, bot: Uuid, actions: Vec<Done> },
    /// A rule calls a webhook, which alone gets this.
    WebhookCalled {
        of: About,
        automation: Uuid,
        name: String,
        bot: Uuid,
        webhook: Uuid,
        /// The message that started the rule.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<MessageId>,
        /// The name of the effect.
        effect: Uuid,
    },
    /// Nobody has written for so long since then.
    Idle { of: About, since: Timestamp, minutes: u32 },
    /// A flow has waited long enough at a step.
    FlowDue {
        of: About,
        run: Uuid,
        /// How often the flow had stopped.
        stop: u32,
    },
}

impl AutomationEvent {
    pub fn about(&self) -> &About {
        match self {
            Self::Triggered { of, .. }
            | Self::WebhookCalled { of, .. }
            | Self::Idle { of, .. }
            | Self::FlowDue { of, .. } => of,
        }
    }
}

impl LogEvent for AutomationEvent {
    const FAMILY: &'static str = "automation";

    fn kind(&self) -> &'static str {
        match self {
            Self::Triggered { .. } => "automation.triggered",
            Self::WebhookCalled { .. } => "webhook.called",
            Self::Idle { .. } => IDLE,
            Self::FlowDue { .. } => FLOW_DUE,
        }
    }

    fn subject(&self) -> EventSubject {
        EventSubject::Chat(self.about().chat.clone())
    }

    fn identity(&self) -> Option<String> {
        match self {
            Self::Triggered { .. } => None,
            Self::WebhookCalled { effect, .. } => Some(format!("called|{effect}")),
            Self::Idle { of, since, minutes } => {
                Some(format!("idle|{}|{since}|{minutes}", of.conversation))
            }
            Self::FlowDue { run, stop, .. } => Some(format!("due|{run}|{stop}")),
        }
    }
}
