//! Timers of a session's task.

use std::time::Duration;

use tokio::time::Instant;

/// How long a ready session may be without a connection to WhatsApp before its engine is restarted.
pub const CONNECTION_PATIENCE: Duration = Duration::from_secs(60);

/// Deadlines of one session.
#[derive(Default)]
pub struct Timers {
    pub qr: Option<Instant>,
    pub authentication: Option<Instant>,
    /// By when a lost connection to WhatsApp must be back.
    pub connection: Option<Instant>,
    pub restart: Option<Instant>,
    pub probe: Option<Instant>,
    pub hold: Option<Instant>,
    pub send_hold: Option<Instant>,
    /// By when the engine must show something new.
    pub progress: Option<Instant>,
    /// The end of a pairing code.
    pub pairing: Option<Instant>,
}

impl Timers {
    pub fn next(&self) -> Option<Instant> {
        let own = [self.qr, self.authentication, self.connection, self.restart, self.probe];
        let others = [self.hold, self.send_hold, self.progress, self.pairing];
        own.into_iter().chain(others).flatten().min()
    }
}

pub fn due(timer: &mut Option<Instant>, now: Instant) -> bool {
    timer.take_if(|at| *at <= now).is_some()
}
