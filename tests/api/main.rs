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
mod clock;
mod counters;
mod daemon;
mod disk;
mod faults;
mod idempotency;
mod journey;
mod listeners;
mod outbox;
mod permission;
mod receiver;
mod retention;
mod secrets;
mod simulated_network;
mod webhook_kills;
mod webhook_service;
mod webhooks;
