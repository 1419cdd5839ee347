//! Bots: who answers contacts by itself. So far the record of a bot and its changes; none answers yet.
//!
//! This module knows no HTTP. What surfaces call it differs: the business API says AI agent.

mod bot;
mod checks;
mod service;

pub use self::{
    bot::{Bot, BotStatus, BusinessTask, Provider},
    checks::{BotChange, BotDraft},
    service::{Bots, MOST_BOTS},
};
use crate::store::Declaration;

/// The tables of this module.
pub const TABLES: &[Declaration] = &[Declaration::of::<Bot>()];
