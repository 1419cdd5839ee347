//! Record of a flow: what starts it, and the steps that a conversation goes through.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `Flows` | id, which follows the order of creation | [`Flow`] |
//! | `FlowRuns` | session, chat | [`FlowRun`] |

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    automation::rule::{Condition, Match},
    domain::{Jid, SessionId, Timestamp},
    store::{Key, Record, Scope, Table, Tree},
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Flow {
    pub id: Uuid,
    pub name: String,
    pub enabled: bool,
    pub trigger: FlowTrigger,
    pub steps: Vec<Step>,
    /// The one session that it is for; none for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// The bot that it goes with; none for the business as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot: Option<Uuid>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What starts a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum FlowTrigger {
    Keyword {
        keywords: Vec<String>,
        matching: KeywordMatch,
    },
    /// The first message of a conversation that is new, or was resolved.
    NewConversation,
    Any,
}

/// How a keyword is looked for, without regard to case and marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeywordMatch {
    Contains,
    Exact,
    StartsWith,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub id: String,
    pub does: StepKind,
    /// The step after it; none for the following one of the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum StepKind {
    /// A text, a file of the library, or both: then the text stands under the file.
    Message {
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        media: Option<Uuid>,
    },
    /// A question with options.
    Menu {
        text: String,
        options: Vec<Choice>,
        retry: u32,
        on_invalid: Option<String>,
    },
    /// A question whose answer is kept.
    Question {
        text: String,
        save_to: SaveTo,
        validate: Option<Validate>,
        retry: u32,
        on_invalid: Option<String>,
    },
    /// Goes on where the conditions hold, and to another step where they do not.
    Condition {
        conditions: Vec<Condition>,
        matching: Match,
        otherwise: Option<String>,
    },
    Tag {
        add: Vec<String>,
        remove: Vec<String>,
    },
    Assign {
        user: Uuid,
    },
    Handoff {
        message: Option<String>,
    },
    Wait {
        minutes: u32,
    },
    /// Ends the flow, and resolves the conversation where that is wanted.
    End {
        resolve: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub id: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Where an answer is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SaveTo {
    Name,
    Email,
    /// An attribute of the contact, by its name.
    Attribute(String),
}

/// What an answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validate {
    Email,
    Number,
    Phone,
}

impl Record for Flow {
    const TABLE: Table = Table {
        tree: Tree::new(195, "Flows"),
        owner: "automation",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

impl Flow {
    pub fn at(id: Uuid) -> Key<Self> {
        Self::key().uuid(id)
    }

    /// The files that its steps send, each with the place of its step.
    pub fn files(&self) -> Vec<(usize, Uuid)> {
        let file = |(place, step): (usize, &Step)| match step.does {
            StepKind::Message { media, .. } => media.map(|file| (place, file)),
            _ => None,
        };
        self.steps.iter().enumerate().filter_map(file).collect()
    }

    /// The place of a step.
    pub fn place(&self, id: &str) -> Option<usize> {
        self.steps.iter().position(|step| step.id == id)
    }
}

/// How far a conversation has come in a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FlowRun {
    /// Tells it from earlier runs of the conversation.
    pub id: Uuid,
    pub flow: Uuid,
    /// The step at which it stopped.
    pub step: String,
    /// How often it stopped.
    pub stop: u32,
    /// Answers in a row that were none.
    #[serde(default)]
    pub retries: u32,
    /// When it goes on, or is given up.
    pub due: Timestamp,
}

impl Record for FlowRun {
    const TABLE: Table = Table {
        tree: Tree::new(196, "FlowRuns"),
        owner: "automation",
        indexes: &[],
        scope: Scope::Account,
    };
}

impl FlowRun {
    pub fn at(session: &SessionId, chat: &Jid) -> Key<Self> {
        Self::key().text(session.as_str()).text(chat.as_str())
    }
}
