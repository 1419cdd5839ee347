//! Stop signals: the first one starts a graceful shutdown, the second ends the process at once.

use tokio::signal::unix::{SignalKind, signal};

/// SIGTERM and SIGINT.
pub struct Lifecycle {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Lifecycle {
    /// Starts listening. Must be called on a runtime.
    pub fn listen() -> std::io::Result<Self> {
        let (terminate, interrupt) = (SignalKind::terminate(), SignalKind::interrupt());
        Ok(Self { terminate: signal(terminate)?, interrupt: signal(interrupt)? })
    }

    /// Waits for the next stop signal and returns its name.
    pub async fn stop_requested(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
