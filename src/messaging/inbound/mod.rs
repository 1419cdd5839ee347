//! Inbound events: written with what they change in the mirror, one commit each.
//!
//! ```text
//! session task ─▶ ingest ─▶ backfill_buffer ─▶ retry_writer ─▶ event_writer ─▶ mirror + event log
//!                                                   └─ disk refuses ─▶ retry_buffer
//! ```

pub mod backfill_buffer;
mod chat_names;
pub mod contact_writer;
#[cfg(test)]
mod contention;
pub mod event_writer;
pub mod ingest;
pub mod locally_changed;
pub mod menu_replies;
pub mod mirror;
pub mod mirror_records;
#[cfg(test)]
mod number_contention;
mod read_state;
pub mod receipt_writer;
pub mod receipts;
mod retry_buffer;
pub mod retry_writer;
mod session_locks;
pub mod unread;
