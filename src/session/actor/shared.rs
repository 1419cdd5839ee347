//! What all sessions share: the supervisor's parts, and the permits of engines that start.

use tokio::sync::Semaphore;

use crate::session::SupervisorParts;

/// Shared by all sessions.
pub struct Shared {
    pub parts: SupervisorParts,
    /// Permits of engines that are starting.
    pub starts: Semaphore,
}
