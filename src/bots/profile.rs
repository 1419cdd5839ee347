//! Parts of a bot's record: its texts, when it hands over to a person, and its web chat.

use serde::{Deserialize, Serialize};

/// What a bot says beside its answers; none for the usual words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Texts {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub welcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handoff: Option<String>,
}

/// When a bot hands a conversation over to a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Handoff {
    pub enabled: bool,
    /// Beside the usual words of its language and of its domain.
    pub keywords: Vec<String>,
    /// Fallbacks in a row.
    pub after_fallbacks: u32,
}

impl Default for Handoff {
    fn default() -> Self {
        Self { enabled: true, keywords: Vec::new(), after_fallbacks: 2 }
    }
}

/// The web chat of a bot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Web {
    /// Whether visitors may write; members always may.
    pub is_on: bool,
    /// What the widget of a page names the bot by; none in records of before there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_token: Option<String>,
    /// The origins of pages that may have the widget; empty for all.
    pub allowed_origins: Vec<String>,
    pub widget: Widget,
}

/// How the widget looks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Widget {
    /// `#RRGGBB`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    pub position: Position,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// Questions that a visitor can choose before the first message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<String>,
}

/// The corner of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Position {
    #[default]
    BottomRight,
    BottomLeft,
}

impl Position {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BottomRight => "bottom-right",
            Self::BottomLeft => "bottom-left",
        }
    }
}
