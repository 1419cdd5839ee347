//! Settings of sessions: limits and deadlines.

use std::time::Duration;

use crate::domain::Command;

#[derive(Clone, Debug)]
pub struct SupervisorSettings {
    /// Limit of active sessions.
    pub max_sessions: usize,
    /// Limit of engines that are starting at the same time.
    pub parallel_starts: usize,
    pub open_deadline: Duration,
    /// How long an open engine may take to show a code or its account.
    pub start_deadline: Duration,
    pub deadlines: Deadlines,
    pub probe_interval: Duration,
    pub recovery: RecoveryDeadlines,
    /// Restarts within `restart_window` after which a session is given up.
    pub max_restarts: u32,
    pub restart_window: Duration,
    pub stop_deadline: Duration,
    /// An engine above this size in bytes is restarted; none for no limit.
    pub memory_limit: Option<u64>,
}

/// How long a command waits for a lost connection to WhatsApp: most come back at once.
pub const CONNECTION_GRACE: Duration = Duration::from_secs(2);

/// How long each stage of a recovery may take; a new engine has its own deadline.
#[derive(Clone, Copy, Debug)]
pub struct RecoveryDeadlines {
    pub reinject: Duration,
    /// Long enough for a page that loads a large account.
    pub reload: Duration,
}

impl Default for RecoveryDeadlines {
    fn default() -> Self {
        Self { reinject: Duration::from_secs(10), reload: Duration::from_secs(45) }
    }
}

/// How long an engine may take for a command.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    pub command: Duration,
    /// For commands that carry a file.
    pub file: Duration,
}

impl Deadlines {
    pub fn of(&self, command: &Command) -> Duration {
        if command.carries_file() { self.file } else { self.command }
    }
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { command: Duration::from_secs(30), file: Duration::from_secs(300) }
    }
}

impl Default for SupervisorSettings {
    fn default() -> Self {
        Self {
            max_sessions: 10,
            parallel_starts: 2,
            open_deadline: Duration::from_secs(60),
            start_deadline: Duration::from_secs(90),
            deadlines: Deadlines::default(),
            probe_interval: Duration::from_secs(15),
            recovery: RecoveryDeadlines::default(),
            max_restarts: 5,
            restart_window: Duration::from_secs(600),
            stop_deadline: Duration::from_secs(10),
            memory_limit: None,
        }
    }
}
