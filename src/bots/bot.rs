//! The record of a bot.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `Bots` | id, which follows the order of creation | [`Bot`] |

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    bots::profile::{Handoff, Texts, Web},
    domain::{SessionId, Timestamp},
    store::{Key, Record, Scope, Table, Tree},
};

/// The domain of a bot that names none.
pub const GENERAL: &str = "general";
/// The language of a bot that follows its contacts.
pub const ANY_LANGUAGE: &str = "auto";

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
    /// Instructions for a model.
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
    /// The person whose bot it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Uuid>,
    /// What it is about, in any words; those of a preset bring what is usual there.
    #[serde(default = "general")]
    pub domain: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `auto`, or the tag of a language.
    #[serde(default = "any_language")]
    pub language: String,
    /// How it words answers, for a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tone: Option<String>,
    /// Tokens that a model may answer with; none for the model's own limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    #[serde(default)]
    pub texts: Texts,
    #[serde(default)]
    pub handoff: Handoff,
    #[serde(default)]
    pub web: Web,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

fn general() -> String {
    GENERAL.to_owned()
}

fn any_language() -> String {
    ANY_LANGUAGE.to_owned()
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

    /// Whether it answers everybody who writes to its sessions, without a keyword.
    pub fn is_default(&self) -> bool {
        self.status == BotStatus::Active && self.trigger_keywords.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_of_before_it_had_texts_and_a_web_chat_is_read() {
        let stored = json!({
            "id": Uuid::nil(), "name": "Desk", "task": "faq", "status": "active", "temperature": 0.3,
            "maxTurns": 5, "createdAt": "1970-01-01T00:00:01Z", "updatedAt": "1970-01-01T00:00:01Z",
        });
        let bot: Bot = serde_json::from_value(stored).unwrap();
        assert_eq!((bot.domain.as_str(), bot.language.as_str()), ("general", "auto"));
        assert_eq!((bot.handoff, bot.web), (Handoff::default(), Web::default()));
    }
}
