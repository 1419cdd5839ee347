//! Sessions: one task owns each, and is the only one that calls its driver.
//!
//! ```text
//!                 create, restart, restore
//!                           │
//!                           ▼      codes change
//!   ┌──── restart ──── initializing ──── qr ───▶ qr_ready ─┐
//!   │   (after a         │        ▲                 │      │ qr_timeout
//!   │    pause)          │        │ line lost       │      ▼
//!   │                    │        │ for a minute    │    failed ◀── auth_timeout ──┐
//!   │                    ▼        │                 ▼                              │
//!   │  degraded ◀────▶ ready ◀────┴─────────── authenticated ──────────────────────┘
//!   │      │             │
//!   └── failed ◀─ crash ─┤ (from any state)
//!                        └─ unlinked on the phone ──▶ terminated
//! ```
//!
//! * `initializing`: an engine is being opened, or waits for its first sign of life. One that shows none
//!   within `start_deadline` is loaded again, then started again, then given up.
//! * `qr_ready`: a code can be scanned. The timer of `qr_timeout` runs from the first code on; a code that
//!   is typed has its own time. A new code must come within `start_deadline` after the life of the last.
//! * `authenticated`: the phone accepted; the account is loading. `auth_timeout` runs.
//! * `ready`: commands are accepted. A lost line leaves it ready, but not connected, for a minute: what needs
//!   WhatsApp is refused then, and sends wait in the outbox.
//! * `degraded`: the engine fails its probes. Nothing is given to it; what may wait waits. The agent is put
//!   in anew, then the page is loaded anew (`recovery` decides), each within its deadline; the last resort
//!   is a new engine, as after a crash.
//! * `failed`: there is no engine. A crash is followed by a restart after a growing pause, until
//!   there were too many in a while; a timeout is final until somebody creates or restarts it.
//! * `terminated`: the account was unlinked; the login is wiped.
//!
//! A session that is held stays `initializing` without an engine until it is let go. One that is being
//! removed is `terminated`, and its task ends; nothing starts it again, also after a kill in the middle.
//!
//! The task outlives its engines: handles stay good over restarts. What a session reports goes to
//! an [`EventSink`], which is not known here, and is durable before the status says the same.

mod actor;
mod admission;
mod degraded;
mod handle;
mod hold;
mod life;
mod log;
mod recovery;
mod report;
mod restart;
mod send_hold;
mod stalled;
mod supervisor;

use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;

pub use self::{
    admission::not_ready,
    handle::{SessionHandle, not_found},
    hold::Hold,
    log::LogLine,
    supervisor::{Along, Supervisor},
};
use crate::{
    domain::{Clock, Command, Error, EventBody, SessionId, SessionRef, session::EngineKind},
    driver::Engine,
    store::Store,
};

/// Takes what a session reports. It is durable when `ingest` returns; what is told of messages before
/// `on_ready` has come to its end may be found again instead.
#[async_trait]
pub trait EventSink: Send + Sync + 'static {
    async fn ingest(&self, session: &SessionId, events: Vec<EventBody>) -> Result<(), Error>;

    /// From now on it is this session that bears its name.
    fn begins(&self, _session: &SessionRef) {}

    /// The session is gone for good, and its name is about to be free.
    async fn ends(&self, _session: &SessionRef) {}

    /// [`Self::on_ready`] is about to be called; what is told from now on comes after what was missed.
    fn will_be_ready(&self, _session: &SessionId) {}

    /// The session became ready, or got its line back: the sink may read through the handle what
    /// happened meanwhile. Called in a task of its own.
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
    /// How long an open engine may take to show a code or its account.
    pub start_deadline: Duration,
    pub deadlines: Deadlines,
    pub probe_interval: Duration,
    pub recovery: RecoveryDeadlines,
    /// Starts within `restart_window` after which a crashing session is given up.
    pub max_restarts: u32,
    pub restart_window: Duration,
    pub stop_deadline: Duration,
    /// An engine above this many bytes is restarted; none for no limit.
    pub memory_limit: Option<u64>,
}

/// How long a caller waits for a connection to WhatsApp that was lost: most come back at once.
pub const LINE_GRACE: Duration = Duration::from_secs(2);

/// How long each stage of a recovery may take; a new engine has its own deadline.
#[derive(Clone, Copy, Debug)]
pub struct RecoveryDeadlines {
    pub reinject: Duration,
    /// As much as a page needs that loads a large account.
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
    /// For commands that carry a file, which take longer than words.
    pub file: Duration,
}

impl Deadlines {
    fn of(&self, command: &Command) -> Duration {
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
