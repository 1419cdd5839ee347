//! Demonstration (`wagate demo`): a scripted client that uses the public API alone.
//!
//! Every step is an HTTP request or a WebSocket frame that any client can send, printed with its curl command. Runs
//! on the simulated network only.

mod client;
mod narrator;
mod script;

pub use narrator::Narrator;
pub use script::{Ending, play};

/// A failed step of the script.
#[derive(Debug, thiserror::Error)]
#[error("{step}: {reason}")]
pub struct DemoError {
    pub step: String,
    pub reason: String,
}
