//! The group `csat` of the settings: the survey after a conversation was resolved.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::business::{
        contact_view::given,
        settings::words::{Nullable, within},
    },
    config::Surveys,
    settings::{InEffect, Patch},
};

/// Settings of the survey.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessCsatSettings)]
pub struct CsatView {
    /// Whether contacts are asked.
    #[schema(example = true)]
    enabled: bool,
    /// The question.
    #[schema(example = "How did you like it, from 1 to 5?")]
    message: String,
    /// What is asked after a rating without a comment.
    #[schema(example = "Thanks! Why? Reply SKIP to finish.")]
    comment_prompt: String,
    /// What is said after the comment.
    #[schema(example = "Thank you.")]
    thanks: String,
    /// Hours in which a rating counts.
    #[schema(example = 24)]
    expiry_hours: u32,
    /// Hours before the same contact is asked again.
    #[schema(example = 24)]
    min_gap_hours: u32,
    /// Whether contacts are asked, too, when a bot or a flow resolved their conversation.
    #[schema(example = false)]
    after_bot: bool,
}

impl From<&InEffect> for CsatView {
    fn from(settings: &InEffect) -> Self {
        let Surveys {
            enabled,
            message,
            comment_prompt,
            thanks,
            expiry_hours,
            min_gap_hours,
            after_bot,
        } = settings.surveys.clone();
        Self { enabled, message, comment_prompt, thanks, expiry_hours, min_gap_hours, after_bot }
    }
}

/// Changes of the survey's settings.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessCsatSettingsChange)]
pub struct CsatChange {
    /// Whether contacts are asked.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<bool>)]
    enabled: Nullable<bool>,
    /// The question.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    #[schema(example = "How did you like it, from 1 to 5?")]
    message: Nullable<String>,
    /// What is asked after a rating without a comment.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    #[schema(example = "Thanks! Why? Reply SKIP to finish.")]
    comment_prompt: Nullable<String>,
    /// What is said after the comment.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    #[schema(example = "Thank you.")]
    thanks: Nullable<String>,
    /// Hours in which a rating counts.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 720)]
    expiry_hours: Nullable<u32>,
    /// Hours before the same contact is asked again.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>, maximum = 8760)]
    min_gap_hours: Nullable<u32>,
    /// Whether contacts are asked, too, when a bot or a flow resolved their conversation.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<bool>)]
    after_bot: Nullable<bool>,
}

pub fn set(patch: &mut Patch, csat: &Nullable<CsatChange>) {
    patch.set(("csat.enabled", "surveys.enabled"), within(csat, |one| &one.enabled));
    patch.set(("csat.message", "surveys.message"), within(csat, |one| &one.message));
    let prompt = within(csat, |one| &one.comment_prompt);
    patch.set(("csat.commentPrompt", "surveys.comment_prompt"), prompt);
    patch.set(("csat.thanks", "surveys.thanks"), within(csat, |one| &one.thanks));
    let expiry = within(csat, |one| &one.expiry_hours);
    patch.set(("csat.expiryHours", "surveys.expiry_hours"), expiry);
    let gap = within(csat, |one| &one.min_gap_hours);
    patch.set(("csat.minGapHours", "surveys.min_gap_hours"), gap);
    patch.set(("csat.afterBot", "surveys.after_bot"), within(csat, |one| &one.after_bot));
}
