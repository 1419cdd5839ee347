//! Sessions: one task owns each, and is the only one that calls its driver.
//!
//! (The state machine is drawn here.)

use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{
    domain::{
        Clock, Command, Error, EventBody, Reply, SessionConfig, SessionId, SessionStatus,
        session::EngineKind,
    },
    driver::Engine,
    store::Store,
};

/// Takes what a session reports. It is durable when `ingest` returns.
#[async_trait]
pub trait EventSink: Send + Sync + 'static {
    async fn ingest(&self, session: &SessionId, events: Vec<EventBody>) -> Result<(), Error>;

    /// The session became ready: the sink may read chats and contacts through the handle. Called
    /// in a task of its own.
    async fn on_ready(&self, session: SessionHandle);
}

/// What the supervisor needs.
pub struct SupervisorParts {
    pub engines: HashMap<EngineKind, Arc<dyn Engine>>,
    pub store: Store,
    pub sink: Arc<dyn EventSink>,
    pub clock: Clock,
    /// Folder that holds a folder for each session.
    pub sessions_dir: PathBuf,
    pub settings: SupervisorSettings,
}

#[derive(Clone, Debug)]
pub struct SupervisorSettings {
    /// Sessions that may be active at once.
    pub max_sessions: usize,
    /// Engines that may be starting at once.
    pub parallel_starts: usize,
    pub open_deadline: Duration,
    pub command_deadline: Duration,
    pub probe_interval: Duration,
    /// Starts within `restart_window` after which a crashing session is given up.
    pub max_restarts: u32,
    pub restart_window: Duration,
    pub stop_deadline: Duration,
    /// A browser above this many bytes is restarted when it is idle; none for no limit.
    pub memory_limit: Option<u64>,
}

/// Owns all sessions; clones are the same supervisor.
#[derive(Clone)]
pub struct Supervisor {}

impl Supervisor {
    /// Starts the supervisor on the current runtime, which must be the main one. Restores every
    /// session that shall run, in the background.
    pub async fn start(_parts: SupervisorParts) -> Result<Self, Error> {
        todo!()
    }

    /// Makes a session and starts it. A `failed` or `terminated` session of the same id is started
    /// again with the new configuration. `prepare` runs after the record is stored and before the
    /// engine starts, so that nothing is missed.
    pub async fn create(
        &self,
        _id: SessionId,
        _config: SessionConfig,
    ) -> Result<SessionHandle, Error> {
        todo!()
    }

    /// The session, or [`crate::domain::ErrorCode::NotFound`] about it.
    pub fn get(&self, _id: &SessionId) -> Result<SessionHandle, Error> {
        todo!()
    }

    /// All sessions in the order of their creation.
    pub fn list(&self) -> Vec<SessionStatus> {
        todo!()
    }

    pub async fn remove(&self, _id: &SessionId, _removal: Removal) -> Result<(), Error> {
        todo!()
    }

    pub fn max_sessions(&self) -> usize {
        todo!()
    }

    /// Memory of all engines' processes in bytes.
    pub fn engine_memory(&self) -> u64 {
        todo!()
    }

    /// Whether the supervisor answers; false when one of its tasks is stuck.
    pub fn is_healthy(&self) -> bool {
        todo!()
    }

    /// Closes every session, keeping its login, in parallel, each within the stop deadline.
    pub async fn stop(&self) {
        todo!()
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Removal {
    /// Unlink the device from the account.
    pub log_out: bool,
    /// Keep the profile folder.
    pub keep_data: bool,
}

/// The address of one session. It stays good over restarts of the engine.
#[derive(Clone)]
pub struct SessionHandle {}

impl SessionHandle {
    pub fn id(&self) -> &SessionId {
        todo!()
    }

    pub fn status(&self) -> SessionStatus {
        todo!()
    }

    /// Runs a command on the engine. [`crate::domain::ErrorCode::NotReady`] when the session is
    /// not ready, with the state in the details; never waits for it to become so.
    pub async fn execute(&self, _command: Command) -> Result<Reply, Error> {
        todo!()
    }

    /// Waits until the status satisfies `until`, or the deadline is over; the status then.
    pub async fn wait_until(
        &self,
        _deadline: Duration,
        _until: impl Fn(&SessionStatus) -> bool + Send,
    ) -> SessionStatus {
        todo!()
    }

    /// Closes the engine and starts it again; the login stays.
    pub async fn restart(&self) -> Result<(), Error> {
        todo!()
    }

    /// A code to type on the phone instead of scanning; only while the session waits for a scan.
    pub async fn pairing_code(&self, _phone: String) -> Result<Reply, Error> {
        todo!()
    }

    /// The newest log lines of the session, oldest first.
    pub fn log(&self, _limit: usize) -> Vec<LogLine> {
        todo!()
    }
}

/// One line of a session's own log.
#[derive(Clone, Debug)]
pub struct LogLine {
    pub at: crate::domain::Timestamp,
    pub level: &'static str,
    pub message: String,
}
