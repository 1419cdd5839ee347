//! Presence: which people of the workspace are at work now. It lies in memory alone.
//!
//! ```text
//!  heartbeat, open stream, own choice ──▶ board ──▶ changed? ──▶ event `presence.changed`
//!                            90 s without ──▶ ┘
//! ```

mod board;
mod event;
mod service;

pub use self::{
    board::{Shown, Status},
    event::PresenceEvent,
    service::{Listening, Presence},
};
