//! Bots: who answers contacts by itself. The record of a bot with its changes, who sees it, and what it answers.
//!
//! This module knows no HTTP and no conversations: the inbox asks it (`inbox/bot_step`). What surfaces call it differs: the
//! business API says AI agent.

mod bot;
mod change;
mod checks;
mod field_checks;
mod figures;
mod phrases;
mod preset;
mod profile;
mod profile_checks;
mod responder;
mod service;
mod viewer;

pub use self::{
    bot::{Bot, BotStatus, BusinessTask, Provider},
    change::BotChange,
    checks::BotDraft,
    figures::Figures,
    phrases::{asks_for_person, calls},
    profile::{Handoff, Position, Texts, Web, Widget},
    responder::Responder,
    service::{Bots, MOST_BOTS},
    viewer::Viewer,
};
use crate::store::Declaration;

/// The tables of this module.
pub const TABLES: &[Declaration] = &[Declaration::of::<Bot>(), Declaration::of::<Figures>()];
