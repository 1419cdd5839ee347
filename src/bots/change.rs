//! A change of a bot, as callers give it.

use crate::bots::{
    bot::{BotStatus, BusinessTask, Provider},
    profile::Widget,
};

/// What is given is changed.
#[derive(Clone, Debug, Default)]
pub struct BotChange {
    pub name: Option<String>,
    pub task: Option<BusinessTask>,
    pub status: Option<BotStatus>,
    pub trigger_keywords: Option<Vec<String>>,
    /// None within to remove it; the same of the model.
    pub system_prompt: Option<Option<String>>,
    pub provider: Option<Provider>,
    pub model: Option<Option<String>>,
    pub temperature: Option<f64>,
    pub max_turns: Option<u32>,
    pub business_hours_only: Option<bool>,
    pub sessions: Option<Vec<String>>,
    pub domain: Option<String>,
    pub description: Option<Option<String>>,
    pub language: Option<String>,
    pub tone: Option<Option<String>>,
    pub max_tokens: Option<Option<u32>>,
    pub welcome: Option<Option<String>>,
    pub fallback: Option<Option<String>>,
    pub handoff: Option<Option<String>>,
    pub handoff_enabled: Option<bool>,
    pub handoff_keywords: Option<Vec<String>>,
    pub after_fallbacks: Option<u32>,
    pub web: Option<bool>,
    pub allowed_origins: Option<Vec<String>>,
    pub widget: Option<Widget>,
    pub new_token: bool,
}
