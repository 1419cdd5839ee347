//! Requests that a session's task takes from its mailbox.

use tokio::sync::oneshot;

use crate::domain::{
    Command, Error, NotNow, Removal, Reply, SendHold, SessionConfig, failure::HoldTimes,
};

/// WhatsApp's refusal of a message.
pub struct SendRefusal {
    pub reason: NotNow,
    pub code: u32,
    pub times: HoldTimes,
}

/// A request to a session's task. Small: a mailbox reserves room for 32 of them even when it is empty.
pub enum Request {
    Execute {
        command: Box<Command>,
        reply: oneshot::Sender<Result<Reply, Error>>,
    },
    /// Starts a session that has no engine, with a new configuration.
    Start {
        config: Box<SessionConfig>,
        reply: oneshot::Sender<Result<(), Error>>,
    },
    Restart {
        reply: oneshot::Sender<Result<(), Error>>,
    },
    /// Unlinks the device and starts again, so that another can be linked.
    LogOut {
        reply: oneshot::Sender<Result<(), Error>>,
    },
    /// Closes the engine and keeps it closed; none when that is not possible now.
    Hold {
        may_close: bool,
        reply: oneshot::Sender<Result<Option<Hold>, Error>>,
    },
    /// Pauses sends, since WhatsApp refuses messages for now.
    HoldSends {
        refusal: Box<SendRefusal>,
        reply: oneshot::Sender<Result<SendHold, Error>>,
    },
    ResumeSends {
        reply: oneshot::Sender<Result<bool, Error>>,
    },
    /// Records that the session is being removed, and closes its engine for good.
    BeginRemoval {
        removal: Removal,
        reply: oneshot::Sender<Result<(), Error>>,
    },
    /// Logs that the session is removed, and ends the task.
    EndRemoval {
        reply: oneshot::Sender<Result<(), Error>>,
    },
    /// Ends the task; the session will be restored at the next start.
    Stop,
}

/// Keeps the engine of a session closed; dropping it releases the session.
#[derive(Debug)]
pub struct Hold {
    release: oneshot::Sender<()>,
    /// Whether an engine was open and was closed.
    pub closed_engine: bool,
}

impl Hold {
    /// Whether the session is still held. A hold that has ended does not come back.
    pub fn is_kept(&self) -> bool {
        !self.release.is_closed()
    }

    /// A hold, and what resolves when it is dropped.
    pub fn new(closed_engine: bool) -> (Self, oneshot::Receiver<()>) {
        let (release, released) = oneshot::channel();
        (Self { release, closed_engine }, released)
    }
}
