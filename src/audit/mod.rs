//! Audit log: who changed what in the gateway, and when. Append-only, of bounded length, and without what was written.
//!
//! ```text
//!  a write that administers ── begun ──▶ entry without an outcome ──▶ its handler ── ended ──▶ entry with the status
//! ```
//!
//! The entry is durable before the handler runs, so that a kill in between leaves an entry whose outcome is unknown, and
//! never a change without an entry. Which writes are noted, it does not know: the gate of the API does.

mod entry;
mod service;

pub use self::{
    entry::{AuditActor, AuditEntry},
    service::{Audit, AuditFilter, MOST_ENTRIES, NewEntry},
};
use crate::store::Declaration;

/// The tables of this module.
pub const TABLES: &[Declaration] = &[Declaration::of::<AuditEntry>()];
