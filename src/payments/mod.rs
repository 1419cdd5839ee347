//! Payment links: made by a provider, sent to contacts, and paid once.
//!
//! ```text
//!              ┌── paid (webhook, or by hand) ──▶ PAID       also from EXPIRED and CANCELLED: the money is there
//!  ACTIVE ─────┼── expired (job) ───────────────▶ EXPIRED ─┐
//!              └── cancelled ───────────────────▶ CANCELLED┴─▶ job: ended at the provider
//! ```
//!
//! A change of a link, the counters of its lists, its event, the timeline of its contact and its jobs are one commit.
//! A provider's report is known by its id, so that one that comes twice pays once. This module knows no HTTP and no
//! session.

mod closing;
mod event;
mod expiry;
mod link;
mod lists;
mod report;
mod service;

pub use self::{
    closing::Closing,
    event::PaymentEvent,
    expiry::Expiry,
    link::{LinkStatus, PaymentLink},
    lists::{LinkFilter, LinkPage},
    service::{LinkDraft, Paid, Payments, PaymentsParts},
};
use crate::store::Declaration;

/// The tables of this module.
pub const TABLES: &[Declaration] = &[
    Declaration::of::<PaymentLink>(),
    Declaration::of::<lists::Count>(),
    Declaration::of::<report::Report>(),
];
