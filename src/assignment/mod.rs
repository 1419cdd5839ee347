//! Automatic assignment: a conversation that waits for people goes to one of those who are there, as the settings say.
//!
//! ```text
//! opened or handed over ──▶ open, nobody's ──▶ people who may see it, are online and have room ──▶ in turn, or least loaded
//! ```
//!
//! Each assignment is in the commit of the event that leads to it. Where nobody is there, the conversation stays open for
//! everybody. What an assignment does to the conversation is the inbox's to know.

mod choice;
mod consumer;
mod idle;

pub use self::{
    consumer::{AssignmentConsumer, AssignmentParts},
    idle::forget_person,
};
use crate::store::Declaration;

/// The tables of this module.
pub const TABLES: &[Declaration] = &[Declaration::of::<idle::LastAssigned>()];
