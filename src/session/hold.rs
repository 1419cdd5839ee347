//! Holding a session: its engine stays closed until the holder lets go, so that its folder can be
//! copied. Why anybody wants that is not known here.

use std::time::Duration;

use tokio::{sync::oneshot, time::Instant};

use crate::{
    domain::{Error, ErrorCode, SessionState, event::DisconnectReason, session::Desired},
    driver::Close,
    session::{SessionHandle, actor::Actor, handle::Request},
};

/// A holder that takes longer is let down, so that no session stays away for ever.
const MOST: Duration = Duration::from_secs(300);

/// An engine that has just become ready is left alone for so long: a browser writes a fresh login
/// down some seconds late, and one that is closed before may lose it.
const SETTLING: Duration = Duration::from_secs(10);

/// Keeps the engine of a session closed; dropping it lets the session go on.
#[derive(Debug)]
pub struct Hold {
    release: oneshot::Sender<()>,
    /// Whether an engine was closed for it.
    pub closed_engine: bool,
}

impl Hold {
    /// Whether the engine is still closed. Once it is not, it never is again.
    pub fn is_kept(&self) -> bool {
        !self.release.is_closed()
    }
}

impl SessionHandle {
    /// Closes the engine in order and keeps it closed. None when that cannot be now: the engine is
    /// just opening or was a moment ago, somebody else holds it, or it is open and `may_close` is
    /// not given.
    pub async fn hold(&self, may_close: bool) -> Result<Option<Hold>, Error> {
        let deadline = self.deadlines.command;
        self.ask("hold", deadline, |reply| Request::Hold { may_close, reply }).await
    }
}

impl Actor {
    pub(in crate::session) async fn hold(
        &mut self,
        may_close: bool,
    ) -> Result<Option<Hold>, Error> {
        let closed_engine = self.driver.is_some();
        let is_settling = self.entered.elapsed() < SETTLING;
        if self.is_opening || self.hold.is_some() {
            return Ok(None);
        }
        if closed_engine && (!may_close || is_settling) {
            return Ok(None);
        }
        if closed_engine {
            self.note("info", "the engine is closed for a while".to_owned());
            self.tell_disconnected(DisconnectReason::Restart, true).await;
            let in_order = self.close(Close::KeepLogin).await;
            self.enter(SessionState::Initializing).await;
            if !in_order {
                self.open();
                let message = "the engine did not close in time";
                return Err(Error::new(ErrorCode::EngineFailed, message));
            }
        }
        let (release, released) = oneshot::channel();
        self.hold = Some(released);
        self.timers.hold = Some(Instant::now() + MOST);
        Ok(Some(Hold { release, closed_engine }))
    }

    /// The engine may be opened again, and is, if the session shall run.
    pub(in crate::session) fn let_go(&mut self) -> bool {
        (self.hold, self.timers.hold) = (None, None);
        if self.record.desired == Desired::Running && self.state() == SessionState::Initializing {
            self.open();
        }
        true
    }
}

/// Resolves when the holder is gone.
pub async fn released(hold: &mut Option<oneshot::Receiver<()>>) {
    match hold {
        Some(hold) => drop(hold.await),
        None => std::future::pending().await,
    }
}
