//! Sessions with a supervisor, a store and an outbox, on a scripted engine and a clock
//! that is moved by hand.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod degraded;
mod engine;
mod recycle;
mod stage;
mod stalled;
