//! Answers of a language model: what it is asked for a bot, what it says piece by piece, who follows that, and
//! summaries of conversations.
//!
//! ```text
//! bot + passages + history ──prompt──▶ model ──pieces──▶ spoken (marks and blanks held back) ──▶ live ──▶ followers
//! ```
//!
//! This module knows no HTTP and no state of conversations: the inbox decides when an answer is due (`inbox/answering`).

mod assistant;
mod health;
mod live;
mod prompt;
mod spoken;
mod summary;

pub use self::{
    assistant::{AnswerRules, Asked, Assistant},
    health::{Health, ModelTest},
    live::{Follower, Live, LiveAnswers},
    prompt::{Talk, history_of},
    spoken::{MARK, Spoken},
    summary::{Sentiment, Summaries, Summary},
};
use crate::store::Declaration;

/// The tables of this module.
pub const TABLES: &[Declaration] = &[Declaration::of::<summary::StoredSummary>()];
