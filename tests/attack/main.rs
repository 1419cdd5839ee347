//! Attacks on the running gateway: each way in that a review found, tried on the real program and
//! refused. `make attack` runs them with the long forms of those that last.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a helper that fails is a test that fails"
)]

mod admission;
mod bounds;
mod callers;
mod connections;
mod egress;
mod headers;
mod hostile;
mod keys;
mod launch;
mod local_callers;
mod machine;
mod matrix;
mod page;
mod removed_sessions;
mod sockets;

#[path = "../support/mod.rs"]
mod support;
