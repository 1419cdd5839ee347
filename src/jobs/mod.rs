//! Durable jobs: work that is due at a time, run at least once, with effects that happen exactly once.
//!
//! ```text
//!  (scheduled) ──▶ waiting ──due──▶ running ──▶ done, or waiting for its next time
//!                     ▲                │
//!                     └──after a pause─┤ failed
//!                                      └─ too often ──▶ dead, until it is scheduled again
//! ```
//!
//! A job is a record of the store with a kind and a name. A handler adds its effects and events to a transaction;
//! the runner removes the job, or sets its next time, in the same commit. A kill before the commit changes nothing.
//! Effects outside the store may happen twice: the handler gives them names by which the other side recognises
//! them.
//!
//! Times are those of the wall clock. This module does not know what handlers do.

mod job;
mod runner;
mod schedule;

pub use self::{
    job::Job,
    schedule::{Handler, Jobs, Then, Tries},
};
use crate::store::Declaration;

/// The tables of this module.
pub const TABLES: &[Declaration] = &[Declaration::of::<Job>()];
