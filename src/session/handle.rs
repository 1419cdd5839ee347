//! The address of a session: what the rest of the gateway holds instead of its task.

use std::{sync::Arc, time::Duration};

use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    domain::{
        Command, Error, ErrorCode, NotNow, Removal, Reply, SendHold, SessionConfig, SessionId,
        SessionStatus, Subject, failure::HoldTimes,
    },
    session::{
        Deadlines, LINE_GRACE,
        admission::needs_connection,
        hold::Hold,
        log::{LogLine, SessionLog},
    },
};

/// How long a request may lie in the mailbox beside the time that carrying it out takes.
const MAILBOX_WAIT: Duration = Duration::from_secs(5);

/// What WhatsApp answered in place of taking a message.
pub struct Refusal {
    pub reason: NotNow,
    pub code: u32,
    pub times: HoldTimes,
}

/// What a session's task is asked. Small: a mailbox keeps room for 32 of them however empty it is.
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
    /// Unlinks the device and starts anew, so that another can be linked.
    LogOut {
        reply: oneshot::Sender<Result<(), Error>>,
    },
    /// Closes the engine and keeps it closed; none when that cannot be now.
    Hold {
        may_close: bool,
        reply: oneshot::Sender<Result<Option<Hold>, Error>>,
    },
    /// Holds what is sent, since WhatsApp takes nothing for now.
    HoldSends {
        refusal: Box<Refusal>,
        reply: oneshot::Sender<Result<SendHold, Error>>,
    },
    ResumeSends {
        reply: oneshot::Sender<Result<bool, Error>>,
    },
    /// Writes down that the session is being removed, and closes its engine for good.
    BeginRemoval {
        removal: Removal,
        reply: oneshot::Sender<Result<(), Error>>,
    },
    /// Tells that the session is removed, and ends the task.
    EndRemoval {
        reply: oneshot::Sender<Result<(), Error>>,
    },
    /// Ends the task; the session will be restored at the next start.
    Stop,
}

/// The address of one session. It stays good over restarts of the engine.
#[derive(Clone)]
pub struct SessionHandle {
    pub(in crate::session) id: SessionId,
    pub(in crate::session) mailbox: mpsc::Sender<Request>,
    pub(in crate::session) status: watch::Receiver<SessionStatus>,
    pub(in crate::session) log: Arc<SessionLog>,
    pub(in crate::session) deadlines: Deadlines,
}

impl SessionHandle {
    pub fn id(&self) -> &SessionId {
        &self.id
    }

    pub fn status(&self) -> SessionStatus {
        self.status.borrow().clone()
    }

    /// Changes whenever the status does.
    pub fn watch(&self) -> watch::Receiver<SessionStatus> {
        self.status.clone()
    }

    /// Runs a command on the engine. [`ErrorCode::NotReady`] when the session is not ready, with
    /// the state in the details; never waits for it to become so. Waits a moment for a connection to WhatsApp
    /// that was lost. A failure to read is about
    /// [`Subject::Reading`].
    pub async fn execute(&self, command: Command) -> Result<Reply, Error> {
        let (name, deadline) = (command.name(), self.deadlines.of(&command) + MAILBOX_WAIT);
        let (is_reading, is_send) = (command.is_reading(), matches!(command, Command::Send(_)));
        if needs_connection(&command) && self.status.borrow().is_disconnected() {
            self.wait_until(LINE_GRACE, |status| !status.is_disconnected()).await;
        }
        let command = Box::new(command);
        let reply = self.ask(name, deadline, |reply| Request::Execute { command, reply }).await;
        reply.map_err(|error| match error.code {
            ErrorCode::EngineFailed | ErrorCode::Timeout if is_reading => {
                without_outcome(error).about(Subject::Reading)
            }
            // What became of a send is looked up: the outbox says how it ended.
            _ if is_send => without_outcome(error),
            _ => error,
        })
    }

    /// Waits until the status satisfies `until`, or the deadline is over; the status then.
    pub async fn wait_until(
        &self,
        deadline: Duration,
        until: impl Fn(&SessionStatus) -> bool + Send,
    ) -> SessionStatus {
        let mut status = self.status.clone();
        // Over the deadline or gone with the session: either way what is known is the answer.
        let _ = tokio::time::timeout(deadline, status.wait_for(|status| until(status))).await;
        self.status()
    }

    /// Closes the engine and starts it again; the login stays.
    pub async fn restart(&self) -> Result<(), Error> {
        self.ask("restart", self.deadlines.command, |reply| Request::Restart { reply }).await
    }

    /// Unlinks the device from its account; the session stays, and shows a code to scan again.
    pub async fn log_out(&self) -> Result<(), Error> {
        let deadline = self.deadlines.command * 2;
        self.ask("log out", deadline, |reply| Request::LogOut { reply }).await
    }

    /// A code to type on the phone instead of scanning; only while the session waits for a scan.
    pub async fn pairing_code(&self, phone: String) -> Result<Reply, Error> {
        self.execute(Command::PairingCode { phone }).await
    }

    /// The newest log lines of the session, oldest first.
    pub fn log(&self, limit: usize) -> Vec<LogLine> {
        self.log.tail(limit)
    }

    pub(in crate::session) async fn start(&self, config: SessionConfig) -> Result<(), Error> {
        let config = Box::new(config);
        self.ask("start", self.deadlines.command, |reply| Request::Start { config, reply }).await
    }

    pub(in crate::session) async fn begin_removal(&self, removal: Removal) -> Result<(), Error> {
        // Logging out and closing have deadlines of their own within this one.
        let deadline = self.deadlines.command * 2;
        self.ask("remove", deadline, |reply| Request::BeginRemoval { removal, reply }).await
    }

    pub(in crate::session) async fn end_removal(&self) -> Result<(), Error> {
        // Its task may have ended in an earlier attempt.
        if self.mailbox.is_closed() {
            return Ok(());
        }
        let deadline = self.deadlines.command * 2;
        self.ask("remove", deadline, |reply| Request::EndRemoval { reply }).await
    }

    pub(in crate::session) async fn ask<T>(
        &self,
        what: &str,
        deadline: Duration,
        request: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Request,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let asked = async {
            self.mailbox.send(request(reply)).await.map_err(|_| self.gone())?;
            answer.await.map_err(|_| self.cut_off(what))?
        };
        match tokio::time::timeout(deadline, asked).await {
            Ok(answer) => answer,
            Err(_) => {
                let message = format!("{what}: no answer within {} s", deadline.as_secs());
                Err(Error::new(ErrorCode::Timeout, message).detail("outcome", "unknown"))
            }
        }
    }

    /// The engine ended while it was at it, or the whole session did.
    fn cut_off(&self, what: &str) -> Error {
        if self.mailbox.is_closed() {
            return self.gone();
        }
        let message = format!("{what}: the engine ended meanwhile; the outcome is unknown");
        Error::new(ErrorCode::EngineFailed, message).detail("outcome", "unknown")
    }

    fn gone(&self) -> Error {
        not_found(&self.id)
    }
}

fn without_outcome(mut error: Error) -> Error {
    error.details.remove("outcome");
    error
}

/// There is no such session.
pub fn not_found(id: &SessionId) -> Error {
    Error::not_found(Subject::Session, format!("Session with ID '{id}' not found"))
}
