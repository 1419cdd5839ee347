//! State of a session's recovery.

use crate::{
    domain::{Timestamp, session::RecoveryStage},
    session::recovery::Attempts,
};

/// A recovery in progress.
pub struct CurrentRecovery {
    pub stage: RecoveryStage,
    pub reason: String,
    pub began: Timestamp,
    /// Whether the engine has reported a connection to WhatsApp since.
    pub connected: Option<bool>,
}

/// Recovery of one session: the one in progress, and what was tried and failed before.
#[derive(Default)]
pub struct RecoveryState {
    pub current: Option<CurrentRecovery>,
    pub attempts: Attempts,
    /// In a row.
    pub failed_probes: u32,
}
