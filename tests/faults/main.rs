//! Faults as inputs: the gateway's process dies at random and at chosen moments, and what the
//! simulated network and a receiver saw is counted afterwards. `make faults` runs it at length.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a helper that fails is a test that fails"
)]

mod automation_kills;
mod bot_kills;
mod breakpoints;
mod broadcast_kills;
mod inbox_kills;
mod index_kills;
mod migration_kills;
mod migration_progress;
mod model_kills;
mod people;
mod refusal_kills;
mod rotation_kills;
mod send_kills;
mod survey_kills;
mod webhook_kills;

#[path = "../support/mod.rs"]
mod support;
