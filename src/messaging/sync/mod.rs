//! Synchronisation with an engine that became ready: contacts, chats, and the events that were missed.

mod backfill;
pub mod backfill_writer;
pub mod checkpoint;
pub mod initial_sync;
mod message_diff;
