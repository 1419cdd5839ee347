//! What a summary says.

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;

/// Who made a summary without a model.
pub const EMBEDDED: &str = "embedded";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    pub text: String,
    pub key_points: Vec<String>,
    pub topics: Vec<String>,
    pub sentiment: Sentiment,
    pub action_items: Vec<String>,
    /// Messages that it was made of.
    pub messages: usize,
    /// The name of the model, or `embedded`.
    pub by: String,
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sentiment {
    Positive,
    Neutral,
    Negative,
}

impl Sentiment {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Neutral => "neutral",
            Self::Negative => "negative",
        }
    }
}
