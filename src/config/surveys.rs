//! Settings of the surveys that ask contacts how they liked the service.

use serde::{Deserialize, Serialize};

use crate::config::business::{Fault, is_text};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surveys {
    pub enabled: bool,
    /// The question.
    pub message: String,
    /// What is asked after a rating without a comment.
    pub comment_prompt: String,
    pub thanks: String,
    /// How long a rating is waited for.
    pub expiry_hours: u32,
    /// The least time between two surveys of a contact.
    pub min_gap_hours: u32,
    /// Whether contacts are asked, too, when no person resolved their conversation.
    pub after_bot: bool,
}

impl Surveys {
    /// What is wrong with the settings.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (path, text) in [
            ("surveys.message", &self.message),
            ("surveys.comment_prompt", &self.comment_prompt),
            ("surveys.thanks", &self.thanks),
        ] {
            if !is_text(text) {
                faults.push((path, "must have 1 to 1,000 characters".to_owned()));
            }
        }
        if !(1..=720).contains(&self.expiry_hours) {
            faults.push(("surveys.expiry_hours", "must be between 1 and 720".to_owned()));
        }
        if 8_760 < self.min_gap_hours {
            faults.push(("surveys.min_gap_hours", "must be at most 8760".to_owned()));
        }
        faults
    }
}
