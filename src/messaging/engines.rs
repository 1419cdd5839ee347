//! Command client of the sessions' engines.

use crate::{
    domain::{Command, Error, ErrorCode, Reply, SessionId, SessionState},
    session::{SessionHandle, Supervisor, not_ready},
};

/// Executes commands in sessions. Clones are the same client.
#[derive(Clone)]
pub struct Engines {
    supervisor: Supervisor,
}

impl Engines {
    pub fn new(supervisor: Supervisor) -> Self {
        Self { supervisor }
    }

    /// An unknown session is an error.
    pub fn session(&self, session: &SessionId) -> Result<SessionHandle, Error> {
        self.supervisor.get(session)
    }

    pub async fn execute(&self, session: &SessionId, command: Command) -> Result<Reply, Error> {
        self.session(session)?.execute(command).await
    }

    /// Executes a command whose only reply is that it was carried out.
    pub async fn carry_out(&self, session: &SessionId, command: Command) -> Result<(), Error> {
        match self.execute(session, command).await? {
            Reply::Done => Ok(()),
            _ => Err(unexpected_reply()),
        }
    }

    pub fn is_ready(&self, session: &SessionId) -> Result<bool, Error> {
        Ok(self.session(session)?.status().state == SessionState::Ready)
    }

    /// Whether the session is ready and connected to WhatsApp, so that its engine can load messages.
    pub fn is_connected(&self, session: &SessionId) -> Result<bool, Error> {
        let status = self.session(session)?.status();
        Ok(status.state == SessionState::Ready && status.connected)
    }

    /// Refuses a session that is not ready.
    pub fn require_ready(&self, session: &SessionId) -> Result<(), Error> {
        let state = self.session(session)?.status().state;
        if state == SessionState::Ready { Ok(()) } else { Err(not_ready(state)) }
    }
}

pub fn unexpected_reply() -> Error {
    Error::new(ErrorCode::EngineFailed, "unexpected reply from the engine")
}
