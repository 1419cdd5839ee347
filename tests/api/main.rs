//! The API through HTTP: a whole gateway on a free port, on the simulated network.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a helper that fails is a test that fails"
)]

mod app;
mod backfill;
mod backup;
mod bad_input;
mod browsers;
mod business;
mod chat;
mod chat_lists;
mod chat_messages;
mod chat_ties;
mod clock;
mod counters;
mod descriptions;
mod disk;
mod documentation;
mod documented;
mod engine_calls;
mod examples;
mod faults;
mod faults_together;
mod fields;
mod idempotency;
mod identity;
mod journey;
mod labels;
mod listeners;
mod mcp;
mod media_links;
mod moving;
mod operation;
mod outbox;
mod permission;
mod own_events;
mod retention;
mod schema;
mod search;
mod secrets;
mod simulated_network;
mod session_names;
mod snapshots;
mod two_sides;
mod unread;
mod vault;
mod webhook_outage;
mod webhook_restart;
mod webhook_service;
mod webhook_wordings;
#[cfg(target_os = "linux")]
mod webhook_tls;
mod webhooks;
mod workspace;
mod wrong_bodies;

#[path = "../support/mod.rs"]
mod support;
use support::{daemon, processes, receiver};
