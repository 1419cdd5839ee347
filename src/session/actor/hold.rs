//! Hold of a session: its engine stays closed until the hold is released, so that its folder can be copied.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    domain::{Error, ErrorCode, SessionState, event::DisconnectReason, session::Desired},
    driver::Close,
    session::{actor::Actor, request::Hold},
};

/// Longest hold; after it the session is released automatically.
const MOST: Duration = Duration::from_secs(300);

/// How long an engine must have been ready before it may be closed: a browser writes a new login to the disk some
/// seconds late.
const SETTLING: Duration = Duration::from_secs(10);

impl Actor {
    pub(in crate::session::actor) async fn hold(
        &mut self,
        may_close: bool,
    ) -> Result<Option<Hold>, Error> {
        let closed_engine = self.engine.driver.is_some();
        let is_settling = self.entered.elapsed() < SETTLING;
        if self.engine.is_opening || self.hold.is_some() {
            return Ok(None);
        }
        if closed_engine && (!may_close || is_settling) {
            return Ok(None);
        }
        if closed_engine {
            self.note("info", "the engine is closed: the session is held".to_owned());
            self.log_disconnected(DisconnectReason::Restart, true).await;
            let in_order = self.close(Close::KeepLogin).await;
            self.enter(SessionState::Initializing).await;
            if !in_order {
                self.open();
                let message = "the engine did not close in time";
                return Err(Error::new(ErrorCode::EngineFailed, message));
            }
        }
        let (hold, released) = Hold::new(closed_engine);
        self.hold = Some(released);
        self.timers.hold = Some(Instant::now() + MOST);
        Ok(Some(hold))
    }

    /// Releases the session: its engine is opened again if the session is to run.
    pub(in crate::session::actor) fn release(&mut self) -> bool {
        (self.hold, self.timers.hold) = (None, None);
        if self.record.desired == Desired::Running && self.state() == SessionState::Initializing {
            self.open();
        }
        true
    }
}
