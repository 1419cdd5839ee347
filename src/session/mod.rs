//! Sessions as actors: one task owns each session, and is the only caller of its driver.
//!
//! ```text
//!                 create, restart, restore
//!                           │
//!                           ▼      codes change
//!   ┌──── restart ──── initializing ──── qr ───▶ qr_ready ─┐
//!   │   (after a         │        ▲                 │      │ qr_timeout
//!   │    pause)          │        │ disconnected    │      ▼
//!   │                    │        │ for a minute    │    failed ◀── auth_timeout ──┐
//!   │                    ▼        │                 ▼                              │
//!   │  degraded ◀────▶ ready ◀────┴─────────── authenticated ──────────────────────┘
//!   │      │             │
//!   └── failed ◀─ crash ─┤ (from any state)
//!                        └─ unlinked on the phone ──▶ terminated
//! ```
//!
//! * `initializing`: an engine is being opened, or has shown nothing yet. An engine that shows nothing within
//!   `start_deadline` is reconnected, then restarted, then given up.
//! * `qr_ready`: a code can be scanned. The timer of `qr_timeout` runs from the first code on; a pairing code
//!   has its own time. A new code must come within `start_deadline` after the life of the last.
//! * `authenticated`: the phone accepted; the account is loading. `auth_timeout` runs.
//! * `ready`: commands are accepted. A lost connection leaves it ready, but not connected, for a minute:
//!   commands that need WhatsApp are refused then, and sends wait in the outbox.
//! * `degraded`: the engine fails its probes and gets no commands; sends wait. The agent is injected again, then
//!   the page is reloaded (`recovery` decides), each within its deadline; the last resort is a new engine, as
//!   after a crash.
//! * `failed`: there is no engine. A crash is followed by a restart after a growing pause, until
//!   there were too many in a while; a timeout is final until the session is created or restarted.
//! * `terminated`: the account was unlinked; the login is wiped.
//!
//! A session that is held stays `initializing` without an engine until it is released. One that is being removed
//! is `terminated`, and its task ends; nothing starts it again, also after a kill during the removal.
//!
//! The task outlives its engines: handles stay valid over restarts. Events go to an [`EventSink`], and are durable
//! before the status shows the same.

mod actor;
mod admission;
mod handle;
mod log;
mod parts;
mod records;
mod recovery;
mod request;
mod restart;
mod settings;
mod supervisor;

pub use self::{
    admission::not_ready,
    handle::{SessionHandle, not_found},
    log::LogLine,
    parts::{EventSink, SupervisorParts},
    records::{SessionTables, TABLES},
    request::Hold,
    settings::{CONNECTION_GRACE, Deadlines, RecoveryDeadlines, SupervisorSettings},
    supervisor::{Along, Supervisor},
};
