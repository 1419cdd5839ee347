//! Inbox events: an event family for what becomes of conversations.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{EventSubject, Jid, LogEvent, Timestamp},
    inbox::{agent::Agent, bot_run::HandoffReason, survey::Survey},
};

/// The kind of the event that the inbox itself follows.
pub const RESOLVED: &str = "conversation.resolved";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum InboxEvent {
    /// A conversation is new, or was resolved and goes on.
    Opened { of: About, reopened: bool },
    /// None for nobody.
    Assigned { of: About, assignee: Option<Agent>, by: Option<Agent> },
    /// The first message to the contact since the contact wrote in an open conversation.
    Responded {
        of: About,
        /// The contact's first message.
        waiting_since: Timestamp,
        by: Option<Agent>,
    },
    Resolved {
        of: About,
        by: Option<Agent>,
        #[serde(default)]
        assignee: Option<Agent>,
        /// None in events of before it was noted.
        #[serde(default)]
        opened_at: Option<Timestamp>,
        /// Whether the contact is asked how it was; none for what the settings say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        survey: Option<bool>,
    },
    /// The contact was asked for a rating.
    SurveySent {
        of: About,
        survey: Uuid,
        /// Whose work is rated: the assignee, or who resolved the conversation.
        #[serde(default)]
        agent: Option<Agent>,
    },
    /// The contact answered. What it says goes before what an earlier event says of the same survey.
    Rated { of: About, survey: Uuid, rating: u8, comment: Option<String> },
    /// A bot that was to answer does not, without a word: the conversation waits for people.
    GivenUp { of: About, bot: Option<Uuid> },
    /// A bot leaves the conversation to people.
    HandoffRequested { of: About, bot: Uuid, reason: HandoffReason },
    /// The window closes soon. Logged once for each last message of the contact.
    WindowExpiring { of: About, expires_at: Timestamp },
}

/// The conversation of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    pub chat: Jid,
    pub conversation: Uuid,
    pub contact: Option<Uuid>,
    /// A rule or a flow did it: it starts no rule in turn.
    #[serde(default, skip_serializing_if = "is_false")]
    pub automatic: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl InboxEvent {
    /// The same as an effect of a rule or a flow.
    #[must_use]
    pub fn automatic(mut self) -> Self {
        match &mut self {
            Self::Opened { of, .. }
            | Self::Assigned { of, .. }
            | Self::Responded { of, .. }
            | Self::Resolved { of, .. }
            | Self::SurveySent { of, .. }
            | Self::Rated { of, .. }
            | Self::GivenUp { of, .. }
            | Self::HandoffRequested { of, .. }
            | Self::WindowExpiring { of, .. } => of.automatic = true,
        }
        self
    }

    /// What the contact of a conversation answered to its survey by now; none before a rating.
    pub fn rated(of: About, survey: &Survey) -> Option<Self> {
        let Survey { id, rating, comment, .. } = survey;
        Some(Self::Rated { of, survey: *id, rating: (*rating)?, comment: comment.clone() })
    }

    pub fn about(&self) -> &About {
        match self {
            Self::Opened { of, .. }
            | Self::Assigned { of, .. }
            | Self::Responded { of, .. }
            | Self::Resolved { of, .. }
            | Self::SurveySent { of, .. }
            | Self::Rated { of, .. }
            | Self::GivenUp { of, .. }
            | Self::HandoffRequested { of, .. }
            | Self::WindowExpiring { of, .. } => of,
        }
    }
}

impl LogEvent for InboxEvent {
    const FAMILY: &'static str = "inbox";

    fn kind(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "conversation.opened",
            Self::Assigned { .. } => "conversation.assigned",
            Self::Responded { .. } => "conversation.responded",
            Self::Resolved { .. } => RESOLVED,
            Self::SurveySent { .. } => "csat.sent",
            Self::Rated { .. } => "csat.received",
            Self::GivenUp { .. } => "conversation.given_up",
            Self::HandoffRequested { .. } => "handoff.requested",
            Self::WindowExpiring { .. } => "conversation.window_expiring",
        }
    }

    fn subject(&self) -> EventSubject {
        EventSubject::Chat(self.about().chat.clone())
    }
}
