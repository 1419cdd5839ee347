//! What a session needs from WhatsApp: an engine that opens it, takes commands and reports events.
//!
//! Nothing here assumes a browser or a page. An engine knows nothing of HTTP, of the store or of
//! the event log: commands go in, events come out, and what becomes of either is not its concern.

pub mod browser;
pub mod simulated;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::domain::{Command, Error, EventBody, Me, Reply, SessionConfig, SessionId, Timestamp};

/// Opens sessions of one kind. Shared by all of them.
#[async_trait]
pub trait Engine: Send + Sync + 'static {
    /// Brings one session up as far as its first sign of life. Ends within `deadline`.
    async fn open(&self, order: OpenOrder) -> Result<Connection, Error>;

    /// Ends whatever still uses a profile after an opening that was called off. Nothing of this engine
    /// writes to the folder afterwards.
    async fn release(&self, _profile: &Path) {}
}

/// What an engine is told about the session that it opens.
#[derive(Clone, Debug)]
pub struct OpenOrder {
    pub session: SessionId,
    pub config: SessionConfig,
    /// A folder of the session's own, which the engine may fill as it likes. It outlives the
    /// engine, so that the login does too.
    pub profile: PathBuf,
    pub deadline: Duration,
}

/// An open session: the handle that takes commands and the stream that brings events.
pub struct Connection {
    pub driver: Arc<dyn Driver>,
    /// Bounded; a driver waits when it is full. It ends when the engine is gone. Boxed, because a channel
    /// keeps room for 32 of them however empty it is.
    pub events: mpsc::Receiver<Box<DriverEvent>>,
}

/// One open session. Dropping it without [`Driver::close`] must still leave no process behind.
#[async_trait]
pub trait Driver: Send + Sync + 'static {
    fn capabilities(&self) -> Capabilities;

    /// Carries out one command. Several may be under way at once. May take for ever: whoever asks
    /// sets the deadline, and drops the call when it is over.
    async fn execute(&self, command: Command) -> Result<Reply, Error>;

    /// Brings an engine back that no longer answers, or hears, without ending it. When it is done, the
    /// engine has looked itself over and reported [`DriverEvent::Ready`] anew. May take for ever, as
    /// [`Driver::execute`] may.
    async fn recover(&self, cure: Cure) -> Result<(), Error>;

    /// Ends the session in an orderly way, however stuck it is, within a bounded time.
    async fn close(&self, how: Close);

    /// Where an engine stands that is not ready yet, in words for a person; none when it cannot tell. May
    /// take for ever.
    async fn standing(&self) -> Option<String> {
        None
    }

    /// Resident memory of everything that runs for this session alone, in bytes, where known.
    fn memory(&self) -> Option<u64> {
        None
    }
}

/// What an engine can be told to do to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cure {
    /// Put its ears and hands in anew; what it shows of WhatsApp stays, and so does what is under way.
    Reinject,
    /// Load WhatsApp anew. What is under way is cut off.
    Reload,
}

/// How a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// The login stays; the session can be opened again.
    KeepLogin,
    /// The device is unlinked from the account first, as far as that works.
    LogOut,
}

/// What an engine can do at the moment. A command outside of it answers
/// [`crate::domain::ErrorCode::Unsupported`] and names the missing function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Functions that the engine looked for and did not find.
    pub missing: Vec<String>,
    /// Version of what the engine speaks to, for example of WhatsApp Web.
    pub version: Option<String>,
}

/// What an engine reports. The session decides what it means.
#[derive(Clone, Debug, PartialEq)]
pub enum DriverEvent {
    /// A code to scan; it replaces the one before.
    Qr { text: String, attempt: u32, expires_at: Timestamp },
    /// All codes ran out unscanned; [`Command::RefreshQr`] brings new ones.
    QrExhausted,
    /// The phone accepted; the account is being loaded.
    Authenticated,
    /// Chats and contacts are there, messages flow.
    Ready { me: Me },
    /// The engine's line to WhatsApp changed: its word for it, and whether messages flow.
    Line { state: String, connected: bool },
    /// The device was unlinked, here or on the phone. The engine ends after this.
    LoggedOut,
    /// The engine is gone and will not come back by itself. Nothing follows.
    Crashed { reason: String },
    /// Something to be logged.
    Happened(EventBody),
}
