//! Mails that wait: a queue in the store, from where a job hands them to a mailer.
//!
//! ```text
//!  a commit of another module ── Post::queue_in ──▶ mail (sealed) + job ──▶ MailJob ──▶ Mailer: SMTP, or the simulated
//! ```
//!
//! A mail may hold a code, so it lies sealed until it is gone and is shown in no log. One that was not taken after a few
//! tries, or is past its time, is dropped.

mod job;
mod post;
mod record;

pub use self::{job::MailJob, post::Post};
use crate::{providers::mail::Mail, store::Declaration};

/// The tables of this module.
pub const TABLES: &[Declaration] = &[Declaration::of::<Mail>()];
