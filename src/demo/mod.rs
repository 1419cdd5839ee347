//! The demonstration: the gateway's main job, done in front of the reader through its public API.
//!
//! Holds no handle of the gateway. Every step is an HTTP request or a WebSocket frame that any
//! client could send, shown with the curl line that does the same. Runs against the simulated
//! network only.

mod client;
mod narrator;
mod script;

pub use narrator::Narrator;
pub use script::{Ending, play};

/// A step that did not work, in words for the reader.
#[derive(Debug, thiserror::Error)]
#[error("{step}: {reason}")]
pub struct DemoError {
    pub step: String,
    pub reason: String,
}
