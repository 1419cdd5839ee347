//! Record of a rule of a bot: what starts it, under which conditions, and what it does.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `Automations` | id, which follows the order of creation | [`Automation`] |

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    automation::pattern::Pattern,
    domain::Timestamp,
    store::{Key, Record, Scope, Table, Tree},
    work_items::Priority,
};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $value:ident: $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$of])* #[serde(rename = $word)] $value,)*
        }

        impl $name {
            pub const WORDS: &'static [&'static str] = &[$($word,)*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $word,)*
                }
            }

            pub fn of(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$value),)*
                    _ => None,
                }
            }
        }
    };
}
words! {
    /// Kind of what starts a rule.
    TriggerKind {
        MessageReceived: "message_received",
        SessionCreated: "session_created",
        SessionIdle: "session_idle",
        StatusChanged: "status_changed",
        TagAdded: "tag_added",
        HandoffRequested: "handoff_requested",
        CsatReceived: "csat_received",
    }
}
words! {
    /// What a condition looks at.
    Field {
        Text: "message.text",
        Channel: "session.channel",
        Status: "session.status",
        SessionTags: "session.tags",
        ContactTags: "contact.tags",
        Phone: "contact.phone",
        Rating: "rating",
        Hour: "time.hour",
        /// From 1 for Monday.
        Weekday: "time.weekday",
        IsFirst: "is_first_message",
    }
}
words! {
    /// How a condition compares. Texts are compared without case and marks, by a regular expression without case.
    Op {
        Equals: "equals",
        NotEquals: "not_equals",
        Contains: "contains",
        NotContains: "not_contains",
        StartsWith: "starts_with",
        Regex: "regex",
        In: "in",
        Gt: "gt",
        Lt: "lt",
    }
}
words! {
    /// Whether all conditions must hold, or one.
    Match { All: "all", Any: "any" }
}
words! {
    /// A status that a rule can set.
    NewStatus { Open: "open", Resolved: "resolved", Bot: "bot" }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    pub kind: TriggerKind,
    /// How long nobody has written, for an idle conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    pub field: Field,
    pub op: Op,
    pub value: Wanted,
}

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wanted {
    Text(String),
    /// A regular expression.
    Pattern(Pattern),
    Number(i64),
    Bool(bool),
    /// One of these, as texts.
    OneOf(Vec<String>),
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Action {
    SendMessage {
        text: String,
    },
    AddTag {
        tag: String,
    },
    RemoveTag {
        tag: String,
    },
    Assign {
        user: Uuid,
    },
    SetStatus {
        status: NewStatus,
    },
    Handoff,
    CreateTicket {
        subject: String,
        priority: Option<Priority>,
    },
    CreateTask {
        title: String,
        assignee: Uuid,
        due_in_minutes: Option<u32>,
    },
    PauseBot,
    AddNote {
        text: String,
    },
    /// Posts the event to a webhook of the bot.
    CallWebhook {
        webhook: Uuid,
    },
}

impl Action {
    pub const KINDS: [&'static str; 11] = [
        "send_message",
        "add_tag",
        "remove_tag",
        "assign",
        "set_status",
        "handoff",
        "create_ticket",
        "create_task",
        "pause_bot",
        "add_note",
        "call_webhook",
    ];

    pub fn kind(&self) -> &'static str {
        match self {
            Self::SendMessage { .. } => "send_message",
            Self::AddTag { .. } => "add_tag",
            Self::RemoveTag { .. } => "remove_tag",
            Self::Assign { .. } => "assign",
            Self::SetStatus { .. } => "set_status",
            Self::Handoff => "handoff",
            Self::CreateTicket { .. } => "create_ticket",
            Self::CreateTask { .. } => "create_task",
            Self::PauseBot => "pause_bot",
            Self::AddNote { .. } => "add_note",
            Self::CallWebhook { .. } => "call_webhook",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Automation {
    pub id: Uuid,
    pub bot: Uuid,
    pub name: String,
    pub enabled: bool,
    pub trigger: Trigger,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    pub matching: Match,
    pub actions: Vec<Action>,
    /// Before those of its bot with a higher one; of the same, the older comes first.
    #[serde(default)]
    pub place: u32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Record for Automation {
    const TABLE: Table = Table {
        tree: Tree::new(138, "Automations"),
        owner: "automation",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

impl Automation {
    pub fn at(id: Uuid) -> Key<Self> {
        Self::key().uuid(id)
    }

    /// The name of its effects.
    pub fn rule(&self) -> String {
        format!("automation {}", self.id)
    }
}
