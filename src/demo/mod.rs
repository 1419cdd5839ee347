//! Demonstration (`wagate demo`): a scripted client that uses the public API alone.
//!
//! Every step is an HTTP request or a WebSocket frame that any client can send, printed with its curl command. Runs
//! on the simulated network only.

mod business;
mod client;
mod narrator;
mod script;
mod story;

pub use self::{
    narrator::Narrator,
    script::{Ending, play},
    story::DemoError,
};
