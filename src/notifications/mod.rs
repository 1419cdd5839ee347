//! Notifications: what a person should know of, made from the log, each once.
//!
//! ```text
//!  event log ──▶ consumer: who should know? ──▶ notification + unread count (+ mail) + cursor, one commit
//!  callers ────▶ service: list, count, mark read, preferences
//! ```
//!
//! A person has a thousand of them at most, none older than 90 days.

mod consumer;
mod kind;
mod news;
mod preferences;
mod record;
mod service;

pub use self::{
    consumer::{NotificationConsumer, NotificationParts},
    kind::Kind,
    preferences::{Preferences, PreferencesChange, QuietTime, QuietTimeChange},
    record::Notification,
    service::{Filter, Notifications, Page},
};
use crate::store::Declaration;

/// The tables of this module.
pub const TABLES: &[Declaration] = &[
    Declaration::of::<Notification>(),
    Declaration::of::<record::Counts>(),
    Declaration::of::<Preferences>(),
    Declaration::of::<record::LastTold>(),
];
