//! Teams: people who work together, the bots that they share, and who may see what through them.
//!
//! ```text
//!  team ──▶ members (role in the team) ──▶ what they see: shared bots and the conversations of these
//!   └─────▶ shares (bot, permission)
//! ```
//!
//! Members and invitations lie with the accounts, which take invitations up; the shares lie here. A member who leaves
//! gives back the conversations that are assigned to them, in the same commit.

mod access;
mod event;
mod readers;
mod service;
mod share;

pub use self::{
    event::TeamEvent,
    readers::{people_of, workers_of},
    service::{Invited, Members, TeamView, Teams, TeamsParts},
    share::{Access, Permission, Share},
};
use crate::store::Declaration;

/// The tables of this module.
pub const TABLES: &[Declaration] = &[Declaration::of::<Share>()];
