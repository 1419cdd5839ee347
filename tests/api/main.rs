//! The API through HTTP: a whole gateway on a free port, on the simulated network.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that fails is a test that fails"
)]

mod app;
mod bad_input;
mod browsers;
mod faults;
mod journey;
mod listeners;
mod permission;
mod receiver;
mod simulated_network;
mod webhook_kills;
mod webhook_service;
mod webhooks;
