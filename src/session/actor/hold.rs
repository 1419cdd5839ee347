//! Hold of a session: while it lasts no engine is opened, so that the session's folder can be copied.

use tokio::sync::oneshot;

use crate::session::request::Hold;

#[derive(Default)]
pub struct EngineHold {
    /// Resolves when the holder releases the session.
    released: Option<oneshot::Receiver<()>>,
}

impl EngineHold {
    pub fn is_held(&self) -> bool {
        self.released.is_some()
    }

    pub fn begin(&mut self, closed_engine: bool) -> Hold {
        let (hold, released) = Hold::new(closed_engine);
        self.released = Some(released);
        hold
    }

    pub fn end(&mut self) {
        self.released = None;
    }

    /// Resolves when the hold is dropped; never without a hold.
    pub async fn released(&mut self) {
        match &mut self.released {
            Some(released) => drop(released.await),
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hold_lasts_until_it_is_dropped_or_ended() {
        let mut engine = EngineHold::default();
        assert!(!engine.is_held());
        let hold = engine.begin(true);
        assert!(engine.is_held() && hold.is_kept() && hold.closed_engine);
        drop(hold);
        engine.released().await;
        engine.end();
        assert!(!engine.is_held());
        let hold = engine.begin(false);
        engine.end();
        assert!(!hold.is_kept());
    }
}
