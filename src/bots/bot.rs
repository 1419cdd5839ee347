//! The record of a bot.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `Bots` | id, which follows the order of creation | [`Bot`] |

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{SessionId, Timestamp},
    store::{Key, Record, Scope, Table, Tree},
};

const TREE: Tree = Tree::new(170, "Bots");

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bot {
    pub id: Uuid,
    pub name: String,
    pub task: BusinessTask,
    pub status: BotStatus,
    /// Each once, whatever its case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trigger_keywords: Vec<String>,
    /// What a model is told first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    #[serde(default)]
    pub provider: Provider,
    /// None for the model of the settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    pub temperature: f64,
    /// Replies in a row before a person takes over.
    pub max_turns: u32,
    #[serde(default)]
    pub business_hours_only: bool,
    /// The sessions whose contacts it answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sessions: Vec<SessionId>,
    /// The API key of who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<Uuid>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What a bot is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BusinessTask {
    Faq,
    OrderTracking,
    CustomerSupport,
    Booking,
    LeadQualification,
    Feedback,
    Other,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BotStatus {
    /// Never active yet.
    #[default]
    Draft,
    Active,
    Inactive,
}

/// Who words the answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// The gateway itself, without a model.
    #[default]
    Embedded,
    /// A model behind an interface as OpenAI has it.
    #[serde(rename = "openai")]
    OpenAi,
}

impl Record for Bot {
    const TABLE: Table = Table { tree: TREE, owner: "bots", indexes: &[], scope: Scope::Gateway };
}

impl Bot {
    pub fn at(id: Uuid) -> Key<Self> {
        Self::key().uuid(id)
    }
}
