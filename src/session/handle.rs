//! Handle of a session: the address of its task, for the rest of the gateway.

use std::{sync::Arc, time::Duration};

use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    domain::{
        Command, Error, ErrorCode, NotNow, Removal, Reply, SendHold, SessionConfig, SessionId,
        SessionStatus, Subject, failure::HoldTimes,
    },
    session::{
        CONNECTION_GRACE, Deadlines,
        admission::needs_connection,
        log::{LogLine, SessionLog},
        request::{Hold, Request, SendRefusal},
    },
};

/// How long a request may wait in the mailbox, in addition to its own deadline.
const MAILBOX_WAIT: Duration = Duration::from_secs(5);

/// The handle of one session. It stays valid over restarts of the engine.
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
    /// the state in the details; does not wait for it to become ready. Waits a moment for a lost connection to
    /// WhatsApp. A failure to read is about [`Subject::Reading`].
    pub async fn execute(&self, command: Command) -> Result<Reply, Error> {
        let (name, deadline) = (command.name(), self.deadlines.of(&command) + MAILBOX_WAIT);
        let (is_reading, is_send) = (command.is_reading(), matches!(command, Command::Send(_)));
        if needs_connection(&command) && self.status.borrow().is_disconnected() {
            self.wait_until(CONNECTION_GRACE, |status| !status.is_disconnected()).await;
        }
        let command = Box::new(command);
        let reply = self.ask(name, deadline, |reply| Request::Execute { command, reply }).await;
        reply.map_err(|error| match error.code {
            ErrorCode::EngineFailed | ErrorCode::Timeout if is_reading => {
                without_outcome(error).about(Subject::Reading)
            }
            // The outbox looks up the outcome of a send.
            _ if is_send => without_outcome(error),
            _ => error,
        })
    }

    /// Waits until the status satisfies `until`, or the deadline is over. Returns the status.
    pub async fn wait_until(
        &self,
        deadline: Duration,
        until: impl Fn(&SessionStatus) -> bool + Send,
    ) -> SessionStatus {
        let mut status = self.status.clone();
        // After the deadline or the end of the session, the last known status is the answer.
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
        // The task may have ended in an earlier attempt.
        if self.mailbox.is_closed() {
            return Ok(());
        }
        let deadline = self.deadlines.command * 2;
        self.ask("remove", deadline, |reply| Request::EndRemoval { reply }).await
    }

    /// Closes the engine in order and keeps it closed. None when that is not possible now: the engine is
    /// opening or was a moment ago, another caller holds it, or it is open and `may_close` is not given.
    pub async fn hold(&self, may_close: bool) -> Result<Option<Hold>, Error> {
        let deadline = self.deadlines.command;
        self.ask("hold", deadline, |reply| Request::Hold { may_close, reply }).await
    }

    /// Pauses the sends of the session, or returns the pause that exists. On the disk on return.
    pub async fn hold_sends(
        &self,
        (reason, code): (NotNow, u32),
        times: HoldTimes,
    ) -> Result<SendHold, Error> {
        let refusal = Box::new(SendRefusal { reason, code, times });
        let deadline = self.deadlines.command;
        self.ask("hold sends", deadline, |reply| Request::HoldSends { refusal, reply }).await
    }

    /// Ends the pause of sends early. Returns whether there was one.
    pub async fn resume_sends(&self) -> Result<bool, Error> {
        let deadline = self.deadlines.command;
        self.ask("resume sends", deadline, |reply| Request::ResumeSends { reply }).await
    }

    /// Resolves when a ready session has had no connection to WhatsApp for this long.
    pub async fn lost_connection(&self, grace: Duration) {
        let mut status = self.status.clone();
        loop {
            if status.wait_for(|status| status.is_disconnected()).await.is_err() {
                return std::future::pending().await;
            }
            let back = status.wait_for(|status| !status.is_disconnected());
            if tokio::time::timeout(grace, back).await.is_err() {
                return;
            }
        }
    }

    async fn ask<T>(
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

    /// The engine ended during the request, or the whole session did.
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
