//! Drivers: the interface between a session and WhatsApp. An engine opens a session, takes commands, reports events.
//!
//! The interface assumes neither a browser nor a page. An engine knows nothing of HTTP, the store or the event log.

pub mod browser;
pub mod simulated;
pub mod sms;
mod stored_channel;
pub mod web;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::domain::{Command, Error, EventBody, Me, Reply, SessionConfig, SessionId, Timestamp};

/// Opens engines of one kind. Shared by all sessions.
#[async_trait]
pub trait EngineFactory: Send + Sync + 'static {
    /// Opens a session's engine up to its first report. Ends within `deadline`.
    async fn open(&self, request: OpenRequest) -> Result<OpenedEngine, Error>;

    /// Ends processes that still use a profile after a cancelled opening. Nothing of this engine writes to the
    /// folder afterwards.
    async fn release(&self, _profile: &Path) {}
}

/// The session that an engine is opened for.
#[derive(Clone, Debug)]
pub struct OpenRequest {
    pub session: SessionId,
    pub config: SessionConfig,
    /// A folder of the session's own for the engine's files. It outlives the engine, and so does the login.
    pub profile: PathBuf,
    pub deadline: Duration,
}

/// An open engine: the driver that takes commands, and the stream of events.
pub struct OpenedEngine {
    pub driver: Arc<dyn Driver>,
    /// Bounded; a driver waits when it is full. Ends with the engine. Boxed, because a channel reserves room for
    /// 32 events even when it is empty.
    pub events: mpsc::Receiver<Box<DriverEvent>>,
}

/// One open session. Dropping it without [`Driver::close`] must leave no process behind.
#[async_trait]
pub trait Driver: Send + Sync + 'static {
    fn capabilities(&self) -> Capabilities;

    /// Runs one command. Several may be in flight. Has no deadline of its own: the caller sets one, and drops
    /// the call when it is over.
    async fn execute(&self, command: Command) -> Result<Reply, Error>;

    /// Recovers an engine that no longer answers or reports, without ending it. On return the engine has checked
    /// itself and reported [`DriverEvent::Ready`] again. Has no deadline of its own, as [`Driver::execute`].
    async fn recover(&self, method: RecoveryMethod) -> Result<(), Error>;

    /// Closes the engine in order, however stuck it is, within a bounded time.
    async fn close(&self, how: Close);

    /// The state of an engine that is not ready yet, in words for a person; none when it is unknown. Has no
    /// deadline of its own.
    async fn describe_state(&self) -> Option<String> {
        None
    }

    /// Resident memory of the session's own processes in bytes, where known.
    fn memory(&self) -> Option<u64> {
        None
    }
}

/// How an engine recovers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryMethod {
    /// Attaches to WhatsApp's client again. The client and commands in flight stay.
    Soft,
    /// Loads WhatsApp's client again. Commands in flight are interrupted.
    Reconnect,
}

/// How a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// The login stays; the session can be opened again.
    KeepLogin,
    /// The device is unlinked from the account first, as far as that works.
    LogOut,
}

/// What an engine supports at the moment. Any other command fails with
/// [`crate::domain::ErrorCode::Unsupported`] and names the missing function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Functions that the engine needs and did not find.
    pub missing: Vec<String>,
    /// Version of WhatsApp's client.
    pub version: Option<String>,
}

/// A report of an engine. The session decides what it means.
#[derive(Clone, Debug, PartialEq)]
pub enum DriverEvent {
    /// A QR code; it replaces the one before.
    Qr { text: String, attempt: u32, expires_at: Timestamp },
    /// All codes ran out unscanned; [`Command::RefreshQr`] brings new ones.
    QrExhausted,
    /// The phone accepted; the account is being loaded.
    Authenticated,
    /// Chats and contacts are loaded, messages flow.
    Ready { me: Me },
    /// The connection to WhatsApp changed: the client's word for its state, and whether messages flow.
    Connection { state: String, connected: bool },
    /// The device was unlinked, here or on the phone. The engine ends after this.
    LoggedOut,
    /// The engine has ended and does not come back by itself. The last report.
    Crashed { reason: String },
    /// An event for the log.
    Event(EventBody),
}
