//! Presence: which people of the workspace are at work now. It lies in memory, but for the status that somebody chose.
//!
//! ```text
//!  heartbeat, open stream, own choice ──▶ board ──▶ changed? ──▶ event `presence.changed`
//!                            90 s without ──▶ ┘
//!                              own choice ──▶ record, read at the start
//! ```

mod board;
mod chosen;
mod event;
mod service;

pub use self::{
    board::{Shown, Status},
    event::PresenceEvent,
    service::{Listening, Presence},
};
use crate::store::Declaration;

/// The tables of this module.
pub const TABLES: &[Declaration] = &[Declaration::of::<chosen::Chosen>()];
