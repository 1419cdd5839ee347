//! When the gateway stops: the first signal asks it to, the second ends it at once.

use tokio::signal::unix::{SignalKind, signal};

/// The signals that end a daemon.
pub struct Lifecycle {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Lifecycle {
    /// Listens from now on. Must be called on a runtime.
    pub fn listen() -> std::io::Result<Self> {
        let (terminate, interrupt) = (SignalKind::terminate(), SignalKind::interrupt());
        Ok(Self { terminate: signal(terminate)?, interrupt: signal(interrupt)? })
    }

    /// Returns at the next signal to stop, and says which it was.
    pub async fn stop_asked(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
